/* ke_text.h -- the key exchange that we serve, as text for people: its port,
 * the certificates and how long they will do, what became of those who
 * connected. No word of chronyc's. Pure. */
#ifndef KE_TEXT_H
#define KE_TEXT_H

#include "status.h"

/* Writes whole lines into out, 0-terminated and cut at cap. Returns the length
 * without the 0. */
size_t ke_text(const struct status *s, char *out, size_t cap);

#endif
