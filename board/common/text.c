#include "text.h"

void text_init(struct text *t, char *buf, size_t cap)
{
    *t = (struct text){.buf = buf, .cap = cap};
    buf[0] = 0;
}

static void put(struct text *t, char c)
{
    if (t->len + 1 < t->cap) {
        t->buf[t->len++] = c;
        t->buf[t->len] = 0;
    }
}

void text_str(struct text *t, const char *s)
{
    while (*s != 0)
        put(t, *s++);
}

static void hex(struct text *t, uint32_t v, int digits)
{
    for (int shift = digits * 4 - 4; shift >= 0; shift -= 4)
        put(t, "0123456789abcdef"[v >> shift & 15]);
}

void text_hex(struct text *t, uint32_t v)
{
    hex(t, v, 8);
}

void text_hex4(struct text *t, uint16_t v)
{
    hex(t, v, 4);
}

void text_hex2(struct text *t, uint8_t v)
{
    hex(t, v, 2);
}

void text_dec(struct text *t, uint32_t v)
{
    char digits[10];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    while (n > 0)
        put(t, digits[--n]);
}

void text_count(struct text *t, const char *what, uint32_t n)
{
    text_str(t, what);
    text_dec(t, n);
}
