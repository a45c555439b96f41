#include "tls_words_private.h"

#include <mbedtls/asn1.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>

#include "core/fmt.h"

struct word {
    int code;
    const char *text;
};

static const struct word alerts[] = {
    {MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE, "unexpected message"},
    {MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC, "bad record MAC"},
    {MBEDTLS_SSL_ALERT_MSG_RECORD_OVERFLOW, "record overflow"},
    {MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE,
     "it and we have no group or kind of key in common"},
    {MBEDTLS_SSL_ALERT_MSG_NO_CERT, "no certificate"},
    {MBEDTLS_SSL_ALERT_MSG_BAD_CERT, "bad certificate"},
    {MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT, "unsupported certificate"},
    {MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED, "certificate revoked"},
    {MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED, "certificate expired"},
    {MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN, "certificate unknown"},
    {MBEDTLS_SSL_ALERT_MSG_ILLEGAL_PARAMETER, "illegal parameter"},
    {MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA, "unknown CA"},
    {MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED, "access denied"},
    {MBEDTLS_SSL_ALERT_MSG_DECODE_ERROR, "decode error"},
    {MBEDTLS_SSL_ALERT_MSG_DECRYPT_ERROR, "decrypt error"},
    {MBEDTLS_SSL_ALERT_MSG_INSUFFICIENT_SECURITY, "insufficient security"},
    {MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR, "internal error"},
    {MBEDTLS_SSL_ALERT_MSG_INAPROPRIATE_FALLBACK, "inappropriate fallback"},
    {MBEDTLS_SSL_ALERT_MSG_USER_CANCELED, "canceled"},
    {MBEDTLS_SSL_ALERT_MSG_NO_RENEGOTIATION, "no renegotiation"},
    {MBEDTLS_SSL_ALERT_MSG_MISSING_EXTENSION, "missing extension"},
    {MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME,
     "it does not know the name we asked for"},
    {MBEDTLS_SSL_ALERT_MSG_UNKNOWN_PSK_IDENTITY, "unknown PSK identity"},
    {MBEDTLS_SSL_ALERT_MSG_CERT_REQUIRED, "it wants a client certificate"},
};

static const struct word errors[] = {
    {MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION, "server does not speak TLS 1.3"},
    {MBEDTLS_ERR_SSL_INVALID_RECORD, "server does not speak TLS"},
    {MBEDTLS_ERR_SSL_CONN_EOF,
     "server closed the connection in the TLS handshake"},
    {MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY,
     "server closed the connection in the TLS handshake"},
    {MBEDTLS_ERR_NET_CONN_RESET, "connection reset"},
    {MBEDTLS_ERR_SSL_INVALID_MAC, "record was damaged or forged"},
    {MBEDTLS_ERR_SSL_DECODE_ERROR, "server's TLS message is malformed"},
    {MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER,
     "server's TLS message breaks the protocol"},
    {MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION,
     "server's TLS message has an extension that we did not ask for"},
    {MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE,
     "server's TLS message is out of order"},
    {MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE, "TLS: nothing in common"},
    {MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE,
     "server wants a client certificate"},
    /* what Mbed TLS makes of a record that its buffer is too small for */
    {MBEDTLS_ERR_SSL_BAD_INPUT_DATA,
     "server's TLS message is too long: more than 16 KB"},
    {MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL,
     "server's TLS message is too long: more than 16 KB"},
};

static const char *find(const struct word *w, size_t n, int code)
{
    for (size_t i = 0; i < n; i++)
        if (w[i].code == code)
            return w[i].text;
    return NULL;
}

void tls_words_alert(uint8_t alert, char *out, size_t cap)
{
    const char *text = find(alerts, LEN(alerts), alert);
    if (alert == MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION)
        (void)fmt(out, cap, "server does not speak TLS 1.3 (alert 70)");
    else if (alert == MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL)
        (void)fmt(out, cap, "ALPN ntske/1 not agreed (alert 120)");
    else if (text)
        (void)fmt(out, cap, "server refuses: %s (alert %u)", text,
                  (unsigned)alert);
    else
        (void)fmt(out, cap,
                  "server refuses, and does not say why that we understand "
                  "(alert %u)",
                  (unsigned)alert);
}

void tls_words_error(int error, char *out, size_t cap)
{
    const char *text = find(errors, LEN(errors), error);
    /* Mbed TLS adds a low-level code to some: look for it alone, too. */
    if (!text && error < 0)
        text = find(errors, LEN(errors), -(-error & 0x7f));
    if (text)
        (void)fmt(out, cap, "%s", text);
    else
        (void)fmt(out, cap, "TLS failed (-0x%04x)", (unsigned)-error);
}
