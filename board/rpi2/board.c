/* board.c -- from start.S to gnomon_main(): the only place where this board
 * waits, each wait bounded in time. */
#include "board.h"
#include "crashnote.h"
#include "gentimer.h"
#include "gpio.h"
#include "hw.h"
#include "machine.h"
#include "mailbox.h"
#include "pm.h"
#include "port.h"
#include "rpi2.h"

#define MS               1000000 /* ns */
#define PULL_SETTLE_NS   10000
#define LAST_BYTE_MS     5
#define ENTROPY_START_MS 2000 /* the generator's warm-up, and then some */

extern char __note_start[];

struct rpi2_facts rpi2_facts;
struct pl011 rpi2_uart;
struct rng rpi2_rng;
const struct bcm2836_irq rpi2_irq = {BOARD_LOCAL, BOARD_IRQC};
volatile bool rpi2_woken;

static uint64_t boot_ticks;
static struct mailbox mailbox;

uint32_t rpi2_hz(void)
{
    uint32_t hz = cp15_cntfrq();
    return hz >= 1000000 && hz <= 100000000 ? hz : BOARD_COUNTER_HZ;
}

mono_ns rpi2_now(void)
{
    uint64_t d = gentimer_ticks() - boot_ticks;
    uint32_t hz = rpi2_hz();
    return (mono_ns)(d / hz * 1000000000 + d % hz * 1000000000 / hz);
}

static void spin(mono_ns ns)
{
    mono_ns start = rpi2_now();
    while (rpi2_now() - start < ns) {
    }
}

/* ---- last words and the end ---- */

static bool put_in_time(char c)
{
    uint64_t start = gentimer_ticks();
    uint64_t limit = (uint64_t)rpi2_hz() / 1000 * LAST_BYTE_MS;
    while (!pl011_put_direct(BOARD_PL011, c))
        if (gentimer_ticks() - start > limit)
            return false;
    return true;
}

void rpi2_uart_drain(void)
{
    struct pl011 *u = &rpi2_uart;
    while (!pl011_idle(u) &&
           put_in_time((char)u->tx[u->tx_out % PL011_TX_RING]))
        u->tx_out++;
}

void machine_last_words(const char *s, size_t len)
{
    rpi2_uart_drain();
    for (size_t i = 0; i < len && put_in_time(s[i]); i++) {
    }
}

_Noreturn void machine_reset(void)
{
    pm_reset(BOARD_PM);
    for (;;) {
    }
}

/* ---- start-up ---- */

static void map_memory(void)
{
    const struct mmu_range ranges[] = {
        {(uint32_t)(uintptr_t)__note_start, 0x100000, MMU_UNCACHED},
        {BOARD_PERIPHERALS, BOARD_PERIPH_SIZE, MMU_DEVICE},
        {BOARD_LOCAL, BOARD_LOCAL_SIZE, MMU_DEVICE},
    };
    mmu_init(ranges, LEN(ranges));
}

static int wait_for_mailbox(void)
{
    int rc;
    do {
        rc = mailbox_done(&mailbox, rpi2_now());
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
        rpi2_facts.mac[i] = (uint8_t)(word >> i % 4 * 8);
    }
}

