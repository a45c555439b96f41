#include "dhcp_reply.h"

#include <string.h>

#include "bytes.h"

#define ETH     14
#define IPV4    0x0800
#define UDP     17
#define CLIENT  68 /* the port                                               */
#define REPLY   2  /* BOOTP's op                                             */
#define COOKIE  UINT32_C(0x63825363)
#define OPTIONS (DHCP_REPLY_OPTIONS - 8)

enum { PAD = 0, TYPE = 53, SERVER = 54, END = 255 };

static void read_options(struct dhcp_reply *r, struct reader in)
{
    while (in.left > 0 && !in.bad) {
        uint8_t code = reader_u8(&in);
        if (code == PAD)
            continue;
        if (code == END)
            return;
        uint8_t len = reader_u8(&in);
        const uint8_t *value = reader_take(&in, len);
        if (value && code == TYPE && len == 1)
            r->type = value[0];
        if (value && code == SERVER && len == sizeof r->server) {
            memcpy(r->server, value, sizeof r->server);
            r->named = true;
        }
    }
}

int dhcp_reply_read(struct dhcp_reply *r, const uint8_t *frame, size_t len)
{
    *r = (struct dhcp_reply){0};
    if (len < ETH + 20 || bytes_get16(frame + 12) != IPV4)
        return RC_BAD;
    const uint8_t *ip = frame + ETH;
    size_t head = (size_t)(ip[0] & 15) * 4;
    bool fragment = (bytes_get16(ip + 6) & 0x3fff) != 0;
    if (ip[0] >> 4 != 4 || head < 20 || ip[9] != UDP || fragment ||
        len < ETH + head + 8 + OPTIONS)
        return RC_BAD;
    const uint8_t *udp = ip + head, *m = udp + 8;
    size_t left = len - ETH - head - 8, said = bytes_get16(udp + 4);
    if (bytes_get16(udp + 2) != CLIENT || m[0] != REPLY || m[1] != 1 ||
        m[2] != sizeof r->client || bytes_get32(m + 236) != COOKIE ||
        said < 8 + OPTIONS)
        return RC_BAD;
    if (said - 8 < left) /* behind it is Ethernet's padding */
        left = said - 8;
    r->xid = bytes_get32(m + 4);
    memcpy(r->client, m + 28, sizeof r->client);
    read_options(r, reader_of(m + OPTIONS, left - OPTIONS));
    return RC_OK;
}
