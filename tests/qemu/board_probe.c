/* board_probe.c -- a payload in place of the firmware: does what one letter
 * on the console asks, mostly things that must fail. test_board.py drives it. */
#include "crashnote.h"
#include "gpio.h"
#include "hw.h"
#include "machine_private.h"
#include "port.h"
#include "text.h"

#define SYSTEM_TIMER_LOW (soc->system_timer + 4) /* 1 MHz */

static char line[240];
static struct text out;

static void begin(const char *what)
{
    text_init(&out, line, sizeof line);
    text_str(&out, what);
}
static void word(const char *name, uint32_t v)
{
    text_str(&out, " ");
    text_str(&out, name);
    text_str(&out, "=");
    text_dec(&out, v);
}
static void flush(void)
{
    text_str(&out, "\r\n");
    size_t done = 0;
    while (done < out.len) {
        done += port_console(line + done, out.len - done);
        port_poll();
    }
}

static void hello(void)
{
    struct port_info i;
    port_info(&i);
    begin("last_reset: ");
    text_str(&out, i.last_reset);
    flush();
    begin("board: ");
    text_str(&out, i.board);
    word("revision", i.revision);
    word("memory", machine_vc.memory_bytes);
    word("emulated", machine_facts.emulated);
    word("boots", crashnote_boots());
    word("crashes", i.crashes);
    word("mode", machine_facts.entry_cpsr & 31);
    word("hz", port_tick_hz());
    word("uart", machine_vc.clock[VC_UART].hz);
    word("emmc", machine_vc.clock[VC_SD].hz);
    word("mac1", machine_facts.mac[1]);
    flush();
    begin("stack:");
    word("size", (uint32_t)i.stack_size);
    word("used", (uint32_t)i.stack_used);
    word("irq", (uint32_t)i.irq_stack_used);
    flush();
    begin("card_errors:");
    word("n", i.card_errors);
    flush();
    begin("trouble: ");
    text_str(&out, i.trouble);
    flush();
    begin("ready");
    word("ms", (uint32_t)(port_ticks() / (port_tick_hz() / 1000)));
    flush();
}

static void entropy(void)
{
    uint8_t b[32];
    begin("entropy: ");
    if (port_entropy(b, sizeof b) != RC_OK) {
        text_str(&out, "failed");
    } else {
        for (size_t i = 0; i < sizeof b; i += 4) {
            text_hex(&out, (uint32_t)b[i] << 24 | (uint32_t)b[i + 1] << 16 |
                               (uint32_t)b[i + 2] << 8 | b[i + 3]);
        }
    }
    flush();
}

/* Ticks in a fifth of a second of the system timer. */
static void rate(void)
{
    uint32_t us = hw_read(SYSTEM_TIMER_LOW);
    while (hw_read(SYSTEM_TIMER_LOW) == us) {
    }
    uint64_t t0 = port_ticks();
    us = hw_read(SYSTEM_TIMER_LOW);
    while (hw_read(SYSTEM_TIMER_LOW) - us < 200000) {
    }
    uint32_t us1 = hw_read(SYSTEM_TIMER_LOW) - us;
    begin("rate:");
    word("ticks", (uint32_t)(port_ticks() - t0));
    word("us", us1);
    flush();
}

static void deadlines(void)
{
    static const uint32_t us[] = {50, 200, 1000, 20000, 300000};
    for (size_t i = 0; i < LEN(us); i++) {
        port_poll();
        uint64_t until =
            port_ticks() + (uint64_t)us[i] * port_tick_hz() / 1000000;
        uint32_t wakes = 0;
        uint64_t woke;
        for (;;) {
            port_idle(until);
            woke = port_ticks();
            wakes++;
            if (woke >= until)
                break;
            port_poll();
        }
        uint64_t late = woke - until;
        begin("idle:");
        word("us", us[i]);
        word("wakes", wakes);
        word("late_ns", (uint32_t)(late * 1000 / (port_tick_hz() / 1000000)));
        flush();
    }
    uint64_t past = port_ticks();
    port_idle(past);
    begin("idle: past returned");
    flush();
}

