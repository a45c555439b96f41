# Gnomon. Two commands do everything on a fresh Debian 12:
#   make run     build, make an SD image, start NTS servers on loopback, boot
#   make test    all tests; ends with "N passed, N failed"
# Others: make quick, image, host, unit, fuzz, lint, repro, bench, size, clean.

SHELL := /bin/bash
MAKEFLAGS += -rR
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: third-inc all run test bench image host deps lint repro size clean \
        quick quick-bin tests-bin unit fuzz journal

B := build
JOBS ?= 2
# make V=1 shows the commands.
Q = $(if $(V),,@echo "  $@";)

all: image host

# ---- what the build machine needs ----------------------------------------
deps: $(B)/.deps
$(B)/.deps: third_party/packages
	@mkdir -p $(B)
	third_party/install $<
	@touch $@

# ---- third-party sources ---------------------------------------------------
FETCHED := $(B)/src/.fetched
$(FETCHED): third_party/lock third_party/fetch $(wildcard third_party/patches/*) | $(B)/.deps
	third_party/fetch
	@touch $@

include third_party/build.mk

# ---- our sources -----------------------------------------------------------
CORE     := $(wildcard firmware/core/*.c)
ADAPTERS := $(wildcard firmware/adapters/*.c)
SERVICES := $(wildcard firmware/services/*.c)
DRIVERS  := $(wildcard drivers/*.c)
BOARD    := $(wildcard board/common/*.c board/common/*.S \
                       board/rpi2/*.c board/rpi2/*.S)

WARN := -Wall -Wextra -Wconversion -Wshadow -Werror
INC  := -iquote firmware -iquote drivers $(THIRD_INC)
# Builds are named by their time, the floor below which no clock starts. It
# comes from the commit, so that two builds of one commit are the same.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1795392000)
export SOURCE_DATE_EPOCH
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

# ---- the image -------------------------------------------------------------
ARM     := arm-none-eabi-
ARM_CPU := -mcpu=cortex-a7 -mfpu=neon-vfpv4 -mfloat-abi=hard -mthumb \
           -ffile-prefix-map=$(CURDIR)=. -fdebug-prefix-map=$(CURDIR)=.
ARM_CFLAGS := $(ARM_CPU) -std=c11 -O2 -g -ffunction-sections \
              -fdata-sections -fno-common -fstack-usage
ARM_THIRD := $(ARM_CPU) -std=gnu11 -O2 -g -ffunction-sections -fdata-sections \
             -fstack-usage
$(eval $(call third_party,$(B)/rpi2,$(ARM)gcc,ARM_THIRD,$(ARM)ar))

R := $(B)/rpi2
IMAGE_SRC := firmware/main.c $(CORE) $(ADAPTERS) $(SERVICES) $(DRIVERS) $(BOARD)
IMAGE_OBJ := $(addprefix $(R)/obj/,$(addsuffix .o,$(basename $(IMAGE_SRC)))) \
             $(R)/cabundle.o $(R)/version.o

$(R)/obj/%.o: %.c $(B)/flags | $(FETCHED)
	@mkdir -p $(@D)
	$(Q)$(ARM)gcc $(ARM_CFLAGS) $(WARN) $(INC) -iquote board/common -iquote board/rpi2 -MD -MP -c $< -o $@
$(R)/obj/%.o: %.S $(B)/flags | $(FETCHED)
	@mkdir -p $(@D)
	$(Q)$(ARM)gcc $(ARM_CPU) -g -iquote board/common -iquote board/rpi2 -MD -MP -c $< -o $@

$(B)/cabundle.c: third_party/cabundle | $(B)/.deps
	third_party/cabundle $(B)
$(R)/cabundle.o: $(B)/cabundle.c | $(FETCHED)
	@mkdir -p $(@D)
	$(Q)$(ARM)gcc $(ARM_CFLAGS) $(INC) -c $< -o $@

# Both are rewritten only when they change.
$(B)/flags: FORCE
	@mkdir -p $(B)
	@echo '$(subst ','\'',$(ARM_CFLAGS) $(ARM_THIRD) $(HOST_CFLAGS) $(HOST_THIRD) \
	    $(FUZZ_CFLAGS) $(FUZZ_THIRD) $(WARN) $(INC))' > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(B)/version.c: FORCE
	@mkdir -p $(B)
	@printf '#include "services/version.h"\nconst char gnomon_version[] = "%s";\nconst int64_t gnomon_build_unix = %s;\n' \
	    '$(VERSION)' '$(SOURCE_DATE_EPOCH)' > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
.PHONY: FORCE
FORCE:
$(R)/version.o: $(B)/version.c | $(FETCHED)
	@mkdir -p $(@D)
	$(Q)$(ARM)gcc $(ARM_CFLAGS) $(INC) -c $< -o $@

$(R)/kernel7.elf: $(IMAGE_OBJ) $(R)/libthird.a linker/rpi2.ld
	$(Q)$(ARM)gcc $(ARM_CPU) -nostartfiles -Wl,--gc-sections -Wl,-Map=$(R)/kernel7.map \
	    -Wl,--no-warn-rwx-segments -T linker/rpi2.ld $(IMAGE_OBJ) $(R)/libthird.a -lm -o $@
$(R)/kernel7.img: $(R)/kernel7.elf
	$(Q)$(ARM)objcopy -O binary $< $@
image: $(R)/kernel7.img

size: image
	$(ARM)size $(R)/kernel7.elf
	@stat -c '%n: %s bytes' $(R)/kernel7.img

# Is the image a matter of the commit alone? HEAD is built in two folders.
repro: $(FETCHED)
	rm -rf $(B)/repro
	for d in one the/other; do \
	    git clone -q . $(B)/repro/$$d && mkdir $(B)/repro/$$d/build && \
	    cp -r $(B)/cache $(B)/repro/$$d/build/ && \
	    $(MAKE) -s -C $(B)/repro/$$d image || exit 1; done
	cmp $(B)/repro/{one,the/other}/$(R)/kernel7.elf
	cmp $(B)/repro/{one,the/other}/$(R)/kernel7.img

# ---- the firmware on this machine, under sanitizers --------------------------
H := $(B)/host
SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined
HOST_CFLAGS := -std=c11 -O1 -g -fno-omit-frame-pointer $(SAN)
HOST_THIRD := -std=gnu11 -O1 -g $(SAN)
$(eval $(call third_party,$(H),gcc,HOST_THIRD,ar))
SLIRP = $(shell pkg-config --cflags --libs slirp)

$(H)/obj/%.o: %.c $(B)/flags | $(FETCHED)
	@mkdir -p $(@D)
	$(Q)gcc $(HOST_CFLAGS) $(WARN) $(INC) -MD -MP -c $< -o $@
$(H)/obj/tests/%.o: tests/%.c $(B)/flags | $(FETCHED)
	@mkdir -p $(@D)
	$(Q)gcc $(HOST_CFLAGS) -D_GNU_SOURCE $(WARN) $(INC) -iquote tests/unit -iquote tests/drivers \
	    -MD -MP -c $< -o $@ `pkg-config --cflags slirp`
$(H)/cabundle.o: $(B)/cabundle.c | $(FETCHED)
	@mkdir -p $(@D)
	$(Q)gcc $(HOST_CFLAGS) $(INC) -c $< -o $@
$(H)/version.o: $(B)/version.c | $(FETCHED)
	@mkdir -p $(@D)
	$(Q)gcc $(HOST_CFLAGS) $(INC) -c $< -o $@

$(H)/libfirmware.a: $(patsubst %.c,$(H)/obj/%.o,$(CORE) $(ADAPTERS) $(SERVICES)) \
                    $(H)/cabundle.o $(H)/version.o
	@rm -f $@
	$(Q)ar rcs $@ $^
$(H)/libdrivers.a: $(patsubst %.c,$(H)/obj/%.o,$(DRIVERS))
	@rm -f $@
	$(Q)ar rcs $@ $^

include tests/build.mk

host: $(H)/gnomon

# ---- run, test ---------------------------------------------------------------
run: image $(B)/peers/.fetched
	python3 -m tests.qemu.run

test: $(B)/.deps
	@+$(MAKE) --no-print-directory -j$(JOBS) tests-bin
	python3 tests/run.py --jobs $(JOBS)

# The tests that need no peer and no emulator: a minute, for every commit.
QUICK := $(UNIT_TESTS) $(VECTOR_TESTS) $(POWER_TESTS) $(DRIVER_TESTS)
quick: $(B)/.deps
	@+$(MAKE) --no-print-directory -j$(JOBS) quick-bin
	python3 tests/run.py --jobs $(JOBS) unit/ vectors/ power/ drivers/ lint/
quick-bin: $(QUICK) host image

bench: image tests-bin $(B)/bench/clock
	python3 -m tests.bench.bench
	$(B)/bench/clock 101 108

# What a card's journal holds: make journal CARD=file-or-device
journal: $(H)/journal_dump
	$< $(CARD)

lint: image
	python3 -m tests.lint.test_lint

# For tools that compile one file by themselves (tests/lint).
third-inc:
	@echo '$(THIRD_INC)'

clean:
	rm -rf $(B)

-include $(shell find $(B)/rpi2/obj $(B)/host/obj $(B)/fuzz/obj -name '*.d' 2>/dev/null)
