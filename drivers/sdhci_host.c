#include "sdhci_host.h"

#include <string.h>

#include "core/mono.h"
#include "hw.h"
#include "port.h"

/* The registers are 32 bits wide and take no narrower access. */
#define BLOCK     0x04u /* size, count << 16 */
#define ARGUMENT  0x08u
#define COMMAND   0x0cu /* transfer mode, command << 16 */
#define RESPONSE  0x10u
#define DATA      0x20u
#define STATE     0x24u
#define CONTROL   0x28u /* host, power << 8 */
#define CLOCK     0x2cu /* clock, time-out << 16, reset << 24 */
#define INTERRUPT 0x30u
#define LATCH     0x34u /* which events INTERRUPT shows  */
#define SIGNAL    0x38u /* which of them reach the CPU   */
#define CAPABLE   0x40u /* base clock in MHz in 8 .. 15  */

#define MODE_COUNT    0x02u
#define MODE_CMD12    0x04u
#define MODE_READ     0x10u
#define MODE_MULTI    0x20u
#define COMMAND_DATA  0x00200000u
#define RESPONSE_MASK 0x00030000u
#define RESPONSE_BUSY 0x00030000u

#define STATE_COMMAND    0x00000001u /* in use: command line */
#define STATE_DAT        0x00000002u /* in use: data lines   */
#define STATE_WRITE_ROOM 0x00000400u
#define STATE_READ_FULL  0x00000800u
#define STATE_DAT0       0x00100000u /* its level */

#define CONTROL_4BIT  0x002u
#define CONTROL_POWER 0xf00u /* 3.3 V, on */

#define CLOCK_INTERNAL  0x00000001u
#define CLOCK_STABLE    0x00000002u
#define CLOCK_CARD      0x00000004u
#define CLOCK_TIMEOUT   0x000e0000u /* the longest */
#define CLOCK_RESET_ALL 0x01000000u
#define CLOCK_RESET_CMD 0x02000000u /* command circuit */
#define CLOCK_RESET_DAT 0x04000000u /* data circuit    */

#define EVENT_COMMAND  0x00000001u
#define EVENT_TRANSFER 0x00000002u
#define EVENT_ROOM     0x00000010u /* for a block to write   */
#define EVENT_FULL     0x00000020u /* a block to read        */
#define EVENT_TIMEOUTS 0x00110000u /* command, data          */
#define EVENT_CRC      0x00220000u /* command, data          */
#define EVENT_ERRORS   0x017f0000u /* and end bit, index ... */
#define EVENTS                                                                 \
    (EVENT_COMMAND | EVENT_TRANSFER | EVENT_ROOM | EVENT_FULL | EVENT_ERRORS)

#define SLOWEST_HZ  400000u
#define FASTEST_HZ  250000000u /* what the EMMC clock could be at most */
#define UNKNOWN     5u         /* ... and how many times slower, at most */
#define EMMC2_HZ    100000000u
#define EMMC2_LEAST 400000u  /* twice the slowest that it stands     */
#define BELIEVED_HZ 1000000u /* less is no clock that works          */
#define DIVIDER_MAX 1023u    /* card clock = clock / (2 * divider)   */

#define SETTLE_NS  (100 * MONO_MS)
#define COMMAND_NS (200 * MONO_MS)
/* A block: SDHC reads take 100 ms at most, SDXC writes 500 ms. */
#define BLOCK_NS (1000 * MONO_MS)

static uint32_t get(const struct sdhci_host *h, uint32_t reg)
{
    return hw_read(h->base + reg);
}

static void put(struct sdhci_host *h, uint32_t reg, uint32_t value)
{
    while (h->kind == SDHCI_ARASAN && hw_ticks() - h->wrote < h->gap_ticks) {
    }
    hw_write(h->base + reg, value);
    h->wrote = hw_ticks();
}

/* From here on writes have two clocks of this rate between them: rounded up,
 * and one more for the tick that had begun. */
static void space(struct sdhci_host *h, uint32_t hz)
{
    uint64_t ticks = 2 * (uint64_t)port_tick_hz() * h->slower / hz;
    h->gap_ticks = (uint32_t)ticks + 2;
}

/* What EMMC2 says of its base clock; the Arasan's word is made up. */
static uint32_t capable_hz(const struct sdhci_host *h)
{
    return h->kind == SDHCI_EMMC2 ? (get(h, CAPABLE) >> 8 & 0xff) * 1000000u
                                  : 0;
}

