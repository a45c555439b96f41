#!/usr/bin/env python3
"""Three NTS sources of which one lies by half a second, before the emulated
Pi (issue 3, must show 5): marked x, and the clock follows the two."""
import sys

import liars
import world
from machine import Machine, Tap


def main():
    tap = Tap()
    with world.World() as w:
        servers = w.chronyd(3)
        liars.lie(servers[2])
        liars.one_of_three(tap, w, Machine, servers)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
