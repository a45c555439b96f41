# How each kind of test is linked. A test is one file with its own main();
# archives give it what it calls and no more, so a test may define a double
# of anything it wants to watch.

T := $(H)/tests
TEST_LIBS := $(H)/libfirmware.a $(H)/libthird.a
PANIC := $(H)/obj/tests/unit/panic.o

tests = $(patsubst tests/%.c,$(T)/%,$(wildcard tests/$(1)/test_*.c))
UNIT_TESTS   := $(call tests,unit)
VECTOR_TESTS := $(call tests,vectors)
POWER_TESTS  := $(call tests,power)
SIM_TESTS    := $(call tests,sim)
DRIVER_TESTS := $(call tests,drivers)
HOST_TESTS   := $(call tests,host)
WORLD_TESTS  := $(call tests,world)
FIELD_TESTS  := $(call tests,field)

# LIBS: what one of them needs beside our own archives.
LIBS = -lcmocka
LINK = @mkdir -p $(@D); echo "  $@"; \
       gcc $(SAN) $(filter %.o,$^) $(filter %.a,$^) $(LIBS) -lm -o $@

define plain_tests
$(T)/$(1)/%: $(H)/obj/tests/$(1)/%.o $(PANIC) $(TEST_LIBS)
	$$(LINK)
endef
$(foreach k,unit vectors power sim field,$(eval $(call plain_tests,$(k))))

# Looks on at what the services put on the card.
$(T)/power/test_services_power: LIBS += -Wl,--wrap=store_put

# Models that several tests share are in files without a main().
$(T)/drivers/test_sdhci: \
    $(call objects,$(H),$(wildcard tests/drivers/sdhci_*.c))
CHIPS := tests/drivers/usb_chip.c $(wildcard tests/drivers/lan*.c) \
         tests/drivers/rtl815x_model.c
$(patsubst %,$(T)/drivers/test_%,lan95xx lan78xx rtl815x): \
    $(H)/obj/tests/drivers/smsc_bench.o
$(patsubst %,$(T)/drivers/test_%,dwc2 usb usb_eth lan95xx lan78xx rtl815x): \
    $(call objects,$(H),$(addprefix tests/drivers/,dwc2_model.c \
                                    usb_dev_model.c) $(CHIPS))
$(T)/drivers/test_genet: \
    $(call objects,$(H),$(wildcard tests/drivers/genet_*.c))
# Code of board/ in a PC: the test plays the processor.
$(H)/obj/board/%.o: private EXTRA = -iquote tests/drivers/double \
    -iquote board/common -iquote board/bcm283x
BOOT_DOUBLES := $(patsubst %,$(H)/obj/tests/drivers/%.o,test_dma test_boot \
                                                        boot_model)
