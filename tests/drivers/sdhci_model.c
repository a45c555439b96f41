#include "sdhci_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hw.h"
#include "port.h"

struct model model;

enum card_state { IDLE, READY, IDENT, STBY, TRAN, DATA, RCV, PRG };

static struct {
    uint32_t block, argument, command, response[4], control, clock, events,
        latch;
    uint64_t last_write_ns;
    bool written;
    /* a transfer */
    bool active, reading, multi, stopped;
    uint32_t lba, left; /* blocks */
    uint32_t word;      /* in the block under way */
    uint8_t buffer[512];
    bool ready;        /* a block to be read, or room for one */
    uint64_t ready_at; /* when it will be                     */
    uint64_t end_at;   /* of the transfer, 0: not yet         */
    uint64_t late_at;  /* an R1b's transfer complete, 0: none */
} host;

/* The status register as it was: the newest last. */
#define HISTORY 64u
static struct {
    uint64_t at[HISTORY];
    uint32_t value[HISTORY];
    unsigned n;
} history;

static struct {
    enum card_state state;
    bool app, powered, wide, wrote;
    unsigned asked;
    uint16_t rca;
    uint64_t busy_until;
    uint32_t status; /* errors for the next R1 */
} card;

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *format, ...)
{
    if (model.log == NULL)
        return;
    va_list args;
    va_start(args, format);
    (void)fprintf(model.log, "    ");
    (void)vfprintf(model.log, format, args);
    (void)fprintf(model.log, "\n");
    va_end(args);
}

static void fault(const char *what)
{
    if (model.faults++ == 0)
        snprintf(model.fault, sizeof model.fault, "%s", what);
}

uint64_t hw_ticks(void)
{
    return (model.now_ns += 20) / 16;
}
uint32_t port_tick_hz(void)
{
    return 62500000;
}
void model_advance(uint64_t ns)
{
    model.now_ns += ns;
}

static uintptr_t base(void)
{
    return model.emmc2 ? MODEL_EMMC2 : MODEL_BASE;
}

static void host_reset(void)
{
    uint64_t at = host.last_write_ns;
    memset(&host, 0, sizeof host);
    host.last_write_ns = at;
    host.written = true;
}

void model_insert(void)
{
    memset(&card, 0, sizeof card);
    model.present = true;
}

void model_remove(void)
{
    model.present = false;
}

void model_power(void)
{
    host_reset();
    host.written = false;
    memset(&card, 0, sizeof card);
    memset(&history, 0, sizeof history);
}

static uint32_t card_hz(void)
{
    uint32_t divider = (host.clock >> 8 & 0xff) | (host.clock >> 6 & 3) << 8;
    uint32_t hz = model.clock_hz != 0 ? model.clock_hz : MODEL_CLOCK;
    return divider == 0 ? hz : hz / (2 * divider);
}

static bool busy(void)
{
    return model.present && card.state >= TRAN &&
           (model.stuck_busy || model.now_ns < card.busy_until);
}

static uint32_t r1(void)
{
    enum card_state state = card.state;
    if (state == TRAN && busy())
        state = PRG;
    uint32_t r = (uint32_t)state << 9 | (busy() ? 0u : 0x100u) |
                 (card.app ? 0x20u : 0u) | card.status;
    card.status = 0;
    return r;
}

static void set_bits(uint32_t r[4], unsigned high, unsigned low, uint32_t v)
{
    for (unsigned bit = low; bit <= high; bit++, v >>= 1)
        r[(bit - 8) / 32] |= (v & 1) << (bit - 8) % 32;
}

static void csd(uint32_t r[4])
{
    memset(r, 0, 16);
    if (model.high_capacity) {
        set_bits(r, 127, 126, 1);
        set_bits(r, 83, 80, 9);
        set_bits(r, 69, 48, model.capacity / 1024 - 1);
        return;
    }
    unsigned length = model.capacity > 0x200000 ? 10 : 9; /* 2 GB cards */
    uint32_t units = model.capacity >> (length - 9);
    unsigned mult = 0;
    while ((units >> (mult + 2)) > 4096)
        mult++;
    set_bits(r, 83, 80, length);
    set_bits(r, 73, 62, (units >> (mult + 2)) - 1);
    set_bits(r, 49, 47, mult);
}

/* A response of the card: its length in bits, 0 none, -48 without CRC. */
static int card_command(unsigned n, uint32_t arg, uint32_t r[4]);

