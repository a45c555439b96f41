/* genet_private.h -- what genet.c and genet_ring.c share. */
#ifndef GENET_PRIVATE_H
#define GENET_PRIVATE_H

#include "genet.h"
#include "genet_regs.h"

static inline uint32_t genet_read(const struct genet *g, uint32_t reg)
{
    return hw_read(g->base + reg);
}

static inline void genet_write(const struct genet *g, uint32_t reg, uint32_t v)
{
    hw_write(g->base + reg, v);
}

/* genet_ring.c: sets both rings up, empty, and turns DMA on; the MAC is off. */
void genet_ring_start(struct genet *g);

/* genet_ring.c: takes what no interrupt has reported. */
void genet_ring_poll(struct genet *g, mono_ns now);

/* genet_ring.c: whether a frame has been under way for too long. */
bool genet_ring_stuck(struct genet *g, mono_ns now);

#endif
