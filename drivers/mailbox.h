/* mailbox.h -- property calls to the VideoCore firmware of a Raspberry Pi.
 *
 *     mailbox_begin, mailbox_tag (several), mailbox_send, then
 *     mailbox_done until it stops saying RC_AGAIN, then mailbox_value.
 *
 * One message at a time; every wait ends after MAILBOX_TIMEOUT. Each tag is
 * judged by its own answer bit and length. The message's status says nothing:
 * one unknown tag makes it 0x80000001 although all the others are answered,
 * and 0 has been seen with answers too. */
#ifndef MAILBOX_H
#define MAILBOX_H

#include "core/base.h"
#include "hw.h"

#define MAILBOX_WORDS   64u
#define MAILBOX_TIMEOUT 500000000 /* ns: switching USB power on takes a while */

enum mailbox_property {
    MAILBOX_FIRMWARE_REVISION = 0x00000001, /* seconds since 1970         */
    MAILBOX_BOARD_REVISION = 0x00010002,
    MAILBOX_BOARD_MAC = 0x00010003,      /* 2 words, MAC in byte order       */
    MAILBOX_BOARD_SERIAL = 0x00010004,   /* 2 words, low first               */
    MAILBOX_ARM_MEMORY = 0x00010005,     /* base, size                       */
    MAILBOX_SET_POWER = 0x00028001,      /* device, bit 0 on, bit 1 wait     */
    MAILBOX_CLOCK_RATE = 0x00030002,     /* clock -> clock, Hz               */
    MAILBOX_CLOCK_MAX = 0x00030004,      /* the same                         */
    MAILBOX_TEMPERATURE = 0x00030006,    /* 0 -> 0, 1/1000 degree C          */
    MAILBOX_THROTTLED = 0x00030046,      /* 0 -> bits: now, and ever (16 on) */
    MAILBOX_CLOCK_MEASURED = 0x00030047, /* clock -> clock, Hz             */
    MAILBOX_SET_CLOCK = 0x00038002, /* clock, Hz, 1: nothing else follows  */
    MAILBOX_SET_PIN = 0x00038041,   /* expander's pin, level               */
};
enum {
    MAILBOX_CLOCK_EMMC = 1,
    MAILBOX_CLOCK_UART = 2,
    MAILBOX_CLOCK_ARM = 3,
    MAILBOX_CLOCK_CORE = 4,
    MAILBOX_CLOCK_EMMC2 = 12,
};
enum { MAILBOX_POWER_SD = 0, MAILBOX_POWER_USB = 3 };

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

/* One step of sending and waiting. Returns RC_OK once the message is back,
 * RC_AGAIN, or RC_TIMEOUT: the firmware may still answer later, into the
 * message, so nothing more should be asked of it. */
int mailbox_done(struct mailbox *m, mono_ns now) MUST_CHECK;

/* After RC_OK: whether the firmware knows this property and has answered it
 * with at least so many bytes. */
bool mailbox_answered(const struct mailbox *m, size_t tag, size_t bytes);

/* After RC_OK: one of the words of its answer; where it has not answered, what
 * was sent. */
uint32_t mailbox_value(const struct mailbox *m, size_t tag, size_t word);

#endif
