/* port_sim.c -- port.h in virtual time (world.h): a pass of the superloop
 * costs PASS_TICKS, and idling jumps to whatever comes next. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "port.h"
#include "world.h"

#define PASS_TICKS (SIM_HZ / 100000) /* 10 us */

static struct {
    uint8_t *fat;
    size_t fat_len;
    int up, down; /* pipes: our turn is over; it has begun                 */
    uint64_t random;
    int rc;        /* of the card's operation under way, RC_STATE: none     */
    bool fresh;    /* it began since the last poll: not done yet            */
    size_t looked; /* w->len when w->wanted was looked for                  */
} sim;

/* ---- turns --------------------------------------------------------------- */

_Noreturn void sim_broken(const char *why)
{
    fprintf(stderr, "simulation: %s\n", why);
    abort();
}

static bool said(void)
{
    if (!w->wanted[0] || sim.looked == w->len)
        return false;
    sim.looked = w->len;
    return strstr(w->text + w->mark, w->wanted) != NULL;
}

static void take_turns(void)
{
    w->found = said();
    if (!w->found && w->ticks < w->stop)
        return;
    char c = 0;
    if (write(sim.up, &c, 1) != 1 || read(sim.down, &c, 1) != 1)
        _exit(0);
    sim.looked = 0;
}

/* ---- time ---------------------------------------------------------------- */

uint64_t port_ticks(void)
{
    return w->ticks;
}

uint32_t port_tick_hz(void)
{
    return SIM_HZ;
}

void port_poll(void)
{
    take_turns();
    w->ticks += PASS_TICKS;
    simwitness_look();
    simnet_run();
    sim.fresh = false;
}

void port_idle(uint64_t until_ticks)
{
    uint64_t to = simnet_next();
    if (to > until_ticks)
        to = until_ticks;
    if (to > w->stop)
        to = w->stop;
    if (to > w->ticks)
        w->ticks = to;
}

/* A loop that hangs takes no virtual time: case.c sees it in real time. */
void port_watchdog_kick(void)
{
}

void port_stable(void)
{
}

void port_led(bool lit)
{
    if (w->led_count < LEN(w->led)) {
        w->led[w->led_count].ticks = w->ticks;
        w->led[w->led_count].lit = lit;
    }
    w->led_count++;
}

/* ---- Ethernet ------------------------------------------------------------ */

void port_eth_groups(const uint8_t (*mac)[6], size_t count)
{
    (void)mac;
    (void)count;
}

int port_eth_recv(uint8_t *buf, size_t cap, uint64_t *stamp)
{
    return simnet_in(buf, cap, stamp);
}

int port_eth_left(uint64_t *stamp)
{
    (void)stamp;
    return RC_AGAIN;
}

int port_eth_send(const uint8_t *frame, size_t len, uint64_t *stamp)
{
    *stamp = w->ticks;
    if (w->tx_rc != RC_OK)
        return w->tx_rc;
    if (w->link)
        simnet_out(frame, len);
    return RC_OK;
}

bool port_eth_link(void)
{
    return w->link && !w->eth_silent && !w->eth_foreign;
}

void port_eth_mac(uint8_t mac[6])
{
    static const uint8_t ours[6] = {0x02, 0x47, 0x6e, 0x6f, 0x6d, 0x01};
    memcpy(mac, ours, sizeof ours);
}

/* ---- card ---------------------------------------------------------------- */

int64_t port_blk_count(void)
{
    if (w->card_gone)
        return RC_STATE;
    return (int64_t)((sim.fat_len + SIM_STATE) / PORT_BLK_SIZE);
}

static bool inside(uint64_t at, size_t len, uint64_t lo, size_t size)
{
    return at >= lo && at + len <= lo + size;
}

static int began(int rc)
{
    sim.rc = rc;
    sim.fresh = true;
    return RC_OK;
}

/* The write in which the power fails. */
static _Noreturn void cut(uint8_t *at, const uint8_t *buf, size_t len)
{
    if (w->cut == CUT_TORN)
        len = len / 2;
    if (w->cut != CUT_DROPPED)
        memcpy(at, buf, len);
    if (w->cut == CUT_GARBLED && port_entropy(at, len) != RC_OK)
        sim_broken("no entropy");
    _exit(SIM_EXIT_CUT);
}

