/* crashloop.h -- a machine that keeps crashing slows down: it must hammer
 * neither the card nor public servers, and a person must get a word in.
 *
 * How often in a row is the machine's to remember (port_info.crashes, where a
 * reset does not erase it: RAM on a Raspberry Pi; a power cut does). After the
 * first CRASHLOOP_FREE it starts again at once; after the next it waits 5 s,
 * then twice as long each time, 640 s at most, before card, network and all
 * else are started. The console answers meanwhile; its `reset` ends the row
 * and the wait. So does a run of CRASHLOOP_STABLE, the wait not counted. */
#ifndef CRASHLOOP_H
#define CRASHLOOP_H

#include "core/base.h"
#include "core/mono.h"

#define CRASHLOOP_FREE   2u
#define CRASHLOOP_STABLE (60 * MONO_S)

/* Returns how long to wait after so many crashes in a row. */
mono_ns crashloop_wait(uint32_t crashes);

/* Begins the wait, if there is one, after so many crashes in a row. */
void crashloop_init(mono_ns now, uint32_t crashes);

/* Tells whether the wait is not over yet, as of the last poll: then little has
 * been started. */
bool crashloop_waits(void);

/* Ends the wait, and the row of crashes, when it is time. Returns when to be
 * called next. */
mono_ns crashloop_poll(mono_ns now);

#endif
