/* config.h -- chrony.conf and the certificates it names, from the boot
 * partition, once at start-up. What is wrong with them goes to the log. */
#ifndef CONFIG_H
#define CONFIG_H

#include "core/conf.h"
#include "core/status.h"

/* Reads chrony.conf. After store_init; `card` is whether that found one, and
 * so whether a missing file is worth a word. Without the file every word has
 * its default. Returns the configuration, which stays as it is from then on. */
const struct conf *config_read(bool card);

/* Reads the ntstrustedcerts files into TLS's certificate sets. After
 * config_read and tls_client_init. */
void config_read_trust(void);

/* Reads the files of the ntsserverkey and ntsservercert lines and gives each
 * pair to ke_server.h, which it starts; what is wrong with one leaves that one
 * out. After store_init and tls_platform_init. */
void config_read_pairs(const struct conf *conf);

/* Fills the configuration's section of the snapshot. */
void config_status(struct status_config *out);

#endif