/* Where a write goes; NULL: nowhere that may be written. */
static uint8_t *place(uint64_t at, size_t len)
{
    if (inside(at, len, sim.fat_len, SIM_STATE))
        return w->state + (at - sim.fat_len);
    if (inside(at, len, (uint64_t)w->report_lba * PORT_BLK_SIZE,
               (size_t)w->report_blocks * PORT_BLK_SIZE)) {
        w->report_writes++;
        return sim.fat + at;
    }
    w->stray_writes++;
    return NULL;
}

int port_blk_write(uint32_t lba, const uint8_t *buf, uint32_t count)
{
    size_t len = (size_t)count * PORT_BLK_SIZE;
    if (sim.rc != RC_STATE)
        return RC_STATE;
    uint8_t *to = place((uint64_t)lba * PORT_BLK_SIZE, len);
    if (!to)
        return began(RC_IO);
    if (w->card_gone)
        return RC_STATE;
    if (simpath_random(1000) < w->card_fails)
        return began(RC_IO);
    if (w->cut_after && --w->cut_after == 0)
        cut(to, buf, len);
    memcpy(to, buf, len);
    w->writes++;
    return began(RC_OK);
}

int port_blk_read(uint32_t lba, uint8_t *buf, uint32_t count)
{
    uint64_t at = (uint64_t)lba * PORT_BLK_SIZE;
    size_t len = (size_t)count * PORT_BLK_SIZE;
    if (sim.rc != RC_STATE || w->card_gone)
        return RC_STATE;
    if (inside(at, len, 0, sim.fat_len))
        memcpy(buf, sim.fat + at, len);
    else if (inside(at, len, sim.fat_len, SIM_STATE))
        memcpy(buf, w->state + (at - sim.fat_len), len);
    else
        return began(RC_IO);
    return began(RC_OK);
}

int port_blk_done(void)
{
    if (sim.rc == RC_STATE)
        return RC_STATE;
    if (sim.fresh)
        return RC_AGAIN;
    int rc = sim.rc;
    sim.rc = RC_STATE;
    return rc;
}

/* ---- the rest ------------------------------------------------------------ */

/* splitmix64: the same seed, the same bytes. */
int port_entropy(uint8_t *buf, size_t len)
{
    if (w->no_entropy)
        return RC_IO;
    for (size_t i = 0; i < len; i++) {
        uint64_t z = sim.random += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        buf[i] = (uint8_t)(z >> 56);
    }
    return RC_OK;
}

size_t port_console(const char *s, size_t len)
{
    if (w->len + len >= sizeof w->text)
        sim_broken("the console's text is full");
    memcpy(w->text + w->len, s, len);
    w->len += len;
    return len;
}

int port_console_read(void)
{
    if (w->input_at == w->input_len)
        return RC_AGAIN;
    char c = w->input[w->input_at++];
    if (c == '\r')
        w->asked_ns = sim_true_ns();
    return (uint8_t)c;
}

int port_pps_pin(unsigned gpio)
{
    return gpio >= 2 && gpio <= 27 ? RC_OK : RC_BAD;
}

int port_pps_arm(uint64_t at_ticks, uint32_t width_ticks)
{
    (void)width_ticks;
    return at_ticks > w->ticks ? RC_OK : RC_STATE;
}

_Noreturn void port_reset(void)
{
    _exit(SIM_EXIT_RESET);
}

_Noreturn void panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "panic %s:%d: %s\n", file, line, what);
    abort();
}

void port_info(struct port_info *out)
{
    *out = (struct port_info){.board = "simulated board",
                              .last_reset = "power-on",
                              .boots = w->starts,
                              .crashes = w->crashes,
                              .trouble =
                                  w->eth_silent ? "no Ethernet adapter on USB"
                                  : w->eth_foreign ? "no driver for this device"
                                                   : "",
                              .eth_silent = w->eth_silent,
                              .eth_foreign = w->eth_foreign,
                              .stack_size = 8 << 20};
}

_Noreturn void port_sim_run(uint8_t *fat, size_t fat_len, int up, int down)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sim.fat = fat;
    sim.fat_len = fat_len;
    sim.up = up;
    sim.down = down;
    sim.random = w->seed * 1000003 + w->boots;
    sim.rc = RC_STATE;
    simnet_start();
    gnomon_main();
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
