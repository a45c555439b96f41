/* A terminal of 80 columns that knows printable characters, backspace and bell,
 * and no more: what core/line_edit may write. For its unit test and its fuzz
 * target. */
#ifndef LINE_TERMINAL_H
#define LINE_TERMINAL_H

#include <string.h>

#include "core/line_edit.h"

#define TERMINAL_COLUMNS 80
#define TERMINAL_PROMPT  8

struct terminal {
    char row[TERMINAL_COLUMNS + 1];
    size_t column;
    unsigned bells;
};

static inline void terminal_clear(struct terminal *t)
{
    memset(t, 0, sizeof *t);
    memset(t->row, ' ', TERMINAL_COLUMNS);
    t->column = TERMINAL_PROMPT;
}

static inline void terminal_print(struct terminal *t, const char *s)
{
    for (; *s; s++) {
        if (*s == '\a') {
            t->bells++;
        } else if (*s == '\b') {
            ASSERT(t->column > TERMINAL_PROMPT);
            t->column--;
        } else {
            ASSERT(*s >= ' ' && *s <= '~');
            ASSERT(t->column < TERMINAL_COLUMNS - 1); /* it would wrap */
            t->row[t->column++] = *s;
        }
    }
}

/* The row shows the line around the cursor, blanks beyond it, and the cursor is
 * where it belongs. */
static inline void terminal_check(const struct terminal *t,
                                  const struct line_edit *e)
{
    ASSERT(e->cursor <= e->len && e->len <= LINE_EDIT_MAX);
    size_t at = t->column - TERMINAL_PROMPT;
    ASSERT(e->cursor >= at);
    size_t from = e->cursor - at;
    for (size_t i = 0; i < LINE_EDIT_WIDTH; i++)
        ASSERT(t->row[TERMINAL_PROMPT + i] ==
               (from + i < e->len ? e->line[from + i] : ' '));
}

#endif
