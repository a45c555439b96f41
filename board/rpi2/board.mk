# ARMv7: BCM2836, BCM2837 and BCM2711 in 32-bit state. board/README.md says
# what each line is for.
rpi2.kernel := kernel7
rpi2.card   := kernel7 kernel7l
rpi2.dirs   := board/common board/arm board/armv7 board/bcm283x
rpi2.cpu    := -mcpu=cortex-a7 -mfpu=neon-vfpv4 -mfloat-abi=hard -mthumb
rpi2.link   := __load_start=0x8000 __note_start=0x0b000000
rpi2.qemu   := raspi2b raspi3b
rpi2.clock  := cortex-a7-arm-cpu.cntfrq
rpi2.hyp    := yes
rpi2.tested := yes