static void pulse(void)
{
    uint64_t at = port_ticks() + port_tick_hz() / 100;
    int rc = port_pps_arm(at, port_tick_hz() / 1000);
    int late = port_pps_arm(port_ticks(), 1);
    bool before = gpio_level(soc->gpio, MODEL_PIN_PPS), up;
    while (port_ticks() < at + port_tick_hz() / 2000) {
    }
    up = gpio_level(soc->gpio, MODEL_PIN_PPS);
    while (port_ticks() < at + port_tick_hz() / 100) {
    }
    struct pps_report r;
    machine_pps_last(&r);
    begin("pulse:");
    word("armed", rc == RC_OK);
    word("refused", late == RC_STATE);
    word("before", before);
    word("up", up);
    word("after", gpio_level(soc->gpio, MODEL_PIN_PPS));
    word("pulses", r.pulses);
    word("at_ok", r.at == at && r.done >= r.at);
    word("late_ns",
         (uint32_t)((r.done - r.at) * 1000 / (port_tick_hz() / 1000000)));
    flush();
}

/* Further ahead than some timers' compares can look. */
static void far_pulse(void)
{
    uint64_t at = port_ticks() + 0x41000000u;
    int rc = port_pps_arm(at, port_tick_hz() / 10);
    struct pps_report r = {0};
    while (r.at != at && port_ticks() < at + port_tick_hz()) {
        port_watchdog_kick();
        port_idle(port_ticks() + port_tick_hz());
        port_poll();
        machine_pps_last(&r);
    }
    begin("far pulse:");
    word("armed", rc == RC_OK);
    word("at_ok", r.at == at && r.done >= at);
    word("late_ns",
         (uint32_t)((r.done - r.at) * 1000 / (port_tick_hz() / 1000000)));
    flush();
}

/* A VFP register that a C function may change and an interrupt may not: the
 * last that this processor has of them. */
#ifdef __ARM_NEON
#define VFP_LAST "d31"
#else
#define VFP_LAST "d7"
#endif

/* The processor as start-up has left it. */
static void processor(void)
{
    uint32_t fpscr;
    __asm__ volatile("vmrs %0, fpscr" : "=r"(fpscr));
    begin("processor:");
    word("id", cpu_id());
    word("sctlr", cp15_sctlr());
    word("fpscr", fpscr);
    flush();
}

/* Word and double loads at odd addresses; VFP kept over interrupts. */
static void unaligned(void)
{
    static uint8_t bytes[16];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    uint32_t v, bad = 0;
    __asm__ volatile("ldr %0, [%1, #1]" : "=r"(v) : "r"(bytes));
    uint64_t until = port_ticks() + port_tick_hz() / 20;
    while (port_ticks() < until) {
        double a = 1.25, b;
        port_pps_arm(port_ticks() + port_tick_hz() / 20000, 100) == RC_OK
            ? (void)0
            : (void)bad++;
        __asm__ volatile("vmov.f64 d9, %P1\n\tvmov.f64 " VFP_LAST ", %P1\n\t"
                         "mov r3, #0xb80\n1: subs r3, r3, #1\n\tbne 1b\n\t"
                         "vadd.f64 %P0, d9, " VFP_LAST
                         : "=w"(b)
                         : "w"(a)
                         : "d9", VFP_LAST, "r3", "cc");
        bad += b > 2.5 || b < 2.5;
    }
    begin("unaligned:");
    word("value", v);
    word("bad", bad);
    flush();
}

/* Block 9 of the card: read, changed, written, read again. */
static int card(uint32_t write, uint8_t *buf)
{
    int rc = write ? port_blk_write(9, buf, 1) : port_blk_read(9, buf, 1);
    while (rc == RC_OK || rc == RC_AGAIN) {
        port_idle(port_ticks() + port_tick_hz() / 1000);
        port_poll();
        rc = port_blk_done();
        if (rc != RC_AGAIN)
            return rc;
    }
    return rc;
}

static void block(void)
{
    static uint8_t buf[512];
    int64_t n;
    while ((n = port_blk_count()) == RC_AGAIN) {
        port_idle(port_ticks() + port_tick_hz());
        port_poll();
    }
    begin("card:");
    word("blocks", n < 0 ? 0 : (uint32_t)n);
    if (n > 0) {
        word("read", card(0, buf) == RC_OK);
        word("first", buf[0]);
        buf[0]++;
        word("write", card(1, buf) == RC_OK);
        buf[0] = 0;
        word("again", card(0, buf) == RC_OK);
        word("second", buf[0]);
    }
    flush();
}

