/* Any bytes as several configuration files that name each other, and as paths
 * and patterns: the parser ends, keeps to its limits, and a place on the card
 * has no way up. Files are cut at bytes 0xff. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/conf_file.h"

#define CHECK(c)                                                               \
    do {                                                                       \
        if (!(c))                                                              \
            abort();                                                           \
    } while (0)
#define FILES 8

static const char *file[FILES];
static size_t length[FILES];

static void check_place(const char *path)
{
    char place[CONF_PATH_MAX];
    int n;
    for (unsigned i = 0; (n = conf_path_place(path, i, place)) > 0; i++) {
        CHECK((size_t)n == strlen(place) && n < CONF_PATH_MAX);
        CHECK(place[0] != '/' && place[n - 1] != '/');
        CHECK(!strstr(place, "//") && strcmp(place, "..") != 0);
        CHECK(!strstr(place, "/../") && strncmp(place, "../", 3) != 0);
        (void)conf_path_matches(place, path);
    }
}

/* The list's files are all there are, by their numbers. */
static void open_next(struct conf_parser *p)
{
    struct conf_list *l = p->list;
    CHECK(l->count >= 1 && l->count <= CONF_DIRS_MAX);
    for (unsigned i = 0; i < l->count; i++)
        check_place(l->path[i]);
    for (unsigned i = 0; i < FILES; i++) {
        char name[] = {'a' + (char)i, 0}, path[20] = "d/";
        if (!file[i] || conf_path_order(name, l->last) <= 0)
            continue;
        strcat(path, name);
        const char *end = conf_open_end(p);
        CHECK(end >= file[0] && end <= file[0] + 65536);
        if (i == FILES - 1)
            conf_skip(p, path, "cannot be read");
        else
            (void)!conf_open(p, path, file[i], length[i]);
        return;
    }
    conf_close_list(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct conf c;
    static struct conf_parser p;
    static struct conf_open_file open[LIMIT_CONF_DEPTH];
    unsigned n = 0;
    if (len > 4096)
        return 0;
    memset(file, 0, sizeof file);
    for (size_t at = 0; at <= len && n < FILES; n++) {
        const uint8_t *end = memchr(data + at, 0xff, len - at);
        file[n] = (const char *)data + at;
        length[n] = end ? (size_t)(end - (data + at)) : len - at;
        at += length[n] + 1;
    }
    conf_begin(&p, &c, open, LIMIT_CONF_DEPTH);
    CHECK(conf_open(&p, "chrony.conf", file[0], length[0]) == RC_OK);
    while (conf_run(&p) == RC_AGAIN)
        open_next(&p);
    CHECK(conf_end(&p) == (int)c.errors && p.depth == 0);
    CHECK(c.file_count >= 1 && c.file_count <= LIMIT_CONF_FILES);
    for (unsigned i = 0; i < c.file_count; i++)
        CHECK(memchr(c.file[i], 0, LIMIT_CONF_PATH));
    for (unsigned i = 0; i < c.source_count; i++)
        CHECK(c.sources[i].file < c.file_count && c.sources[i].line > 0);
    for (unsigned i = 0; i < c.report_count; i++)
        CHECK(c.reports[i].file < c.file_count);
    char path[300];
    size_t cut = len < sizeof path - 1 ? len : sizeof path - 1;
    memcpy(path, data, cut);
    path[cut] = 0;
    check_place(path);
    (void)conf_path_matches(path, "a.conf");
    return 0;
}
