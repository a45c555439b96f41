#include "vc.h"
#include "core/mono.h"
#include "machine.h"

#define UART_HZ    48000000u /* the firmware's init_uart_clock */
#define HZ_LOWEST  1000000u
#define HZ_MOST    4000000000u
#define POLL_NS    MONO_MS
#define FIGURES_NS (10 * MONO_S)

/* ---- one message, to its end ---- */

static bool exchange(struct vc *v)
{
    if (v->mute)
        return false;
    mailbox_send(&v->box, machine_now());
    int rc;
    do {
        rc = mailbox_done(&v->box, machine_now());
    } while (rc == RC_AGAIN);
    v->mute = rc != RC_OK;
    return rc == RC_OK;
}

/* A property with two words, of which `given` are told and the second is the
 * answer. Returns whether it was answered. */
static bool ask(struct vc *v, enum mailbox_property p, const uint32_t *words,
                size_t given, uint32_t *answer)
{
    mailbox_begin(&v->box, v->base);
    size_t tag = mailbox_tag(&v->box, p, given > 2 ? given : 2, words, given);
    if (!exchange(v) || !mailbox_answered(&v->box, tag, 8))
        return false;
    *answer = mailbox_value(&v->box, tag, 1);
    return true;
}

/* ---- identity ---- */

static uint32_t word(const struct vc *v, size_t tag, size_t n)
{
    return mailbox_answered(&v->box, tag, (n + 1) * 4)
               ? mailbox_value(&v->box, tag, n)
               : 0;
}

static bool usable(const uint8_t mac[6])
{
    uint8_t any = 0;
    for (unsigned i = 0; i < 6; i++)
        any |= mac[i];
    return any != 0 && (mac[0] & 1) == 0; /* not everybody's */
}

/* A board that is not told its address makes one that stays the same. */
static void make_mac(struct vc *v)
{
    if (usable(v->mac))
        return;
    v->mac_made = v->serial != 0;
    v->mac[0] = v->mac_made ? 0x02 : 0; /* locally administered */
    for (unsigned i = 1; i < 6; i++)
        v->mac[i] = (uint8_t)(v->serial >> (5 - i) * 8);
}

static void ask_identity(struct vc *v)
{
    struct mailbox *m = &v->box;
    mailbox_begin(m, v->base);
    size_t firmware = mailbox_tag(m, MAILBOX_FIRMWARE_REVISION, 1, NULL, 0);
    size_t revision = mailbox_tag(m, MAILBOX_BOARD_REVISION, 1, NULL, 0);
    size_t mac = mailbox_tag(m, MAILBOX_BOARD_MAC, 2, NULL, 0);
    size_t serial = mailbox_tag(m, MAILBOX_BOARD_SERIAL, 2, NULL, 0);
    size_t memory = mailbox_tag(m, MAILBOX_ARM_MEMORY, 2, NULL, 0);
    if (!exchange(v))
        return;
    v->firmware = word(v, firmware, 0);
    v->revision = word(v, revision, 0);
    v->memory_bytes = word(v, memory, 1);
    v->serial = (uint64_t)word(v, serial, 1) << 32 | word(v, serial, 0);
    if (mailbox_answered(m, mac, sizeof v->mac))
        for (unsigned i = 0; i < 6; i++)
            v->mac[i] = (uint8_t)(mailbox_value(m, mac, i / 4) >> i % 4 * 8);
    make_mac(v);
}

/* ---- clocks and power ---- */

/* Returns whether it was answered; *hz is 0 where it was not, or with a rate
 * that no clock of ours has. */
static bool ask_hz(struct vc *v, enum mailbox_property p, uint32_t clock,
                   uint32_t *hz)
{
    *hz = 0;
    bool told = ask(v, p, (const uint32_t[]){clock, 0}, 2, hz);
    if (*hz < HZ_LOWEST || *hz > HZ_MOST)
        *hz = 0;
    return told;
}

/* A measurement is some kHz off; clocks are whole MHz. */
static bool measure(struct vc *v, uint32_t clock, uint32_t *hz)
{
    bool told = ask_hz(v, MAILBOX_CLOCK_MEASURED, clock, hz);
    *hz = (*hz + 500000) / 1000000 * 1000000;
    return told;
}

/* The nominal rate is what the ARM asked for last, and 0 if it never did; the
 * measured one of a clock that is off is 0 until it is set. otherwise: the
 * default; 0 where the clock is none of ours to set. */
