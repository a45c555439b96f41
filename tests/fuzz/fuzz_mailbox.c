/* What the VideoCore answers to property calls: any words in the mailbox, any
 * bytes in the message.
 *
 * Input: mailbox reads: status, value, status ..., then the message as
 * it comes back. */
#include <string.h>

#include "core/bytes.h"
#include "core/mono.h"
#include "mailbox.h"

#define BASE   0x3f00b880u
#define STATUS 0x18u
#define READ   0x00u

static struct mailbox m;
static struct {
    const uint8_t *in;
    size_t len;
} sim;

static uint32_t word(uint32_t otherwise)
{
    uint32_t v;
    if (sim.len < sizeof v)
        return otherwise;
    memcpy(&v, sim.in, sizeof v);
    sim.in += sizeof v;
    sim.len -= sizeof v;
    return v;
}

uint32_t hw_bus_addr(const void *p)
{
    ASSERT(p == m.msg);
    return 0xc0001000u;
}

uint32_t hw_read(uintptr_t reg)
{
    if (reg == BASE + READ)
        return word(0xc0001008u);
    return reg == BASE + STATUS ? word(0) : 0;
}

void hw_write(uintptr_t reg, uint32_t value)
{
    ASSERT(reg == BASE + 0x20 && value == 0xc0001008u);
}

void hw_dma_clean(const void *p, size_t len)
{
    ASSERT(p == m.msg && len == sizeof m.msg);
}

void hw_dma_discard(void *p, size_t len)
{
    size_t n = sim.len < len ? sim.len : len;
    memcpy(p, sim.in, n);
    sim.len = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    static const uint32_t usb[2] = {MAILBOX_POWER_USB, 3};
    mono_ns now = 0;
    int rc;
    sim.in = in;
    sim.len = len;
    mailbox_begin(&m, BASE);
    size_t mac = mailbox_tag(&m, MAILBOX_BOARD_MAC, 2, NULL, 0);
    size_t power = mailbox_tag(&m, MAILBOX_SET_POWER, 2, usb, 2);
    mailbox_send(&m, now);
    while ((rc = mailbox_done(&m, now)) == RC_AGAIN) {
        now += 10 * MONO_MS;
        ASSERT(now <= MAILBOX_TIMEOUT + 20 * MONO_MS);
    }
    ASSERT(rc == RC_OK || rc == RC_TIMEOUT);
    if (rc != RC_OK)
        return 0;
    uint32_t sum = 0;
    for (size_t i = 0; i < 2; i++)
        sum += mailbox_value(&m, mac, i) + mailbox_value(&m, power, i);
    sum += mailbox_answered(&m, mac, 6) + mailbox_answered(&m, power, 8);
    /* Another message can follow at once. */
    mailbox_begin(&m, BASE);
    ASSERT(sum != 1 || m.used == 2);
    return 0;
}
