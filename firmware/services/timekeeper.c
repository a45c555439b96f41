#include "timekeeper.h"

#include "log.h"
#include "port.h"
#include "timekeeper_private.h"

struct timekeeper timekeeper_state;
#define tk timekeeper_state

#define READ_NS (10 * MONO_S) /* the board's sensor */

static mono_ns read_due;

static void log_events(void)
{
    struct timekeeper_event e;
    while (tk_event(&tk, &e))
        log_at(e.severity, e.limit, "%s", e.text);
}

/* ---- what happens to it -------------------------------------------------- */

void timekeeper_init(const struct conf *conf,
                     const struct timekeeper_start *start)
{
    read_due = 0;
    tk_init(&tk, conf, start, port_tick_hz(), port_ticks());
    log_events();
}

void timekeeper_source(unsigned slot, const struct conf_source *conf)
{
    tk_source(&tk, slot, conf);
}

void timekeeper_server(unsigned slot, const struct addr *addr, uint16_t port)
{
    tk_server(&tk, slot, addr, port);
}

int timekeeper_votes_for(unsigned slot)
{
    return tk_votes_for(&tk, slot);
}

void timekeeper_asked(unsigned slot, uint8_t reach, uint32_t refid)
{
    tk_asked(&tk, slot, reach, refid);
}

void timekeeper_reply(unsigned slot, const struct timekeeper_reply *reply,
                      struct timekeeper_verdict *out)
{
    tk_reply(&tk, port_ticks(), slot, reply, out);
    log_events();
}

void timekeeper_forget(unsigned slot)
{
    tk_forget(&tk, slot);
}

void timekeeper_floor(int64_t floor_unix_s, bool by_operator)
{
    tk_floor(&tk, port_ticks(), floor_unix_s, by_operator);
}

/* Returns when it is to be read again; a board without one is not woken. */
static mono_ns read_sensor(mono_ns now)
{
    int32_t millidegrees;
    if (now < read_due)
        return tk.thermal.told ? read_due : MONO_NEVER;
    read_due = now + READ_NS;
    if (port_temperature(&millidegrees) != RC_OK)
        return MONO_NEVER;
    tk_temperature(&tk, port_ticks(), millidegrees);
    return read_due;
}

mono_ns timekeeper_poll(mono_ns now)
{
    mono_ns read = read_sensor(now);
    uint64_t next = tk_poll(&tk, port_ticks());
    log_events();
    return next == UINT64_MAX ? read
                              : mono_min(read, mono_of_ticks(next, tk.hz));
}

/* ---- reading ------------------------------------------------------------- */

bool timekeeper_synchronised(void)
{
    return tk_is_set(&tk);
}

bool timekeeper_hold_over(void)
{
    return tk_hold_over(&tk);
}

int64_t timekeeper_unix(void)
{
    return tk_unix_s(&tk, port_ticks());
}

int64_t timekeeper_unix_of(ntp64 utc)
{
    return tk_unix_of(&tk, utc);
}

ntp64 timekeeper_utc(uint64_t ticks)
{
    return tk_utc_of_stamp(&tk, ticks, port_ticks());
}

uint64_t timekeeper_when(uint64_t from_ticks, ntp64 utc)
{
    return tk_when(&tk, from_ticks, utc);
}

uint8_t timekeeper_leap(void)
{
    return tk_leap(&tk, port_ticks());
}

uint32_t timekeeper_steps(void)
{
    return tk.steps + tk.leaps;
}

void timekeeper_reference(uint64_t ticks, struct ntp_reference *out)
{
    tk_reference(&tk, clk_reaches(&tk.clk, ticks) ? ticks : port_ticks(), out);
    out->leap = timekeeper_leap(); /* the reply's other stamp is of now */
}

bool timekeeper_may_ask(void)
{
    return tk_may_ask(&tk);
}

struct cert_clock timekeeper_cert_clock(void)
{
    return tk_cert_clock(&tk, port_ticks());
}

bool timekeeper_window_ok(int64_t cert_lo, int64_t cert_hi)
{
    return tk_window_ok(&tk, port_ticks(), cert_lo, cert_hi);
}

bool timekeeper_to_save(int64_t *floor_unix_s, int32_t *freq_e12,
                        int32_t *freq_sigma_e12)
{
    return tk_to_save(&tk, floor_unix_s, freq_e12, freq_sigma_e12);
}

bool timekeeper_law_to_save(uint8_t out[THERMAL_RECORD])
{
    return tk_is_set(&tk) && thermal_save(&tk.thermal, out);
}

uint32_t timekeeper_updates(span_ns *offset_ns)
{
    *offset_ns = tk.d.last_offset_ns;
    return tk.d.updates;
}

mono_ns timekeeper_first_sync(void)
{
    return tk.first_sync;
}

bool timekeeper_figures(struct history_state *out)
{
    if (!tk_is_set(&tk))
        return false;
    *out = (struct history_state){
        .freq_e12 = tk.d.est.rate_e12,
        .skew_e12 = tk.d.est.rate_sigma_e12,
        .bound_ns = discipline_error(&tk.d, &tk.clk, port_ticks()),
        .agree = (uint8_t)tk.verdict.agree,
    };
    return true;
}

bool timekeeper_one_counts(void)
{
    return tk.verdict.of == 1;
}
