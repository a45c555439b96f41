/* facts.c -- port_fact: what this machine knows of itself, a line each, and
 * behind that the boot log. Nothing here asks the hardware for anything that
 * takes time. */
#include "machine_private.h"
#include "port.h"
#include "systimer.h"
#include "text.h"

/* Where both counters stood at start: their rates against each other. */
static struct {
    uint64_t ticks, us;
} start;

void machine_facts_start(void)
{
    start.us = systimer_ticks(soc->system_timer);
    start.ticks = timer_ticks();
}

/* The counter's rate by the system timer, or 0 as long as too little time has
 * passed, or where the counter is the system timer. */
static uint32_t measured_hz(void)
{
    uint64_t us = systimer_ticks(soc->system_timer) - start.us;
    uint64_t ticks = timer_ticks() - start.ticks;
    if (us < 1000 || ticks > UINT64_MAX / 1000000 || timer_hz_told() == 0)
        return 0;
    return (uint32_t)(ticks * 1000000 / us);
}

bool machine_counter_believable(void)
{
    uint32_t hz = measured_hz(), off = timer_hz() / 50;
    return hz == 0 || (hz > timer_hz() - off && hz < timer_hz() + off);
}

/* ---- how things are said ---- */

static void say_hex(struct text *t, const char *name, uint32_t v)
{
    text_str(t, name);
    text_hex(t, v);
}

static void say_dec(struct text *t, const char *name, uint32_t v)
{
    text_str(t, name);
    text_dec(t, v);
}

static void say_hz(struct text *t, const char *name, uint32_t hz)
{
    text_str(t, name);
    if (hz == 0) {
        text_str(t, "not told");
        return;
    }
    text_dec(t, hz);
    text_str(t, " Hz");
}

/* Days since 1970 as a date (H. Hinnant's calendar arithmetic: years begin in
 * March, 400 of them are an era). */
static void say_date(struct text *t, uint32_t days)
{
    uint32_t z = days + 719468, era = z / 146097, doe = z % 146097;
    uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    uint32_t mp = (5 * doy + 2) / 153, day = doy - (153 * mp + 2) / 5 + 1;
    uint32_t month = mp < 10 ? mp + 3 : mp - 9;
    text_dec(t, yoe + era * 400 + (month <= 2));
    text_str(t, month < 10 ? "-0" : "-");
    text_dec(t, month);
    text_str(t, day < 10 ? "-0" : "-");
    text_dec(t, day);
}

/* ---- the lines ---- */

static void fact_soc(struct text *t)
{
    static const char *const modes[] = {[0x13] = " (SVC)", [0x1a] = " (HYP)"};
    uint32_t mode = machine_facts.entry_cpsr & 31;
    text_str(t, soc->name);
    say_hex(t, ", MIDR ", cpu_id());
    text_str(t, ", entered in mode ");
    text_hex2(t, (uint8_t)mode);
    text_str(t, mode < LEN(modes) && modes[mode] != NULL ? modes[mode] : "");
}

static void fact_board(struct text *t)
{
    text_str(t, machine_model->name);
    say_hex(t, ", revision code ", machine_facts.revision);
    if (!board_model_known(machine_facts.revision))
        text_str(t, ", which Gnomon does not know");
}

static void fact_firmware(struct text *t)
{
    const struct vc *v = &machine_vc;
    if (v->firmware != 0) {
        text_str(t, "built ");
        say_date(t, v->firmware / 86400);
        say_dec(t, ", memory for the ARM ", v->memory_bytes >> 20);
        text_str(t, " MB");
    }
    if (v->mute)
        text_str(t, v->firmware != 0 ? "; its mailbox has gone silent"
                                     : "does not answer its mailbox");
}

static void fact_mac(struct text *t)
{
    for (unsigned i = 0; i < 6; i++) {
        text_str(t, i == 0 ? "" : ":");
        text_hex2(t, machine_facts.mac[i]);
    }
    text_str(t, machine_vc.mac_made ? ", made from the serial number" : "");
}

