#include "pps.h"

#include "core/mono.h"
#include "log.h"
#include "port.h"
#include "timekeeper.h"

#define AHEAD      (100 * MONO_MS) /* first arming before the second         */
#define AGAIN      (3 * MONO_MS)   /* second arming                          */
#define LOOK_EVERY (100 * MONO_MS) /* while not synchronised                 */

static struct {
    bool on, always;
    uint32_t width_ticks;
    ntp64 second;  /* the one being worked on, 0: none                  */
    uint64_t rise; /* and when, in ticks: a leap second repeats one     */
    bool armed;    /* once at least                                     */
    uint32_t pulses, missed;
} pps;

void pps_init(const struct conf *conf)
{
    pps.on = conf->pps;
    pps.always = conf->pps_always;
    pps.width_ticks =
        (uint32_t)((uint64_t)port_tick_hz() * conf->pps_width_ms / 1000);
    if (pps.on && port_pps_pin(conf->pps_gpio) != RC_OK) {
        log_at(LOG_ERROR, NULL, "pps: gpio %u is not free on this board",
               (unsigned)conf->pps_gpio);
        pps.on = false;
    }
}

void pps_status(struct status_pps *out)
{
    *out = (struct status_pps){
        .on = pps.on, .armed = pps.pulses, .missed = pps.missed};
}

/* The whole second after `utc`. */
static ntp64 next_second(ntp64 utc)
{
    return ((utc >> 32) + 1) << 32;
}

static void close_second(void)
{
    if (pps.second != 0 && !pps.armed)
        pps.missed++;
    pps.second = 0;
    pps.armed = false;
}

mono_ns pps_poll(mono_ns now)
{
    if (!pps.on)
        return MONO_NEVER;
    if (!pps.always && !timekeeper_synchronised()) {
        pps.second = 0;
        return now + LOOK_EVERY;
    }
    uint64_t ticks = port_ticks();
    ntp64 second = next_second(timekeeper_utc(ticks));
    uint64_t at = timekeeper_when(ticks, second);
    uint64_t half = port_tick_hz() / 2;
    /* a new one, or the clock was stepped */
    if (second != pps.second || at - pps.rise + half > 2 * half) {
        close_second();
        pps.second = second;
    }
    pps.rise = at;
    mono_ns rise = mono_of_ticks(at, port_tick_hz());
    if (now < rise - AHEAD)
        return rise - AHEAD;
    if (port_pps_arm(at, pps.width_ticks) == RC_OK && !pps.armed) {
        pps.armed = true;
        pps.pulses++;
    }
    return now < rise - AGAIN ? rise - AGAIN : rise + MONO_US;
}
