/* conf_path.h -- where on the boot partition a path of a configuration is
 * looked for. People copy their files to the card with the paths that they had
 * on a Linux machine: /etc/chrony/conf.d may be the folder etc/chrony/conf.d,
 * chrony/conf.d or conf.d of the card. All three are tried, in this order, and
 * the first that is there is it. A relative path begins at the partition's
 * root, and loses its first folders in the same way. A pattern does not lose
 * its last folder: the root's files are not those of a folder of any name.
 * Pure; any bytes may come in. */
#ifndef CONF_PATH_H
#define CONF_PATH_H

#include "base.h"

#define CONF_PATH_MAX 256 /* a path on the card and its 0                   */

/* Write the i-th place to look for path to out: no slash at its beginning or
 * end, none twice, no "." in it. Returns its length; RC_STATE: there is no i-th
 * one; RC_BAD: the path cannot be on the card (it is empty, too long, or goes
 * up with ".."). */
int conf_path_place(const char *path, unsigned i,
                    char out[CONF_PATH_MAX]) MUST_CHECK;

/* Tell whether a path has a pattern in it: one of * ? [ */
bool conf_path_is_pattern(const char *path);

/* Tell whether a file's name matches a pattern of * ? and [a-z] or [!a-z],
 * whatever its case is, as FAT has it. A name that begins with a full stop
 * matches only a pattern that does, so what macOS leaves on a card does not. */
bool conf_path_matches(const char *pattern, const char *name);

/* Compare two names without their case: < 0, 0, > 0. A folder of FAT has no two
 * that are the same so. */
int conf_path_order(const char *a, const char *b);

#endif
