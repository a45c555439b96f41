#include "fmt.h"

#include <string.h>

struct spec {
    bool left, zero, plus, blank, has_prec;
    int width, prec;
    char size; /* 0, h: short, c: char, l: long, q: long long, z: size_t */
};

struct fmt_text fmt_text_of(char *out, size_t cap)
{
    ASSERT(cap > 0);
    out[0] = 0;
    return (struct fmt_text){.out = out, .cap = cap};
}

static void put(struct fmt_text *t, char c)
{
    if (t->len + 1 >= t->cap) {
        t->cut = true;
        return;
    }
    t->out[t->len++] = c;
    t->out[t->len] = 0;
}

static void pad(struct fmt_text *t, char c, int n)
{
    for (int i = 0; i < n && !t->cut; i++)
        put(t, c);
}

/* head (sign), zeros to the width if asked for, then body. */
static void put_field(struct fmt_text *t, const struct spec *s,
                      const char *head, const char *body, size_t len)
{
    int room = s->width - (int)strlen(head) - (int)len;
    if (!s->left && !s->zero)
        pad(t, ' ', room);
    while (*head)
        put(t, *head++);
    if (!s->left && s->zero)
        pad(t, '0', room);
    for (size_t i = 0; i < len; i++)
        put(t, body[i]);
    if (s->left)
        pad(t, ' ', room);
}

static void put_text(struct fmt_text *t, struct spec *s, const char *v)
{
    size_t len = 0;
    size_t most = s->has_prec ? (size_t)s->prec : t->cap;
    if (!v)
        v = "(null)";
    while (len < most && v[len])
        len++;
    s->zero = false;
    put_field(t, s, "", v, len);
}

static const char *sign_of(const struct spec *s, bool negative)
{
    if (negative)
        return "-";
    return s->plus ? "+" : s->blank ? " " : "";
}

static void put_number(struct fmt_text *t, struct spec *s, uint64_t v,
                       unsigned base, bool upper, const char *sign)
{
    char body[32]; /* 22 octal digits at most */
    size_t at = sizeof(body);
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    do {
        body[--at] = digits[v % base];
        v /= base;
    } while (v);
    if (s->has_prec) {
        s->zero = false;
        while (at > 0 && sizeof(body) - at < (size_t)s->prec)
            body[--at] = '0';
    }
    put_field(t, s, sign, body + at, sizeof(body) - at);
}

