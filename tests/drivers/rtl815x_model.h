/* rtl815x_model.h -- dongles with an RTL8152 (0bda:8152, 100 Mb/s) or RTL8153
 * (0bda:8153, gigabit): their first configuration is the vendor's, the second
 * one CDC-ECM, with notifications of link and speed that repeat. */
#ifndef RTL815X_MODEL_H
#define RTL815X_MODEL_H

#include "usb_chip.h"

extern const struct usb_chip_kind rtl8152_model, rtl8153_model;

/* Frames that came while the data interface was off; filtered; without room. */
struct rtl815x_counts {
    unsigned off, filtered, overrun;
};
struct rtl815x_counts rtl815x_counts(const struct usb_chip *c);

/* Its notification endpoint takes 8 bytes a packet, not 16: what is longer
 * comes in two. Before it is plugged in. */
extern bool rtl815x_split_notes;

#endif
