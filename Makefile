# Gnomon. Two commands do everything on a fresh Debian 12:
#   make run     build, make an SD image, start NTS servers on loopback, boot
#   make test    all tests; ends with "N passed, N failed"
# Others: make help.

SHELL := /bin/bash
MAKEFLAGS += -rR
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: help inc cold all run test bench image card host deps lint repro size clean \
        quick quick-bin tests-bin unit fuzz faults journal probe \
        card-of-some-kind browser board-pages

B := build
JOBS ?= 3
# make V=1 shows the commands.
Q = $(if $(V),,@echo "  $@";)

all: image host

help:
	@echo 'make run            boot the image against NTS servers on loopback'
	@echo 'make test           all tests; ends with N passed, N failed'
	@echo 'make quick          the tests that need no peer and no emulator'
	@echo 'make image          build/<board>/<kernel>.img and .elf, every board'
	@echo 'make card           build/card/gnomon.img for Raspberry Pis, and .img.xz'
	@echo '                    [URL=https://where/it/will/be/] for os_list.json'
	@echo '                    [WITHOUT_BLOBS=1] without their boot files'
	@echo 'make host           build/host/gnomon: the firmware as a process'
	@echo 'make unit NAME=siv  one unit test'
	@echo 'make fuzz NAME=conf [SECONDS_EACH=60]  one fuzz target'
	@echo 'make oracle         models of Ethernet chips under Debian Linux'
	@echo 'make faults         twenty days of random faults in virtual time'
	@echo 'make board-pages    the console'\''s board, on every emulated Pi'
	@echo 'make browser        the page in headless Chromium'
	@echo 'make lint           who includes whom, sizes, stack, format, clang'
	@echo 'make bench          figures; bench-clock: the clock alone, bench-warmth:'
	@echo '                    what its temperature sensor is worth'
	@echo 'make journal CARD=F what a card holds, keys and cookies not shown'
	@echo 'make size, repro    the size; the same image from two folders?'
	@echo 'make clean          build/ goes'
	@echo 'V=1 shows the commands, JOBS=N runs N side by side.'

# ---- what the build machine needs -------------------------------------------
deps: $(B)/.deps
$(B)/.deps: third_party/packages
	@mkdir -p $(B)
	third_party/install $<
	@touch $@

