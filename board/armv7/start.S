/* start.S -- from the firmware's jump to C.
 *
 * Entered at 0x8000 in ARM state, MMU and data cache off, in HYP (a real
 * Pi's firmware) or secure SVC (QEMU), on one core or on all four. Leaves
 * by start_c on core 0 in SVC mode: interrupts masked, VFP on. Keeps off
 * 0..0x7fff. */

    .syntax unified
    .arch_extension virt

#define MODE_HYP   0x1a
#define MODE_SVC   0x13
#define NO_IRQ_SVC 0x1d3 /* SVC, A I F masked, ARM */

    .section .start, "ax"
    .arm
    .global _start
    .type _start, %function
_start:
    mrs   r10, cpsr
    cpsid aif
    mrc   p15, 0, r0, c0, c0, 5        /* MPIDR */
    ands  r0, r0, #3
    bne   park

    and   r0, r10, #0x1f
    cmp   r0, #MODE_HYP
    bne   in_svc

    /* HYP: give PL1 the counter and physical timer, no offset on the virtual
     * one, trap nothing, and drop. */
    mrc   p15, 4, r0, c14, c1, 0       /* CNTHCTL: PL1PCTEN, PL1PCEN */
    orr   r0, r0, #3
    mcr   p15, 4, r0, c14, c1, 0
    mov   r0, #0
    mov   r1, #0
    mcrr  p15, 4, r0, r1, c14          /* CNTVOFF */
    mcr   p15, 4, r0, c1, c1, 0        /* HCR   */
    mcr   p15, 4, r0, c1, c1, 3        /* HSTR  */
    movw  r1, #0x33ff
    mcr   p15, 4, r1, c1, c1, 2        /* HCPTR: cp10, cp11 free */
    mrc   p15, 0, r1, c0, c0, 0
    mcr   p15, 4, r1, c0, c0, 0        /* VPIDR  */
    mrc   p15, 0, r1, c0, c0, 5
    mcr   p15, 4, r1, c0, c0, 5        /* VMPIDR */
    adr   r1, in_svc
    msr   elr_hyp, r1
    movw  r1, #NO_IRQ_SVC
    msr   spsr_cxsf, r1
    eret

in_svc:
    cps   #MODE_SVC
    /* SCTLR to a known state: M A C I V EE TRE AFE TE off. */
    mrc   p15, 0, r0, c1, c0, 0
    ldr   r1, =0x72003007
    bic   r0, r0, r1
    mcr   p15, 0, r0, c1, c0, 0
    isb
    ldr   r0, =vectors
    mcr   p15, 0, r0, c12, c0, 0       /* VBAR */

    /* Cortex-A7 caches nothing coherent before ACTLR.SMP. A hypervisor or
     * secure monitor may have set it and locked it: write only if clear. On
     * A53 and A72 the bit is elsewhere, secure, and set by the firmware. */
    mrc   p15, 0, r0, c0, c0, 0        /* MIDR */
    ubfx  r0, r0, #4, #12
    movw  r1, #0xc07
    cmp   r0, r1
    bne   1f
    mrc   p15, 0, r0, c1, c0, 1
    tst   r0, #(1 << 6)
    orreq r0, r0, #(1 << 6)
    mcreq p15, 0, r0, c1, c0, 1
1:

    mov   r0, #0
    mcr   p15, 0, r0, c8, c7, 0        /* TLBIALL  */
    mcr   p15, 0, r0, c7, c5, 0        /* ICIALLU  */
    mcr   p15, 0, r0, c7, c5, 6        /* BPIALL   */
    bl    invalidate_l1d
    dsb
    isb

    mrc   p15, 0, r0, c1, c0, 2        /* CPACR: cp10, cp11 */
    orr   r0, r0, #(0xf << 20)
    mcr   p15, 0, r0, c1, c0, 2
    isb
    mov   r0, #0x40000000
    vmsr  fpexc, r0

    ldr   pc, =start_c

park:
    wfi
    b     park

/* Discard whatever the L1 data cache came up with (no write-back). */
invalidate_l1d:
    mov   r0, #0
    mcr   p15, 2, r0, c0, c0, 0        /* CSSELR: L1 data */
    isb
    mrc   p15, 1, r0, c0, c0, 0        /* CCSIDR */
    and   r1, r0, #7
    add   r1, r1, #4                   /* log2 of the line */
    ubfx  r2, r0, #3, #10              /* ways - 1 */
    ubfx  r3, r0, #13, #15             /* sets - 1 */
    clz   r4, r2                       /* way number sits at the top */
1:  mov   r5, r2
2:  lsl   r6, r5, r4
    lsl   r7, r3, r1
    orr   r6, r6, r7
    mcr   p15, 0, r6, c7, c6, 2        /* DCISW */
    subs  r5, r5, #1
    bge   2b
    subs  r3, r3, #1
    bge   1b
    bx    lr
    .ltorg
