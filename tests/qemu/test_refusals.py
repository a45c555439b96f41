#!/usr/bin/env python3
"""A handful of what must be refused, on the emulated Pi. All of it, on the
same firmware as a Linux process: tests/host/test_refusals.py."""
import sys

from tests.common import refusals
from tests.common import testbed
from tests.common.machine import Machine
from tests.tap import Tap


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        refusals.certificates(tap, w, Machine, ("expired", "wrong-name"))
        refusals.handshakes(tap, w, Machine, ("tls12",))
        refusals.replies(tap, w, Machine, ("tamper", "replay", "nak"))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
