/* lwIP's compiler port. One loop, no threads: protection is off. */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include <stdint.h>

#include "core/base.h"

uint32_t net_random(void); /* adapters/net.c: from port_entropy */

#define LWIP_RAND() net_random()
#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(x) panic(__FILE__, __LINE__, x)
#define LWIP_NO_INTTYPES_H      0
#define SYS_ARCH_DECL_PROTECT(x)
#define SYS_ARCH_PROTECT(x)
#define SYS_ARCH_UNPROTECT(x)

#endif
