/* source_record.h -- one source's record on the card: keys and cookies for the
 * next start.
 *
 * A cookie that was sent is never offered again, whenever the power goes
 * (RFC 8915 sections 5.7 and 9.1). The order of events:
 *
 *  1. Boot: every cookie in the record comes out marked as offered by the
 *     card. None of them may be sent (nts_assoc_take: RC_AGAIN).
 *  2. A request is due: a record without the oldest one replaces that on the
 *     card; with the last one, the record is forgotten altogether.
 *  3. The journal says that this is durable. Only now is the cookie free, and
 *     it is sent.
 *  4. The reply brings fresh ones, which no record offers: they are sent as
 *     they come, oldest first, and the card is left alone. Once there are
 *     LIMIT_COOKIES again, a record with all but SPARE of them is written,
 *     and these count as offered from the moment it is handed over.
 *
 * A cut before 3 leaves one record or the other, and no cookie of either has
 * been sent. A cut after 3 leaves the newer one, for the journal never goes
 * back behind what was durable; what was sent is not in it. A cut during 4
 * leaves the old record or the new one: neither holds one that was sent. So
 * a cut costs at most one cookie that nobody has seen; with none left there
 * is a key exchange, and no cookie is ever sent twice "because nothing else
 * is left".
 *
 * Which record belongs to a source is a matter of its name and ports, not of
 * its line in chrony.conf: a source goes on with the record it was read from,
 * or moving a line would leave an older copy behind. What this rests on: a
 * card that keeps what it said is durable; services/store.c reads back every
 * write, and a card that fails that is given up (sources.c, CARD_PATIENCE)
 * for a new key exchange at every boot. */
#ifndef SOURCE_RECORD_H
#define SOURCE_RECORD_H

#include "source.h"

/* version, the server line's name and ports, the NTP server's name, address,
 * port, then nts_assoc_write's bytes. */
#define SOURCE_RECORD_MAX LIMIT_JOURNAL_DATA

/* Writes the record of a source without the `spare` oldest of its cookies; what
 * is written counts as offered by the card from then on. Returns the length,
 * or 0: nothing would be left to offer, so the record must be forgotten;
 * RC_SPACE; RC_STATE: it has no keys. */
int source_record_write(struct source *s, size_t spare, uint8_t *out,
                        size_t cap) MUST_CHECK;
/* Reads a record. Returns RC_OK: it was this source's, which is ready to run
 * from it; RC_BAD: another's, or damaged, or s has one already, and s is
 * unchanged. */
int source_record_read(struct source *s, const uint8_t *in,
                       size_t len) MUST_CHECK;

/* Gives each record of the store to the source it belongs to, which is saved
 * next at save_due; a source without one gets an id that no other has, and
 * what that holds is of nobody here. At start-up, once. */
void source_record_restore(struct source *s, unsigned count,
                           const struct conf *conf, mono_ns save_due);

/* Gives a source that joins later the first record that is its own and that no
 * other source has, if the card remembers any, or else the first id that no
 * other has. */
void source_record_join(struct source *s, const struct source *all,
                        unsigned count, bool remembers, mono_ns save_due);

#endif
