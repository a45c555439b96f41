/* main.c -- the firmware's main() on Linux. */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "port.h"

int main(int argc, char **argv)
{
    const char *card = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--card") == 0 && i + 1 < argc) {
            card = argv[++i];
        } else {
            fprintf(stderr, "usage: %s [--card FILE]\n", argv[0]);
            return 2;
        }
    }
    host_start(card);
    gnomon_main();
}
