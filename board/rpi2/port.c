/* port.c -- firmware/port.h on a Raspberry Pi 2. Ethernet: port_eth.c, card:
 * port_blk.c, pulse: port_pps.c. */
#include "port.h"
#include <string.h>
#include "board.h"
#include "crashnote.h"
#include "fault.h"
#include "gentimer.h"
#include "gpio.h"
#include "machine.h"
#include "pm.h"
#include "rpi2.h"
#include "stack.h"

#define IDLE_MAX_NS   1000000000 /* patience() stays within 64 bits   */
#define POOL_WORDS    64u
#define POOL_PER_POLL 4u
#define WORD_WAIT_NS  200000 /* the generator: some 30 us a word           */

uint64_t port_ticks(void)
{
    return gentimer_ticks();
}

uint32_t port_tick_hz(void)
{
    return rpi2_hz();
}

/* ---- entropy: words gathered ahead, so that asking does not wait ---- */

static uint32_t pool[POOL_WORDS];
static unsigned pooled;

static void fill_pool(void)
{
    for (unsigned i = 0; i < POOL_PER_POLL && pooled < POOL_WORDS; i++) {
        if (rng_word(&rpi2_rng, &pool[pooled]) != RC_OK)
            return;
        pooled++;
    }
}

static int next_word(uint32_t *out)
{
    if (pooled > 0) {
        *out = pool[--pooled];
        pool[pooled] = 0;
        return RC_OK;
    }
    mono_ns start = rpi2_now();
    int rc;
    do {
        rc = rng_word(&rpi2_rng, out);
    } while (rc == RC_AGAIN && rpi2_now() - start < WORD_WAIT_NS);
    return rc == RC_OK ? RC_OK : RC_IO;
}

int port_entropy(uint8_t *buf, size_t len)
{
    for (size_t at = 0; at < len;) {
        uint32_t word;
        if (next_word(&word) != RC_OK) {
            memset(buf, 0, len); /* nobody uses half a key */
            return RC_IO;
        }
        size_t n = len - at < sizeof word ? len - at : sizeof word;
        memcpy(buf + at, &word, n);
        at += n;
    }
    return RC_OK;
}

/* ---- the loop ---- */

void port_poll(void)
{
    rpi2_woken = false;
    rpi2_eth_poll();
    rpi2_blk_poll();
    uint32_t cpsr = cpu_irq_save();
    pl011_service(&rpi2_uart);
    cpu_irq_restore(cpsr);
    fill_pool();
}

static mono_ns earlier(mono_ns a, mono_ns b)
{
    return a < b ? a : b;
}

/* How long the drivers can do without a poll, in ticks. */
static uint64_t patience(void)
{
    mono_ns now = rpi2_now();
    mono_ns due = earlier(rpi2_eth_due(), rpi2_blk_due());
    due = earlier(due, now + IDLE_MAX_NS);
    return due <= now ? 0 : (uint64_t)(due - now) * rpi2_hz() / 1000000000;
}

static uint64_t silence_at; /* of the next interrupt that counts it */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void port_idle(uint64_t until_ticks)
{
    uint64_t until = gentimer_ticks() + patience();
    until = least(least(until, until_ticks), silence_at);

    /* Masked, an interrupt still ends WFI, so one that comes between the
     * test and the WFI is not slept through. */
    uint32_t cpsr = cpu_irq_save();
    if (!rpi2_woken && until > gentimer_ticks()) {
        gentimer_phys_arm(until);
        cpu_wfi();
        gentimer_phys_arm(silence_at);
    }
    cpu_irq_restore(cpsr);
}

/* ---- console ---- */

size_t port_console(const char *s, size_t len)
{
    uint32_t cpsr = cpu_irq_save();
    size_t n = pl011_write(&rpi2_uart, s, len);
    pl011_service(&rpi2_uart);
    cpu_irq_restore(cpsr);
    return n;
}

int port_console_read(void)
{
    uint32_t cpsr = cpu_irq_save();
    int c = pl011_read(&rpi2_uart);
    cpu_irq_restore(cpsr);
    return c;
}

/* ---- the machine itself ---- */

void port_led(bool lit)
{
    if (lit)
        gpio_set(BOARD_GPIO, BOARD_PIN_LED);
    else
        gpio_clear(BOARD_GPIO, BOARD_PIN_LED);
}

/* Silence is counted in interrupts a second apart, not in the counter's
 * seconds: an emulator that stood still delivers one, however late. */
static volatile uint32_t silence; /* interrupts since the last kick */
static uint64_t kicked;

void rpi2_silence_arm(void)
{
    silence_at = gentimer_ticks() + rpi2_hz();
    gentimer_phys_arm(silence_at);
}

void rpi2_silence_irq(uint32_t pc)
{
    rpi2_silence_arm();
    if (++silence > PORT_SILENCE_S) {
        fault_silence(
            pc, (uint32_t)((gentimer_ticks() - kicked) / (rpi2_hz() / 1000)));
    }
}

void port_watchdog_kick(void)
{
    static bool armed;
    kicked = gentimer_ticks();
    silence = 0;
    if (rpi2_facts.emulated)
        return; /* QEMU resets as soon as it is armed */
    if (!armed) {
        armed = true;
        crashnote_watchdog_armed();
    }
    pm_watchdog(BOARD_PM, PM_WATCHDOG_MAX_MS);
}

void port_stable(void)
{
    crashnote_settled();
}

_Noreturn void port_reset(void)
{
    (void)cpu_irq_save();
    crashnote_asked();
    rpi2_uart_drain();
    machine_reset();
}

/* New-style revision codes carry the processor in bits 12..15. */
static const char *board_name(uint32_t revision)
{
    bool new_style = (revision & 1u << 23) != 0;
    return new_style && (revision >> 12 & 15) == 2
               ? "Raspberry Pi 2 Model B (BCM2837)"
               : "Raspberry Pi 2 Model B (BCM2836)";
}

void port_info(struct port_info *out)
{
    *out = (struct port_info){
        .board = board_name(rpi2_facts.revision),
        .revision = rpi2_facts.revision,
        .last_reset = crashnote_last_reset(),
        .crashes = crashnote_failures(),
        .trouble = rpi2_eth_trouble(),
        .card_errors = rpi2_blk_errors(),
        .stack_size = stack_size(),
        .stack_used = stack_used(),
        .irq_stack_size = stack_irq_size(),
        .irq_stack_used = stack_irq_used(),
    };
}
