/* GENET against rings and registers that behave as the chip's do. Time moves
 * by the test's hand, and a tick with each look at it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mono.h"
#include "genet.h"
#include "genet_model.h"

#define M genet_model

static const uint8_t own[6] = {0xdc, 0xa6, 0x32, 0x01, 0x02, 0x03};
static struct genet g;
static uint64_t ticks;
static uint8_t out[2048], in[2048];
static size_t out_len;
static unsigned out_count;

uint64_t hw_ticks(void)
{
    return ticks++;
}

static mono_ns now(void)
{
    return mono_of_ticks(ticks, GENET_MODEL_HZ);
}

static void advance(span_ns ns)
{
    ticks += mono_to_ticks(ns, GENET_MODEL_HZ);
    genet_model_run();
}

static void irq(void)
{
    genet_irq(&g);
}

static void wire(const uint8_t *frame, size_t len)
{
    memcpy(out, frame, len);
    out_len = len;
    out_count++;
}

static void start(void)
{
    struct genet_setup setup = {GENET_MODEL_BASE, GENET_MODEL_HZ, {0}};
    memcpy(setup.mac, own, 6);
    genet_model_power(&g, sizeof g);
    genet_init(&g, &setup, now());
}

static int set_up(void **state)
{
    (void)state;
    M = (struct genet_model){
        .cable = true,
        .partner = CAN_1000_FULL | 0x1e0,
        .revision = 0x06000000,
        .phy_address = 1,
        .first_index = 0x1234,
        .aneg_ms = 1500,
        .irq = irq,
        .wire = wire,
    };
    ticks = 1000;
    out_count = 0;
    start();
    return 0;
}

/* Whatever went wrong, the chip was treated as it must be. */
static int tear_down(void **state)
{
    (void)state;
    if (M.faults != 0)
        fprintf(stderr, "model: %u x %s\n", M.faults, M.fault);
    return M.faults != 0;
}

static void poll_for(span_ns time, span_ns step)
{
    for (mono_ns end = now() + time; now() < end;) {
        advance(step);
        genet_poll(&g, now());
    }
}

/* As the loop does it: by genet_due. Returns whether the link is so. */
static bool wait_link(bool up, span_ns limit)
{
    mono_ns end = now() + limit;
    while (genet_ops.link(&g) != up && now() < end) {
        span_ns until = genet_due(&g) - now();
        advance(until < MONO_US ? MONO_US : until < MONO_S ? until : MONO_S);
        genet_poll(&g, now());
    }
    return genet_ops.link(&g) == up;
}

static void frame(uint8_t *f, size_t len, uint32_t seed)
{
    memcpy(f, own, 6);
    for (size_t i = 6; i < len; i++)
        f[i] = (uint8_t)(seed = seed * 1103515245u + 12345u, seed >> 16);
}

static bool receive(size_t len, uint32_t seed)
{
    uint8_t f[2048];
    frame(f, len, seed);
    return genet_model_receive(f, len);
}

static int take(size_t cap, uint64_t *stamp)
{
    return genet_ops.recv(&g, in, cap, stamp);
}

/* Takes the frame that `receive` made of the same. */
static void expect(size_t len, uint32_t seed)
{
    uint8_t f[2048];
    uint64_t stamp;
    frame(f, len, seed);
    assert_int_equal(take(sizeof in, &stamp), len);
    assert_memory_equal(in, f, len);
}

static int send(size_t len, uint32_t seed, uint64_t *stamp)
{
    uint8_t f[2048];
    frame(f, len, seed);
    return genet_ops.send(&g, f, len, stamp);
}

/* ---- coming up ------------------------------------------------------------- */

static void comes_up(void **state)
{
    (void)state;
    uint8_t mac[6];
    assert_false(genet_ops.link(&g));
    assert_true(wait_link(true, 5 * MONO_S));
    assert_in_range(now(), 1500 * MONO_MS, 2200 * MONO_MS);
    assert_null(genet_trouble(&g));
    genet_ops.mac(&g, mac);
    assert_memory_equal(mac, own, 6);
    assert_int_equal(g.phy.id, 0x600d84a2);
    assert_int_equal(genet_model_register(0x80c), 0xdca63201);
    assert_int_equal(genet_model_register(0x810), 0x0203);
}

