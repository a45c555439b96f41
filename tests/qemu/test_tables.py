#!/usr/bin/env python3
"""A cold card and three chronyd: keys, cookies and reach, as the console's
tables show them."""
import sys

from tests.common import testbed
from tests.common.machine import Machine
from tests.common.refusals import until
from tests.tap import Tap


def states(machine):
    return "".join(row[0] for row in testbed.sources(machine))


def reached(machine):
    rows = testbed.sources(machine)
    return len(rows) == 3 and all(row[4] == 0o377 for row in rows)


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        servers = w.chronyd()
        with Machine(card=w.card(conf=w.conf(testbed.FAST))) as m:
            tap.check(testbed.synchronise(m), "synchronised", m.text)
            tap.check(until(lambda: reached(m)), "reach 377 of each of three", m.text)
            shown = states(m)
            tap.check(len(shown) == 3 and shown.count("*") == 1
                      and not set(shown) - set("*+-"),
                      "one source selected, none refused", m.text)
            # Between a request and its reply a cookie is on its way.
            tap.check(until(lambda: testbed.keys_are_good(
                testbed.authdata(m), 3)),
                      "authdata: NTS, AEAD 15, 256 bits, 8 cookies, no NAK",
                      m.text)
            tracking = m.ask("tracking")
            tap.check(testbed.field(tracking, "Leap status") == "Normal"
                      and testbed.field(tracking, "Stratum") == "2",
                      "tracking: stratum 2, leap status Normal", tracking)
            # Not one connection: chronyd cuts one that takes two seconds.
            tap.check(m.text.count("key exchange done") == 3,
                      "one key exchange for each", m.text)
            stats = [s.serverstats() for s in servers]
            tap.check(all(s["Authenticated NTP packets"] >= 8
                          and s["Authenticated NTP packets"]
                          == s["NTP packets received"] for s in stats),
                      "each server authenticated all that it was sent", stats)
            # `board` is where a stop would show.
            board = m.ask("board")
            tap.check(testbed.field(board, "Log lines lost") == "0"
                      and "0 errors" in testbed.field(board, "Journal"),
                      "no log line lost, no journal error", board)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
