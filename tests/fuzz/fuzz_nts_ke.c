/* The key exchange fed with anything, cut anywhere: the first byte chooses
 * the pieces. However cut, the outcome is the same. */
#include <string.h>

#include "../unit/entropy.h"
#include "core/nts_ke.h"
#include "core/nts_ke_server.h"

static enum nts_ke_status run(struct nts_ke_client *k, const uint8_t *in,
                              size_t len, size_t piece)
{
    static const uint16_t offer[] = {15, 30};
    uint8_t out[64];
    int n = nts_ke_client_request(k, offer, 2, out, sizeof out);
    ASSERT(n > 0);
    enum nts_ke_status s = NTS_KE_MORE;
    for (size_t at = 0; at < len; at += piece)
        s = nts_ke_client_feed(k, in + at, len - at < piece ? len - at : piece);
    return s;
}

static void check_result(const struct nts_ke_result *r)
{
    ASSERT(r->count >= 1 && r->count <= LIMIT_COOKIES);
    ASSERT(r->aead == 15 || r->aead == 30);
    ASSERT(memchr(r->server, 0, sizeof r->server));
    for (size_t i = 0; i < r->count; i++)
        ASSERT(r->cookie[i].len >= 1 && r->cookie[i].len <= LIMIT_COOKIE);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    static struct nts_ke_client whole, cut;
    if (len == 0)
        return 0;
    size_t piece = (size_t)in[0] + 1;
    enum nts_ke_status s = run(&whole, in + 1, len - 1, len);
    ASSERT(run(&cut, in + 1, len - 1, piece) == s);
    ASSERT(memcmp(&whole.result, &cut.result, sizeof whole.result) == 0);
    if (s == NTS_KE_DONE)
        check_result(&whole.result);
    struct nts_ke_request r;
    int rc = nts_ke_server_read(in + 1, len - 1, &r);
    ASSERT(rc == RC_OK || rc == RC_AGAIN || rc == RC_BAD);
    return 0;
}