static void ask_firmware(void)
{
    struct rpi2_facts *f = &rpi2_facts;
    f->uart_hz = BOARD_UART_HZ_DEFAULT;
    const uint32_t uart[] = {MAILBOX_CLOCK_UART, 0};
    const uint32_t emmc[] = {MAILBOX_CLOCK_EMMC, 0};
    const uint32_t usb_on[] = {MAILBOX_POWER_USB, 3};
    struct mailbox *m = &mailbox;
    mailbox_begin(m, BOARD_MAILBOX);
    size_t firmware = mailbox_tag(m, MAILBOX_FIRMWARE_REVISION, 1, NULL, 0);
    size_t revision = mailbox_tag(m, MAILBOX_BOARD_REVISION, 1, NULL, 0);
    size_t mac = mailbox_tag(m, MAILBOX_BOARD_MAC, 2, NULL, 0);
    size_t memory = mailbox_tag(m, MAILBOX_ARM_MEMORY, 2, NULL, 0);
    size_t uart_hz = mailbox_tag(m, MAILBOX_CLOCK_RATE, 2, uart, 2);
    size_t emmc_hz = mailbox_tag(m, MAILBOX_CLOCK_RATE, 2, emmc, 2);
    (void)mailbox_tag(m, MAILBOX_SET_POWER, 2, usb_on, 2);
    mailbox_send(m, rpi2_now());
    if (wait_for_mailbox() != RC_OK)
        return; /* defaults; not an emulator, as far as we know */
    f->firmware = answer(firmware, 0, 0);
    f->revision = answer(revision, 0, 0);
    f->memory_bytes = answer(memory, 1, 0);
    f->uart_hz = answer(uart_hz, 1, f->uart_hz);
    f->emmc_hz = answer(emmc_hz, 1, 0);
    f->emulated = f->firmware == BOARD_QEMU_FIRMWARE;
    keep_mac(mac);
}

static void start_uart(void)
{
    gpio_function(BOARD_GPIO, BOARD_PIN_TXD, GPIO_ALT0);
    gpio_function(BOARD_GPIO, BOARD_PIN_RXD, GPIO_ALT0);
    /* Nothing plugged in must not read as a storm of bytes. */
    gpio_pull_choose(BOARD_GPIO, GPIO_PULL_UP);
    spin(PULL_SETTLE_NS);
    gpio_pull_clock(BOARD_GPIO, BOARD_PIN_RXD);
    spin(PULL_SETTLE_NS);
    gpio_pull_end(BOARD_GPIO, BOARD_PIN_RXD);
    uint32_t hz = rpi2_facts.uart_hz;
    if (hz < 16 * BOARD_BAUD || hz > 1000000000)
        hz = BOARD_UART_HZ_DEFAULT;
    pl011_init(&rpi2_uart, BOARD_PL011, hz, BOARD_BAUD);
    bcm2836_irq_gpu_enable(&rpi2_irq, BOARD_IRQ_PL011);
}

/* Keys are made in the first second: wait here for the first word, so that
 * port_entropy finds a generator that has warmed up. */
static void start_rng(void)
{
    rng_init(&rpi2_rng, BOARD_RNG);
    mono_ns start = rpi2_now();
    uint32_t word;
    while (rng_word(&rpi2_rng, &word) != RC_OK &&
           rpi2_now() - start < (mono_ns)ENTROPY_START_MS * MS) {
    }
}

_Noreturn void board_main(uint32_t entry_cpsr)
{
    map_memory();
    rpi2_facts.entry_cpsr = entry_cpsr;
    bcm2836_irq_init(&rpi2_irq);
    boot_ticks = gentimer_ticks();
    rpi2_silence_arm();
    gentimer_virt_stop();
    crashnote_boot();
    ask_firmware();
    start_uart();
    gpio_clear(BOARD_GPIO, BOARD_PIN_LED);
    gpio_function(BOARD_GPIO, BOARD_PIN_LED, GPIO_OUT);
    rpi2_pps_init();
    rpi2_eth_init();
    rpi2_blk_init();
    start_rng();
    port_watchdog_kick();
    cpu_irq_restore(0);
    gnomon_main();
}

/* ---- interrupts ---- */

static void gpu_interrupts(void)
{
    uint64_t pending = bcm2836_irq_gpu_pending(&rpi2_irq);
    if ((pending & 1ull << BOARD_IRQ_USB) != 0)
        rpi2_eth_irq();
    if ((pending & 1ull << BOARD_IRQ_PL011) != 0)
        pl011_service(&rpi2_uart);
    rpi2_woken = true;
}

void irq_handler(uint32_t pc)
{
    uint32_t pending = bcm2836_irq_pending(&rpi2_irq);
    if ((pending & BCM2836_IRQ_VIRT) != 0)
        rpi2_pps_irq(); /* first: it has an edge to meet */
    if ((pending & BCM2836_IRQ_PHYS) != 0)
        rpi2_silence_irq(pc);
    if ((pending & BCM2836_IRQ_GPU) != 0)
        gpu_interrupts();
}
