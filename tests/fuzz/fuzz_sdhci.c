/* A card that lies: responses, CSD and CID, status, interrupts and data as
 * the registers give them are changed on their way from the model of card and
 * controller. Everything ends within its time, and nothing is done to the
 * hardware that must not be.
 *
 * Input: the card (1 byte), changes. A change: which register (1 byte), how
 * many of its reads pass before it (1), a value (4). */
#include <string.h>

#include "../drivers/sdhci_model.h"
#include "core/mono.h"
#include "hw.h"
#include "sdhci.h"

#define RECORD 6u
#define STEP   (100 * MONO_US)
#define LONG   (30 * MONO_S) /* more than anything may take                 */

enum { REGISTERS = 7 };
static const uint8_t offsets[REGISTERS] = {0x10, 0x14, 0x18, 0x1c,
                                           0x20, 0x24, 0x30};

static struct sdhci sd;
static struct {
    const uint8_t *in;
    size_t len;
    unsigned reads;
} sim;

uint32_t __real_hw_read(uintptr_t reg);
uint32_t __wrap_hw_read(uintptr_t reg);

uint32_t __wrap_hw_read(uintptr_t reg)
{
    uint32_t v = __real_hw_read(reg);
    if (sim.len < RECORD || reg - MODEL_BASE != offsets[sim.in[0] % REGISTERS])
        return v;
    if (sim.reads++ < sim.in[1])
        return v;
    memcpy(&v, sim.in + 2, sizeof v);
    sim.in += RECORD;
    sim.len -= RECORD;
    sim.reads = 0;
    return v;
}

/* Of a card that says it is larger, or of another kind, than it is. */
static bool by_lies(const char *fault)
{
    static const char *const known[] = {
        "past the end",  "address is not a block's",
        "data register", "bus widths differ",
        "direction",     "response length"};
    for (size_t i = 0; i < LEN(known); i++)
        if (strcmp(fault, known[i]) == 0)
            return true;
    return false;
}

static void step(span_ns ns)
{
    model_advance((uint64_t)ns);
    uint64_t before = model.now_ns;
    sdhci_poll(&sd, (mono_ns)model.now_ns);
    ASSERT(model.now_ns - before < 2 * MONO_MS); /* nothing waits */
    if (model.faults && !by_lies(model.fault))
        panic(__FILE__, __LINE__, model.fault);
    model.faults = 0;
}

static int wait_done(void)
{
    mono_ns end = (mono_ns)model.now_ns + LONG;
    int rc;
    while ((rc = sdhci_done(&sd)) == RC_AGAIN) {
        ASSERT((mono_ns)model.now_ns < end);
        step(STEP);
    }
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    static uint8_t buf[3 * SDHCI_BLOCK];
    if (len < 1 || len > 600)
        return 0;
    memset(&model, 0, sizeof model);
    model.now_ns = 1000;
    model.present = true;
    model.version2 = model.high_capacity = in[0] & 1;
    model.capacity = in[0] & 2 ? 0x400000 : 0x10000;
    model.op_cond_polls = in[0] >> 2 & 3;
    model_power();
    sim.in = in + 1;
    sim.len = len - 1;
    sim.reads = 0;
    struct sdhci_slot slot = {MODEL_BASE, SDHCI_ARASAN,
                              in[0] & 16 ? 0 : MODEL_CLOCK, 0};
    sdhci_init(&sd, &slot);
    mono_ns end = (mono_ns)model.now_ns + LONG;
    while (sdhci_blocks(&sd) == RC_AGAIN) {
        ASSERT((mono_ns)model.now_ns < end);
        step(STEP);
    }
    for (unsigned i = 0; i < 6; i++) {
        uint32_t count = i % 3 + 1, lba = i * 4;
        int rc = i & 1 ? sdhci_write(&sd, lba, buf, count)
                       : sdhci_read(&sd, lba, buf, count);
        ASSERT(rc == RC_OK || rc == RC_STATE);
        rc = rc == RC_OK ? wait_done() : rc;
        ASSERT(rc == RC_OK || rc == RC_IO || rc == RC_TIMEOUT ||
               rc == RC_STATE);
        for (unsigned k = 0; k < 20; k++)
            step(STEP);
    }
    return 0;
}
