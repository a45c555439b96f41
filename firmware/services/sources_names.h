/* sources_names.h -- which of its name's addresses a source uses, and how a
 * pool becomes as many sources as it has addresses; private to sources*.c.
 *
 * A source keeps an address until it is of no use: silent, out of reach, or
 * lying (sources.c says when). Then the name is asked for anew, and another
 * of its addresses is taken that no other source has (core/addr_pick.h). */
#ifndef SOURCES_NAMES_H
#define SOURCES_NAMES_H

#include "source.h"

/* Takes over the sources s[0 .. *count - 1], to which sources_join adds. */
void sources_names_init(struct source *s, unsigned *count);

/* Asks for the address of the source's NTP server: step becomes RESOLVING, and
 * RUN when it is there. Returns when to call again. */
mono_ns sources_ask_name(struct source *s, mono_ns now);

/* Notes that the source's present address is of no use: the name is asked for
 * again when the next request is due. */
void sources_move_on(struct source *s);

/* Notes that the server at the present address refuses us (ntp_client.h): says
 * so and when it is asked next, and looks meanwhile for an address of the name
 * that has refused nothing. */
void sources_refused(struct source *s, mono_ns now);

/* Chooses among the addresses of a name for the source's key exchanges or its
 * requests, whose pick and address are given. Where that name is a pool's,
 * sources join for those that nobody uses, up to maxsources. */
void sources_choose(struct source *s, struct addr_pick *pick,
                    const struct resolver_answer *a, struct addr *own);

/* Looks up the other addresses of a pool whose source runs from what the card
 * knows, and so asked for no name. Returns when to call again. */
mono_ns sources_pool_poll(struct source *s, mono_ns now);

/* Adds a source of this line behind the others; there must be room. It is
 * defined in sources.c. */
void sources_join(const struct conf_source *c);

/* Asks for the name of a source that does not answer any more, in the
 * background: the server may have moved. */
void sources_look_again(struct source *s);

/* Asks for the name of a source that has answered, in the background, when that
 * is due (chrony's refresh): one source in refresh_s seconds, the oldest first.
 * An address that is not the name's any more is given up. */
void sources_refresh(struct source *s, uint32_t refresh_s, mono_ns now);

#endif
