/* Enumeration, hubs and CDC Ethernet over the DWC2 model: any tree, and any
 * misbehaviour at any moment, must end with the Ethernet up again and every
 * channel free. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dwc2_model.h"
#include "usb.h"

#define MS 1000000LL

static struct usb u;
static struct mdev net, other, hub[4], kbd[2];

static void irq(void)
{
    usb_irq(&u);
}

static int start(void **state)
{
    (void)state;
    model_init(&u, sizeof u);
    model.ticks_step = 3;
    usb_init(&u, MODEL_BASE, &model_machine, model_now());
    return 0;
}

static void run(int64_t ns)
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

static int64_t wait_up(int64_t limit)
{
    int64_t t0 = model_now();
    void *dev;
    while (!eth(&dev)) {
        if (model_now() - t0 > limit)
            return RC_TIMEOUT;
        run(125000);
    }
    return model_now() - t0;
}

static void no_faults(void)
{
    if (model.faults)
        fail_msg("model: %s (%u)", model.fault, model.faults);
    assert_int_equal(net.wrong, 0);
}

static void echo(size_t len)
{
    uint8_t out[1514], in[1514];
    uint64_t sent = 0, got = 0, left = 0;
    void *dev;
    const struct eth_ops *e = eth(&dev);
    assert_non_null(e);
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(i * 5 + len);
    int rc = RC_AGAIN;
    for (int i = 0; i < 8000 && rc == RC_AGAIN; i++) {
        rc = e->send(dev, out, len, &sent);
        if (rc == RC_AGAIN)
            run(125000);
    }
    assert_int_equal(rc, RC_OK);
    int n = RC_AGAIN;
    for (int i = 0; i < 2000 && n == RC_AGAIN; i++) {
        run(125000);
        n = e->recv(dev, in, sizeof in, &got);
    }
    assert_int_equal(n, len);
    assert_memory_equal(in, out, len);
    assert_true(got > sent && sent > 0);
    assert_int_equal(e->left(dev, &left), RC_OK);
    assert_in_range(left, sent, got);
    assert_int_equal(e->left(dev, &left), RC_AGAIN);
}

static void echoes(void)
{
    static const size_t len[] = {14,  60,  63,   64,   65,   128,
                                 512, 513, 1024, 1472, 1500, 1514};
    for (size_t i = 0; i < LEN(len); i++)
        echo(len[i]);
}

/* ---- trees --------------------------------------------------------------- */

static void direct(void **state)
{
    (void)state;
    mdev_usbnet(&net);
    model_plug(&net);
    assert_in_range(wait_up(300 * MS), 150 * MS, 250 * MS);
    echoes();
    void *dev;
    uint8_t mac[6];
    eth(&dev)->mac(dev, mac);
    assert_memory_equal(mac, "\x52\x54\x00\x12\x34\x57", 6);
    assert_int_equal(net.filters, 0);    /* usb-net would stall it         */
    assert_int_equal(net.note_polls, 0); /* and has nothing to say         */
    assert_null(usb_trouble(&u));
    no_faults();
}

static void other_ecm_at_high_speed(void **state)
{
    (void)state;
    mdev_ecm(&net, SPEED_HIGH);
    model.irq = irq;
    model_plug(&net);
    assert_true(wait_up(300 * MS) > 0);
    echoes();
    void *dev;
    uint8_t mac[6];
    eth(&dev)->mac(dev, mac);
    assert_memory_equal(mac, "\x02\xab\xcd\x12\x34\x56", 6);
    assert_int_equal(net.filters, 1);
    assert_int_equal(net.config, 1);
    assert_int_equal(net.alt, 1);
    /* The cable: NETWORK_CONNECTION off, then on. */
    memcpy(net.note, "\xa1\0\0\0\4\0\0\0", 8);
    net.note_due = true;
    run(100 * MS);
    assert_null(eth(&dev));
    net.note[2] = 1;
    net.note_due = true;
    run(100 * MS);
    assert_non_null(eth(&dev));
    no_faults();
}

static void hubs_in_a_row(unsigned n)
{
    mdev_usbnet(&net);
    struct mdev *below = &net;
    for (unsigned i = 0; i < n; i++) {
        mdev_hub(&hub[i], SPEED_FULL);
        mdev_plug(&hub[i], 1 + i * 3, below);
        below = &hub[i];
    }
    model_plug(below);
    assert_true(wait_up(1500 * MS) > 0);
    echoes();
    no_faults();
}

static void behind_one_hub(void **state)
{
    (void)state;
    hubs_in_a_row(1);
}

static void behind_two_hubs(void **state)
{
    (void)state;
    hubs_in_a_row(2);
}

static void behind_three_hubs_with_interrupts(void **state)
{
    (void)state;
    model.irq = irq;
    hubs_in_a_row(3);
}

