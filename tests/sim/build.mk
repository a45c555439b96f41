# The simulated worlds: a part of the tests, and a program by itself without
# sanitizers that prints the table (make bench-clock).
WORLD := tests/sim/world.c tests/sim/scenario.c
$(patsubst %,$(T)/sim/test_%,scenarios eras liars): \
    $(call objects,$(H),$(WORLD))

BENCH := $(B)/bench
BENCH_SRC := $(CORE) tests/unit/panic.c $(WORLD) tests/sim/bench_clock.c
BENCH_CFLAGS := -std=c11 -O2 -D_GNU_SOURCE -ffunction-sections \
                -iquote tests/unit
$(eval $(call compile,$(BENCH),gcc,BENCH_CFLAGS))
$(BENCH)/clock: $(patsubst %.c,$(BENCH)/obj/%.o,$(BENCH_SRC))
	$(Q)gcc -Wl,--gc-sections $^ -lm -o $@
.PHONY: bench-clock
bench-clock: $(BENCH)/clock
	$<
