#include "smsc_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dwc2_model.h"

#define MS 1000000LL

struct usb u;
struct usb_chip chip;
struct mdev lan;
static struct mdev hub[2], kbd;
static const struct usb_chip_kind *kind;
static void (*a_hub)(struct mdev *d, uint8_t speed);
unsigned stride;
static struct {
    uint8_t b[CHIP_FRAME];
    size_t len;
    unsigned count;
    bool echo;
    uint64_t first_bit; /* when the echo's began                             */
} sent;

static void irq(void)
{
    usb_irq(&u);
}

static void send_back(void)
{
    uint8_t b[CHIP_FRAME];
    memcpy(b, sent.b, sent.len);
    memcpy(b, sent.b + 6, 6);
    memcpy(b + 6, sent.b, 6);
    sent.first_bit = chip.now_ns;
    chip_frame(&chip, b, sent.len);
}

static void on_wire(void *ctx, const uint8_t *p, size_t len)
{
    (void)ctx;
    memcpy(sent.b, p, len);
    sent.len = len;
    sent.count++;
    if (sent.echo)
        send_back();
}

int bench_start(const struct usb_chip_kind *k,
                void (*hub_of)(struct mdev *d, uint8_t speed))
{
    kind = k;
    a_hub = hub_of;
    stride = 7;
    model_init(&u, sizeof u);
    model.ticks_step = 3;
    model.irq = irq;
    memset(&sent, 0, sizeof sent);
    sent.echo = true;
    usb_init(&u, MODEL_BASE, &model_machine, model_now());
    chip_init(&chip, kind, true, on_wire, NULL);
    mdev_chip(&lan, &chip);
    return 0;
}

void run(int64_t ns)
{
    int64_t end = model_now() + ns;
    while (model_now() < end) {
        model_run(125000);
        usb_poll(&u, model_now());
    }
}

static const struct eth_ops *eth(void **dev)
{
    return usb_ethernet(&u, dev);
}

bool up(void)
{
    void *dev;
    return eth(&dev) != NULL;
}

int64_t wait_until(bool is, int64_t limit)
{
    int64_t t0 = model_now();
    while (up() != is) {
        if (model_now() - t0 > limit)
            return RC_TIMEOUT;
        run(125000);
    }
    return model_now() - t0;
}

void comes_up(void)
{
    if (wait_until(true, 5000 * MS) < 0)
        fail_msg("not up: %s; last reset: %s", usb_trouble(&u),
                 u.core.last_reset);
}

void no_faults(void)
{
    if (model.faults)
        fail_msg("model: %s (%u)", model.fault, model.faults);
    if (chip.faults)
        fail_msg("chip: %s (%u)", chip.fault, chip.faults);
    assert_int_equal(lan.wrong, 0);
    assert_int_equal(u.eth.stats.rx_bad, 0);
}

/* As a Raspberry Pi has it: behind its own hub, behind another one. */
void plug_in_a_pi(unsigned hubs)
{
    struct mdev *below = &lan;
    for (unsigned i = 0; i < hubs; i++) {
        a_hub(&hub[i], SPEED_HIGH);
        mdev_plug(&hub[i], 1, below);
        below = &hub[i];
    }
    model_plug(below);
}

static int receive(uint8_t b[1514], uint64_t *stamp)
{
    void *dev;
    const struct eth_ops *e = eth(&dev);
    return e ? e->recv(dev, b, 1514, stamp) : RC_STATE;
}

static size_t make_frame(uint8_t b[1514], size_t len)
{
    static const uint8_t to[6] = {2, 1, 2, 3, 4, 5};
    for (size_t i = 0; i < len; i++)
        b[i] = (uint8_t)(i * 5 + len);
    memcpy(b, to, 6);
    memcpy(b + 6, u.eth.mac, 6);
    return len;
}

static uint64_t send(const uint8_t *b, size_t len)
{
    uint64_t stamp = 0;
    void *dev;
    const struct eth_ops *e = eth(&dev);
    assert_non_null(e);
    int rc = RC_AGAIN;
    for (int i = 0; i < 100 && rc == RC_AGAIN; i++) {
        rc = e->send(dev, b, len, &stamp);
        if (rc == RC_AGAIN)
            run(125000);
    }
    assert_int_equal(rc, RC_OK);
    return stamp;
}

