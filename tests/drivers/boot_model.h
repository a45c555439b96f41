/* boot_model.h -- a whole SoC on the host, as far as board_main gets: the
 * firmware behind its mailbox, pins and console as registers; what is done to
 * them is told in words. */
#ifndef BOOT_MODEL_H
#define BOOT_MODEL_H

#include "core/base.h"

#define BOOT_MUTE 0xffffffffu /* instead of a code: no answer at all */

/* Runs board_main on the SoC with this MIDR, whose firmware tells that revision
 * code, writes what it did to fd, and ends the process. */
_Noreturn void boot_model_run(uint32_t midr, uint32_t code, int fd);

#endif
