/* core/line_edit: keys, and what a terminal of 80 columns shows of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/line_edit.h"
#include "line_terminal.h"

static struct line_edit edit;
static struct terminal terminal;
static char taken[LINE_EDIT_MAX + 1];
static int taken_rc;

static int setup(void **state)
{
    (void)state;
    memset(&edit, 0, sizeof edit);
    memset(taken, 0, sizeof taken);
    terminal_clear(&terminal);
    return 0;
}

static enum line_edit_event press(char c)
{
    char out[LINE_EDIT_OUT];
    struct fmt_text t = fmt_text_of(out, sizeof out);
    enum line_edit_event event = line_edit_key(&edit, c, &t);
    assert_false(t.cut);
    terminal_print(&terminal, out);
    terminal_check(&terminal, &edit);
    return event;
}

/* Type keys; at Enter the line is taken. */
static void type(const char *keys)
{
    for (; *keys; keys++)
        if (press(*keys) == LINE_EDIT_ENTER) {
            taken_rc = line_edit_take(&edit, taken);
            terminal_clear(&terminal);
        }
}

static void assert_typed(const char *keys, const char *line)
{
    type(keys);
    type("\r");
    assert_string_equal(taken, line);
    assert_int_equal(taken_rc, RC_OK);
}

static void every_key(void **state)
{
    static const struct {
        const char *keys, *line;
    } row[] = {
        {"abc", "abc"},
        {"abc\b", "ab"},
        {"abc\x7f", "ab"},
        {"abc\x1b[D!", "ab!c"},
        {"abc\x1bOD!", "ab!c"},
        {"abc\x1b[1;5D!", "ab!c"},
        {"abc\x1b[D\x1b[D\x1b[D\x1b[D!", "!abc"},
        {"abc\x1b[D\x1b[D\x1b[C!", "ab!c"},
        {"abc\x1b[C!", "abc!"},
        {"abc\x1b[H!", "!abc"},
        {"abc\x1bOH!", "!abc"},
        {"abc\x1b[1~!", "!abc"},
        {"abc\x1b[7~!", "!abc"},
        {"abc\x1b[H\x1b[F!", "abc!"},
        {"abc\x1b[H\x1b[4~!", "abc!"},
        {"abc\x1b[H\x1b[8~!", "abc!"},
        {"abc\x1b[H\x1bOF!", "abc!"},
        {"abc\x1b[H\x1b[3~", "bc"},
        {"abc\x1b[3~", "abc"},
        {"abc\x01!", "!abc"},     /* ctrl-A */
        {"abc\x01\x05!", "abc!"}, /* ctrl-E */
        {"abc\x02!", "ab!c"},     /* ctrl-B */
        {"abc\x01\x06!", "a!bc"}, /* ctrl-F */
        {"abc\x01\x04", "bc"},    /* ctrl-D */
        {"abc\x02\x0b", "ab"},    /* ctrl-K */
        {"abc\x02\x15!", "!"},    /* ctrl-U: all */
        {"ab cd\x17!", "ab !"},   /* ctrl-W */
        {"ab cd  \x17!", "ab !"},
        {"ab cd\x02\x17!", "ab !d"},
        {"\x17\x0b\x15\b\x1b[3~!", "!"}, /* nothing to delete */
    };
    (void)state;
    for (size_t i = 0; i < LEN(row); i++) {
        memset(&edit, 0, sizeof edit);
        assert_typed(row[i].keys, row[i].line);
    }
}

static void sequences_are_no_text(void **state)
{
    static const char *const sequence[] = {
        "\x1b[2~",     /* Insert */
        "\x1b[5~",     /* Page up */
        "\x1b[15;2~",  /* shift-F5 */
        "\x1b[[A",     /* F1 on Linux' console */
        "\x1bOP",      /* F1 elsewhere */
        "\x1bx",       /* alt-x */
        "\x1b\x1b",    /* and a key after it */
        "\x1b(B",      /* a character set */
        "\x1b[200~",   /* a paste begins */
        "\x1b[?1;2c",  /* who are you? */
        "\x1b[24;80R", /* where is the cursor? */
        "\x1b[>0;276;0c",
        "\x1b[1 q",
        "\x1b[<0;10;20M", /* a mouse */
        "\x1b[M !!",      /* an old one */
        "\x1b]0;title\a",
        "\x1b]11;rgb:0/0/0\x1b\\",
        "\x1bP1$r0m\x1b\\",
        "\x9b"
        "5~", /* C1 */
        "\x8f"
        "P",
        "\x9d"
        "0;title\x9c",
    };
    (void)state;
    for (size_t i = 0; i < LEN(sequence); i++) {
        char keys[60];
        memset(&edit, 0, sizeof edit);
        (void)snprintf(keys, sizeof keys, "ab%sc", sequence[i]);
        if (i == 6)
            strcat(keys, "c");
        assert_typed(keys, "abc");
    }
    assert_typed("a\x1b[1;\r", "");    /* cut off, a key ends it */
    assert_typed("a\x1b]0;tit\r", ""); /* so it does a string */
    assert_typed("caf\xc3\xa9 \xe2\x82\xac\xc4\x9b"
                 "Z \xff\x01!",
                 "!caf Z ");
}

