/* why.h -- why the clock is not set, or runs on alone, in one sentence: the
 * cause, and where there is one the cure. `tracking`, `board`, `floor` and the
 * log all show the same one.
 *
 * What keeps all sources away comes first, then what a source says of itself:
 *
 * - there is no chrony.conf, or no source in it;
 * - no Ethernet, no link, no address;
 * - the clock waits for an operator, or was given up (maxchange);
 * - nobody is heard: the sources' troubles, the most frequent first: names that
 *   do not resolve, key exchanges that fail, replies that are refused;
 * - some are heard: how many agree of how many that are needed, then who says
 *   what time, the largest group first; and the others' troubles, or that they
 *   have not been heard yet.
 *
 * Pure. Names and troubles in the snapshot may come from the network. */
#ifndef WHY_H
#define WHY_H

#include "status.h"

#define WHY_TEXT 208 /* room for the sentence: a log line has to hold it     */

/* Writes the sentence, cut at cap, and returns its length; 0 and "" while the
 * clock is set and sources steer it. */
size_t why_text(const struct status *s, char *out, size_t cap);

/* Returns a number that changes with the cause, but not with the times that the
 * sentence names: by it a state that was said before is known again. */
uint32_t why_state(const struct status *s);

/* Returns true once a source has been heard or has failed. Until then the
 * start, a link or an address may only take its time. */
bool why_is_known(const struct status *s);

/* Returns what is weak about a configuration that works, "" if nothing is:
 * static text. */
const char *why_note(const struct status *s);

#endif
