#include "genet_phy.h"

#include "genet_regs.h"
#include "hw.h"

/* IEEE 802.3 clause 22. */
#define BMCR        0u
#define BMSR        1u
#define PHY_ID_1    2u
#define PHY_ID_2    3u
#define ADVERTISE   4u
#define PARTNER     5u
#define CTRL_1000   9u
#define STATUS_1000 10u
#define MMD_CTRL    13u
#define MMD_DATA    14u

#define BMCR_RESET     0x8000u
#define BMCR_NEGOTIATE 0x1200u /* on, and begin anew */
#define BMSR_DONE      0x0020u
#define BMSR_LINK      0x0004u

#define CAN_100_FULL  0x0100u
#define CAN_100_HALF  0x0080u
#define CAN_10_FULL   0x0040u
#define CAN_10_HALF   0x0020u
#define SELECTOR      0x0001u
#define CAN_1000_FULL 0x0200u /* in CTRL_1000   */
#define HAS_1000_FULL 0x0800u /* in STATUS_1000 */

#define MMD_EEE        7u /* device 7, register 60: what of EEE we offer */
#define MMD_EEE_OFFER  60u
#define MMD_NO_ADVANCE 0x4000u

#define MDIO_NS    (10 * MONO_MS)  /* a transaction takes 30 us         */
#define RESET_NS   (500 * MONO_MS) /* clause 22.2.4.1.1                 */
#define PAUSE_NS   (10 * MONO_MS)  /* between two looks at a reset      */
#define MISSING_NS (1000 * MONO_MS)
#define DOWN_NS    (250 * MONO_MS)
#define UP_NS      (1000 * MONO_MS)
#define SILENT     3u
#define INSISTS    2u

/* What is done, in this order. From LINK_OLD on it goes round. */
enum {
    FIND_1,
    FIND_2,
    RESET,
    RESET_WAIT,
    EEE_DEVICE,
    EEE_REGISTER,
    EEE_SELECT,
    EEE_NONE,
    OFFER,
    OFFER_1000,
    NEGOTIATE,
    LINK_OLD, /* a link that went away since the last look: latched */
    LINK_NOW,
    LINK_PARTNER,
    LINK_1000,
    EEE_DEVICE_2,   /* a link that comes up: a PHY that was reset behind our */
    EEE_REGISTER_2, /* back offers EEE again                               */
    EEE_SELECT_2,
    EEE_OFFERED,
    STEPS,
};

static const struct {
    uint8_t reg;
    bool write;
    uint16_t value;
} steps[STEPS] = {
    [FIND_1] = {PHY_ID_1, false, 0},
    [FIND_2] = {PHY_ID_2, false, 0},
    [RESET] = {BMCR, true, BMCR_RESET},
    [RESET_WAIT] = {BMCR, false, 0},
    [EEE_DEVICE] = {MMD_CTRL, true, MMD_EEE},
    [EEE_REGISTER] = {MMD_DATA, true, MMD_EEE_OFFER},
    [EEE_SELECT] = {MMD_CTRL, true, MMD_NO_ADVANCE | MMD_EEE},
    [EEE_NONE] = {MMD_DATA, true, 0},
    [OFFER] = {ADVERTISE, true,
               SELECTOR | CAN_10_HALF | CAN_10_FULL | CAN_100_HALF |
                   CAN_100_FULL},
    [OFFER_1000] = {CTRL_1000, true, CAN_1000_FULL},
    [NEGOTIATE] = {BMCR, true, BMCR_NEGOTIATE},
    [LINK_OLD] = {BMSR, false, 0},
    [LINK_NOW] = {BMSR, false, 0},
    [LINK_PARTNER] = {PARTNER, false, 0},
    [LINK_1000] = {STATUS_1000, false, 0},
    [EEE_DEVICE_2] = {MMD_CTRL, true, MMD_EEE},
    [EEE_REGISTER_2] = {MMD_DATA, true, MMD_EEE_OFFER},
    [EEE_SELECT_2] = {MMD_CTRL, true, MMD_NO_ADVANCE | MMD_EEE},
    [EEE_OFFERED] = {MMD_DATA, false, 0},
};

static void go(struct genet_phy *p, uint8_t step, mono_ns when)
{
    p->step = step;
    p->resume = when;
}

static void link_lost(struct genet_phy *p)
{
    p->drops += p->link;
    p->link = false;
}

/* Looks for the PHY from the beginning, first at address 1. */
static void find(struct genet_phy *p, mono_ns when)
{
    link_lost(p);
    p->restarts++;
    p->silent = 0;
    go(p, FIND_1, when);
}

void genet_phy_init(struct genet_phy *p, uintptr_t mdio, mono_ns now)
{
    *p = (struct genet_phy){.mdio = mdio, .address = 1};
    go(p, FIND_1, now);
}

void genet_phy_restart(struct genet_phy *p, mono_ns now)
{
    p->busy = false;
    find(p, now);
}

/* No PHY here: the other address, and after a while this one again. */
static void not_here(struct genet_phy *p, mono_ns now)
{
    if (p->address == 0)
        p->trouble = "the Ethernet PHY does not answer: a fault of the board, "
                     "or one that is not known here";
    go(p, FIND_1, p->address == 0 ? now + MISSING_NS : now);
    p->address = p->address == 0 ? 1 : 0;
}

