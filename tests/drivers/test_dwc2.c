/* The DWC2 host against a register model that executes packets and checks
 * toggles, cache operations and the order of register writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dwc2_model.h"
#include "dwc2.h"
#include "dwc2_regs.h"

#define MS 1000000

static _Alignas(64) struct {
    struct dwc2 h;
    struct dwc2_pipe ep0, in, out;
    struct dwc2_xfer x[8];
    _Alignas(64) uint8_t setup[64];
    _Alignas(64) uint8_t buf[8][2048];
} t;

static struct mdev net;
static int dones;

static void done(void *ctx, struct dwc2_xfer *x)
{
    (void)ctx;
    (void)x;
    dones++;
}

static void run(int64_t ns)
{
    int64_t end = model_now() + ns;
    while (model_now() < end) {
        model_run(125000);
        dwc2_poll(&t.h, model_now());
    }
}

static bool run_until_idle(const struct dwc2_xfer *x, int64_t limit)
{
    int64_t end = model_now() + limit;
    while (dwc2_busy(x) && model_now() < end)
        run(125000);
    return !dwc2_busy(x);
}

static void no_faults(void)
{
    if (model.faults)
        fail_msg("model: %s (%u)", model.fault, model.faults);
    assert_int_equal(net.wrong, 0);
}

static int control(uint8_t type, uint8_t req, uint16_t value, uint16_t index,
                   uint16_t len)
{
    uint8_t s[8] = {type,           req,
                    (uint8_t)value, (uint8_t)(value >> 8),
                    (uint8_t)index, (uint8_t)(index >> 8),
                    (uint8_t)len,   (uint8_t)(len >> 8)};
    memcpy(t.setup, s, 8);
    t.x[7] = (struct dwc2_xfer){.buf = t.buf[7],
                                .setup = t.setup,
                                .len = len,
                                .timeout_ns = 500 * MS,
                                .done = done};
    assert_int_equal(dwc2_submit(&t.h, &t.ep0, &t.x[7]), RC_OK);
    assert_true(run_until_idle(&t.x[7], 3000LL * MS));
    return t.x[7].rc;
}

static int start(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    memset(&net, 0, sizeof net);
    model_init(&t, sizeof t);
    dones = 0;
    dwc2_init(&t.h, MODEL_BASE, model_now());
    return 0;
}

/* Up to bulk pipes on the ECM data interface. */
static void bring_up(void)
{
    mdev_usbnet(&net);
    model_plug(&net);
    run(60 * MS);
    assert_true(dwc2_ready(&t.h));
    dwc2_port_reset(&t.h, true);
    run(51 * MS);
    dwc2_port_reset(&t.h, false);
    struct dwc2_port p = dwc2_port_take(&t.h);
    assert_true(p.connected && p.enabled && p.speed == DWC2_FULL);
    dwc2_port_enabled(&t.h, p.speed);
    t.ep0 =
        (struct dwc2_pipe){.type = DWC2_CONTROL, .speed = DWC2_FULL, .mps = 64};
    dwc2_open(&t.h, &t.ep0);
    assert_int_equal(control(0, 5, 9, 0, 0), RC_OK);
    t.ep0.addr = 9;
    assert_int_equal(control(0, 9, 1, 0, 0), RC_OK);
    assert_int_equal(control(1, 11, 1, 1, 0), RC_OK);
    t.in = (struct dwc2_pipe){.addr = 9,
                              .ep = 2,
                              .in = true,
                              .mps = 64,
                              .type = DWC2_BULK,
                              .speed = DWC2_FULL};
    t.out = t.in;
    t.out.in = false;
    dwc2_open(&t.h, &t.in);
    dwc2_open(&t.h, &t.out);
}

static void fill(int i, uint32_t len)
{
    for (uint32_t k = 0; k < len; k++)
        t.buf[i][k] = (uint8_t)(k * 7 + (unsigned)i * 31 + len);
    t.x[i] = (struct dwc2_xfer){.buf = t.buf[i],
                                .len = len,
                                .zlp = true,
                                .timeout_ns = 200 * MS,
                                .done = done};
}

static void want(int i)
{
    t.x[i] = (struct dwc2_xfer){.buf = t.buf[i], .len = 2048, .done = done};
    assert_int_equal(dwc2_submit(&t.h, &t.in, &t.x[i]), RC_OK);
}

static void send(int i, uint32_t len)
{
    fill(i, len);
    assert_int_equal(dwc2_submit(&t.h, &t.out, &t.x[i]), RC_OK);
}

