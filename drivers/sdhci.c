#include "sdhci.h"

#include <string.h>

#include "core/mono.h"

#define SLOW_HZ 400000u
#define FAST_HZ 25000000u

#define SUPPLY_NS  (2 * MONO_MS) /* 1 ms and 74 clocks, part 1 6.4.1     */
#define PAUSE_NS   (2 * MONO_MS)
#define OP_COND_NS (1000 * MONO_MS) /* part 1 4.2.3                      */
#define BUSY_NS    (1000 * MONO_MS) /* SDXC: 500 ms                      */
#define ATTEMPTS   3u
#define TRIES      3u
#define STEPS      3u /* of the state machine, most in one poll          */

/* Card status in an R1, part 1 4.10.1. */
#define R1_ERRORS 0xfd398008u /* range .. error, CSD, AKE; not those of the */
                              /* command before: CRC 23, illegal 22         */
#define R1_READY    0x00000100u
#define R1_STATE(r) ((r) >> 9 & 15u)
#define CARD_TRAN   4u

#define IF_COND      0x1aau /* 2.7 .. 3.6 V, check pattern */
#define OCR_VOLTAGES 0x00ff8000u
#define OCR_CAPACITY 0x40000000u /* we: high capacity known; card: it is */
#define OCR_POWERED  0x80000000u

/* Identification, in this order (part 1 4.2). */
enum {
    ID_GO_IDLE,
    ID_IF_COND,
    ID_APP_OP_COND,
    ID_OP_COND,
    ID_ALL_CID,
    ID_RCA,
    ID_CSD,
    ID_SELECT,
    ID_APP_WIDTH,
    ID_WIDTH,
    ID_BLOCK_LENGTH,
    ID_END,
};

static void command(struct sdhci *s, uint32_t word, uint32_t argument,
                    mono_ns now)
{
    struct sdhci_exchange x = {.command = word, .argument = argument};
    sdhci_host_start(&s->host, &x, now);
}

static void identify_step(struct sdhci *s, uint8_t step, mono_ns now)
{
    uint32_t op_cond = OCR_VOLTAGES | (s->version2 ? OCR_CAPACITY : 0u);
    const struct {
        uint32_t word, argument;
    } list[ID_END] = {
        [ID_GO_IDLE] = {SDHCI_COMMAND(0, SDHCI_R0), 0},
        [ID_IF_COND] = {SDHCI_COMMAND(8, SDHCI_R1), IF_COND},
        [ID_APP_OP_COND] = {SDHCI_COMMAND(55, SDHCI_R1), 0},
        [ID_OP_COND] = {SDHCI_COMMAND(41, SDHCI_R3), op_cond},
        [ID_ALL_CID] = {SDHCI_COMMAND(2, SDHCI_R2), 0},
        [ID_RCA] = {SDHCI_COMMAND(3, SDHCI_R1), 0},
        [ID_CSD] = {SDHCI_COMMAND(9, SDHCI_R2), s->rca},
        [ID_SELECT] = {SDHCI_COMMAND(7, SDHCI_R1B), s->rca},
        [ID_APP_WIDTH] = {SDHCI_COMMAND(55, SDHCI_R1), s->rca},
        [ID_WIDTH] = {SDHCI_COMMAND(6, SDHCI_R1), 2 /* 4 bits */},
        [ID_BLOCK_LENGTH] = {SDHCI_COMMAND(16, SDHCI_R1), SDHCI_BLOCK},
    };
    s->step = step;
    s->state = SDHCI_IDENTIFY;
    command(s, list[step].word, list[step].argument, now);
}

static void identify(struct sdhci *s, mono_ns now)
{
    s->tries++;
    s->version2 = s->stranger = false;
    s->rca = 0;
    sdhci_host_reset(&s->host, now);
    s->state = SDHCI_RESET;
}

static void identify_first(struct sdhci *s, mono_ns now)
{
    s->tries = 0;
    s->patience = now + SDHCI_IDENTIFY_NS - OP_COND_NS;
    identify(s, now);
}

static void finish(struct sdhci *s, int rc)
{
    s->pending = false;
    s->result = rc;
}

