/* irq_entry.S -- an interrupt on its way to irq_handler(), and back. VFP
 * registers are kept too, since memcpy may use them: there are 16 of them, of
 * which a C function may change d0 .. d7.
 *
 * What was interrupted may have a read of a device under way, and reads of two
 * devices may come back in the wrong order: a barrier before the first access
 * in here and after the last (BCM2835 ARM Peripherals, 1.3). */

    .syntax unified
    .section .text.vectors, "ax"
    .arm
    .global irq_entry
    .type irq_entry, %function
irq_entry:
    sub   lr, lr, #4
    push  {r0-r3, r12, lr}
    mov   r3, #0
    mcr   p15, 0, r3, c7, c10, 5       /* DMB */
    vmrs  r2, fpscr
    push  {r2, r3}
    vpush {d0-d7}
    mov   r0, lr
    bl    irq_handler
    vpop  {d0-d7}
    pop   {r2, r3}
    vmsr  fpscr, r2
    mcr   p15, 0, r3, c7, c10, 5       /* DMB: r3 is 0, see above */
    ldmia sp!, {r0-r3, r12, pc}^
