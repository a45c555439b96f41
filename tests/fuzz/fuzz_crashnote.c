/* What memory holds after a reset that did not erase it, or did: any bytes
 * in the place of the crash note. The first byte says whether they get the
 * magic number and the checksum that make them believed. */
#include <string.h>

#include "core/base.h"

#include "../../board/common/crashnote.c"
#include "../../board/common/text.c"

struct note __note_start;

static void check_text(const char *t)
{
    ASSERT(memchr(t, 0, CRASHNOTE_TEXT));
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    if (len < 1)
        return 0;
    len--;
    memset(note, 0xa5, sizeof *note);
    memcpy(note, in + 1, len < sizeof *note ? len : sizeof *note);
    if (in[0] & 1)
        note->magic = MAGIC;
    if (in[0] & 2)
        seal();
    memset(last_reset, 0, sizeof last_reset);
    crashnote_boot();
    check_text(crashnote_last_reset());
    ASSERT(whole());
    uint32_t boots = crashnote_boots();
    if (in[0] & 4)
        crashnote_failed((const char *)memcpy((char[300]){0}, in + 1,
                                              len < 299 ? len : 299));
    if (in[0] & 8)
        crashnote_asked();
    memset(last_reset, 0, sizeof last_reset);
    crashnote_boot();
    check_text(crashnote_last_reset());
    ASSERT(crashnote_boots() == boots + 1);
    return 0;
}
