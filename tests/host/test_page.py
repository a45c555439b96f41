#!/usr/bin/env python3
"""The page's port of the firmware under sanitizers: strangers of all kinds,
while the clock goes on (common/pagecrowd.py)."""
import sys

from tests.common import pagecrowd, testbed
from tests.common.machine import Process
from tests.tap import Tap


def boot(card, port):
    return Process(card, tcp=[(port, 80)])


if __name__ == "__main__":
    tap = Tap()
    with testbed.Testbed() as w:
        pagecrowd.crowd(tap, w, boot)
    with testbed.Testbed() as w:
        w.chronyd(3)
        pagecrowd.shut_out(tap, w, boot)
    sys.exit(tap.done())