/* There and back, and the same bytes. */
static void echo(uint32_t len)
{
    want(0);
    send(1, len);
    assert_true(run_until_idle(&t.x[0], 100 * MS));
    assert_true(run_until_idle(&t.x[1], 100 * MS));
    assert_int_equal(t.x[1].rc, RC_OK);
    assert_int_equal(t.x[1].actual, len);
    assert_int_equal(t.x[0].rc, RC_OK);
    assert_int_equal(t.x[0].actual, len);
    assert_memory_equal(t.buf[0], t.buf[1], len);
}

/* ---- start-up ------------------------------------------------------------ */

static void starts_as_the_silicon_wants(void **state)
{
    (void)state;
    run(100 * MS);
    assert_true(dwc2_ready(&t.h));
    assert_null(t.h.trouble);
    /* FIFOs: one behind the other, inside 4080 words. */
    uint32_t rx = model_reg(GRXFSIZ), np = model_reg(GNPTXFSIZ),
             pt = model_reg(HPTXFSIZ);
    assert_true((np & 0xffff) >= rx);
    assert_true((pt & 0xffff) >= (np & 0xffff) + (np >> 16));
    assert_true((pt & 0xffff) + (pt >> 16) <= 4080);
    assert_int_equal(model_reg(GAHBCFG), 0x31); /* DMA, AXI wait, interrupts */
    assert_int_equal(model_reg(GUSBCFG) & (USB_PHYSEL_FS | USB_ULPI), 0);
    assert_int_equal(model_reg(HCFG) & 3, 0);
    assert_true(model_reg(HPRT0) & PRT_PWR);
    no_faults();
}

static void failing_start(void)
{
    run(500 * MS);
    assert_false(dwc2_ready(&t.h));
    assert_non_null(t.h.trouble);
    model.stuck_reset = model.stuck_mode = model.no_id = false;
    run(1500LL * MS);
    assert_true(dwc2_ready(&t.h));
    assert_null(t.h.trouble);
    no_faults();
}

static void reset_that_never_ends_is_reported_and_retried(void **state)
{
    (void)state;
    model.stuck_reset = true;
    failing_start();
}

static void no_host_mode_is_reported_and_retried(void **state)
{
    (void)state;
    model.stuck_mode = true;
    failing_start();
}

static void absent_controller_is_reported_and_retried(void **state)
{
    (void)state;
    model.no_id = true;
    dwc2_init(&t.h, MODEL_BASE, model_now());
    failing_start();
}

/* ---- transfers ----------------------------------------------------------- */

static void control_in_many_packets(void **state)
{
    (void)state;
    bring_up();
    assert_int_equal(control(0x80, 6, 0x0201, 0, 80), RC_OK);
    assert_int_equal(t.x[7].actual, 80);
    assert_memory_equal(t.buf[7], net.cfg[1], 80);
    /* Asked for more than there is: short. */
    assert_int_equal(control(0x80, 6, 0x0100, 0, 255), RC_OK);
    assert_int_equal(t.x[7].actual, 18);
    no_faults();
}

static void control_refused_then_served(void **state)
{
    (void)state;
    bring_up();
    assert_int_equal(control(0x80, 6, 0x0900, 0, 64), RC_IO);
    assert_int_equal(t.x[7].end, DWC2_STALLED);
    assert_int_equal(control(0x80, 6, 0x0100, 0, 18), RC_OK);
    no_faults();
}

/* Every length near packet ends: short, full, and empty last packets. */
static void frames_of_all_lengths(void **state)
{
    (void)state;
    bring_up();
    for (uint32_t n = 64; n <= 1472; n += 64)
        for (uint32_t len = n - 2; len <= n + 2; len++)
            echo(len);
    echo(64);
    echo(1472);
    no_faults();
    assert_int_equal(net.repeats, 0);
}

static void bus_errors_are_retried_from_where_it_was(void **state)
{
    (void)state;
    bring_up();
    for (uint32_t at = 1; at <= 24; at++) {
        model.inject = INJECT_SILENCE;
        model.inject_at = model.transactions + at;
        model.inject_count = 2;
        echo(640);
    }
    no_faults();
    assert_true(t.h.stats.errors >= 24);
}

static void lost_acknowledge_does_not_double_data(void **state)
{
    (void)state;
    bring_up();
    for (uint32_t at = 1; at <= 30; at++) {
        model.inject = INJECT_LOST_ACK;
        model.inject_at = model.transactions + at;
        model.inject_count = 1;
        echo(300);
        net.expect_repeat = false;
    }
    no_faults();
    assert_true(net.repeats > 3);
}

