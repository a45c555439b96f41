/* A failed ASSERT ends the test run loudly. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base.h"

_Noreturn void panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "ASSERT failed: %s:%d: %s\n", file, line, what);
    abort();
}