static void fact_counter(struct text *t)
{
    text_dec(t, timer_hz());
    text_str(t, timer_hz_told() == timer_hz() ? " Hz, as CNTFRQ says"
                                              : " Hz, which nobody told");
    uint32_t hz = measured_hz();
    if (hz != 0)
        say_hz(t, "; by the system timer ", hz);
    if (!machine_counter_believable())
        text_str(t, ": ONE OF THEM IS WRONG, and the time with it");
}

static void clock(struct text *t, const struct vc_clock *c)
{
    say_hz(t, "", c->hz);
    text_str(t, " (");
    text_str(t, c->from);
    text_str(t, c->was_off ? ", was off)" : ")");
    say_hz(t, "; measured ", c->measured);
    say_hz(t, ", nominal ", c->nominal);
    say_hz(t, ", maximum ", c->max);
}
static void fact_clock_uart(struct text *t)
{
    clock(t, &machine_vc.clock[VC_UART]);
}
static void fact_clock_card(struct text *t)
{
    clock(t, &machine_vc.clock[VC_SD]);
}
static void fact_clock_arm(struct text *t)
{
    clock(t, &machine_vc.clock[VC_ARM]);
}
static void fact_clock_core(struct text *t)
{
    clock(t, &machine_vc.clock[VC_CORE]);
}

static void fact_power(struct text *t)
{
    static const char *const how[] = {"not told", "on", "OFF", "no such"};
    text_str(t, "card ");
    text_str(t, how[machine_vc.sd]);
    text_str(t, ", USB ");
    text_str(t, how[machine_vc.usb]);
}

static void fact_temperature(struct text *t)
{
    if (!machine_vc.temperature_told) {
        text_str(t, "not told");
        return;
    }
    int32_t m = machine_vc.millidegrees;
    text_str(t, m < 0 ? "-" : "");
    uint32_t tenths = (uint32_t)(m < 0 ? -m : m) / 100;
    say_dec(t, "", tenths / 10);
    say_dec(t, ".", tenths % 10);
    text_str(t, " degrees C");
}

static void fact_throttling(struct text *t)
{
    static const char *const what[] = {"under-voltage", "ARM clock capped",
                                       "throttled", "hot"};
    uint32_t bits = machine_vc.throttled;
    size_t before = t->len;
    if (!machine_vc.throttled_told) {
        text_str(t, "not told");
        return;
    }
    for (unsigned i = 0; i < LEN(what); i++) {
        if ((bits >> i & 0x10001) == 0)
            continue;
        text_str(t, t->len == before ? "" : ", ");
        text_str(t, what[i]);
        text_str(t, (bits >> i & 1) != 0 ? " now" : " since power-on");
    }
    if (t->len == before)
        text_str(t, "never");
}

static const struct {
    const char *name;
    void (*say)(struct text *t);
} facts[] = {
    {"SoC", fact_soc},
    {"model", fact_board},
    {"boot firmware", fact_firmware},
    {"MAC address", fact_mac},
    {"counter", fact_counter},
    {"clock of UART", fact_clock_uart},
    {"clock of card", fact_clock_card},
    {"clock of ARM", fact_clock_arm},
    {"clock of core", fact_clock_core},
    {"power", fact_power},
    {"temperature", fact_temperature},
    {"throttling", fact_throttling},
    {"card", machine_blk_fact},
};

int port_fact(unsigned n, char *buf, size_t cap)
{
    struct text t;
    text_init(&t, buf, cap);
    if (n < LEN(facts)) {
        text_str(&t, facts[n].name);
        while (t.len < 16 && t.len + 1 < cap) /* as `board' aligns them */
            text_str(&t, " ");
        text_str(&t, ": ");
        facts[n].say(&t);
        return (int)t.len;
    }
    n -= (unsigned)LEN(facts);
    for (unsigned k = 0; k < MACHINE_ETH_FACTS; k++) {
        text_init(&t, buf, cap);
        if (machine_eth->fact != NULL)
            machine_eth->fact(k, &t);
        if (t.len > 0 && n-- == 0)
            return (int)t.len;
    }
    const char *stage = machine_stage_line(n);
    if (stage == NULL)
        return RC_STATE;
    text_init(&t, buf, cap);
    text_str(&t, stage);
    return (int)t.len;
}