static void big_tree(void)
{
    mdev_usbnet(&net);
    mdev_keyboard(&kbd[0], SPEED_FULL);
    mdev_keyboard(&kbd[1], SPEED_LOW);
    for (int i = 0; i < 3; i++)
        mdev_hub(&hub[i], SPEED_FULL);
    mdev_plug(&hub[1], 1, &kbd[0]);
    mdev_plug(&hub[1], 8, &net);
    mdev_plug(&hub[2], 3, &kbd[1]);
    mdev_plug(&hub[0], 2, &hub[1]);
    mdev_plug(&hub[0], 5, &hub[2]);
    model_plug(&hub[0]);
}

static unsigned in_state(uint8_t state)
{
    unsigned n = 0;
    for (int i = 0; i < USB_DEVICES; i++)
        n += u.core.dev[i].state == state;
    return n;
}

/* All at once: the model faults if two devices ever share address 0. */
static void many_devices_one_at_address_zero(void **state)
{
    (void)state;
    big_tree();
    assert_true(wait_up(2000 * MS) > 0);
    run(500 * MS);
    assert_int_equal(in_state(USB_RUN), 4);    /* hubs and Ethernet        */
    assert_int_equal(in_state(USB_UNUSED), 2); /* keyboards                */
    assert_null(usb_trouble(&u));
    echoes();
    no_faults();
}

static void high_speed_behind_high_speed_hub(void **state)
{
    (void)state;
    mdev_hub(&hub[0], SPEED_HIGH);
    mdev_ecm(&net, SPEED_HIGH);
    mdev_plug(&hub[0], 1, &net);
    model_plug(&hub[0]);
    assert_true(wait_up(1000 * MS) > 0);
    echoes();
    no_faults();
}

static void split_is_refused_with_a_reason(void **state)
{
    (void)state;
    mdev_hub(&hub[0], SPEED_HIGH);
    mdev_usbnet(&other); /* full speed */
    mdev_ecm(&net, SPEED_HIGH);
    mdev_plug(&hub[0], 1, &other);
    mdev_plug(&hub[0], 2, &net);
    model_plug(&hub[0]);
    assert_true(wait_up(1000 * MS) > 0); /* the other one is not held up */
    run(500 * MS);
    assert_int_equal(in_state(USB_FAILED), 1);
    assert_string_equal(usb_refused(&u),
                        "a full-speed USB device on port 1 of hub 0424:9514: "
                        "behind a high-speed hub it needs split transactions, "
                        "which Gnomon does not have: leave it out");
    assert_null(usb_trouble(&u));              /* of Ethernet there is none */
    assert_int_equal(hub[0].status[1] & 2, 0); /* its port is off */
    no_faults();
}

/* What is refused is named: by its ids, what it calls itself, and its kind. */
static void no_driver_says_whose(void **state)
{
    static uint8_t dev[18];
    (void)state;
    mdev_keyboard(&kbd[0], SPEED_FULL);
    memcpy(dev, kbd[0].dev_desc, 18);
    dev[15] = 3;
    kbd[0].dev_desc = dev;
    kbd[0].mac = "Keys\n and keys"; /* string 3 */
    model_plug(&kbd[0]);
    run(1000 * MS);
    assert_string_equal(usb_trouble(&u),
                        "USB device 0627:0001 (Keys? and keys, keyboard, mouse "
                        "or the like): no driver for this device");
    model_unplug();
    run(100 * MS);
    assert_null(usb_trouble(&u));
    kbd[0].mac = NULL; /* the string is refused */
    model_plug(&kbd[0]);
    run(1000 * MS);
    assert_string_equal(usb_trouble(&u),
                        "USB device 0627:0001 (keyboard, mouse or the like): "
                        "no driver for this device");
    no_faults();
}

/* ---- coming and going ---------------------------------------------------- */

static void pull_root(void)
{
    model_unplug();
}

static void pull_net(void)
{
    mdev_unplug(&hub[1], 4);
}

static void pull_hub(void)
{
    mdev_unplug(&hub[0], 2);
}

static void plug_chain(void)
{
    mdev_usbnet(&net);
    mdev_hub(&hub[1], SPEED_FULL);
    mdev_hub(&hub[0], SPEED_FULL);
    mdev_plug(&hub[1], 4, &net);
    mdev_plug(&hub[0], 2, &hub[1]);
    model_plug(&hub[0]);
}

/* Pull `what` at transaction k of everything from power-up to a frame's
 * echo, for every k; then put it back. */
