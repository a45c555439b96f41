/* The SD driver against a card and a controller that are written from the
 * specifications. Time moves by the test's hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mono.h"
#include "sdhci.h"
#include "sdhci_model.h"

static struct sdhci sd;
static uint8_t buf[8 * 512], want[8 * 512];
static unsigned most_words; /* through the data register in one poll */
static int64_t longest_poll_ns;

static void poll_for(span_ns step)
{
    model_advance((uint64_t)step);
    unsigned words = model.words;
    uint64_t began = model.now_ns;
    sdhci_poll(&sd, (mono_ns)model.now_ns);
    words = model.words - words;
    most_words = words > most_words ? words : most_words;
    int64_t took = (int64_t)(model.now_ns - began);
    longest_poll_ns = took > longest_poll_ns ? took : longest_poll_ns;
}

/* Milliseconds until `blocks` is known, at most limit. */
static unsigned wait_known(unsigned limit_ms)
{
    for (unsigned i = 0; i < limit_ms * 10; i++) {
        if (sdhci_blocks(&sd) != RC_AGAIN)
            return i / 10;
        poll_for(100 * MONO_US);
    }
    return limit_ms;
}

static int wait_done(unsigned limit_ms)
{
    int rc = RC_AGAIN;
    for (unsigned i = 0; rc == RC_AGAIN && i < limit_ms * 20; i++) {
        poll_for(50 * MONO_US);
        rc = sdhci_done(&sd);
    }
    return rc;
}

static int transfer(bool write, uint32_t lba, uint32_t count)
{
    int rc = write ? sdhci_write(&sd, lba, want, count)
                   : sdhci_read(&sd, lba, buf, count);
    return rc == RC_OK ? wait_done(10000) : rc;
}

static void fill(uint8_t *p, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245u + 12345u;
        p[i] = (uint8_t)(seed >> 16);
    }
}

static void start(uint32_t clock_hz)
{
    struct sdhci_slot slot = {MODEL_BASE, SDHCI_ARASAN, clock_hz, 0};
    sdhci_init(&sd, &slot);
}

static int set_up(void **state)
{
    (void)state;
    model = (struct model){.present = true,
                           .version2 = true,
                           .capacity = 131072,
                           .op_cond_polls = 3,
                           .program_ns = 3000000,
                           .now_ns = 1000000000};
    fill(model.data[0], sizeof model.data, 1);
    fill(want, sizeof want, 2);
    model_power();
    start(MODEL_CLOCK);
    most_words = 0;
    longest_poll_ns = 0;
    return 0;
}

/* Whatever went wrong, the host kept the rules, and never did more than one
 * block or a moment's work at once. */
static int tear_down(void **state)
{
    (void)state;
    if (model.faults != 0)
        fprintf(stderr, "model: %u x %s\n", model.faults, model.fault);
    return model.faults != 0 || most_words > 128 ||
           longest_poll_ns > MONO_MS / 4;
}

static void card_ready(void)
{
    assert_in_range(wait_known(2000), 0, 200);
    assert_true(sdhci_blocks(&sd) > 0);
}

static void sdsc_is_identified(void **state)
{
    (void)state;
    assert_int_equal(sdhci_blocks(&sd), RC_AGAIN);
    assert_int_equal(sdhci_done(&sd), RC_STATE);
    card_ready();
    assert_int_equal(sdhci_blocks(&sd), 131072);
    assert_int_equal(model.commands[41], 4);
    assert_int_equal(sdhci_errors(&sd), 0);
}

/* Writes are spaced for the slowest clock that it may be. */
static void a_clock_that_nobody_knows(void **state)
{
    (void)state;
    start(0);
    card_ready();
    assert_int_equal(transfer(false, 4, 2), RC_OK);
    assert_memory_equal(buf, model.data[4], 1024);
}

/* Whatever the mailbox says of the clock, the card is never driven faster than
 * it may be, and EMMC2 never slower than it can. */
