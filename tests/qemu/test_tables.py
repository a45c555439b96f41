#!/usr/bin/env python3
"""A cold card and three chronyd: keys, cookies and reach, as the console's
tables show them (issue 2, must show 2)."""
import sys
import time

import world
from machine import Machine, Tap


def wait_for(condition, limit=120):
    end = time.monotonic() + limit
    while not condition() and time.monotonic() < end:
        time.sleep(0.5)


def states(machine):
    return "".join(row[0] for row in world.sources(machine))


def reached(machine):
    rows = world.sources(machine)
    return len(rows) == 3 and all(row[4] == 0o377 for row in rows)


def main():
    tap = Tap()
    with world.World() as w:
        servers = w.chronyd()
        with Machine(card=w.card(conf=w.conf(world.FAST))) as m:
            tap.check(world.synchronise(m), "synchronised", m.text)
            wait_for(lambda: reached(m))
            tap.check(reached(m), "reach 377 of each of three", m.text)
            shown = states(m)
            tap.check(len(shown) == 3 and shown.count("*") == 1
                      and not set(shown) - set("*+-"),
                      "one source selected, none refused", m.text)
            # Between a request and its reply a cookie is on its way.
            wait_for(lambda: world.keys_are_good(world.authdata(m), 3), 20)
            rows = world.authdata(m)
            tap.check(world.keys_are_good(rows, 3),
                      "authdata: NTS, AEAD 15, 256 bits, 8 cookies, no NAK",
                      rows)
            tracking = m.ask("tracking")
            tap.check(world.field(tracking, "Leap status") == "Normal"
                      and world.field(tracking, "Stratum") == "2",
                      "tracking: stratum 2, leap status Normal", tracking)
            counts = [s.ke_connections() for s in servers]
            tap.check(counts == [1, 1, 1], "one key exchange for each", counts)
            stats = [s.serverstats() for s in servers]
            tap.check(all(s["Authenticated NTP packets"] >= 8
                          and s["Authenticated NTP packets"]
                          == s["NTP packets received"] for s in stats),
                      "each server authenticated all that it was sent", stats)
            # `board` is where a stop would show.
            board = m.ask("board")
            tap.check(world.field(board, "Log lines lost") == "0"
                      and "0 errors" in world.field(board, "Journal"),
                      "no log line lost, no journal error", board)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