static int app_command(unsigned n, uint32_t arg, uint32_t r[4])
{
    if (n == 41 && card.state <= READY) {
        if ((arg & 0x00ff8000u) == 0)
            fault("ACMD41 without a voltage");
        card.powered = ++card.asked > model.op_cond_polls &&
                       !model.never_powered &&
                       (!model.high_capacity || (arg & 0x40000000u) != 0);
        r[0] = 0x00ff8000u | (card.powered ? 0x80000000u : 0u) |
               (card.powered && model.high_capacity ? 0x40000000u : 0u);
        card.state = card.powered ? READY : IDLE;
        return -48;
    }
    if (n == 6 && card.state == TRAN) {
        card.wide = arg == 2;
        r[0] = r1();
        return 48;
    }
    return card_command(n, arg, r); /* no such ACMD: the command itself */
}

static int begin_data(unsigned n, uint32_t arg, uint32_t r[4])
{
    uint32_t lba = model.high_capacity ? arg : arg / 512;
    if (!model.high_capacity && arg % 512 != 0)
        fault("address is not a block's");
    if (lba >= model.capacity) {
        fault("past the end");
        return 0;
    }
    card.status |= model.response_flags;
    model.response_flags = 0;
    r[0] = r1();
    card.state = n == 17 || n == 18 ? DATA : RCV;
    card.wrote = card.state == RCV;
    host.lba = lba;
    return 48;
}

static int card_data_command(unsigned n, uint32_t arg, uint32_t r[4])
{
    switch (n) {
    case 12:
        if (card.state != DATA && card.state != RCV)
            return 0;
        r[0] = r1();
        if (card.state == RCV)
            card.busy_until = model.now_ns + model.program_ns;
        card.state = TRAN;
        return 48;
    case 13:
        if (arg >> 16 != card.rca || card.rca == 0)
            return 0;
        if (card.wrote && model.write_status_times != 0 && !busy()) {
            card.status |= model.write_status;
            model.write_status_times--;
        }
        r[0] = r1();
        return 48;
    case 16:
        if (arg != 512)
            fault("block length");
        r[0] = r1();
        return 48;
    case 17:
    case 18:
    case 24:
    case 25:
        return card.state == TRAN && !busy() ? begin_data(n, arg, r) : 0;
    default:
        return 0;
    }
}

static int card_command(unsigned n, uint32_t arg, uint32_t r[4])
{
    if (n == 0) {
        uint64_t until = card.busy_until;
        memset(&card, 0, sizeof card);
        card.busy_until = until;
        model.card_resets++;
        return 0;
    }
    if (n == 8 && card.state == IDLE) {
        r[0] = arg & 0xfff;
        return model.version2 ? 48 : 0;
    }
    if (n == 55) {
        card.app = true;
        r[0] = r1();
        return 48;
    }
    if (n == 2 && card.state == READY) {
        card.state = IDENT;
        r[0] = 0x12340000u | model.serial;
        r[1] = r[2] = r[3] = 0x00534447u;
        return 136;
    }
    if (n == 3 && card.state == IDENT) {
        card.state = STBY;
        card.rca = 0x4567;
        r[0] = 0x45670000u | 0x0500u;
        return 48;
    }
    if (card.state == STBY && (n == 9 || n == 7)) {
        if (arg >> 16 != card.rca)
            return 0;
        if (n == 9) {
            csd(r);
            return 136;
        }
        r[0] = r1();
        card.state = TRAN;
        return 48;
    }
    return card.state >= TRAN ? card_data_command(n, arg, r) : 0;
}

static void load_block(void)
{
    memset(host.buffer, 0, sizeof host.buffer);
    if (host.lba < MODEL_BLOCKS)
        memcpy(host.buffer, model.data[host.lba], 512);
    host.word = 0;
}

static void end_transfer(void)
{
    host.active = false;
    host.end_at = 0;
    if (card.state == RCV)
        card.busy_until = model.now_ns + model.program_ns;
    if (host.multi && (host.command & 0x0cu) == 0x04u)
        model.commands[12]++;
    else if (host.multi)
        fault("multi block without CMD12");
    card.state = TRAN;
    host.events |= 2;
}

static void begin_transfer(void)
{
    if ((host.block & 0xfff) != 512)
        fault("block size");
    if (card.wide != ((host.control & 2) != 0))
        fault("bus widths differ");
    host.reading = (host.command & 0x10u) != 0;
    if (host.reading != (card.state == DATA))
        fault("direction");
    host.multi = (host.command & 0x20u) != 0;
    host.left = host.multi ? host.block >> 16 : 1;
    if (model.data_silent != 0) {
        model.data_silent--;
        host.events |= model.silent_no_dto != 0 ? 0u : 0x00108000u;
        return;
    }
    host.active = true;
    if (host.reading)
        load_block();
    host.word = 0;
    host.ready = false;
    host.ready_at = model.now_ns + model.block_ns;
}

