/* A key exchange's request of any bytes, read by the server, whole and cut
 * anywhere; what it answers satisfies our own client. The first byte chooses
 * the cut. */
#include <string.h>

#include "../unit/entropy.h"
#include "core/aead.h"
#include "core/nts_ke.h"
#include "core/nts_ke_server.h"

/* The client that asked for what the server has read. */
static void answer(const struct nts_ke_request *r)
{
    static struct nts_ke_client k;
    static uint8_t cookie[100] = {1}, out[2048];
    struct nts_ke_answer a = {
        .server = "ntp.example.net", .port = 11123, .count = LIMIT_COOKIES};
    for (size_t i = 0; i < a.count; i++) {
        a.cookie[i].b = cookie;
        a.cookie[i].len = sizeof cookie;
    }
    const uint16_t offer[] = {r->aead ? r->aead : AEAD_AES_SIV_CMAC_256};
    int n = nts_ke_client_request(&k, offer, 1, out, sizeof out);
    ASSERT(n > 0);
    n = nts_ke_server_answer(r, &a, out, sizeof out);
    ASSERT(n > 0);
    enum nts_ke_status s = nts_ke_client_feed(&k, out, (size_t)n);
    enum nts_ke_status want = !r->ntpv4  ? NTS_KE_NO_PROTOCOL
                              : !r->aead ? NTS_KE_NO_AEAD
                                         : NTS_KE_DONE;
    ASSERT(s == want);
    if (s != NTS_KE_DONE)
        return;
    ASSERT(k.result.aead == r->aead && k.result.count == LIMIT_COOKIES);
    ASSERT(k.result.port == 11123 && k.result.dropped == 0);
    for (size_t cap = 0; cap < (size_t)n; cap += 97)
        ASSERT(nts_ke_server_answer(r, &a, out, cap) == RC_SPACE);
}

static void refuse(const struct nts_ke_request *r)
{
    static struct nts_ke_client k;
    static const uint16_t offer[] = {15};
    uint8_t out[64];
    int n = nts_ke_client_request(&k, offer, 1, out, sizeof out);
    ASSERT(n > 0);
    n = nts_ke_server_error(r->error, out, sizeof out);
    ASSERT(n > 0);
    enum nts_ke_status s = nts_ke_client_feed(&k, out, (size_t)n);
    ASSERT(s == NTS_KE_SERVER_ERROR && k.result.code == (uint16_t)r->error);
}

static bool same(const struct nts_ke_request *a, const struct nts_ke_request *b)
{
    return a->ntpv4 == b->ntpv4 && a->aead == b->aead &&
           a->compliant == b->compliant && a->error == b->error;
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    struct nts_ke_request r, part;
    if (len < 1 || len > 4096)
        return 0;
    size_t n = len - 1, cut = n * in[0] / 256;
    int rc = nts_ke_server_read(in + 1, n, &r);
    int early = nts_ke_server_read(in + 1, cut, &part);
    /* What is decided early stays decided; what is not waits for more. */
    ASSERT(early == RC_AGAIN || early == rc);
    ASSERT(early == RC_AGAIN || same(&part, &r));
    if (rc == RC_OK) {
        ASSERT(r.aead == 0 || aead_known(r.aead));
        answer(&r);
    } else if (rc == RC_BAD) {
        refuse(&r);
    } else {
        ASSERT(rc == RC_AGAIN);
    }
    return 0;
}
