#include "conf_path.h"

#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Move past slashes and "." components; returns the length of the component
 * that *at then begins, 0 at the end. */
static size_t component(const char **at)
{
    for (;;) {
        while (**at == '/')
            (*at)++;
        size_t n = strcspn(*at, "/");
        if (n != 1 || **at != '.')
            return n;
        (*at)++;
    }
}

int conf_path_place(const char *path, unsigned i, char out[CONF_PATH_MAX])
{
    size_t len = 0, n;
    unsigned skipped = 0;
    while ((n = component(&path)) > 0) {
        if (n == 2 && memcmp(path, "..", 2) == 0)
            return RC_BAD;
        if (skipped++ >= i) {
            if (len + 1 + n >= CONF_PATH_MAX)
                return RC_BAD;
            if (len)
                out[len++] = '/';
            memcpy(out + len, path, n);
            len += n;
        }
        path += n;
    }
    out[len] = 0;
    if (skipped == 0)
        return RC_BAD;
    if (i > 0 && conf_path_is_pattern(out) && !strchr(out, '/'))
        return RC_STATE;
    return len ? (int)len : RC_STATE;
}

bool conf_path_is_pattern(const char *path)
{
    return strpbrk(path, "*?[") != NULL;
}

/* *p is behind a '[': tell whether c is in the set, and move *p behind it. A
 * set without an end holds nothing. */
static bool in_set(const char **p, char c)
{
    const char *s = *p;
    bool no = *s == '!' || *s == '^', found = false;
    s += no;
    const char *first = s;
    for (; *s && (*s != ']' || s == first); s++) {
        char lo = lower(*s), hi = lo;
        if (s[1] == '-' && s[2] && s[2] != ']') {
            hi = lower(s[2]);
            s += 2;
        }
        found |= c >= lo && c <= hi;
    }
    if (!*s)
        return false;
    *p = s + 1;
    return found != no;
}

/* One character of name against what *p begins with, no star. */
static bool one(const char **p, char c)
{
    char want = *(*p)++;
    if (want == '[')
        return in_set(p, lower(c));
    return want == '?' || (want && lower(want) == lower(c));
}

bool conf_path_matches(const char *pattern, const char *name)
{
    const char *star = NULL, *from = NULL;
    if (*name == '.' && *pattern != '.')
        return false;
    while (*name) {
        const char *p = pattern;
        if (*pattern == '*') {
            star = ++pattern;
            from = name;
        } else if (one(&p, *name)) {
            pattern = p;
            name++;
        } else if (star) {
            pattern = star;
            name = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

int conf_path_order(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] && lower(a[i]) == lower(b[i]))
        i++;
    return (unsigned char)lower(a[i]) - (unsigned char)lower(b[i]);
}
