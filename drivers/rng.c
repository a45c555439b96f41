#include "rng.h"
#include "hw.h"

#define CTRL   0x00u
#define STATUS 0x04u
#define DATA   0x08u

#define CTRL_ON 1u
#define WARM_UP 0x40000u /* words thrown away first: less random */

/* RNG200 */
#define R200_CTRL      0x00u
#define R200_BITS      0x0cu /* made since the start */
#define R200_THRESHOLD 0x10u
#define R200_DATA      0x20u
#define R200_COUNT     0x24u /* words that wait; above: where to refill */

#define R200_SAMPLING     0x6000u
#define R200_ON           0x1fffu
#define R200_WARM_UP      0x40000u /* bits thrown away first */
#define R200_FIRST_BITS   16u
#define R200_WORDS        0xffu
#define R200_REFILL_AT    2u
#define R200_REFILL_SHIFT 8

void rng_init(struct rng *r, uintptr_t base)
{
    *r = (struct rng){.base = base};
    hw_write(base + STATUS, WARM_UP);
    hw_write(base + CTRL, CTRL_ON);
}

void rng200_init(struct rng *r, uintptr_t base)
{
    *r = (struct rng){.base = base, .rng200 = true};
    hw_write(base + R200_THRESHOLD, R200_WARM_UP);
    hw_write(base + R200_COUNT, R200_REFILL_AT << R200_REFILL_SHIFT);
    hw_write(base + R200_CTRL, R200_SAMPLING | R200_ON);
}

void rng_words_init(struct rng *r, uint32_t *words, size_t count)
{
    /* Zeros are what nobody has filled: repeats from the first on. */
    *r = (struct rng){.words = words, .words_left = count, .any = true};
}

/* Whether a word waits, of a generator that has warmed up. */
static bool filled(const struct rng *r)
{
    if (r->words != NULL)
        return true;
    if (!r->rng200)
        return hw_read(r->base + STATUS) >> 24 != 0;
    return hw_read(r->base + R200_BITS) > R200_FIRST_BITS &&
           (hw_read(r->base + R200_COUNT) & R200_WORDS) != 0;
}

static uint32_t next(struct rng *r)
{
    if (r->words == NULL)
        return hw_read(r->base + (r->rng200 ? R200_DATA : DATA));
    uint32_t word = *r->words;
    *r->words++ = 0;
    r->words_left--;
    return word;
}

int rng_word(struct rng *r, uint32_t *out)
{
    if (r->words != NULL && r->words_left == 0)
        return RC_IO;
    if (!filled(r))
        return RC_AGAIN;
    uint32_t word = next(r);
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
