/* start.S -- from the firmware's jump to C on an ARM1176.
 *
 * Entered at 0x8000 in ARM state and SVC, MMU and data cache off, on the only
 * core there is: MPIDR does not exist, and reading it gives MIDR, so nobody is
 * parked here. Leaves by start_c in SVC mode: interrupts masked, VFP on. Keeps
 * off 0..0x7fff. */

    .syntax unified

#define MODE_SVC   0x13

/* SCTLR: off go M A C B S R Z I V RR L4 VE EE TRE FA, on U (unaligned loads
 * as in ARMv7) and XP (page tables with XN and APX). FI together with ACTLR.FIO
 * is not the low interrupt latency that FI alone would be, but what keeps
 * erratum 716151 away: a line that is cleaned by address may spoil what is
 * stored in it next. */
#define SCTLR_OFF  0x3300fb87
#define SCTLR_ON   0x00e00000

/* ACTLR: return stack, branch prediction dynamic and static; CZ keeps the
 * caches at 16 KB, so that pages need no colours; FIO. */
#define ACTLR_ON   0x80000047

    .section .start, "ax"
    .arm
    .global _start
    .type _start, %function
_start:
    mrs   r10, cpsr
    cpsid aif
    cps   #MODE_SVC
    mov   r9, #0

    mrc   p15, 0, r0, c1, c0, 1        /* first: FI is never set alone */
    ldr   r1, =ACTLR_ON
    orr   r0, r0, r1
    mcr   p15, 0, r0, c1, c0, 1
    mrc   p15, 0, r0, c1, c0, 0
    ldr   r1, =SCTLR_OFF
    bic   r0, r0, r1
    orr   r0, r0, #SCTLR_ON
    mcr   p15, 0, r0, c1, c0, 0
    mcr   p15, 0, r9, c7, c5, 4        /* prefetch flush */
    ldr   r0, =vectors
    mcr   p15, 0, r0, c12, c0, 0       /* VBAR */

    /* Caches come up with anything in them: forget it, write nothing back.
     * Once may not be enough for the instruction cache (erratum 411920): four
     * times, interrupts masked, and some instructions more before the next
     * thing that matters. */
    mcr   p15, 0, r9, c7, c6, 0        /* D */
    .rept 4
    mcr   p15, 0, r9, c7, c5, 0        /* I and branch targets */
    .endr
    .rept 11
    nop
    .endr
    mcr   p15, 0, r9, c8, c7, 0        /* TLBs */
    mcr   p15, 0, r9, c7, c10, 4       /* DSB  */
    mcr   p15, 0, r9, c7, c5, 4

    mrc   p15, 0, r0, c1, c0, 2        /* CPACR: cp10, cp11 */
    orr   r0, r0, #(0xf << 20)
    mcr   p15, 0, r0, c1, c0, 2
    mcr   p15, 0, r9, c7, c5, 4
    mov   r0, #0x40000000
    vmsr  fpexc, r0
    /* RunFast (DDI 0301H 20.5): flush to zero, default NaN, no traps. Without
     * it this VFP hands denormal numbers to a software that we don't have, by
     * an undefined instruction. */
    mov   r0, #0x03000000
    vmsr  fpscr, r0

    ldr   pc, =start_c
    .ltorg
