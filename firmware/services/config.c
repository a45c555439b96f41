#include "config.h"

#include <stdarg.h>
#include <string.h>

#include "adapters/tls_client.h"
#include "core/bytes.h"
#include "core/conf_file.h"
#include "core/fmt.h"
#include "log.h"
#include "store.h"
#include "version.h"

static struct conf conf;
static struct conf_parser parser;
static struct conf_open_file open_files[LIMIT_CONF_DEPTH];
static char text[LIMIT_CONF_BYTES]; /* of the files that are open, in a row */
static enum status_config_file file;
static char lacks[128]; /* why there is no file, if more is known            */
static char error[128]; /* the first one of the files                        */

/* ---- chrony.conf, and the files that it names ---------------------------- */

/* Cut a place into the folder and what its files' names must match. */
static const char *cut(const struct conf_list *l, char *place,
                       const char **folder)
{
    *folder = place;
    if (l->kind != CONF_INCLUDE)
        return l->kind == CONF_CONFDIR ? "*.conf" : "*.sources";
    char *slash = strrchr(place, '/');
    if (!slash) {
        *folder = "";
        return place;
    }
    *slash = 0;
    return slash + 1;
}

/* What an operator can change: a wait may be for what was wrong in it. The
 * version, for the certificates of the image. */
static void digest(const void *p, size_t len)
{
    conf.digest = bytes_fnv(conf.digest, p, len);
}

/* The file of a list's path with the least name after list.last, in the first
 * place that is there. Returns the length of its own path, or 0 for none. */
static size_t next_of_path(struct conf_list *l, const char *path,
                           char found[CONF_PATH_MAX], char name[CONF_PATH_MAX])
{
    char place[CONF_PATH_MAX], whole[CONF_PATH_MAX];
    for (unsigned i = 0; conf_path_place(path, i, place) > 0; i++) {
        const char *folder, *pattern = cut(l, place, &folder);
        int n = store_next_file(folder, pattern, "", name);
        if (n <= 0 && l->kind == CONF_INCLUDE &&
            conf_path_place(path, i, whole) > 0 &&
            store_next_file(whole, "*", "", name) >= 0)
            l->folder = true;
        if (n < 0 || (n == 0 && l->kind == CONF_INCLUDE))
            continue;
        l->there = true;
        n = store_next_file(folder, pattern, l->last, name);
        return n > 0 ? fmt(found, CONF_PATH_MAX, "%s%s%s", folder,
                           *folder ? "/" : "", name)
                     : 0;
    }
    return 0;
}

/* The next file of a list, the first directory that has it; false: no more. */
static bool next_file(struct conf_list *l, char best[CONF_PATH_MAX])
{
    char best_name[CONF_PATH_MAX] = "", path[CONF_PATH_MAX];
    char name[CONF_PATH_MAX];
    for (unsigned i = 0; i < l->count; i++)
        if (next_of_path(l, l->path[i], path, name) > 0 &&
            (!*best_name || conf_path_order(name, best_name) < 0)) {
            memcpy(best_name, name, sizeof name);
            memcpy(best, path, sizeof path);
        }
    return *best_name;
}

static void open_next(void)
{
    char path[CONF_PATH_MAX];
    if (!next_file(parser.list, path)) {
        conf_close_list(&parser);
        return;
    }
    const char *end = conf_open_end(&parser);
    size_t at = (size_t)(end - text);
    int len = store_read_file(path, (uint8_t *)text + at, sizeof text - at);
    if (len > 0)
        digest(text + at, (size_t)len);
    if (len < 0)
        conf_skip(&parser, path,
                  len == RC_SPACE ? "is too long: not read" : STORE_UNREADABLE);
    else if (conf_open(&parser, path, text + at, (size_t)len) == RC_OK)
        log_line("%s: read, as %s:%u says", path,
                 conf_file_name(&conf, parser.file), (unsigned)parser.line);
}

static void report(void)
{
    static const char *const level[] = {"error: ", "", ""};
    static const enum log_severity severity[] = {LOG_ERROR, LOG_NOTICE,
                                                 LOG_NOTICE};
    for (unsigned i = 0; i < conf.report_count; i++) {
        const struct conf_report *r = &conf.reports[i];
        if (r->level == CONF_ERROR && !error[0])
            (void)fmt(error, sizeof error, "%s:%u: %s",
                      conf_file_name(&conf, r->file), (unsigned)r->line,
                      r->text);
        log_at(severity[r->level], NULL, "%s:%u: %s%s",
               conf_file_name(&conf, r->file), (unsigned)r->line,
               level[r->level], r->text);
    }
    if (conf.errors + conf.notes)
        log_at(conf.errors ? LOG_ERROR : LOG_NOTICE, NULL,
               "chrony.conf: %lu error%s, %lu note%s%s",
               (unsigned long)conf.errors, conf.errors == 1 ? "" : "s",
               (unsigned long)conf.notes, conf.notes == 1 ? "" : "s",
               conf.reports_lost ? "; not all are shown" : "");
    if (conf.source_count == 0)
        log_at(LOG_ERROR, NULL,
               "chrony.conf: no server or pool line: there is nothing to "
               "get time from");
}