/* What a person can do about a card that could not be identified. */
static const char *identify_trouble(const struct sdhci *s)
{
    enum sdhci_why why = s->host.why;
    if (s->state == SDHCI_RESET)
        return "the card's controller stays in reset: a fault of the board";
    if (s->state == SDHCI_SLOW || s->state == SDHCI_FAST)
        return "the card's controller gets no clock: copy the boot files to "
               "the card anew";
    if (s->stranger)
        return "another card than at power-on: put the first one back, or "
               "switch off and on";
    if (why == SDHCI_CRC || why == SDHCI_GARBLED)
        return "the card's answers arrive garbled: clean its contacts, or try "
               "another";
    if (s->step == ID_OP_COND)
        return "the card does not become ready: try another, or another power "
               "supply";
    if (s->step <= ID_APP_OP_COND)
        return "no card answers: push it in, clean its contacts, or try "
               "another";
    return "the card does not let itself be identified: try another";
}

static void identify_failed(struct sdhci *s, int rc, mono_ns now)
{
    if (s->tries < TRIES && now - s->patience < 0) {
        identify(s, now);
        return;
    }
    s->trouble = identify_trouble(s);
    s->blocks = 0;
    s->gone = true;
    if (s->pending)
        finish(s, rc);
    s->resume = now + SDHCI_ABSENT_NS;
    s->state = SDHCI_ABSENT;
}

/* Bits high .. low of the CSD; the registers begin at its bit 8. */
static uint32_t csd_bits(const uint32_t r[4], unsigned high, unsigned low)
{
    uint32_t value = 0;
    for (unsigned bit = high + 1; bit-- > low;)
        value = value << 1 | (r[(bit - 8) / 32] >> (bit - 8) % 32 & 1);
    return value;
}

/* 0: a CSD that we cannot use. Part 1 5.3.2 and 5.3.3. */
static uint32_t csd_blocks(const uint32_t r[4])
{
    uint32_t version = csd_bits(r, 127, 126);
    if (version == 1)
        return (csd_bits(r, 69, 48) + 1) << 10;
    uint32_t length = csd_bits(r, 83, 80);
    if (version != 0 || length < 9 || length > 11)
        return 0;
    return (csd_bits(r, 73, 62) + 1)
           << (csd_bits(r, 49, 47) + 2) << (length - 9);
}

static int op_cond(struct sdhci *s)
{
    uint32_t ocr = s->host.response[0];
    s->ocr = ocr;
    s->high_capacity = (ocr & OCR_CAPACITY) != 0;
    return (ocr & OCR_POWERED) != 0 ? RC_OK : RC_AGAIN;
}

/* The card that was here before, or the first one. */
static int same_cid(struct sdhci *s)
{
    size_t size = sizeof s->cid;
    s->stranger = s->known && memcmp(s->cid, s->host.response, size) != 0;
    if (s->stranger)
        return RC_IO;
    memcpy(s->cid, s->host.response, size);
    return RC_OK;
}

static int take_csd(struct sdhci *s)
{
    uint32_t blocks = csd_blocks(s->host.response);
    memcpy(s->csd, s->host.response, sizeof s->csd);
    s->stranger = s->known && blocks != s->known_blocks;
    if (blocks == 0 || s->stranger)
        return RC_IO;
    s->known = true;
    s->known_blocks = blocks;
    return RC_OK;
}

/* What the answer to a step of identification means. */
static int identified(struct sdhci *s, int rc)
{
    uint32_t r = s->host.response[0];
    if (s->step == ID_IF_COND) { /* a card of version 1 says nothing */
        s->version2 = rc == RC_OK;
        return s->version2 && (r & 0xfff) != IF_COND ? RC_IO : RC_OK;
    }
    if (rc != RC_OK)
        return rc;
    switch (s->step) {
    case ID_OP_COND:
        return op_cond(s);
    case ID_ALL_CID:
        return same_cid(s);
    case ID_RCA:
        s->rca = r & 0xffff0000u;
        return RC_OK;
    case ID_CSD:
        return take_csd(s);
    case ID_WIDTH:
        sdhci_host_4bit(&s->host);
        return RC_OK;
    default:
        return RC_OK;
    }
}

static void next_step(struct sdhci *s, mono_ns now)
{
    uint8_t next = (uint8_t)(s->step + 1);
    if (next == ID_END) {
        sdhci_host_clock(&s->host, FAST_HZ, now);
        s->state = SDHCI_FAST;
        return;
    }
    if (next == ID_APP_OP_COND)
        s->deadline = now + OP_COND_NS;
    identify_step(s, next, now);
}

