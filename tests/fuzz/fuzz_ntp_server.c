/* Requests of strangers, some at a time: no reply is longer than its request,
 * none is one that we would answer, receive stamps never repeat, and a stamp
 * that an interleaved reply tells is one of ours.
 *
 * Input: requests, each a byte of its length / 4, a byte of how far the clock
 * moved, a byte of flags and the bytes. Flags: 1 from port 123; 2 put the last
 * reply's receive stamp in as origin; 4 its frame was never stamped; 8 a kiss
 * is wanted; 16 the clock is not set. */
#include <stdlib.h>

#include "../unit/entropy.h"
#include "core/bytes.h"
#include "core/ntp_server.h"
#include "core/utc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUESTS 64

static struct ntp_server s;

static void check(const uint8_t *out, size_t n, size_t len)
{
    struct ntp_header h;
    uint8_t again[NTP_SERVER_REQUEST_MAX];
    struct ntp_server_clock c = {.ref.precision = -20};
    static struct ntp_server other;
    ASSERT(n == NTP_HEADER && n <= len);
    ASSERT(ntp_wire_parse(out, n, &h) == RC_OK);
    ASSERT(h.version >= 1 && h.version <= 4 && (h.mode == 2 || h.mode == 4));
    ASSERT((h.receive & 1) == 1 && (h.transmit & 1) == 0 && h.transmit != 0);
    ASSERT(ntp_server_reply(&other, &c, 123, out, n, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(data, size);
    struct ntp_server_clock c = {
        .ref = {.stratum = 1, .precision = -24, .refid = 1},
        .receive = (ntp64)0xfffffff0 << 32};
    uint8_t out[NTP_SERVER_REQUEST_MAX] = {0}, req[4 * 255];
    ntp64 receive[REQUESTS], left[REQUESTS];
    unsigned replies = 0;
    ntp_server_init(&s, 3);
    while (r.left > 0 && replies < REQUESTS) {
        size_t len = 4u * reader_u8(&r);
        int64_t moved = (int8_t)reader_u8(&r);
        uint8_t flags = reader_u8(&r);
        len = len < r.left ? len : r.left;
        const uint8_t *p = reader_take(&r, len);
        if (!p)
            break;
        memcpy(req, p, len);
        if ((flags & 2) && len >= NTP_HEADER)
            memcpy(req + 24, out + 32, 8);
        c.receive += (uint64_t)(moved * (UTC_S / 64));
        c.ref.stratum = flags & 16 ? NTP_STRATUM_UNSET : 1;
        uint64_t told = s.interleaved;
        bool kiss = flags & 8;
        uint16_t port = flags & 1 ? 123 : 5000;
        size_t n = kiss ? ntp_server_kiss(&s, &c, port, req, len, out)
                        : ntp_server_reply(&s, &c, port, req, len, out);
        if (n == 0)
            continue;
        ntp_server_stamp(&s, out, c.receive + 4096);
        check(out, n, len);
        if (kiss)
            continue;
        bool ours = s.interleaved == told;
        if (s.held == 1)
            replies = 0; /* the clock went back: another scale */
        for (unsigned i = 0; i < replies; i++) {
            ASSERT(bytes_get64(out + 32) != receive[i]);
            ours |= bytes_get64(out + 40) == left[i];
        }
        ASSERT(ours);
        receive[replies] = bytes_get64(out + 32);
        left[replies] = (c.receive + 8192) & ~(ntp64)1;
        if (!(flags & 4))
            ntp_server_left(&s, out, n, left[replies]);
        replies++;
    }
    return 0;
}
