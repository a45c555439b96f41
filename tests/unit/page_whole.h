/* page_whole.h -- whether a page is whole, and whether metrics are: by readers
 * that know no more of them than their grammar, for tests and fuzz targets. */
#ifndef PAGE_WHOLE_H
#define PAGE_WHOLE_H

#include <stdlib.h>
#include <string.h>

#include "core/base.h"

/* ---- HTML, as we write it ------------------------------------------------ */

struct page_reader {
    const char *p;
    char open[64][16];
    size_t depth;
};

/* The tag at r->p, which is moved behind it. */
static inline bool page_read_tag(struct page_reader *r)
{
    static const char known[] =
        " !doctype html head meta title link noscript style body header svg "
        "path div h1 h2 p time span main section i b a dl dt dd small figure "
        "figcaption text table thead tbody tr th td rect circle ol li details "
        "summary pre footer script ";
    static const char empty[] = " !doctype meta link ";
    char name[18] = " ";
    bool closing = r->p[1] == '/';
    r->p += 1 + closing;
    size_t n = strcspn(r->p, " />");
    if (n < 1 || n > 14)
        return false;
    memcpy(name + 1, r->p, n);
    name[n + 1] = ' ';
    if (!strstr(known, name))
        return false;
    unsigned quotes = 0;
    for (; *r->p != '>' || quotes % 2; r->p++) {
        if (*r->p == 0 || *r->p == '<' || (*r->p == '\'' && quotes % 2 == 0))
            return false;
        quotes += *r->p == '"';
    }
    if (closing)
        return r->depth > 0 && strcmp(r->open[--r->depth], name) == 0;
    if (r->p[-1] == '/' || strstr(empty, name))
        return true;
    if (r->depth == LEN(r->open))
        return false;
    memcpy(r->open[r->depth++], name, sizeof r->open[0]);
    const char *end = strcmp(name, " script ") == 0  ? "</script>"
                      : strcmp(name, " style ") == 0 ? "</style>"
                                                     : NULL;
    if (end)
        r->p = strstr(r->p, end);
    return r->p != NULL;
}

/* Every element is known, and closed in order; attributes are quoted; there is
 * one script and one style. */
static inline bool page_is_whole(const char *page)
{
    struct page_reader r = {.p = page};
    while ((r.p = strchr(r.p, '<')) != NULL)
        if (!page_read_tag(&r))
            return false;
    const char *script = strstr(page, "<script");
    const char *style = strstr(page, "<style");
    return r.depth == 0 && script && style && !strstr(script + 1, "<script") &&
           !strstr(style + 1, "<style");
}

/* ---- Prometheus's text format -------------------------------------------- */

#define METRICS_LETTERS "abcdefghijklmnopqrstuvwxyz_"

/* {name="value",...}; NULL: it is none. */
static inline const char *metrics_labels(const char *p)
{
    do {
        p++;
        p += strspn(p, METRICS_LETTERS);
        if (p[0] != '=' || p[1] != '"')
            return NULL;
        for (p += 2; *p != '"'; p++) {
            if (*p < ' ' || *p > '~')
                return NULL;
            if (*p == '\\' && (*++p == 0 || !strchr("\\\"n", *p)))
                return NULL;
        }
        p++;
    } while (*p == ',');
    return *p == '}' ? p + 1 : NULL;
}

/* NAME{LABELS} VALUE\n: the length of the series; 0: it is none. */
static inline size_t metrics_sample(const char *line)
{
    const char *p = line;
    if (strncmp(p, "chrony_", 7) != 0 && strncmp(p, "gnomon_", 7) != 0)
        return 0;
    p += strspn(p, METRICS_LETTERS);
    if (*p == '{')
        p = metrics_labels(p);
    if (!p || *p != ' ')
        return 0;
    char *end = NULL;
    if (strncmp(p, " NaN\n", 5) != 0) {
        (void)strtod(p + 1, &end);
        if (end == p + 1 || *end != '\n')
            return 0;
    }
    return (size_t)(p - line);
}

/* Each series once, behind its family's HELP and TYPE. */
static inline bool metrics_are_whole(const char *text)
{
    static const char *series[1000];
    static size_t length[1000];
    size_t n = 0;
    char family[80] = "";
    for (const char *p = text; *p; p = strchr(p, '\n') + 1) {
        if (strncmp(p, "# HELP ", 7) == 0) {
            const char *type = strstr(p, "\n# TYPE ");
            family[0] = 0;
            strncat(family, p + 7, strcspn(p + 7, " "));
            if (!type || strncmp(type + 8, family, strlen(family)) != 0)
                return false;
        }
        if (*p == '#')
            continue;
        if (n == LEN(series) || (length[n] = metrics_sample(p)) == 0 ||
            strncmp(p, family, strlen(family)) != 0 ||
            !strchr("{ ", p[strlen(family)]))
            return false;
        series[n] = p;
        for (size_t i = 0; i < n; i++)
            if (length[i] == length[n] && memcmp(series[i], p, length[n]) == 0)
                return false;
        n++;
    }
    return true;
}

#endif
