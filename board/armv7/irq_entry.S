/* irq_entry.S -- an interrupt on its way to irq_handler(), and back. VFP
 * registers are kept too, since memcpy may use them. Barriers: what was
 * interrupted may be between a device's read and its own barrier (hw.c). */

    .syntax unified
    .section .text.vectors, "ax"
    .arm
    .global irq_entry
    .type irq_entry, %function
irq_entry:
    sub   lr, lr, #4
    push  {r0-r3, r12, lr}
    dmb
    vmrs  r2, fpscr
    push  {r2, r3}
    vpush {d0-d7}
    vpush {d16-d31}
    mov   r0, lr
    bl    irq_handler
    vpop  {d16-d31}
    vpop  {d0-d7}
    pop   {r2, r3}
    vmsr  fpscr, r2
    dmb
    ldmia sp!, {r0-r3, r12, pc}^
