#!/usr/bin/env python3
"""NTPsec's NTS servers, and a mixed set with chronyd.
ntpd's ports are fixed, so each has an island of its own network, and all of
this, QEMU too, lives in a network namespace without a way out."""
import re
import sys
import time

from tests.common import testbed
from tests.common.machine import Machine
from tests.tap import GUARD_S, Tap
from tests.peers import chronyd, netns, ntpsec

FAST = "iburst minpoll 0 maxpoll 2"


def lines(servers):
    return "".join(testbed.server_lines([s], FAST, host)
                   for host, s in servers) + (
        "ntstrustedcerts ca.pem\nnosystemcert\nntsdumpdir /\n")


def shows(tap, w, name, servers):
    """First boot by key exchange, second from the cookies of the first."""
    count = len(servers)
    w.card(name, conf=lines(servers))
    with Machine(card=w.path(name), pcap=w.path("1.pcap")) as m:
        tap.check(testbed.synchronise(m), f"{name}: synchronised", m.text)
        rows, shown = full(m, count)
        tap.check(testbed.keys_are_good(rows, count),
                  f"{name}: NTS, 8 cookies, no NAK of each of {count}",
                  rows or m.text)
        tap.check(len(shown) == count and all(r[4] == 0o377 for r in shown),
                  f"{name}: reach 377 of each", shown or m.text)
        tap.check([r[0] for r in shown].count("*") == 1,
                  f"{name}: one selected", shown)
    # One that a busy machine made last too long is begun again.
    done = re.findall(r"(\S+): key exchange done", m.text)
    before = [s.ke_connections() for _, s in servers]
    tap.check(len(set(done)) == len(done) == count and min(before) > 0,
              f"{name}: one key exchange each", (done, before))
    with Machine(card=w.path(name), pcap=w.path("2.pcap")) as m:
        tap.check(testbed.synchronise(m), f"{name}: second boot synchronised",
                  m.text)
        board = m.ask("board")
        tap.check("from saved cookies" in testbed.field(board, "First sync"),
                  f"{name}: second boot from saved cookies", board)
        time.sleep(2)
    tap.check([s.ke_connections() for _, s in servers] == before,
              f"{name}: no key exchange in the second boot")
    twice, sent = testbed.sent_twice(w.path("1.pcap"), w.path("2.pcap"))
    tap.check(not twice, f"{name}: no cookie twice among {sent} sent", twice)


def full(machine, count):
    """What authdata and sources show when nothing is lacking or under way;
    else what they show at last."""
    end = time.monotonic() + GUARD_S
    while True:
        shown, rows = testbed.sources(machine), testbed.authdata(machine)
        if time.monotonic() > end or (
                len(shown) == count and all(r[4] == 0o377 for r in shown)
                and testbed.keys_are_good(rows, count)):
            return rows, shown
        time.sleep(0.5)


def main():
    tap = Tap()
    if not netns.available():
        print("ok 1 - NTPsec # skip no user namespaces here")
        return 0
    netns.enter()
    with testbed.Testbed() as w:
        islands = [w.enter_context(netns.Island(n)) for n in range(2)]
        ntpds = [w.enter_context(ntpsec.Server(w.pki, island=i))
                 for i in islands]
        ours = [(s.address, s) for s in ntpds]
        shows(tap, w, "ntpsec.img", ours)
        for _, server in ours:
            server.stop()
        # Counting anew; cookies of before the restart are not asked for.
        ntpds = [w.enter_context(ntpsec.Server(w.pki, island=i))
                 for i in islands]
        chronyds = [w.enter_context(chronyd.Server(w.pki))
                    for _ in range(2)]
        shows(tap, w, "mixed.img", [(s.address, s) for s in ntpds]
              + [(testbed.HOST, s) for s in chronyds])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
