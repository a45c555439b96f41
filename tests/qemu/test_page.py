#!/usr/bin/env python3
"""The emulated Pi's page: strangers of all kinds at its port, while the clock
goes on (common/pagecrowd.py)."""
import sys

from tests.common import pagecrowd, testbed
from tests.common.machine import Machine
from tests.qemu.memory import Memory
from tests.tap import Tap


def boot(card, port):
    return Machine(card=card,
                   net=f"user,id=n0,hostfwd=tcp:127.0.0.1:{port}-:80")


if __name__ == "__main__":
    tap = Tap()
    with testbed.Testbed() as w:
        pagecrowd.crowd(tap, w, boot, Memory)
    sys.exit(tap.done())
