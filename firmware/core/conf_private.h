/* conf_private.h -- what the files of conf share: the shape of a row of its
 * tables, and how a value is read, stored and complained about.
 *
 *   conf.c         the table of directives, and a line of the file
 *   conf_file.c    the files that are open, and those they ask for
 *   conf_source.c  server and pool lines: the table of their options
 *   conf_server.c  whom the board serves, and how much
 *   conf_nts.c     the key exchange that it serves
 *   conf_chrony.c  what chrony knows besides, and why it has no effect here
 *   conf_report.c  what is said, and the nearest word to one nobody knows
 *   conf_lex.c     a line into words, words into values
 *   conf_path.c    where on the card a path is looked for
 *
 * conf.md is the page of all rows for people; tests/unit/test_conf_page.c
 * compares it with the tables. */
#ifndef CONF_PRIVATE_H
#define CONF_PRIVATE_H

#include "conf.h"
#include "conf_file.h"
#include "conf_lex.h"

enum conf_kind {
    CONF_FLAG,     /* no value; the field becomes most, 1 if that is 0      */
    CONF_GIVEN,    /* a value that is not looked at                         */
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

struct conf_row {
    const char *word; /* NULL: a further value of the directive above       */
    enum conf_kind kind;
    uint8_t size;        /* of the field; 0: there is none                  */
    uint16_t at;         /* where it is: offset in the struct               */
    int32_t least, most; /* CONF_INT, CONF_REAL                             */
    enum {
        CONF_REFUSE, /* what is beyond these is an error                     */
        CONF_CLAMP_MOST,
        CONF_CLAMP /* they are taken instead, with a note, as chrony does    */
    } beyond;
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

/* Return the line being read, and its file. */
struct conf_place conf_here(const struct conf_parser *p);
/* Add a report about `what` (NULL: nothing to name). `*` in f stands for arg,
 * which is quoted, cut and cleaned. An error ends with what it means for its
 * line, p->loss. */
void conf_report(struct conf_parser *p, enum conf_level level, const char *what,
                 const char *f, const char *arg);
/* Report an error of the line's directive. Returns RC_BAD. */
int conf_bad(struct conf_parser *p, const char *f, const char *arg) MUST_CHECK;

/* Report as conf_report does, an error without p->loss, about another place. */
void conf_report_at(struct conf_parser *p, const struct conf_place *at,
                    enum conf_level level, const char *what, const char *f);

/* Return the word that someone may have meant by this one, of a table of
 * directives or options or of chrony's other directives, or NULL when none is
 * near, or there are so many errors already that nobody would see it. */
const char *conf_near_directive(const struct conf_parser *p, const char *word);
const char *conf_near_option(const struct conf_parser *p, const char *word);
/* The same of a list of n words. */
const char *conf_near_word(const struct conf_parser *p, const char *word,
                           const char *const *known, size_t n);
/* Report an error of the line's directive as conf_bad does, with the word that
 * may have been meant behind it; NULL: none. Returns RC_BAD. */
int conf_bad_near(struct conf_parser *p, const char *f, const char *arg,
                  const char *near) MUST_CHECK;

/* Put the defaults into *c. */
void conf_set_defaults(struct conf *c);
/* Read a line without its end. */
void conf_read_line(struct conf_parser *p, const char *line, size_t len);
/* Report what only all the lines together show. */
void conf_check_whole(struct conf_parser *p);
/* Gives each source its label, once all are known. */
void conf_label_sources(struct conf *c);
/* Read an include, confdir or sourcedir line into the list of the file that is
 * open on top. Returns RC_OK, or RC_BAD after reporting why not. */
int conf_read_list(struct conf_parser *p) MUST_CHECK;

/* Read a server or pool line into c->sources. Returns RC_OK, or RC_BAD after
 * reporting why the line has no effect. */
int conf_read_source(struct conf_parser *p) MUST_CHECK;

/* Read a hostname, address, gateway, nameserver or syslog line. Each returns
 * RC_OK, or RC_BAD after reporting why the line has no effect. */
int conf_read_hostname(struct conf_parser *p) MUST_CHECK;
int conf_read_address(struct conf_parser *p) MUST_CHECK;
int conf_read_gateway(struct conf_parser *p) MUST_CHECK;
int conf_read_nameserver(struct conf_parser *p) MUST_CHECK;
int conf_read_syslog(struct conf_parser *p) MUST_CHECK;

/* Read an allow or deny line or cmdallow or cmddeny, one of the three rate
 * limits, local, clientloglimit, opencommands. Each returns RC_OK, or RC_BAD
 * after reporting why the line has no effect. */
int conf_read_access(struct conf_parser *p) MUST_CHECK;
int conf_read_ratelimit(struct conf_parser *p) MUST_CHECK;
int conf_read_opencommands(struct conf_parser *p) MUST_CHECK;
int conf_read_local(struct conf_parser *p) MUST_CHECK;
int conf_read_clientloglimit(struct conf_parser *p) MUST_CHECK;

/* Read an ntsserverkey or ntsservercert line, ntsntpserver, ntsprocesses. Each
 * returns RC_OK, or RC_BAD after reporting why the line has no effect. */
int conf_read_pair(struct conf_parser *p) MUST_CHECK;
int conf_read_ntsntpserver(struct conf_parser *p) MUST_CHECK;
int conf_read_ntsprocesses(struct conf_parser *p) MUST_CHECK;
/* Report keys without a certificate and certificates without a key. */
void conf_check_pairs(struct conf_parser *p);

/* A directive of chrony 4, or an older one that it still accepts, that has no
 * effect here. */
struct conf_ignored {
    const char *word, *why;
};
/* Return the i-th of these directives, or NULL at the end. */
const struct conf_ignored *conf_ignored_at(size_t i);
/* Return the row of a directive, or NULL when it is not one of them. */
const struct conf_ignored *conf_ignored_find(const char *directive);
/* Return whose word a directive is that neither we nor chrony know, or what the
 * file or the line is instead of a configuration, or NULL. */
const char *conf_foreign(const char *directive);
/* The options of server and pool lines that have no effect or are refused. */
extern const struct conf_row conf_chrony_options[];

#endif
