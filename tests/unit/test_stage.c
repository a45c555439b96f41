/* How far a board has come, and the LED's code for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/stage.h"

/* A board that has passed everything up to `stage`, and stands there. */
static struct status *at(enum stage stage)
{
    static struct status s;
    memset(&s, 0, sizeof s);
    s.store.card = stage > STAGE_CARD;
    s.config.file = stage > STAGE_FILES ? CONFIG_READ : CONFIG_MISSING;
    s.sources.count = 3;
    s.machine.eth_silent = stage <= STAGE_ETHERNET;
    s.machine.eth_foreign = stage == STAGE_DRIVER;
    s.net.link = stage > STAGE_LINK;
    s.net.addr6.family = stage > STAGE_ADDRESS ? 6 : 0;
    s.sources.row[1].valid = stage > STAGE_ANSWER;
    return &s;
}

static void each_stage_is_the_first_not_passed(void **state)
{
    (void)state;
    for (enum stage k = STAGE_CARD; k <= STAGE_QUORUM; k++) {
        assert_int_equal(stage_of(at(k)), k);
        assert_true(*stage_text(k));
    }
    struct status *s = at(STAGE_QUORUM);
    s->timekeeper.tracking.synchronised = true;
    assert_int_equal(stage_of(s), STAGE_DONE);
    assert_string_equal(stage_text(STAGE_DONE), "");
    s->store.card = false; /* pulled out later: the clock is set */
    assert_int_equal(stage_of(s), STAGE_DONE);
}

static void siblings(void **state)
{
    (void)state;
    struct status *s = at(STAGE_QUORUM);
    s->sources.count = 0; /* a chrony.conf with no server in it */
    assert_int_equal(stage_of(s), STAGE_FILES);
    s = at(STAGE_QUORUM);
    s->config.file = CONFIG_EMPTY;
    assert_int_equal(stage_of(s), STAGE_FILES);
    s = at(STAGE_ANSWER);
    s->sources.row[2].bad = 7; /* answers that count for nothing */
    s->sources.row[2].rx = 7;
    assert_int_equal(stage_of(s), STAGE_ANSWER);
    s->timekeeper.row[0].select.judged = true;
    assert_int_equal(stage_of(s), STAGE_QUORUM);
    s->net.addr6.family = 0;
    s->net.addr4.family = 4;
    assert_int_equal(stage_of(s), STAGE_QUORUM);
}

static void patience_is_for_each(void **state)
{
    (void)state;
    struct stage_watch w = {0};
    mono_ns t = 5 * MONO_S;
    for (enum stage k = STAGE_CARD; k <= STAGE_QUORUM; k++) {
        for (int i = 0; i < 10; i++, t += MONO_S)
            assert_int_equal(stage_look(&w, at(k), t), STAGE_DONE);
        assert_int_equal(stage_look(&w, at(k), t), k);
        t += MONO_S;
    }
    struct status *s = at(STAGE_QUORUM);
    s->timekeeper.tracking.synchronised = true;
    assert_int_equal(stage_look(&w, s, t), STAGE_DONE);
    assert_int_equal(stage_look(&w, s, t + 20 * MONO_S), STAGE_DONE);
    /* A cable that is pulled before there is time: back to that stage. */
    assert_int_equal(stage_look(&w, at(STAGE_QUORUM), t), STAGE_DONE);
    assert_int_equal(stage_look(&w, at(STAGE_LINK), t + 9 * MONO_S),
                     STAGE_DONE);
    assert_int_equal(stage_look(&w, at(STAGE_LINK), t + 19 * MONO_S),
                     STAGE_LINK);
}

/* A code as letters: L long flash, s short one, for three rounds. */
static void one_long_then_n_short(void **state)
{
    (void)state;
    for (enum stage k = STAGE_CARD; k <= STAGE_QUORUM; k++) {
        char seen[64] = "", want[64] = "";
        int lit = 0, dark = 0, longest = 0;
        mono_ns round = (30 + 6 * (int)k) * 100 * MONO_MS;
        for (mono_ns t = 50 * MONO_MS; t < 3 * round; t += 100 * MONO_MS) {
            bool on = stage_lit(k, t);
            if (!on && lit)
                strcat(seen, lit == 10 ? "L" : lit == 2 ? "s" : "?");
            lit = on ? lit + 1 : 0;
            dark = on ? 0 : dark + 1;
            longest = dark > longest ? dark : longest;
        }
        for (int i = 0; i < 3; i++) {
            strcat(want, "L");
            for (unsigned n = 0; n < (unsigned)k; n++)
                strcat(want, "s");
        }
        assert_string_equal(seen, want);
        assert_true(longest >= 15); /* so that an eye sees where it begins */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_stage_is_the_first_not_passed),
        cmocka_unit_test(siblings),
        cmocka_unit_test(patience_is_for_each),
        cmocka_unit_test(one_long_then_n_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
