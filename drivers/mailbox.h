/* mailbox.h -- property calls to the VideoCore firmware of a Raspberry Pi.
 *
 *     mailbox_begin, mailbox_tag (several), mailbox_send, then
 *     mailbox_done until it stops saying RC_AGAIN, then mailbox_value.
 *
 * One message at a time; every wait ends after MAILBOX_TIMEOUT. What the
 * firmware answers is checked for form only: a tag it does not know leaves
 * mailbox_answered() false and the words as they were sent. */
#ifndef MAILBOX_H
#define MAILBOX_H

#include "core/base.h"
#include "hw.h"

#define MAILBOX_WORDS   64u
#define MAILBOX_TIMEOUT 500000000 /* ns: switching USB power on takes a while */

enum mailbox_property {
    MAILBOX_FIRMWARE_REVISION = 0x00000001,
    MAILBOX_BOARD_REVISION = 0x00010002,
    MAILBOX_BOARD_MAC = 0x00010003,    /* 2 words, MAC in byte order     */
    MAILBOX_BOARD_SERIAL = 0x00010004, /* 2 words, low first             */
    MAILBOX_ARM_MEMORY = 0x00010005,   /* base, size                     */
    MAILBOX_SET_POWER = 0x00028001,    /* device, bit 0 on, bit 1 wait   */
    MAILBOX_CLOCK_RATE = 0x00030002,   /* clock -> clock, Hz             */
};
enum { MAILBOX_CLOCK_EMMC = 1, MAILBOX_CLOCK_UART = 2 };
enum { MAILBOX_POWER_USB = 3 };

struct mailbox { /* board's, in memory; fields are private */
    uint32_t msg[MAILBOX_WORDS] __attribute__((aligned(HW_LINE)));
    uintptr_t base;
    size_t used; /* words */
    mono_ns deadline;
    enum { MAILBOX_IDLE, MAILBOX_TO_SEND, MAILBOX_SENT } state;
};

/* Begins an empty message. */
void mailbox_begin(struct mailbox *m, uintptr_t base);

/* Adds a property with room for `words` values, the first `given` of them
 * from values. Returns the handle for mailbox_answered and mailbox_value. */
size_t mailbox_tag(struct mailbox *m, enum mailbox_property p, size_t words,
                   const uint32_t *values, size_t given);

/* Sends the message as soon as the mailbox takes it; mailbox_done goes on. */
void mailbox_send(struct mailbox *m, mono_ns now);

/* One step of sending and waiting. Returns RC_OK once the firmware has
 * answered, RC_AGAIN, RC_TIMEOUT, or RC_IO where it refused the message. */
int mailbox_done(struct mailbox *m, mono_ns now) MUST_CHECK;

/* After RC_OK: whether the firmware knows this property. */
bool mailbox_answered(const struct mailbox *m, size_t tag);

/* After RC_OK: one of the words of its answer. */
uint32_t mailbox_value(const struct mailbox *m, size_t tag, size_t word);

#endif
