/* chronyc_text.h -- the status snapshot as text, as chronyc 4.3 prints it:
 * its columns, its rounding, its signs (+ where the local clock is ahead or
 * fast, the opposite of ours). What the console shows.
 *
 * Each function writes whole lines into out, 0-terminated and cut at cap, and
 * returns the length without the 0. Pure. Names and texts in the snapshot may
 * come from the network or from chrony.conf; they are printed as they stand. */
#ifndef CHRONYC_TEXT_H
#define CHRONYC_TEXT_H

#include "clientlog.h"
#include "status.h"

/* Writes `chronyc sources`: reach and last sample of each source. */
size_t chronyc_sources(const struct status *s, char *out, size_t cap);

/* Writes `chronyc sourcestats`: rate, offset and spread of each source. Freq
 * Skew is one sigma, where chrony's is 95 %. */
size_t chronyc_sourcestats(const struct status *s, char *out, size_t cap);

/* Writes `chronyc selectdata`: why each source is selected or not. */
size_t chronyc_selectdata(const struct status *s, char *out, size_t cap);

/* Writes `chronyc authdata`: keys, cookies and NAKs of each source. */
size_t chronyc_authdata(const struct status *s, char *out, size_t cap);

/* Writes `chronyc ntpdata` for source i, which must be below sources.count.
 * Jitter asymmetry is not measured and printed as 0. */
size_t chronyc_ntpdata(const struct status *s, size_t i, char *out, size_t cap);

/* Writes `chronyc tracking`, and after it why the clock is not set or what is
 * not checked, if anything. */
size_t chronyc_tracking(const struct status *s, char *out, size_t cap);

/* Writes `chronyc serverstats` as of 4.4 and later, which count stamps, too,
 * and after it why requests were dropped. */
size_t chronyc_serverstats(const struct status *s, char *out, size_t cap);

/* Writes the header of `chronyc clients`, or with `ke` of `clients -k`. */
size_t chronyc_clients_header(bool ke, char *out, size_t cap);

/* Writes the line of a client, with its key exchanges for `ke`, else with its
 * commands. IPv6 clients are shown by their network, a /64. */
size_t chronyc_client(const struct clientlog_client *c, mono_ns now, bool ke,
                      char *out, size_t cap);

/* Writes `chronyc activity`. */
size_t chronyc_activity(const struct status *s, char *out, size_t cap);

/* Returns how many sources have a name that nobody has resolved. */
unsigned chronyc_unresolved(const struct status *s);

/* Writes the time floor and why the clock is not set; no word of chronyc's. */
size_t chronyc_floor(const struct status *s, char *out, size_t cap);

/* Returns what a power cut leaves of keys, cookies, time floor and frequency,
 * or why nothing: static text. */
const char *chronyc_saved_text(const struct status *s);

/* Writes what this machine is and how it does; no word of chronyc's. */
size_t chronyc_board(const struct status *s, char *out, size_t cap);

#endif
