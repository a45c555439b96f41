/* The rings that USB Ethernet chips share, with a chip that CDC-ECM is not:
 * several frames a transfer, each with its length before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dwc2_model.h"
#include "usb.h"

static struct usb u;
static struct usb_dev *dev = &u.core.dev[0];
static struct usb_eth *e = &u.eth;

static size_t take(void *self, const uint8_t *p, size_t len,
                   struct usb_eth_frame *f)
{
    size_t n = len < 2 ? len : (size_t)(p[0] | p[1] << 8);
    assert_ptr_equal(self, &u);
    if (len == 0)
        return 0;
    *f = (struct usb_eth_frame){p, 0};
    if (len < 2 || n > len - 2)
        return len;
    *f = (struct usb_eth_frame){p + 2, n};
    return n + 2;
}

static size_t pack(void *self, uint8_t *buf, const uint8_t *frame, size_t len)
{
    assert_ptr_equal(self, &u);
    buf[0] = (uint8_t)len;
    buf[1] = (uint8_t)(len >> 8);
    memcpy(buf + 2, frame, len);
    return len + 2;
}

static const struct usb_eth_chip chip = {.take = take, .pack = pack};

static int start(void **state)
{
    (void)state;
    model_init(&u, sizeof u);
    usb_init(&u, MODEL_BASE, &model_machine, 0);
    assert_int_equal(usb_eth_begin(e, dev, &chip, &u), RC_OK);
    assert_ptr_equal(dev->cls, e);
    return 0;
}

/* As if this slot's transfer had ended with these bytes. */
static uint8_t *arrived(unsigned slot, uint32_t len, uint64_t stamp)
{
    e->rx[slot] = (struct dwc2_xfer){
        .buf = e->rx_buf[slot], .actual = len, .done_ticks = stamp};
    e->full[(e->full_head + e->full_count++) % USB_ETH_RX] = (uint8_t)slot;
    return e->rx_buf[slot];
}

static size_t put(uint8_t *at, uint8_t fill, size_t len)
{
    at[0] = (uint8_t)len;
    at[1] = (uint8_t)(len >> 8);
    memset(at + 2, fill, len);
    return len + 2;
}

static void expect(uint8_t fill, int len, uint64_t when)
{
    uint8_t b[USB_ETH_FRAME];
    uint64_t stamp;
    assert_int_equal(usb_eth_ops.recv(e, b, sizeof b, &stamp), len);
    assert_int_equal(b[0], fill);
    assert_int_equal(b[len - 1], fill);
    assert_int_equal(stamp, when);
}

static void every_frame_of_a_transfer_in_order(void **state)
{
    uint8_t b[USB_ETH_FRAME];
    uint64_t stamp;
    (void)state;
    uint8_t *p = arrived(0, 62 + 102 + 1516, 1000);
    p += put(p, 1, 60);
    p += put(p, 2, 100);
    (void)put(p, 3, 1514);
    (void)put(arrived(1, 62, 2000), 4, 60);
    expect(1, 60, 1000);
    expect(2, 100, 1000);
    assert_int_equal(e->full_count, 2); /* not given back under the third */
    expect(3, 1514, 1000);
    assert_int_equal(e->full_count, 1);
    expect(4, 60, 2000);
    assert_int_equal(usb_eth_ops.recv(e, b, sizeof b, &stamp), RC_AGAIN);
    assert_int_equal(e->stats.rx, 4);
    assert_int_equal(e->stats.rx_bad, 0);
}

static void lengths_that_lie_cost_their_transfer_and_no_more(void **state)
{
    (void)state;
    uint8_t *p = arrived(0, 62 + 15, 1000);
    p += put(p, 1, 13); /* shorter than a header */
    p += put(p, 2, 45);
    p[0] = 200; /* says more than came */
    p[1] = 0;
    (void)arrived(1, 0, 1100); /* nothing at all */
    p = arrived(2, 1, 1200);   /* half a length */
    p[0] = 60;
    (void)put(arrived(3, 1517, 1300), 5, 1515); /* longer than a frame */
    (void)put(arrived(4, 62, 1400), 6, 60);
    expect(2, 45, 1000);
    expect(6, 60, 1400);
    assert_int_equal(e->full_count, 0);
    assert_int_equal(e->stats.rx_bad, 4);
}

static void a_frame_goes_out_behind_its_header(void **state)
{
    uint8_t f[USB_ETH_FRAME];
    (void)state;
    memset(f, 7, sizeof f);
    assert_int_equal(usb_eth_ops.send(e, f, 60, NULL), RC_STATE); /* not up */
    e->running = true;
    assert_int_equal(usb_eth_ops.send(e, f, 13, NULL), RC_BAD);
    assert_int_equal(usb_eth_ops.send(e, f, 1514, NULL), RC_STATE); /* closed */
    assert_int_equal(e->tx[0].len, 1516);
    assert_memory_equal(e->tx_buf[0], "\xea\x05\x07", 3);
    assert_int_equal(e->tx_buf[0][1515], 7);
}

static void rings_have_one_owner(void **state)
{
    (void)state;
    assert_int_equal(usb_eth_begin(e, &u.core.dev[1], &chip, &u), RC_SPACE);
    assert_non_null(u.core.dev[1].why);
    e->stats.rx = 9;
    usb_eth_gone(e);
    assert_int_equal(usb_eth_begin(e, &u.core.dev[1], &chip, &u), RC_OK);
    assert_int_equal(e->stats.rx, 9); /* counted since start-up */
    assert_true(usb_eth_due(e) == MONO_NEVER);
}

#define T(f) cmocka_unit_test_setup(f, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_frame_of_a_transfer_in_order),
        T(lengths_that_lie_cost_their_transfer_and_no_more),
        T(a_frame_goes_out_behind_its_header),
        T(rings_have_one_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
