#!/usr/bin/env python3
"""A handful of what must be refused, on the emulated Pi. All of it, on the
same firmware as a Linux process: tests/host/test_refusals.py."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import refusals  # noqa: E402
import world  # noqa: E402
from machine import Machine, Tap  # noqa: E402


def main():
    tap = Tap()
    with world.World() as w:
        refusals.certificates(tap, w, Machine, ("expired", "wrong-name"))
        refusals.handshakes(tap, w, Machine, ("tls12",))
        refusals.replies(tap, w, Machine, ("tamper", "replay", "nak"))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