static void check_command(unsigned n)
{
    uint32_t hz = card_hz();
    if ((host.clock & 7u) != 7u)
        fault("no card clock");
    if ((n == 8 || n == 41 || n == 2 || n == 3) && hz > 400000)
        fault("too fast to identify");
    if (hz > 25000000)
        fault("too fast");
    if ((host.control & 0xf00u) != 0xf00u)
        fault("no supply");
    if (model.hold_commands || host.end_at != 0)
        fault("command while the line is in use");
}

static void issue(uint32_t value)
{
    unsigned n = value >> 24 & 63;
    check_command(n);
    host.command = value;
    model.commands[n]++;
    uint32_t r[4] = {0, 0, 0, 0};
    int bits = 0;
    if (model.present) {
        bool app = card.app;
        card.app = false;
        bits = app ? app_command(n, host.argument, r)
                   : card_command(n, host.argument, r);
    }
    uint32_t type = value >> 16 & 3;
    if (type != 0 && bits == 0) {
        host.events |= 0x00018000u; /* command time-out */
        return;
    }
    bool wants_136 = type == 1, checks = (value & 0x00080000u) != 0;
    if (type != 0 && wants_136 != (bits == 136))
        fault("response length");
    if (bits == -48 && checks) {
        host.events |= 0x00028000u;
        return;
    }
    if (type != 0 && model.command_crc_errors != 0 && n != 8) {
        model.command_crc_errors--;
        host.events |= 0x00028000u;
        return;
    }
    memcpy(host.response, r, sizeof r);
    host.events |= 1;
    if (n == 12)
        host.active = false;
    if (type == 3 && model.r1b_late_ns != 0)
        host.late_at = model.now_ns + model.r1b_late_ns;
    if ((value & 0x00200000u) != 0)
        begin_transfer();
    else if (n == 17 || n == 18 || n == 24 || n == 25)
        fault("data command without data");
}

static uint32_t true_state(void)
{
    uint32_t v = 0x1ff0000u;
    if (busy()) {
        v &= ~0x00100000u;
        v |= 2;
    }
    if (host.active)
        v |= host.reading ? 0x206u : 0x106u;
    if (host.active && host.ready)
        v |= host.reading ? 0x800u : 0x400u;
    return v | (model.hold_commands || model.hung ? 1u : 0u);
}

/* What has come to pass by now, and the status register's history. */
static void tick(void)
{
    if (host.active && !host.ready && model.now_ns >= host.ready_at) {
        host.ready = true;
        host.events |= host.reading ? 0x20u : 0x10u;
    }
    if (host.end_at != 0 && model.now_ns >= host.end_at)
        end_transfer();
    if (host.late_at != 0 && model.now_ns >= host.late_at) {
        host.late_at = 0;
        host.events |= 2;
    }
    uint32_t v = true_state();
    unsigned last = (history.n - 1) % HISTORY;
    if (history.n == 0 || history.value[last] != v) {
        history.at[history.n % HISTORY] = model.now_ns;
        history.value[history.n++ % HISTORY] = v;
    }
}

static uint32_t read_state(void)
{
    unsigned kept = history.n < HISTORY ? history.n : HISTORY, i = 1;
    while (i < kept &&
           history.at[(history.n - i) % HISTORY] + model.status_lag_ns >
               model.now_ns)
        i++;
    return history.value[(history.n - i) % HISTORY];
}

static bool spoil(void)
{
    if (model.data_crc_errors == 0)
        return false;
    model.data_crc_errors--;
    host.events |= 0x00208000u;
    host.active = false;
    return true;
}

/* After the 128th word: the block is over. */
static void next_block(void)
{
    tell("128 words %s", host.reading ? "read" : "written");
    if (spoil())
        return;
    if (!host.reading && host.lba < MODEL_BLOCKS)
        memcpy(model.data[host.lba], host.buffer, 512);
    host.lba++;
    host.word = 0;
    host.ready = false;
    host.ready_at = model.now_ns + model.block_ns;
    if (--host.left == 0) {
        host.ready_at = UINT64_MAX;
        host.end_at = model.now_ns + model.end_ns;
        tick();
    } else if (host.reading) {
        load_block();
    }
}

static bool data_ok(bool reading)
{
    model.words++;
    if (!host.active || host.reading != reading || !host.ready) {
        fault("data register");
        return false;
    }
    return true;
}

static uint32_t read_data(void)
{
    uint32_t v = 0;
    if (data_ok(true)) {
        memcpy(&v, host.buffer + host.word * 4, 4);
        if (++host.word == 128)
            next_block();
    }
    return v;
}