static void put_fixed(struct fmt_text *t, struct spec *s, double v)
{
    static const uint32_t ten[] = {1,         10,        100,     1000,
                                   10000,     100000,    1000000, 10000000,
                                   100000000, 1000000000};
    int prec = s->has_prec ? s->prec : 6;
    if (v != v) {
        s->has_prec = false;
        put_text(t, s, "nan");
        return;
    }
    bool negative = v < 0;
    double a = negative ? -v : v;
    if (prec > 9)
        prec = 9;
    a *= ten[prec];
    uint64_t n = a >= 9e18 ? 9000000000000000000u : (uint64_t)(a + 0.5);

    char body[32];
    size_t at = sizeof(body);
    for (int i = 0; i < prec; i++, n /= 10)
        body[--at] = (char)('0' + n % 10);
    if (prec)
        body[--at] = '.';
    do {
        body[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    put_field(t, s, sign_of(s, negative), body + at, sizeof(body) - at);
}

/* A number of the format, or `*`'s argument. */
static int read_int(const char **f, va_list *ap)
{
    int v = 0;
    if (**f == '*') {
        (*f)++;
        return va_arg(*ap, int);
    }
    while (**f >= '0' && **f <= '9' && v < 1000)
        v = v * 10 + (*(*f)++ - '0');
    return v;
}

static struct spec read_spec(const char **f, va_list *ap)
{
    struct spec s = {0};
    for (;; (*f)++)
        if (**f == '-')
            s.left = true;
        else if (**f == '0')
            s.zero = true;
        else if (**f == '+')
            s.plus = true;
        else if (**f == ' ')
            s.blank = true;
        else
            break;
    s.width = read_int(f, ap);
    if (s.width < 0) {
        s.left = true;
        s.width = -s.width;
    }
    if (**f == '.') {
        (*f)++;
        s.prec = read_int(f, ap);
        s.has_prec = s.prec >= 0;
    }
    for (; **f && strchr("hlzjt", **f); (*f)++) {
        char c = **f;
        s.size = c == 'h'   ? (s.size == 'h' ? 'c' : 'h')
                 : c == 'l' ? (s.size == 'l' ? 'q' : 'l')
                 : c == 'j' ? 'q'
                            : 'z';
    }
    return s;
}

static int64_t get_signed(char size, va_list *ap)
{
    switch (size) {
    case 'q':
        return va_arg(*ap, long long);
    case 'l':
        return va_arg(*ap, long);
    case 'z':
        return va_arg(*ap, ptrdiff_t);
    case 'h':
        return (short)va_arg(*ap, int);
    case 'c':
        return (signed char)va_arg(*ap, int);
    default:
        return va_arg(*ap, int);
    }
}

static uint64_t get_unsigned(char size, va_list *ap)
{
    switch (size) {
    case 'q':
        return va_arg(*ap, unsigned long long);
    case 'l':
        return va_arg(*ap, unsigned long);
    case 'z':
        return va_arg(*ap, size_t);
    case 'h':
        return (unsigned short)va_arg(*ap, unsigned);
    case 'c':
        return (unsigned char)va_arg(*ap, unsigned);
    default:
        return va_arg(*ap, unsigned);
    }
}

static void put_signed(struct fmt_text *t, struct spec *s, int64_t v)
{
    uint64_t a = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    put_number(t, s, a, 10, false, sign_of(s, v < 0));
}

/* One conversion; false: not one we know. */
static bool convert(struct fmt_text *t, char c, struct spec *s, va_list *ap)
{
    char one;
    switch (c) {
    case 'd':
    case 'i':
        put_signed(t, s, get_signed(s->size, ap));
        return true;
    case 'u':
        put_number(t, s, get_unsigned(s->size, ap), 10, false, "");
        return true;
    case 'x':
    case 'X':
        put_number(t, s, get_unsigned(s->size, ap), 16, c == 'X', "");
        return true;
    case 'o':
        put_number(t, s, get_unsigned(s->size, ap), 8, false, "");
        return true;
    case 'p':
        put_number(t, s, (uintptr_t)va_arg(*ap, void *), 16, false, "0x");
        return true;
    case 'f':
        put_fixed(t, s, va_arg(*ap, double));
        return true;
    case 'c':
        one = (char)va_arg(*ap, int);
        put_field(t, s, "", &one, 1);
        return true;
    case 's':
        put_text(t, s, va_arg(*ap, const char *));
        return true;
    case '%':
        put(t, '%');
        return true;
    default:
        return false;
    }
}

static void add_v(struct fmt_text *t, const char *f, va_list *ap)
{
    while (*f) {
        if (*f != '%') {
            put(t, *f++);
            continue;
        }
        const char *start = f++;
        struct spec s = read_spec(&f, ap);
        if (!convert(t, *f, &s, ap)) {
            while (*start)
                put(t, *start++);
            return;
        }
        f++;
    }
}

void fmt_add(struct fmt_text *t, const char *f, ...)
{
    va_list ap;
    va_start(ap, f);
    add_v(t, f, &ap);
    va_end(ap);
}

size_t fmt_v(char *out, size_t cap, const char *f, va_list ap)
{
    struct fmt_text t = fmt_text_of(out, cap);
    va_list copy; /* ap may be an array type: its address needs a copy */
    va_copy(copy, ap);
    add_v(&t, f, &copy);
    va_end(copy);
    return t.len;
}

size_t fmt(char *out, size_t cap, const char *f, ...)
{
    va_list ap;
    va_start(ap, f);
    size_t n = fmt_v(out, cap, f, ap);
    va_end(ap);
    return n;
}

void fmt_add_span(struct fmt_text *t, int64_t ns)
{
    const int64_t s_ns = 1000000000, ms_ns = 1000000, us_ns = 1000;
    bool s = ns >= s_ns / 10, us = ns < ms_ns / 10;
    int64_t unit = s ? s_ns : us ? us_ns : ms_ns;
    fmt_add(t, "%.*f %s", ns % unit == 0 ? 0 : 1, (double)ns / (double)unit,
            s    ? "s"
            : us ? "us"
                 : "ms");
}