static void found(struct genet_phy *p, uint16_t id_low, mono_ns now)
{
    p->id = (uint32_t)p->id_high << 16 | id_low;
    p->trouble = NULL;
    p->reset_by = now + RESET_NS;
    go(p, RESET, now);
}

static void reset_pending(struct genet_phy *p, mono_ns now)
{
    if (now - p->reset_by <= 0) {
        go(p, RESET_WAIT, now + PAUSE_NS);
        return;
    }
    p->trouble = "the Ethernet PHY stays in reset: switch off and on";
    find(p, now + MISSING_NS);
}

/* The fastest that both sides can; a partner that does not negotiate shows up
 * as one that can a single thing. */
static void resolve(struct genet_phy *p)
{
    uint16_t both = p->partner;
    if ((p->partner_1000 & HAS_1000_FULL) != 0) {
        p->mbps = 1000;
        p->full = true;
        return;
    }
    p->mbps = (both & (CAN_100_FULL | CAN_100_HALF)) != 0 ? 100 : 10;
    p->full = (both & CAN_100_FULL) != 0 ||
              ((both & CAN_100_HALF) == 0 && (both & CAN_10_FULL) != 0);
}

static void take_status(struct genet_phy *p, uint16_t bmsr, mono_ns now)
{
    uint16_t needed = BMSR_LINK | BMSR_DONE;
    bool up = (bmsr & needed) == needed;
    if (p->step == LINK_OLD) {
        if (!up)
            link_lost(p);
        go(p, LINK_NOW, now);
    } else if (up) {
        go(p, LINK_PARTNER, now);
    } else {
        link_lost(p);
        go(p, LINK_OLD, now + DOWN_NS);
    }
}

/* A PHY that insists, or has no such register, is let be. */
static void eee_checked(struct genet_phy *p, uint16_t offered, mono_ns now)
{
    if (offered != 0 && p->insisted < INSISTS) {
        p->insisted++;
        find(p, now);
        return;
    }
    p->insisted = 0;
    p->link = true;
    go(p, LINK_OLD, now + UP_NS);
}

/* What was read, or has been written. */
static void answered(struct genet_phy *p, uint16_t v, mono_ns now)
{
    bool nobody = v == 0xffff || (v == 0 && p->step == FIND_1);
    p->silent = 0;
    switch (p->step) {
    case FIND_1:
        p->id_high = v;
        if (nobody)
            not_here(p, now);
        else
            go(p, FIND_2, now);
        break;
    case FIND_2:
        found(p, v, now);
        break;
    case RESET_WAIT:
        if ((v & BMCR_RESET) != 0)
            reset_pending(p, now);
        else
            go(p, EEE_DEVICE, now);
        break;
    case NEGOTIATE:
        p->trouble = NULL;
        go(p, LINK_OLD, now + DOWN_NS);
        break;
    case LINK_OLD:
    case LINK_NOW:
        if (nobody) /* no register reads so: the PHY is not there */
            find(p, now);
        else
            take_status(p, v, now);
        break;
    case LINK_PARTNER:
        p->partner = v;
        go(p, LINK_1000, now);
        break;
    case LINK_1000:
        p->partner_1000 = v;
        resolve(p);
        if (p->link)
            go(p, LINK_OLD, now + UP_NS);
        else
            go(p, EEE_DEVICE_2, now);
        break;
    case EEE_OFFERED:
        eee_checked(p, v, now);
        break;
    default:
        go(p, p->step + 1, now);
    }
}

static void no_answer(struct genet_phy *p, mono_ns now)
{
    p->failures++;
    if (p->step <= FIND_2) {
        not_here(p, now);
    } else if (++p->silent >= SILENT) {
        p->trouble = "the Ethernet PHY no longer answers: it is being reset";
        find(p, now);
    } else {
        p->resume = now + PAUSE_NS;
    }
}

static void begin(struct genet_phy *p, mono_ns now)
{
    uint8_t step = p->step;
    uint32_t word = MDIO_PHY(p->address) | MDIO_REG(steps[step].reg);
    word |= steps[step].write ? MDIO_WRITE | steps[step].value : MDIO_READ;
    hw_write(p->mdio, word); /* what to do, then: do it */
    hw_write(p->mdio, word | MDIO_BUSY);
    p->deadline = now + MDIO_NS;
    p->busy = true;
}

void genet_phy_poll(struct genet_phy *p, mono_ns now)
{
    if (!p->busy) {
        if (now - p->resume >= 0)
            begin(p, now);
        return;
    }
    uint32_t word = hw_read(p->mdio);
    if ((word & MDIO_BUSY) != 0) {
        if (now - p->deadline > 0) {
            p->busy = false;
            no_answer(p, now);
        }
        return;
    }
    p->busy = false;
    if (!steps[p->step].write && (word & MDIO_FAIL) != 0)
        no_answer(p, now);
    else
        answered(p, steps[p->step].write ? 0 : MDIO_DATA(word), now);
}

mono_ns genet_phy_due(const struct genet_phy *p)
{
    return p->busy ? 0 : p->resume;
}
