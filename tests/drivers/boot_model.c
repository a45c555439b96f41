#include "boot_model.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cp15.h"
#include "crashnote.h"
#include "dma.h"
#include "fault.h"
#include "hw.h"
#include "machine_private.h"
#include "mmu.h"
#include "port.h"
#include "stack.h"
#include "vc_model.h"

static struct {
    bool board_alone;
    uint32_t midr;
    struct vc_model firmware;
    FILE *out;
    uint64_t ticks;          /* us */
    uint32_t pins[64], pull; /* GPIO registers */
    uint32_t *cleaned;       /* last memory that was cleaned for a device */
    bool back;               /* the mailbox has an answer */
    uint32_t ibrd;
    uint32_t random;
    uintptr_t begun[16]; /* devices that have been written to */
    unsigned devices;
} sim;

char __note_start[4096];

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void tell(const char *format, ...)
{
    if (sim.board_alone)
        return;
    va_list args;
    va_start(args, format);
    (void)fprintf(sim.out, "    ");
    (void)vfprintf(sim.out, format, args);
    (void)fprintf(sim.out, "\n");
    va_end(args);
}

/* ---- pins ---- */

static uint32_t read_gpio(uint32_t off)
{
    return sim.pins[off / 4 % 64];
}

static void write_gpio(uint32_t off, uint32_t v)
{
    static const char *const functions[] = {"input", "output", "alt5", "alt4",
                                            "alt0",  "alt1",   "alt2", "alt3"};
    static const char *const direct[] = {"none", "up", "down", "reserved"};
    static const char *const clocked[] = {"none", "down", "up", "reserved"};
    uint32_t was = sim.pins[off / 4 % 64];
    sim.pins[off / 4 % 64] = v;
    for (unsigned bit = 0; bit < 32; bit++) {
        if (off <= 0x14 && bit < 10 && (was ^ v) >> bit * 3 & 7)
            tell("GPIO%u is %s", off / 4 * 10 + bit,
                 functions[v >> bit * 3 & 7]);
        bool set = (v >> bit & 1) != 0;
        if ((off == 0x1c || off == 0x20) && set)
            tell("GPIO%u high", (off - 0x1c) * 8 + bit);
        if ((off == 0x28 || off == 0x2c) && set)
            tell("GPIO%u low", (off - 0x28) * 8 + bit);
        if ((off == 0x98 || off == 0x9c) && set)
            tell("GPIO%u pull %s", (off - 0x98) * 8 + bit,
                 clocked[sim.pull & 3]);
        if (off >= 0xe4 && bit < 16 && (was ^ v) >> bit * 2 & 3)
            tell("GPIO%u pull %s", (off - 0xe4) * 4 + bit,
                 direct[v >> bit * 2 & 3]);
    }
    if (off == 0x94)
        sim.pull = v;
}

/* ---- the mailbox ---- */

static void tell_tag(const uint32_t *tag)
{
    static const struct {
        uint32_t property;
        const char *name;
        unsigned words; /* that are told */
    } names[] = {
        {MAILBOX_FIRMWARE_REVISION, "firmware revision", 0},
        {MAILBOX_BOARD_REVISION, "board revision", 0},
        {MAILBOX_BOARD_MAC, "MAC", 0},
        {MAILBOX_BOARD_SERIAL, "serial number", 0},
        {MAILBOX_ARM_MEMORY, "memory", 0},
        {MAILBOX_SET_POWER, "power on, device", 1},
        {MAILBOX_CLOCK_RATE, "nominal rate of clock", 1},
        {MAILBOX_CLOCK_MAX, "highest rate of clock", 1},
        {MAILBOX_CLOCK_MEASURED, "measured rate of clock", 1},
        {MAILBOX_SET_CLOCK, "set clock", 2},
        {MAILBOX_SET_PIN, "expander pin", 2},
        {MAILBOX_TEMPERATURE, "temperature", 0},
        {MAILBOX_THROTTLED, "throttling", 0},
    };
    size_t i = 0;
    while (i < LEN(names) - 1 && names[i].property != tag[0])
        i++;
    (void)fprintf(sim.out, " %s", names[i].name);
    for (unsigned w = 0; w < names[i].words; w++)
        (void)fprintf(sim.out, " %u", (unsigned)tag[3 + w]);
}