uint64_t echo(size_t len)
{
    uint8_t out[1514], in[1514];
    uint64_t got = 0, left = send(out, make_frame(out, len));
    int n = RC_AGAIN;
    for (int i = 0; i < 200 && n == RC_AGAIN; i++) {
        run(125000);
        n = receive(in, &got);
    }
    assert_int_equal(n, len < 60 ? 60 : len);
    assert_memory_equal(in + 12, out + 12, len - 12);
    assert_memory_equal(in, u.eth.mac, 6);
    assert_true(got > left);
    return got;
}

void echoes(void)
{
    static const size_t len[] = {42,  60,   63,   64,   65,   128,  503, 504,
                                 505, 1015, 1016, 1017, 1472, 1513, 1514};
    for (size_t i = 0; i < LEN(len); i++)
        echo(len[i]);
}

/* ---- coming up ----------------------------------------------------------- */

static void comes_up_behind(unsigned hubs)
{
    uint8_t mac[6];
    void *dev;
    plug_in_a_pi(hubs);
    comes_up();
    echoes();
    eth(&dev)->mac(dev, mac);
    assert_memory_equal(mac, model_machine.mac, 6);
    assert_null(usb_trouble(&u));
    assert_int_equal(u.core.resets, 0);
    no_faults();
}

void on_the_root_port(void **state)
{
    (void)state;
    comes_up_behind(0);
}

void behind_its_own_hub(void **state)
{
    (void)state;
    comes_up_behind(1);
}

void behind_two_hubs_polled(void **state)
{
    (void)state;
    model.irq = NULL;
    comes_up_behind(2);
}

void no_board_address_no_fixed_one(void **state)
{
    struct usb_eth_machine m = {.tick_hz = 1000000000};
    uint8_t first[6];
    (void)state;
    usb_init(&u, MODEL_BASE, &m, model_now());
    plug_in_a_pi(1);
    comes_up();
    memcpy(first, u.eth.mac, 6);
    assert_int_equal(first[0] & 3, 2); /* local, not multicast */
    echo(60);
    model_unplug();
    run(100 * MS);
    plug_in_a_pi(1);
    comes_up();
    assert_memory_equal(first, u.eth.mac, 6); /* the same until power-off */
    no_faults();
}

/* ---- the link ------------------------------------------------------------ */

void partner(bool there, uint32_t mbps, bool full, bool negotiates)
{
    chip_partner(&chip, (struct chip_partner){there, mbps, full, negotiates});
}

void without_a_cable_it_waits(void **state)
{
    (void)state;
    chip.partner.there = false;
    plug_in_a_pi(1);
    run(20000 * MS);
    assert_false(up());
    assert_int_equal(u.core.resets, 0);
    partner(true, 100, true, true);
    assert_true(wait_until(true, 1000 * MS) >= 0);
    echo(60);
    no_faults();
}

/* ---- filters ------------------------------------------------------------- */

static bool hears(const uint8_t to[6])
{
    uint8_t b[1514] = {0}, in[1514];
    uint64_t stamp;
    memcpy(b, to, 6);
    chip_frame(&chip, b, 100);
    run(2 * MS);
    int n = receive(in, &stamp);
    return n == 100;
}

