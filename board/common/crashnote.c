#include "crashnote.h"
#include "cp15.h"
#include "text.h"

#define MAGIC 0x474e4f31u /* "GNO1": changes with the layout */

enum ending { RUNNING, ASKED, FAILED };

struct note {
    uint32_t magic;
    uint32_t boots;
    uint32_t failures; /* in a row */
    uint32_t ending;   /* enum ending: how this run ended, RUNNING until then */
    uint32_t watchdog; /* armed in this run */
    char text[CRASHNOTE_TEXT];
    uint32_t crc; /* over all before it */
};

extern struct note __note_start;
static struct note *const note = &__note_start;
static char last_reset[CRASHNOTE_TEXT] = "power-on";

static uint32_t crc32(const void *data, size_t len)
{
    const uint8_t *p = data;
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

static void seal(void)
{
    note->crc = crc32(note, offsetof(struct note, crc));
    cpu_dsb();
}

static bool whole(void)
{
    return note->magic == MAGIC &&
           note->crc == crc32(note, offsetof(struct note, crc));
}

static const char *cause(void)
{
    if (note->ending == FAILED)
        return note->text;
    return note->ending == RUNNING && note->watchdog ? "watchdog" : "reset";
}

void crashnote_boot(void)
{
    struct text t;
    text_init(&t, last_reset, sizeof last_reset);
    if (whole()) {
        note->text[CRASHNOTE_TEXT - 1] = 0;
        text_str(&t, cause());
        if (note->ending == ASKED)
            note->failures = 0;
        else if (note->ending == RUNNING && note->watchdog)
            note->failures++;
    } else {
        text_str(&t, "power-on");
        *note = (struct note){.magic = MAGIC};
    }
    note->boots++;
    note->ending = RUNNING;
    note->watchdog = 0;
    seal();
}

const char *crashnote_last_reset(void)
{
    return last_reset;
}

uint32_t crashnote_boots(void)
{
    return note->boots;
}

uint32_t crashnote_failures(void)
{
    return note->failures;
}

void crashnote_watchdog_armed(void)
{
    note->watchdog = 1;
    seal();
}

void crashnote_settled(void)
{
    note->failures = 0;
    seal();
}

void crashnote_asked(void)
{
    note->ending = ASKED;
    seal();
}

void crashnote_failed(const char *text)
{
    if (note->magic != MAGIC) /* failed before crashnote_boot */
        *note = (struct note){.magic = MAGIC};
    struct text t;
    text_init(&t, note->text, sizeof note->text);
    text_str(&t, text);
    note->ending = FAILED;
    note->failures++;
    seal();
}