# ---- third-party sources ----------------------------------------------------
FETCHED := $(B)/src/.fetched
$(FETCHED): third_party/lock third_party/fetch \
            $(wildcard third_party/patches/*) | $(B)/.deps
	third_party/fetch
	@touch $@

include third_party/build.mk

# ---- our sources ------------------------------------------------------------
CORE     := $(wildcard firmware/core/*.c)
ADAPTERS := $(wildcard firmware/adapters/*.c)
SERVICES := $(wildcard firmware/services/*.c)
DRIVERS  := $(wildcard drivers/*.c)
FIRMWARE := $(CORE) $(ADAPTERS) $(SERVICES)
VERSION_C := $(B)/cabundle.c $(B)/version.c

WARN := -Wall -Wextra -Wconversion -Wshadow -Werror
# $(call inc,FILE): what a file of ours finds, by its folder. Libraries are for
# adapters alone; core and services see firmware/ and nothing else.
inc = -iquote firmware $(if $(filter drivers/% board/% tests/%,$(1)),-iquote \
    drivers) $(if $(filter firmware/adapters/% tests/%,$(1)),$(THIRD_INC))
# Builds are named by their time, the floor below which no clock starts. It
# comes from the commit, so that two builds of one commit are the same.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || \
    echo 1795392000)
export SOURCE_DATE_EPOCH
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

$(B)/cabundle.c: third_party/cabundle | $(B)/.deps
	third_party/cabundle $(B)

# This and the flags are rewritten only when they change.
$(B)/version.c: FORCE
	@mkdir -p $(B)
	@printf '%s\n' '#include "services/version.h"' \
	    'const char gnomon_version[] = "$(VERSION)";' \
	    'const int64_t gnomon_build_unix = $(SOURCE_DATE_EPOCH);' > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
.PHONY: FORCE
FORCE:

# ---- how anything of ours is compiled ---------------------------------------
# $(call compile,DIR,CC,FLAGS,AR,THIRD,COLD): DIR/obj/%.o of every source, and
# of the libraries DIR/libthird.a. FLAGS and THIRD name the variables with the
# compiler's flags for the one and the other, COLD with those that are added for
# what nobody waits for; without THIRD there are no libraries. DIR/flags holds
# them, so that other flags compile anew. EXTRA is what one folder needs more.
define compile
$(1)/flags: FORCE
	@mkdir -p $$(@D)
	@echo '$$(subst ','\'',$(2) $$($(3)) $$($(5)) $$($(6)) $$(WARN) \
	    $$(THIRD_INC))' > $$@.new
	@cmp -s $$@.new $$@ && rm $$@.new || mv $$@.new $$@
$(1)/obj/%.o: %.c $(1)/flags | $$(FETCHED)
	@mkdir -p $$(@D)
	$$(Q)$(2) $$($(3)) $$(WARN) $$(call inc,$$<) $$(EXTRA) -MD -MP -c $$< -o $$@
$(1)/obj/%.o: %.S $(1)/flags | $$(FETCHED)
	@mkdir -p $$(@D)
	$$(Q)$(2) $$($(3)) $$(call inc,$$<) $$(EXTRA) -MD -MP -c $$< -o $$@
$(if $(5),$(call third_party,$(1),$(2),$(5),$(4),$(6)))
-include $$(shell find $(1)/obj -name '*.d' 2>/dev/null)
endef
# $(call objects,DIR,SOURCES)
objects = $(patsubst %,$(1)/obj/%.o,$(basename $(2)))
ARCHIVE = @rm -f $@; echo "  $@"; ar rcs $@ $(filter %.o,$^)

# ---- the boards' images, and the probe in the firmware's place --------------
ARM := arm-none-eabi-
ARM_CFLAGS := -std=c11 -O2 -g -ffunction-sections -fdata-sections \
              -fno-common -fstack-usage -ffile-prefix-map=$(CURDIR)=. \
              -fdebug-prefix-map=$(CURDIR)=.
# Payloads that count what something costs (tests/bench).
COSTS := clock_cost ke_cost page_cost server_cost
BOARD_MK := $(wildcard board/*/board.mk)
BOARDS   := $(BOARD_MK:board/%/board.mk=%)
include $(BOARD_MK)

# What packets and samples wait for is fast, all else of ours is small.
FAST := $(wildcard $(addprefix firmware/core/,aead* cmac* crypto_aes* \
            filter* gcm_siv* kalman_bank* ntp_ef* ntp_server* ntp_wire* \
            nts_auth* nts_cookie* nts_server* nts_sessions* polyval* siv* \
            truncated_normal*) \
            firmware/adapters/crypto_* firmware/adapters/net_udp* \
            $(addprefix drivers/,bcm28* dwc2* genet.* genet_ring* gic*))
