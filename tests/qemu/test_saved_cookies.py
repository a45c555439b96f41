#!/usr/bin/env python3
"""The second boot of a card: authenticated time without a key exchange, the
power having been cut, and no cookie sent twice."""
import sys
import time

from tests.common import testbed
from tests.common.refusals import until
from tests.common.machine import Machine
from tests.tap import Tap


def boot(tap, w, name, seconds, what):
    """Synchronise, go on for a while, cut the power; the board's words."""
    with Machine(card=w.path("card.img"), pcap=w.path(name)) as m:
        good = testbed.synchronise(m)
        time.sleep(seconds)
        board = m.ask("board") if good else ""
        rows = []

        def refilled():  # a request under way has its cookie with it
            rows[:] = testbed.authdata(m)
            return testbed.keys_are_good(rows, 3)

        if good and seconds:
            until(refilled)
        m.off()
    tap.check(good, f"{what}: synchronised", m.text)
    return board, rows, m.text


def counts(servers):
    return [(s.gate.count, s.ke_connections()) for s in servers]


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        servers = w.chronyd(front=True)
        w.card(conf=w.conf(testbed.FAST))
        board, _, text = boot(tap, w, "1.pcap", 5, "first boot")
        tap.check("after key exchange" in testbed.field(board, "First sync"),
                  "first boot: after key exchange", board)
        before = counts(servers)
        # Not one connection: chronyd cuts one that takes two seconds.
        tap.check(text.count("key exchange done") == 3
                  and min(before) >= (1, 1),
                  "one key exchange with each", f"{before}\n{text}")
        for server in servers:
            server.gate.close()
        authenticated = [s.authenticated() for s in servers]
        board, rows, text = boot(tap, w, "2.pcap", 5,
                                 "second boot, NTS-KE ports closed")
        tap.check("from saved cookies" in testbed.field(board, "First sync")
                  and testbed.field(board, "TLS handshakes") == "0",
                  "second boot: from saved cookies, no handshake", text)
        tap.check(counts(servers) == before,
                  "second boot: no TLS connection at any server",
                  counts(servers))
        tap.check(all(s.authenticated() > n
                      for s, n in zip(servers, authenticated)),
                  "second boot: each server authenticated its requests")
        tap.check(testbed.keys_are_good(rows, 3),
                  "second boot: 8 cookies again, no NAK", rows)
        twice, sent = testbed.sent_twice(w.path("1.pcap"), w.path("2.pcap"))
        tap.check(sent >= 6 and not twice,
                  f"no cookie twice among {sent} sent", twice)
        tap.check(boot(tap, w, "3.pcap", 0, "third boot, ports closed")
                  and counts(servers) == before,
                  "third boot: no TLS connection either", counts(servers))
        twice, sent = testbed.sent_twice(*(w.path(f"{n}.pcap")
                                         for n in (1, 2, 3)))
        tap.check(not twice, f"no cookie twice among {sent} sent", twice)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
