/* version.h -- what this build is; the values are made by the Makefile. */
#ifndef VERSION_H
#define VERSION_H

#include "core/base.h"

extern const char gnomon_version[]; /* git describe                        */
extern const int64_t gnomon_build_unix; /* time of the commit: no clock starts
                                         * below it, and NTP eras turn on it */

#endif