static void say_lack(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

static void say_lack(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    (void)fmt_v(lacks, sizeof lacks, format, ap);
    va_end(ap);
    log_at(LOG_ERROR, NULL, "%s", lacks);
}

/* Why there is no chrony.conf: names that people's computers make of it, and
 * places they put it in. */
static void look_around(void)
{
    static const char *const patterns[] = {"*chrony.co*", "*chrony*", "*.conf"};
    static const char *const folders[] = {"",         "etc",   "etc/chrony",
                                          "chrony",   "boot",  "boot/firmware",
                                          "firmware", "config"};
    char name[CONF_PATH_MAX];
    if (store_next_file("chrony.conf", "*", "", name) >= 0) {
        say_lack("chrony.conf is a folder: it must be a file");
        return;
    }
    for (size_t i = 0; i < LEN(folders); i++)
        for (size_t k = 0; k < LEN(patterns); k++)
            if (store_next_file(folders[i], patterns[k], "", name) > 0) {
                bool same = conf_path_order(name, "chrony.conf") == 0;
                say_lack("%s%s%s found: %s", folders[i], *folders[i] ? "/" : "",
                         name,
                         same ? "move it to the top of the boot partition"
                              : "rename it to chrony.conf");
                return;
            }
    if (store_other_fat())
        say_lack("it belongs on the first FAT partition: partition %u is not "
                 "looked at",
                 store_other_fat());
}

static int read_root(bool card)
{
    int len = store_read_file("chrony.conf", (uint8_t *)text, sizeof text);
    file = len > 0 ? CONFIG_READ : len == 0 ? CONFIG_EMPTY : CONFIG_MISSING;
    (void)fmt(lacks, sizeof lacks, "%s", store_trouble());
    if (len == RC_SPACE)
        say_lack("chrony.conf: longer than %u bytes: not read",
                 (unsigned)sizeof text);
    else if (len == RC_STATE && card)
        log_at(LOG_ERROR, NULL,
               "chrony.conf: no such file on the boot partition");
    else if (len == 0)
        log_at(LOG_ERROR, NULL, "chrony.conf: it is empty");
    else if (len < 0 && card)
        say_lack("chrony.conf: " STORE_UNREADABLE);
    if (len == RC_STATE && card && !lacks[0])
        look_around();
    return len < 0 ? 0 : len;
}

const struct conf *config_read(bool card)
{
    size_t len = (size_t)read_root(card);
    error[0] = 0;
    conf_begin(&parser, &conf, open_files, LIMIT_CONF_DEPTH);
    conf.digest = BYTES_FNV;
    digest(gnomon_version, strlen(gnomon_version));
    digest(text, len);
    int r = conf_open(&parser, "chrony.conf", text, len);
    ASSERT(r == RC_OK);
    while (conf_run(&parser) == RC_AGAIN)
        open_next();
    (void)!conf_end(&parser); /* conf.errors has it, too */
    store_save_interval(conf.saveinterval_s);
    report();
    return &conf;
}

/* ---- certificates ---- */

static uint8_t pem[LIMIT_TRUST_FILE];

static void say_trust(const struct conf_trust *t, const char *name,
                      const char *why)
{
    if (why[0])
        log_at(LOG_WARNING, NULL, "%s:%u: ntstrustedcerts %s%s%s: %s",
               conf_file_name(&conf, t->from), (unsigned)t->line, t->file,
               *name ? ": " : "", name, why);
}

/* Reads a file of certificates; name: of it in a folder that the line names.
 * Returns RC_OK, or RC_STATE: there is no such file. */
static int read_certificates(const struct conf_trust *t, const char *place,
                             const char *name)
{
    int len = store_read_file(place, pem, sizeof pem);
    if (len == RC_STATE)
        return RC_STATE;
    const char *why = STORE_UNREADABLE;
    if (len >= 0) {
        digest(pem, (size_t)len);
        (void)!tls_trust(t->certset, pem, (size_t)len);
        why = tls_trust_reason(); /* also of what is left out */
    } else if (len == RC_SPACE) {
        why = "longer than 256 KB: not read";
    }
    say_trust(t, name, why);
    return RC_OK;
}

/* chrony reads all files of a directory. Returns RC_OK, or RC_STATE: there is
 * no such folder. */
static int read_folder(const struct conf_trust *t, const char *folder)
{
    char name[CONF_PATH_MAX] = "", place[2 * CONF_PATH_MAX];
    unsigned files = 0;
    int n = store_next_file(folder, "*", "", name);
    for (; n > 0 && files < LIMIT_TRUST_FOLDER; files++) {
        (void)fmt(place, sizeof place, "%s/%s", folder, name);
        if (read_certificates(t, place, name) == RC_STATE)
            say_trust(t, name, STORE_UNREADABLE);
        char last[CONF_PATH_MAX];
        memcpy(last, name, sizeof last);
        n = store_next_file(folder, "*", last, name);
    }
    if (n > 0)
        say_trust(t, name, "not read, nor what follows: too many files");
    else if (n == 0 && files == 0)
        say_trust(t, "", "no file in this folder");
    return n < 0 && files == 0 ? n : RC_OK;
}

void config_read_trust(void)
{
    for (unsigned i = 0; i < conf.trust_count; i++) {
        const struct conf_trust *t = &conf.trust[i];
        char place[CONF_PATH_MAX];
        int rc = RC_STATE;
        digest(&t->line, sizeof t->line); /* of those that are not there, too */
        for (unsigned k = 0;
             rc == RC_STATE && conf_path_place(t->file, k, place) > 0; k++) {
            rc = read_certificates(t, place, "");
            if (rc == RC_STATE)
                rc = read_folder(t, place);
        }
        if (rc != RC_OK)
            say_trust(t, "", "no such file on the boot partition");
    }
}

void config_status(struct status_config *out)
{
    *out = (struct status_config){.hostname = conf.hostname,
                                  .file = file,
                                  .errors = conf.errors,
                                  .save = conf.save,
                                  .lacks = lacks,
                                  .error = error};
}
