#!/usr/bin/env python3
"""Another address of ours (RFC 8915 section 9.1; services/sources.h): no
cookie that left from the old one leaves from the new one, and time does not
stop for it. The firmware as a Linux process; one card's journal, another
`address` at every boot, each ended by a power cut."""
import sys

from tests.common import testbed
from tests.common.machine import Process
from tests.tap import Tap
from tests.peers import mkcard, packets
from tests.common.refusals import until

TAIL = "ntstrustedcerts ca.pem\nnosystemcert\nntsdumpdir /\n"


def card_at(w, servers, number, before):
    """A card with this address and the journal of the card before."""
    card = w.card(f"at-{number}.img",
                  testbed.server_lines(servers, testbed.FAST) + TAIL + f"address 10.0.2.{number}/24\n"
                  "gateway 10.0.2.2\nnameserver 10.0.2.3\n")
    if before:
        mkcard.copy_state(before, card)
    return card


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        servers = w.chronyd(2, front=True)
        card, sent, asked = None, [], 0
        for number in (15, 77, 78):
            for server in servers:
                server.proxy.cookies.clear()
            card = card_at(w, servers, number, card)
            with Process(card) as m:
                tap.check(testbed.synchronise(m), f"10.0.2.{number}: "
                          "synchronised", m.text)
                tap.check(f"10.0.2.{number}" in m.ask("board"),
                          "... from that address", m.ask("board"))
                until(lambda: testbed.keys_are_good(testbed.authdata(m), 2))
                if number == 15:
                    asked = sum(s.gate.count for s in servers)
                else:
                    tap.check("saved cookies" in m.text, "... with what the "
                              "card remembers", m.text)
            here = [c for s in servers for c in s.proxy.cookies]
            tap.check(here and not set(here) & set(sent), "... no cookie of "
                      "another address", f"{len(here)}, {len(sent)}")
            sent += here
        tap.check(not packets.twice(sent), f"{len(sent)} cookies, each once")
        tap.check(sum(s.gate.count for s in servers) == asked,
                  "no key exchange was needed, so time waits for none",
                  asked)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
