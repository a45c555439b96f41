/* dwc2_model.h -- the registers of a DWC2 host, executing transfers against
 * the devices of usb_dev_model.h, packet by packet.
 *
 * Memory is not coherent: devices see a shadow of [mem, mem + len) that only
 * hw_dma_clean fills and only hw_dma_discard brings back, so a missing cache
 * operation shows as wrong data. Anything a driver must not do to the
 * hardware is counted in `faults` with the first one in words. */
#ifndef DWC2_MODEL_H
#define DWC2_MODEL_H

#include "usb_dev_model.h"
#include "usb_eth.h"

#define MODEL_BASE 0x3f980000u

enum inject {
    INJECT_NOTHING,
    INJECT_SILENCE, /* no answer: transaction error                         */
    INJECT_NAK,
    INJECT_STALL,
    INJECT_LOST_ACK, /* the device took it, the host does not know           */
    INJECT_BABBLE,
    INJECT_CALL, /* call inject_call                                     */
};

struct dwc2_model {
    struct mdev *root;
    uint32_t faults, transactions;
    char fault[120];
    /* How it misbehaves. */
    bool hang; /* absent device: the channel never halts (QEMU)        */
    bool stuck_halt, stuck_reset, stuck_mode, no_id, no_enable;
    enum inject inject;
    uint32_t inject_at, inject_count; /* from which transaction, how many    */
    void (*inject_call)(void);
    void (*irq)(void); /* the interrupt line, or NULL: polled                */
    uint64_t ticks_step; /* hw_ticks advances by this at each call           */
};

extern struct dwc2_model model;
extern const struct usb_eth_machine model_machine; /* its ticks are ns */

void model_init(void *mem, size_t len);
void model_plug(struct mdev *d);
void model_unplug(void);
void model_run(uint64_t ns); /* bus time passes; nobody polls             */
int64_t model_now(void);
uint32_t model_reg(uint32_t off);
unsigned model_active(void); /* channels enabled                          */

#endif
