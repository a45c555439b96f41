/* the keys and certificates of ours that chrony.conf names */
#include "core/crypto.h"
#include "core/fmt.h"
#include "config.h"
#include "ke_server.h"
#include "store.h"

static uint8_t cert[LIMIT_KE_FILE], key[LIMIT_KE_FILE]; /* of one pair      */

/* Reads a file of the card. Returns its length, or 0, and then *why is why. */
static size_t read_named(const char *name, uint8_t *buf, const char **why)
{
    char place[CONF_PATH_MAX];
    int len = RC_STATE;
    for (unsigned k = 0; len == RC_STATE && conf_path_place(name, k, place) > 0;
         k++)
        len = store_read_file(place, buf, LIMIT_KE_FILE);
    if (len > 0)
        return (size_t)len;
    *why = len == RC_STATE   ? "no such file on the boot partition"
           : len == RC_SPACE ? "longer than 32 KB: not read"
           : len == 0        ? "it is empty"
                             : STORE_UNREADABLE;
    return 0;
}
static_assert(LIMIT_KE_FILE == 32 * 1024, "the message says so");

static void read_pair(const struct conf *conf, const struct conf_pair *pair)
{
    size_t cert_len, key_len = 0;
    const char *why = NULL, *which = pair->cert;
    char where[LIMIT_CONF_PATH + 8];
    if (!pair->key[0] || !pair->cert[0]) { /* conf.c has said so */
        ke_server_leave_out(pair, NULL, pair->key[0] ? pair->key : pair->cert,
                            pair->key[0] ? "no certificate belongs to it"
                                         : "no key belongs to it");
        return;
    }
    (void)fmt(where, sizeof where, "%s:%u",
              conf_file_name(conf, pair->key_at.file),
              (unsigned)pair->key_at.line);
    cert_len = read_named(pair->cert, cert, &why);
    if (!why) {
        which = pair->key;
        key_len = read_named(pair->key, key, &why);
    }
    if (why)
        ke_server_leave_out(pair, where, which, why);
    else
        ke_server_add(pair, where, cert, cert_len, key, key_len);
    crypto_wipe(key, sizeof key);
}

void config_read_pairs(const struct conf *conf)
{
    ke_server_init();
    for (unsigned i = 0; i < conf->pair_count; i++)
        read_pair(conf, &conf->pair[i]);
}
