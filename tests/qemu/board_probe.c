/* board_probe.c -- a payload in place of the firmware: does what one letter
 * on the console asks, mostly things that must fail. test_board.py drives it. */
#include "board.h"
#include "cp15.h"
#include "crashnote.h"
#include "gpio.h"
#include "hw.h"
#include "port.h"
#include "rpi2.h"
#include "stack.h"
#include "text.h"

#define SYSTEM_TIMER_LOW (BOARD_PERIPHERALS + 0x3004u) /* 1 MHz */

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
    word("memory", i.memory_bytes);
    word("emulated", i.emulated);
    word("boots", crashnote_boots());
    word("mode", rpi2_facts.entry_cpsr & 31);
    word("hz", port_tick_hz());
    word("uart", rpi2_facts.uart_hz);
    word("emmc", rpi2_facts.emmc_hz);
    word("mac1", rpi2_facts.mac[1]);
    flush();
    begin("stack:");
    word("size", (uint32_t)i.stack_size);
    word("used", (uint32_t)i.stack_used);
    word("irq", (uint32_t)stack_irq_used());
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
    static const uint32_t us[] = { 50, 200, 1000, 20000, 300000 };
    for (size_t i = 0; i < LEN(us); i++) {
        port_poll();
        uint64_t until =
            port_ticks() + (uint64_t)us[i] * port_tick_hz() / 1000000;
        uint32_t wakes = 0;
        while (port_ticks() < until) {
            port_idle(until);
            port_poll();
            wakes++;
        }
        uint64_t late = port_ticks() - until;
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
    bool before = gpio_level(BOARD_GPIO, BOARD_PIN_PPS), up;
    while (port_ticks() < at + port_tick_hz() / 2000) {
    }
    up = gpio_level(BOARD_GPIO, BOARD_PIN_PPS);
    while (port_ticks() < at + port_tick_hz() / 100) {
    }
    struct pps_report r;
    pps_last(&r);
    begin("pulse:");
    word("armed", rc == RC_OK);
    word("refused", late == RC_STATE);
    word("before", before);
    word("up", up);
    word("after", gpio_level(BOARD_GPIO, BOARD_PIN_PPS));
    word("pulses", r.pulses);
    word("at_ok", r.at == at && r.done >= r.at);
    word("late_ns", (uint32_t)((r.done - r.at) * 1000 /
                               (port_tick_hz() / 1000000)));
    flush();
}

/* Word and double loads at odd addresses; VFP kept over interrupts. */
static void unaligned(void)
{
    static uint8_t bytes[16];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }
    uint32_t v, bad = 0;
    __asm__ volatile("ldr %0, [%1, #1]" : "=r"(v) : "r"(bytes));
    uint64_t until = port_ticks() + port_tick_hz() / 20;
    while (port_ticks() < until) {
        double a = 1.25, b;
        port_pps_arm(port_ticks() + port_tick_hz() / 20000, 100) == RC_OK
            ? (void)0
            : (void)bad++;
        __asm__ volatile("vmov.f64 d9, %P1\n\tvmov.f64 d17, %P1\n\t"
                         "mov r3, #3000\n1: subs r3, #1\n\tbne 1b\n\t"
                         "vadd.f64 %P0, d9, d17"
                         : "=w"(b) : "w"(a) : "d9", "d17", "r3", "cc");
        bad += b > 2.5 || b < 2.5;
    }
    begin("unaligned:");
    word("value", v);
    word("bad", bad);
    flush();
}

static const volatile uint32_t constant = 7;
static uint32_t data_code[2] = { 0xe3a00001, 0xe12fff1e }; /* ARM: mov, bx */

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
        *(volatile uint32_t *)&constant = 8;
        break;
    case 'x':
        (void)((uint32_t(*)(void))(uintptr_t)data_code)();
        break;
    case 'k': { /* on the stack */
        uint32_t code[2] = { data_code[0], data_code[1] };
        hw_dma_clean(code, sizeof code);
        (void)((uint32_t(*)(void))(uintptr_t)code)();
        break;
    }
    case 'o':
        (void)((uint32_t(*)(void))(uintptr_t)&constant)();
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

static void obey(int c)
{
    switch (c) {
    case 'i': hello(); break;
    case 'e': entropy(); break;
    case 't': rate(); break;
    case 'd': deadlines(); break;
    case 'g': pulse(); break;
    case 'a': unaligned(); break;
    default: harm(c); break;
    }
}

_Noreturn void gnomon_main(void)
{
    hello();
    for (;;) {
        port_poll();
        int c = port_console_read();
        if (c >= 0) {
            obey(c);
        } else {
            port_idle(port_ticks() + port_tick_hz());
        }
    }
}
