#!/usr/bin/env python3
"""The whole firmware as a Linux process, from start to restart: three servers,
addresses, a clean reset, and time again from saved cookies while nobody
answers key exchanges."""
import sys

from tests.common import testbed
from tests.common.machine import Process
from tests.tap import Tap
from tests.common.refusals import until

RESET = 3  # the exit status of tests/host/port_linux.c


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        servers = w.chronyd(3, front=True)
        card = w.card(conf=w.conf(testbed.FAST))
        with Process(card) as m:
            tap.check(testbed.synchronise(m), "synchronised", m.text)
            tap.check(m.wait(r"IPv6 address fec0::"),
                      "an IPv6 address by router advertisement", m.text)
            tap.check(until(lambda: testbed.keys_are_good(
                testbed.authdata(m), 3)), "keys and 8 cookies of three",
                m.ask("authdata"))
            m.send("reset\r")
            tap.check(until(lambda: m.child.poll() is not None)
                      and m.child.returncode == RESET,
                      "reset saves and restarts", m.text)
        asked = [s.gate.count for s in servers]
        for server in servers:
            server.gate.close()
        with Process(card) as m:
            tap.check(testbed.synchronise(m), "again, with KE closed", m.text)
            board = m.ask("board")
            tap.check("from saved cookies" in board
                      and "TLS handshakes  : 0" in board,
                      "... from saved cookies, without TLS", board)
            tap.check("floor" in m.text and "from the card" in m.text,
                      "... the time floor is the card's", m.text)
        tap.check([s.gate.count for s in servers] == asked,
                  "... and nobody was asked for a key exchange")
        sent = [c for s in servers for c in s.proxy.cookies]
        tap.check(sent and len(set(sent)) == len(sent),
                  f"no cookie twice among {len(sent)}")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