void hears_what_it_should(void **state)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t other[6] = {0xb8, 0x27, 0xeb, 0x12, 0x34, 0x57};
    static const uint8_t unasked[6] = {0x33, 0x33, 0, 0, 1, 2};
    static const uint8_t group[9][6] = {
        {0x33, 0x33, 0, 0, 0, 1},          {0x33, 0x33, 0xff, 0x12, 0x34, 0x56},
        {0x01, 0x00, 0x5e, 0, 1, 1},       {0x33, 0x33, 0, 0, 1, 1},
        {0x33, 0x33, 0xff, 0xaa, 0xbb, 1}, {0x33, 0x33, 0xff, 0xaa, 0xbb, 2},
        {0x33, 0x33, 0xff, 0xaa, 0xbb, 3}, {0x33, 0x33, 0xff, 0xaa, 0xbb, 4},
        {0x33, 0x33, 0xff, 0xaa, 0xbb, 5}};
    (void)state;
    plug_in_a_pi(1);
    comes_up();
    assert_true(hears(all));
    assert_true(hears(u.eth.mac));
    assert_false(hears(other));
    assert_false(hears(group[0]));
    usb_groups(&u, group, 4);
    run(50 * MS);
    for (int i = 0; i < 4; i++)
        assert_true(hears(group[i]));
    assert_false(hears(other));
    model_unplug(); /* the next one hears them, too */
    run(50 * MS);
    plug_in_a_pi(0);
    comes_up();
    for (int i = 0; i < 4; i++)
        assert_true(hears(group[i]));
    assert_false(hears(group[8]));
    usb_groups(&u, group, 9); /* more than it counts */
    run(50 * MS);
    for (int i = 0; i < 9; i++)
        assert_true(hears(group[i]));
    assert_true(hears(unasked)); /* then all of them */
    assert_false(hears(other));
    usb_groups(&u, group, 0);
    run(50 * MS);
    assert_false(hears(group[0]));
    no_faults();
}

/* ---- misbehaviour -------------------------------------------------------- */

void a_silent_chip_is_reset_through_its_hub(void **state)
{
    (void)state;
    plug_in_a_pi(2);
    comes_up();
    for (unsigned i = 1; i <= 3; i++) {
        chip.silent = true;
        assert_true(wait_until(false, 4000 * MS) >= 0);
        comes_up();
        assert_int_equal(u.core.resets, i);
        echoes();
    }
    assert_int_equal(hub[0].resets, 1); /* the hubs stay */
    no_faults();
}

/* Resets do not help; then the chip comes back. */
void it_never_gives_up(void **state)
{
    (void)state;
    plug_in_a_pi(1);
    comes_up();
    chip.dead = chip.silent = true;
    run(60000 * MS);
    assert_false(up());
    assert_non_null(usb_trouble(&u));
    chip.dead = chip.silent = false;
    assert_true(wait_until(true, 40000 * MS) >= 0);
    echoes();
    no_faults();
}

/* Its registers answer, its receiver does not. */
void a_deaf_chip_is_reset(void **state)
{
    uint8_t b[1514];
    (void)state;
    plug_in_a_pi(1);
    comes_up();
    echo(60);
    run(200000 * MS); /* silence alone is none */
    assert_int_equal(u.core.resets, 0);
    chip.stuck = true;
    for (int i = 0; i < 90 && u.core.resets == 0; i++) {
        if (up())
            (void)send(b, make_frame(b, 60));
        run(1000 * MS);
    }
    assert_int_equal(u.core.resets, 1);
    assert_int_equal(u.eth.stats.deaf, 1);
    comes_up();
    echoes();
    no_faults();
}

/* One fault at any transaction of everything from power-on to an echo. */
static void survives(enum inject inject, uint32_t count, unsigned hubs)
{
    for (uint32_t k = 1; k < 1400; k += k < 200 ? 1 : 7) {
        (void)bench_start(kind, a_hub);
        plug_in_a_pi(hubs);
        model.inject = inject;
        model.inject_at = k;
        model.inject_count = count;
        if (wait_until(true, 8000 * MS) < 0)
            fail_msg("not up, fault at %u: %s, last reset: %s", k,
                     usb_trouble(&u), u.core.last_reset);
        run(200 * MS);
        comes_up();
        echo(128);
        assert_int_equal(model.faults, 0);
        assert_int_equal(lan.wrong, 0);
    }
}

void short_silence_at_every_step(void **state)
{
    (void)state;
    survives(INJECT_SILENCE, 2, 1);
}

void long_silence_at_every_step(void **state)
{
    (void)state;
    survives(INJECT_SILENCE, 4, 1);
}

void naks_at_every_step(void **state)
{
    (void)state;
    survives(INJECT_NAK, 20, 1);
}

void stall_at_every_step(void **state)
{
    (void)state;
    survives(INJECT_STALL, 1, 0); /* what a hub refuses stays refused */
}

/* ---- the stream ---------------------------------------------------------- */

