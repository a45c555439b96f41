/* pagetable.c -- the tables that both kinds of processor walk: short
 * descriptors, TEX remap off (ARM DDI 0406C B3.5), which are ARMv6's with
 * SCTLR.XP set (ARM DDI 0301H 6.11.2). */
#include "hw.h"
#include "mmu.h"
#include "mmu_private.h"

#define MMU_FINE_MB 8 /* linker/rpi.ld: __fine_end */
#define PAGE        4096u
#define SECTION     0x100000u

/* Small pages (second level). */
#define PAGE_XN     0x001u
#define PAGE_SMALL  0x002u
#define PAGE_CACHED 0x04cu /* TEX 001 C B: write-back, write-allocate */
#define PAGE_RW     0x010u /* AP 001: privileged read and write       */
#define PAGE_RO     0x210u /* AP 101: privileged read                 */
#define PAGE_CODE   (PAGE_SMALL | PAGE_CACHED | PAGE_RO)
#define PAGE_CONST  (PAGE_CODE | PAGE_XN)
#define PAGE_DATA   (PAGE_SMALL | PAGE_CACHED | PAGE_RW | PAGE_XN)

/* First level. */
#define L1_TABLE    0x001u
#define SECT_XN_RW  0x412u  /* section, AP 001, XN   */
#define SECT_DEVICE 0x004u  /* TEX 000 B: device     */
#define SECT_NORMAL 0x1000u /* TEX 001: not cached   */

static uint32_t l1[4096] __attribute__((aligned(16384)));
static uint32_t l2[MMU_FINE_MB][256] __attribute__((aligned(1024)));

extern char __text_start[], __text_end[], __rodata_end[], __ram_end[],
    __main_stack_bottom[], __main_stack_top[], __irq_stack_bottom[],
    __irq_stack_top[], __fault_stack_bottom[], __fault_stack_top[],
    __fine_end[];

static void map_pages(const char *from, const char *to, uint32_t bits)
{
    for (uintptr_t a = (uintptr_t)from; a < (uintptr_t)to; a += PAGE)
        l2[a / SECTION][a % SECTION / PAGE] = (uint32_t)a | bits;
}

static void map_image(void)
{
    for (size_t mb = 0; mb < MMU_FINE_MB; mb++)
        l1[mb] = (uint32_t)(uintptr_t)l2[mb] | L1_TABLE;
    map_pages(__text_start, __text_end, PAGE_CODE);
    map_pages(__text_end, __rodata_end, PAGE_CONST);
    map_pages(__rodata_end, __ram_end, PAGE_DATA);
    map_pages(__main_stack_bottom, __main_stack_top, PAGE_DATA);
    map_pages(__irq_stack_bottom, __irq_stack_top, PAGE_DATA);
    map_pages(__fault_stack_bottom, __fault_stack_top, PAGE_DATA);
}

static void map_range(const struct mmu_range *r)
{
    uint32_t bits =
        SECT_XN_RW | (r->kind == MMU_DEVICE ? SECT_DEVICE : SECT_NORMAL);
    for (uint32_t at = 0; at < r->size; at += SECTION)
        l1[(r->base + at) / SECTION] = (r->base + at) | bits;
}

void mmu_init(const struct mmu_range *ranges, size_t count)
{
    ASSERT((uintptr_t)__fine_end == MMU_FINE_MB * SECTION);
    map_image();
    for (size_t i = 0; i < count; i++)
        map_range(&ranges[i]);
    /* Not every processor's walks look into its data cache. */
    hw_dma_clean(l2, sizeof l2);
    hw_dma_clean(l1, sizeof l1);
    mmu_enable(l1);
}
