/* board_hyp.S -- plays the real Pi 2's firmware on QEMU: takes core 0 from
 * secure SVC through monitor mode into non-secure HYP and jumps to 0x8000,
 * where the raw image was put. Other cores go there as they are. */
    .syntax unified
    .arch_extension sec
    .arch_extension virt
    .arm
    .global _start
_start:
    mrc   p15, 0, r0, c0, c0, 5
    ands  r0, r0, #3
    bne   3f
    cps   #0x16                       /* monitor */
    movw  r0, #0x0c00                 /* NSACR: cp10, cp11; NS_SMP */
    orr   r0, r0, #(1 << 18)
    mcr   p15, 0, r0, c1, c1, 2
    movw  r0, #0x131                  /* SCR: HCE, AW, FW, NS */
    mcr   p15, 0, r0, c1, c1, 0
    isb
    mov   lr, #0x8000
    movw  r0, #0x1da                  /* HYP, A I F masked: as armstub7 */
    msr   spsr_cxsf, r0
    mov   r0, #0
    movw  r1, #0xc42
    mov   r2, #0x100
    movs  pc, lr
3:  mov   pc, #0x8000