void burst(unsigned count)
{
    uint8_t b[1514];
    for (unsigned i = 0; i < count; i++) {
        size_t len = 60 + i * stride;
        (void)make_frame(b, len);
        memcpy(b, u.eth.mac, 6);
        b[14] = (uint8_t)i;
        chip_frame(&chip, b, len);
    }
}

void expect(unsigned count)
{
    uint8_t in[1514], want[1514];
    uint64_t stamp;
    for (unsigned i = 0; i < count; i++) {
        int n = receive(in, &stamp);
        for (int k = 0; k < 400 && n == RC_AGAIN; k++) {
            run(125000);
            n = receive(in, &stamp);
        }
        assert_int_equal(n, 60 + i * stride);
        (void)make_frame(want, (size_t)n);
        memcpy(want, u.eth.mac, 6);
        want[14] = (uint8_t)i;
        assert_memory_equal(in, want, (size_t)n);
    }
    run(5 * MS);
    assert_int_equal(receive(in, &stamp), RC_AGAIN);
}

void ten_frames_in_one_transfer(void **state)
{
    (void)state;
    plug_in_a_pi(1);
    comes_up();
    chip.pack = 10;
    unsigned before = chip.transfers;
    burst(10);
    expect(10);
    assert_int_equal(chip.transfers, before + 1);
    no_faults();
}

void frames_split_anywhere(void **state)
{
    (void)state;
    plug_in_a_pi(1);
    comes_up();
    chip.pack = 10;
    for (chip.cut = 1; chip.cut < 1000; chip.cut += chip.cut < 140 ? 1 : 37) {
        burst(10);
        expect(10);
    }
    no_faults();
}

void frames_lost_and_doubled(void **state)
{
    uint8_t in[1514];
    uint64_t stamp;
    unsigned got = 0;
    (void)state;
    plug_in_a_pi(1);
    comes_up();
    chip.lose = 5;
    chip.twice = 3;
    burst(30);
    for (int i = 0; i < 200; i++) {
        run(125000);
        got += receive(in, &stamp) > 0;
    }
    assert_int_equal(got, 30 - 6 + 8); /* 15 and 30 are lost, not doubled */
    no_faults();
}

/* ---- time ---------------------------------------------------------------- */

/* From a frame's first bit to its stamp there is no time on the wire, however
 * long the frame and however slow the wire; what is left is the bus. */
void wire_time_is_taken_off(const uint32_t *mbps, size_t count)
{
    static const size_t len[] = {60, 300, 1514};
    plug_in_a_pi(1);
    comes_up();
    for (size_t s = 0; s < count; s++) {
        partner(true, mbps[s], true, true);
        run(3000 * MS);
        for (size_t i = 0; i < LEN(len); i++) {
            uint64_t got = echo(len[i]);
            assert_true(got > sent.first_bit);
            assert_true(got - sent.first_bit < 400000);
        }
    }
    no_faults();
}

/* Of many frames some meet the end of a microframe, and these are known. */
void samples_at_a_microframes_end_are_counted(void **state)
{
    (void)state;
    plug_in_a_pi(1);
    comes_up();
    for (int i = 0; i < 200; i++) {
        model.ticks_step = (uint64_t)(i * 131 % 4000);
        (void)hw_ticks();
        model.ticks_step = 3;
        echo(100);
    }
    assert_true(u.eth.stats.rx_gap > 0);
    assert_true(u.eth.stats.rx_gap < u.eth.stats.rx);
    no_faults();
}

/* ---- beside it ----------------------------------------------------------- */

void a_refused_keyboard_is_harmless(void **state)
{
    (void)state;
    a_hub(&hub[0], SPEED_HIGH);
    mdev_keyboard(&kbd, SPEED_LOW);
    mdev_plug(&hub[0], 1, &lan);
    mdev_plug(&hub[0], 4, &kbd);
    model_plug(&hub[0]);
    comes_up();
    echoes();
    run(1000 * MS);
    echoes();
    assert_int_equal(u.core.resets, 0);
    assert_non_null(strstr(usb_refused(&u), "a low-speed USB device on port 4 "
                                            "of hub 0424:"));
    assert_null(usb_trouble(&u)); /* nothing of it is said of Ethernet */
    no_faults();
}