static void every_kind_of_link(void **state)
{
    const struct {
        uint32_t partner;
        bool fixed;
        unsigned mbps;
        bool full;
    } links[] = {
        {CAN_10_HALF, false, 10, false},
        {CAN_10_HALF | CAN_10_FULL, false, 10, true},
        {CAN_10_FULL | CAN_100_HALF, false, 100, false},
        {CAN_100_HALF | CAN_100_FULL, false, 100, true},
        {CAN_100_FULL | CAN_1000_FULL, false, 1000, true},
        {CAN_10_FULL, true, 10, false},
        {CAN_100_FULL, true, 100, false},
    };
    for (size_t i = 0; i < LEN(links); i++) {
        set_up(state);
        M.partner = links[i].partner | (links[i].fixed ? CAN_10_HALF : 0u);
        if (links[i].mbps == 100 && links[i].fixed)
            M.partner = CAN_100_HALF;
        M.partner_fixed = links[i].fixed;
        assert_true(wait_link(true, 5 * MONO_S));
        assert_int_equal(g.phy.mbps, links[i].mbps);
        assert_int_equal(g.phy.full, links[i].full);
        assert_int_equal(M.mbps, links[i].mbps);
        assert_int_equal(M.full, links[i].full);
        assert_true(receive(90, 1));
        expect(90, 1);
        assert_int_equal(send(90, 2, NULL), RC_OK);
        advance(MONO_MS);
        assert_int_equal(out_count, 1);
        assert_int_equal(M.faults, 0);
        out_count = 0;
    }
}

static void phy_at_the_other_address(void **state)
{
    (void)state;
    M.phy_address = 0;
    assert_true(wait_link(true, 5 * MONO_S));
    assert_int_equal(g.phy.address, 0);
}

static void what_is_no_genet_5(void **state)
{
    (void)state;
    M.revision = 0x05000000;
    start();
    assert_false(wait_link(true, 5 * MONO_S));
    assert_non_null(strstr(genet_trouble(&g), "not a GENET 5"));
    assert_true(genet_due(&g) == MONO_NEVER);
    assert_int_equal(send(90, 2, NULL), RC_STATE);
}

static void an_address_is_made_up(void **state)
{
    (void)state;
    struct genet_setup setup = {GENET_MODEL_BASE, GENET_MODEL_HZ, {0}};
    uint8_t mac[6], zero[6] = {0};
    genet_init(&g, &setup, now());
    genet_ops.mac(&g, mac);
    assert_int_equal(mac[0], 2);
    assert_memory_not_equal(mac + 1, zero, 5);
}

/* ---- frames ---------------------------------------------------------------- */

static void frames_both_ways(void **state)
{
    (void)state;
    static const size_t lens[] = {14, 59, 60, 61, 90, 1000, 1513, 1514};
    uint8_t want[2048];
    assert_true(wait_link(true, 5 * MONO_S));
    for (uint32_t i = 0; i < LEN(lens); i++) {
        assert_true(receive(lens[i], i));
        expect(lens[i], i);
        assert_int_equal(send(lens[i], i + 100, NULL), RC_OK);
        advance(MONO_MS);
        assert_int_equal(out_count, i + 1);
        frame(want, lens[i], i + 100);
        assert_int_equal(out_len, lens[i] < 60 ? 60 : lens[i]);
        assert_memory_equal(out, want, lens[i]);
        for (size_t k = lens[i]; k < out_len; k++)
            assert_int_equal(out[k], 0); /* nothing of ours leaks */
    }
    assert_int_equal(send(13, 1, NULL), RC_BAD);
    assert_int_equal(send(1515, 1, NULL), RC_BAD);
}

static void bad_frames_are_counted(void **state)
{
    (void)state;
    uint64_t stamp;
    assert_true(wait_link(true, 5 * MONO_S));
    for (uint32_t flag = 1; flag <= 0x10; flag <<= 1) {
        M.next_flags = flag;
        assert_true(receive(90, 1));
    }
    assert_true(receive(1515, 1)); /* a VLAN's, too long for us */
    assert_true(receive(1530, 1));
    assert_true(receive(10, 1));
    assert_int_equal(take(sizeof in, &stamp), RC_AGAIN);
    assert_int_equal(g.stats.rx_bad, 8);
    assert_true(receive(90, 2));
    assert_int_equal(take(80, &stamp), RC_AGAIN); /* no room for it */
    assert_int_equal(g.stats.rx_bad, 9);
    assert_true(receive(90, 3));
    expect(90, 3);
}

