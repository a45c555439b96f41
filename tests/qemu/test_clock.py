#!/usr/bin/env python3
"""The Pi's clock against this machine's, which its servers serve: see hostclock.py for how it is read."""
import sys
import time

from tests.common import hostclock
from tests.common import testbed
from tests.common.machine import Machine
from tests.tap import Tap

TRIES = 60


def judge(tap, machine, when):
    found = hostclock.compare(machine, TRIES)
    if not tap.check(found, f"{when}: `date` answers", machine.text):
        return
    offset, known, claim = found
    print(f"# {when}: offset {offset * 1e6:+.0f} us, known to +-"
          f"{known * 1e6:.0f} us (half the round trip, the smallest of "
          f"{TRIES}); tracking states +-{claim * 1e6:.0f} us")
    tap.check(abs(offset) <= known + claim,
              f"{when}: no further from this machine's clock than the Pi "
              "itself states", found)
    tap.check(claim < 1, f"{when}: it states less than a second", claim)


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        w.chronyd()
        with Machine(card=w.card(conf=w.conf(testbed.FAST))) as m:
            # Not before the clock is set, and saying so.
            early = m.wait(r"time floor .*$") and m.ask("date")
            tap.check("not synchronised" in early
                      or "synchronised:" in m.text,
                      "before it is set the clock says so", early)
            tap.check("synchronised:" in m.text or testbed.synchronise(m),
                      "synchronised", m.text)
            judge(tap, m, "at once")
            time.sleep(6)
            judge(tap, m, "six seconds later")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