static void every_clock_the_mailbox_may_tell(void **state)
{
    const struct {
        bool emmc2;
        uint32_t truth_hz, told_hz, default_hz;
    } cases[] = {
        {false, 250000000, 250000000, 0}, {false, 250000000, 0, 0},
        {false, 250000000, 0, 250000000}, {false, 200000000, 0, 250000000},
        {false, 50000000, 0, 250000000},  {false, 100000000, 400, 0},
        {true, 100000000, 100000000, 0},  {true, 100000000, 0, 0},
        {true, 100000000, 0, 250000000},  {true, 200000000, 200000000, 0},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        set_up(state);
        model.emmc2 = cases[i].emmc2;
        model.clock_hz = cases[i].truth_hz;
        struct sdhci_slot slot = {
            model.emmc2 ? MODEL_EMMC2 : MODEL_BASE,
            model.emmc2 ? SDHCI_EMMC2 : SDHCI_ARASAN,
            cases[i].told_hz,
            cases[i].default_hz,
        };
        sdhci_init(&sd, &slot);
        card_ready();
        assert_int_equal(transfer(true, 20, 3), RC_OK);
        assert_int_equal(transfer(false, 20, 3), RC_OK);
        assert_memory_equal(buf, want, 3 * 512);
        assert_false(model.hung);
        assert_int_equal(model.faults, 0);
    }
}

/* Told 250 MHz where it is 100 would leave EMMC2 with a card clock of 160 kHz,
 * on which it hangs; its own word keeps it above. Where that is wrong, too, it
 * hangs: that ends, and is told. */
static void a_controller_that_hangs(void **state)
{
    const struct sdhci_slot slot = {MODEL_EMMC2, SDHCI_EMMC2, 250000000, 0};
    model.emmc2 = true;
    model.clock_hz = 100000000;
    sdhci_init(&sd, &slot);
    card_ready();
    assert_false(model.hung);
    assert_int_equal(transfer(true, 20, 3), RC_OK);

    (void)set_up(state);
    model.emmc2 = true;
    model.clock_hz = 50000000;
    sdhci_init(&sd, &slot);
    assert_in_range(wait_known(5000), 0, 2000);
    assert_int_equal(sdhci_blocks(&sd), RC_STATE);
    assert_true(model.hung);
    assert_non_null(sdhci_trouble(&sd));
}

static void what_the_card_told_is_kept(void **state)
{
    (void)state;
    struct sdhci_report r;
    model.high_capacity = true;
    card_ready();
    assert_null(sdhci_trouble(&sd));
    sdhci_report(&sd, &r);
    assert_int_equal(r.controller_hz, MODEL_CLOCK);
    assert_int_equal(r.card_hz, 25000000);
    assert_false(r.clock_assumed);
    assert_int_equal(r.ocr, 0xc0ff8000u);
    assert_int_equal(r.cid[1], 0x00534447u);
    assert_int_equal(r.csd[3] >> 22 & 3, 1); /* its version, bits 126, 127 */

    model.data_crc_errors = 1;
    assert_int_equal(transfer(false, 7, 1), RC_OK);
    model.data_silent = 2;
    assert_int_equal(transfer(false, 7, 1), RC_OK);
    model.silent_no_dto = 1;
    model.data_silent = 1;
    assert_int_equal(transfer(false, 7, 1), RC_OK);
    model.response_flags = 0x04000000u;
    assert_int_equal(transfer(true, 7, 1), RC_OK);
    sdhci_report(&sd, &r);
    assert_int_equal(r.why[SDHCI_CRC], 1);
    assert_int_equal(r.why[SDHCI_TIMEOUT], 2);
    assert_int_equal(r.why[SDHCI_SILENT], 1);
    assert_int_equal(r.why[SDHCI_REFUSED], 1);
    assert_int_equal(sdhci_errors(&sd), 5);
}

static void trouble(const char *words)
{
    (void)wait_known(5000);
    const char *why = sdhci_trouble(&sd);
    if (why == NULL || strstr(why, words) == NULL)
        fail_msg("\"%s\", not \"%s\"", why == NULL ? "" : why, words);
}

/* Each wait that does not end has a sentence of its own. */
static void trouble_names_cause_and_cure(void **state)
{
    model.present = false;
    trouble("no card answers");
    model_insert();
    poll_for(2 * MONO_S);
    for (int i = 0; i < 1500 && sdhci_blocks(&sd) < 0; i++)
        poll_for(MONO_MS);
    assert_null(sdhci_trouble(&sd));

    set_up(state);
    model.never_powered = true;
    trouble("does not become ready");
    set_up(state);
    model.no_clock = true;
    trouble("gets no clock");
    set_up(state);
    model.command_crc_errors = 1000;
    trouble("garbled");
    set_up(state);
    model.hung = true;
    trouble("stays in reset");
    set_up(state);
    card_ready();
    model_remove();
    assert_int_equal(transfer(true, 4, 1), RC_TIMEOUT);
    model_insert();
    model.serial++;
    for (int i = 0; i < 3000; i++)
        poll_for(MONO_MS);
    trouble("another card than at power-on");
}

