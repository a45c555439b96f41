/* record_chrony.c -- one NTS key exchange through OpenSSL, in hex on stdout.
 * Not part of the tests: record_chrony.py builds and runs it to make
 * chrony_vectors.h. It shares no code with the firmware, so what it records
 * is other people's TLS, other people's exporter, chrony's bytes.
 *
 *     gcc record_chrony.c -lssl -lcrypto; ./a.out PORT CA.pem */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void die(const char *what)
{
    fprintf(stderr, "record_chrony: %s\n", what);
    exit(1);
}

static void show(const char *name, const unsigned char *b, size_t len)
{
    printf("%s ", name);
    for (size_t i = 0; i < len; i++)
        printf("%02x", b[i]);
    printf("\n");
}

static int dial(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((unsigned short)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("cannot connect");
    return fd;
}

static SSL *handshake(int port, const char *ca)
{
    static const unsigned char alpn[] = "\x07ntske/1";
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
        die("cannot read the CA");
    SSL *s = SSL_new(ctx);
    SSL_set1_host(s, "localhost");
    SSL_set_tlsext_host_name(s, "localhost");
    SSL_set_alpn_protos(s, alpn, sizeof alpn - 1);
    SSL_set_fd(s, dial(port));
    if (SSL_connect(s) != 1)
        die("handshake failed");
    return s;
}

int main(int argc, char **argv)
{
    static const char label[] = "EXPORTER-network-time-security";
    static const unsigned char request[] = {0x80, 1, 0, 2, 0, 0,  /* NTPv4   */
                                            0x80, 4, 0, 2, 0, 15, /* AEAD 15 */
                                            0x80, 0, 0, 0};
    unsigned char response[65536], key[32], context[5] = {0, 0, 0, 15, 0};
    size_t len = 0;
    if (argc != 3)
        die("usage: record_chrony PORT CA.pem");
    SSL *s = handshake(atoi(argv[1]), argv[2]);
    if (SSL_write(s, request, sizeof request) != sizeof request)
        die("cannot write");
    for (int n;
         (n = SSL_read(s, response + len, (int)(sizeof response - len))) > 0;)
        len += (size_t)n;
    show("response", response, len);
    for (context[4] = 0; context[4] < 2; context[4]++) {
        if (SSL_export_keying_material(s, key, sizeof key, label, strlen(label),
                                       context, sizeof context, 1) != 1)
            die("cannot export");
        show(context[4] ? "s2c" : "c2s", key, sizeof key);
    }
    return 0;
}
