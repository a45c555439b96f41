/* Requests of NTS of strangers who have a key: their cookie opens and their
 * seal is good, so that they get past the authenticator. No reply is longer
 * than its request; an authenticated one is exactly as long, its client can
 * open it, and it holds one to eight cookies; a NAK is never authenticated; a
 * request is vouched for once, and not after it was answered.
 *
 * Input: a byte each of the header's first, of which AEAD (bit 0) and of how
 * many rotations ago (bits 1, 2) the cookie was made, then steps: an op, a
 * length, and for some ops so many bytes.
 *   0 unique id   1 the cookie   2 a cookie of these bytes   3 placeholder,
 *   length 0: of the right one   4 authenticator around these bytes
 *   5 a field of type 0x7777     6 these bytes as they are   7 bytes are
 *   changed by these, from the packet's length / 256 * length on
 *   8 a field of these bytes: type, then body */
#include <stdlib.h>

#include "../unit/entropy.h"
#include "../unit/nts_request.h"
#include "core/ntp_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct nts_cookie_jar jar;
static struct nts_peer peer;
static struct ntp_server s;

static const struct clientlog_limit limit = {.on = true, .burst = 255};

static void seal(const uint8_t *b, size_t n)
{
    size_t at = nts_auth_begin(&peer.w, peer.aead);
    writer_bytes(&peer.w, b, n);
    int rc = nts_auth_seal(&peer.w, at, peer.aead, peer.c2s, peer.uid);
    ASSERT(rc == RC_OK || rc == RC_SPACE);
}

static void change(const uint8_t *b, size_t n)
{
    size_t from = peer.w.len * n / 256;
    for (size_t i = 0; i < n && from + i < peer.w.len; i++)
        peer.msg[from + i] ^= b[i];
}

static void step(uint8_t op, const uint8_t *b, size_t n)
{
    switch (op % 9) {
    case 0:
        nts_peer_uid(&peer, n % (sizeof peer.uid + 1));
        break;
    case 1:
        nts_peer_cookie(&peer);
        break;
    case 2:
        ntp_ef_put_bytes(&peer.w, NTS_EF_COOKIE, b, n);
        break;
    case 3:
        (void)ntp_ef_put(&peer.w, NTS_EF_PLACEHOLDER, n ? n : peer.cookie_len);
        break;
    case 4:
        seal(b, n);
        break;
    case 5:
        (void)ntp_ef_put(&peer.w, 0x7777, n);
        break;
    case 6:
        writer_bytes(&peer.w, b, n);
        break;
    case 7:
        change(b, n);
        break;
    case 8:
        if (n >= 2)
            ntp_ef_put_bytes(&peer.w, bytes_get16(b), b + 2, n - 2);
    }
}

static void ask(void)
{
    uint8_t out[NTP_SERVER_REQUEST_MAX];
    struct ntp_server_clock c = {.ref = {.stratum = 1, .precision = -24},
                                 .receive = (ntp64)0xee000000 << 32};
    unsigned unique;
    uint64_t authenticated = s.authenticated, naks = s.naks;
    uint8_t *exact = malloc(peer.w.len); /* for the sanitizer's edges */
    ASSERT(exact);
    memcpy(exact, peer.msg, peer.w.len);
    static struct nts_sessions sessions;
    memset(&sessions, 0, sizeof sessions);
    s.sessions = &sessions;
    size_t n = ntp_server_reply(&s, &c, 40000, exact, peer.w.len, out);
    bool again = ntp_server_vouches(&s, exact, peer.w.len, &limit, 0);
    ASSERT(!(again && s.authenticated > authenticated));
    ASSERT(!again || !ntp_server_vouches(&s, exact, peer.w.len, &limit, 0));
    free(exact);
    ASSERT(n <= peer.w.len);
    if (n == 0)
        return;
    ntp_server_stamp(&s, out, c.receive + 4096);
    ASSERT(ntp_server_seal(&s, out) == RC_OK);
    int cookies = nts_peer_read(&peer, out, n, &jar, &unique);
    if (s.authenticated > authenticated)
        ASSERT(n == peer.w.len && cookies >= 1 && cookies <= LIMIT_COOKIES);
    else
        ASSERT(cookies == -1 && (n == NTP_HEADER) == (s.naks == naks));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool begun;
    struct reader r = reader_of(data, size);
    uint8_t first = reader_u8(&r), how = reader_u8(&r);
    if (!begun && nts_cookie_begin(&jar) != RC_OK)
        abort();
    begun = true;
    ntp_server_init(&s, INT8_MIN);
    s.jar = how & 8 ? NULL : &jar;
    nts_peer_init(&peer, how & 1 ? 30 : 15, &jar);
    for (unsigned i = how >> 1 & 3; i > 0; i--)
        ASSERT(nts_cookie_rotate(&jar) == RC_OK);
    const struct ntp_header h = {.version = first >> 3 & 7,
                                 .mode = first & 7,
                                 .transmit = 0x1122334455667788};
    nts_peer_header(&peer, &h);
    for (unsigned steps = 0; r.left > 0 && steps < 40; steps++) {
        uint8_t op = reader_u8(&r);
        size_t n = reader_u8(&r);
        bool bytes = op % 9 == 2 || op % 9 == 4 || op % 9 >= 6;
        n = bytes && n > r.left ? r.left : n;
        const uint8_t *b = bytes && n ? reader_take(&r, n) : data;
        step(op, b, n);
    }
    if (!peer.w.full)
        ask();
    return 0;
}
