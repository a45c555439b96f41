/* nts_ask.c -- requests of NTS of a client whose keys are known (chronyd's
 * file in its ntsdumpdir), each with another unique identifier and another
 * transmit stamp:
 *
 *     nts_ask AEAD C2S COOKIE PLACEHOLDERS COUNT
 *
 * C2S and COOKIE in hex. Prints each in hex, one a line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/entropy.h"
#include "../unit/nts_request.h"

static struct nts_peer p;

static size_t hex(const char *text, uint8_t *out, size_t room)
{
    size_t n = 0;
    unsigned byte;
    for (; n < room && sscanf(text + 2 * n, "%2x", &byte) == 1; n++)
        out[n] = (uint8_t)byte;
    return n;
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    p.aead = aead_find((uint16_t)atoi(argv[1]));
    p.cookie_len = hex(argv[3], p.cookie, sizeof p.cookie);
    if (!p.aead || hex(argv[2], p.c2s, sizeof p.c2s) != p.aead->key_len)
        return 2;
    for (uint32_t i = 1; i <= (uint32_t)atoi(argv[5]); i++) {
        const struct ntp_header h = {
            .version = 4, .mode = 3, .poll = 6, .transmit = (ntp64)i << 32};
        memset(p.uid, 0, sizeof p.uid);
        bytes_put32(p.uid, i);
        nts_peer_header(&p, &h);
        nts_peer_uid(&p, 32);
        nts_peer_cookie(&p);
        nts_peer_placeholders(&p, (unsigned)atoi(argv[4]));
        nts_peer_seal(&p, 0, 0);
        for (size_t j = 0; j < p.w.len; j++)
            printf("%02x", p.msg[j]);
        puts("");
    }
    return 0;
}
