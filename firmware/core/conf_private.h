/* conf_private.h -- what the files of conf share: the shape of a row of its
 * tables, and how a value is read, stored and complained about.
 *
 *   conf.c         the table of directives, and the walk through the file
 *   conf_source.c  server and pool lines: the table of their options
 *   conf_chrony.c  what chrony knows besides, and why it has no effect here
 *   conf_lex.c     a line into words, words into values
 *
 * conf.md is the page of all rows for people; tests/unit/test_conf_page.c
 * compares it with the tables. */
#ifndef CONF_PRIVATE_H
#define CONF_PRIVATE_H

#include "conf.h"
#include "conf_lex.h"

enum conf_kind {
    CONF_FLAG,     /* no value; the field becomes true                      */
    CONF_GIVEN,    /* a value that is not looked at; true                   */
    CONF_INT,      /* least .. most                                         */
    CONF_REAL,     /* least .. most                                         */
    CONF_REAL_0,   /* 0 or more                                             */
    CONF_REAL_POS, /* more than 0                                           */
    CONF_REAL_ANY,
    CONF_CHOICE, /* one of some words                                     */
    CONF_LINE,   /* the whole line is read by a function of its own       */
};

struct conf_choice {
    const char *word; /* NULL ends a list */
    uint8_t value;
};

struct conf_parser { /* one file being read */
    struct conf *c;
    uint16_t line;
    int errors;
    struct conf_words w; /* the line's words; word[0] is the directive      */
};

struct conf_row {
    const char *word; /* NULL: a further value of the directive above       */
    enum conf_kind kind;
    uint8_t size;        /* of the field; 0: there is none                  */
    uint16_t at;         /* where it is: offset in the struct               */
    int32_t least, most; /* CONF_INT, CONF_REAL                             */
    union {
        const struct conf_choice *choices; /* CONF_CHOICE                   */
        /* CONF_LINE: RC_OK; RC_BAD, reported. */
        int (*read)(struct conf_parser *p);
        const char *why; /* no field: an option has no effect, because      */
    };
    void (*note)(struct conf_parser *p); /* after the values are stored     */
    double value; /* the field's default                             */
};

/* A row of a value: what it is called, its kind, the field of this type that
 * it goes to, least and most, default, and what else there is to be said. */
#define CONF_ROW(type, word_, kind_, field, least_, most_, ...)                \
    {                                                                          \
        .word = word_, .kind = kind_, .at = offsetof(type, field),             \
        .size = sizeof(((type *)0)->field), .least = least_, .most = most_,    \
        .value = __VA_ARGS__                                                   \
    }

struct conf_value {
    int64_t n;
    double real;
};

/* The table of directives, which ends with a row of kind CONF_LINE without a
 * word and a function, and the table of a source's options, which ends so,
 * too. */
extern const struct conf_row conf_directives[];
extern const struct conf_row conf_source_options[];

/* Return the row of this word in a table, or NULL. */
const struct conf_row *conf_find(const struct conf_row *table,
                                 const char *word);
/* Tell whether this is the row that ends a table. */
bool conf_row_ends(const struct conf_row *r);

/* Put the default of each row of a table into its field of *to. */
void conf_store_defaults(const struct conf_row *table, void *to);
/* Put a value into the row's field of *to. */
void conf_store(const struct conf_row *r, const struct conf_value *v, void *to);

/* Read a word as a value of the row's kind and range. Returns RC_OK, or RC_BAD
 * when it cannot be, after reporting an error about `what`. */
int conf_read_value(struct conf_parser *p, const struct conf_row *r,
                    const char *what, const char *word,
                    struct conf_value *v) MUST_CHECK;
/* Read a word as an integer lo .. hi; else as conf_read_value. */
int conf_read_int(struct conf_parser *p, const char *what, const char *word,
                  int64_t lo, int64_t hi, int64_t *v) MUST_CHECK;
/* Check that the directive has lo .. hi words after it. Returns RC_OK, or
 * RC_BAD after reporting that it has not. */
int conf_want(struct conf_parser *p, int lo, int hi) MUST_CHECK;

/* Add a report about `what` (NULL: nothing to name). `*` in f stands for arg,
 * which is quoted, cut and cleaned. */
void conf_report(struct conf_parser *p, enum conf_level level, const char *what,
                 const char *f, const char *arg);
/* Report an error of the line's directive. Returns RC_BAD. */
int conf_bad(struct conf_parser *p, const char *f, const char *arg) MUST_CHECK;

/* Read a server or pool line into c->sources. Returns RC_OK, or RC_BAD after
 * reporting why the line has no effect. */
int conf_read_source(struct conf_parser *p) MUST_CHECK;

/* Return why a directive of chrony 4 (or an older one that it still accepts)
 * has no effect here, or NULL when chrony does not know the word either. */
const char *conf_chrony_ignored(const char *directive);
/* Return the i-th of these directives, and why in *why; NULL at the end. */
const char *conf_chrony_word(size_t i, const char **why);
/* The options of server and pool lines that have no effect or are refused. */
extern const struct conf_row conf_chrony_options[];

#endif
