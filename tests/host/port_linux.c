/* port_linux.c -- the whole firmware as a Linux process: port.h on a network
 * that libslirp fakes (slirp.c), a card that is a file, and a console that is
 * stdin and stdout. For sanitizers and for tests against real servers on
 * loopback, which the guest reaches as 10.0.2.2. No root needed.
 *
 *     build/host/gnomon [--card FILE | --no-card] [--loss PERCENT]
 *                       [--delay MS] [--seed N]
 *
 * Ends with status 3 when the firmware resets, by SIGABRT when it panics. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/mono.h"
#include "host.h"
#include "port.h"

#define TICK_HZ    50000000u
#define EXIT_RESET 3

static struct {
    int fd; /* -1: no card                                          */
    int64_t blocks;
    int rc;     /* of the operation under way; RC_STATE: none           */
    bool fresh; /* began since the last poll: not done yet              */
} card = {.fd = -1, .rc = RC_STATE};

/* ---- time ---------------------------------------------------------------- */

uint64_t port_ticks(void)
{
    static struct timespec start;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    if (start.tv_sec == 0)
        start = t;
    int64_t ns = (t.tv_sec - start.tv_sec) * INT64_C(1000000000) + t.tv_nsec -
                 start.tv_nsec;
    return (uint64_t)ns / (1000000000u / TICK_HZ);
}

uint32_t port_tick_hz(void)
{
    return TICK_HZ;
}

void port_idle(uint64_t until_ticks)
{
    uint64_t now = port_ticks();
    uint64_t left = until_ticks > now ? until_ticks - now : 0;
    uint64_t ms = left / (TICK_HZ / 1000);
    ms = ms > 100 ? 100 : ms + (left > 0 ? 1 : 0);
    host_net_wait(host_eth_wait((int)ms));
}

void port_poll(void)
{
    host_net_wait(0);
    host_eth_poll();
    card.fresh = false;
}

void port_watchdog_kick(void)
{
}

void port_stable(void)
{
}

void port_led(bool lit)
{
    (void)lit;
}

/* ---- card --------------------------------------------------------------------- */

int64_t port_blk_count(void)
{
    return card.fd < 0 ? RC_STATE : card.blocks;
}

static int transfer(bool write, uint32_t lba, uint8_t *buf, uint32_t count)
{
    if (card.fd < 0 || card.rc != RC_STATE)
        return RC_STATE;
    off_t at = (off_t)lba * PORT_BLK_SIZE;
    size_t len = (size_t)count * PORT_BLK_SIZE;
    ssize_t n = -1;
    if ((int64_t)lba + count <= card.blocks)
        n = write ? pwrite(card.fd, buf, len, at)
                  : pread(card.fd, buf, len, at);
    card.rc = n == (ssize_t)len ? RC_OK : RC_IO;
    card.fresh = true;
    return RC_OK;
}

int port_blk_write(uint32_t lba, const uint8_t *buf, uint32_t count)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } u = {.in = buf};
    return transfer(true, lba, u.out, count);
}

int port_blk_read(uint32_t lba, uint8_t *buf, uint32_t count)
{
    return transfer(false, lba, buf, count);
}

int port_blk_done(void)
{
    if (card.rc == RC_STATE)
        return RC_STATE;
    if (card.fresh)
        return RC_AGAIN;
    int rc = card.rc;
    card.rc = RC_STATE;
    return rc;
}

static void open_card(const char *path)
{
    struct stat st;
    card.fd = open(path, O_RDWR | O_CLOEXEC);
    if (card.fd < 0 || fstat(card.fd, &st) != 0) {
        perror(path);
        exit(2);
    }
    card.blocks = st.st_size / PORT_BLK_SIZE;
}

/* ---- the rest -------------------------------------------------------------------- */

int port_entropy(uint8_t *buf, size_t len)
{
    return getrandom(buf, len, 0) == (ssize_t)len ? RC_OK : RC_IO;
}

size_t port_console(const char *s, size_t len)
{
    ssize_t n = write(STDOUT_FILENO, s, len);
    return n > 0 ? (size_t)n : 0;
}

int port_console_read(void)
{
    unsigned char c;
    ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n == 0)
        host_net_no_console(); /* at its end it would always be readable */
    return n == 1 ? c : RC_AGAIN;
}

int port_pps_pin(unsigned gpio)
{
    return gpio >= 2 && gpio <= 27 ? RC_OK : RC_BAD;
}

int port_pps_arm(uint64_t at_ticks, uint32_t width_ticks)
{
    (void)width_ticks;
    return at_ticks > port_ticks() ? RC_OK : RC_STATE;
}

_Noreturn void port_reset(void)
{
    fflush(stdout);
    exit(EXIT_RESET);
}

_Noreturn void panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "panic %s:%d: %s\n", file, line, what);
    abort();
}

void port_info(struct port_info *out)
{
    *out = (struct port_info){.board = "Linux process",
                              .last_reset = "power-on",
                              .trouble = "",
                              .stack_size = 8 << 20};
}

void host_start(const char *card_path)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    (void)port_ticks();
    if (card_path)
        open_card(card_path);
    host_net_start();
    host_eth_start();
}

int port_temperature(int32_t *millidegrees)
{
    (void)millidegrees;
    return RC_STATE;
}

int port_fact(unsigned n, char *buf, size_t cap)
{
    (void)n;
    (void)buf;
    (void)cap;
    return RC_STATE;
}
