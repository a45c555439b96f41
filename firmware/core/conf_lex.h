/* conf_lex.h -- a line of chrony.conf cut into words, and what single words
 * say: numbers, host names. Pure; any bytes may come in. */
#ifndef CONF_LEX_H
#define CONF_LEX_H

#include "base.h"

#define CONF_LINE_MAX 2047 /* bytes of a line, as chrony has it              */
#define CONF_ARGS_MAX 64   /* words in it                                   */

struct conf_words { /* one line, cut up; the words point into text */
    char text[CONF_LINE_MAX + 1];
    uint8_t count;
    bool odd; /* a word has bytes beyond ASCII                              */
    const char *word[CONF_ARGS_MAX];
};

/* Cut a line of len bytes, without its newline, into *w; count is 0 for a
 * blank line or a comment. What a page or a word processor puts for a blank (a
 * no-break space, a thin one) is one; what takes no space is left out. Returns
 * RC_OK; RC_SPACE: it is too long or has too many words; RC_BAD: there are
 * control characters in it. */
int conf_lex_split(struct conf_words *w, const char *line,
                   size_t len) MUST_CHECK;

/* Tell whether two words are the same but for ASCII upper and lower case. */
bool conf_lex_equal(const char *a, const char *b);

/* Read a whole word as an integer. Returns RC_OK, or RC_BAD when it is none,
 * and then *v is 0. What is beyond 10^12 comes out as something beyond it. */
int conf_lex_int(const char *word, int64_t *v) MUST_CHECK;

/* Read a whole word as a decimal number, perhaps with a point and an exponent.
 * Returns RC_OK, or RC_BAD when it is none, and then *v is 0. */
int conf_lex_real(const char *word, double *v) MUST_CHECK;

/* Tell whether a word is a host name of up to 253 characters, or an address
 * literal of either family. */
bool conf_lex_is_host(const char *word);

#endif
