/* A line being edited: any keys, and now and then the caller's own wishes. The
 * terminal shows the line, nothing else, on one row.
 *
 * Input: keys; a byte of FE draws anew, FF takes the line. */
#include "../unit/line_terminal.h"
#include "core/line_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    static struct line_edit e;
    static struct terminal terminal;
    char out[LINE_EDIT_OUT], line[LINE_EDIT_MAX + 1];
    memset(&e, 0, sizeof e);
    terminal_clear(&terminal);
    for (size_t i = 0; i < len; i++) {
        struct fmt_text t = fmt_text_of(out, sizeof out);
        enum line_edit_event event = LINE_EDIT_NONE;
        if (in[i] == 0xfe) {
            terminal_clear(&terminal);
            line_edit_draw(&e, &t);
        } else if (in[i] != 0xff) {
            event = line_edit_key(&e, (char)in[i], &t);
        }
        if (event == LINE_EDIT_TAB)
            line_edit_insert(&e, "completed ", &t);
        ASSERT(!t.cut);
        terminal_print(&terminal, out);
        terminal_check(&terminal, &e);
        if (event == LINE_EDIT_CANCEL) {
            line_edit_drop(&e);
            terminal_clear(&terminal);
        } else if (event == LINE_EDIT_ENTER || in[i] == 0xff) {
            size_t beyond = e.beyond;
            int rc = line_edit_take(&e, line);
            ASSERT((rc == RC_OK) == (beyond == 0));
            for (const char *c = line; *c; c++)
                ASSERT(*c >= ' ' && *c <= '~');
            terminal_clear(&terminal);
        }
    }
    return 0;
}
