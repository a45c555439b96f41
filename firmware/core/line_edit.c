#include "line_edit.h"

#include <string.h>

#define CTRL(letter) ((letter) - '@')
#define ESC          0x1b
#define DEL          0x7f
#define C1_ST        0x9c

enum key { NO_KEY, UP, DOWN, RIGHT, LEFT, HOME, END, DELETE };

/* ---- what the terminal shows --------------------------------------------- */

static void move(struct line_edit *e, size_t to, struct fmt_text *out)
{
    for (; e->shown_cursor > to; e->shown_cursor--)
        fmt_add(out, "\b");
    for (; e->shown_cursor < to; e->shown_cursor++)
        fmt_add(out, "%c", e->shown[e->shown_cursor]);
}

/* Sends what differs between the line and what is shown of it. */
static void show(struct line_edit *e, struct fmt_text *out)
{
    if (e->cursor < e->from)
        e->from = e->cursor;
    if (e->cursor > e->from + LINE_EDIT_WIDTH)
        e->from = e->cursor - LINE_EDIT_WIDTH;
    if (e->len < e->from + LINE_EDIT_WIDTH)
        e->from = e->len > LINE_EDIT_WIDTH ? e->len - LINE_EDIT_WIDTH : 0;
    const char *want = e->line + e->from;
    size_t len = e->len - e->from, was = e->shown_len, same = 0;
    if (len > LINE_EDIT_WIDTH)
        len = LINE_EDIT_WIDTH;
    while (same < len && same < was && want[same] == e->shown[same])
        same++;
    if (same < len || same < was) {
        move(e, same, out);
        memcpy(e->shown, want, len);
        e->shown_len = len;
        move(e, len, out);
        for (; e->shown_cursor < was; e->shown_cursor++)
            fmt_add(out, " ");
    }
    move(e, e->cursor - e->from, out);
}

void line_edit_draw(struct line_edit *e, struct fmt_text *out)
{
    e->shown_len = e->shown_cursor = 0;
    show(e, out);
}

/* ---- the line ------------------------------------------------------------ */

static void cut(struct line_edit *e, size_t from, size_t to)
{
    memmove(e->line + from, e->line + to, e->len - to);
    e->len -= to - from;
    e->cursor = from;
}

static void put(struct line_edit *e, char c, struct fmt_text *out)
{
    if (e->len == LINE_EDIT_MAX) {
        e->beyond++;
        fmt_add(out, "\a");
        return;
    }
    memmove(e->line + e->cursor + 1, e->line + e->cursor, e->len - e->cursor);
    e->line[e->cursor++] = c;
    e->len++;
}

/* What had no room goes first: it was typed last. */
static void rub_out(struct line_edit *e)
{
    if (e->beyond > 0)
        e->beyond--;
    else if (e->cursor > 0)
        cut(e, e->cursor - 1, e->cursor);
}

static void rub_out_word(struct line_edit *e)
{
    size_t from = e->cursor;
    while (from > 0 && e->line[from - 1] == ' ')
        from--;
    while (from > 0 && e->line[from - 1] != ' ')
        from--;
    e->beyond = 0;
    cut(e, from, e->cursor);
}

static void set(struct line_edit *e, const char *text)
{
    e->len = e->cursor = strlen(text);
    memcpy(e->line, text, e->len);
    e->beyond = 0;
}

/* Goes that far back in the history; 0 is the line that was begun. */
static void recall(struct line_edit *e, unsigned back)
{
    if (e->back == 0) {
        memcpy(e->draft, e->line, e->len);
        e->draft[e->len] = 0;
    }
    e->back = back;
    set(e, back == 0 ? e->draft
                     : e->history[(e->newest + LINE_EDIT_HISTORY - back) %
                                  LINE_EDIT_HISTORY]);
}

static void remember(struct line_edit *e)
{
    unsigned last = (e->newest + LINE_EDIT_HISTORY - 1) % LINE_EDIT_HISTORY;
    e->line[e->len] = 0;
    if (strspn(e->line, " ") == e->len ||
        strcmp(e->line, e->history[last]) == 0)
        return;
    memcpy(e->history[e->newest], e->line, e->len + 1);
    e->newest = (e->newest + 1) % LINE_EDIT_HISTORY;
    if (e->kept < LINE_EDIT_HISTORY)
        e->kept++;
}

void line_edit_drop(struct line_edit *e)
{
    e->len = e->cursor = e->beyond = e->from = 0;
    e->shown_len = e->shown_cursor = 0;
    e->back = 0;
}

int line_edit_take(struct line_edit *e, char line[LINE_EDIT_MAX + 1])
{
    int rc = e->beyond > 0 ? RC_SPACE : RC_OK;
    remember(e);
    memcpy(line, e->line, e->len);
    line[e->len] = 0;
    line_edit_drop(e);
    return rc;
}

void line_edit_insert(struct line_edit *e, const char *text,
                      struct fmt_text *out)
{
    for (; *text; text++)
        put(e, *text, out);
    show(e, out);
}

/* ---- keys ---------------------------------------------------------------- */

static void press(struct line_edit *e, enum key key)
{
    if (key == UP && e->back < e->kept)
        recall(e, e->back + 1);
    else if (key == DOWN && e->back > 0)
        recall(e, e->back - 1);
    else if (key == RIGHT && e->cursor < e->len)
        e->cursor++;
    else if (key == LEFT && e->cursor > 0)
        e->cursor--;
    else if (key == HOME)
        e->cursor = 0;
    else if (key == END)
        e->cursor = e->len;
    else if (key == DELETE && e->cursor < e->len)
        cut(e, e->cursor, e->cursor + 1);
}

