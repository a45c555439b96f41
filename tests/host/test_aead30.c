/* The exporter's context of AEAD 30, settled by a real chronyd: a key
 * exchange over firmware's TLS with record 1024 in the request or cut out of
 * it, keys by either context, one request, and what the server makes of it.
 * Run by test_aead30.py: arguments are CA file, KE port, NTP port, "with" or
 * "without", the AEAD that the context names. Prints `record N` (echoed or
 * not) and `verdict N` (enum nts_verdict). */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/aead.h"
#include "core/mono.h"
#include "core/nts_client.h"
#include "core/nts_ke.h"
#include "host.h"
#include "port.h"
#include "adapters/net.h"
#include "adapters/tls_client.h"
#include "adapters/tls_platform.h"

#define LIMIT_S 20

static struct conf conf;
static struct nts_ke_client ke;
static struct nts_assoc assoc;

static void moved(mono_ns when)
{
    (void)when;
}

static mono_ns now(void)
{
    return mono_of_ticks(port_ticks(), port_tick_hz());
}

/* One pass of the network; ends a hang. */
static void pass(void)
{
    port_poll();
    mono_ns t = now();
    mono_ns next = mono_min(net_poll(t), t + MONO_MS);
    if (t > LIMIT_S * MONO_S) {
        printf("hangs\n");
        exit(1);
    }
    port_idle(mono_to_ticks(next, port_tick_hz()));
}

static void must(int rc, const char *what)
{
    if (rc == RC_OK)
        return;
    printf("%s: %d %s\n", what, rc, tls_client_reason(0));
    exit(1);
}

static void trust(const char *path)
{
    static uint8_t file[8192];
    FILE *in = fopen(path, "rb");
    ASSERT(in);
    size_t len = fread(file, 1, sizeof file, in);
    fclose(in);
    must(tls_trust(0, file, len) == 1 ? RC_OK : RC_BAD, "CA");
}

static void handshake(uint16_t port)
{
    const struct addr addr = {.family = 4, .b = {10, 0, 2, 2}};
    const struct cert_clock any = {.floor = 0};
    while (!net_up())
        pass();
    must(tls_client_open(0, "10.0.2.2", &addr, port, 0, &any), "open");
    int rc;
    while ((rc = tls_client_step(0, now())) == RC_AGAIN)
        pass();
    must(rc, "handshake");
}

/* The client's own request; without: less the record before the last. */
static size_t make_request(uint8_t *out, size_t cap, bool with)
{
    static const uint16_t only = AEAD_AES_128_GCM_SIV;
    static const uint8_t record[] = {4, 0, 0, 0};
    int n = nts_ke_client_request(&ke, &only, 1, out, cap);
    ASSERT(n > 8 && memcmp(out + n - 8, record, 4) == 0);
    if (with)
        return (size_t)n;
    memmove(out + n - 8, out + n - 4, 4);
    return (size_t)n - 4;
}

static void exchange(bool with)
{
    uint8_t buf[512];
    enum nts_ke_status s = NTS_KE_MORE;
    size_t len = make_request(buf, sizeof buf, with);
    int rc = tls_session_write(tls_client_session(0), buf,
                               len); /* as ke_client's: it fits one record */
    must(rc == (int)len ? RC_OK : rc, "write");
    while (s == NTS_KE_MORE) {
        while ((rc = tls_session_read(tls_client_session(0), buf,
                                      sizeof buf)) == RC_AGAIN)
            pass();
        must(rc > 0 ? RC_OK : RC_IO, "read");
        s = nts_ke_client_feed(&ke, buf, (size_t)rc);
    }
    if (s != NTS_KE_DONE || ke.result.aead != AEAD_AES_128_GCM_SIV)
        must(RC_BAD, nts_ke_status_text(s));
}

static void export(uint16_t named, uint8_t key[2][16])
{
    uint8_t context[5];
    for (int way = 0; way < 2; way++) {
        nts_ke_exporter_context(context, named, way);
        must(tls_session_export(tls_client_session(0), NTS_KE_EXPORTER_LABEL,
                                context, sizeof context, key[way], 16),
             "export");
    }
}

/* Those of the context named, and the others for a second try. */
static void take_keys(uint16_t named)
{
    uint8_t key[2][16];
    export(named, key);
    must(nts_assoc_keys(&assoc, AEAD_AES_128_GCM_SIV, key[0], key[1]), "keys");
    export(named == 30 ? 15 : 30, key);
    nts_assoc_set_alt(&assoc, key[0], key[1]);
    for (int i = 0; i < 2; i++)
        must(nts_assoc_put(&assoc, ke.result.cookie[i].b,
                           ke.result.cookie[i].len),
             "cookie");
}

static enum nts_verdict ask_time(uint16_t port)
{
    static uint8_t pkt[LIMIT_NTP_PACKET] = {0x23}, in[2048], text[2048];
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = LIMIT_S};
    uint8_t uid[NTS_UID_LEN];
    struct nts_cookie c;
    struct nts_reply got;
    must(nts_assoc_take(&assoc, &c), "take");
    int len = nts_client_request(&assoc, &c, 0, uid, pkt, sizeof pkt);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ASSERT(fd >= 0 && len > 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ssize_t n = -1;
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
        send(fd, pkt, (size_t)len, 0) == len)
        n = recv(fd, in, sizeof in, 0);
    close(fd);
    must(n > 0 ? RC_OK : RC_TIMEOUT, "reply");
    return nts_client_reply(&assoc, uid, in, (size_t)n, text, sizeof text,
                            &got);
}

int main(int argc, char **argv)
{
    ASSERT(argc == 6); /* run test_aead30.py, not this */
    int rc = conf_parse(&conf, "", 0);
    ASSERT(rc == RC_OK);
    host_start(NULL);
    tls_platform_init();
    tls_client_init(false);
    net_init(&conf, moved);
    trust(argv[1]);
    handshake((uint16_t)atoi(argv[2]));
    exchange(strcmp(argv[4], "with") == 0);
    take_keys((uint16_t)atoi(argv[5]));
    tls_session_close(tls_client_session(0));
    printf("record %d\n", ke.result.compliant);
    printf("verdict %d\n", (int)ask_time((uint16_t)atoi(argv[3])));
    ASSERT(nts_assoc_use_alt(&assoc) && !nts_assoc_use_alt(&assoc));
    printf("others %d\n", (int)ask_time((uint16_t)atoi(argv[3])));
    return 0;
}
