/* genet_phy.h -- the PHY behind GENET's MDIO: BCM54213PE at address 1, or
 * BCM54210PE at 0. Registers 0 to 15 are those of IEEE 802.3 clause 22.
 *
 * MDIO is polled, since its interrupt does not work: a step of phy_poll is one
 * transaction's beginning or end. The link is looked at four times a second
 * while it is down and once while it is up. */
#ifndef GENET_PHY_H
#define GENET_PHY_H

#include "core/base.h"
#include "core/mono.h"

struct genet_phy { /* fields but link .. id are private */
    bool link, full;
    uint16_t mbps;
    uint8_t address;
    uint32_t id;      /* 0: none has answered yet                       */
    uint16_t partner; /* what the other side offers, registers 5 and 10 */
    uint16_t partner_1000;
    uint32_t drops;    /* times the link went away                       */
    uint32_t restarts; /* times the PHY had to be looked for             */
    uint32_t failures; /* transactions without an answer                 */

    uintptr_t mdio;
    uint8_t step;
    bool busy;      /* a transaction is under way */
    uint8_t silent; /* transactions without an answer, in a row */
    mono_ns resume, deadline, reset_by;
    uint16_t id_high;
    uint8_t insisted; /* times in a row that it offered EEE after all */
    const char *trouble;
};

/* Begins to look for the PHY. mdio is the address of the MAC's register. */
void genet_phy_init(struct genet_phy *p, uintptr_t mdio, mono_ns now);

/* One step. link, full and mbps say what is true now. */
void genet_phy_poll(struct genet_phy *p, mono_ns now);

/* When the next step has something to do. */
mono_ns genet_phy_due(const struct genet_phy *p);

/* Resets the PHY and negotiates anew. */
void genet_phy_restart(struct genet_phy *p, mono_ns now);

#endif
