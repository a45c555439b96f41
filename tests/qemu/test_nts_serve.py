#!/usr/bin/env python3
"""The emulated Pi serves NTS: chronyd 4.3 and 4.6.1 and ntpd follow it with
authenticated requests; a reset and a renewed certificate cost them no key
exchange; cards without a key and with certificates that end
(tests/common/nts_serve.py)."""
import sys

from tests.common import nts_serve, testbed
from tests.common.machine import Machine
from tests.peers import netns
from tests.tap import Tap


def boot(card, address, ntp, ke):
    return Machine(card=card, net=f"user,id=n0,hostfwd=udp:{address}:{ntp}-:"
                   f"123,hostfwd=tcp:{address}:{ke}-:4460")


def main(only):
    tap = Tap()
    scenarios = [nts_serve.served, nts_serve.rotated, nts_serve.rsa,
                 nts_serve.dates, nts_serve.no_keys, nts_serve.bad_keys,
                 nts_serve.ntpd]
    for scenario in scenarios:
        if only and scenario.__name__ not in only:
            continue
        if scenario is nts_serve.ntpd: # the last: there is no way back
            if not netns.available():
                tap.check(True, "network namespace # SKIP the kernel does "
                          "not let us")
                continue
            netns.enter()
        with testbed.Testbed() as w:
            w.chronyd(3)
            scenario(tap, w, boot)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