static void history(void **state)
{
    (void)state;
    type("one\rtwo\rtwo\r  \rthree\r");
    assert_typed("\x1b[A", "three");
    assert_typed("\x1b[A\x1b[A", "two");
    assert_typed("\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A", "one");
    assert_typed("dra\x1b[A\x1b[A\x1b[B\x1b[Bft", "draft");
    assert_typed("\x10\x0e!", "!");          /* ctrl-P, ctrl-N */
    assert_typed("\x1b[A\x1b[A\b\b", "dra"); /* changed */
    type("dropped");
    line_edit_drop(&edit);
    terminal_clear(&terminal);
    assert_typed("\x1b[A", "dra");
    char keys[20];
    for (int i = 0; i < LINE_EDIT_HISTORY + 4; i++) {
        (void)snprintf(keys, sizeof keys, "line %d\r", i);
        type(keys);
    }
    for (int i = 0; i < LINE_EDIT_HISTORY + 4; i++)
        type("\x1b[A");
    assert_typed("", "line 4");
}

/* Longer than the row: a part of it is shown. */
static void longer_than_the_row(void **state)
{
    char line[LINE_EDIT_MAX + 1];
    (void)state;
    for (size_t i = 0; i < LINE_EDIT_MAX; i++)
        line[i] = (char)('a' + i % 26);
    line[LINE_EDIT_MAX] = 0;
    type(line);
    assert_int_equal(terminal.column, TERMINAL_COLUMNS - 1);
    assert_memory_equal(terminal.row + TERMINAL_PROMPT, line + 7,
                        LINE_EDIT_WIDTH);
    type("\x01");
    assert_memory_equal(terminal.row + TERMINAL_PROMPT, line, LINE_EDIT_WIDTH);
    for (size_t i = 0; i < LINE_EDIT_MAX; i++)
        type("\x1b[C");
    type("\x01\x1b[3~");
    assert_typed("", line + 1);
}

static void no_more_than_fits(void **state)
{
    char line[LINE_EDIT_MAX + 1];
    (void)state;
    memset(line, 'a', LINE_EDIT_MAX);
    line[LINE_EDIT_MAX] = 0;
    type(line);
    type("xyz");
    assert_int_equal(terminal.bells, 3);
    type("\r");
    assert_int_equal(taken_rc, RC_SPACE);
    type(line);
    type("xy\b\b\b\bb\r"); /* what had no room goes first */
    assert_int_equal(taken_rc, RC_OK);
    assert_string_equal(taken + LINE_EDIT_MAX - 3, "ab");
    static const char *const ends[] = {"\x17", "\x15", "\x0b", "\x1b[A"};
    for (size_t i = 0; i < LEN(ends); i++) {
        type(line);
        type("x");
        type(ends[i]);
        type("\r");
        assert_int_equal(taken_rc, RC_OK);
    }
}

static void what_the_caller_does(void **state)
{
    char out[LINE_EDIT_OUT];
    (void)state;
    assert_int_equal(press('\t'), LINE_EDIT_TAB);
    assert_int_equal(press('\f'), LINE_EDIT_CLEAR);
    assert_int_equal(press(3), LINE_EDIT_CANCEL);
    assert_int_equal(press('\n'), LINE_EDIT_ENTER);
    assert_int_equal(press('\r'), LINE_EDIT_ENTER);
    assert_int_equal(press('\n'), LINE_EDIT_NONE); /* one key */
    type("ad\x1b[D");
    struct fmt_text t = fmt_text_of(out, sizeof out);
    line_edit_insert(&edit, "bc", &t);
    terminal_print(&terminal, out);
    terminal_check(&terminal, &edit);
    terminal_clear(&terminal); /* after a line of the log, say */
    t = fmt_text_of(out, sizeof out);
    line_edit_draw(&edit, &t);
    terminal_print(&terminal, out);
    terminal_check(&terminal, &edit);
    assert_typed("", "abcd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_key, setup),
        cmocka_unit_test_setup(sequences_are_no_text, setup),
        cmocka_unit_test_setup(history, setup),
        cmocka_unit_test_setup(longer_than_the_row, setup),
        cmocka_unit_test_setup(no_more_than_fits, setup),
        cmocka_unit_test_setup(what_the_caller_does, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
