/* years.h -- the services that serve NTP and NTS, as they are, in a world of
 * 400 days whose time moves only when the test says so (test_years.c).
 *
 *   years_board.c   one boot: the services over a simulated counter and card,
 *                   two servers that set the clock, and in the place of lwIP a
 *                   door for datagrams and one for connections
 *   years_client.c  who asks: NTS over OpenSSL, plain NTP, strangers
 *   years_counts.c  begins the services' counters below 2^32
 *
 * A boot is a process, since the services begin only once in one. `w` is
 * memory that all of them share: what a power cut leaves. */
#ifndef YEARS_H
#define YEARS_H

#include "adapters/net_tcp.h"
#include "adapters/net_udp.h"
#include "core/journal.h"
#include "core/mono.h"
#include "core/status.h"

#define YEARS_DAYS  400
#define YEARS_START INT64_C(2072995200) /* 2035-09-10                        */
#define YEARS_LEAP  INT64_C(2098483200) /* 2036-07-01, a second is inserted  */
#define YEARS_DAY   (86400 * MONO_S)
#define YEARS_STATE 64u
#define YEARS_CARD  (YEARS_STATE + 2 * JOURNAL_HALF) /* sectors             */
#define YEARS_PEM   1600

struct customer { /* somebody with cookies                                  */
    uint32_t ip;
    uint8_t c2s[32], s2c[32];
    uint8_t cookie[8][100];
    unsigned cookies;
    unsigned exchanges, asked, authentic, naks;
    int trouble; /* what OpenSSL says of the certificate; 0: nothing         */
};

struct years {
    mono_ns now; /* since YEARS_START, leap second and all                 */
    unsigned boots;
    bool off;     /* the power went by itself                               */
    bool sources; /* the servers that set the clock answer                  */
    bool no_buffers;
    bool cut_keys; /* the power goes in the next write of cookie keys        */
    int64_t cert_lo, cert_hi;
    char cert[YEARS_PEM], key[YEARS_PEM], ca[YEARS_PEM];
    uint8_t card[YEARS_CARD][512];
    unsigned writes, key_records, floor_records; /* that reached the card    */
    bool snapshot; /* one is being written                               */
    uint8_t keys[JOURNAL_PAYLOAD]; /* the last key record                   */
    unsigned lines, rotations, ends_in, ended_on; /* lines of the log        */
    mono_ns rotated;
    char line[400];
    size_t line_len;
    struct customer honest, old;
    unsigned requests, answers, exchanges;
};
extern struct years *w;

/* Ends the boot's process when something is not as it should be. */
#define MUST(c, ...)                                                           \
    do {                                                                       \
        if (!(c))                                                              \
            years_fail(__LINE__, #c, __VA_ARGS__);                             \
    } while (0)
_Noreturn void years_fail(int line, const char *what, const char *why);

/* ---- years_board.c ------------------------------------------------------- */

void years_boot(void);
/* Lets the board run until then, in w->now, or until the power goes. */
void years_run(mono_ns until);
/* As long as there is anything to do at once. */
void years_settle(void);
/* UTC of the true clock, and Unix seconds. */
ntp64 years_utc(void);
int64_t years_unix(void);
/* The board's answer to a datagram; returns its length, 0: none. */
size_t years_ask(uint32_t from, uint16_t port, const uint8_t *msg, size_t len,
                 uint8_t out[NET_UDP_MAX]);

struct years_tcp { /* one connection, both ways                             */
    struct net_tcp *board;
    uint8_t in[4096], out[8192]; /* to the board, from it                   */
    size_t in_len, out_len;
    bool closed; /* by the board                                            */
};
/* NULL: reset at once. */
struct years_tcp *years_connect(uint32_t from);
void years_hang_up(struct years_tcp *c);

void years_counts(uint64_t from); /* years_counts.c                         */

/* ---- years_client.c ------------------------------------------------------ */

/* Once, before any boot. */
void years_pki(void);
/* A new certificate for the board, as from its administrator. */
void years_certify(int64_t lo, int64_t hi);

/* A key exchange. Returns false: there was no answer with eight cookies. */
bool years_exchange(struct customer *c);
/* A request with NTS, which gets its cookie replaced, and those that were lost.
 * Returns what came back. */
enum years_answer {
    SILENT,
    NAKED,
    ANY,
    UNSET,
    SET
} years_poll(struct customer *c);
/* Plain ones: 48 bytes, of `first` the first byte. */
bool years_plain(uint32_t ip, uint8_t first, size_t len);
/* Asks twice, the second time for the stamp of the first. */
bool years_interleaved(uint32_t ip);
/* A request that has something of NTS: no authenticator, or a wrong one. */
bool years_spoilt(const struct customer *c, bool authenticator);

/* What the last answer said of the clock. */
struct years_reply {
    unsigned leap, stratum;
    span_ns error, bound; /* of the transmit stamp; that it states          */
};
extern struct years_reply years_reply;

#endif