static void stamps_are_of_the_first_bit(void **state)
{
    (void)state;
    const struct {
        uint32_t partner, ticks_per_byte;
    } rates[] = {{CAN_10_FULL, 40}, {CAN_100_FULL, 4}, {CAN_1000_FULL, 0}};
    for (size_t i = 0; i < LEN(rates); i++) {
        set_up(state);
        M.partner = rates[i].partner;
        assert_true(wait_link(true, 5 * MONO_S));
        uint64_t last_bit = ticks, stamp = 0;
        uint64_t on_wire = rates[i].ticks_per_byte == 0
                               ? (90 + 12) * 8 / 20
                               : (90 + 12) * rates[i].ticks_per_byte;
        assert_true(receive(90, 1));
        assert_int_equal(take(sizeof in, &stamp), 90);
        assert_in_range(stamp, last_bit - on_wire, last_bit - on_wire + 50);

        assert_int_equal(send(90, 1, &stamp), RC_OK);
        assert_true(stamp <= ticks);
        for (int us = 0; us < 1000 && out_count == 0; us++)
            advance(MONO_US);
        assert_int_equal(out_count, 1);
        out_count = 0;
        assert_in_range(M.sent_began, stamp, stamp + 100);
        /* ... and the interrupt tells better, once. */
        uint64_t left = 0;
        assert_int_equal(genet_ops.left(&g, &left), RC_OK);
        assert_true(left >= stamp);
        assert_in_range(left, M.sent_began, M.sent_began + 100);
        assert_int_equal(genet_ops.left(&g, &left), RC_AGAIN);
        assert_int_equal(send(90, 1, NULL), RC_OK); /* nobody asked */
        advance(MONO_MS);
        assert_int_equal(genet_ops.left(&g, &left), RC_AGAIN);
        out_count = 0;
        assert_in_range(g.stats.tx_wait_ticks, 0, 1000 * 50);
    }
}

/* One interrupt for several frames: each ended before the next began. */
static void stamps_of_frames_reported_together(void **state)
{
    (void)state;
    uint64_t stamp[4];
    M.partner = CAN_100_FULL;
    assert_true(wait_link(true, 5 * MONO_S));
    M.irq = NULL;
    for (uint32_t i = 0; i < 4; i++) {
        advance((100 + 12) * 80);
        assert_true(receive(100, i));
    }
    uint64_t last_bit = ticks;
    genet_irq(&g);
    for (int i = 0; i < 4; i++)
        assert_int_equal(take(sizeof in, &stamp[i]), 100);
    for (uint64_t i = 0; i < 4; i++)
        assert_in_range(stamp[i], last_bit - (4 - i) * 448,
                        last_bit - (4 - i) * 448 + 50);
}

static void a_stamp_is_never_of_a_queue(void **state)
{
    (void)state;
    uint64_t stamp;
    M.partner = CAN_10_FULL;
    assert_true(wait_link(true, 5 * MONO_S));
    assert_int_equal(send(1514, 1, NULL), RC_OK);
    assert_int_equal(send(90, 1, &stamp), RC_AGAIN);
    for (unsigned i = 1; i < GENET_TX; i++)
        assert_int_equal(send(90, i, NULL), RC_OK);
    assert_int_equal(send(90, 1, NULL), RC_AGAIN);
    poll_for(10 * MONO_MS, 20 * MONO_US);
    assert_int_equal(out_count, GENET_TX);
    assert_int_equal(send(90, 1, &stamp), RC_OK);
}

static void an_interrupt_that_does_not_come(void **state)
{
    (void)state;
    assert_true(wait_link(true, 5 * MONO_S));
    M.irq = NULL;
    assert_true(receive(90, 1));
    assert_true(receive(91, 2));
    genet_poll(&g, now());
    expect(90, 1);
    expect(91, 2);
    assert_int_equal(g.stats.rx_polled, 2);
}

/* ---- indices ----------------------------------------------------------------- */