static void sizes_are_read_from_both_csds(void **state)
{
    const struct {
        bool high;
        uint32_t blocks;
    } cards[] = {
        {false, 2048},       /* 1 MiB       */
        {false, 131072},     /* 64 MiB      */
        {false, 2097152},    /* 1 GiB       */
        {false, 4194304},    /* 2 GiB: READ_BL_LEN 10 */
        {true, 8388608},     /* 4 GiB       */
        {true, 62333952},    /* a "32 GB"   */
        {true, 0xfffffc00u}, /* near 2 TiB  */
    };
    for (size_t i = 0; i < LEN(cards); i++) {
        set_up(state);
        model.high_capacity = cards[i].high;
        model.capacity = cards[i].blocks;
        card_ready();
        assert_int_equal(sdhci_blocks(&sd), cards[i].blocks);
    }
}

static void version_1_card_works(void **state)
{
    (void)state;
    model.version2 = false;
    card_ready();
    assert_int_equal(transfer(false, 5, 2), RC_OK);
    assert_memory_equal(buf, model.data[5], 1024);
}

static void read_and_write(bool high)
{
    model.high_capacity = high;
    card_ready();
    for (uint32_t count = 1; count <= 8; count += 7) {
        memset(buf, 0, sizeof buf);
        assert_int_equal(transfer(false, 3, count), RC_OK);
        assert_memory_equal(buf, model.data[3], count * 512);
        assert_int_equal(transfer(true, 20, count), RC_OK);
        assert_memory_equal(model.data[20], want, count * 512);
    }
    assert_int_equal(model.commands[17], 1);
    assert_int_equal(model.commands[18], 1);
    assert_int_equal(model.commands[24], 1);
    assert_int_equal(model.commands[25], 1);
    assert_int_equal(model.commands[12], 2);
    assert_int_equal(sdhci_done(&sd), RC_STATE);
}

static void sdsc_reads_and_writes(void **state)
{
    (void)state;
    read_and_write(false);
}

static void sdhc_reads_and_writes(void **state)
{
    (void)state;
    read_and_write(true);
}

/* The status register crosses clock domains: for a while it says of the last
 * block what it should say of the next. Only the events are prompt. */
static void status_that_lags(void **state)
{
    (void)state;
    model.high_capacity = true;
    model.block_ns = 130000;
    model.end_ns = 90000;
    for (uint32_t lag = 0; lag <= 400000; lag += 80000) {
        card_ready();
        model.status_lag_ns = lag;
        memset(buf, 0, sizeof buf);
        assert_int_equal(transfer(false, 3, 8), RC_OK);
        assert_memory_equal(buf, model.data[3], 8 * 512);
        assert_int_equal(transfer(true, 20, 8), RC_OK);
        assert_memory_equal(model.data[20], want, 8 * 512);
        assert_int_equal(sdhci_errors(&sd), 0);
    }
}

/* An R1b's transfer complete comes or does not, and may come in the middle of
 * the next transfer, whose end it is not. */
static void end_of_busy_that_comes_late(void **state)
{
    (void)state;
    model.end_ns = 400000;
    for (uint32_t late = 50000; late < 5000000; late += late / 4) {
        model.r1b_late_ns = late;
        model_power();
        start(MODEL_CLOCK);
        card_ready();
        assert_int_equal(transfer(false, 3, 4), RC_OK);
        assert_int_equal(transfer(false, 8, 4), RC_OK);
        assert_memory_equal(buf, model.data[8], 4 * 512);
        assert_int_equal(sdhci_errors(&sd), 0);
    }
}

static void unaligned_buffer_is_fine(void **state)
{
    (void)state;
    card_ready();
    assert_int_equal(sdhci_read(&sd, 9, buf + 1, 2), RC_OK);
    assert_int_equal(wait_done(1000), RC_OK);
    assert_memory_equal(buf + 1, model.data[9], 1024);
}

