/* mmu.c -- short descriptors (ARM DDI 0406C B3.5), TEX remap off. */
#include "mmu.h"
#include "cp15.h"

#define MMU_FINE_MB 4 /* linker/rpi.ld: __fine_end */
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

#define SCTLR_M   (1u << 0)
#define SCTLR_C   (1u << 2)
#define SCTLR_Z   (1u << 11)
#define SCTLR_I   (1u << 12)
#define SCTLR_WXN (1u << 19) /* what can be written is never executed */

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
    cpu_dsb();
    cp15_set_ttbcr(0);
    /* Table walks through the write-back caches (IRGN 01, RGN 01). */
    cp15_set_ttbr0((uint32_t)(uintptr_t)l1 | 0x48);
    cp15_set_dacr(1); /* domain 0: checked against the descriptors */
    cpu_isb();
    cp15_set_tlbiall(0);
    cp15_set_iciallu(0);
    cp15_set_bpiall(0);
    cpu_dsb();
    cpu_isb();
    /* SCTLR.A stays 0: Mbed TLS and lwIP load unaligned words. */
    cp15_set_sctlr(cp15_sctlr() | SCTLR_M | SCTLR_C | SCTLR_Z | SCTLR_I |
                   SCTLR_WXN);
    cpu_isb();
}