static void pulled_at_every_step(void (*pull)(void), unsigned gone_devices)
{
    for (uint32_t k = 1; k < 110; k++) {
        start(NULL);
        model.irq = k & 1 ? irq : NULL;
        model.hang = k % 3 == 0; /* absent devices as in QEMU */
        plug_chain();
        model.inject = INJECT_CALL;
        model.inject_call = pull;
        model.inject_at = k;
        model.inject_count = 1;
        run(2500 * MS);
        void *dev;
        if (model.inject_count == 0)
            assert_null(eth(&dev));
        assert_true(in_state(USB_RUN) <= 3 - gone_devices);
        model.hang = false;
        if (pull == pull_root)
            plug_chain();
        else if (pull == pull_net)
            mdev_plug(&hub[1], 4, &net);
        else
            mdev_plug(&hub[0], 2, &hub[1]);
        if (wait_up(4000 * MS) < 0)
            fail_msg("not up again after step %u: %s", k, usb_trouble(&u));
        echo(64);
        echo(200);
        assert_int_equal(in_state(USB_RUN), 3);
        assert_int_equal(in_state(USB_CLOSING), 0);
        no_faults();
    }
}

static void root_pulled_at_every_step(void **state)
{
    (void)state;
    pulled_at_every_step(pull_root, 3);
}

static void device_pulled_at_every_step(void **state)
{
    (void)state;
    pulled_at_every_step(pull_net, 1);
}

static void inner_hub_pulled_at_every_step(void **state)
{
    (void)state;
    pulled_at_every_step(pull_hub, 2);
}

static void bounces_many_times(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        plug_chain();
        run((i * 17 % 600) * MS);
        model_unplug();
        run((i * 7 % 30) * MS);
    }
    run(100 * MS);
    assert_int_equal(in_state(USB_FREE), USB_DEVICES);
    assert_int_equal(model_active(), 0);
    plug_chain();
    assert_true(wait_up(2000 * MS) > 0);
    echoes();
    no_faults();
}

/* ---- misbehaviour -------------------------------------------------------- */

/* One injected fault at every transaction: it must come up all the same. */
static void survives_at_every_step(enum inject inject, uint32_t count)
{
    for (uint32_t k = 1; k < 110; k++) {
        start(NULL);
        plug_chain();
        model.inject = inject;
        model.inject_at = k;
        model.inject_count = count;
        if (wait_up(8000 * MS) < 0)
            fail_msg("not up, fault at %u: %s", k, usb_trouble(&u));
        run(300 * MS);
        if (wait_up(4000 * MS) < 0)
            fail_msg("not up again, fault at %u: %s", k, usb_trouble(&u));
        echo(128);
        echo(100);
        no_faults();
    }
}

static void short_silence_at_every_step(void **state)
{
    (void)state;
    survives_at_every_step(INJECT_SILENCE, 2);
}

static void long_silence_at_every_step(void **state)
{
    (void)state;
    survives_at_every_step(INJECT_SILENCE, 4);
}

static void naks_at_every_step(void **state)
{
    (void)state;
    survives_at_every_step(INJECT_NAK, 20);
}

static void babble_at_every_step(void **state)
{
    (void)state;
    survives_at_every_step(INJECT_BABBLE, 1);
}

static void halted_bulk_endpoints_recover(void **state)
{
    (void)state;
    mdev_usbnet(&net);
    model_plug(&net);
    assert_true(wait_up(300 * MS) > 0);
    echo(60); /* odd toggles */
    net.halt_in[2] = true;
    run(50 * MS);
    echo(60);
    echo(100);
    net.halt_out[2] = true;
    uint8_t f[60] = {0};
    void *dev;
    const struct eth_ops *e = eth(&dev);
    assert_int_equal(e->send(dev, f, 60, NULL), RC_OK); /* lost, counted */
    run(100 * MS);
    echo(60);
    echoes();
    assert_int_equal(u.eth.stats.tx_errors, 1);
    assert_int_equal(u.core.resets, 0);
    no_faults();
}

static void dead_device_is_found_out_and_reset(void **state)
{
    (void)state;
    mdev_usbnet(&net);
    model_plug(&net);
    assert_true(wait_up(300 * MS) > 0);
    run(25000 * MS); /* silent but alive: left in peace */
    assert_int_equal(u.core.resets, 0);
    net.addr = 99; /* lost its mind */
    model.hang = true;
    run(13000 * MS);
    assert_int_equal(u.core.resets, 1);
    assert_true(wait_up(1000 * MS) >= 0);
    echoes();
    no_faults();
}

static void overlong_and_short_frames_are_dropped(void **state)
{
    (void)state;
    mdev_usbnet(&net);
    model_plug(&net);
    assert_true(wait_up(300 * MS) > 0);
    static const size_t bad[] = {2048, 13, 1515, 0};
    for (size_t i = 0; i < LEN(bad); i++) {
        net.frame_len[(net.head + net.count) % MDEV_FRAMES] = bad[i];
        net.count++;
    }
    run(20 * MS);
    uint8_t b[1514];
    uint64_t stamp;
    void *dev;
    const struct eth_ops *e = eth(&dev);
    assert_int_equal(e->recv(dev, b, sizeof b, &stamp), RC_AGAIN);
    echoes();
    assert_true(u.eth.stats.rx_bad >= 3);
    no_faults();
}

