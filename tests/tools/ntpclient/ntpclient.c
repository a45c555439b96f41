/* ntpclient -- the firmware's client, filter, selection and discipline as an
 * ordinary NTP client of a POSIX machine, for a judge we do not control.
 *
 *     ntpclient [--minpoll N] [--maxpoll N] [--xleave] [--dry]
 *               [--samples N] [--seconds N] [--every N]
 *               SERVER[:PORT]...                        (IPv4, plain NTP)
 *
 * No clock logic: services/timekeeper decides, and its clk is what the
 * machine's clock is made to follow. --dry only prints; it calls no function
 * that could set a clock. --samples ends after so many in all. What tracking
 * says is printed after each sample and, with --every, each time that the
 * machine's clock shows a multiple of so many seconds. */
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/fmt.h"
#include "core/mono.h"
#include "core/utc.h"
#include "port.h"
#include "services/log.h"
#include "services/timekeeper.h"
#include "services/version.h"
#include "steer.h"

static struct {
    struct conf conf;
    struct ntp_client client[LIMIT_SOURCES];
    int fd[LIMIT_SOURCES];
    int8_t minpoll, maxpoll;
    bool dry, set, xleave;
    unsigned long samples, want, every;
    double seconds, ppm;
} c = {.minpoll = 6, .maxpoll = 10};

/* ---- what the firmware links to ------------------------------------------ */

_Noreturn void panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "ntpclient: %s:%d: %s\n", file, line, what);
    abort();
}

static void say(const char *format, va_list args)
{
    char text[200];
    (void)fmt_v(text, sizeof text, format, args);
    printf("log %s\n", text);
}

void log_line(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

void log_at(enum log_severity severity, const void *limit, const char *format,
            ...)
{
    (void)severity;
    (void)limit;
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

void log_limited(const void *key, const char *format, ...)
{
    (void)key;
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

/* ---- the machine's clock ---- */

static double clk_ppm(uint64_t ticks)
{
    uint64_t span = UINT64_C(1000) * port_tick_hz();
    int64_t d = utc_diff(timekeeper_utc(ticks + span), timekeeper_utc(ticks));
    return ((double)d / 4294967296.0 / 1000 - 1) * 1e6;
}

/* Where the clk is and the machine's clock is not, it is put there. */
static void follow(void)
{
    if (!timekeeper_synchronised())
        return;
    struct steer_pair p;
    steer_read(&p);
    span_ns off = utc_diff_ns(timekeeper_utc(p.ticks), p.utc);
    span_ns blur = p.width_ns + 20; /* what the reading may be wrong by */
    double ppm = clk_ppm(p.ticks);
    if (!c.dry && (off > blur || off < -blur) && !steer_step(off))
        exit(1);
    if (!c.dry && (!c.set || ppm > c.ppm || ppm < c.ppm) && !steer_rate(ppm))
        exit(1);
    c.set = true;
    c.ppm = ppm;
}

/* The commit's time or, where the machine's clock (a simulator's, say) is before
 * that, a year less than it shows. The floor says in which era NTP's stamps
 * are. */
static int64_t time_floor(void)
{
    int64_t floor = (int64_t)time(NULL) - 365 * INT64_C(86400);
    if (floor > gnomon_build_unix)
        floor = gnomon_build_unix;
    return floor > 0 ? floor : 0;
}

static void tracking(const struct status_timekeeper *st)
{
    const struct status_tracking *t = &st->tracking;
    if (!t->synchronised)
        return;
    struct steer_pair p;
    steer_read(&p);
    span_ns left = t->system_ns < 0 ? -t->system_ns : t->system_ns;
    span_ns bound = t->root_delay_ns / 2 + t->root_disp_ns + left;
    span_ns off = utc_diff_ns(timekeeper_utc(p.ticks), p.utc);
    printf("tracking %s offset %.9f bound %.9f rate %.6f at %.3f\n",
           t->selected < 0 ? "" : c.conf.sources[t->selected].name,
           (double)off / 1e9, (double)bound / 1e9, clk_ppm(p.ticks),
           (double)utc_unix_s(p.utc, time_floor()) +
               (double)utc_unix_ns(p.utc) / 1e9);
}

static void report(unsigned i, const struct ntp_sample *s)
{
    struct status_timekeeper st;
    timekeeper_status(&st);
    printf("sample %s delay %.9f measured %.9f\nstates ",
           c.conf.sources[i].name, (double)s->delay_ns / 1e9,
           (double)st.row[i].measured_ns / 1e9);
    for (unsigned j = 0; j < c.conf.source_count; j++)
        putchar(st.row[j].state);
    putchar('\n');
    tracking(&st);
}

/* With --every: prints where such a moment has come. Returns the next one. */
static mono_ns look(mono_ns now)
{
    static int64_t printed;
    if (c.every == 0)
        return MONO_NEVER;
    struct steer_pair p;
    steer_read(&p);
    int64_t s = utc_unix_s(p.utc, time_floor());
    int64_t turn = s / (int64_t)c.every;
    if (turn != printed) {
        struct status_timekeeper st;
        timekeeper_status(&st);
        tracking(&st);
    }
    printed = turn;
    int64_t left = (turn + 1) * (int64_t)c.every - s;
    return now + left * MONO_S - utc_unix_ns(p.utc);
}

/* ---- packets ---- */

static ssize_t receive(int fd, uint8_t *buf, size_t cap, uint64_t *ticks)
{
    union {
        struct cmsghdr head;
        char bytes[256];
    } control;
    struct iovec v = {.iov_base = buf, .iov_len = cap};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof control.bytes};
    ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);
    *ticks = port_ticks();
    if (n < 0)
        return n;
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
        struct timespec stamp;
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        memcpy(&stamp, CMSG_DATA(h), sizeof stamp);
        *ticks = steer_ticks_of(&stamp);
    }
    return n;
}