static void indices_wrap_at_65536(void **state)
{
    static const uint16_t firsts[] = {0, 1, 255, 256, 65279, 65535};
    for (size_t k = 0; k < LEN(firsts); k++) {
        set_up(state);
        M.first_index = firsts[k];
        start();
        assert_true(wait_link(true, 5 * MONO_S));
        for (uint32_t i = 0; i < 600; i++) {
            assert_true(receive(60 + i % 200, i));
            if (i % 7 == 6)
                for (uint32_t n = i - 6; n <= i; n++)
                    expect(60 + n % 200, n);
            assert_int_equal(send(60 + i % 9, i, NULL), RC_OK);
            advance(20 * MONO_US);
        }
        assert_int_equal(out_count, 600);
        assert_int_equal(M.faults, 0);
        out_count = 0;
    }
}

static void all_indices_once_round(void **state)
{
    (void)state;
    M.first_index = 65000;
    start();
    assert_true(wait_link(true, 5 * MONO_S));
    for (uint32_t i = 0; i < 70000; i++) {
        assert_true(receive(60, i));
        expect(60, i);
        assert_int_equal(send(60, i, NULL), RC_OK);
        advance(5 * MONO_US);
    }
    assert_int_equal(out_count, 70000);
    assert_int_equal(g.stats.rx_lost, 0);
    assert_int_equal(g.stats.rx_polled, 0);
}

static void overrun_is_counted_and_ends(void **state)
{
    (void)state;
    assert_true(wait_link(true, 5 * MONO_S));
    for (unsigned round = 1; round <= 3; round++) {
        for (uint32_t i = 0; i < 300; i++)
            assert_int_equal(receive(60, i), i < 256);
        genet_poll(&g, now());
        assert_int_equal(g.stats.rx_lost, 44 * round);
        for (uint32_t i = 0; i < 256; i++)
            expect(60, i);
        assert_true(receive(60, 5));
        expect(60, 5);
    }
    /* The count of discards stops at its end: it is begun anew before. */
    for (uint32_t i = 0; i < 256; i++)
        assert_true(receive(60, i));
    for (uint32_t i = 0; i < 80000; i++) {
        assert_false(receive(60, i));
        if (i % 1000 == 0)
            genet_poll(&g, now());
    }
    genet_poll(&g, now());
    assert_int_equal(g.stats.rx_lost, 3 * 44 + 80000);
}

/* 2^30 bytes in bursts that just fit: none is lost, none is another's. */
static void a_gigabyte_without_a_lost_buffer(void **state)
{
    (void)state;
    static uint8_t f[1514];
    assert_true(wait_link(true, 5 * MONO_S));
    frame(f, sizeof f, 1);
    uint64_t bytes = 0, stamp;
    uint32_t given = 0, taken = 0;
    while (bytes < UINT64_C(1) << 30) {
        uint32_t burst = 1 + given * 7919 % 256;
        for (uint32_t i = 0; i < burst; i++, given++) {
            memcpy(f + 6, &given, 4);
            memcpy(f + 1510, &given, 4);
            assert_true(genet_model_receive(f, sizeof f));
        }
        for (; taken < given; taken++) {
            assert_int_equal(take(sizeof in, &stamp), 1514);
            assert_memory_equal(in + 6, &taken, 4);
            assert_memory_equal(in + 1510, &taken, 4);
            bytes += 1514;
        }
    }
    printf("# %u frames, %llu bytes\n", given, (unsigned long long)bytes);
    assert_int_equal(g.stats.rx, given);
    assert_int_equal(g.stats.rx_bad + g.stats.rx_lost + M.lost, 0);
    genet_poll(&g, now());
    assert_int_equal(g.stats.rx_polled, 0);
}

/* ---- link and health --------------------------------------------------------- */

static void cable_out_and_in(void **state)
{
    (void)state;
    assert_true(wait_link(true, 5 * MONO_S));
    M.cable = false;
    mono_ns out_at = now();
    assert_true(wait_link(false, 5 * MONO_S));
    assert_in_range(now() - out_at, 0, 1100 * MONO_MS);
    assert_null(genet_trouble(&g)); /* no trouble of the chip */
    assert_int_equal(send(90, 1, NULL), RC_STATE);
    poll_for(10 * MONO_S, 10 * MONO_MS);
    M.cable = true;
    M.partner = CAN_100_FULL; /* into another switch */
    assert_true(wait_link(true, 5 * MONO_S));
    assert_int_equal(g.phy.mbps, 100);
    assert_true(receive(90, 3));
    expect(90, 3);
    assert_int_equal(send(90, 1, NULL), RC_OK);
    advance(MONO_MS);
    assert_int_equal(out_count, 1);
    assert_int_equal(g.phy.drops, 1);
}