static void one_operation_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(sdhci_read(&sd, 0, buf, 1), RC_STATE);
    card_ready();
    assert_int_equal(sdhci_read(&sd, 0, buf, 1), RC_OK);
    assert_int_equal(sdhci_read(&sd, 1, buf, 1), RC_STATE);
    assert_int_equal(sdhci_write(&sd, 1, want, 1), RC_STATE);
    assert_int_equal(sdhci_done(&sd), RC_AGAIN);
    assert_int_equal(wait_done(1000), RC_OK);
    assert_int_equal(sdhci_done(&sd), RC_STATE);
}

static void done_waits_for_programming(void **state)
{
    (void)state;
    model.program_ns = 200000000;
    card_ready();
    uint64_t began = model.now_ns;
    assert_int_equal(transfer(true, 1, 1), RC_OK);
    assert_true(model.now_ns - began >= 200000000);
    assert_true(model.commands[13] > 0);
}

static void no_card_is_known_soon(void **state)
{
    (void)state;
    model.present = false;
    assert_in_range(wait_known(2000), 0, 500);
    assert_int_equal(sdhci_blocks(&sd), RC_STATE);
    assert_int_equal(sdhci_read(&sd, 0, buf, 1), RC_STATE);
    assert_int_equal(sdhci_done(&sd), RC_STATE);
    /* One that is put in later is found. */
    model_insert();
    for (int i = 0; i < 1500 && sdhci_blocks(&sd) < 0; i++)
        poll_for(MONO_MS);
    assert_int_equal(sdhci_blocks(&sd), 131072);
    assert_int_equal(transfer(false, 2, 1), RC_OK);
}

static void card_that_never_powers_up(void **state)
{
    (void)state;
    model.never_powered = true;
    assert_in_range(wait_known(5000), 900, 2000);
    assert_int_equal(sdhci_blocks(&sd), RC_STATE);
}

static void controller_without_clock(void **state)
{
    (void)state;
    model.no_clock = true;
    assert_in_range(wait_known(5000), 0, 2000);
    assert_int_equal(sdhci_blocks(&sd), RC_STATE);
}

static void command_line_never_free(void **state)
{
    (void)state;
    model.hold_commands = true;
    assert_in_range(wait_known(5000), 0, 2000);
    assert_int_equal(sdhci_blocks(&sd), RC_STATE);
}

static void crc_errors_while_identifying(void **state)
{
    (void)state;
    model.command_crc_errors = 2;
    card_ready();
    assert_int_equal(model.card_resets, 3);
}

static void past_the_end_is_refused_by_us(void **state)
{
    (void)state;
    card_ready();
    const uint32_t bad[][2] = {
        {131072, 1},
        {131071, 2},
        {0xffffffffu, 1},
        {0xffffffffu, 8},
    };
    unsigned reads = model.commands[17] + model.commands[18];
    for (size_t i = 0; i < LEN(bad); i++) {
        assert_int_equal(transfer(false, bad[i][0], bad[i][1]), RC_IO);
        assert_int_equal(transfer(true, bad[i][0], bad[i][1]), RC_IO);
    }
    assert_int_equal(model.commands[17] + model.commands[18], reads);
    assert_int_equal(transfer(false, 131071, 1), RC_OK);
    assert_int_equal(transfer(false, 131064, 8), RC_OK);
}

static void crc_error_is_tried_again(void **state)
{
    (void)state;
    card_ready();
    model.data_crc_errors = 2;
    assert_int_equal(transfer(false, 7, 4), RC_OK);
    assert_memory_equal(buf, model.data[7], 4 * 512);
    assert_int_equal(sdhci_errors(&sd), 2);
    model.data_crc_errors = 2;
    assert_int_equal(transfer(true, 7, 4), RC_OK);
    assert_memory_equal(model.data[7], want, 4 * 512);
    assert_int_equal(sdhci_errors(&sd), 4);
    model.command_crc_errors = 1;
    assert_int_equal(transfer(false, 7, 1), RC_OK);
}

static void crc_errors_end_in_io(void **state)
{
    (void)state;
    card_ready();
    model.data_crc_errors = 1000;
    assert_int_equal(transfer(false, 7, 4), RC_IO);
    assert_int_equal(model.commands[18], 3);
    assert_int_equal(transfer(true, 7, 1), RC_IO);
    model.data_crc_errors = 0;
    assert_int_equal(transfer(false, 7, 1), RC_OK);
    assert_memory_equal(buf, model.data[7], 512);
}