static void take(unsigned i, mono_ns now)
{
    uint8_t buf[LIMIT_NTP_PACKET];
    uint64_t ticks;
    struct ntp_sample s;
    enum ntp_drop why;
    ssize_t n = receive(c.fd[i], buf, sizeof buf, &ticks);
    if (n < 0)
        return;
    int rc =
        ntp_client_recv(&c.client[i], now, ticks, buf, (size_t)n, &s, &why);
    if (rc != RC_OK) {
        printf("drop %s %s\n", c.conf.sources[i].name, ntp_drop_text(why));
        return;
    }
    const struct timekeeper_reply reply = {.sample = &s,
                                           .reach = c.client[i].reach};
    struct timekeeper_verdict v;
    timekeeper_reply(i, &reply, &v);
    if (v.ask_again)
        ntp_client_again(&c.client[i], now);
    ntp_client_set_poll(&c.client[i], v.poll_wanted);
    follow();
    c.samples++;
    report(i, &s);
}

static void ask(unsigned i, mono_ns now)
{
    uint8_t buf[LIMIT_NTP_PACKET];
    int n = ntp_client_poll(&c.client[i], now, buf, sizeof buf);
    timekeeper_asked(i, c.client[i].reach, 0);
    if (n < 0)
        return;
    uint64_t ticks = port_ticks();
    if (send(c.fd[i], buf, (size_t)n, 0) == n)
        ntp_client_sent(&c.client[i], ticks);
}

static mono_ns serve(mono_ns now)
{
    mono_ns next = timekeeper_poll(now);
    follow();
    for (unsigned i = 0; i < c.conf.source_count; i++) {
        if (ntp_client_due(&c.client[i]) <= now)
            ask(i, now);
        next = mono_min(next, ntp_client_due(&c.client[i]));
    }
    return next;
}

static void wait_until(mono_ns next)
{
    fd_set set;
    int top = 0;
    FD_ZERO(&set);
    for (unsigned i = 0; i < c.conf.source_count; i++) {
        FD_SET(c.fd[i], &set);
        top = c.fd[i] > top ? c.fd[i] : top;
    }
    mono_ns left = next - port_mono();
    left = left < 0 ? 0 : mono_min(left, 1000 * MONO_S);
    left += MONO_US; /* rounded up: not to wake a moment too early */
    struct timeval tv = {.tv_sec = left / MONO_S,
                         .tv_usec = left % MONO_S / MONO_US};
    if (select(top + 1, &set, NULL, NULL, &tv) <= 0)
        return;
    for (unsigned i = 0; i < c.conf.source_count; i++)
        if (FD_ISSET(c.fd[i], &set))
            take(i, port_mono());
}

