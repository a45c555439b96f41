/* conf_file.h -- a configuration that names further files (include, confdir,
 * sourcedir), read piece by piece. The parser asks for a file, the caller finds
 * and reads it; so no file is opened here, and nothing is kept twice.
 *
 *     conf_begin
 *     conf_open("chrony.conf", its text)
 *     while (conf_run(p) == RC_AGAIN)      a line of p->list asks for files
 *         conf_open(the list's next file, its text), or
 *         conf_close_list when there is no further one
 *     conf_end
 *
 * Which one is next: of a confdir or sourcedir, of the files *.conf or
 * *.sources in all its directories, the first in alphabetical order after
 * list.last; the one of the first directory where several have that name. Of an
 * include, the files that match its pattern, so too. */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include "conf.h"
#include "conf_lex.h"
#include "conf_path.h"

#define CONF_DIRS_MAX 10 /* of one confdir line                             */

enum conf_list_kind { CONF_INCLUDE, CONF_CONFDIR, CONF_SOURCEDIR };

struct conf_list { /* the files that a line asks for */
    enum conf_list_kind kind;
    uint8_t count; /* paths, as written; they point into text               */
    const char *path[CONF_DIRS_MAX];
    char last[CONF_PATH_MAX]; /* the name of the one that was opened last    */
    unsigned found;           /* files so far, those not readable included  */
    bool there;               /* caller: one of the directories exists       */
    bool folder;              /* caller: what include names is one           */
    char text[CONF_PATH_MAX * 2];
};

struct conf_open_file {
    char path[CONF_PATH_MAX];
    const char *text;
    size_t len, at; /* at: of the next line                                  */
    uint16_t line;
    uint8_t file; /* conf.file[]                                             */
    bool sources_only;
    bool listing; /* list is under way: a file on top, or the caller's turn  */
    struct conf_list list;
};

struct conf_parser {
    struct conf *c;
    uint16_t line; /* being read                                             */
    uint8_t file;
    const char *loss; /* added to errors: what this line's end means        */
    struct conf_words w; /* the line's words; word[0] is the directive      */
    bool saveinterval_given;
    uint32_t drift_interval_s; /* of driftfile; 0: not given                 */
    struct conf_place drift, nocerttimecheck, strata, gateway, too_many,
        too_many_trust, too_many_nameserver;
    unsigned sources_given, trust_given, nameserver_given;
    uint8_t keys_given, certs_given;
    uint8_t depth, room; /* files open, and how many may be                   */
    struct conf_open_file *open;
    struct conf_list *list; /* after RC_AGAIN                                */
};

/* Fill *c with the defaults, and make *p its parser, which can have so many
 * files open at once, in an array that stays the caller's. */
void conf_begin(struct conf_parser *p, struct conf *c,
                struct conf_open_file *open, uint8_t room);

/* Read a file next, before the rest of what is open. path names it in reports;
 * text stays the caller's and must stay until conf_run goes beyond the file's
 * end; conf_open_end says until where text is in use. Returns RC_OK; RC_SPACE:
 * too many or too deep; RC_STATE: it is open already, so it includes itself.
 * Both are reported, and then it counts as read. */
int conf_open(struct conf_parser *p, const char *path, const char *text,
              size_t len) MUST_CHECK;

/* Return the end of the text of the file that is open on top, or NULL. */
const char *conf_open_end(const struct conf_parser *p);

/* Read lines up to one that asks for files. Returns RC_AGAIN when p->list does,
 * RC_OK at the end of all. */
int conf_run(struct conf_parser *p) MUST_CHECK;

/* Report that the list's file of this name cannot be read, for a reason, and
 * skip it. */
void conf_skip(struct conf_parser *p, const char *name, const char *why);

/* End p->list; reports it if no file was found. */
void conf_close_list(struct conf_parser *p);

/* Look at the whole once all is read. Returns c->errors. */
int conf_end(struct conf_parser *p) MUST_CHECK;

#endif