static void write_mailbox(void)
{
    (void)fprintf(sim.out, "    mailbox:");
    for (const uint32_t *tag = sim.cleaned + 2; tag[0] != 0;
         tag += 3 + tag[1] / 4) {
        (void)fprintf(sim.out, "%s", tag == sim.cleaned + 2 ? "" : ",");
        tell_tag(tag);
    }
    (void)fprintf(sim.out, "\n");
    sim.back = vc_model_answer(&sim.firmware, sim.cleaned);
}

/* ---- drivers/hw.h ---- */

uint32_t hw_bus_addr(const void *p)
{
    return ((uint32_t)(uintptr_t)p & 0x3fffffff) | soc->bus_alias;
}
void hw_dma_clean(const void *p, size_t len)
{
    (void)len;
    sim.cleaned = (uint32_t *)(uintptr_t)p;
}
void hw_dma_discard(void *p, size_t len)
{
    (void)p;
    (void)len;
}
uint64_t hw_ticks(void)
{
    return timer_ticks();
}

static bool in(uintptr_t reg, uintptr_t base, uint32_t *off)
{
    *off = (uint32_t)(reg - base);
    return base != 0 && reg - base < 0x100;
}

uint32_t hw_read(uintptr_t reg)
{
    uint32_t off;
    if (in(reg, soc->gpio, &off))
        return read_gpio(off);
    if (in(reg, soc->mailbox, &off) && off == 0x18)
        return sim.back ? 0 : 0x40000000;
    if (in(reg, soc->mailbox, &off) && off == 0 && sim.back) {
        sim.back = false;
        return hw_bus_addr(machine_vc.box.msg) | 8;
    }
    if (in(reg, soc->uart, &off))
        return off == 0x18 ? 0x10 : 0; /* nothing received */
    if (in(reg, soc->rng, &off))
        return off == 8 || off == 0x20 ? ++sim.random : 0x01000001;
    if (reg == soc->genet && reg != 0)
        return 0x06000000;                           /* its revision */
    return reg == soc->dwc2 + 0x40 ? 0x4f54280a : 0; /* GSNPSID */
}

/* Of a device that has tests of its own, the first write is told. */
static void begins(const char *what, uintptr_t base)
{
    for (unsigned i = 0; i < sim.devices; i++)
        if (sim.begun[i] == base)
            return;
    sim.begun[sim.devices++] = base;
    tell("%s at %08x starts", what, (unsigned)base);
}

void hw_write(uintptr_t reg, uint32_t v)
{
    uint32_t off;
    if (in(reg, soc->gpio, &off)) {
        write_gpio(off, v);
    } else if (in(reg, soc->mailbox, &off)) {
        write_mailbox();
    } else if (in(reg, soc->uart, &off)) {
        if (off == 0x24)
            sim.ibrd = v;
        if (off == 0x28)
            tell("UART divided by %u + %u/64", (unsigned)sim.ibrd, (unsigned)v);
    } else if (in(reg, soc->rng, &off)) {
        begins("random numbers", soc->rng);
    } else if (in(reg, soc->pm, &off)) {
        begins("watchdog", soc->pm);
    } else if (in(reg, soc->sd, &off)) {
        begins("card", soc->sd);
    } else if (soc->genet != 0 && reg - soc->genet < 0x10000) {
        begins("GENET", soc->genet);
    } else if (soc->local != 0 && reg - soc->local < 0x100) {
        begins("local timer", soc->local);
    } else if (soc->gic != 0 && reg - soc->gic - 0x100 < 0x20) {
        for (unsigned bit = 0; bit < 32; bit++)
            if ((v >> bit & 1) != 0)
                tell("interrupt %u on",
                     (unsigned)(reg - soc->gic - 0x100) * 8 + bit);
    } else if (reg - soc->dwc2 < 0x10000) {
        begins("USB", soc->dwc2);
    } else if (in(reg, soc->irq_gpu, &off) && (off == 0x10 || off == 0x14)) {
        for (unsigned bit = 0; bit < 32; bit++)
            if ((v >> bit & 1) != 0)
                tell("interrupt %u on", (off - 0x10) * 8 + bit);
    }
}

/* ---- the processor ---- */

