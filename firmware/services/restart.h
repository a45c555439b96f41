/* restart.h -- a restart that was asked for, or that a card needs which could
 * not be read at start: everything worth it is saved and the card is given time
 * to take it. */
#ifndef RESTART_H
#define RESTART_H

#include "core/base.h"

/* Saves the time floor and the cookies, and takes the name on the network back;
 * restart_poll then restarts the machine once the card has them, the log is
 * printed and the wire has had 20 ms, or after 2 s. While the
 * machine waits after crashes (crashloop.h) there is nothing to save, and it
 * restarts at once. */
void restart_request(void);

/* Restarts when it is time to. Returns when to be called next. */
mono_ns restart_poll(mono_ns now);

#endif
