/* vc.h -- what the machine asks of the VideoCore firmware: at start all that it
 * needs to know, in bounded time, and from then on what changes, a message at
 * a time, without waiting.
 *
 *     vc_ask once; vc_poll from port_poll, by vc_due at the latest.
 *
 * Identity is one message, everything else each its own: a firmware that does
 * not know a tag answers the others all the same. Once it has left a message
 * unanswered it is `mute`, and asked nothing more until the next reset: its
 * late answer would be taken for another's. What it says is outside input;
 * what it does not say has a default. */
#ifndef VC_H
#define VC_H

#include "core/base.h"
#include "mailbox.h"

enum vc_clock_name { VC_UART, VC_SD, VC_ARM, VC_CORE, VC_CLOCKS };

struct vc_clock { /* Hz; 0: not told */
    uint32_t measured, nominal, max;
    uint32_t hz;      /* what to count on: the first of these that is told, or
                         the default; 0 for ARM and core if none is       */
    const char *from; /* which: "measured", "nominal", "maximum", "default" */
    bool told;        /* not the default                                  */
    bool was_off;     /* measured as 0, then set                          */
};

enum vc_power { VC_UNTOLD, VC_ON, VC_OFF, VC_NO_SUCH };

struct vc {
    bool mute;
    uint32_t firmware; /* its build, in seconds since 1970 */
    uint32_t revision; /* of the board; 0: not told        */
    uint32_t memory_bytes;
    uint64_t serial;
    uint8_t mac[6]; /* zeros: neither told nor made from a serial number */
    bool mac_made;  /* locally administered, from the serial number */
    struct vc_clock clock[VC_CLOCKS];
    enum vc_power sd, usb;
    bool temperature_told, throttled_told;
    int32_t millidegrees;
    uint32_t throttled; /* as the mailbox has it */
    bool pin_refused;   /* vc_pin's, by the firmware */

    /* private */
    struct mailbox box;
    uintptr_t base;
    enum vc_asked { VC_NOTHING, VC_PIN, VC_TEMPERATURE, VC_THROTTLED } asked;
    size_t tag;
    unsigned pin;
    bool pin_used, pin_known, pin_wanted, pin_sent; /* known: sent once */
    mono_ns next; /* of the figures that change */
};

/* Asks everything and powers card and USB. Returns within a second or so, half
 * of it where the firmware is mute. sd_clock is the mailbox's number of the
 * card controller's clock, sd_hz what that runs at where nobody tells. */
void vc_ask(struct vc *v, uintptr_t mailbox, uint32_t sd_clock, uint32_t sd_hz);

/* Sets a pin of the expander behind the VideoCore, and waits for it, half a
 * second at most: for start-up alone. Returns whether the firmware did it. */
bool vc_pin_now(struct vc *v, unsigned pin, bool level);

/* Sets the pin of the LED there, soon; it is always the same one. */
void vc_pin(struct vc *v, unsigned pin, bool level);

/* One pass of the loop. */
void vc_poll(struct vc *v, mono_ns now);

/* The time by which the next must come. */
mono_ns vc_due(const struct vc *v, mono_ns now);

#endif
