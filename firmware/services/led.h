/* led.h -- the board's activity LED tells the state from across the room. A
 * period is a second, in tenths; on the Raspberry Pi 2 it is the green ACT LED.
 *
 *     .  dark   # lit
 *     #.#.#.#.#.   LED_UNSYNCHRONISED  fast blink: no time yet
 *     #.........   LED_SYNCHRONISED    a flash as each second of UTC begins
 *     #.#.......   LED_HOLD_OVER       two: set, but no source answers now
 *     #####.....   LED_CRASHED         slow blink: waits after crashes in a row
 *
 * A board that gets no further on its way to the time shows where it stands
 * instead of the fast blink: one long flash, then 2 to 9 short ones
 * (core/stage.h).
 *
 * While synchronised the second is the steered clock's, to the loop's latency
 * (milliseconds): for the eye, the pulse per second is the one to measure.
 * Always dark or always lit: no loop is running. */
#ifndef LED_H
#define LED_H

#include "core/stage.h"

enum led_state {
    LED_UNSYNCHRONISED,
    LED_SYNCHRONISED,
    LED_HOLD_OVER,
    LED_CRASHED,
};

/* Tells whether the pattern is lit so many nanoseconds (0 .. 999999999) into
 * the second. */
bool led_lit(enum led_state state, uint32_t ns);

/* Starts dark. */
void led_init(void);

/* Shows a stage's code from now on while the clock is not set, or, with
 * STAGE_DONE, none. */
void led_code(enum stage stage, mono_ns now);

/* Shows the state. Returns when to be called next. */
mono_ns led_poll(mono_ns now);

#endif
