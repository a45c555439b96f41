#!/usr/bin/env python3
"""Three NTS sources of which one lies by half a second, before the emulated
Pi: marked x, and the clock follows the two."""
import sys

from tests.common import liars
from tests.common import testbed
from tests.common.machine import Machine
from tests.tap import Tap


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        servers = w.chronyd(3)
        liars.lie(servers[2])
        liars.one_of_three(tap, w, Machine, servers)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
