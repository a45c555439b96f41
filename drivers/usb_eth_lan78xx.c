#include <string.h>

#include "usb_eth_lan78xx.h"

#define ID_REV          0x000u
#define INT_STS         0x00cu
#define HW_CFG          0x010u
#define PMT_CTL         0x014u
#define USB_CFG0        0x080u
#define BURST_CAP       0x090u
#define BULK_IN_DLY     0x094u
#define INT_EP_CTL      0x098u
#define RFE_CTL         0x0b0u
#define FCT_RX_CTL      0x0c0u
#define FCT_TX_CTL      0x0c4u
#define FCT_RX_FIFO_END 0x0c8u
#define FCT_TX_FIFO_END 0x0ccu
#define FCT_FLOW        0x0d0u
#define MAC_CR          0x100u
#define MAC_RX          0x104u
#define MAC_TX          0x108u
#define FLOW            0x10cu
#define RX_ADDRH        0x118u
#define RX_ADDRL        0x11cu
#define MII_ACC         0x120u
#define MII_DATA        0x124u
#define MAF_HI(n)       (0x400u + 8u * (n)) /* addresses that pass           */
#define MAF_LO(n)       (0x404u + 8u * (n))

#define HW_LRST       0x00000002u
#define HW_MEF        0x00000010u /* several frames a transfer               */
#define HW_LEDS       0x00300000u /* the two of the socket                   */
#define PMT_PHY       0x00000010u
#define PMT_READY     0x00000080u
#define CFG0_BCE      0x00000020u /* holds frames back to fill a burst       */
#define CFG0_BIR      0x00000040u /* NAK where there is nothing              */
#define DLY_LEAST     1u          /* of 16.667 ns                            */
#define RFE_BROADCAST 0x00000400u
#define RFE_ALLMUL    0x00000200u
#define RFE_PERFECT   0x00000002u
#define FIFO_END      23u /* (12 KB - 512) / 512                             */
#define FCT_ON        0x80000000u
#define CR_EEE        0x00020000u
#define CR_FOLLOW     0x00001800u /* the PHY's speed and duplex              */
#define MAC_ON        0x00000001u
#define RX_LONGEST    (1518u << 16)
#define MAF_VALID     0x80000000u

/* More registers of the PHY: gigabit abilities, and the way to clause 45's. */
#define PHY_GBCR     9u
#define PHY_MMD      13u
#define PHY_MMD_DATA 14u
#define MMD_AN       0x0007u
#define MMD_ACCESS   0x4000u
#define AN_EEE       60u /* 802.3, 45.2.7.13                                 */
#define AN_ALL       (AN_100_FULL | AN_100_HALF | AN_10_FULL | AN_10_HALF)
#define GBCR_OFFERS  0x0300u
#define EEE_OFFERS   0x0006u

/* What a change of the groups writes: an entry each, the switch for all. */
#define GROUP(n)                                                               \
    {SMSC_ASK, MAF_LO(n), 0, 0},                                               \
    {                                                                          \
        SMSC_ASK, MAF_HI(n), 0, 0                                              \
    }
#define GROUPS                                                                 \
    GROUP(1), GROUP(2), GROUP(3), GROUP(4), GROUP(5), GROUP(6), GROUP(7),      \
        GROUP(8),                                                              \
    {                                                                          \
        SMSC_ASK, RFE_CTL, 0, 0                                                \
    }
static_assert(USB_ETH_GROUPS == 8, "an entry for each");

/* What PHY_MMD_DATA then is: the offer of Energy Efficient Ethernet. */
#define TO_EEE                                                                 \
    {SMSC_PHY_WRITE, PHY_MMD, 0, MMD_AN},                                      \
        {SMSC_PHY_WRITE, PHY_MMD_DATA, 0, AN_EEE},                             \
    {                                                                          \
        SMSC_PHY_WRITE, PHY_MMD, 0, MMD_ACCESS | MMD_AN                        \
    }

