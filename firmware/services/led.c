#include "led.h"

#include "core/mono.h"
#include "core/utc.h"
#include "crashloop.h"
#include "port.h"
#include "timekeeper.h"

#define TENTH_NS 100000000u

/* Bit n: lit in the nth tenth of a second. */
static const uint16_t pattern[] = {
    [LED_UNSYNCHRONISED] = 0x155,
    [LED_SYNCHRONISED] = 0x001,
    [LED_HOLD_OVER] = 0x005,
    [LED_CRASHED] = 0x01f,
};

static bool is_lit;
static enum stage code; /* STAGE_DONE: none                                 */
static mono_ns code_since;

bool led_lit(enum led_state state, uint32_t ns)
{
    ASSERT(state < LEN(pattern) && ns < MONO_S);
    return (pattern[state] >> ns / TENTH_NS & 1) != 0;
}

void led_init(void)
{
    is_lit = false;
    code = STAGE_DONE;
    port_led(false);
}

void led_code(enum stage stage, mono_ns now)
{
    code = stage;
    code_since = now;
}

static enum led_state state_now(void)
{
    if (crashloop_waits())
        return LED_CRASHED;
    if (!timekeeper_synchronised())
        return LED_UNSYNCHRONISED;
    return timekeeper_hold_over() ? LED_HOLD_OVER : LED_SYNCHRONISED;
}

mono_ns led_poll(mono_ns now)
{
    enum led_state state = state_now();
    bool coded = state == LED_UNSYNCHRONISED && code != STAGE_DONE;
    uint32_t ns = timekeeper_synchronised()
                      ? utc_unix_ns(timekeeper_utc(port_ticks()))
                      : (uint32_t)((coded ? now - code_since : now) % MONO_S);
    bool lit = coded ? stage_lit(code, now - code_since) : led_lit(state, ns);
    if (lit != is_lit)
        port_led(lit);
    is_lit = lit;
    return now + (mono_ns)(TENTH_NS - ns % TENTH_NS);
}
