/* machine.c -- from start.S to gnomon_main(): the only place where the machine
 * waits, each wait bounded in time. */
#include "crashnote.h"
#include "dma.h"
#include "gpio.h"
#include "hw.h"
#include "machine.h"
#include "machine_private.h"
#include "mailbox.h"
#include "mmu.h"
#include "pm.h"
#include "port.h"

#define BAUD            115200u
#define UART_HZ_DEFAULT 48000000u /* the firmware's init_uart_clock */

#define PULL_SETTLE_NS   (10 * MONO_US)
#define LAST_BYTE_NS     (5 * MONO_MS)
#define ENTROPY_START_NS (2 * MONO_S) /* the generator's warm-up, and more */

extern char __note_start[];

struct machine_facts machine_facts;
struct pl011 machine_uart;
struct rng machine_rng;
volatile bool machine_woken;
const struct machine_eth *machine_eth;
const struct board_model *machine_model;

static struct mailbox mailbox;

mono_ns machine_now(void)
{
    return mono_of_ticks(timer_ticks(), timer_hz());
}

static void spin(mono_ns ns)
{
    mono_ns start = machine_now();
    while (machine_now() - start < ns) {
    }
}

/* ---- last words and the end ---- */

static bool put_in_time(char c)
{
    mono_ns start = machine_now();
    while (!pl011_put_direct(soc->uart, c))
        if (machine_now() - start > LAST_BYTE_NS)
            return false;
    return true;
}

void machine_uart_drain(void)
{
    struct pl011 *u = &machine_uart;
    while (!pl011_idle(u) &&
           put_in_time((char)u->tx[u->tx_out % PL011_TX_RING]))
        u->tx_out++;
}

void machine_last_words(const char *s, size_t len)
{
    machine_uart_drain();
    for (size_t i = 0; i < len && put_in_time(s[i]); i++) {
    }
}

_Noreturn void machine_reset(void)
{
    pm_reset(soc->pm);
    for (;;) {
    }
}

/* ---- start-up ---- */

static void map_memory(void)
{
    struct mmu_range ranges[1 + SOC_RANGES] = {
        {(uint32_t)(uintptr_t)__note_start, 0x100000, MMU_UNCACHED},
    };
    for (size_t i = 0; i < SOC_RANGES; i++)
        ranges[1 + i] = (struct mmu_range){soc->range[i].base,
                                           soc->range[i].size, MMU_DEVICE};
    mmu_init(ranges, LEN(ranges));
}

static int wait_for_mailbox(void)
{
    int rc;
    do {
        rc = mailbox_done(&mailbox, machine_now());
    } while (rc == RC_AGAIN);
    return rc;
}

/* A tag's value, or the default where the firmware has no (sane) answer. */
static uint32_t answer(size_t tag, size_t word, uint32_t otherwise)
{
    uint32_t v = mailbox_value(&mailbox, tag, word);
    return mailbox_answered(&mailbox, tag) && v != 0 ? v : otherwise;
}

static void keep_mac(size_t tag)
{
    for (unsigned i = 0; i < 6; i++) {
        uint32_t word = answer(tag, i / 4, 0);
        machine_facts.mac[i] = (uint8_t)(word >> i % 4 * 8);
    }
}