/* The key that a sequence with this final letter stands for; held together with
 * shift, alt or ctrl (a second parameter) it is the same one. */
static enum key key_of(unsigned char final, unsigned parameter)
{
    switch (final) {
    case 'A':
        return UP;
    case 'B':
        return DOWN;
    case 'C':
        return RIGHT;
    case 'D':
        return LEFT;
    case 'H':
        return HOME;
    case 'F':
        return END;
    case '~':
        return parameter == 1 || parameter == 7   ? HOME
               : parameter == 4 || parameter == 8 ? END
               : parameter == 3                   ? DELETE
                                                  : NO_KEY;
    default:
        return NO_KEY;
    }
}

static void begin(struct line_edit *e, enum line_edit_state state)
{
    e->state = state;
    e->parameter = e->parameters = 0;
    e->unknown = false;
}

static void in_csi(struct line_edit *e, unsigned char c)
{
    if (c == '[' && e->parameters == 0 && !e->unknown) { /* Linux' F1 to F5 */
        begin(e, LINE_EDIT_SS3);
        e->unknown = true;
    } else if (c == 'M' && e->parameters == 0 && !e->unknown) {
        begin(e, LINE_EDIT_MOUSE);
        e->more = 3;
    } else if (c >= '@') {
        e->state = LINE_EDIT_TEXT;
        if (!e->unknown)
            press(e, key_of(c, e->parameter));
    } else if (c >= '0' && c <= '9') {
        if (e->parameters == 0)
            e->parameters = 1;
        if (e->parameters == 1 && e->parameter < 100)
            e->parameter = e->parameter * 10 + (unsigned)(c - '0');
    } else if (c == ';') {
        e->parameters = 2;
    } else {
        e->unknown = true; /* private, or with an intermediate byte */
    }
}

/* After ESC: alt and a letter, or a sequence begins (ECMA-35, -48). */
static void after_esc(struct line_edit *e, unsigned char c)
{
    bool string = c == 'P' || c == 'X' || (c >= ']' && c <= '_');
    if (c < ' ' || c > '/')
        begin(e, c == '['   ? LINE_EDIT_CSI
                 : c == 'O' ? LINE_EDIT_SS3
                 : string   ? LINE_EDIT_STRING
                            : LINE_EDIT_TEXT);
}

/* The rest of a sequence: c is no control character. */
static void in_sequence(struct line_edit *e, unsigned char c)
{
    if (e->state == LINE_EDIT_ESC) {
        after_esc(e, c);
    } else if (e->state == LINE_EDIT_CSI) {
        in_csi(e, c);
    } else if (e->state == LINE_EDIT_SS3) {
        e->state = LINE_EDIT_TEXT;
        if (!e->unknown)
            press(e, key_of(c, 0));
    } else if (e->state == LINE_EDIT_MOUSE && --e->more == 0) {
        e->state = LINE_EDIT_TEXT;
    }
}

static enum line_edit_event control(struct line_edit *e, unsigned char c)
{
    static const char keys[] = {CTRL('P'), CTRL('N'), CTRL('F'), CTRL('B'),
                                CTRL('A'), CTRL('E'), CTRL('D')};
    for (size_t i = 0; i < sizeof keys; i++)
        if (c == keys[i])
            press(e, (enum key)(UP + (int)i));
    if (c == '\b' || c == DEL) {
        rub_out(e);
    } else if (c == CTRL('W')) {
        rub_out_word(e);
    } else if (c == CTRL('K')) {
        e->len = e->cursor;
        e->beyond = 0;
    } else if (c == CTRL('U')) {
        set(e, "");
    }
    return c == '\r' || c == '\n' ? LINE_EDIT_ENTER
           : c == CTRL('C')       ? LINE_EDIT_CANCEL
           : c == CTRL('L')       ? LINE_EDIT_CLEAR
           : c == '\t'            ? LINE_EDIT_TAB
                                  : LINE_EDIT_NONE;
}

/* Bytes beyond ASCII: parts of UTF-8, which are no text here, or one byte that
 * stands for ESC and a letter (ECMA-48's C1). */
static void beyond_ascii(struct line_edit *e, unsigned char c)
{
    if (c >= 0xc2)
        e->utf8 = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    else if (e->utf8 > 0)
        e->utf8--;
    else if (c < 0xa0)
        after_esc(e, c - 0x40);
}

enum line_edit_event line_edit_key(struct line_edit *e, char key,
                                   struct fmt_text *out)
{
    unsigned char c = (unsigned char)key;
    bool lf_of_crlf = c == '\n' && e->after_cr;
    enum line_edit_event event = LINE_EDIT_NONE;
    e->after_cr = c == '\r';
    if (lf_of_crlf)
        return LINE_EDIT_NONE;
    if (c < 0x80)
        e->utf8 = 0;
    if (c == ESC) {
        e->state = LINE_EDIT_ESC;
    } else if (e->state == LINE_EDIT_STRING && (c == '\a' || c == C1_ST)) {
        e->state = LINE_EDIT_TEXT;
    } else if (c < ' ' || c == DEL) {
        e->state = LINE_EDIT_TEXT;
        event = control(e, c);
    } else if (e->state != LINE_EDIT_TEXT) {
        in_sequence(e, c);
    } else if (c > '~') {
        beyond_ascii(e, c);
    } else {
        put(e, (char)c, out);
    }
    show(e, out);
    return event;
}