static void silence_is_a_timeout(void **state)
{
    (void)state;
    card_ready();
    model.data_silent = 1000;
    assert_int_equal(transfer(false, 7, 2), RC_TIMEOUT);
    model.silent_no_dto = 1; /* as QEMU: not even an event */
    uint64_t began = model.now_ns;
    assert_int_equal(transfer(false, 7, 2), RC_TIMEOUT);
    assert_true(model.now_ns - began < 8000000000u);
    model.data_silent = 1;
    assert_int_equal(transfer(false, 7, 2), RC_OK);
    assert_memory_equal(buf, model.data[7], 1024);
}

static void card_reports_a_failed_write(void **state)
{
    (void)state;
    card_ready();
    model.write_status = 0x00200000u; /* CARD_ECC_FAILED */
    model.write_status_times = 1;
    assert_int_equal(transfer(true, 4, 1), RC_OK);
    assert_int_equal(model.commands[24], 2);
    model.write_status = 0x00080000u; /* ERROR */
    model.write_status_times = 1000;
    assert_int_equal(transfer(true, 4, 1), RC_IO);
    model.write_status_times = 0;
    model.response_flags = 0x04000000u; /* WP_VIOLATION */
    assert_int_equal(transfer(true, 4, 1), RC_OK);
    assert_int_equal(sdhci_errors(&sd), 5);
}

static void stuck_busy_ends(void **state)
{
    (void)state;
    card_ready();
    model.stuck_busy = true;
    uint64_t began = model.now_ns;
    assert_int_equal(transfer(true, 4, 1), RC_TIMEOUT);
    assert_true(model.now_ns - began < 10000000000u);
    model.stuck_busy = false;
    for (int i = 0; i < 4000 && sdhci_blocks(&sd) < 0; i++)
        poll_for(MONO_MS);
    assert_int_equal(transfer(true, 4, 1), RC_OK);
    assert_memory_equal(model.data[4], want, 512);
}

static void card_is_pulled_out(void **state)
{
    (void)state;
    card_ready();
    model_remove();
    uint64_t began = model.now_ns;
    assert_int_equal(transfer(false, 4, 2), RC_TIMEOUT);
    assert_true(model.now_ns - began < 2000000000u);
    assert_int_equal(sdhci_blocks(&sd), RC_STATE);
    assert_int_equal(transfer(true, 4, 1), RC_STATE);
    model_insert();
    for (int i = 0; i < 1500 && sdhci_blocks(&sd) < 0; i++)
        poll_for(MONO_MS);
    assert_int_equal(transfer(false, 4, 2), RC_OK);
}

static void pulled_out_between_blocks(void **state)
{
    (void)state;
    card_ready();
    assert_int_equal(sdhci_write(&sd, 30, want, 8), RC_OK);
    poll_for(50 * MONO_US);
    poll_for(50 * MONO_US);
    model_remove();
    model.data_silent = 1000;
    model.data_crc_errors = 1;
    assert_int_equal(wait_done(10000), RC_TIMEOUT);
    assert_int_equal(sdhci_blocks(&sd), RC_STATE);
}

static void another_card_is_not_ours(void **state)
{
    (void)state;
    card_ready();
    model_remove();
    assert_int_equal(transfer(true, 4, 1), RC_TIMEOUT);
    model_insert();
    model.serial++;
    for (int i = 0; i < 3000; i++)
        poll_for(MONO_MS);
    assert_int_equal(sdhci_blocks(&sd), RC_STATE);
    model_remove();
    model_insert();
    model.serial--;
    for (int i = 0; i < 3000; i++)
        poll_for(MONO_MS);
    assert_int_equal(sdhci_blocks(&sd), 131072);
}

/* A card that lost its power for a moment is idle: it knows no CMD17. */
static void card_that_forgot_is_identified_anew(void **state)
{
    (void)state;
    card_ready();
    model_insert();
    assert_int_equal(transfer(true, 4, 2), RC_OK);
    assert_memory_equal(model.data[4], want, 1024);
    assert_int_equal(model.card_resets, 2);
}