static void ask_firmware(void)
{
    struct machine_facts *f = &machine_facts;
    f->uart_hz = UART_HZ_DEFAULT;
    const uint32_t uart[] = {MAILBOX_CLOCK_UART, 0};
    const uint32_t emmc[] = {MAILBOX_CLOCK_EMMC, 0};
    const uint32_t usb_on[] = {MAILBOX_POWER_USB, 3};
    struct mailbox *m = &mailbox;
    mailbox_begin(m, soc->mailbox);
    size_t firmware = mailbox_tag(m, MAILBOX_FIRMWARE_REVISION, 1, NULL, 0);
    size_t revision = mailbox_tag(m, MAILBOX_BOARD_REVISION, 1, NULL, 0);
    size_t mac = mailbox_tag(m, MAILBOX_BOARD_MAC, 2, NULL, 0);
    size_t memory = mailbox_tag(m, MAILBOX_ARM_MEMORY, 2, NULL, 0);
    size_t uart_hz = mailbox_tag(m, MAILBOX_CLOCK_RATE, 2, uart, 2);
    size_t emmc_hz = mailbox_tag(m, MAILBOX_CLOCK_RATE, 2, emmc, 2);
    (void)mailbox_tag(m, MAILBOX_SET_POWER, 2, usb_on, 2);
    mailbox_send(m, machine_now());
    if (wait_for_mailbox() != RC_OK)
        return; /* defaults; not an emulator, as far as we know */
    f->firmware = answer(firmware, 0, 0);
    f->revision = answer(revision, 0, 0);
    f->memory_bytes = answer(memory, 1, 0);
    f->uart_hz = answer(uart_hz, 1, f->uart_hz);
    f->emmc_hz = answer(emmc_hz, 1, 0);
    f->emulated = f->firmware == SOC_QEMU_FIRMWARE;
    keep_mac(mac);
}

static void start_uart(void)
{
    gpio_function(soc->gpio, MODEL_PIN_TXD, GPIO_ALT0);
    gpio_function(soc->gpio, MODEL_PIN_RXD, GPIO_ALT0);
    /* Nothing plugged in must not read as a storm of bytes. */
    gpio_pull_choose(soc->gpio, GPIO_PULL_UP);
    spin(PULL_SETTLE_NS);
    gpio_pull_clock(soc->gpio, MODEL_PIN_RXD);
    spin(PULL_SETTLE_NS);
    gpio_pull_end(soc->gpio, MODEL_PIN_RXD);
    uint32_t hz = machine_facts.uart_hz;
    if (hz < 16 * BAUD || hz > 1000000000)
        hz = UART_HZ_DEFAULT;
    pl011_init(&machine_uart, soc->uart, hz, BAUD);
    machine_irq_enable(soc->irq_uart);
}

/* Keys are made in the first second: wait here for the first word, so that
 * port_entropy finds a generator that has warmed up. */
static void start_rng(void)
{
    rng_init(&machine_rng, soc->rng);
    mono_ns start = machine_now();
    uint32_t word;
    while (rng_word(&machine_rng, &word) != RC_OK &&
           machine_now() - start < ENTROPY_START_NS) {
    }
}

/* GENET's row is here once there is a driver; an emulated BCM2711 has none. */
static const struct machine_eth *choose_eth(void)
{
    if (machine_model->eth == MODEL_ETH_NONE || soc->dwc2 == 0)
        return &machine_eth_none;
    return &machine_eth_usb;
}

static void start_led(void)
{
    if (machine_model->led != MODEL_LED_HIGH &&
        machine_model->led != MODEL_LED_LOW)
        return;
    port_led(false);
    gpio_function(soc->gpio, machine_model->led_pin, GPIO_OUT);
}

_Noreturn void board_main(uint32_t entry_cpsr)
{
    soc = soc_of_midr(cpu_id());
    while (soc == NULL) /* no address is known at which to say so */
        cpu_wfi();
    machine_model = board_model_of(0);
    machine_eth = &machine_eth_none;
    timer_init(soc->system_timer, soc->counter_hz);
    dma_init(soc->bus_alias, soc->cache_line);
    map_memory();
    machine_facts.entry_cpsr = entry_cpsr;
    machine_irq_init();
    machine_silence_arm();
    crashnote_boot();
    ask_firmware();
    machine_model = board_model_of(machine_facts.revision);
    machine_eth = choose_eth();
    start_uart();
    start_led();
    machine_pps_init();
    machine_eth->init();
    machine_blk_init();
    start_rng();
    port_watchdog_kick();
    cpu_irq_restore(0);
    gnomon_main();
}
