/* board_shim.S -- AArch64: lets QEMU's raspi3b, whose cores start in EL2 and 64
 * bits, run a 32-bit image at 0x8000 as a board with arm_64bit=0 does, but in
 * SVC: 32-bit HYP cannot be entered from a 64-bit EL2.
 *
 * The header is Linux's (Documentation/arm64/booting): it makes QEMU put this
 * out of the image's way and keep the other cores asleep. */
    .text
    .global _start
_start:
    b     1f
    .word 0
    .quad 0x02000000          /* where to load: text_offset */
    .quad 0x1000              /* image_size; 0: offset not believed */
    .quad 0
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .word 0
1:  msr   hcr_el2, xzr        /* EL1 in 32 bits, nothing trapped */
    mov   x0, #3
    msr   cnthctl_el2, x0     /* counter and timer for EL1 */
    msr   cntvoff_el2, xzr
    mov   x0, #0x33ff
    msr   cptr_el2, x0
    mrs   x0, midr_el1
    msr   vpidr_el2, x0
    mrs   x0, mpidr_el1
    msr   vmpidr_el2, x0
    mov   x0, #0x0838
    movk  x0, #0x00c5, lsl #16
    msr   sctlr_el1, x0       /* reset value: MMU and caches off */
    mov   x0, #0x1d3          /* SVC, A I F masked, ARM */
    msr   spsr_el2, x0
    mov   x0, #0x8000
    msr   elr_el2, x0
    mov   x0, #0
    eret
