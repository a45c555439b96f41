/* dwc2_regs.h -- registers of the DWC2 host that we use, as offsets from its
 * base. Names follow the block's databook. */
#ifndef DWC2_REGS_H
#define DWC2_REGS_H

#define GAHBCFG     0x008u
#define GUSBCFG     0x00cu
#define GRSTCTL     0x010u
#define GINTSTS     0x014u
#define GINTMSK     0x018u
#define GRXFSIZ     0x024u
#define GNPTXFSIZ   0x028u
#define GSNPSID     0x040u
#define GHWCFG2     0x048u
#define GHWCFG3     0x04cu
#define HPTXFSIZ    0x100u
#define HCFG        0x400u
#define HFIR        0x404u
#define HFNUM       0x408u
#define HAINT       0x414u
#define HAINTMSK    0x418u
#define HPRT0       0x440u
#define HCCHAR(n)   (0x500u + 0x20u * (n))
#define HCSPLT(n)   (0x504u + 0x20u * (n))
#define HCINT(n)    (0x508u + 0x20u * (n))
#define HCINTMSK(n) (0x50cu + 0x20u * (n))
#define HCTSIZ(n)   (0x510u + 0x20u * (n))
#define HCDMA(n)    (0x514u + 0x20u * (n))
#define PCGCCTL     0xe00u

/* GAHBCFG. On BCM283x bits 1-2 are the largest AXI burst (0: 4 beats) and
 * bit 4 makes a transfer's end wait for its last AXI write. */
#define AHB_GINT     (1u << 0)
#define AHB_AXI_WAIT (1u << 4)
#define AHB_DMA      (1u << 5)

#define USB_PHYIF      (1u << 3) /* 0: 8-bit UTMI+                          */
#define USB_ULPI       (1u << 4)
#define USB_PHYSEL_FS  (1u << 6)
#define USB_SRP        (1u << 8)
#define USB_HNP        (1u << 9)
#define USB_ULPI_FSLS  (1u << 17)
#define USB_ULPI_SUSP  (1u << 19)
#define USB_ULPI_VBUS  (1u << 20)
#define USB_TERM_SEL   (1u << 22)
#define USB_FORCE_HOST (1u << 29)
#define USB_FORCE_DEV  (1u << 30)

#define RST_CORE     (1u << 0)
#define RST_RX_FLUSH (1u << 4)
#define RST_TX_FLUSH (1u << 5)
#define RST_TX_ALL   (0x10u << 6)
#define RST_AHB_IDLE (1u << 31)

#define INT_HOST_MODE (1u << 0) /* GINTSTS only                              */
#define INT_PORT      (1u << 24)
#define INT_CHAN      (1u << 25)

#define PRT_CONN    (1u << 0)
#define PRT_CONNDET (1u << 1)
#define PRT_ENA     (1u << 2) /* write 1: disable                            */
#define PRT_ENACHG  (1u << 3)
#define PRT_OC      (1u << 4)
#define PRT_OCCHG   (1u << 5)
#define PRT_RST     (1u << 8)
#define PRT_PWR     (1u << 12)
#define PRT_W1C     (PRT_CONNDET | PRT_ENA | PRT_ENACHG | PRT_OCCHG)

#define HC_IN  (1u << 15)
#define HC_LOW (1u << 17)
#define HC_ONE (1u << 20) /* one packet per microframe                  */
#define HC_ODD (1u << 29)
#define HC_DIS (1u << 30)
#define HC_ENA (1u << 31)

#define HCI_DONE    (1u << 0)
#define HCI_HALT    (1u << 1)
#define HCI_AHB     (1u << 2)
#define HCI_STALL   (1u << 3)
#define HCI_NAK     (1u << 4)
#define HCI_XACT    (1u << 7)
#define HCI_BABBLE  (1u << 8)
#define HCI_OVERRUN (1u << 9)
#define HCI_TOGGLE  (1u << 10)
#define HCI_ALL     0x3fffu

#define PID_DATA0 0u
#define PID_DATA1 2u
#define PID_SETUP 3u

#endif
