/* dma.h -- the memory half of drivers/hw.h: where a device sees RAM, and the
 * processor's caches in between. What depends on the SoC comes by dma_init. */
#ifndef DMA_H
#define DMA_H

#include "core/base.h"

/* Must be called before any driver is started. bus_alias is added to an address
 * that a device gets; line is the data cache's line in bytes, a power of two,
 * at most HW_LINE. */
void dma_init(uint32_t bus_alias, uint32_t line);

#endif
