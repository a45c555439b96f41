#include "conf_file.h"

#include <string.h>

#include "conf_private.h"
#include "fmt.h"

void conf_begin(struct conf_parser *p, struct conf *c,
                struct conf_open_file *open, uint8_t room)
{
    memset(p, 0, sizeof(*p));
    conf_set_defaults(c);
    p->c = c;
    p->open = open;
    p->room = room;
}

static struct conf_open_file *top(struct conf_parser *p)
{
    return p->depth ? &p->open[p->depth - 1] : NULL;
}

/* The file that the next report is about. */
static void look_at(struct conf_parser *p, const struct conf_open_file *f)
{
    p->file = f->file;
    p->line = f->line;
    p->loss = NULL;
}

static void name_file(struct conf *c, const char *path)
{
    size_t n = strlen(path);
    const char *from =
        n < LIMIT_CONF_PATH ? path : path + n + 1 - LIMIT_CONF_PATH;
    memcpy(c->file[c->file_count++], from, strlen(from) + 1);
}

/* Save text as Windows' "Unicode", with or without its mark. */
static bool is_utf16(const char *text, size_t len)
{
    return len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 ||
                        memcmp(text, "\xfe\xff", 2) == 0 ||
                        (text[0] == 0) != (text[1] == 0));
}

static const char *const list_word[] = {"include", "confdir", "sourcedir"};

static void opened(struct conf_parser *p, const char *path)
{
    struct conf_open_file *f = top(p);
    if (!f || !f->listing)
        return;
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    if (strlen(name) < sizeof f->list.last)
        memcpy(f->list.last, name, strlen(name) + 1);
    f->list.found++;
}

/* What a file is that holds no lines at all; NULL: it does. */
static const char *no_text(const char *text, size_t len)
{
    static const struct {
        const char *begins;
        uint8_t len;
        const char *is;
    } kinds[] = {
        {"\0\0\0\0\0\0\0\0", 8,
         "only zeros: was the card taken out too early?"},
        {"PK\3\4", 4, "a .docx, .odt or .zip: save it as plain text"},
        {"\xd0\xcf\x11\xe0", 4, "a .doc: save it as plain text"},
        {"%PDF-", 5, "a PDF: save it as plain text"},
        {"\x1f\x8b", 2, "a .gz: unpack it"},
    };
    for (size_t i = 0; i < LEN(kinds); i++)
        if (len >= kinds[i].len &&
            memcmp(text, kinds[i].begins, kinds[i].len) == 0)
            return kinds[i].is;
    return is_utf16(text, len) ? "UTF-16: save it as UTF-8 or ASCII" : NULL;
}

int conf_open(struct conf_parser *p, const char *path, const char *text,
              size_t len)
{
    struct conf_open_file *f = top(p);
    bool sources_only =
        f && (f->sources_only || f->list.kind == CONF_SOURCEDIR);
    opened(p, path);
    for (unsigned i = 0; i < p->depth; i++)
        if (conf_path_order(p->open[i].path, path) == 0) {
            conf_report(p, CONF_ERROR, list_word[f->list.kind],
                        "* includes itself", path);
            return RC_STATE;
        }
    if (p->depth == p->room || p->c->file_count == LIMIT_CONF_FILES) {
        conf_report(p, CONF_ERROR, f ? list_word[f->list.kind] : NULL,
                    p->depth == p->room
                        ? "* is not read: files name files too deep"
                        : "* is not read: too many files",
                    path);
        return RC_SPACE;
    }
    f = &p->open[p->depth++];
    memset(f, 0, sizeof(*f));
    (void)fmt(f->path, sizeof f->path, "%s", path);
    f->text = text;
    f->len = len;
    f->file = p->c->file_count;
    f->sources_only = sources_only;
    name_file(p->c, path);
    const char *other = no_text(text, len);
    if (other) {
        f->len = 0;
        f->line = 1;
        look_at(p, f);
        conf_report(p, CONF_ERROR, NULL, other, NULL);
    }
    return RC_OK;
}

const char *conf_open_end(const struct conf_parser *p)
{
    if (p->depth == 0)
        return NULL;
    const struct conf_open_file *f = &p->open[p->depth - 1];
    return f->text + f->len;
}

/* A line ends at LF, at CR LF, or at a CR of old Macs'. */
static size_t line_length(const char *s, size_t n, size_t *end)
{
    size_t i = 0;
    while (i < n && s[i] != '\n' && s[i] != '\r')
        i++;
    *end = i + (i < n) + (i + 1 < n && s[i] == '\r' && s[i + 1] == '\n');
    return i;
}

