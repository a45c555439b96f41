/* syscalls.c -- what newlib wants below it: nothing, politely.
 *
 * There is no heap outside the TLS arena, so _sbrk refuses; a malloc gets
 * NULL. Beware: newlib's printf family allocates for %f, %e, %g and %a (its
 * dtoa) and aborts when it can't, which ends in panic() here. Integers,
 * strings and %c allocate nothing in snprintf. */
#include <errno.h>
#include "core/base.h"

struct stat;
struct timeval;

void *_sbrk(ptrdiff_t by);
int _write(int fd, const void *buf, size_t len);
int _read(int fd, void *buf, size_t len);
int _close(int fd);
int _lseek(int fd, int offset, int whence);
int _fstat(int fd, struct stat *st);
int _isatty(int fd);
int _getpid(void);
int _kill(int pid, int sig);
int _gettimeofday(struct timeval *tv, void *tz);
_Noreturn void _exit(int code);
_Noreturn void __assert_func(const char *file, int line, const char *func,
                             const char *what);

void *_sbrk(ptrdiff_t by)
{
    (void)by;
    errno = ENOMEM;
    return (void *)-1;
}

int _write(int fd, const void *buf, size_t len)
{
    (void)fd;
    (void)buf;
    return (int)len; /* stdout and stderr go nowhere */
}

int _read(int fd, void *buf, size_t len)
{
    (void)fd;
    (void)buf;
    (void)len;
    return 0;
}

int _close(int fd)
{
    (void)fd;
    return -1;
}

int _lseek(int fd, int offset, int whence)
{
    (void)fd;
    (void)offset;
    (void)whence;
    return 0;
}

int _fstat(int fd, struct stat *st)
{
    (void)fd;
    (void)st;
    return -1;
}

int _isatty(int fd)
{
    (void)fd;
    return 1;
}

int _getpid(void)
{
    return 1;
}

int _kill(int pid, int sig)
{
    (void)pid;
    (void)sig;
    panic("newlib", 0, "abort");
}

/* Time comes from the timekeeper; a library that asks libc is misconfigured
 * (Mbed TLS only refers to time() as the default of a hook). */
int _gettimeofday(struct timeval *tv, void *tz)
{
    (void)tv;
    (void)tz;
    panic("newlib", 0, "gettimeofday");
}

_Noreturn void _exit(int code)
{
    (void)code;
    panic("newlib", 0, "exit");
}

_Noreturn void __assert_func(const char *file, int line, const char *func,
                             const char *what)
{
    (void)func;
    panic(file, line, what);
}
