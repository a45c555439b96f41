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

/* Reads what the last run left, and begins the note of this one. Must be called
 * once, before all else here. */
void crashnote_boot(void);

/* How the last run ended: "power-on", "reset", "watchdog", or what
 * crashnote_failed was told. */
const char *crashnote_last_reset(void);

/* How many runs there have been since power-on, this one included. */
uint32_t crashnote_boots(void);

/* From this call on, a reset that nobody announced was the watchdog's. */
void crashnote_watchdog_armed(void);

/* How many runs in a row have ended in a failure or by the watchdog. A
 * power-on, a reset that was asked for and crashnote_settled() end the row. */
uint32_t crashnote_failures(void);

/* This run was long enough: the next failure is the first in a row again. */
void crashnote_settled(void);

/* The reset that comes is one that somebody asked for. */
void crashnote_asked(void);

/* This run ends in a failure; text, cut to CRASHNOTE_TEXT, is what the next one
 * will tell. */
void crashnote_failed(const char *text);

#endif
