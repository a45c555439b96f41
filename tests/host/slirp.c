/* slirp.c -- a network that libslirp fakes: the guest is 10.0.2.15, this machine's
 * 127.0.0.1 is 10.0.2.2, the name server 10.0.2.3. */
#include <poll.h>
#include <signal.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "port.h"

#define FRAMES 256
#define FDS    1024
#define TIMERS 8

static struct {
    Slirp *slirp;
    bool link, no_console;
    unsigned loss, delay_ms;
    uint32_t random;
    struct {
        uint64_t stamp; /* of arrival: now, or later if there is a delay     */
        size_t len;
        uint8_t b[2048];
    } rx[FRAMES];
    unsigned first, count;
    struct pollfd fd[FDS];
    int fds;
} net;

struct timer {
    SlirpTimerCb cb;
    void *arg;
    int64_t due_ms; /* -1: not armed */
};
static struct timer timers[TIMERS];

/* ---- faults -------------------------------------------------------------- */

void host_net_faults(unsigned loss_percent, unsigned delay_ms, uint32_t seed)
{
    net.loss = loss_percent;
    net.delay_ms = delay_ms;
    net.random = seed ? seed : 1;
}

/* xorshift32: the same seed loses the same frames. */
static bool lost(void)
{
    if (net.loss == 0)
        return false;
    net.random ^= net.random << 13;
    net.random ^= net.random >> 17;
    net.random ^= net.random << 5;
    return net.random % 100 < net.loss;
}

/* Ticks until the first frame in waiting may be had; 0: it may now. */
static uint64_t first_due(void)
{
    uint64_t now = port_ticks(), at = net.rx[net.first].stamp;
    return at > now ? at - now : 0;
}

/* ---- what libslirp asks -------------------------------------------------- */

static ssize_t send_packet(const void *buf, size_t len, void *opaque)
{
    (void)opaque;
    if (!net.link || net.count == FRAMES || len > sizeof net.rx[0].b || lost())
        return (ssize_t)len;
    unsigned i = (net.first + net.count++) % FRAMES;
    net.rx[i].stamp =
        port_ticks() + (uint64_t)net.delay_ms * (port_tick_hz() / 1000);
    net.rx[i].len = len;
    memcpy(net.rx[i].b, buf, len);
    return (ssize_t)len;
}

static void guest_error(const char *msg, void *opaque)
{
    (void)msg;
    (void)opaque;
}