static void identify_poll(struct sdhci *s, mono_ns now)
{
    int rc = sdhci_host_step(&s->host, now);
    if (rc == RC_AGAIN)
        return;
    rc = identified(s, rc);
    if (rc == RC_OK) {
        next_step(s, now);
    } else if (rc != RC_AGAIN) {
        identify_failed(s, rc, now);
    } else if (now - s->deadline > 0) {
        identify_failed(s, RC_TIMEOUT, now);
    } else {
        s->resume = now + PAUSE_NS;
        s->state = SDHCI_PAUSE;
    }
}

static void begin_attempt(struct sdhci *s, mono_ns now)
{
    if (s->attempts == 0)
        s->last_start = now + SDHCI_TRANSFER_NS;
    if (s->attempts == ATTEMPTS || now - s->last_start > 0) {
        finish(s, s->error);
        return;
    }
    s->attempts++;
    s->op.argument = s->high_capacity ? s->lba : s->lba * SDHCI_BLOCK;
    sdhci_host_start(&s->host, &s->op, now);
    s->state = SDHCI_TRANSFER;
}

/* The card is in state tran and has nothing to do: the next attempt. */
static void ready(struct sdhci *s, mono_ns now)
{
    s->state = SDHCI_READY;
    s->blocks = s->known_blocks;
    s->trouble = NULL;
    if (s->pending)
        begin_attempt(s, now);
}

static void attempt_failed(struct sdhci *s, int rc, enum sdhci_why why,
                           mono_ns now)
{
    s->errors++;
    s->why[why]++;
    s->error = rc;
    command(s, SDHCI_COMMAND(12, SDHCI_R1B | SDHCI_ABORT), 0, now);
    s->state = SDHCI_STOP;
}

static void await_card(struct sdhci *s, bool recovering, mono_ns now)
{
    s->recovering = recovering;
    s->deadline = now + BUSY_NS;
    s->state = SDHCI_BUSY;
}

/* The card did not come back from programming, or from a CMD12. */
static void lost(struct sdhci *s, int rc, enum sdhci_why why, mono_ns now)
{
    if (s->recovering)
        identify_first(s, now);
    else
        attempt_failed(s, rc, why, now);
}

static void transfer_poll(struct sdhci *s, mono_ns now)
{
    int rc = sdhci_host_step(&s->host, now);
    if (rc == RC_AGAIN)
        return;
    if (rc != RC_OK) {
        attempt_failed(s, rc, s->host.why, now);
    } else if ((s->host.response[0] & R1_ERRORS) != 0) {
        attempt_failed(s, RC_IO, SDHCI_REFUSED, now);
    } else if (s->op.out != NULL) {
        await_card(s, false, now);
    } else {
        finish(s, RC_OK);
        s->state = SDHCI_READY;
    }
}

/* CMD12 from a card that had nothing to stop has no answer; CMD13 will tell
 * how things are. */
static void stop_poll(struct sdhci *s, mono_ns now)
{
    if (sdhci_host_step(&s->host, now) != RC_AGAIN)
        await_card(s, true, now);
}

static void busy_poll(struct sdhci *s, mono_ns now)
{
    if (!sdhci_host_card_busy(&s->host)) {
        command(s, SDHCI_COMMAND(13, SDHCI_R1), s->rca, now);
        s->state = SDHCI_STATUS;
    } else if (now - s->deadline > 0) {
        lost(s, RC_TIMEOUT, SDHCI_SILENT, now);
    }
}

static void status_poll(struct sdhci *s, mono_ns now)
{
    int rc = sdhci_host_step(&s->host, now);
    if (rc == RC_AGAIN)
        return;
    uint32_t r = s->host.response[0];
    if (rc != RC_OK) {
        lost(s, rc, s->host.why, now);
    } else if (!s->recovering && (r & R1_ERRORS) != 0) {
        attempt_failed(s, RC_IO, SDHCI_REFUSED, now);
    } else if ((r & R1_READY) != 0 && R1_STATE(r) == CARD_TRAN) {
        if (!s->recovering)
            finish(s, RC_OK);
        ready(s, now);
    } else if (now - s->deadline > 0) {
        lost(s, RC_TIMEOUT, SDHCI_SILENT, now);
    } else {
        s->state = SDHCI_BUSY; /* until the same deadline */
    }
}