static void three_errors_in_a_row_end_it(void **state)
{
    (void)state;
    bring_up();
    model.inject = INJECT_SILENCE;
    model.inject_at = model.transactions + 1;
    model.inject_count = 3;
    send(1, 100);
    assert_true(run_until_idle(&t.x[1], 100 * MS));
    assert_int_equal(t.x[1].end, DWC2_ERROR);
    assert_int_equal(t.x[1].rc, RC_IO);
    model.inject = INJECT_NOTHING;
    echo(100);
    no_faults();
}

static void babble_ends_it(void **state)
{
    (void)state;
    bring_up();
    want(0);
    model.inject = INJECT_BABBLE;
    model.inject_at = model.transactions + 1;
    model.inject_count = 1;
    assert_true(run_until_idle(&t.x[0], 100 * MS));
    assert_int_equal(t.x[0].end, DWC2_ERROR);
    no_faults();
}

static void halted_endpoint_starts_again_with_data0(void **state)
{
    (void)state;
    bring_up();
    echo(100); /* two packets each way: toggles even */
    echo(60);  /* one: now they are odd */
    net.halt_out[2] = net.halt_in[2] = true;
    want(0);
    send(1, 100);
    assert_true(run_until_idle(&t.x[1], 100 * MS));
    assert_int_equal(t.x[0].end, DWC2_STALLED);
    assert_int_equal(t.x[1].end, DWC2_STALLED);
    /* What is queued meanwhile waits. */
    send(2, 90);
    run(50 * MS);
    assert_true(dwc2_busy(&t.x[2]));
    assert_int_equal(control(2, 1, 0, 0x82, 0), RC_OK);
    assert_int_equal(control(2, 1, 0, 0x02, 0), RC_OK);
    dwc2_clear_halt(&t.h, &t.in);
    dwc2_clear_halt(&t.h, &t.out);
    want(0);
    assert_true(run_until_idle(&t.x[0], 100 * MS));
    assert_int_equal(t.x[2].rc, RC_OK);
    assert_int_equal(t.x[0].actual, 90);
    echo(128);
    no_faults();
}

static void silence_on_bulk_in_is_no_fault(void **state)
{
    (void)state;
    bring_up();
    want(0);
    run(5000LL * MS);
    assert_true(dwc2_busy(&t.x[0]));
    send(1, 70);
    assert_true(run_until_idle(&t.x[0], 100 * MS));
    assert_int_equal(t.x[0].actual, 70);
    assert_int_equal(t.h.stats.timeouts, 0);
    no_faults();
}

static void endless_nak_times_out(void **state)
{
    (void)state;
    bring_up();
    net.mute = true;
    send(1, 100);
    int64_t t0 = model_now();
    assert_true(run_until_idle(&t.x[1], 1000 * MS));
    assert_int_equal(t.x[1].rc, RC_TIMEOUT);
    assert_true(model_now() - t0 >= 200 * MS);
    assert_true(model_now() - t0 < 230 * MS);
    assert_int_equal(model_active(), 0);
    net.mute = false;
    echo(100);
    no_faults();
}

/* QEMU does not halt a channel that talks to nobody. */
static void absent_device_times_out(void **state)
{
    (void)state;
    bring_up();
    model.hang = true;
    t.ep0.addr = 77;
    assert_int_equal(control(0x80, 0, 0, 0, 2), RC_TIMEOUT);
    assert_int_equal(model_active(), 0);
    t.ep0.addr = 9;
    assert_int_equal(control(0x80, 0, 0, 0, 2), RC_OK);
    no_faults();
}

static void channel_that_never_halts_restarts_the_controller(void **state)
{
    (void)state;
    bring_up();
    model.hang = model.stuck_halt = true;
    t.ep0.addr = 77;
    uint8_t s[8] = {0x80};
    memcpy(t.setup, s, 8);
    t.x[7] = (struct dwc2_xfer){.buf = t.buf[7],
                                .setup = t.setup,
                                .len = 2,
                                .timeout_ns = 50 * MS,
                                .done = done};
    assert_int_equal(dwc2_submit(&t.h, &t.ep0, &t.x[7]), RC_OK);
    assert_true(run_until_idle(&t.x[7], 200 * MS));
    assert_int_equal(t.x[7].end, DWC2_CLOSED);
    assert_int_equal(t.h.stats.restarts, 1);
    assert_false(t.ep0.open || t.in.open || t.out.open);
    run(300 * MS);
    assert_true(dwc2_ready(&t.h));
    no_faults();
}

