/* Descriptors of whatever is plugged in: first byte says what the rest is. */
#include <stdlib.h>
#include <string.h>

#include "usb_desc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void endpoint(const struct usb_endpoint *e)
{
    check(e->number >= 1 && e->number <= 15);
    check(e->mps >= 1 && e->mps <= 1024);
    check(usb_interval_ns(e, true) >= 125000);
    check(usb_interval_ns(e, true) <= 125000LL << 15);
    check(usb_interval_ns(e, false) <= 255000000);
}

static void config(const uint8_t *p, size_t n)
{
    struct usb_walk w = usb_walk_of(p, n);
    size_t sum = 0;
    while (usb_walk_next(&w)) {
        struct usb_endpoint e;
        check(w.len >= 2 && w.p >= p && w.p + w.len <= p + n);
        sum += w.len;
        if (usb_desc_endpoint(&w, &e) == RC_OK)
            endpoint(&e);
    }
    check(sum <= n);

    struct usb_endpoint e, out;
    if (usb_desc_bulk_pair(p, n, &e, &out) == RC_OK) {
        endpoint(&e);
        endpoint(&out);
        check(e.in && !out.in && e.type == 2 && out.type == 2);
    }
    char name[32];
    usb_desc_text(p, n, name, sizeof name);
    check(memchr(name, 0, sizeof name) != NULL);
    if (usb_desc_hub_endpoint(p, n, &e) == RC_OK) {
        endpoint(&e);
        check(e.in && e.type == 3);
    }
    struct usb_ecm_desc d;
    if (usb_desc_ecm(p, n, &d) == RC_OK) {
        endpoint(&d.in);
        endpoint(&d.out);
        check(d.in.in && !d.out.in && d.in.type == 2 && d.out.type == 2);
        check(2048 % d.in.mps == 0); /* receive buffers are whole packets */
        if (d.has_notify)
            endpoint(&d.notify);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const uint8_t *p = data + 1;
    size_t n = size - 1;
    struct usb_device_desc dev;
    uint8_t mac[6] = {1};

    switch (data[0] % 3) {
    case 0:
        config(p, n);
        break;
    case 1:
        check(usb_desc_device(p, n, &dev) != RC_OK || n >= 18);
        break;
    default:
        if (usb_desc_mac(p, n, mac) == RC_OK)
            check(!(mac[0] & 1));
        else
            check(mac[0] == 1); /* nothing changes before every test passed */
        break;
    }
    return 0;
}