/* ---- start ---- */

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: ntpclient [--minpoll N] [--maxpoll N] [--xleave] "
                    "[--dry] [--samples N] [--seconds N] [--every N] "
                    "SERVER[:PORT]...\n");
    exit(2);
}

static void add(const char *arg)
{
    if (c.conf.source_count == LIMIT_SOURCES || strlen(arg) >= LIMIT_NAME)
        usage();
    unsigned i = c.conf.source_count++;
    struct conf_source *s = &c.conf.sources[i];
    char host[LIMIT_NAME];
    strcpy(s->name, arg);
    strcpy(s->label, arg);
    strcpy(host, arg);
    char *colon = strchr(host, ':');
    if (colon)
        *colon++ = 0;
    struct addrinfo hint = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *a;
    if (getaddrinfo(host, NULL, &hint, &a) != 0) {
        fprintf(stderr, "ntpclient: no address of %s\n", host);
        exit(1);
    }
    struct sockaddr_in to;
    memcpy(&to, a->ai_addr, sizeof to);
    freeaddrinfo(a);
    to.sin_port = htons((uint16_t)(colon ? atoi(colon) : 123));
    int on = 1;
    c.fd[i] = socket(AF_INET, SOCK_DGRAM, 0);
    if (c.fd[i] < 0 || connect(c.fd[i], (struct sockaddr *)&to, sizeof to)) {
        perror("ntpclient: socket");
        exit(1);
    }
    /* Where there are no kernel stamps, recvmsg's return has to do. */
    (void)setsockopt(c.fd[i], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

static void options(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--dry") == 0) {
            c.dry = true;
            continue;
        }
        if (strcmp(argv[i], "--xleave") == 0) {
            c.xleave = true;
            continue;
        }
        if (strncmp(argv[i], "--", 2) != 0) {
            add(argv[i]);
            continue;
        }
        if (i + 1 == argc)
            usage();
        const char *name = argv[i++] + 2;
        long value = strtol(argv[i], NULL, 10);
        if (value < 0)
            usage();
        if (strcmp(name, "minpoll") == 0 && value <= 17)
            c.minpoll = (int8_t)value;
        else if (strcmp(name, "maxpoll") == 0 && value <= 17)
            c.maxpoll = (int8_t)value;
        else if (strcmp(name, "samples") == 0)
            c.want = (unsigned long)value;
        else if (strcmp(name, "every") == 0)
            c.every = (unsigned long)value;
        else if (strcmp(name, "seconds") == 0)
            c.seconds = (double)value;
        else
            usage();
    }
    if (c.conf.source_count == 0 || c.minpoll > c.maxpoll)
        usage();
}

int main(int argc, char **argv)
{
    int errors = conf_parse(&c.conf, "", 0); /* chrony's defaults */
    ASSERT(errors == 0);
    options(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct timekeeper_start start = {.floor_unix_s = time_floor()};
    timekeeper_init(&c.conf, &start);
    mono_ns began = port_mono(), now = began;
    struct ntp_client_conf nc = {.minpoll = c.minpoll,
                                 .maxpoll = c.maxpoll,
                                 .iburst = true,
                                 .xleave = c.xleave};
    for (unsigned i = 0; i < c.conf.source_count; i++) {
        c.conf.sources[i].minpoll = c.minpoll;
        c.conf.sources[i].maxpoll = c.maxpoll;
        timekeeper_source(i, &c.conf.sources[i]);
        ntp_client_init(&c.client[i], &nc, port_tick_hz(), now);
    }
    mono_ns end =
        c.seconds > 0 ? began + (mono_ns)(c.seconds * 1e9) : MONO_NEVER;
    while (now < end && (c.want == 0 || c.samples < c.want)) {
        mono_ns next = mono_min(serve(now), look(now));
        wait_until(mono_min(next, end));
        now = port_mono();
    }
    return 0;
}