static void close_takes_everything_back(void **state)
{
    (void)state;
    bring_up();
    for (int i = 0; i < 4; i++)
        want(i);
    run(MS);
    dones = 0;
    dwc2_close(&t.h, &t.in);
    assert_int_equal(dwc2_submit(&t.h, &t.in, &t.x[5]), RC_STATE);
    run(5 * MS);
    assert_true(dwc2_idle(&t.in));
    assert_int_equal(dones, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(t.x[i].end, DWC2_CLOSED);
    assert_int_equal(model_active(), 0);
    no_faults();
}

/* ---- stamps -------------------------------------------------------------- */

static void irq(void)
{
    dwc2_irq(&t.h);
}

/* Four frames come while the loop is away: each is stamped on arrival, and
 * each buffer was armed without the loop's help. */
static void stamps_come_from_the_interrupt(void **state)
{
    (void)state;
    model.irq = irq;
    bring_up();
    for (int i = 0; i < 4; i++)
        want(i);
    run(MS);
    int64_t at[4];
    for (int i = 0; i < 4; i++) {
        memset(net.frame[i], 0x40 + i, 200);
        net.frame_len[i] = 200;
        net.count = 1;
        net.head = (unsigned)i;
        model_run(MS);
        at[i] = model_now();
        model_run(20 * MS);
    }
    dwc2_poll(&t.h, model_now());
    for (int i = 0; i < 4; i++) {
        assert_false(dwc2_busy(&t.x[i]));
        assert_int_equal(t.x[i].actual, 200);
        assert_int_equal(t.buf[i][199], 0x40 + i);
        assert_in_range(t.x[i].done_ticks, (uint64_t)at[i] - MS,
                        (uint64_t)at[i]);
    }
    no_faults();
}

/* The interrupt may come between any two register accesses. */
static void interrupts_anywhere(void **state)
{
    (void)state;
    model.irq = irq;
    bring_up();
    for (uint32_t len = 60; len < 700; len += 13)
        echo(len);
    assert_true(t.h.stats.irqs > 100);
    no_faults();
}

static void start_now_or_not_at_all(void **state)
{
    (void)state;
    model.ticks_step = 5;
    bring_up();
    fill(1, 500);
    fill(2, 100);
    uint64_t t0 = hw_ticks();
    assert_int_equal(dwc2_submit_now(&t.h, &t.out, &t.x[1]), RC_OK);
    assert_in_range(t.x[1].start_ticks, t0, hw_ticks());
    assert_int_equal(dwc2_submit_now(&t.h, &t.out, &t.x[2]), RC_AGAIN);
    assert_false(dwc2_busy(&t.x[2]));
    /* Once the wire is free it goes, even before the next poll. */
    model_run(5 * MS);
    t0 = hw_ticks();
    assert_int_equal(dwc2_submit_now(&t.h, &t.out, &t.x[2]), RC_OK);
    assert_in_range(t.x[2].start_ticks, t0, hw_ticks());
    run(5 * MS);
    assert_int_equal(net.frames_out, 2);
    no_faults();
}

static void due_says_when(void **state)
{
    (void)state;
    model.irq = irq;
    bring_up();
    run(MS);
    assert_true(dwc2_due(&t.h) == MONO_NEVER);
    net.mute = true;
    send(1, 100);
    run(MS);
    assert_in_range(dwc2_due(&t.h) - model_now(), 190 * MS, 200 * MS);
}

#define T(f) cmocka_unit_test_setup(f, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(starts_as_the_silicon_wants),
        T(reset_that_never_ends_is_reported_and_retried),
        T(no_host_mode_is_reported_and_retried),
        T(absent_controller_is_reported_and_retried),
        T(control_in_many_packets),
        T(control_refused_then_served),
        T(frames_of_all_lengths),
        T(bus_errors_are_retried_from_where_it_was),
        T(lost_acknowledge_does_not_double_data),
        T(three_errors_in_a_row_end_it),
        T(babble_ends_it),
        T(halted_endpoint_starts_again_with_data0),
        T(silence_on_bulk_in_is_no_fault),
        T(endless_nak_times_out),
        T(absent_device_times_out),
        T(channel_that_never_halts_restarts_the_controller),
        T(close_takes_everything_back),
        T(stamps_come_from_the_interrupt),
        T(interrupts_anywhere),
        T(start_now_or_not_at_all),
        T(due_says_when),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
