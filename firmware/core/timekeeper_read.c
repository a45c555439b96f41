/* What a clock says; nothing here changes it. */
#include "timekeeper.h"
#include "utc.h"

#define DISPERSION_UNSET (16 * MONO_S) /* MAXDISP, RFC 5905 section 11.1 */

bool tk_is_set(const struct timekeeper *t)
{
    return t->d.synced;
}

bool tk_hold_over(const struct timekeeper *t)
{
    bool reached = false;
    for (unsigned i = 0; i < t->slots; i++)
        reached = reached || t->slot[i].reach != 0;
    return tk_is_set(t) && !reached;
}

ntp64 tk_utc(const struct timekeeper *t, uint64_t ticks)
{
    return leap_utc(&t->leap, &t->clk, ticks);
}

ntp64 tk_utc_of_stamp(const struct timekeeper *t, uint64_t stamp, uint64_t now)
{
    if (clk_reaches(&t->clk, stamp))
        return tk_utc(t, stamp);
    /* The clock runs straight on: as long after now as the stamp is before. */
    ntp64 later = clk_at(&t->clk, now + (now - stamp));
    return tk_utc(t, now) - (later - clk_at(&t->clk, now));
}

int64_t tk_unix_of(const struct timekeeper *t, ntp64 utc)
{
    return utc_unix_s(utc, t->boot.floor);
}

int64_t tk_unix_s(const struct timekeeper *t, uint64_t ticks)
{
    return tk_unix_of(t, tk_utc(t, ticks));
}

uint64_t tk_when(const struct timekeeper *t, uint64_t from_ticks, ntp64 utc)
{
    ntp64 jumped = tk_utc(t, from_ticks) - clk_at(&t->clk, from_ticks);
    return clk_when(&t->clk, from_ticks, utc - jumped);
}

uint8_t tk_leap(const struct timekeeper *t, uint64_t ticks)
{
    return tk_is_set(t) ? leap_bits(&t->leap, &t->clk, ticks) : 3;
}

void tk_reference(const struct timekeeper *t, uint64_t ticks,
                  struct ntp_reference *out)
{
    const struct discipline *d = &t->d;
    *out = (struct ntp_reference){.leap = tk_leap(t, ticks),
                                  .stratum = NTP_STRATUM_UNSET,
                                  .root_disp_ns = DISPERSION_UNSET};
    for (uint32_t hz = t->hz; hz > 1; hz /= 2)
        out->precision--;
    if (!tk_is_set(t))
        return;
    out->stratum = d->stratum;
    out->refid = t->refid;
    out->ref_time = d->est.utc;
    out->root_delay_ns = d->root_delay_ns;
    out->root_disp_ns =
        discipline_error(d, &t->clk, ticks) - d->root_delay_ns / 2;
}

/* What the clock may be off, in whole seconds. */
static int64_t slack_s(const struct timekeeper *t, uint64_t ticks)
{
    return tk_is_set(t) ? discipline_error(&t->d, &t->clk, ticks) / MONO_S : 0;
}

struct cert_clock tk_cert_clock(const struct timekeeper *t, uint64_t ticks)
{
    return bootstrap_cert_clock(&t->boot, tk_is_set(t), tk_unix_s(t, ticks),
                                slack_s(t, ticks));
}

bool tk_window_ok(const struct timekeeper *t, uint64_t ticks, int64_t cert_lo,
                  int64_t cert_hi)
{
    return !tk_is_set(t) ||
           bootstrap_window_ok(&t->boot, tk_unix_s(t, ticks), slack_s(t, ticks),
                               cert_lo, cert_hi);
}

bool tk_may_ask(const struct timekeeper *t)
{
    return !bootstrap_waits(&t->boot, tk_is_set(t));
}

bool tk_to_save(const struct timekeeper *t, int64_t *floor_unix_s,
                int32_t *freq_e12, int32_t *freq_sigma_e12)
{
    if (!tk_is_set(t))
        return false;
    *floor_unix_s = t->raised ? t->boot.floor : 0;
    if (!discipline_save(&t->d, freq_e12, freq_sigma_e12))
        *freq_e12 = *freq_sigma_e12 = 0;
    return true;
}
