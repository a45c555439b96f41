/* usb_skip.h -- time for fuzz targets over the DWC2 model: what nobody needs
 * to be waited out is skipped. */
#ifndef USB_SKIP_H
#define USB_SKIP_H

#include "../drivers/dwc2_model.h"
#include "core/mono.h"
#include "usb.h"

#define FRAME (125 * MONO_US)

/* To what is due, or to `end`, or a millisecond on while a channel listens. */
static inline void skip_idle(struct usb *u, mono_ns end)
{
    mono_ns now = model_now(), due = mono_min(usb_due(u), end);
    due = model_active() > 0 ? mono_min(due, now + MONO_MS) : due;
    if (due <= now + FRAME)
        return;
    model.ticks_step = (uint64_t)(due - now);
    (void)hw_ticks();
    model.ticks_step = 0;
}

#endif
