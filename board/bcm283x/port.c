/* port.c -- firmware/port.h on a Raspberry Pi. Ethernet: port_eth.c, card:
 * port_blk.c, pulse: port_pps.c. */
#include "port.h"
#include <string.h>
#include "crashnote.h"
#include "fault.h"
#include "gpio.h"
#include "machine.h"
#include "machine_private.h"
#include "pm.h"
#include "stack.h"
#include "text.h"

#define IDLE_MAX_NS   MONO_S
#define POOL_WORDS    64u
#define POOL_PER_POLL 4u
#define WORD_WAIT_NS  (200 * MONO_US) /* the generator: some 30 us a word */

uint64_t port_ticks(void)
{
    return timer_ticks();
}

uint32_t port_tick_hz(void)
{
    return timer_hz();
}

/* ---- entropy: words gathered ahead, so that asking does not wait ---- */

static uint32_t pool[POOL_WORDS];
static unsigned pooled;

static void fill_pool(void)
{
    for (unsigned i = 0; i < POOL_PER_POLL && pooled < POOL_WORDS; i++) {
        if (rng_word(&machine_rng, &pool[pooled]) != RC_OK)
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
    mono_ns start = machine_now();
    int rc;
    do {
        rc = rng_word(&machine_rng, out);
    } while (rc == RC_AGAIN && machine_now() - start < WORD_WAIT_NS);
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
    machine_woken = false;
    machine_eth->poll();
    machine_blk_poll();
    vc_poll(&machine_vc, machine_now());
    uint32_t cpsr = cpu_irq_save();
    pl011_service(&machine_uart);
    cpu_irq_restore(cpsr);
    fill_pool();
}

/* How long the drivers can do without a poll, in ticks. */
static uint64_t patience(void)
{
    mono_ns now = machine_now();
    mono_ns due = mono_min(machine_eth->due(), machine_blk_due());
    due = mono_min(due, vc_due(&machine_vc, now));
    due = mono_min(due, now + IDLE_MAX_NS);
    return due <= now ? 0 : mono_to_ticks(due - now, timer_hz());
}

static uint64_t silence_at; /* of the next interrupt that counts it */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void port_idle(uint64_t until_ticks)
{
    uint64_t until = timer_ticks() + patience();
    until = least(least(until, until_ticks), silence_at);

    /* Masked, an interrupt still ends WFI, so one that comes between the
     * test and the WFI is not slept through. */
    uint32_t cpsr = cpu_irq_save();
    if (!machine_woken && until > timer_ticks()) {
        timer_wake_arm(until);
        cpu_wfi();
        timer_wake_arm(silence_at);
    }
    cpu_irq_restore(cpsr);
}

/* ---- console ---- */

size_t port_console(const char *s, size_t len)
{
    uint32_t cpsr = cpu_irq_save();
    size_t n = pl011_write(&machine_uart, s, len);
    pl011_service(&machine_uart);
    cpu_irq_restore(cpsr);
    return n;
}

int port_console_read(void)
{
    uint32_t cpsr = cpu_irq_save();
    int c = pl011_read(&machine_uart);
    cpu_irq_restore(cpsr);
    return c;
}

/* ---- the machine itself ---- */

void port_led(bool lit)
{
    const struct board_model *m = machine_model;
    if (m->led == MODEL_LED_NONE)
        return;
    if (m->led == MODEL_LED_EXPANDER)
        vc_pin(&machine_vc, m->led_pin, lit);
    else if (lit == (m->led == MODEL_LED_HIGH))
        gpio_set(soc->gpio, m->led_pin);
    else
        gpio_clear(soc->gpio, m->led_pin);
}

/* Silence is counted in interrupts a second apart, not in the counter's
 * seconds: an emulator that stood still delivers one, however late. */
static volatile uint32_t silence; /* interrupts since the last kick */
static uint64_t kicked;

void machine_silence_arm(void)
{
    silence_at = timer_ticks() + timer_hz();
    timer_wake_arm(silence_at);
}

void machine_silence_irq(uint32_t pc)
{
    machine_silence_arm();
    if (++silence > PORT_SILENCE_S) {
        fault_silence(
            pc, (uint32_t)((timer_ticks() - kicked) / (timer_hz() / 1000)));
    }
}

void port_watchdog_kick(void)
{
    static bool armed;
    kicked = timer_ticks();
    silence = 0;
    if (machine_facts.emulated)
        return; /* QEMU resets as soon as it is armed */
    if (!armed) {
        armed = true;
        crashnote_watchdog_armed();
    }
    pm_watchdog(soc->pm, PM_WATCHDOG_MAX_MS);
}

int port_temperature(int32_t *millidegrees)
{
    if (machine_vc.mute || !machine_vc.temperature_told)
        return RC_STATE;
    *millidegrees = machine_vc.millidegrees;
    return RC_OK;
}

void port_stable(void)
{
    crashnote_settled();
}

_Noreturn void port_reset(void)
{
    (void)cpu_irq_save();
    crashnote_asked();
    machine_uart_drain();
    machine_reset();
}

static const char *board_name(void)
{
    static char name[64];
    struct text t;
    text_init(&t, name, sizeof name);
    text_str(&t, machine_model->name);
    text_str(&t, " (");
    text_str(&t, soc->name);
    if (!board_model_known(machine_facts.revision)) {
        text_str(&t, ", revision code ");
        text_hex(&t, machine_facts.revision);
    }
    text_str(&t, ")");
    return name;
}

void port_info(struct port_info *out)
{
    *out = (struct port_info){
        .board = board_name(),
        .revision = machine_facts.revision,
        .last_reset = crashnote_last_reset(),
        .boots = crashnote_boots(),
        .crashes = crashnote_failures(),
        .trouble = machine_eth->trouble(),
        .eth_silent = machine_eth->found() == MACHINE_ETH_SILENT,
        .eth_foreign = machine_eth->found() == MACHINE_ETH_FOREIGN,
        .card_errors = machine_blk_errors(),
        .stack_size = stack_size(),
        .stack_used = stack_used(),
        .irq_stack_size = stack_irq_size(),
        .irq_stack_used = stack_irq_used(),
    };
}