static int64_t clock_ns(void *opaque)
{
    (void)opaque;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void *timer_new(SlirpTimerCb cb, void *cb_opaque, void *opaque)
{
    (void)opaque;
    for (int i = 0; i < TIMERS; i++)
        if (!timers[i].cb) {
            timers[i] = (struct timer){cb, cb_opaque, -1};
            return &timers[i];
        }
    abort();
}

static void timer_free(void *timer, void *opaque)
{
    (void)opaque;
    *(struct timer *)timer = (struct timer){0};
}

static void timer_mod(void *timer, int64_t expire_ms, void *opaque)
{
    (void)opaque;
    ((struct timer *)timer)->due_ms = expire_ms;
}

static void no_fd(int fd, void *opaque)
{
    (void)fd;
    (void)opaque;
}

static void no_notify(void *opaque)
{
    (void)opaque;
}

static int add_poll(int fd, int events, void *opaque)
{
    (void)opaque;
    if (net.fds == FDS)
        return -1;
    int e = (events & SLIRP_POLL_IN ? POLLIN : 0) |
            (events & SLIRP_POLL_OUT ? POLLOUT : 0) |
            (events & SLIRP_POLL_PRI ? POLLPRI : 0);
    net.fd[net.fds] = (struct pollfd){.fd = fd, .events = (short)e};
    return net.fds++;
}

static int get_revents(int idx, void *opaque)
{
    (void)opaque;
    int e = idx < 0 ? 0 : net.fd[idx].revents;
    return (e & POLLIN ? SLIRP_POLL_IN : 0) |
           (e & POLLOUT ? SLIRP_POLL_OUT : 0) |
           (e & POLLPRI ? SLIRP_POLL_PRI : 0) |
           (e & POLLERR ? SLIRP_POLL_ERR : 0) |
           (e & POLLHUP ? SLIRP_POLL_HUP : 0);
}

/* ---- the loop ---------------------------------------------------------------- */

static int run_timers(int ms)
{
    int64_t now = clock_ns(NULL) / 1000000;
    for (int i = 0; i < TIMERS; i++) {
        struct timer *t = &timers[i];
        if (!t->cb || t->due_ms < 0)
            continue;
        if (t->due_ms <= now) {
            t->due_ms = -1;
            t->cb(t->arg);
        } else if (t->due_ms - now < ms) {
            ms = (int)(t->due_ms - now);
        }
    }
    return ms;
}

void host_net_wait(int ms)
{
    if (net.count) {
        uint64_t wait = first_due() * 1000 / port_tick_hz();
        ms = wait < (uint64_t)ms ? (int)wait : ms;
    }
    ms = run_timers(ms);
    net.fds = 0;
    uint32_t timeout = (uint32_t)ms;
    slirp_pollfds_fill(net.slirp, &timeout, add_poll, NULL);
    if ((int)timeout < ms)
        ms = (int)timeout;
    int own = net.fds; /* libslirp looks at its own only */
    if (own < FDS && !net.no_console)
        net.fd[net.fds++] =
            (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    int n = poll(net.fd, (nfds_t)net.fds, ms);
    net.fds = own;
    slirp_pollfds_poll(net.slirp, n < 0, get_revents, NULL);
}

static struct in_addr ip4(const char *text)
{
    struct in_addr a;
    if (inet_pton(AF_INET, text, &a) != 1)
        abort();
    return a;
}

static struct in6_addr ip6(const char *text)
{
    struct in6_addr a;
    if (inet_pton(AF_INET6, text, &a) != 1)
        abort();
    return a;
}

void host_net_start(void)
{
    static const SlirpCb cb = {.send_packet = send_packet,
                               .guest_error = guest_error,
                               .clock_get_ns = clock_ns,
                               .timer_new = timer_new,
                               .timer_free = timer_free,
                               .timer_mod = timer_mod,
                               .register_poll_fd = no_fd,
                               .unregister_poll_fd = no_fd,
                               .notify = no_notify};
    SlirpConfig c = {.version = 1,
                     .in_enabled = true,
                     .vnetwork = ip4("10.0.2.0"),
                     .vnetmask = ip4("255.255.255.0"),
                     .vhost = ip4("10.0.2.2"),
                     .vdhcp_start = ip4("10.0.2.15"),
                     .vnameserver = ip4("10.0.2.3"),
                     .in6_enabled = true,
                     .vprefix_addr6 = ip6("fec0::"),
                     .vprefix_len = 64,
                     .vhost6 = ip6("fec0::2"),
                     .vnameserver6 = ip6("fec0::3")};
    /* libslirp writes to what the server has closed. */
    signal(SIGPIPE, SIG_IGN);
    net.slirp = slirp_new(&c, &cb, NULL);
    net.link = true;
}

int host_net_forward(bool udp, unsigned port, unsigned to)
{
    return slirp_add_hostfwd(net.slirp, udp, ip4("127.0.0.1"), (int)port,
                             ip4("10.0.2.15"), (int)to);
}

/* The guest's address is made of its MAC's (RFC 4291 appendix A). */
int host_net_forward6(unsigned port, unsigned to)
{
    const struct sockaddr_in6 here = {.sin6_family = AF_INET6,
                                      .sin6_addr = ip6("::1"),
                                      .sin6_port = htons((uint16_t)port)};
    const struct sockaddr_in6 guest = {.sin6_family = AF_INET6,
                                       .sin6_addr =
                                           ip6("fec0::5054:ff:fe12:3457"),
                                       .sin6_port = htons((uint16_t)to)};
    return slirp_add_hostxfwd(net.slirp, (const struct sockaddr *)&here,
                              sizeof here, (const struct sockaddr *)&guest,
                              sizeof guest, SLIRP_HOSTFWD_UDP);
}

void host_net_no_console(void)
{
    net.no_console = true;
}

void host_net_link(bool up)
{
    net.link = up;
    net.count = 0;
}

/* ---- frames ------------------------------------------------------------------ */

bool host_net_linked(void)
{
    return net.link;
}

int host_net_take(uint8_t *buf, size_t cap, uint64_t *stamp)
{
    if (net.count == 0 || first_due() > 0)
        return RC_AGAIN;
    size_t len = net.rx[net.first].len;
    if (len > cap)
        len = cap;
    memcpy(buf, net.rx[net.first].b, len);
    *stamp = net.rx[net.first].stamp;
    net.first = (net.first + 1) % FRAMES;
    net.count--;
    return (int)len;
}

void host_net_give(const uint8_t *frame, size_t len)
{
    if (net.link && !lost())
        slirp_input(net.slirp, frame, (int)len);
}
