/* x509_names.h -- is a certificate for this server, and may its issuers
 * vouch for that name? (RFC 6125, RFC 5280 sections 4.2.1.6 and 4.2.1.10)
 *
 * A name counts only in the subject alternative name, never in the common
 * name: a host name there among the DNS names, an address literal among the
 * addresses. All of the bytes are a stranger's. */
#ifndef X509_NAMES_H
#define X509_NAMES_H

#include "addr.h"
#include "der.h"

struct x509_host {    /* whom we want to talk to                          */
    struct addr addr; /* family 0: by its name                            */
    size_t len;       /* of the name without its trailing dot             */
    char name[256];   /* lower case, not 0-terminated                     */
};

/* Sets who is wanted: a host name, with or without a dot at its end, or an
 * address literal. Returns RC_OK, or RC_BAD: no name that could be wanted. */
int x509_host_of(struct x509_host *h, const char *name) MUST_CHECK;

/* Is the server among these GeneralNames? A `*` stands for the whole first
 * label of a name of three labels or more. Returns RC_OK, RC_AUTH: it is
 * not, RC_BAD: malformed. */
int x509_names_match(struct der_view san, const struct x509_host *h) MUST_CHECK;

/* Judges the names of a certificate by the NameConstraints of one above it:
 * its GeneralNames (.p NULL: it has none), its subject and, where h is not
 * NULL, the server itself, for whom a wildcard may stand. Each name of a
 * form that has permitted subtrees lies in one of them, and none in an
 * excluded one. A mail address in the subject is judged as those among the
 * GeneralNames. A form that we cannot compare (a registered number, a URI
 * without a host name, ...) and that is constrained may not be there at all.
 * Returns RC_OK, RC_AUTH: forbidden,
 * RC_BAD: malformed. */
int x509_names_permitted(struct der_view constraints, struct der_view san,
                         struct der_view subject,
                         const struct x509_host *h) MUST_CHECK;

/* Are these two Names (whole elements) of one authority? Which kind of string
 * a value is makes no difference, nor do capitals (RFC 5280 section 7.1). */
bool x509_names_same(struct der_view a, struct der_view b);

/* Returns a hash of a Name (FNV-1a), the same one for all that
 * x509_names_same holds for the same. */
uint32_t x509_names_hash(struct der_view name);

#endif