/* Who has 10.0.2.2? slirp answers; the stamps must lie in order. */
static void arp(void)
{
    static uint8_t f[PORT_FRAME_MAX];
    static const uint8_t ask[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};
    uint64_t sent = 0, left = 0, got = 0,
             end = port_ticks() + 10ull * port_tick_hz();
    while (!port_eth_link() && port_ticks() < end) {
        port_idle(end);
        port_poll();
    }
    for (size_t i = 0; i < 60; i++)
        f[i] = i < 6 ? 255 : 0;
    port_eth_mac(f + 6);
    port_eth_mac(f + 22);
    for (size_t i = 0; i < sizeof ask; i++)
        f[12 + i] = ask[i];
    f[28] = 10, f[30] = 2, f[31] = 15;
    f[38] = 10, f[40] = 2, f[41] = 2;
    begin("arp:");
    word("link", port_eth_link());
    word("mac5", f[11]);
    word("sent", port_eth_send(f, 60, &sent) == RC_OK);
    int len;
    end = port_ticks() + 5ull * port_tick_hz();
    do {
        port_poll();
        len = port_eth_recv(f, sizeof f, &got);
        if (len == RC_AGAIN)
            port_idle(end);
    } while (!(len > 0 && f[13] == 6 && f[21] == 2) && port_ticks() < end);
    word("answer", len > 0 && f[13] == 6 && f[31] == 2);
    word("in_order", sent > 0 && got > sent && got <= port_ticks());
    word("left",
         port_eth_left(&left) == RC_OK && left >= sent && left <= port_ticks());
    word("round_us", (uint32_t)((got - sent) / (port_tick_hz() / 1000000)));
    flush();
}

const uint32_t probe_constant[2] = {7, 8}; /* global: kept in .rodata */
static uint32_t data_code[2] = {0xe3a00001, 0xe12fff1e}; /* ARM: mov, bx */

__attribute__((noinline)) static uint32_t dive(uint32_t depth)
{
    volatile uint8_t frame[400];
    frame[0] = (uint8_t)depth;
    return depth == 0 ? 0 : dive(depth - 1) + frame[0];
}

static void harm(int how)
{
    volatile uint32_t *target = NULL;
    switch (how) {
    case 'w':
        target = (volatile uint32_t *)((uintptr_t)hello & ~(uintptr_t)3);
        *target = 0;
        break;
    case 'c':
        target = (volatile uint32_t *)(uintptr_t)probe_constant;
        __asm__ volatile("" : "+r"(target));
        *target = 8;
        break;
    case 'x':
        (void)((uint32_t(*)(void))(uintptr_t)data_code)();
        break;
    case 'k': { /* on the stack */
        uint32_t code[2] = {data_code[0], data_code[1]};
        hw_dma_clean(code, sizeof code);
        (void)((uint32_t(*)(void))(uintptr_t)code)();
        break;
    }
    case 'o':
        (void)((uint32_t(*)(void))(uintptr_t)probe_constant)();
        break;
    case 's':
        (void)dive(1000000);
        break;
    case 'n':
        __asm__ volatile("" : "+r"(target));
        (void)*target;
        break;
    case 'u':
        __asm__ volatile("udf #1");
        break;
    case 'p':
        panic("firmware/core/nts_ke.c", 120, "len <= cap");
    case 'r':
        port_reset();
    default:
        break;
    }
    begin("survived");
    flush();
}

/* For as long as the firmware may be silent, and longer. */
__attribute__((noinline)) static void hang(void)
{
    begin("hang");
    word("ms", (uint32_t)(port_ticks() / (port_tick_hz() / 1000)));
    flush();
    volatile bool forever = true;
    while (forever) {
    }
}

static void obey(int c)
{
    switch (c) {
    case 'i':
        hello();
        break;
    case 'e':
        entropy();
        break;
    case 't':
        rate();
        break;
    case 'd':
        deadlines();
        break;
    case 'g':
        pulse();
        break;
    case 'v':
        processor();
        break;
    case 'f':
        far_pulse();
        break;
    case 'a':
        unaligned();
        break;
    case 'b':
        block();
        break;
    case 'l':
        arp();
        break;
    case 'm':
        port_stable();
        break;
    case 'h':
        hang();
        break;
    default:
        harm(c);
        break;
    }
}

_Noreturn void gnomon_main(void)
{
    hello();
    for (;;) {
        port_poll();
        port_watchdog_kick();
        int c = port_console_read();
        if (c >= 0)
            obey(c);
        else
            port_idle(port_ticks() + port_tick_hz());
    }
}
