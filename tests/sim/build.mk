# The simulated worlds: a part of the tests, and programs by themselves without
# sanitizers that print the tables (make bench-clock, make bench-warmth).
WORLD := tests/sim/world.c tests/sim/warmth.c tests/sim/scenario.c
$(patsubst %,$(T)/sim/test_%,scenarios eras liars warmth): \
    $(call objects,$(H),$(WORLD))

BENCH := $(B)/bench
BENCH_SRC := $(CORE) tests/unit/panic.c $(WORLD)
BENCH_CFLAGS := -std=c11 -O2 -D_GNU_SOURCE -ffunction-sections \
                -iquote tests/unit
$(eval $(call compile,$(BENCH),gcc,BENCH_CFLAGS))
$(BENCH)/clock $(BENCH)/warmth: $(BENCH)/%: $(BENCH)/obj/tests/sim/bench_%.o \
    $(patsubst %.c,$(BENCH)/obj/%.o,$(BENCH_SRC))
	$(Q)gcc -Wl,--gc-sections $^ -lm -o $@
.PHONY: bench-clock bench-warmth
bench-clock bench-warmth: bench-%: $(BENCH)/%
	$<