static void late_polls_break_nothing(void **state)
{
    (void)state;
    model.op_cond_polls = 0;
    for (int i = 0; i < 200 && sdhci_blocks(&sd) == RC_AGAIN; i++)
        poll_for(20 * MONO_S);
    assert_int_equal(sdhci_blocks(&sd), 131072);
    assert_int_equal(sdhci_read(&sd, 6, buf, 3), RC_OK);
    int rc = RC_AGAIN;
    for (int i = 0; rc == RC_AGAIN && i < 20; i++) {
        poll_for(20 * MONO_S);
        rc = sdhci_done(&sd);
    }
    assert_int_equal(rc, RC_OK);
    assert_memory_equal(buf, model.data[6], 3 * 512);
}

/* ---- the order of things, in words (sdhci.txt) ---- */

#define LISTS "tests/drivers/sdhci.txt"

static void one_list(FILE *out, const char *title, bool emmc2,
                     uint32_t truth_hz, uint32_t told_hz)
{
    (void)set_up(NULL);
    model.emmc2 = emmc2;
    model.high_capacity = true;
    model.clock_hz = truth_hz;
    model.op_cond_polls = 1;
    model.log = out;
    (void)fprintf(out, "%s\n", title);
    struct sdhci_slot slot = {emmc2 ? MODEL_EMMC2 : MODEL_BASE,
                              emmc2 ? SDHCI_EMMC2 : SDHCI_ARASAN, told_hz, 0};
    sdhci_init(&sd, &slot);
    card_ready();
    (void)fprintf(out, "    -- two blocks are read\n");
    assert_int_equal(transfer(false, 3, 2), RC_OK);
    (void)fprintf(out, "    -- one is written\n");
    assert_int_equal(transfer(true, 20, 1), RC_OK);
    (void)fprintf(out, "    -- one is read, and arrives spoilt once\n");
    model.data_crc_errors = 1;
    assert_int_equal(transfer(false, 3, 1), RC_OK);
    model.log = NULL;
}

static void all_lists(FILE *out)
{
    one_list(out, "Arasan (BCM2835 to 2837), 250 MHz as measured", false,
             250000000, 250000000);
    one_list(out, "Arasan, clock not told, in truth 200 MHz", false, 200000000,
             0);
    one_list(out, "EMMC2 (BCM2711), clock not told, in truth 100 MHz", true,
             100000000, 0);
}

static void in_the_order_that_the_list_has(void **state)
{
    (void)state;
    static char is[20000], list[20000];
    FILE *out = fmemopen(is, sizeof is, "w");
    all_lists(out);
    (void)fclose(out);
    FILE *in = fopen(LISTS, "r");
    assert_non_null(in);
    list[fread(list, 1, sizeof list - 1, in)] = 0;
    (void)fclose(in);
    assert_string_equal(is, list);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* test_sdhci write: the list anew, to be read before it is believed. */
int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "write") == 0) {
        FILE *out = fopen(LISTS, "w");
        if (out == NULL)
            return 1;
        all_lists(out);
        return fclose(out);
    }
    const struct CMUnitTest tests[] = {
        T(sdsc_is_identified),
        T(a_clock_that_nobody_knows),
        T(every_clock_the_mailbox_may_tell),
        T(a_controller_that_hangs),
        T(what_the_card_told_is_kept),
        T(trouble_names_cause_and_cure),
        T(sizes_are_read_from_both_csds),
        T(version_1_card_works),
        T(sdsc_reads_and_writes),
        T(sdhc_reads_and_writes),
        T(status_that_lags),
        T(end_of_busy_that_comes_late),
        T(unaligned_buffer_is_fine),
        T(one_operation_at_a_time),
        T(done_waits_for_programming),
        T(no_card_is_known_soon),
        T(card_that_never_powers_up),
        T(controller_without_clock),
        T(command_line_never_free),
        T(crc_errors_while_identifying),
        T(past_the_end_is_refused_by_us),
        T(crc_error_is_tried_again),
        T(crc_errors_end_in_io),
        T(silence_is_a_timeout),
        T(card_reports_a_failed_write),
        T(stuck_busy_ends),
        T(card_is_pulled_out),
        T(pulled_out_between_blocks),
        T(another_card_is_not_ours),
        T(card_that_forgot_is_identified_anew),
        T(late_polls_break_nothing),
        T(in_the_order_that_the_list_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
