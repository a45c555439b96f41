/* The way from board_main to gnomon_main on every board, as a list of what is
 * done to its registers that a person can read (boot.txt): which pins are
 * touched, when, and what is asked of the firmware in which order.
 *
 * test_boot                  compares
 * test_boot write            writes boot.txt anew, to be read before it is
 *                            believed
 * test_boot board            what `board` says of each, whole */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "boot_model.h"
#include "machine_private.h"

#define LISTS "tests/drivers/boot.txt"

#define BCM2835 0x410fb767
#define BCM2836 0x410fc075
#define BCM2837 0x410fd034
#define BCM2711 0x410fd083

/* Every revision code there is, by board: the first is the one in boot.txt, the
 * others must lead to the same list. */
static const struct board {
    uint32_t midr;
    uint32_t codes[16];
} boards[] = {
    {BCM2835, {0x0002, 0x0003, 0x01000003}},
    {BCM2835, {0x000e, 0x0004, 0x0005, 0x0006, 0x000d, 0x000f, 0x0100000e}},
    {BCM2835, {0x0008, 0x0007, 0x0009}},
    {BCM2835, {0x900032, 0x0010, 0x0013}},
    {BCM2835, {0x900021, 0x900022, 0x0012, 0x0015}},
    {BCM2835, {0x900061, 0x0011, 0x0014}},
    {BCM2835, {0x900092, 0x900093, 0x920092, 0x920093}},
    {BCM2835, {0x9000c1}},
    {BCM2836, {0xa01041, 0xa01040, 0xa21041, 0x2a01041}},
    {BCM2837, {0xa22042, 0xa02042}},
    {BCM2837, {0xa02082, 0xa22082, 0xa22083, 0xa32082, 0xa52082}},
    {BCM2837, {0xa020d3, 0xa020d4}},
    {BCM2837, {0x9020e0, 0x9020e1}},
    {BCM2837, {0x902120}},
    {BCM2837, {0xa020a0, 0xa220a0}},
    {BCM2837, {0xa02100}},
    {BCM2711, {0xc03111, 0xa03111, 0xb03111, 0xb03115, 0xc03114, 0xd03114}},
    {BCM2711, {0xc03130}},
    {BCM2711, {0xb03140, 0xa03140, 0xc03140, 0xd03140}},
    /* Nobody knows it; nothing is told; the firmware is mute. */
    {BCM2837, {0x902ff0}},
    {BCM2836, {0}},
    {BCM2836, {BOOT_MUTE}},
    {BCM2711, {0xc03ff0}},
    {BCM2711, {BOOT_MUTE}},
};

/* In a process of its own: everything static is fresh. */
static char *boot_so(const struct boot *how)
{
    static char list[2][16384];
    static unsigned turn;
    char *text = list[turn++ % 2];
    int fd[2];
    if (pipe(fd) != 0)
        abort();
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        (void)close(fd[0]);
        boot_model_run(how, fd[1]);
    }
    (void)close(fd[1]);
    size_t len = 0;
    for (ssize_t n = 1; n > 0; len += (size_t)(n > 0 ? n : 0))
        n = read(fd[0], text + len, sizeof list[0] - 1 - len);
    text[len] = 0;
    (void)close(fd[0]);
    int status;
    if (waitpid(child, &status, 0) != child || status != 0)
        (void)strcpy(text, "it did not get to gnomon_main\n");
    return text;
}

static char *boot(uint32_t midr, uint32_t code)
{
    return boot_so(&(struct boot){.midr = midr, .code = code});
}

static void each_board_as_its_list_says(void **state)
{
    (void)state;
    static char want[400000];
    FILE *f = fopen(LISTS, "r");
    assert_non_null(f);
    want[fread(want, 1, sizeof want - 1, f)] = 0;
    (void)fclose(f);
    const char *at = want;
    for (size_t i = 0; i < LEN(boards); i++) {
        const char *is = boot(boards[i].midr, boards[i].codes[0]);
        size_t len = strlen(is);
        if (strncmp(at, is, len) != 0)
            print_message("this is what it does:\n%s", is);
        assert_int_equal(strncmp(at, is, len), 0);
        at += len;
    }
    assert_int_equal(*at, 0);
}

