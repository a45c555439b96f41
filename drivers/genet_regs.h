/* genet_regs.h -- registers of GENET version 5 (BCM2711), counted from its
 * base. */
#ifndef GENET_REGS_H
#define GENET_REGS_H

/* System and external interface. */
#define SYS_REVISION   0x0000u
#define SYS_PORT       0x0004u
#define SYS_RBUF_FLUSH 0x0008u
#define EXT_RGMII      0x008cu

#define REVISION_MAJOR(r) ((r) >> 24 & 15u)
#define REVISION_5        6u
#define PORT_EXTERNAL_PHY 3u
#define FLUSH_MAC         0x2u

#define RGMII_LINK       0x00010u
#define RGMII_OOB_OFF    0x00020u
#define RGMII_ON         0x00040u
#define RGMII_NO_ID_MODE 0x10000u

/* Interrupts: two of these blocks, the second is for priority rings. */
#define INTR_0          0x0200u
#define INTR_1          0x0240u
#define INTR_STATUS     0x00u
#define INTR_CLEAR      0x08u
#define INTR_MASKED     0x0cu
#define INTR_MASK_SET   0x10u
#define INTR_MASK_CLEAR 0x14u

#define INTR_RX 0x00002000u /* a frame is in memory   */
#define INTR_TX 0x00010000u /* a frame has been sent  */

/* Buffers between MAC and DMA. */
#define RBUF_CTRL   0x0300u
#define RBUF_ENERGY 0x039cu
#define RBUF_TBUF   0x03b4u
#define TBUF_ENERGY 0x0614u

#define RBUF_ALIGN_2 0x2u /* two bytes before each frame            */
#define ENERGY_EEE   0x3u /* receiving stops silently while one is 1 */

/* MAC. */
#define UMAC_CMD       0x0808u
#define UMAC_MAC_0     0x080cu
#define UMAC_MAC_1     0x0810u
#define UMAC_MAX_FRAME 0x0814u
#define UMAC_EEE       0x0864u
#define UMAC_TX_FLUSH  0x0b34u
#define UMAC_MIB       0x0d80u
#define UMAC_MDIO      0x0e14u
#define UMAC_FILTERS   0x0e50u
#define UMAC_FILTER(n) (0x0e54u + 8 * (n))
#define FILTER_BLOCK   0xfc00u

#define CMD_TX          0x00000001u
#define CMD_RX          0x00000002u
#define CMD_10          0x00000000u
#define CMD_100         0x00000004u
#define CMD_1000        0x00000008u
#define CMD_PROMISC     0x00000010u
#define CMD_NO_RX_PAUSE 0x00000100u
#define CMD_HALF        0x00000400u
#define CMD_RESET       0x00002000u
#define CMD_LOOP        0x00008000u
#define CMD_NO_TX_PAUSE 0x10000000u

#define MIB_RESET 0x7u

#define MDIO_BUSY    0x20000000u
#define MDIO_FAIL    0x10000000u
#define MDIO_READ    0x08000000u
#define MDIO_WRITE   0x04000000u
#define MDIO_PHY(n)  ((uint32_t)(n) << 21)
#define MDIO_REG(n)  ((uint32_t)(n) << 16)
#define MDIO_DATA(v) ((v)&0xffffu)

#define FILTERS 17u /* addresses that the MAC compares */

/* DMA: descriptors are registers, and behind them those of the rings. */
#define RX_DMA 0x2000u
#define TX_DMA 0x4000u

#define RING_DESCS  256u
#define DESC_BYTES  12u
#define DESC(n)     (DESC_BYTES * (n)) /* length << 16 | flags */
#define DESC_LOW(n) (DESC(n) + 4u)
#define DESC_HI(n)  (DESC(n) + 8u)

#define DESC_LENGTH(v) ((v) >> 16 & 0xfffu)
#define DESC_LAST      0x4000u
#define DESC_FIRST     0x2000u
#define DESC_TX_CRC    0x0040u /* the MAC adds the FCS */
#define DESC_TX_QUEUE  0x1f80u
#define DESC_RX_ERRORS 0x001fu /* long, nibble, error, CRC, overrun */

#define RING           16u /* the default one */
#define RING_REGS      (DESC_BYTES * RING_DESCS + 0x40u * RING)
#define RX_WRITE       (RX_DMA + RING_REGS + 0x00u)
#define RX_PRODUCED    (RX_DMA + RING_REGS + 0x08u)
#define RX_CONSUMED    (RX_DMA + RING_REGS + 0x0cu)
#define RX_READ        (RX_DMA + RING_REGS + 0x2cu)
#define TX_READ        (TX_DMA + RING_REGS + 0x00u)
#define TX_CONSUMED    (TX_DMA + RING_REGS + 0x08u)
#define TX_PRODUCED    (TX_DMA + RING_REGS + 0x0cu)
#define TX_WRITE       (TX_DMA + RING_REGS + 0x2cu)
#define RING_SIZE(d)   ((d) + RING_REGS + 0x10u) /* descriptors, bytes */
#define RING_START(d)  ((d) + RING_REGS + 0x14u)
#define RING_END(d)    ((d) + RING_REGS + 0x1cu)
#define RING_THRESH(d) ((d) + RING_REGS + 0x24u) /* frames an interrupt */
#define RING_FLOW(d)   ((d) + RING_REGS + 0x28u)

#define INDEX(v)      ((uint16_t)((v)&0xffffu))
#define DISCARDED(v)  ((uint16_t)((v) >> 16)) /* in RX_PRODUCED */
#define DISCARDS_MANY 0xc000u

#define DMA_REGS      (DESC_BYTES * RING_DESCS + 0x40u * (RING + 1))
#define DMA_RINGS(d)  ((d) + DMA_REGS + 0x00u)
#define DMA_CTRL(d)   ((d) + DMA_REGS + 0x04u)
#define DMA_STATUS(d) ((d) + DMA_REGS + 0x08u)
#define DMA_BURST(d)  ((d) + DMA_REGS + 0x0cu)
#define RX_TIMEOUT    (RX_DMA + DMA_REGS + 0x2cu + 4u * RING)

#define DMA_ON      0x1u
#define DMA_RING_ON (1u << (RING + 1))
#define DMA_STOPPED 0x1u
#define BURST       8u

#endif
