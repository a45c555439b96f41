#include <string.h>

#include "usb_eth_lan95xx.h"

#define ID_REV       0x000u
#define INT_STS      0x008u
#define TX_CFG       0x010u
#define HW_CFG       0x014u
#define PM_CTRL      0x020u
#define LED_GPIO_CFG 0x024u
#define AFC_CFG      0x02cu
#define BURST_CAP    0x038u
#define INT_EP_CTL   0x068u
#define BULK_IN_DLY  0x06cu
#define MAC_CR       0x100u
#define ADDRH        0x104u
#define ADDRL        0x108u
#define HASHH        0x10cu
#define HASHL        0x110u
#define MII_ADDR     0x114u
#define MII_DATA     0x118u
#define FLOW         0x11cu
#define COE_CR       0x130u

#define TX_ON     0x4u
#define HW_BCE    0x0002u /* holds frames back to fill a burst              */
#define HW_LRST   0x0008u
#define HW_MEF    0x0020u /* several frames a transfer                      */
#define HW_RXDOFF 0x0600u /* bytes between status word and frame            */
#define HW_BIR    0x1000u /* NAK where there is nothing, no empty packet    */
#define PM_PHY    0x0010u
#define LEDS      0x01110000u /* all three pins are LEDs                    */
#define AFC       0x00f830a1u /* FIFO levels for pauses: as at power-on     */
#define DLY_LEAST 1u          /* of 16.667 ns                               */
#define CR_RCVOWN 0x00800000u /* half duplex: deaf while it sends           */
#define CR_FULL   0x00100000u
#define CR_ALLMUL 0x00080000u
#define CR_HASH   0x00002000u /* groups by the hash table, own address exact */
#define CR_TX     0x8u
#define CR_RX     0x4u

static const struct smsc_op start_script[] = {
    {SMSC_ID, ID_REV, 0, 0},
    {SMSC_WRITE, HW_CFG, 0, HW_LRST},
    {SMSC_UNTIL, HW_CFG, HW_LRST, 0},
    {SMSC_WRITE, PM_CTRL, 0, PM_PHY},
    {SMSC_UNTIL, PM_CTRL, PM_PHY, 0},
    {SMSC_ASK, ADDRL, 0, 0},
    {SMSC_ASK, ADDRH, 0, 0},
    {SMSC_MODIFY, HW_CFG, HW_BIR, HW_BIR},
    {SMSC_WRITE, BURST_CAP, 0, 0},
    {SMSC_WRITE, BULK_IN_DLY, 0, DLY_LEAST},
    {SMSC_MODIFY, HW_CFG, HW_MEF | HW_BCE | HW_RXDOFF, 0},
    {SMSC_WRITE, INT_STS, 0, 0xffffffffu},
    {SMSC_WRITE, INT_EP_CTL, 0, 0},
    {SMSC_WRITE, LED_GPIO_CFG, 0, LEDS},
    {SMSC_WRITE, FLOW, 0, 0},
    {SMSC_WRITE, AFC_CFG, 0, AFC},
    {SMSC_WRITE, COE_CR, 0, 0},
    {SMSC_ASK, HASHH, 0, 0},
    {SMSC_ASK, HASHL, 0, 0},
    {SMSC_PHY_WRITE, PHY_BMCR, 0, BMCR_RESET},
    {SMSC_PHY_UNTIL, PHY_BMCR, BMCR_RESET, 0},
    {SMSC_PHY_READ, PHY_ID1, 0, 0},
    {SMSC_PHY_READ, PHY_ID2, 0, 0},
    {SMSC_PHY_WRITE, PHY_ANAR, 0,
     AN_100_FULL | AN_100_HALF | AN_10_FULL | AN_10_HALF | AN_SELECTOR},
    {SMSC_PHY_WRITE, PHY_BMCR, 0, BMCR_NEGOTIATE},
    {SMSC_WRITE, TX_CFG, 0, TX_ON},
    {SMSC_ASK, MAC_CR, 0, 0},
    {SMSC_END, 0, 0, 0},
};

static const struct smsc_op linked_script[] = {
    {SMSC_ASK, MAC_CR, 0, 0},
    {SMSC_END, 0, 0, 0},
};

static const struct smsc_op groups_script[] = {
    {SMSC_ASK, HASHH, 0, 0},
    {SMSC_ASK, HASHL, 0, 0},
    {SMSC_ASK, MAC_CR, 0, 0},
    {SMSC_END, 0, 0, 0},
};

static uint32_t hash_half(const struct usb_eth *e, unsigned half)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < e->groups; i++) {
        unsigned bit = usb_eth_crc(e->group[i], 6) >> 26;
        if (bit / 32 == half)
            bits |= 1u << bit % 32;
    }
    return bits;
}

static uint32_t value(const struct usb_smsc *s, uint16_t reg)
{
    const struct usb_eth *e = s->eth;
    switch (reg) {
    case ADDRL:
        return smsc_mac_low(e->mac);
    case ADDRH:
        return smsc_mac_high(e->mac);
    case HASHL:
        return hash_half(e, 0);
    case HASHH:
        return hash_half(e, 1);
    default: /* MAC_CR */
        return CR_TX | CR_RX | (s->full ? CR_FULL : CR_RCVOWN) |
               (e->all_groups ? CR_ALLMUL : CR_HASH);
    }
}

/* ---- framing ------------------------------------------------------------- */

#define RX_ERRORS 0x8000u
#define TX_FIRST  0x2000u
#define TX_LAST   0x1000u

static size_t body(const uint8_t *head, bool *bad)
{
    uint32_t word = smsc_get32(head);
    *bad = word & RX_ERRORS;
    return word >> 16 & 0x3fff;
}

static size_t pack(uint8_t *buf, const uint8_t *frame, size_t len)
{
    smsc_put32(buf, (uint32_t)len | TX_FIRST | TX_LAST);
    smsc_put32(buf + 4, (uint32_t)len);
    memcpy(buf + 8, frame, len);
    return len + 8;
}

static const struct smsc_chip lan95xx = {
    .name = "LAN95xx",
    .mii_addr = MII_ADDR,
    .mii_data = MII_DATA,
    .start = start_script,
    .linked = linked_script,
    .groups = groups_script,
    .value = value,
    .advertise = AN_100_FULL | AN_100_HALF | AN_10_FULL | AN_10_HALF,
    .head = 4,
    .shift = 0,
    .body = body,
    .pack = pack,
};

/* ---- the class driver ---------------------------------------------------- */

static bool lan95xx_match(const struct usb_device_desc *d, const uint8_t *cfg,
                          size_t len)
{
    (void)cfg;
    (void)len;
    return d->vid == 0x0424 &&
           (d->pid == 0xec00 || d->pid == 0x9500 || d->pid == 0x9e00);
}

static int lan95xx_start(const struct usb_class *c, struct usb_dev *dev,
                         const uint8_t *cfg, size_t len)
{
    return smsc_start(c, dev, cfg, len, &lan95xx);
}

const struct usb_class_driver usb_lan95xx_driver = {
    .name = "LAN95xx Ethernet",
    .match = lan95xx_match,
    .start = lan95xx_start,
    .poll = smsc_poll,
    .due = smsc_due,
    .gone = smsc_gone,
};
