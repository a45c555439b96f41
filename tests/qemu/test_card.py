#!/usr/bin/env python3
"""The very card that `make card` makes, with a chrony.conf of ours, and each
kernel that is on it, on every emulated Pi that starts that kernel: the time is
had, and comes back from saved cookies; they count their time in instructions,
and the servers live in it. chrony.conf as it is shipped has no mistake in it,
whatever the name servers here know."""
import re
import sys

from tests.common import testbed
from tests.common.board import boards
from tests.common.machine import Machine
from tests.peers import mkcard
from tests.peers.when import DAY, build
from tests.tap import Tap

TODAY = build() + 30 * DAY


def starts(tap, w, board, machine):
    card, kernel = w.card_as_made(w.conf(testbed.FAST), f"{machine}.img",
                                  board)
    for hour, when in enumerate(("after key exchange", "from saved cookies")):
        with w.machine(card, TODAY + 3600 * hour, kernel=kernel, board=board,
                       machine=machine) as m:
            good = testbed.synchronise(m)
            board_says = m.ask("board") if good else ""
            good = when in board_says and "counter         : " in board_says
            tap.check(good, f"{board.kernel}.img on {machine}: the time is "
                      f"had {when}", m.text)
            if when == "after key exchange":
                m.seen = 0  # it may have come while `board' was answered
                said = m.wait(r"REPORT\.TXT: written")
                report = reported_once(tap, card, said)
    tap.check(mkcard.get(card, "REPORT.TXT") == report,
              f"{machine}: REPORT.TXT is not written again")


def as_shipped(tap, w):
    card = w.path("shipped.img")
    kernel = mkcard.as_made(card, {})
    with Machine(card=card, kernel=kernel) as m:
        tap.check(m.wait("network link up") and "chrony.conf" not in m.text
                  and len(re.findall(r"^\^", m.ask("sources"), re.M)) >= 4
                  and "chrony.conf good" in m.ask("board"),
                  "chrony.conf as shipped: four sources, no mistake", m.text)


def reported_once(tap, card, good):
    """The first synchronisation's report, which no later start changes."""
    report = mkcard.get(card, "REPORT.TXT")
    tap.check(good and b", the last\r\n" in report[:60]
              and b"] synchronised: " in report,
              "REPORT.TXT: the synchronisation, and the last of its kind",
              report[:4000].decode("ascii", "replace"))
    return report


def main():
    tap = Tap()
    with testbed.Testbed(at=TODAY) as w:
        w.chronyd(3, virtual=True)
        as_shipped(tap, w)
        for board in boards():
            for machine in board.machines:
                starts(tap, w, board, machine)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
