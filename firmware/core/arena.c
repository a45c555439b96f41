#include "arena.h"

#include <string.h>

/* In front of every block, free or not; the next one follows its bytes. */
struct header {
    uint32_t size;   /* with this header; a multiple of ARENA_ALIGN           */
    uint32_t before; /* size of the block in front; 0: this is the first    */
    uint32_t state;
    uint32_t unused;
};
static_assert(sizeof(struct header) == ARENA_ALIGN, "blocks stay aligned");

enum { FREE = 0x46726565, TAKEN = 0x54616b65 };

static struct header *at(const struct arena *a, size_t offset)
{
    return (struct header *)(void *)(a->memory + offset);
}

static size_t offset_of(const struct arena *a, const struct header *h)
{
    return (size_t)((const uint8_t *)h - a->memory);
}

/* The block behind h, NULL: h is the last. */
static struct header *next(const struct arena *a, const struct header *h)
{
    ASSERT(h->state == FREE || h->state == TAKEN);
    size_t end = offset_of(a, h) + h->size;
    return end < a->size ? at(a, end) : NULL;
}

void arena_init(struct arena *a, void *memory, size_t size)
{
    ASSERT((uintptr_t)memory % ARENA_ALIGN == 0 && size % ARENA_ALIGN == 0);
    ASSERT(size > sizeof(struct header) && size <= UINT32_MAX);
    *a = (struct arena){.memory = memory, .size = size};
    *at(a, 0) = (struct header){.size = (uint32_t)size, .state = FREE};
}

/* Cuts h so that it is `need` bytes long, unless the rest were no block. */
static void cut(struct arena *a, struct header *h, uint32_t need)
{
    if (h->size - need < 2 * sizeof *h)
        return;
    struct header *behind = next(a, h);
    struct header *rest = at(a, offset_of(a, h) + need);
    *rest =
        (struct header){.size = h->size - need, .before = need, .state = FREE};
    if (behind)
        behind->before = rest->size;
    h->size = need;
}

void *arena_get(struct arena *a, size_t len)
{
    if (len > a->size) {
        a->refused++;
        return NULL;
    }
    uint32_t need = (uint32_t)((len + sizeof(struct header) + ARENA_ALIGN - 1) /
                               ARENA_ALIGN * ARENA_ALIGN);
    struct header *h = a->low < a->size ? at(a, a->low) : NULL;
    while (h && (h->state != FREE || h->size < need))
        h = next(a, h);
    if (!h) {
        a->refused++;
        return NULL;
    }
    cut(a, h, need);
    h->state = TAKEN;
    a->used += h->size;
    size_t end = offset_of(a, h) + h->size;
    if (offset_of(a, h) == a->low)
        a->low = end;
    if (end > a->peak)
        a->peak = end;
    return memset(h + 1, 0, h->size - sizeof *h);
}

bool arena_owns(const struct arena *a, const void *block)
{
    uintptr_t first = (uintptr_t)a->memory, p = (uintptr_t)block;
    return p > first && p < first + a->size;
}

/* The block behind h becomes a part of it. */
static void merge(struct arena *a, struct header *h)
{
    struct header *behind = next(a, h);
    h->size += behind->size;
    struct header *then = next(a, h);
    if (then)
        then->before = h->size;
}

void arena_put(struct arena *a, void *block)
{
    ASSERT(arena_owns(a, block));
    struct header *h = (struct header *)block - 1;
    ASSERT(h->state == TAKEN && h->size <= a->used);
    memset(block, 0, h->size - sizeof *h);
    h->state = FREE;
    a->used -= h->size;
    if (offset_of(a, h) < a->low)
        a->low = offset_of(a, h);
    struct header *behind = next(a, h);
    if (behind && behind->state == FREE)
        merge(a, h);
    if (h->before == 0)
        return;
    ASSERT(h->before <= offset_of(a, h));
    struct header *front = at(a, offset_of(a, h) - h->before);
    ASSERT(front->state == FREE || front->state == TAKEN);
    if (front->state == FREE)
        merge(a, front);
}