/* Out and in between two looks: BMSR has latched it. */
static void a_flap_between_two_looks(void **state)
{
    (void)state;
    M.aneg_ms = 1;
    assert_true(wait_link(true, 5 * MONO_S));
    poll_for(3 * MONO_S, 10 * MONO_MS);
    M.cable = false;
    advance(MONO_MS);
    M.cable = true;
    M.partner = CAN_10_HALF;
    advance(MONO_MS);
    poll_for(2 * MONO_S, MONO_MS);
    assert_true(genet_ops.link(&g));
    assert_int_equal(g.phy.mbps, 10);
    assert_false(g.phy.full);
    assert_true(receive(90, 3));
    expect(90, 3);
}

/* Frames of before the link went are not sent minutes later. */
static void no_frame_outlives_its_link(void **state)
{
    (void)state;
    assert_true(wait_link(true, 5 * MONO_S));
    M.cable = false;
    advance(MONO_US);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(send(90, i, NULL), RC_OK);
    assert_true(wait_link(false, 5 * MONO_S));
    M.cable = true;
    assert_true(wait_link(true, 5 * MONO_S));
    poll_for(100 * MONO_MS, MONO_MS);
    assert_int_equal(out_count, 0);
    assert_int_equal(send(90, 9, NULL), RC_OK);
    advance(MONO_MS);
    assert_int_equal(out_count, 1);
}

static void deaf_is_started_anew(void **state)
{
    (void)state;
    assert_true(wait_link(true, 5 * MONO_S));
    assert_true(receive(90, 1));
    expect(90, 1);
    genet_poll(&g, now());
    M.deaf = true;
    mono_ns since = now();
    for (int i = 0; i < 200 && g.stats.deaf == 0; i++) {
        (void)receive(90, 1);
        (void)send(90, 1, NULL);
        poll_for(MONO_S, 10 * MONO_MS);
    }
    assert_int_equal(g.stats.deaf, 1);
    assert_in_range(now() - since, 59 * MONO_S, 70 * MONO_S);
    assert_true(wait_link(true, 5 * MONO_S));
    assert_true(receive(90, 2));
    expect(90, 2);
}

/* Nobody there: each silence is twice as long as the last. */
static void an_empty_network_is_left_alone(void **state)
{
    (void)state;
    assert_true(wait_link(true, 5 * MONO_S));
    for (int i = 0; i < 1200; i++) {
        (void)send(90, 1, NULL);
        poll_for(MONO_S, 50 * MONO_MS);
    }
    assert_in_range(g.stats.deaf, 3, 4);
    assert_int_equal(g.stats.stuck, 0);
}

static void a_ring_that_does_not_drain(void **state)
{
    (void)state;
    assert_true(wait_link(true, 5 * MONO_S));
    M.tx_stuck = true;
    for (uint32_t i = 0; i < GENET_TX; i++)
        assert_int_equal(send(90, i, NULL), RC_OK);
    poll_for(2 * MONO_S, 10 * MONO_MS);
    assert_int_equal(g.stats.stuck, 1);
    assert_true(genet_ops.link(&g));
    assert_int_equal(send(90, 1, NULL), RC_OK);
    advance(MONO_MS);
    assert_int_equal(out_count, 1);
}

static void a_chip_that_stops_answering(void **state)
{
    (void)state;
    uint64_t stamp;
    assert_true(wait_link(true, 5 * MONO_S));
    M.mute = true;
    assert_true(wait_link(false, MONO_S));
    poll_for(10 * MONO_S, MONO_MS);
    assert_int_equal(take(sizeof in, &stamp), RC_AGAIN);
    assert_int_equal(send(90, 1, NULL), RC_STATE);
    assert_non_null(strstr(genet_trouble(&g), "does not answer"));
    assert_int_equal(g.stats.rx_lost, 0);
    M.mute = false;
    assert_true(wait_link(true, 10 * MONO_S));
    assert_true(receive(90, 2));
    expect(90, 2);
    assert_null(genet_trouble(&g));
}

