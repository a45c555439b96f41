# How each kind of test is linked. A test is one file with its own main();
# archives give it what it calls and no more, so a test may define a double
# of anything it wants to watch.

T := $(H)/tests
TEST_LIBS := $(H)/libfirmware.a $(H)/libthird.a
PANIC := $(H)/obj/tests/unit/panic.o

UNIT_TESTS   := $(patsubst tests/%.c,$(T)/%,$(wildcard tests/unit/test_*.c))
VECTOR_TESTS := $(patsubst tests/%.c,$(T)/%,$(wildcard tests/vectors/test_*.c))
POWER_TESTS  := $(patsubst tests/%.c,$(T)/%,$(wildcard tests/power/test_*.c))
SIM_TESTS    := $(patsubst tests/%.c,$(T)/%,$(wildcard tests/sim/test_*.c))
DRIVER_TESTS := $(patsubst tests/%.c,$(T)/%,$(wildcard tests/drivers/test_*.c))

LINK = @mkdir -p $(@D); echo "  $@"; \
       gcc $(SAN) $(filter %.o,$^) $(filter %.a,$^) -lcmocka -lm -o $@

# Doubles and models that several tests share: *_model.c beside the tests.
MODELS = $(patsubst %.c,$(H)/obj/%.o,$(wildcard tests/$(1)/*_model.c))

$(T)/unit/%: $(H)/obj/tests/unit/%.o $(PANIC) $(TEST_LIBS)
	$(LINK)
$(T)/vectors/%: $(H)/obj/tests/vectors/%.o $(PANIC) $(TEST_LIBS)
	$(LINK)
$(T)/power/%: $(H)/obj/tests/power/%.o $(PANIC) $(TEST_LIBS)
	$(LINK)
$(T)/sim/%: $(H)/obj/tests/sim/%.o $(PANIC) $(TEST_LIBS)
	$(LINK)
$(T)/drivers/test_sdhci: $(patsubst %.c,$(H)/obj/%.o,$(wildcard tests/drivers/sdhci_*.c))
$(patsubst %,$(T)/drivers/test_%,dwc2 usb usb_eth): \
    $(call objects,$(H),$(wildcard tests/drivers/dwc2_*.c tests/drivers/usb_*.c))
$(T)/drivers/%: $(H)/obj/tests/drivers/%.o $(PANIC) $(H)/libdrivers.a
	$(LINK)

# ---- the whole firmware as a Linux process, and tests of its services -------
HOST_PORT := $(patsubst %,$(H)/obj/tests/host/%.o,port_linux slirp)
$(H)/gnomon: $(H)/obj/firmware/main.o $(H)/obj/tests/host/main.o $(HOST_PORT) $(TEST_LIBS)
	@mkdir -p $(@D)
	$(Q)gcc $(SAN) $(filter %.o,$^) $(TEST_LIBS) $(SLIRP) -lm -o $@
HOST_TESTS := $(patsubst tests/%.c,$(T)/%,$(wildcard tests/host/test_*.c))
$(T)/host/%: $(H)/obj/tests/host/%.o $(HOST_PORT) $(TEST_LIBS)
	@mkdir -p $(@D)
	$(Q)gcc $(SAN) $(filter %.o,$^) $(TEST_LIBS) $(SLIRP) -lcmocka -lm -o $@

# ---- the whole firmware in virtual time; its servers' crypto is OpenSSL's ----
WORLD_TESTS := $(patsubst tests/%.c,$(T)/%,$(wildcard tests/world/test_*.c))
$(T)/world/test_attacks: $(patsubst %.c,$(H)/obj/%.o,$(wildcard tests/world/*.c)) $(H)/obj/firmware/main.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(Q)gcc $(SAN) $(filter %.o,$^) $(TEST_LIBS) -lssl -lcrypto -lm -o $@

# ---- tools --------------------------------------------------------------------
$(H)/journal_dump: $(H)/obj/tests/tools/journal_dump.o $(PANIC) $(TEST_LIBS)
	$(Q)gcc $(SAN) $(filter %.o,$^) $(TEST_LIBS) -lm -o $@
include tests/tools/ntpclient/build.mk

# ---- fuzz targets: clang and libFuzzer ----------------------------------------
F := $(B)/fuzz
FUZZ_CFLAGS := -std=c11 -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
               -fno-sanitize-recover=undefined
$(eval $(call compile,$(F),clang,FUZZ_CFLAGS))
$(F)/libfirmware.a: $(call objects,$(F),$(FIRMWARE) $(DRIVERS))
	$(ARCHIVE)
FUZZ_TESTS := $(patsubst tests/fuzz/%.c,$(F)/%,$(wildcard tests/fuzz/fuzz_*.c))
# The libraries' own code steers no fuzzing: it is the host's.
$(F)/fuzz_%: $(F)/obj/tests/fuzz/fuzz_%.o $(F)/obj/tests/unit/panic.o \
             $(F)/libfirmware.a $(H)/libthird.a
	$(Q)clang -fsanitize=fuzzer,address,undefined $^ -lm -o $@

# ---- the peers: Debian's chronyd and ntpd, unpacked -----------------------------
$(B)/peers/.fetched: tests/peers/fetch.sh tests/peers/trixie.lock | $(B)/.deps
	tests/peers/fetch.sh $(B)
	@touch $@

# A peer's clock, shifted (test_leap.py).
$(H)/shift_clock.so: tests/peers/shift_clock.c
	@mkdir -p $(@D)
	$(Q)gcc -std=c11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -shared -fPIC $< -o $@

# One unit test by name: make unit NAME=siv. Fuzz for a while: make fuzz NAME=conf.
unit: $(T)/unit/test_$(NAME)
	$<
fuzz: $(F)/fuzz_$(NAME)
	$< -max_total_time=$(or $(SECONDS_EACH),60) $(F)/work_$(NAME) tests/fuzz/corpus/$(NAME)

tests-bin: $(UNIT_TESTS) $(VECTOR_TESTS) $(POWER_TESTS) $(SIM_TESTS) $(DRIVER_TESTS) \
           $(HOST_TESTS) $(WORLD_TESTS) $(FUZZ_TESTS) $(H)/journal_dump $(H)/ntpclient \
           $(H)/ntpclient-san $(H)/shift_clock.so host image probe $(B)/peers/.fetched

include tests/sim/build.mk
