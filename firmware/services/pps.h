/* pps.h -- a pulse at every second of UTC on a pin of the header
 * (chrony.conf: pps gpio N [width Nms] [always]).
 *
 * The pin rises when the counter reaches the value at which the steered clock
 * shows a whole second. The compare of the hardware timer fires some 20 us
 * early; the interrupt then spins on the counter and stores once, so neither
 * the loop nor the interrupt's latency reaches the edge (port_pps_arm). What
 * remains on silicon is the counter's step (52 ns at 19.2 MHz), the store's
 * way over the bus (estimated 50..150 ns) and rare stalls of that bus by the
 * GPU or SDRAM refresh (microseconds, seen by others on a Raspberry Pi 3). It
 * has not been measured by us. And it can be no better than the clock.
 *
 * Each pulse is armed twice: 100 ms ahead, so that a TLS step cannot cost a
 * pulse, and again just before, by then steered. A compare that is missed
 * costs one pulse: the next second is armed on its own. Pulses come only while
 * the clock is synchronised, unless the configuration says always. */
#ifndef PPS_H
#define PPS_H

#include "core/conf.h"
#include "core/status.h"

/* Claims the pin if chrony.conf asks for pulses; one that is not free on this
 * board is logged, and there are none. */
void pps_init(const struct conf *conf);

/* Arms the next pulse when it is time to. Returns when to be called next. */
mono_ns pps_poll(mono_ns now);

/* Fills the pulses' section of the snapshot. */
void pps_status(struct status_pps *out);

#endif
