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
$(T)/drivers/test_dwc2 $(T)/drivers/test_usb: $(patsubst %.c,$(H)/obj/%.o,$(wildcard tests/drivers/dwc2_*.c tests/drivers/usb_*.c))
$(T)/drivers/%: $(H)/obj/tests/drivers/%.o $(PANIC) $(H)/libdrivers.a
	$(LINK)

# ---- the whole firmware as a Linux process, and tests of its services -------
# Two machines for it: real time and libslirp, or (sim*, port_sim) a world
# whose time and network are simulated, its servers' crypto OpenSSL's.
SIM_WORLD := $(patsubst %.c,$(H)/obj/%.o,$(wildcard tests/host/sim*.c) tests/host/port_sim.c)
HOST_PORT := $(filter-out $(SIM_WORLD) $(H)/obj/tests/host/test_% $(H)/obj/tests/host/journal_dump.o $(H)/obj/tests/host/main.o,$(patsubst %.c,$(H)/obj/%.o,$(wildcard tests/host/*.c)))
$(H)/gnomon: $(H)/obj/firmware/main.o $(H)/obj/tests/host/main.o $(HOST_PORT) $(TEST_LIBS)
	@mkdir -p $(@D)
	$(Q)gcc $(SAN) $(filter %.o,$^) $(TEST_LIBS) $(SLIRP) -lm -o $@
HOST_TESTS := $(patsubst tests/%.c,$(T)/%,$(wildcard tests/host/test_*.c))
$(T)/host/%: $(H)/obj/tests/host/%.o $(HOST_PORT) $(TEST_LIBS)
	@mkdir -p $(@D)
	$(Q)gcc $(SAN) $(filter %.o,$^) $(TEST_LIBS) $(SLIRP) -lcmocka -lm -o $@
$(T)/host/test_attacks: $(patsubst %.c,$(H)/obj/%.o,$(wildcard tests/host/test_attacks*.c)) $(H)/obj/firmware/main.o $(SIM_WORLD) $(TEST_LIBS)
	@mkdir -p $(@D)
	$(Q)gcc $(SAN) $(filter %.o,$^) $(TEST_LIBS) -lssl -lcrypto -lm -o $@
$(H)/journal_dump: $(H)/obj/tests/host/journal_dump.o $(PANIC) $(TEST_LIBS)
	$(Q)gcc $(SAN) $(filter %.o,$^) $(TEST_LIBS) -lm -o $@

include tests/host/ntpclient/build.mk

# ---- fuzz targets: clang and libFuzzer ----------------------------------------
F := $(B)/fuzz
FUZZ_CFLAGS := -std=c11 -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
               -fno-sanitize-recover=undefined
FUZZ_THIRD := -std=gnu11 -O1 -g -fsanitize=address
$(eval $(call third_party,$(F),clang,FUZZ_THIRD,ar))
$(F)/obj/%.o: %.c $(B)/flags | $(FETCHED)
	@mkdir -p $(@D)
	$(Q)clang $(FUZZ_CFLAGS) $(WARN) $(INC) -MD -MP -c $< -o $@
$(F)/libfirmware.a: $(patsubst %.c,$(F)/obj/%.o,$(CORE) $(ADAPTERS) $(SERVICES) $(DRIVERS))
	@rm -f $@
	$(Q)ar rcs $@ $^
FUZZ_TESTS := $(patsubst tests/fuzz/%.c,$(F)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(F)/fuzz_%: $(F)/obj/tests/fuzz/fuzz_%.o $(F)/obj/tests/unit/panic.o $(F)/libfirmware.a $(F)/libthird.a
	$(Q)clang -fsanitize=fuzzer,address,undefined $^ -lm -o $@

# ---- the peers: Debian's chronyd and ntpd, unpacked -----------------------------
$(B)/peers/.fetched: tests/qemu/peers/fetch.sh tests/qemu/peers/trixie.lock | $(B)/.deps
	tests/qemu/peers/fetch.sh $(B)
	@touch $@

# A peer's clock, shifted (test_leap.py).
$(H)/shift_clock.so: tests/qemu/peers/shift_clock.c
	@mkdir -p $(@D)
	$(Q)gcc -std=c11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -shared -fPIC $< -o $@

# One unit test by name: make unit NAME=siv. Fuzz for a while: make fuzz NAME=conf.
unit: $(T)/unit/test_$(NAME)
	$<
fuzz: $(F)/fuzz_$(NAME)
	$< -max_total_time=$(or $(SECONDS_EACH),60) $(F)/work_$(NAME) tests/fuzz/corpus/$(NAME)

tests-bin: $(UNIT_TESTS) $(VECTOR_TESTS) $(POWER_TESTS) $(SIM_TESTS) $(DRIVER_TESTS) \
           $(HOST_TESTS) $(FUZZ_TESTS) $(H)/journal_dump $(H)/ntpclient \
           $(H)/ntpclient-san $(H)/shift_clock.so host image $(B)/peers/.fetched

include tests/sim/build.mk