/* All but the first line, which has the code. */
static const char *body(const char *list)
{
    return strchr(list, '\n');
}

static void codes_of_one_board_do_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(boards); i++) {
        const char *first = boot(boards[i].midr, boards[i].codes[0]);
        for (size_t k = 1; k < 16 && boards[i].codes[k] != 0; k++) {
            const char *other = boot(boards[i].midr, boards[i].codes[k]);
            assert_string_equal(body(first), body(other));
        }
    }
}

/* Before the firmware has told which board this is, the console's two pins are
 * the only ones that are touched, on every board. */
static void no_pin_before_the_board_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(boards); i++) {
        char *list = boot(boards[i].midr, boards[i].codes[0]);
        char *told = strstr(list, "mailbox");
        assert_non_null(told);
        *told = 0;
        for (const char *pin = strstr(list, "GPIO"); pin != NULL;
             pin = strstr(pin + 1, "GPIO"))
            assert_true(strncmp(pin, "GPIO14 ", 7) == 0 ||
                        strncmp(pin, "GPIO15 ", 7) == 0);
    }
}

/* Whatever a firmware does not know, the board (each fifth of them) gets to its loop with an
 * address, with the console at its rate, and with its LED and pins where the
 * revision is told. */
static void every_gap_is_survived(void **state)
{
    (void)state;
    static const uint32_t tags[] = {
        0x00000001, 0x00010002, 0x00010003, 0x00010004, 0x00010005,
        0x00028001, 0x00030002, 0x00030004, 0x00030006, 0x00030046,
        0x00030047, 0x00038002, 0x00038041};
    for (size_t i = 0; i < LEN(boards) - 5; i += 5) {
        for (size_t k = 0; k < LEN(tags) * 3 * 2; k++) {
            struct boot how = {.midr = boards[i].midr,
                               .code = boards[i].codes[0],
                               .unknown = tags[k / 6],
                               .ignorance = (enum vc_ignorance)(k / 2 % 3),
                               .zero_clocks = k % 2 != 0};
            const char *list = boot_so(&how);
            assert_non_null(
                strstr(list, how.unknown == 0x00010003
                                 ? "-- MAC address: 02:00:12:ab:34:cd"
                                 : "-- MAC address: b8:27:eb:ab:34:cd"));
            assert_non_null(strstr(list, "UART divided by 26 + 3/64"));
            assert_null(strstr(strstr(list, "UART divided") + 1,
                               "UART divided")); /* and no other */
            assert_int_equal(strstr(list, "GPIO18 is output") != NULL,
                             how.unknown != 0x00010002);
            assert_non_null(strstr(list, "card at "));
            assert_non_null(strstr(list, "interrupt 9 on"));
        }
    }
}

static int write_lists(void)
{
    FILE *f = fopen(LISTS, "w");
    if (f == NULL)
        return 1;
    for (size_t i = 0; i < LEN(boards); i++)
        (void)fputs(boot(boards[i].midr, boards[i].codes[0]), f);
    return fclose(f);
}

static int show_boards(void)
{
    for (size_t i = 0; i < LEN(boards); i++)
        (void)printf("==== a register model: %s\n",
                     boot_so(&(struct boot){.midr = boards[i].midr,
                                            .code = boards[i].codes[0],
                                            .board_alone = true}));
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "board") == 0)
        return show_boards();
    if (argc > 1 && strcmp(argv[1], "write") == 0)
        return write_lists();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_board_as_its_list_says),
        cmocka_unit_test(codes_of_one_board_do_the_same),
        cmocka_unit_test(no_pin_before_the_board_is_known),
        cmocka_unit_test(every_gap_is_survived),
    };
    return cmocka_run_group_tests_name("boot", tests, NULL, NULL);
}
