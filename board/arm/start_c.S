/* start_c.S -- the rest of the way to C: every mode's stack, bss, paint.
 *
 * start_c is entered by the processor's start.S in a privileged mode, all
 * interrupts masked, VFP on, r10 the CPSR that the firmware left. It goes to
 * board_main(r10) in SVC mode. */

    .syntax unified

#define MODE_SVC   0x13

    .section .text.start_c, "ax"
    .arm
    .global start_c
    .type start_c, %function
start_c:
    /* Every kind of fault shares a stack: none of them comes back. */
    ldr   r0, =__fault_stack_top
    cps   #0x17                        /* ABT */
    mov   sp, r0
    cps   #0x1b                        /* UND */
    mov   sp, r0
    cps   #0x11                        /* FIQ */
    mov   sp, r0
    cps   #0x12                        /* IRQ */
    ldr   sp, =__irq_stack_top
    cps   #MODE_SVC
    ldr   sp, =__main_stack_top

    ldr   r0, =__bss_start
    ldr   r1, =__bss_end
    mov   r2, #0
    bl    fill
    ldr   r0, =__main_stack_bottom
    ldr   r1, =__main_stack_top
    ldr   r2, =STACK_PAINT
    bl    fill
    ldr   r0, =__irq_stack_bottom
    ldr   r1, =__irq_stack_top
    bl    fill

    mov   r0, r10
    ldr   pc, =board_main              /* does not return */

/* Words from r0 up to r1 become r2; both aligned by the linker script. */
fill:
    cmp   r0, r1
    strlo r2, [r0], #4
    blo   fill
    bx    lr

    .global STACK_PAINT
    .equ  STACK_PAINT, 0x5afe57ac
    .ltorg
