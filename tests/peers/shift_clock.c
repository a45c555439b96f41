/* Preloaded into a program (LD_PRELOAD): another CLOCK_REALTIME, for it and
 * what it starts. The other clocks are the machine's.
 *
 * SHIFT_CLOCK=SECONDS  the machine's clock and so much more, in the kernel's
 *                      receive stamps, too.
 * CLOCK_PCAP=FILE      the time of the newest frame in the file, which QEMU
 *                      writes before it hands a frame on (filter-dump): a
 *                      server lives in the virtual time of the machine that
 *                      asks it, and its time lies between request and reply
 *                      however slowly that machine runs. Stands still between
 *                      frames. While there is none yet: SHIFT_CLOCK. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long shift(void)
{
    const char *s = getenv("SHIFT_CLOCK");
    return s ? atol(s) : 0;
}

/* ---- the clock of a capture ------------------------------------------------ */

struct record { /* pcap, as QEMU on this machine writes it */
    uint32_t s, us, len, original;
};
#define FILE_HEADER 24

static bool newest(const char *pcap, size_t size, struct timespec *t)
{
    const struct record *last = NULL;
    for (size_t at = FILE_HEADER; at + sizeof *last <= size;) {
        last = (const struct record *)(const void *)(pcap + at);
        at += sizeof *last + last->len;
    }
    if (!last)
        return false;
    /* Two readings differ, but no reading is later than the frame's µs. */
    static long reads;
    reads = reads < 999 ? reads + 1 : 999;
    static struct record before;
    if (before.s != last->s || before.us != last->us)
        reads = 0;
    before = *last;
    *t = (struct timespec){last->s, (long)last->us * 1000 + reads};
    return true;
}

static bool of_pcap(struct timespec *t)
{
    const char *path = getenv("CLOCK_PCAP");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    struct stat st;
    bool good = false;
    if (fd < 0)
        return false;
    if (fstat(fd, &st) == 0 && st.st_size > FILE_HEADER) {
        size_t size = (size_t)st.st_size;
        void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED) {
            good = newest(map, size, t);
            munmap(map, size);
        }
    }
    close(fd);
    return good;
}

/* ---- what programs call ---------------------------------------------------- */

int clock_gettime(clockid_t id, struct timespec *t)
{
    bool real = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
    if (real && of_pcap(t))
        return 0;
    long r = syscall(SYS_clock_gettime, id, t);
    if (r == 0 && real)
        t->tv_sec += shift();
    return (int)r;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    *t = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

/* The kernel knows nothing of a capture's clock: its stamps are refused, and
 * the program takes its own. */
int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    if (getenv("CLOCK_PCAP") && level == SOL_SOCKET &&
        (name == SO_TIMESTAMP || name == SO_TIMESTAMPNS ||
         name == SO_TIMESTAMPING)) {
        errno = ENOPROTOOPT;
        return -1;
    }
    return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

/* A timeval and a timespec both begin with the seconds; SO_TIMESTAMPING's
 * first of three is the software's, 0 if it has none. */
static void shift_stamps(struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET ||
            (c->cmsg_type != SO_TIMESTAMP && c->cmsg_type != SO_TIMESTAMPNS &&
             c->cmsg_type != SO_TIMESTAMPING))
            continue;
        time_t *seconds = (time_t *)(void *)CMSG_DATA(c);
        if (*seconds != 0)
            *seconds += shift();
    }
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
    ssize_t r = syscall(SYS_recvmsg, fd, m, flags);
    if (r >= 0)
        shift_stamps(m);
    return r;
}

int recvmmsg(int fd, struct mmsghdr *m, unsigned count, int flags,
             struct timespec *timeout)
{
    int r = (int)syscall(SYS_recvmmsg, fd, m, count, flags, timeout);
    for (int i = 0; i < r; i++)
        shift_stamps(&m[i].msg_hdr);
    return r;
}