int conf_run(struct conf_parser *p)
{
    struct conf_open_file *f;
    while ((f = top(p)) != NULL) {
        look_at(p, f);
        if (f->listing) {
            p->list = &f->list;
            return RC_AGAIN;
        }
        if (f->at >= f->len) {
            p->depth--;
            continue;
        }
        const char *line = f->text + f->at;
        size_t end, n = line_length(line, f->len - f->at, &end);
        f->at += end;
        if (f->line < UINT16_MAX)
            f->line++;
        p->line = f->line;
        conf_read_line(p, line, n);
    }
    return RC_OK;
}

void conf_skip(struct conf_parser *p, const char *name, const char *why)
{
    char f[96];
    opened(p, name);
    (void)fmt(f, sizeof f, "* %s", why);
    conf_report(p, CONF_ERROR, list_word[p->open[p->depth - 1].list.kind], f,
                name);
}

/* ---- include, confdir, sourcedir ---- */

int conf_read_list(struct conf_parser *p)
{
    struct conf_open_file *f = &p->open[p->depth - 1];
    struct conf_list *l = &f->list;
    size_t used = 0;
    memset(l, 0, sizeof(*l));
    while (l->kind < CONF_SOURCEDIR &&
           !conf_lex_equal(p->w.word[0], list_word[l->kind]))
        l->kind++;
    if (conf_want(p, 1, l->kind == CONF_INCLUDE ? 1 : CONF_DIRS_MAX) < 0)
        return RC_BAD;
    for (size_t i = 1; i < p->w.count; i++) {
        const char *word = p->w.word[i];
        char place[CONF_PATH_MAX];
        size_t n = strlen(word) + 1;
        if (conf_path_place(word, 0, place) < 0)
            return conf_bad(p, "* cannot be a path on the card", word);
        const char *name = strrchr(word, '/');
        if (l->kind == CONF_INCLUDE && name &&
            strcspn(word, "*?[") < (size_t)(name - word))
            return conf_bad(p, "*: a pattern stands only in the last part",
                            word);
        if (used + n > sizeof l->text)
            return conf_bad(p, "its directories' names are too long", NULL);
        memcpy(l->text + used, word, n);
        l->path[l->count++] = l->text + used;
        used += n;
    }
    f->listing = true;
    return RC_OK;
}

/* A confdir that is not there is nothing to chrony; an include is an error. */
static void report_none(struct conf_parser *p, const struct conf_list *l)
{
    char f[128], place[CONF_PATH_MAX];
    struct fmt_text t = fmt_text_of(f, sizeof f);
    if (l->there && l->kind != CONF_INCLUDE) {
        conf_report(p, CONF_IGNORED, list_word[l->kind],
                    l->kind == CONF_CONFDIR
                        ? "ignored: no file *.conf in it"
                        : "ignored: no file *.sources in it",
                    NULL);
        return;
    }
    if (l->folder) {
        conf_report(p, CONF_ERROR, list_word[l->kind],
                    "* is a folder: confdir reads those", l->path[0]);
        return;
    }
    fmt_add(&t, "%s* is not on the card; looked for",
            l->kind == CONF_INCLUDE ? "" : "ignored: ");
    for (unsigned i = 0; conf_path_place(l->path[0], i, place) > 0; i++)
        fmt_add(&t, "%s /%s", i ? "," : "", place);
    conf_report(p, l->kind == CONF_INCLUDE ? CONF_ERROR : CONF_IGNORED,
                list_word[l->kind], f, l->path[0]);
}

void conf_close_list(struct conf_parser *p)
{
    struct conf_open_file *f = &p->open[p->depth - 1];
    if (f->list.found == 0)
        report_none(p, &f->list);
    f->listing = false;
}

int conf_end(struct conf_parser *p)
{
    conf_check_whole(p);
    conf_label_sources(p->c);
    return p->c->errors > INT32_MAX ? INT32_MAX : (int)p->c->errors;
}

int conf_parse(struct conf *c, const char *text, size_t len)
{
    struct conf_open_file file;
    struct conf_parser p;
    conf_begin(&p, c, &file, 1);
    int r = conf_open(&p, "chrony.conf", text, len);
    ASSERT(r == RC_OK);
    while (conf_run(&p) == RC_AGAIN)
        conf_close_list(&p);
    return conf_end(&p);
}
