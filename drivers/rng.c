#include "rng.h"
#include "hw.h"

#define CTRL   0x00u
#define STATUS 0x04u
#define DATA   0x08u

#define CTRL_ON 1u
#define WARM_UP 0x40000u /* words thrown away first: less random */

void rng_init(struct rng *r, uintptr_t base)
{
    *r = (struct rng){.base = base};
    hw_write(base + STATUS, WARM_UP);
    hw_write(base + CTRL, CTRL_ON);
}

int rng_word(struct rng *r, uint32_t *out)
{
    if (hw_read(r->base + STATUS) >> 24 == 0) /* words waiting */
        return RC_AGAIN;
    uint32_t word = hw_read(r->base + DATA);
    bool same = r->any && word == r->last;
    r->any = true;
    r->last = word;
    if (!same) {
        r->repeat = 0;
        *out = word;
        return RC_OK;
    }
    r->repeats++;
    if (r->repeat < RNG_STUCK)
        r->repeat++;
    return r->repeat < RNG_STUCK ? RC_AGAIN : RC_IO;
}
