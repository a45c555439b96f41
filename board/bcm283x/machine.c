/* machine.c -- from start.S to gnomon_main(): the only place where the machine
 * waits, each wait bounded in time. */
#include "crashnote.h"
#include "dma.h"
#include "gpio.h"
#include "hw.h"
#include "machine.h"
#include "machine_private.h"
#include "mmu.h"
#include "pm.h"
#include "port.h"
#include "text.h"

#define BAUD            115200u
#define UART_HZ_DEFAULT 48000000u /* the firmware's init_uart_clock */

/* The card controllers' clocks where nobody tells. */
#define ARASAN_HZ 250000000u
#define EMMC2_HZ  100000000u

#define CARD_SUPPLY_NS (5 * MONO_MS)

#define PIN_BT_FIRST 32u /* the PL011's as ALT3, where there is a radio */
#define PIN_BT_LAST  33u

#define PULL_SETTLE_NS   (10 * MONO_US)
#define LAST_BYTE_NS     (5 * MONO_MS)
#define LAST_BYTES_NS    (5 * MONO_MS) /* what the FIFO holds takes 1.5 ms */
#define ENTROPY_START_NS (2 * MONO_S)  /* the generator's warm-up, and more */

extern char __note_start[];

struct machine_facts machine_facts;
struct pl011 machine_uart;
struct rng machine_rng;
struct vc machine_vc;
volatile bool machine_woken;
const struct machine_eth *machine_eth;
const struct board_model *machine_model;

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

/* ---- console ---- */

/* Nothing plugged in must not read as a storm of bytes. */
static void pull_up(unsigned pin)
{
    if (soc->pulls == SOC_PULLS_DIRECT) {
        gpio_pull(soc->gpio, pin, GPIO_PULL_UP);
        return;
    }
    gpio_pull_choose(soc->gpio, GPIO_PULL_UP);
    spin(PULL_SETTLE_NS);
    gpio_pull_clock(soc->gpio, pin);
    spin(PULL_SETTLE_NS);
    gpio_pull_end(soc->gpio, pin);
}

/* The only pins that are touched before the board is known: they are the
 * console's on every one of them. */
static void start_console(void)
{
    gpio_function(soc->gpio, MODEL_PIN_TXD, GPIO_ALT0);
    gpio_function(soc->gpio, MODEL_PIN_RXD, GPIO_ALT0);
    pull_up(MODEL_PIN_RXD);
    pl011_init(&machine_uart, soc->uart, UART_HZ_DEFAULT, BAUD);
    struct text *t = machine_stage("start: ");
    text_str(t, soc->name);
    text_str(t, ", MIDR ");
    text_hex(t, cpu_id());
    text_str(t, ", entered in mode ");
    text_hex2(t, machine_facts.entry_cpsr & 31);
    machine_stage_end();
}

/* Once its clock is known: what waits is sent at the old rate first. */
static void adjust_console(void)
{
    uint32_t hz = machine_vc.clock[VC_UART].hz;
    if (hz < 16 * BAUD || hz > 1000000000)
        hz = UART_HZ_DEFAULT;
    if (hz != UART_HZ_DEFAULT) {
        machine_uart_drain();
        mono_ns start = machine_now();
        while (!pl011_silent(soc->uart) &&
               machine_now() - start < LAST_BYTES_NS) {
        }
        pl011_init(&machine_uart, soc->uart, hz, BAUD);
    }
    machine_irq_enable(soc->irq_uart);
}

/* ---- what the VideoCore firmware says ---- */

static void say_power(const char *what, enum vc_power p)
{
    static const char *const how[] = {
        [VC_UNTOLD] = "not told whether it is on",
        [VC_ON] = "on",
        [VC_OFF] = "OFF: the firmware did not switch it on",
        [VC_NO_SUCH] = "the firmware knows no such supply",
    };
    struct text *t = machine_stage("power of ");
    text_str(t, what);
    text_str(t, ": ");
    text_str(t, how[p]);
    machine_stage_end();
}

static void say_clock(const char *what, const struct vc_clock *c)
{
    struct text *t = machine_stage("clock of ");
    text_str(t, what);
    text_str(t, ": ");
    text_dec(t, c->hz);
    text_str(t, " Hz, ");
    text_str(t, c->from);
    text_str(t, c->was_off ? ", was off" : "");
    machine_stage_end();
}

static void ask_firmware(void)
{
    struct vc *v = &machine_vc;
    vc_ask(v, soc->mailbox,
           soc->sd_kind == SDHCI_EMMC2 ? MAILBOX_CLOCK_EMMC2
                                       : MAILBOX_CLOCK_EMMC,
           soc->sd_kind == SDHCI_EMMC2 ? EMMC2_HZ : ARASAN_HZ);
    struct machine_facts *f = &machine_facts;
    f->revision = v->revision;
    f->emulated = v->firmware == SOC_QEMU_FIRMWARE;
    for (unsigned i = 0; i < sizeof f->mac; i++)
        f->mac[i] = v->mac[i];
    machine_model = board_model_of(v->revision);
}