static void a_phy_that_stops_answering(void **state)
{
    (void)state;
    assert_true(wait_link(true, 5 * MONO_S));
    M.phy_dead = true;
    assert_true(wait_link(false, 2 * MONO_S));
    poll_for(5 * MONO_S, MONO_MS);
    assert_non_null(strstr(genet_trouble(&g), "does not answer"));
    M.phy_dead = false;
    assert_true(wait_link(true, 10 * MONO_S));
    assert_null(genet_trouble(&g));

    M.phy_in_reset = true;
    genet_phy_restart(&g.phy, now());
    poll_for(3 * MONO_S, MONO_MS);
    assert_non_null(strstr(genet_trouble(&g), "stays in reset"));
    M.phy_in_reset = false;
    assert_true(wait_link(true, 10 * MONO_S));

    M.mdio_stuck = true;
    assert_true(wait_link(false, 2 * MONO_S));
    M.mdio_stuck = false;
    poll_for(MONO_S, MONO_MS);
    M.faults = 0; /* nothing but time ends a transaction: it was left */
    assert_true(wait_link(true, 10 * MONO_S));
}

/* It offers EEE again, with which receiving would stop in silence. */
static void a_phy_that_was_reset_behind_our_back(void **state)
{
    (void)state;
    assert_true(wait_link(true, 5 * MONO_S));
    genet_model_phy_reset();
    assert_true(wait_link(false, 2 * MONO_S));
    assert_true(wait_link(true, 10 * MONO_S));
    assert_true(receive(90, 2));
    expect(90, 2);
}

/* ---- filter -------------------------------------------------------------------- */

static bool heard(uint8_t first, uint8_t last)
{
    uint8_t f[60] = {first, 0, 0, 0, 0, last};
    uint64_t stamp;
    if (first == 0xff)
        memset(f, 0xff, 6);
    if (first == own[0])
        memcpy(f, own, 6);
    bool there = genet_model_receive(f, sizeof f);
    assert_int_equal(take(sizeof in, &stamp), there ? 60 : RC_AGAIN);
    return there;
}

static void own_broadcast_and_groups(void **state)
{
    (void)state;
    uint8_t groups[16][6];
    for (uint8_t i = 0; i < 16; i++)
        memcpy(groups[i], (uint8_t[]){0x33, 0, 0, 0, 0, i}, 6);
    assert_true(wait_link(true, 5 * MONO_S));
    assert_true(heard(0x33, 1)); /* nobody has said which */
    genet_groups(&g, groups, 15);
    genet_poll(&g, now());
    for (unsigned round = 0; round < 2; round++) {
        assert_true(heard(own[0], 0));
        assert_true(heard(0xff, 0));
        for (uint8_t i = 0; i < 15; i++)
            assert_true(heard(0x33, i));
        assert_false(heard(0x33, 15));
        assert_false(heard(0x32, 1)); /* another machine's */
        M.cable = false;              /* it outlives the link */
        assert_true(wait_link(false, 5 * MONO_S));
        M.cable = true;
        assert_true(wait_link(true, 5 * MONO_S));
    }
    genet_groups(&g, groups, 16);
    genet_poll(&g, now());
    assert_true(heard(0x33, 15));
    genet_groups(&g, groups, 0);
    genet_poll(&g, now());
    assert_false(heard(0x33, 1));
    assert_true(heard(own[0], 0));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(comes_up),
        T(every_kind_of_link),
        T(phy_at_the_other_address),
        T(what_is_no_genet_5),
        T(an_address_is_made_up),
        T(frames_both_ways),
        T(bad_frames_are_counted),
        T(stamps_are_of_the_first_bit),
        T(stamps_of_frames_reported_together),
        T(a_stamp_is_never_of_a_queue),
        T(an_interrupt_that_does_not_come),
        T(indices_wrap_at_65536),
        T(all_indices_once_round),
        T(overrun_is_counted_and_ends),
        T(a_gigabyte_without_a_lost_buffer),
        T(cable_out_and_in),
        T(a_flap_between_two_looks),
        T(no_frame_outlives_its_link),
        T(deaf_is_started_anew),
        T(an_empty_network_is_left_alone),
        T(a_ring_that_does_not_drain),
        T(a_chip_that_stops_answering),
        T(a_phy_that_stops_answering),
        T(a_phy_that_was_reset_behind_our_back),
        T(own_broadcast_and_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
