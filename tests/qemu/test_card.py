#!/usr/bin/env python3
"""The very card that `make card` makes, with a chrony.conf of ours, and the
kernel that is on it: the time is had, and comes back from saved cookies."""
import sys

from tests.common import testbed
from tests.common.machine import Machine
from tests.peers import mkcard
from tests.tap import Tap


def starts(tap, w):
    w.chronyd(3)
    card, kernel = w.card_as_made(w.conf(testbed.FAST))
    with Machine(card=card, kernel=kernel) as m:
        tap.check(testbed.synchronise(m)
                  and "after key exchange" in m.ask("board"),
                  "the time is had", m.text)
    with Machine(card=card, kernel=kernel) as m:
        tap.check(testbed.synchronise(m)
                  and "from saved cookies" in m.ask("board"),
                  "and comes back from saved cookies", m.text)


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        starts(tap, w)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
