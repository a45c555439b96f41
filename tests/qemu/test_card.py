#!/usr/bin/env python3
"""The very card that `make card` makes, with a chrony.conf of ours, and each
kernel that is on it, on every emulated Pi that starts that kernel: the time is
had, and comes back from saved cookies."""
import sys

from tests.common import testbed
from tests.common.board import boards
from tests.common.machine import Machine
from tests.tap import Tap


def starts(tap, w, board, machine):
    card, kernel = w.card_as_made(w.conf(testbed.FAST), f"{machine}.img",
                                  board)
    for when in ("after key exchange", "from saved cookies"):
        with Machine(card=card, kernel=kernel, board=board,
                     machine=machine) as m:
            good = testbed.synchronise(m) and when in m.ask("board")
            tap.check(good, f"{board.kernel}.img on {machine}: the time is "
                      f"had {when}", m.text)


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        w.chronyd(3)
        for board in boards():
            for machine in board.machines:
                starts(tap, w, board, machine)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