void sdhci_host_begin(struct sdhci_host *h, const struct sdhci_slot *slot)
{
    *h = (struct sdhci_host){
        .base = slot->base, .kind = slot->kind, .wrote = hw_ticks()};
    uint32_t capable = capable_hz(h);
    bool told = slot->clock_hz >= BELIEVED_HZ;
    h->clock_hz = told ? slot->clock_hz : capable;
    if (h->clock_hz == 0)
        h->clock_hz = slot->default_hz;
    if (h->clock_hz == 0)
        h->clock_hz = h->kind == SDHCI_EMMC2 ? EMMC2_HZ : FASTEST_HZ;
    h->least_hz = h->clock_hz;
    if (capable != 0 && capable < h->least_hz)
        h->least_hz = capable;
    h->slower = told ? 1 : UNKNOWN;
    space(h, SLOWEST_HZ);
}

static void enter(struct sdhci_host *h, enum sdhci_phase phase,
                  mono_ns deadline)
{
    h->phase = phase;
    h->deadline = deadline;
}

void sdhci_host_reset(struct sdhci_host *h, mono_ns now)
{
    space(h, SLOWEST_HZ);
    put(h, CLOCK, CLOCK_RESET_ALL);
    enter(h, SDHCI_HOST_RESET, now + SETTLE_NS);
}

static int reset_done(struct sdhci_host *h)
{
    if ((get(h, CLOCK) & CLOCK_RESET_ALL) != 0)
        return RC_AGAIN;
    put(h, CONTROL, CONTROL_POWER);
    put(h, LATCH, EVENTS);
    put(h, SIGNAL, 0);
    return RC_OK;
}

/* Divider: low 8 bits in 8..15, high 2 bits in 6..7; 0 divides by 1. */
void sdhci_host_clock(struct sdhci_host *h, uint32_t hz, mono_ns now)
{
    uint32_t divider = 0;
    h->card_hz = h->clock_hz;
    if (h->clock_hz > hz) {
        divider = (h->clock_hz - 1) / (2 * hz) + 1;
        divider = divider > DIVIDER_MAX ? DIVIDER_MAX : divider;
        if (h->kind == SDHCI_EMMC2 && divider > h->least_hz / EMMC2_LEAST)
            divider = h->least_hz / EMMC2_LEAST;
        h->card_hz = h->clock_hz / (2 * divider);
    }
    uint32_t clock = CLOCK_TIMEOUT | CLOCK_INTERNAL | (divider & 0xff) << 8 |
                     (divider >> 8) << 6;
    put(h, CLOCK, get(h, CLOCK) & ~CLOCK_CARD);
    space(h, SLOWEST_HZ);
    put(h, CLOCK, clock);
    enter(h, SDHCI_HOST_CLOCK, now + SETTLE_NS);
}

static int clock_done(struct sdhci_host *h)
{
    uint32_t clock = get(h, CLOCK);
    if ((clock & CLOCK_STABLE) == 0)
        return RC_AGAIN;
    put(h, CLOCK, clock | CLOCK_CARD);
    space(h, h->card_hz);
    return RC_OK;
}

void sdhci_host_4bit(struct sdhci_host *h)
{
    put(h, CONTROL, CONTROL_POWER | CONTROL_4BIT);
}

bool sdhci_host_card_busy(const struct sdhci_host *h)
{
    return (get(h, STATE) & STATE_DAT0) == 0;
}

void sdhci_host_start(struct sdhci_host *h, const struct sdhci_exchange *x,
                      mono_ns now)
{
    ASSERT(h->phase == SDHCI_HOST_IDLE);
    ASSERT(x->blocks <= SDHCI_BLOCKS_MAX);
    ASSERT((x->blocks != 0) == ((x->in != NULL) != (x->out != NULL)));
    h->x = *x;
    h->why = SDHCI_SILENT;
    h->moved = 0;
    enter(h, SDHCI_HOST_LINES, now + COMMAND_NS);
}

static bool ends_in_busy(const struct sdhci_exchange *x)
{
    return (x->command & RESPONSE_MASK) == RESPONSE_BUSY;
}

static int lines_free(struct sdhci_host *h)
{
    const struct sdhci_exchange *x = &h->x;
    uint32_t needed = STATE_COMMAND;
    if (x->blocks != 0 || (ends_in_busy(x) && (x->command & SDHCI_ABORT) == 0))
        needed |= STATE_DAT;
    return (get(h, STATE) & needed) == 0 ? RC_OK : RC_AGAIN;
}

static void issue(struct sdhci_host *h)
{
    const struct sdhci_exchange *x = &h->x;
    uint32_t command = x->command;
    if (x->blocks != 0) {
        command |= COMMAND_DATA | (x->in != NULL ? MODE_READ : 0u);
        put(h, BLOCK, SDHCI_BLOCK | x->blocks << 16);
    }
    if (x->blocks > 1)
        command |= MODE_COUNT | MODE_MULTI | MODE_CMD12;
    put(h, INTERRUPT, get(h, INTERRUPT));
    put(h, ARGUMENT, x->argument);
    put(h, COMMAND, command);
}

