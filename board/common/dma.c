#include "dma.h"
#include "cp15.h"
#include "hw.h"

static uint32_t alias, line_bytes;

void dma_init(uint32_t bus_alias, uint32_t line)
{
    ASSERT(line > 0 && line <= HW_LINE && (line & (line - 1)) == 0);
    alias = bus_alias;
    line_bytes = line;
}

uint32_t hw_bus_addr(const void *p)
{
    return (uint32_t)(uintptr_t)p | alias;
}

static uintptr_t first_line(const void *p)
{
    return (uintptr_t)p & ~(uintptr_t)(line_bytes - 1);
}

void hw_dma_clean(const void *p, size_t len)
{
    uintptr_t end = (uintptr_t)p + len;
    for (uintptr_t at = first_line(p); at < end; at += line_bytes)
        cpu_cache_clean(at);
    cpu_dsb();
}

/* A line that is only partly the buffer's is written back as well: its other
 * part belongs to somebody. */
void hw_dma_discard(void *p, size_t len)
{
    uintptr_t start = (uintptr_t)p, end = start + len;
    for (uintptr_t at = first_line(p); at < end; at += line_bytes)
        if (at < start || end - at < line_bytes)
            cpu_cache_flush(at);
        else
            cpu_cache_discard(at);
    cpu_dsb();
}
