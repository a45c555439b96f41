/* stage.h -- how far a board has come on its way from power-on to the time, and
 * how its LED says so. Pure.
 *
 * The way has stages; each is passed in its turn, and the first that is not is
 * where the board stands. A person who sees the LED only learns it as one long
 * flash and so many short ones (stage_lit). Numbers below 2 are not used: the
 * Raspberry Pi's own boot firmware blinks before Gnomon does, in other rows. */
#ifndef STAGE_H
#define STAGE_H

#include "mono.h"
#include "status.h"

enum stage {
    STAGE_DONE = 0, /* the clock is set                                    */
    STAGE_CARD = 2, /* no card that can be read                            */
    STAGE_FILES,    /* no FAT file system, or no chrony.conf with a server */
    STAGE_ETHERNET, /* the USB or Ethernet controller is silent            */
    STAGE_DRIVER,   /* there is a chip that no driver knows                */
    STAGE_LINK,     /* no link                                             */
    STAGE_ADDRESS,  /* no address                                          */
    STAGE_ANSWER,   /* no server has given an answer that counts           */
    STAGE_QUORUM,   /* some have, but too few agree                        */
};

#define STAGE_PATIENCE (10 * MONO_S) /* each may take so long unnoticed      */

/* Returns the stage that the board stands at. */
enum stage stage_of(const struct status *s);

/* Returns what is missing there, in a few words: static text, "" when done. */
const char *stage_text(enum stage stage);

/* Tells whether the LED is lit `since` after a stage's code began: one long
 * flash, as many short ones as the stage's number, a pause, and again. */
bool stage_lit(enum stage stage, mono_ns since);

/* Where the board stands and since when, kept over looks at the snapshot. */
struct stage_watch { /* all zero: nothing seen yet */
    enum stage stage;
    mono_ns since;
};

/* Takes a look. Returns the stage whose code the LED has to show: the one that
 * the board stands at once it has stood there for STAGE_PATIENCE, else
 * STAGE_DONE. */
enum stage stage_look(struct stage_watch *w, const struct status *s,
                      mono_ns now);

#endif