uint32_t cpu_id(void)
{
    return sim.midr;
}
void timer_init(uintptr_t system_timer, uint32_t hz_unset)
{
    tell("counter: %u Hz where nobody tells, or at %08x", (unsigned)hz_unset,
         (unsigned)system_timer);
}
uint32_t timer_hz(void)
{
    return 1000000;
}
uint32_t timer_hz_told(void)
{
    return sim.midr >> 4 == 0x410fb76 ? 0 : 1000000;
}
uint64_t timer_ticks(void)
{
    return sim.ticks++;
}
void timer_wake_arm(uint64_t at)
{
    (void)at;
}
void timer_pulse_arm(uint64_t at)
{
    (void)at;
}
void timer_pulse_stop(void)
{
}
void dma_init(uint32_t bus_alias, uint32_t line)
{
    tell("memory for devices: alias %08x, lines of %u", (unsigned)bus_alias,
         (unsigned)line);
}
void mmu_init(const struct mmu_range *ranges, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (ranges[i].size != 0)
            tell("devices mapped: %08x, %u MB", (unsigned)ranges[i].base,
                 (unsigned)(ranges[i].size >> 20));
}

/* ---- board/common, as far as it matters here ---- */

void crashnote_boot(void)
{
}
const char *crashnote_last_reset(void)
{
    return "power-on";
}
uint32_t crashnote_boots(void)
{
    return 1;
}
uint32_t crashnote_failures(void)
{
    return 0;
}
void crashnote_watchdog_armed(void)
{
}
void crashnote_settled(void)
{
}
void crashnote_asked(void)
{
}
_Noreturn void fault_silence(uint32_t pc, uint32_t ms)
{
    (void)pc;
    (void)ms;
    abort();
}
size_t stack_size(void)
{
    return 0;
}
size_t stack_used(void)
{
    return 0;
}
size_t stack_irq_size(void)
{
    return 0;
}
size_t stack_irq_used(void)
{
    return 0;
}

/* ---- the run ---- */

/* All of them end and have room; a CM3+'s are told, but for the bus, which has
 * tests of its own, and the boot log, which has times. */
static void tell_facts(void)
{
    char text[280];
    int len;
    for (unsigned n = 0; (len = port_fact(n, text, sizeof text)) >= 0; n++) {
        ASSERT(len > 0 && (size_t)len < sizeof text - 1 && n < 100);
        ASSERT(strlen(text) == (size_t)len);
        if (text[0] >= '0' && text[0] <= '9') /* a stage's: not cut */
            ASSERT((size_t)len < MACHINE_STAGE_BYTES - 1);
        if (sim.board_alone)
            (void)fprintf(sim.out, "%s\n", text);
        else if (sim.firmware.revision == 0xa02100 && len > 0 &&
                 (text[0] < '0' || text[0] > '9') &&
                 strncmp(text, "USB", 3) != 0)
            tell("%s", text);
        for (size_t cap = 1; cap <= sizeof text; cap++)
            ASSERT(port_fact(n, text, cap) < (int)cap);
    }
}

_Noreturn void gnomon_main(void)
{
    tell("-- the loop turns; the LED is lit, and put out:");
    for (unsigned on = 1; on < 2; on--) {
        port_led(on == 1);
        for (unsigned i = 0; i < 20; i++) {
            sim.ticks += 1000;
            port_poll();
        }
    }
    struct port_info info;
    port_info(&info);
    tell("-- board: %s", info.board);
    const uint8_t *m = machine_facts.mac;
    tell("-- MAC address: %02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2],
         m[3], m[4], m[5]);
    if (machine_eth == &machine_eth_none)
        tell("-- trouble: %s", info.trouble);
    tell_facts();
    (void)fflush(sim.out);
    _exit(0);
}

_Noreturn void boot_model_run(const struct boot *how, int fd)
{
    sim.out = fdopen(fd, "w");
    sim.midr = how->midr;
    sim.board_alone = how->board_alone;
    vc_model_init(&sim.firmware);
    sim.firmware.silent = how->code == BOOT_MUTE;
    sim.firmware.revision = how->code;
    sim.firmware.unknown = how->unknown;
    sim.firmware.ignorance = how->ignorance;
    if (how->zero_clocks)
        memset(sim.firmware.hz, 0, sizeof sim.firmware.hz);
    /* As the boot firmware may leave them: the radio has the card's controller
     * and the PL011, SDHOST has the card. */
    for (unsigned pin = 32; pin <= 39; pin++)
        sim.pins[pin / 10] |= 7u << pin % 10 * 3;
    for (unsigned pin = 48; pin <= 53; pin++)
        sim.pins[pin / 10] |= 4u << pin % 10 * 3;
    if (how->code == BOOT_MUTE)
        (void)fprintf(sim.out, "revision code not told, nor anything else\n");
    else
        (void)fprintf(sim.out, "revision code %06x\n", (unsigned)how->code);
    board_main(0x1da);
}