static void move_block(struct sdhci_host *h)
{
    size_t at = (size_t)h->moved * SDHCI_BLOCK;
    for (size_t i = at; i < at + SDHCI_BLOCK; i += 4) {
        uint32_t word;
        if (h->x.in != NULL) {
            word = get(h, DATA);
            memcpy(h->x.in + i, &word, sizeof word);
        } else {
            memcpy(&word, h->x.out + i, sizeof word);
            hw_write(h->base + DATA, word);
        }
    }
    h->moved++;
}

/* The event is the gate: the status register lags and still says of the next
 * block what was true of the last. The event is cleared before the block
 * moves, since the next one comes with its last word; so is a transfer
 * complete, which can only be a late one of an R1b. */
static int data(struct sdhci_host *h, uint32_t events, mono_ns now)
{
    if (h->moved == h->x.blocks)
        return (events & EVENT_TRANSFER) != 0 ? RC_OK : RC_AGAIN;
    bool in = h->x.in != NULL;
    uint32_t event = in ? EVENT_FULL : EVENT_ROOM;
    uint32_t state = in ? STATE_READ_FULL : STATE_WRITE_ROOM;
    if ((events & event) == 0 || (get(h, STATE) & state) == 0)
        return RC_AGAIN;
    put(h, INTERRUPT, event | EVENT_TRANSFER);
    move_block(h);
    h->deadline = now + BLOCK_NS;
    return RC_AGAIN;
}

static int response(struct sdhci_host *h, uint32_t events, mono_ns now)
{
    if ((events & EVENT_COMMAND) == 0)
        return RC_AGAIN;
    for (uint32_t i = 0; i < LEN(h->response); i++)
        h->response[i] = get(h, RESPONSE + 4 * i);
    if (h->x.blocks != 0) {
        enter(h, SDHCI_HOST_DATA, now + BLOCK_NS);
        return data(h, events, now);
    }
    if (ends_in_busy(&h->x)) {
        enter(h, SDHCI_HOST_BUSY, now + BLOCK_NS);
        return RC_AGAIN;
    }
    return RC_OK;
}

static int exchange(struct sdhci_host *h, mono_ns now)
{
    uint32_t events = get(h, INTERRUPT);
    if ((events & EVENT_TIMEOUTS) != 0) {
        h->why = SDHCI_TIMEOUT;
        return RC_TIMEOUT;
    }
    if ((events & EVENT_ERRORS) != 0) {
        h->why = (events & EVENT_CRC) != 0 ? SDHCI_CRC : SDHCI_GARBLED;
        return RC_IO;
    }
    if (h->phase == SDHCI_HOST_RESPONSE)
        return response(h, events, now);
    if (h->phase == SDHCI_HOST_DATA)
        return data(h, events, now);
    return sdhci_host_card_busy(h) ? RC_AGAIN : RC_OK;
}

/* One after the other: QEMU's model ignores a write of both bits. */
static void line_reset(struct sdhci_host *h, int rc, mono_ns now)
{
    h->failed = rc;
    put(h, CLOCK, get(h, CLOCK) | CLOCK_RESET_CMD);
    put(h, CLOCK, get(h, CLOCK) | CLOCK_RESET_DAT);
    enter(h, SDHCI_HOST_LINE_RESET, now + SETTLE_NS);
}

static int line_reset_done(struct sdhci_host *h)
{
    uint32_t under_way = CLOCK_RESET_CMD | CLOCK_RESET_DAT;
    return (get(h, CLOCK) & under_way) != 0 ? RC_AGAIN : h->failed;
}

static int advance(struct sdhci_host *h, mono_ns now)
{
    ASSERT(h->phase != SDHCI_HOST_IDLE);
    switch (h->phase) {
    case SDHCI_HOST_RESET:
        return reset_done(h);
    case SDHCI_HOST_CLOCK:
        return clock_done(h);
    case SDHCI_HOST_LINES:
        if (lines_free(h) == RC_AGAIN)
            return RC_AGAIN;
        issue(h);
        enter(h, SDHCI_HOST_RESPONSE, now + COMMAND_NS);
        return exchange(h, now);
    case SDHCI_HOST_LINE_RESET:
        return line_reset_done(h);
    default:
        return exchange(h, now);
    }
}

/* What is there is looked at before the time is: a loop that was held up
 * elsewhere makes nothing fail. */
int sdhci_host_step(struct sdhci_host *h, mono_ns now)
{
    int rc = advance(h, now);
    if (rc == RC_AGAIN && now - h->deadline > 0)
        rc = RC_TIMEOUT;
    if (rc == RC_AGAIN)
        return rc;
    if (rc != RC_OK && h->phase > SDHCI_HOST_CLOCK &&
        h->phase != SDHCI_HOST_LINE_RESET) {
        line_reset(h, rc, now);
        return RC_AGAIN;
    }
    h->phase = SDHCI_HOST_IDLE;
    return rc;
}
