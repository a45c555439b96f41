# ARMv6: BCM2835, on A, B, A+, B+, CM1, Zero, Zero W. board/README.md says what
# each line is for.
rpi1.kernel := kernel
rpi1.dirs   := board/common board/arm board/armv6 board/bcm283x
rpi1.cpu    := -mcpu=arm1176jzf-s -mfpu=vfp -mfloat-abi=hard -marm
rpi1.cold   := -mthumb -mfloat-abi=soft -include board/armv6/thumb.h
rpi1.link   := __load_start=0x8000 __note_start=0x0b000000
rpi1.qemu   := raspi0 raspi1ap
