#include "ntp_wire.h"

#include "bytes.h"

int ntp_wire_parse(const uint8_t *pkt, size_t len, struct ntp_header *h)
{
    if (len < NTP_HEADER)
        return RC_BAD;
    *h = (struct ntp_header){
        .leap = pkt[0] >> 6,
        .version = pkt[0] >> 3 & 7,
        .mode = pkt[0] & 7,
        .stratum = pkt[1],
        .poll = (int8_t)pkt[2],
        .precision = (int8_t)pkt[3],
        .root_delay = bytes_get32(pkt + 4),
        .root_disp = bytes_get32(pkt + 8),
        .refid = bytes_get32(pkt + 12),
        .ref = bytes_get64(pkt + 16),
        .origin = bytes_get64(pkt + 24),
        .receive = bytes_get64(pkt + 32),
        .transmit = bytes_get64(pkt + 40),
    };
    return RC_OK;
}

void ntp_wire_write(const struct ntp_header *h, uint8_t pkt[NTP_HEADER])
{
    pkt[0] =
        (uint8_t)((h->leap & 3) << 6 | (h->version & 7) << 3 | (h->mode & 7));
    pkt[1] = h->stratum;
    pkt[2] = (uint8_t)h->poll;
    pkt[3] = (uint8_t)h->precision;
    bytes_put32(pkt + 4, h->root_delay);
    bytes_put32(pkt + 8, h->root_disp);
    bytes_put32(pkt + 12, h->refid);
    bytes_put64(pkt + 16, h->ref);
    bytes_put64(pkt + 24, h->origin);
    bytes_put64(pkt + 32, h->receive);
    bytes_put64(pkt + 40, h->transmit);
}
