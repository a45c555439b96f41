#include "mailbox.h"

#define READ     0x00u /* mailbox 0: from the VideoCore */
#define STATUS   0x18u
#define WRITE    0x20u /* mailbox 1: to it              */
#define STATUS_1 0x38u

#define FULL  0x80000000u
#define EMPTY 0x40000000u

#define CHANNEL_PROPERTY 8u
#define ANSWERED         0x80000000u

/* A tag: property, room in bytes, ANSWERED | length, values. */
#define TAG_HEAD 3u

void mailbox_begin(struct mailbox *m, uintptr_t base)
{
    *m = (struct mailbox){.base = base, .used = 2};
}

size_t mailbox_tag(struct mailbox *m, enum mailbox_property p, size_t words,
                   const uint32_t *values, size_t given)
{
    ASSERT(m->state == MAILBOX_IDLE && given <= words);
    ASSERT(m->used + TAG_HEAD + words < MAILBOX_WORDS);
    size_t tag = m->used;
    m->msg[tag] = p;
    m->msg[tag + 1] = (uint32_t)(words * 4);
    m->msg[tag + 2] = 0;
    for (size_t i = 0; i < words; i++)
        m->msg[tag + TAG_HEAD + i] = i < given ? values[i] : 0;
    m->used += TAG_HEAD + words;
    return tag;
}

void mailbox_send(struct mailbox *m, mono_ns now)
{
    ASSERT(m->state == MAILBOX_IDLE);
    m->msg[m->used++] = 0; /* end tag */
    m->msg[0] = (uint32_t)(m->used * 4);
    m->msg[1] = 0; /* request */
    hw_dma_clean(m->msg, sizeof m->msg);
    m->deadline = now + MAILBOX_TIMEOUT;
    m->state = MAILBOX_TO_SEND;
}

static void try_to_send(struct mailbox *m)
{
    if ((hw_read(m->base + STATUS_1) & FULL) == 0) {
        hw_write(m->base + WRITE, hw_bus_addr(m->msg) | CHANNEL_PROPERTY);
        m->state = MAILBOX_SENT;
    }
}

/* Our message came back? Others' (left by a boot loader) are thrown away. */
static bool came_back(const struct mailbox *m)
{
    if ((hw_read(m->base + STATUS) & EMPTY) != 0)
        return false;
    uint32_t v = hw_read(m->base + READ);
    return v == (hw_bus_addr(m->msg) | CHANNEL_PROPERTY);
}

int mailbox_done(struct mailbox *m, mono_ns now)
{
    ASSERT(m->state != MAILBOX_IDLE);
    if (m->state == MAILBOX_TO_SEND) {
        try_to_send(m);
    } else if (came_back(m)) {
        hw_dma_discard(m->msg, sizeof m->msg);
        m->state = MAILBOX_IDLE;
        return RC_OK;
    }
    if (now - m->deadline > 0) {
        m->state = MAILBOX_IDLE;
        return RC_TIMEOUT;
    }
    return RC_AGAIN;
}

bool mailbox_answered(const struct mailbox *m, size_t tag, size_t bytes)
{
    ASSERT(tag + TAG_HEAD < m->used);
    uint32_t code = m->msg[tag + 2];
    return (code & ANSWERED) != 0 && (code & ~ANSWERED) >= bytes;
}

uint32_t mailbox_value(const struct mailbox *m, size_t tag, size_t word)
{
    ASSERT(tag + TAG_HEAD + word < m->used);
    return m->msg[tag + TAG_HEAD + word];
}