static void ask_clock(struct vc *v, enum vc_clock_name name, uint32_t clock,
                      uint32_t otherwise)
{
    struct vc_clock *c = &v->clock[name];
    bool told = measure(v, clock, &c->measured);
    (void)ask_hz(v, MAILBOX_CLOCK_RATE, clock, &c->nominal);
    (void)ask_hz(v, MAILBOX_CLOCK_MAX, clock, &c->max);
    if (told && c->measured == 0 && otherwise != 0) {
        uint32_t hz = c->nominal != 0 ? c->nominal : otherwise;
        c->was_off =
            ask(v, MAILBOX_SET_CLOCK, (const uint32_t[]){clock, hz, 1}, 3, &hz);
        if (c->was_off)
            (void)measure(v, clock, &c->measured);
    }
    const uint32_t hz[] = {c->measured, c->nominal, c->max, otherwise};
    static const char *const from[] = {"measured", "nominal", "maximum",
                                       "default"};
    size_t i = 0;
    while (i < LEN(hz) - 1 && hz[i] == 0)
        i++;
    c->hz = hz[i];
    c->from = from[i];
    c->told = i < LEN(hz) - 1;
}

static enum vc_power power_on(struct vc *v, uint32_t device)
{
    uint32_t state;
    if (!ask(v, MAILBOX_SET_POWER, (const uint32_t[]){device, 3}, 2, &state))
        return VC_UNTOLD;
    if ((state & 2) != 0)
        return VC_NO_SUCH;
    return (state & 1) != 0 ? VC_ON : VC_OFF;
}

void vc_ask(struct vc *v, uintptr_t mailbox, uint32_t sd_clock, uint32_t sd_hz)
{
    *v = (struct vc){.base = mailbox};
    ask_identity(v);
    v->sd = power_on(v, MAILBOX_POWER_SD);
    v->usb = power_on(v, MAILBOX_POWER_USB);
    ask_clock(v, VC_UART, MAILBOX_CLOCK_UART, UART_HZ);
    ask_clock(v, VC_SD, sd_clock, sd_hz);
    ask_clock(v, VC_ARM, MAILBOX_CLOCK_ARM, 0);
    ask_clock(v, VC_CORE, MAILBOX_CLOCK_CORE, 0);
}

/* Its answer has the pin's number replaced by 0, and need not be longer. */
bool vc_pin_now(struct vc *v, unsigned pin, bool level)
{
    mailbox_begin(&v->box, v->base);
    size_t tag = mailbox_tag(&v->box, MAILBOX_SET_PIN, 2,
                             (const uint32_t[]){pin, level}, 2);
    return exchange(v) && mailbox_answered(&v->box, tag, 4) &&
           mailbox_value(&v->box, tag, 0) == 0;
}

/* ---- from then on: a message at a time ---- */

void vc_pin(struct vc *v, unsigned pin, bool level)
{
    v->pin_used = true;
    v->pin = pin;
    v->pin_wanted = level;
}

static bool pin_is_due(const struct vc *v)
{
    return v->pin_used && !v->pin_refused &&
           (!v->pin_known || v->pin_wanted != v->pin_sent);
}

static void begin(struct vc *v, enum vc_asked what, enum mailbox_property p,
                  const uint32_t *words, mono_ns now)
{
    mailbox_begin(&v->box, v->base);
    v->tag = mailbox_tag(&v->box, p, 2, words, 2);
    v->asked = what;
    mailbox_send(&v->box, now);
}

static void take(struct vc *v, mono_ns now)
{
    bool told = mailbox_answered(&v->box, v->tag, 8);
    uint32_t value = mailbox_value(&v->box, v->tag, 1);
    if (v->asked == VC_PIN) {
        v->pin_refused = !mailbox_answered(&v->box, v->tag, 0);
    } else if (v->asked == VC_TEMPERATURE) {
        v->temperature_told = told;
        v->millidegrees = (int32_t)value;
        begin(v, VC_THROTTLED, MAILBOX_THROTTLED, (const uint32_t[]){0, 0},
              now);
        return;
    } else {
        /* One word is the answer; it stands in the first. */
        v->throttled_told = mailbox_answered(&v->box, v->tag, 4);
        v->throttled = mailbox_value(&v->box, v->tag, 0);
    }
    v->asked = VC_NOTHING;
}

void vc_poll(struct vc *v, mono_ns now)
{
    if (v->mute)
        return;
    if (v->asked != VC_NOTHING) {
        int rc = mailbox_done(&v->box, now);
        v->mute = rc == RC_TIMEOUT;
        if (rc == RC_OK)
            take(v, now);
    } else if (pin_is_due(v)) {
        v->pin_known = true;
        v->pin_sent = v->pin_wanted;
        begin(v, VC_PIN, MAILBOX_SET_PIN,
              (const uint32_t[]){v->pin, v->pin_sent}, now);
    } else if (now - v->next >= 0) {
        v->next = now + FIGURES_NS;
        begin(v, VC_TEMPERATURE, MAILBOX_TEMPERATURE, (const uint32_t[]){0, 0},
              now);
    }
}

mono_ns vc_due(const struct vc *v, mono_ns now)
{
    if (v->mute)
        return MONO_NEVER;
    if (v->asked != VC_NOTHING)
        return now + POLL_NS;
    return pin_is_due(v) ? now : v->next;
}