static void say_firmware(void)
{
    const struct vc *v = &machine_vc;
    struct text *t = machine_stage("firmware: ");
    if (v->mute)
        text_str(t, "the mailbox does not answer: defaults for all it tells; ");
    if (v->revision == 0) {
        text_str(t, "board not told: no pin is used, no LED, no pulse");
    } else {
        text_str(t, board_model_known(v->revision)
                        ? machine_model->name
                        : "a board that Gnomon does not know: only console "
                          "and card are started");
        text_str(t, ", revision code ");
        text_hex(t, v->revision);
    }
    machine_stage_end();
    if (v->mac_made) {
        (void)machine_stage("MAC address: not told, made from the serial "
                            "number");
        machine_stage_end();
    }
    say_power("card", v->sd);
    say_power("USB", v->usb);
    say_clock("UART", &v->clock[VC_UART]);
    say_clock("card", &v->clock[VC_SD]);
}

/* A card's lines at 1.8 V are a boot loader's choice; ours is 3.3 V. */
static void set_card_supply(void)
{
    if (soc->sd_1v8_pin == 0)
        return;
    bool done = vc_pin_now(&machine_vc, soc->sd_1v8_pin, false);
    struct text *t = machine_stage("card's lines at 3.3 V: ");
    text_str(t, done ? "set"
                     : "the firmware did not say so; if no card answers, cut "
                       "the power and start again");
    machine_stage_end();
    spin(CARD_SUPPLY_NS);
}

/* Bluetooth's UART is the PL011: it leaves our console alone. */
static void start_pins(void)
{
    if (machine_model->radio)
        for (unsigned pin = PIN_BT_FIRST; pin <= PIN_BT_LAST; pin++)
            gpio_function(soc->gpio, pin, GPIO_IN);
    const struct board_model *m = machine_model;
    port_led(false);
    if (m->led == MODEL_LED_HIGH || m->led == MODEL_LED_LOW)
        gpio_function(soc->gpio, m->led_pin, GPIO_OUT);
}

/* ---- random numbers ---- */

/* No emulator has an RNG200. Who starts one puts random words here; each is
 * used once, and there is no key exchange without. */
#define SEEDS      ((uint32_t *)(void *)(__note_start + 0x80000))
#define SEED_WORDS 0x20000u

static void choose_rng(void)
{
    if (soc->rng_kind == SOC_RNG_BCM2835)
        rng_init(&machine_rng, soc->rng);
    else if (machine_facts.emulated)
        rng_words_init(&machine_rng, SEEDS, SEED_WORDS);
    else
        rng200_init(&machine_rng, soc->rng);
}

/* Keys are made in the first second: wait here for the first word, so that
 * port_entropy finds a generator that has warmed up. Where none comes, *word is
 * 0. */
static void first_random(uint32_t *word)
{
    mono_ns start = machine_now();
    int rc;
    do {
        rc = rng_word(&machine_rng, word);
    } while (rc != RC_OK && machine_now() - start < ENTROPY_START_NS);
    if (rc == RC_OK)
        return;
    *word = 0;
    (void)machine_stage("random numbers: the generator gives none in 2 s; "
                        "without it no key exchange is begun");
    machine_stage_end();
}

static bool has_mac(void)
{
    uint8_t any = 0;
    for (unsigned i = 0; i < sizeof machine_facts.mac; i++)
        any |= machine_facts.mac[i];
    return any != 0;
}

/* A board that has neither address nor serial number: another at every start,
 * which a DHCP server takes for another machine. */
static void random_mac(void)
{
    uint32_t word;
    first_random(&word);
    uint8_t *mac = machine_facts.mac;
    mac[0] = 0x02;
    for (unsigned i = 0; i < sizeof word; i++)
        mac[2 + i] = (uint8_t)(word >> i * 8);
    (void)machine_stage("MAC address: not told, a random one until the next "
                        "start");
    machine_stage_end();
}

/* No emulator has a GENET; there the BCM2711's USB stands in for it. On a real
 * one that is the power socket. */
static const struct machine_eth *choose_eth(void)
{
    if (machine_model->eth == MODEL_ETH_NONE)
        return &machine_eth_none;
    if (soc->genet != 0 && !machine_facts.emulated)
        return &machine_eth_genet;
    return soc->dwc2 != 0 ? &machine_eth_usb : &machine_eth_none;
}

_Noreturn void board_main(uint32_t entry_cpsr)
{
    soc = soc_of_midr(cpu_id());
    while (soc == NULL) /* no address is known at which to say so */
        cpu_wfi();
    machine_facts.entry_cpsr = entry_cpsr;
    machine_model = board_model_of(0);
    machine_eth = &machine_eth_none;
    timer_init(soc->system_timer, soc->counter_hz);
    dma_init(soc->bus_alias, soc->cache_line);
    map_memory();
    machine_facts_start();
    start_console();
    machine_irq_init();
    machine_silence_arm();
    crashnote_boot();
    ask_firmware();
    start_pins();
    adjust_console();
    say_firmware();
    set_card_supply();
    machine_eth = choose_eth();
    machine_pps_init();
    choose_rng();
    if (!has_mac())
        random_mac();
    machine_eth->init();
    machine_blk_init();
    uint32_t word;
    first_random(&word);
    if (!machine_counter_believable()) {
        (void)machine_stage("counter: not the rate that is told; `board' has "
                            "both figures");
        machine_stage_end();
    }
    port_watchdog_kick();
    cpu_irq_restore(0);
    gnomon_main();
}