$(BOOT_DOUBLES): private EXTRA += -iquote tests/drivers/double
$(T)/drivers/test_boot: $(call objects,$(H),$(wildcard board/bcm283x/*.c) \
    board/common/text.c tests/drivers/boot_model.c tests/drivers/vc_model.c)
$(T)/drivers/test_dma: $(call objects,$(H),board/common/dma.c \
                                           board/bcm283x/soc.c)
$(T)/drivers/test_vc: $(call objects,$(H),board/bcm283x/vc.c \
                                          tests/drivers/vc_model.c)
$(T)/drivers/test_soc: $(call objects,$(H),board/bcm283x/soc.c \
                                           board/bcm283x/model.c)
# A memory map like linker/rpi.ld's, and pointers that fit into 32 bits.
$(H)/obj/tests/drivers/test_pagetable.o: private EXTRA += -iquote board/arm
$(T)/drivers/test_pagetable: private LIBS = -lcmocka -no-pie \
    $(addprefix -Wl$(COMMA)--defsym=__,text_start=0x8000 text_end=0xb0000 \
        rodata_end=0xf3000 ram_end=0x284000 main_stack_bottom=0x294000 \
        main_stack_top=0x2a4000 irq_stack_bottom=0x2b4000 \
        irq_stack_top=0x2b6000 fault_stack_bottom=0x2c6000 \
        fault_stack_top=0x2c7000 fine_end=0x800000)
$(T)/drivers/test_pagetable: $(call objects,$(H),board/arm/pagetable.c)
$(T)/drivers/%: $(H)/obj/tests/drivers/%.o $(PANIC) $(H)/libdrivers.a
	$(LINK)

# ---- the whole firmware as a Linux process, and tests of its services -------
HOST_PORT := $(patsubst %,$(H)/obj/tests/host/%.o,port_linux slirp eth_slirp)
# The same with its Ethernet through GENET's driver and model.
GENET_PORT := $(patsubst %,$(H)/obj/tests/%.o,host/port_linux host/slirp \
                host/eth_genet drivers/genet_model)
$(H)/gnomon-genet: private LIBS = $(SLIRP)
$(H)/gnomon-genet: $(H)/obj/firmware/main.o $(H)/obj/tests/host/main.o \
                   $(GENET_PORT) $(TEST_LIBS) $(H)/libdrivers.a
	$(LINK)
$(H)/gnomon: private LIBS = $(SLIRP)
$(H)/gnomon: $(H)/obj/firmware/main.o $(H)/obj/tests/host/main.o \
             $(HOST_PORT) $(TEST_LIBS)
	$(LINK)
# Whoever counts the public-key arithmetic stands in front of it.
$(T)/host/test_tls: private LIBS = $(SLIRP) -lcmocka \
    -Wl,--wrap=mbedtls_pk_verify_ext -Wl,--wrap=mbedtls_mpi_exp_mod_unsafe
$(T)/host/%: private LIBS = $(SLIRP) -lcmocka
$(T)/host/%: $(H)/obj/tests/host/%.o $(HOST_PORT) $(TEST_LIBS)
	$(LINK)

# ---- the whole firmware in virtual time; its servers' crypto is OpenSSL's ---
$(T)/world/test_attacks: private LIBS = -lssl -lcrypto
$(T)/world/test_attacks: $(call objects,$(H),$(wildcard tests/world/*.c)) \
                         $(H)/obj/firmware/main.o $(TEST_LIBS)
	$(LINK)

# What the field showed, in that world.
WORLD := $(filter-out tests/world/test_% tests/world/attack%, \
                      $(wildcard tests/world/*.c))
WORLD_FIELD := $(patsubst %,$(T)/field/test_%,bringup faults floods kiss \
                                               memory pools report time waits why)
WORLD_FIELD += $(T)/field/test_families $(T)/field/test_serving \
               $(T)/field/test_again
$(T)/field/test_faults: $(H)/obj/tests/field/faults.o
$(WORLD_FIELD): private LIBS = -lssl -lcrypto
$(T)/field/test_memory: private LIBS += -Wl,--wrap=arena_get
$(WORLD_FIELD): $(T)/field/%: $(H)/obj/tests/field/%.o \
              $(call objects,$(H),$(WORLD)) $(H)/obj/firmware/main.o \
              $(TEST_LIBS)
	$(LINK)

# The services that serve, 400 days of them.
$(T)/field/test_years: private LIBS = -lssl -lcrypto
$(T)/field/test_years: $(call objects,$(H),$(wildcard tests/field/years_*.c) \
                                           tests/world/peer_crypto.c)

# ---- a chip's model beside QEMU (tests/common/usbchip.py) ------------------
$(H)/usbchip: private LIBS =
$(H)/usbchip: $(call objects,$(H),tests/drivers/usbredir.c $(CHIPS)) $(PANIC)
	$(LINK)

# Another opinion of the models: Debian's Linux for ARM has to like them. Not
# in `make test': 44 MB to fetch, some minutes to boot.
oracle: $(H)/usbchip
	tests/peers/oracle.sh $(B)
	python3 -m tests.qemu.oracle $(B)/oracle/root $(KINDS)
.PHONY: oracle

# ---- tools ------------------------------------------------------------------
$(H)/journal_dump: private LIBS =
$(H)/journal_dump: $(H)/obj/tests/tools/journal_dump.o $(PANIC) $(TEST_LIBS)
	$(LINK)
# Answers chronyc from a made-up snapshot (test_chronyc.py).
$(H)/cmdmon_serve: private LIBS =
$(H)/cmdmon_serve: $(H)/obj/tests/tools/cmdmon_serve.o $(PANIC) $(TEST_LIBS)
	$(LINK)
$(H)/nts_cases: private LIBS =
$(H)/nts_cases: $(H)/obj/tests/tools/nts_cases.o $(PANIC) $(TEST_LIBS)
	$(LINK)
$(H)/nts_ask: private LIBS =
$(H)/nts_ask: $(H)/obj/tests/tools/nts_ask.o $(PANIC) $(TEST_LIBS)
	$(LINK)
include tests/sim/build.mk
include tests/tools/ntpclient/build.mk

# ---- fuzz targets: clang and libFuzzer --------------------------------------
F := $(B)/fuzz
FUZZ_CFLAGS := -std=c11 -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
               -fno-sanitize-recover=undefined
# The libraries' edges are seen, too: most of what strangers reach is there.
FUZZ_THIRD := -std=gnu11 -O1 -g -fsanitize=fuzzer-no-link,address
$(eval $(call compile,$(F),clang,FUZZ_CFLAGS,ar,FUZZ_THIRD))
$(F)/libfirmware.a: $(call objects,$(F),$(FIRMWARE) $(DRIVERS) \
                                        board/bcm283x/vc.c)
	$(ARCHIVE)
FUZZ_TESTS := $(patsubst tests/fuzz/%.c,$(F)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(F)/fuzz_%: $(F)/obj/tests/fuzz/fuzz_%.o $(F)/obj/tests/unit/panic.o \
             $(F)/libfirmware.a $(F)/libthird.a
	$(Q)clang -fsanitize=fuzzer,address,undefined $^ $(FUZZ_LIBS) -lm -o $@
# What a target stands in front of, and models that it takes from elsewhere.
comma := ,
wrap = $(addprefix -Wl$(comma)--wrap=,$(1))
$(F)/fuzz_tls: private FUZZ_LIBS = $(call wrap,$(addprefix mbedtls_, \
    ssl_add_hs_msg_to_checksum ssl_finish_handshake_msg pk_verify_ext \
    ecp_mul ecp_mul_restartable))
$(F)/fuzz_tls_server: private FUZZ_LIBS = $(call wrap,$(addprefix mbedtls_, \
    ssl_add_hs_hdr_to_checksum ssl_add_hs_msg_to_checksum \
    ssl_finish_handshake_msg pk_verify_ext ecp_mul ecp_mul_restartable))
$(F)/fuzz_usb: private FUZZ_LIBS = $(call wrap,mdev_in)
$(F)/fuzz_usb $(F)/fuzz_lan95xx $(F)/fuzz_lan78xx: \
    $(call objects,$(F),$(addprefix tests/drivers/,dwc2_model.c \
                                    usb_dev_model.c) $(CHIPS))
$(F)/obj/tests/fuzz/fuzz_vc.o $(F)/obj/board/%.o: private EXTRA = -iquote \
    board/bcm283x -iquote board/common
$(F)/fuzz_sdhci: private FUZZ_LIBS = $(call wrap,hw_read)
$(F)/fuzz_sdhci: $(call objects,$(F),tests/drivers/sdhci_model.c)
$(F)/fuzz_genet: private FUZZ_LIBS = $(call wrap,hw_read)
$(F)/fuzz_genet: $(call objects,$(F),tests/drivers/genet_model.c)
$(F)/obj/tests/fuzz/fuzz_crashnote.o: \
    private EXTRA = -iquote tests/fuzz/double

# ---- the peers: Debian's chronyd and ntpd, unpacked -------------------------
$(B)/peers/.fetched: tests/peers/fetch.sh $(wildcard tests/peers/*.lock) | \
                     $(B)/.deps
	tests/peers/fetch.sh $(B)
	@touch $@

# Lets a 64-bit board's cores start a 32-bit image.
$(H)/shim64.img: tests/qemu/board_shim.S
	@mkdir -p $(@D)
	$(Q)clang --target=aarch64-none-elf -c $< -o $(@:img=o)
	$(Q)objcopy -I elf64-little -O binary -j .text $(@:img=o) $@

probe: $(H)/shim64.img

# A peer's clock, shifted (test_leap.py).
$(H)/shift_clock.so: tests/peers/shift_clock.c
	@mkdir -p $(@D)
	$(Q)gcc -std=c11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -shared -fPIC \
	    $< -o $@

# One unit test by name: make unit NAME=siv.
# Fuzz for a while: make fuzz NAME=conf.
unit: $(T)/unit/test_$(NAME)
	$<
# All of them, one after the other, as a table: make fuzz-table.
fuzz-table: $(FUZZ_TESTS)
	python3 tests/fuzz/table.py $(or $(SECONDS_EACH),60) $(NAME)
.PHONY: fuzz-table
fuzz: $(F)/fuzz_$(NAME)
	@mkdir -p $(F)/work_$(NAME)
	$< -max_total_time=$(or $(SECONDS_EACH),60) $(F)/work_$(NAME) \
	    tests/fuzz/corpus/$(NAME)

# Twenty days of faults, and a random one: some 10 s of CPU each.
faults: $(T)/field/test_faults
	python3 -m tests.field.test_faults faults

tests-bin: $(UNIT_TESTS) $(VECTOR_TESTS) $(POWER_TESTS) $(SIM_TESTS) \
           $(DRIVER_TESTS) $(HOST_TESTS) $(WORLD_TESTS) $(FUZZ_TESTS) \
           $(FIELD_TESTS) $(H)/journal_dump $(H)/cmdmon_serve $(H)/nts_cases \
           $(H)/nts_ask \
           $(H)/ntpclient \
           $(H)/ntpclient-san $(H)/usbchip \
           $(H)/shift_clock.so host card-of-some-kind probe $(B)/peers/.fetched