uint32_t hw_read(uintptr_t reg)
{
    model.now_ns += 100;
    tick();
    switch (reg - base()) {
    case 0x08:
        return host.argument;
    case 0x0c:
        return host.command;
    case 0x10:
        return host.response[0];
    case 0x14:
        return host.response[1];
    case 0x18:
        return host.response[2];
    case 0x1c:
        return host.response[3];
    case 0x20:
        return read_data();
    case 0x24:
        return read_state();
    case 0x28:
        return host.control;
    case 0x2c:
        return host.clock | ((host.clock & 1) && !model.no_clock ? 2u : 0u) |
               (model.hung ? 0x01000000u : 0u);
    case 0x30:
        return host.events & (host.latch | 0x8000u);
    case 0x40: /* base clock in MHz; only EMMC2's is to be believed */
        return model.emmc2 ? 100u << 8 : 52u << 8;
    default:
        fault("register read");
        return 0;
    }
}

/* The Arasan's defect: two card clocks between writes, or one is lost. */
static bool write_is_lost(void)
{
    uint64_t gap = (host.clock & 4) != 0 ? 2000000000u / card_hz() : 5000u;
    bool close = host.written && model.now_ns - host.last_write_ns < gap;
    host.written = true;
    host.last_write_ns = model.now_ns;
    if (close && !model.emmc2) {
        fault("register writes too close");
        model.lost_writes++;
        return true;
    }
    return false;
}

static void write_clock(uint32_t value)
{
    if ((value & 0x01000000u) != 0) {
        host_reset();
        return;
    }
    uint32_t changed = (value ^ host.clock) & 0xffc0u;
    if (changed != 0 && (value & 4) != 0)
        fault("divider changed under a running clock");
    if ((value & 4) != 0 && (model.no_clock || (host.clock & 1) == 0))
        fault("card clock before it is stable");
    host.clock = value & 0x00ffffffu & ~2u;
    if ((value & 4) != 0)
        host.clock |= 2;
    if ((value & 4) != 0 && model.emmc2 && card_hz() < 200000)
        model.hung = true;
    if ((value & 0x04000000u) != 0) {
        host.active = false;
        host.end_at = 0;
    }
}

static void tell_events(uint32_t v)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {{1, "command"},    {2, "transfer"},
                 {0x10, "room"},    {0x20, "full"},
                 {0x8000, "error"}, {0x017f0000, "which error"}};
    if (model.log == NULL || v == 0)
        return;
    (void)fprintf(model.log, "    events cleared:");
    for (size_t i = 0; i < LEN(names); i++)
        if ((v & names[i].bit) != 0)
            (void)fprintf(model.log, " %s", names[i].name);
    (void)fprintf(model.log, "\n");
}

static void tell_clock(uint32_t v)
{
    uint32_t was = host.clock;
    host.clock = v; /* for card_hz */
    uint32_t hz = card_hz();
    host.clock = was;
    if ((v & 0x01000000u) != 0)
        tell("controller reset");
    else if ((v & 0x06000000u) != 0)
        tell("%s circuit reset", v & 0x02000000u ? "command" : "data");
    else if ((v & 4) != 0)
        tell("clock to the card on");
    else if ((v & 1) != 0)
        tell("clock %u Hz, not to the card yet", (unsigned)hz);
    else
        tell("clock off");
}

static void tell_write(uint32_t offset, uint32_t v)
{
    if (offset == 0x04)
        tell("blocks of %u: %u", (unsigned)v & 0xfff, (unsigned)v >> 16);
    else if (offset == 0x08)
        tell("argument %08x", (unsigned)v);
    else if (offset == 0x0c)
        tell("command %u", (unsigned)v >> 24 & 63);
    else if (offset == 0x28)
        tell("3.3 V %s, %u data lines", v & 0x100 ? "on" : "off",
             v & 2 ? 4 : 1);
    else if (offset == 0x2c)
        tell_clock(v);
    else if (offset == 0x30)
        tell_events(v);
    else if (offset == 0x34)
        tell("events shown: %08x", (unsigned)v);
    else if (offset == 0x38)
        tell("events that interrupt: %08x", (unsigned)v);
}

void hw_write(uintptr_t reg, uint32_t value)
{
    tick();
    if (reg == base() + 0x20) {
        if (data_ok(false)) {
            memcpy(host.buffer + host.word * 4, &value, 4);
            if (++host.word == 128)
                next_block();
        }
        return;
    }
    if (model.hung || write_is_lost())
        return;
    tell_write((uint32_t)(reg - base()), value);
    switch (reg - base()) {
    case 0x04:
        host.block = value;
        break;
    case 0x08:
        host.argument = value;
        break;
    case 0x0c:
        issue(value);
        break;
    case 0x28:
        host.control = value;
        break;
    case 0x2c:
        write_clock(value);
        break;
    case 0x30:
        host.events &= ~value;
        break;
    case 0x34:
        host.latch = value;
        break;
    case 0x38:
        break;
    default:
        fault("register write");
    }
}
