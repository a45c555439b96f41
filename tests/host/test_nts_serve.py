#!/usr/bin/env python3
"""The whole firmware as a Linux process, under sanitizers, serving NTS to
chronyd 4.3 and 4.6.1 (tests/common/nts_serve.py)."""
import sys

from tests.common import nts_serve, testbed
from tests.common.machine import Process
from tests.tap import Tap


def boot(card, address, ntp, ke):
    assert address == "127.0.0.1"
    return Process(card, udp=[(ntp, 123)], tcp=[(ke, 4460)])


def main(only):
    tap = Tap()
    for scenario in (nts_serve.served, nts_serve.rotated, nts_serve.rsa, nts_serve.dates,
                     nts_serve.no_keys):
        if not only or scenario.__name__ in only:
            with testbed.Testbed() as w:
                w.chronyd(3)
                scenario(tap, w, boot)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
