/* Certificates, names and name constraints of strangers. First byte: how
 * long the constraints are that the rest is judged by, 0: a certificate. */
#include <stdlib.h>
#include <string.h>

#include "core/x509_cert.h"
#include "core/x509_names.h"

static void names(struct der_view constraints, struct der_view san,
                  struct der_view subject)
{
    static const char *const wanted[] = {"nts1.test.", "10.0.2.2",
                                         "2001:db8::7"};
    for (size_t i = 0; i < LEN(wanted); i++) {
        struct x509_host h;
        if (x509_host_of(&h, wanted[i]) != RC_OK)
            abort();
        int match = x509_names_match(san, &h);
        int allowed = x509_names_permitted(constraints, san, subject, &h);
        if ((match != RC_OK && match != RC_AUTH && match != RC_BAD) ||
            (allowed != RC_OK && allowed != RC_AUTH && allowed != RC_BAD))
            abort();
    }
}

static void certificate(const uint8_t *data, size_t size)
{
    struct x509_cert c;
    char why[100], name[32];
    if (x509_cert_read(&c, data, size) != RC_OK)
        return;
    if (c.len > size || !c.issuer.p || !c.subject.p)
        abort();
    bool refused = x509_cert_refuse(&c, why, sizeof why);
    if (!refused && (c.key_bits > X509_RSA_MAX_BITS ||
                     c.exponent_bits > X509_EXPONENT_MAX_BITS))
        abort();
    x509_cert_common_name(c.issuer, name, sizeof name);
    if (x509_names_same(c.issuer, c.subject) &&
        x509_names_hash(c.issuer) != x509_names_hash(c.subject))
        abort();
    names(c.constraints, c.san, c.subject);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x509_host h;
    char host[64];
    if (size == 0)
        return 0;
    if (data[0] == 0) {
        certificate(data + 1, size - 1);
        return 0;
    }
    size_t n = data[0] < size ? data[0] : size - 1;
    names((struct der_view){data + 1, n},
          (struct der_view){data + 1 + n, size - 1 - n},
          (struct der_view){data + 1 + n, size - 1 - n});
    n = size - 1 < sizeof host - 1 ? size - 1 : sizeof host - 1;
    memcpy(host, data + 1, n);
    host[n] = 0;
    (void)!x509_host_of(&h, host);
    return 0;
}