/* Before identification: controller, clock, supply. */
static void start_poll(struct sdhci *s, mono_ns now)
{
    int rc = sdhci_host_step(&s->host, now);
    if (rc == RC_AGAIN)
        return;
    if (rc != RC_OK) {
        identify_failed(s, rc, now);
    } else if (s->state == SDHCI_RESET) {
        sdhci_host_clock(&s->host, SLOW_HZ, now);
        s->state = SDHCI_SLOW;
    } else if (s->state == SDHCI_SLOW) {
        s->resume = now + SUPPLY_NS;
        s->state = SDHCI_SUPPLY;
    } else {
        ready(s, now);
    }
}

static void poll_once(struct sdhci *s, mono_ns now)
{
    switch (s->state) {
    case SDHCI_START:
        identify_first(s, now);
        break;
    case SDHCI_RESET:
    case SDHCI_SLOW:
    case SDHCI_FAST:
        start_poll(s, now);
        break;
    case SDHCI_SUPPLY:
        if (now - s->resume >= 0)
            identify_step(s, ID_GO_IDLE, now);
        break;
    case SDHCI_PAUSE:
        if (now - s->resume >= 0)
            identify_step(s, ID_APP_OP_COND, now);
        break;
    case SDHCI_IDENTIFY:
        identify_poll(s, now);
        break;
    case SDHCI_READY:
        ready(s, now);
        break;
    case SDHCI_TRANSFER:
        transfer_poll(s, now);
        break;
    case SDHCI_STOP:
        stop_poll(s, now);
        break;
    case SDHCI_BUSY:
        busy_poll(s, now);
        break;
    case SDHCI_STATUS:
        status_poll(s, now);
        break;
    case SDHCI_ABSENT:
        if (now - s->resume >= 0)
            identify_first(s, now);
        break;
    }
}

void sdhci_poll(struct sdhci *s, mono_ns now)
{
    for (unsigned i = 0; i < STEPS; i++) {
        enum sdhci_state state = s->state;
        uint8_t step = s->step;
        poll_once(s, now);
        if (s->state == state && s->step == step)
            break;
    }
}

void sdhci_init(struct sdhci *s, const struct sdhci_slot *slot)
{
    *s = (struct sdhci){.state = SDHCI_START, .result = RC_STATE};
    sdhci_host_begin(&s->host, slot);
}

static int start(struct sdhci *s, uint32_t lba, const struct sdhci_exchange *x)
{
    ASSERT(x->blocks > 0 && x->blocks <= SDHCI_BLOCKS_MAX);
    if (s->pending || s->state != SDHCI_READY)
        return RC_STATE;
    if (x->blocks > s->blocks || lba > s->blocks - x->blocks) {
        s->result = RC_IO;
        return RC_OK;
    }
    s->lba = lba;
    s->op = *x;
    s->attempts = 0;
    s->pending = true;
    return RC_OK;
}

int sdhci_read(struct sdhci *s, uint32_t lba, uint8_t *buf, uint32_t count)
{
    struct sdhci_exchange x = {.in = buf, .blocks = count};
    x.command = SDHCI_COMMAND(count > 1 ? 18 : 17, SDHCI_R1);
    return start(s, lba, &x);
}

int sdhci_write(struct sdhci *s, uint32_t lba, const uint8_t *buf,
                uint32_t count)
{
    struct sdhci_exchange x = {.out = buf, .blocks = count};
    x.command = SDHCI_COMMAND(count > 1 ? 25 : 24, SDHCI_R1);
    return start(s, lba, &x);
}

int sdhci_done(struct sdhci *s)
{
    if (s->pending)
        return RC_AGAIN;
    int rc = s->result;
    s->result = RC_STATE;
    return rc;
}

int64_t sdhci_blocks(const struct sdhci *s)
{
    if (s->blocks != 0)
        return s->blocks;
    return s->gone ? RC_STATE : RC_AGAIN;
}

uint32_t sdhci_errors(const struct sdhci *s)
{
    return s->errors;
}

void sdhci_report(const struct sdhci *s, struct sdhci_report *out)
{
    *out = (struct sdhci_report){
        .controller_hz = s->host.clock_hz,
        .card_hz = s->host.card_hz,
        .clock_assumed = s->host.slower != 1,
        .ocr = s->ocr,
    };
    memcpy(out->cid, s->cid, sizeof out->cid);
    memcpy(out->csd, s->csd, sizeof out->csd);
    memcpy(out->why, s->why, sizeof out->why);
}

const char *sdhci_trouble(const struct sdhci *s)
{
    return s->blocks == 0 ? s->trouble : NULL;
}