static void ring_of_frames_without_stamp(void **state)
{
    (void)state;
    mdev_usbnet(&net);
    model_plug(&net);
    assert_true(wait_up(300 * MS) > 0);
    uint8_t f[128] = {0};
    uint64_t stamp;
    void *dev;
    const struct eth_ops *e = eth(&dev);
    for (int i = 0; i < USB_ETH_TX; i++)
        assert_int_equal(e->send(dev, f, sizeof f, NULL), RC_OK);
    assert_int_equal(e->send(dev, f, sizeof f, NULL), RC_AGAIN);
    assert_int_equal(e->send(dev, f, sizeof f, &stamp), RC_AGAIN);
    run(30 * MS);
    assert_int_equal(net.frames_out, USB_ETH_TX);
    assert_int_equal(e->send(dev, f, 1515, NULL), RC_BAD);
    no_faults();
}

static void port_that_never_enables(void **state)
{
    (void)state;
    mdev_usbnet(&net);
    model.no_enable = true;
    model_plug(&net);
    run(3000 * MS);
    assert_non_null(strstr(usb_trouble(&u), "not enabled"));
    model.no_enable = false;
    model_unplug();
    run(20 * MS);
    assert_null(usb_trouble(&u));
    model_plug(&net);
    assert_true(wait_up(300 * MS) > 0);
    no_faults();
}

static const uint8_t bad_dev[18] = {18, 1, 0, 2, 0, 0, 0, 7, 1, 2, 3, 4};

static void liar_does_not_hold_up_others(void **state)
{
    (void)state;
    mdev_usbnet(&net);
    mdev_keyboard(&kbd[0], SPEED_FULL);
    kbd[0].dev_desc = bad_dev; /* bMaxPacketSize0 = 7 */
    mdev_hub(&hub[0], SPEED_FULL);
    mdev_plug(&hub[0], 1, &kbd[0]);
    mdev_plug(&hub[0], 2, &net);
    model_plug(&hub[0]);
    assert_true(wait_up(2000 * MS) > 0);
    run(500 * MS);
    assert_int_equal(kbd[0].resets, 3);
    assert_int_equal(in_state(USB_FAILED), 1);
    assert_non_null(strstr(usb_refused(&u), "malformed"));
    echoes();
    no_faults();
}

/* A configuration with each byte turned in turn: up, refused or left alone,
 * never a fault. */
static void garbled_descriptors(void **state)
{
    (void)state;
    static uint8_t cfg[80], dev[18];
    for (size_t i = 0; i < sizeof cfg + sizeof dev; i++) {
        start(NULL);
        mdev_ecm(&net, SPEED_HIGH);
        memcpy(cfg, net.cfg[0], sizeof cfg);
        memcpy(dev, net.dev_desc, sizeof dev);
        net.cfg[0] = cfg;
        net.dev_desc = dev;
        if (i < sizeof cfg)
            cfg[i] ^= (uint8_t)(0x81 + i);
        else
            dev[i - sizeof cfg] ^= (uint8_t)(0x81 + i);
        model_plug(&net);
        run(1200 * MS);
        assert_int_equal(model.faults, 0);
        assert_true(in_state(USB_RUN) + in_state(USB_UNUSED) +
                        in_state(USB_FAILED) <=
                    1);
    }
}

static void no_mac_no_ethernet(void **state)
{
    (void)state;
    mdev_usbnet(&net);
    net.mac = "52540012345G";
    model_plug(&net);
    run(2000 * MS);
    void *dev;
    assert_null(eth(&dev));
    assert_non_null(strstr(u.core.last_reset, "MAC"));
    no_faults();
}

#define T(f) cmocka_unit_test_setup(f, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(direct),
        T(other_ecm_at_high_speed),
        T(behind_one_hub),
        T(behind_two_hubs),
        T(behind_three_hubs_with_interrupts),
        T(many_devices_one_at_address_zero),
        T(high_speed_behind_high_speed_hub),
        T(split_is_refused_with_a_reason),
        T(no_driver_says_whose),
        T(root_pulled_at_every_step),
        T(device_pulled_at_every_step),
        T(inner_hub_pulled_at_every_step),
        T(bounces_many_times),
        T(short_silence_at_every_step),
        T(long_silence_at_every_step),
        T(naks_at_every_step),
        T(babble_at_every_step),
        T(halted_bulk_endpoints_recover),
        T(dead_device_is_found_out_and_reset),
        T(overlong_and_short_frames_are_dropped),
        T(ring_of_frames_without_stamp),
        T(port_that_never_enables),
        T(liar_does_not_hold_up_others),
        T(garbled_descriptors),
        T(no_mac_no_ethernet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
