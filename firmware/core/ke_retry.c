#include "ke_retry.h"

#include "mono.h"

#define FIRST_MS   10000
#define MAX_MS     (KE_RETRY_MAX_S * INT64_C(1000))
#define STEPS      27 /* 10 * 1.5^27 > 432000                               */
#define FIRST_NOTE (10 * MONO_S)
#define HURRY      (60 * MONO_S)
#define HURRIED    6

bool ke_retry_may(const struct ke_retry *r, mono_ns now)
{
    return now >= r->next;
}

static void wait_from(struct ke_retry *r, mono_ns now, mono_ns wait)
{
    r->from = now;
    r->noted = now + FIRST_NOTE;
    r->next = now + wait;
}

void ke_retry_begin(struct ke_retry *r, mono_ns now, uint16_t jitter,
                    uint32_t most_s)
{
    int64_t most_ms =
        most_s && most_s < KE_RETRY_MAX_S ? most_s * INT64_C(1000) : MAX_MS;
    if (r->failures < UINT8_MAX)
        r->failures++;
    int64_t ms = FIRST_MS;
    for (unsigned i = 1; i < r->failures && i <= STEPS; i++)
        ms = ms * 3 / 2;
    ms += ms / 4 * jitter / 65536;
    r->wait = (ms < most_ms ? ms : most_ms) * MONO_MS;
    wait_from(r, now, r->wait);
}

void ke_retry_ended(struct ke_retry *r, mono_ns now)
{
    wait_from(r, now, r->wait);
}

void ke_retry_hurry(struct ke_retry *r, mono_ns now)
{
    mono_ns earliest = r->from + (HURRY << r->hurried);
    if (r->failures == 0 || earliest >= r->next)
        return;
    r->next = earliest > now ? earliest : now;
    if (r->hurried < HURRIED)
        r->hurried++;
}

void ke_retry_now(struct ke_retry *r, mono_ns now)
{
    r->next = now;
}

void ke_retry_proved(struct ke_retry *r)
{
    *r = (struct ke_retry){0};
}

mono_ns ke_retry_note(const struct ke_retry *r)
{
    return r->failures > 0 && r->noted < r->next ? r->noted : MONO_NEVER;
}

void ke_retry_noted(struct ke_retry *r, mono_ns now)
{
    while (r->noted <= now && r->noted < r->next)
        r->noted += r->noted - r->from;
}

void ke_retry_write(const struct ke_retry *r, mono_ns now, struct writer *w)
{
    mono_ns left = r->next > now ? r->next - now : 0;
    writer_u8(w, r->failures);
    writer_u32(w, (uint32_t)((left + MONO_S - 1) / MONO_S));
}

void ke_retry_read(struct ke_retry *r, mono_ns now, struct reader *in)
{
    uint8_t failures = reader_u8(in);
    uint32_t left_s = reader_u32(in);
    if (in->bad || failures == 0)
        return;
    if (left_s > KE_RETRY_MAX_S)
        left_s = KE_RETRY_MAX_S;
    r->failures = failures;
    r->wait = left_s * MONO_S;
    wait_from(r, now, r->wait);
}
