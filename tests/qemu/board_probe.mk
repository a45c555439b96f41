# The board with board_probe.c in place of the firmware; from the top:
#   make -f tests/qemu/board_probe.mk
P   := build/board-probe
ARM := arm-none-eabi-
CPU := -mcpu=cortex-a7 -mfpu=neon-vfpv4 -mfloat-abi=hard -mthumb
FLAGS := $(CPU) -std=c11 -O2 -g -ffunction-sections -fdata-sections -fno-common \
         -Wall -Wextra -Wconversion -Wshadow -Werror \
         -Ifirmware -Idrivers -Iboard/common -Iboard/rpi2
DRIVERS ?= $(wildcard drivers/*.c)
SRC := $(wildcard board/common/*.[cS] board/rpi2/*.[cS]) $(DRIVERS) \
       tests/qemu/board_probe.c
OBJ := $(addprefix $(P)/,$(addsuffix .o,$(SRC)))

all: $(P)/probe.img $(P)/hyp.elf
$(P)/%.c.o: %.c
	@mkdir -p $(@D)
	$(ARM)gcc $(FLAGS) -MMD -c $< -o $@
$(P)/%.S.o: %.S
	@mkdir -p $(@D)
	$(ARM)gcc $(CPU) -g -Iboard/common -MMD -c $< -o $@
$(P)/probe.elf: $(OBJ) linker/rpi2.ld
	$(ARM)gcc $(CPU) -nostartfiles -Wl,--gc-sections \
	    -Wl,-Map=$(P)/probe.map -T linker/rpi2.ld $(OBJ) -o $@
$(P)/probe.img: $(P)/probe.elf
	$(ARM)objcopy -O binary $< $@
$(P)/hyp.elf: $(P)/tests/qemu/board_hyp.S.o
	$(ARM)gcc $(CPU) -nostdlib -Wl,-Ttext=0x1000000 $< -o $@
-include $(OBJ:.o=.d)