static const struct smsc_op start_script[] = {
    {SMSC_ID, ID_REV, 0, 0},
    {SMSC_MODIFY, HW_CFG, HW_LRST, HW_LRST},
    {SMSC_UNTIL, HW_CFG, HW_LRST, 0},
    {SMSC_MODIFY, PMT_CTL, PMT_PHY, PMT_PHY},
    {SMSC_UNTIL, PMT_CTL, PMT_PHY | PMT_READY, PMT_READY},
    {SMSC_ASK, RX_ADDRL, 0, 0},
    {SMSC_ASK, RX_ADDRH, 0, 0},
    {SMSC_MODIFY, USB_CFG0, CFG0_BIR | CFG0_BCE, CFG0_BIR},
    {SMSC_WRITE, BURST_CAP, 0, 0},
    {SMSC_WRITE, BULK_IN_DLY, 0, DLY_LEAST},
    {SMSC_MODIFY, HW_CFG, HW_MEF | HW_LEDS, HW_LEDS},
    {SMSC_WRITE, FCT_RX_FIFO_END, 0, FIFO_END},
    {SMSC_WRITE, FCT_TX_FIFO_END, 0, FIFO_END},
    {SMSC_WRITE, INT_STS, 0, 0xffffffffu},
    {SMSC_WRITE, INT_EP_CTL, 0, 0},
    {SMSC_WRITE, FLOW, 0, 0},
    {SMSC_WRITE, FCT_FLOW, 0, 0},
    GROUP(0), /* its own address */
    GROUPS,
    {SMSC_MODIFY, MAC_CR, CR_EEE | CR_FOLLOW, CR_FOLLOW},
    {SMSC_PHY_READ, PHY_ID1, 0, 0},
    {SMSC_PHY_READ, PHY_ID2, 0, 0},
    TO_EEE,
    {SMSC_PHY_WRITE, PHY_MMD_DATA, 0, 0},
    {SMSC_PHY_WRITE, PHY_GBCR, 0, 0},
    {SMSC_PHY_WRITE, PHY_ANAR, 0, AN_100_FULL | AN_SELECTOR},
    {SMSC_PHY_WRITE, PHY_BMCR, 0, BMCR_NEGOTIATE},
    {SMSC_WRITE, MAC_TX, 0, MAC_ON},
    {SMSC_WRITE, FCT_TX_CTL, 0, FCT_ON},
    {SMSC_WRITE, MAC_RX, 0, RX_LONGEST},
    {SMSC_WRITE, MAC_RX, 0, RX_LONGEST | MAC_ON},
    {SMSC_WRITE, FCT_RX_CTL, 0, FCT_ON},
    {SMSC_END, 0, 0, 0},
};

/* The MAC follows by itself. A PHY that has lost its settings meanwhile offers
 * everything again, and begins anew. */
static const struct smsc_op linked_script[] = {
    {SMSC_PHY_UNTIL, PHY_ANAR, AN_ALL, AN_100_FULL},
    {SMSC_PHY_UNTIL, PHY_GBCR, GBCR_OFFERS, 0},
    TO_EEE,
    {SMSC_PHY_UNTIL, PHY_MMD_DATA, EEE_OFFERS, 0},
    {SMSC_END, 0, 0, 0},
};

static const struct smsc_op groups_script[] = {
    GROUPS,
    {SMSC_END, 0, 0, 0},
};

/* The filter's entry 0 is our own address, the groups come behind it. */
static uint32_t filter(const struct usb_eth *e, unsigned entry, bool high)
{
    if (entry > e->groups)
        return 0;
    const uint8_t *mac = entry ? e->group[entry - 1] : e->mac;
    return high ? MAF_VALID | smsc_mac_high(mac) : smsc_mac_low(mac);
}

static uint32_t value(const struct usb_smsc *s, uint16_t reg)
{
    const struct usb_eth *e = s->eth;
    switch (reg) {
    case RX_ADDRL:
        return smsc_mac_low(e->mac);
    case RX_ADDRH:
        return smsc_mac_high(e->mac);
    case RFE_CTL:
        return RFE_BROADCAST | RFE_PERFECT | (e->all_groups ? RFE_ALLMUL : 0);
    default:
        return filter(e, (reg - MAF_HI(0)) / 8, reg % 8 == 0);
    }
}

/* ---- framing ------------------------------------------------------------- */

#define RX_LENGTH 0x00003fffu
#define RX_ERROR  0x00400000u
#define TX_FCS    0x00400000u /* the chip adds it, and what a short one lacks */

static size_t body(const uint8_t *head, bool *bad)
{
    uint32_t word = smsc_get32(head);
    *bad = word & RX_ERROR;
    return word & RX_LENGTH;
}

static size_t pack(uint8_t *buf, const uint8_t *frame, size_t len)
{
    smsc_put32(buf, (uint32_t)len | TX_FCS);
    smsc_put32(buf + 4, 0);
    memcpy(buf + 8, frame, len);
    return len + 8;
}

static const struct smsc_chip lan78xx = {
    .name = "LAN78xx",
    .mii_addr = MII_ACC,
    .mii_data = MII_DATA,
    .start = start_script,
    .linked = linked_script,
    .groups = groups_script,
    .value = value,
    .advertise = AN_100_FULL,
    .head = 10,
    .shift = 2,
    .body = body,
    .pack = pack,
};
static_assert(SMSC_HEAD >= 10, "room for its header");

/* ---- the class driver ---------------------------------------------------- */

static bool lan78xx_match(const struct usb_device_desc *d, const uint8_t *cfg,
                          size_t len)
{
    (void)cfg;
    (void)len;
    return d->vid == 0x0424 && d->pid == 0x7800;
}

static int lan78xx_start(const struct usb_class *c, struct usb_dev *dev,
                         const uint8_t *cfg, size_t len)
{
    return smsc_start(c, dev, cfg, len, &lan78xx);
}

const struct usb_class_driver usb_lan78xx_driver = {
    .name = "LAN78xx Ethernet",
    .match = lan78xx_match,
    .start = lan78xx_start,
    .poll = smsc_poll,
    .due = smsc_due,
    .gone = smsc_gone,
};
