/* boot_model.h -- a whole SoC on the host, as far as board_main gets: the
 * firmware behind its mailbox, pins and console as registers; what is done to
 * them is told in words. */
#ifndef BOOT_MODEL_H
#define BOOT_MODEL_H

#include "core/base.h"
#include "vc_model.h"

#define BOOT_MUTE 0xffffffffu /* instead of a code: no answer at all */

struct boot {
    uint32_t midr, code; /* the SoC, the revision code that is told */
    uint32_t unknown;    /* the firmware does not know this tag ... */
    enum vc_ignorance ignorance;
    bool zero_clocks;
    bool board_alone; /* tell only what `board` would say, all of it */
};

/* Runs board_main on it, writes what it did to fd, and ends the process. */
_Noreturn void boot_model_run(const struct boot *how, int fd);

#endif
