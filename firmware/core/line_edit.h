/* line_edit.h -- one line of text, edited on a terminal: keys in, what the
 * terminal is to be sent out. Pure.
 *
 * Give each byte that comes to line_edit_key, and send on what it writes. It
 * understands the arrows, Home, End and Delete as VT220, xterm and Linux send
 * them (ECMA-48: ESC [ parameters, a final letter; or ESC O and a letter),
 * and of emacs' keys ctrl-A, B, D, E, F, H, K, N, P, U, W. A control
 * sequence never becomes text, known here or not, whole or a byte at a time; a
 * control character within one ends it and counts as a key.
 *
 * The prompt stands left of the line, and both are on one row: what is longer
 * than LINE_EDIT_WIDTH is shown in part, around the cursor. Only printable
 * ASCII, backspace and bell are written, so that any terminal will do. */
#ifndef LINE_EDIT_H
#define LINE_EDIT_H

#include "fmt.h"

#define LINE_EDIT_MAX     78  /* characters of a line                         */
#define LINE_EDIT_WIDTH   71  /* shown: beside a prompt of 8 columns, of 80   */
#define LINE_EDIT_HISTORY 16  /* lines                                        */
#define LINE_EDIT_OUT     400 /* the most that one call writes, and its 0     */

enum line_edit_event {
    LINE_EDIT_NONE,
    LINE_EDIT_ENTER,  /* take the line                                        */
    LINE_EDIT_CANCEL, /* ctrl-C                                               */
    LINE_EDIT_CLEAR,  /* ctrl-L: clear the screen, draw prompt and line       */
    LINE_EDIT_TAB,
};

enum line_edit_state {
    LINE_EDIT_TEXT,
    LINE_EDIT_ESC,    /* after ESC                                     */
    LINE_EDIT_CSI,    /* after ESC [                                   */
    LINE_EDIT_SS3,    /* after ESC O, or ESC [ [: one letter more      */
    LINE_EDIT_STRING, /* a terminal's answer, up to BEL or ESC \       */
    LINE_EDIT_MOUSE,  /* after ESC [ M: three bytes more               */
};

struct line_edit { /* all zero is an empty line without a history */
    char line[LINE_EDIT_MAX + 1];
    size_t len, cursor;
    size_t beyond; /* characters that the line had no room for                */
    char shown[LINE_EDIT_WIDTH]; /* what the terminal shows of it             */
    size_t shown_len, shown_cursor, from;
    char history[LINE_EDIT_HISTORY][LINE_EDIT_MAX + 1];
    unsigned kept, back; /* lines in it; how far back the shown one is, or 0  */
    unsigned newest;     /* where the next one goes                           */
    char draft[LINE_EDIT_MAX + 1]; /* what stood here before the history      */
    enum line_edit_state state;
    unsigned parameter, parameters, more;
    unsigned utf8; /* bytes that the character begun has yet, in state TEXT   */
    bool unknown;  /* no key of ours has such a sequence                      */
    bool after_cr; /* the LF of a CR LF is no key                             */
};

/* Takes one byte from the terminal, and appends to `out` what shows its effect.
 * Returns what the caller has to do besides. */
enum line_edit_event line_edit_key(struct line_edit *e, char c,
                                   struct fmt_text *out);

/* Ends the line: it goes into the history, and a new one is begun. Copies it to
 * `line` and returns RC_OK; RC_SPACE: it was longer than LINE_EDIT_MAX, and
 * what has been cut off was never shown. */
MUST_CHECK int line_edit_take(struct line_edit *e,
                              char line[LINE_EDIT_MAX + 1]);

/* Begins a new line and forgets the one that stood there. */
void line_edit_drop(struct line_edit *e);

/* Inserts printable text at the cursor, as if it had been typed. */
void line_edit_insert(struct line_edit *e, const char *text,
                      struct fmt_text *out);

/* Appends the line as it stands, for a row that has only the prompt. */
void line_edit_draw(struct line_edit *e, struct fmt_text *out);

#endif