SMALL := $(filter-out $(FAST),$(wildcard firmware/*.c firmware/*/*.c \
                                         drivers/*.c))
# Of that, a board may have smaller code for what no packet and no interrupt
# passes through, if no floating-point number does either: tests/lint looks.
WARM := $(wildcard $(addprefix firmware/core/,access* addr* base* bytes* clk* \
            leap* mono* ntp_client.c ntp_client_recv* ratelimit* utc*) \
            $(addprefix firmware/adapters/,entropy* net.c net_filter* net_if* \
            net_neighbour* net_own6*) \
            $(addprefix firmware/services/,log.c ntp_udp* server* superloop*) \
            $(addprefix drivers/,eth* pl011* systimer* timer* usb_eth.c))
DOUBLES := $(wildcard $(addprefix firmware/core/,chronyc_sources* \
            chronyc_text* chronyc_units* cmdmon_put* cmdmon_sources* conf.c \
            conf_lex* conf_server* delay_limit* discipline* fmt.c history* \
            metrics.c offset_interval* page.c page_cards* page_plot* \
            page_sources* page_text* poll_adapt* residuals* select* \
            thermal* timekeeper.c) $(addprefix firmware/services/,console_commands* \
            source.c timekeeper_status*))
COLD := $(filter-out $(WARM) $(DOUBLES),$(SMALL))
SMALL_BOARD := $(wildcard $(addprefix board/,bcm283x/facts* bcm283x/machine* \
                   bcm283x/model* bcm283x/soc* bcm283x/stage* bcm283x/vc* \
                   common/crashnote* common/fault* common/stack* common/text*))

define board
$(1).out    := $$(B)/$(1)
$(1).image  := $$($(1).out)/$$($(1).kernel)
$(1).cflags := $$($(1).cpu) $$(ARM_CFLAGS)
$(1).third  := $$($(1).cpu) $$(ARM_CFLAGS:-std=c11=-std=gnu11)
$(1).below  := $$(call objects,$$($(1).out),$$(DRIVERS) \
               $$(wildcard $$(addsuffix /*.[cS],$$($(1).dirs))))
$$(eval $$(call compile,$$($(1).out),$$(ARM)gcc,$(1).cflags,$$(ARM)ar,$(strip \
    )$(1).third,$(1).cold))
$$($(1).out)/obj/board/%.o $$($(1).out)/obj/tests/%.o: \
    private EXTRA = $$(addprefix -iquote ,$$($(1).dirs))

$$(call objects,$$($(1).out),$$(SMALL)): private EXTRA = -Os
$$(call objects,$$($(1).out),$$(filter %.c,$$(SMALL_BOARD))): \
    private EXTRA = $$(addprefix -iquote ,$$($(1).dirs)) -Os
$$(call objects,$$($(1).out),$$(COLD)): private EXTRA += $$($(1).cold)
# A round has more lookups than registers for those that are not needed yet.
$$(call objects,$$($(1).out),firmware/core/crypto_aes.c): \
    private EXTRA = -fno-schedule-insns

$$($(1).image).elf: $$($(1).below) $$($(1).out)/libthird.a \
    $$(call objects,$$($(1).out),firmware/main.c $$(FIRMWARE) $$(VERSION_C))
$$($(1).out)/probe.elf: $$($(1).below) \
    $$(call objects,$$($(1).out),tests/qemu/board_probe.c)
$$($(1).image).elf $$($(1).out)/probe.elf $$(COSTS:%=$$($(1).out)/%.elf): \
    linker/rpi.ld board/$(1)/board.mk
	$$(Q)$$(ARM)gcc $$($(1).cpu) -nostartfiles -Wl,--gc-sections \
	    -Wl,-Map=$$(@:elf=map) -Wl,--no-warn-rwx-segments \
	    $$(addprefix -Wl$$(COMMA)--defsym=,$$($(1).link)) -T linker/rpi.ld \
	    $$(filter %.o,$$^) $$(filter %.a,$$^) -lm -o $$@
$$(COSTS:%=$$($(1).out)/%.elf): $$($(1).out)/%.elf: $$($(1).below) \
    $$($(1).out)/libthird.a $$($(1).out)/obj/tests/bench/%.o \
    $$(call objects,$$($(1).out),$$(FIRMWARE) $$(VERSION_C))
$$($(1).out)/obj/tests/bench/%.o: private EXTRA += -iquote tests/fuzz
$$($(1).out)/%.img: $$($(1).out)/%.elf
	$$(Q)$$(ARM)objcopy -O binary $$< $$@
$$($(1).out)/hyp.elf: $$(call objects,$$($(1).out),tests/qemu/board_hyp.S)
	$$(Q)$$(ARM)gcc $$($(1).cpu) -nostdlib -Wl,-Ttext=0x1000000 $$< -o $$@
image: $$($(1).image).img
probe: $$($(1).out)/probe.img $$(if $$($(1).hyp),$$($(1).out)/hyp.elf)
endef
COMMA := ,
$(foreach b,$(BOARDS),$(eval $(call board,$(b))))
KERNELS := $(foreach b,$(BOARDS),$($(b).image))

# ---- the card: every kernel under every name that a board starts -------------
CARD := $(B)/card
BLOBS := $(B)/src/raspi-firmware
CARD_MAKE = python3 board/card/card.py --url '$(URL)' $(CARD) $(foreach \
    b,$(BOARDS),$(foreach n,$(or $($(b).card),$($(b).kernel)),$(n)=$($(b).image).img))
card: image
ifdef WITHOUT_BLOBS
	$(CARD_MAKE)
else
	@third_party/fetch raspi-firmware || { \
	    echo 'make card WITHOUT_BLOBS=1 makes a card without them' >&2; false; }
	$(CARD_MAKE) --firmware $(BLOBS)
endif

# Where they cannot be had, an emulator needs no boot files either.
card-of-some-kind: image
	@$(MAKE) --no-print-directory card || \
	    $(MAKE) --no-print-directory card WITHOUT_BLOBS=1

size: image
	$(ARM)size $(KERNELS:=.elf)
	@stat -c '%n: %s bytes' $(KERNELS:=.img)

# Is the image a matter of the commit alone? HEAD is built in two folders.
repro: $(FETCHED)
	rm -rf $(B)/repro
	for d in one the/other; do \
	    git clone -q . $(B)/repro/$$d && mkdir $(B)/repro/$$d/build && \
	    cp -r $(B)/cache $(B)/repro/$$d/build/ && \
	    $(MAKE) -s -C $(B)/repro/$$d image || exit 1; done
	for k in $(KERNELS); do \
	    cmp $(B)/repro/{one,the/other}/$$k.elf && \
	    cmp $(B)/repro/{one,the/other}/$$k.img || exit 1; done

# ---- the firmware on this machine, under sanitizers -------------------------
H := $(B)/host
SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined
HOST_CFLAGS := -std=c11 -O1 -g -fno-omit-frame-pointer \
               -ffunction-sections $(SAN)
HOST_THIRD := -std=gnu11 -O1 -g $(SAN)
$(eval $(call compile,$(H),gcc,HOST_CFLAGS,ar,HOST_THIRD))
SLIRP = $(shell pkg-config --cflags --libs slirp)
$(H)/obj/tests/%.o: private EXTRA = -D_GNU_SOURCE -iquote tests/unit \
    -iquote tests/drivers -iquote board/bcm283x -iquote board/common \
    $(shell pkg-config --cflags slirp)

$(H)/libfirmware.a: $(call objects,$(H),$(FIRMWARE) $(VERSION_C))
	$(ARCHIVE)
$(H)/libdrivers.a: $(call objects,$(H),$(DRIVERS))
	$(ARCHIVE)

include tests/build.mk

host: $(H)/gnomon $(H)/gnomon-genet

# ---- run, test --------------------------------------------------------------
run: card-of-some-kind $(B)/peers/.fetched
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
	python3 -m tests.bench.bench_ke
	$(B)/bench/clock 101 108

# What `board` says on every emulated board and of every model.
board-pages: card-of-some-kind $(B)/peers/.fetched $(H)/usbchip \
        $(T)/drivers/test_boot $(H)/shim64.img
	python3 -m tests.qemu.board_pages

# The page in a browser. Chromium is no package of `make deps`: it has 300 MB.
# With AXE=path/to/axe.min.js, from npm's axe-core, that looks at it, too.
browser: image $(B)/peers/.fetched $(H)/shift_clock.so
	@command -v chromedriver > /dev/null || { \
	    echo 'apt-get install chromium chromium-driver' >&2; false; }
	python3 -m tests.page.browser $(STATES)

# What a card's journal holds: make journal CARD=file-or-device
journal: $(H)/journal_dump
	$< $(CARD)

lint: image
	python3 -m tests.lint.test_lint

# For tools that compile one file by themselves (tests/lint): what it finds,
# and which files have no floating-point number.
inc:
	@echo '$(call inc,$(FILE))'
cold:
	@echo '$(COLD)'

clean:
	rm -rf $(B)
