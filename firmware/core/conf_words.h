/* conf_words.h -- the words of chrony.conf(5): which directives and options
 * chrony 4 knows, and the numbers and addresses in them. For conf.c. */
#ifndef CONF_WORDS_H
#define CONF_WORDS_H

#include "limit.h"
#include "base.h"

#define CONF_LINE_MAX 512 /* bytes of a line; chrony's longest is 2047      */
#define CONF_ARGS_MAX 64  /* words in it                                   */

struct conf_words { /* one line, cut up; the words point into text */
    char text[CONF_LINE_MAX + 1];
    uint8_t count;
    const char *word[CONF_ARGS_MAX];
};

/* RC_OK (count 0: blank or comment); RC_SPACE: too long or too many words;
 * RC_BAD: control characters. */
int conf_words_split(struct conf_words *w, const char *line,
                     size_t len) MUST_CHECK;
bool conf_words_equal(const char *a, const char *b); /* ASCII case ignored */

/* All of the word. RC_OK, RC_BAD: not a number (*v is 0). */
int conf_words_int(const char *word, int64_t *v) MUST_CHECK;
int conf_words_real(const char *word, double *v) MUST_CHECK;
/* The words after the first as numbers of AEADs: into list those known, each
 * once, in their order. Returns how many (0: list stays) or RC_BAD, list
 * stays and *odd is no such number. Otherwise *odd, if set, is one that is
 * not known. */
int conf_words_aeads(const struct conf_words *w, uint16_t list[LIMIT_AEADS],
                     const char **odd) MUST_CHECK;
/* A host name, or an address literal of either family. */
bool conf_words_is_host(const char *word);

/* Directives of chrony 4 (and older ones it still accepts) that Gnomon does
 * not act on: NULL, or why ("not needed by Gnomon"). */
const char *conf_words_ignored(const char *directive);

/* Options of server, pool. */
enum conf_option {
    CONF_OPT_MINPOLL,
    CONF_OPT_MAXPOLL,
    CONF_OPT_PORT,
    CONF_OPT_NTSPORT,
    CONF_OPT_MAXSOURCES,
    CONF_OPT_CERTSET,
    CONF_OPT_MINSTRATUM,
    CONF_OPT_MAXDELAY,
    CONF_OPT_MAXDELAYRATIO,
    CONF_OPT_MAXDELAYDEVRATIO,
    CONF_OPT_OFFSET,
    CONF_OPT_IBURST,
    CONF_OPT_NTS,
    CONF_OPT_PREFER,
    CONF_OPT_NOSELECT,
    CONF_OPT_TRUST,
    CONF_OPT_REQUIRE,
    CONF_OPT_XLEAVE,
    CONF_OPT_IGNORED,
    CONF_OPT_REFUSED,
};
enum conf_value {
    CONF_VALUE_NONE,
    CONF_VALUE_INT,
    CONF_VALUE_REAL,
    CONF_VALUE_HEX
};
struct conf_option_word {
    const char *name;
    enum conf_option option;
    enum conf_value value;
    int32_t min, max; /* of a number */
    const char *why;  /* ignored or refused */
};
const struct conf_option_word *conf_words_option(const char *word);

#endif
