/* crashnote.h -- what the machine tells itself across a reset.
 *
 * A small record at __note_start (linker script), in RAM that no reset and no
 * start-up code clears, believed only if magic and CRC hold; so a power cut
 * reads as "power-on".
 *
 *     crashnote_boot() once, then crashnote_last_reset() any time;
 *     before a reset: crashnote_asked() or crashnote_failed(). */
#ifndef CRASHNOTE_H
#define CRASHNOTE_H

#include "core/base.h"

#define CRASHNOTE_TEXT 160

void crashnote_boot(void);

/* "power-on", "reset", "watchdog", or what crashnote_failed was told. */
const char *crashnote_last_reset(void);
uint32_t crashnote_boots(void); /* since power-on, this one included */

/* From here on a reset that nobody announced was the watchdog's. */
void crashnote_watchdog_armed(void);

/* Runs that ended in a failure or by the watchdog, in a row up to now; a
 * power-on, a reset that was asked for and crashnote_settled() end the row. */
uint32_t crashnote_failures(void);

/* It ran long enough: the next failure is the first in a row again. */
void crashnote_settled(void);

void crashnote_asked(void);

void crashnote_failed(const char *text);

#endif
