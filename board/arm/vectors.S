/* vectors.S -- exception entry.
 *
 * Faults fill a struct fault_frame (fault.h) on the fault stack and go to
 * fault_report(), which never comes back. An interrupt goes to the processor's
 * irq_entry. */

    .syntax unified
    .section .text.vectors, "ax"
    .arm
    .balign 32
    .global vectors
vectors:
    b   on_reset
    b   on_undefined
    b   on_svc
    b   on_prefetch
    b   on_data
    b   on_reset
    b   irq_entry
    b   on_fiq

    /* kind: enum fault_kind. arm, thumb: how far lr is past the culprit. */
    .macro FAULT kind, arm, thumb
    cpsid aif
    sub   sp, sp, #(18 * 4)
    stmia sp, {r0-r12}
    mrs   r4, spsr
    tst   r4, #0x20
    subeq r5, lr, #\arm
    subne r5, lr, #\thumb
    mov   r0, #\kind
    b     fault_common
    .endm

on_reset:     FAULT 0, 0, 0
on_undefined: FAULT 1, 4, 2
on_svc:       FAULT 2, 4, 2
on_prefetch:  FAULT 3, 4, 4
on_data:      FAULT 4, 8, 8
on_fiq:       FAULT 5, 4, 4

fault_common:
    str   r5, [sp, #(15 * 4)]
    str   r4, [sp, #(16 * 4)]
    str   r0, [sp, #(17 * 4)]
    /* Visit the interrupted mode for its sp and lr. */
    mrs   r6, cpsr
    bic   r7, r6, #0x1f
    and   r8, r4, #0x1f
    orr   r7, r7, r8
    msr   cpsr_c, r7
    mov   r8, sp
    mov   r9, lr
    msr   cpsr_c, r6
    str   r8, [sp, #(13 * 4)]
    str   r9, [sp, #(14 * 4)]
    mov   r0, sp
    bic   sp, sp, #7
    ldr   pc, =fault_report
    .ltorg
