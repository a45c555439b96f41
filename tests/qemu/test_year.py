#!/usr/bin/env python3
"""A year without power: the floor is a year old and every certificate
was renewed since, so that each notBefore lies far above the floor.
Authenticated time comes without help, whether the servers still know their
keys (from the cookies: their old certificates were checked while the time was
known), have rotated them (a NAK, and a key exchange), or no cookie survived.

All of it in virtual time, the servers', too (Testbed.machine): an
instruction takes 2 ns, idling takes real time, the network 20 ms."""
import calendar
import re
import sys
import time

from tests.common import testbed
from tests.common.refusals import until
from tests.tap import Tap
from tests.peers import mkcard, when
from tests.peers.when import DAY, YEAR

TODAY = when.build() + 30 * DAY
LATER = TODAY + YEAR
DELAY_S = 0.02


def a_year_later(w, servers, keep_keys):
    """The same servers, with certificates that begin in ten months."""
    cert = w.pki.issue(f"renewed-{keep_keys}", w.pki.cert("ca"),
                       valid=(300 * DAY, 390 * DAY))
    for server in servers:
        server.key, server.chain = cert.key, cert.full
        server.restart(keep_keys=keep_keys)
        server.proxy.delay_s = DELAY_S


def boot(w, card):
    with w.machine(card, LATER) as m:
        good = testbed.synchronise(m)
        return good, m.ask("board"), m.ask("tracking"), m.text


def reference_time(tracking):
    """In Unix seconds; 0: none."""
    said = testbed.field(tracking, re.escape("Ref time (UTC)"))
    try:
        return calendar.timegm(time.strptime(said, "%a %b %d %H:%M:%S %Y"))
    except ValueError:
        return 0


def check(tap, w, what, card, how, naks):
    good, board, tracking, text = boot(w, card)
    found = re.search(r"([\d.]+) s after start, (.*)",
                      testbed.field(board, "First sync"))
    floor = re.search(r"time floor (\S+ \S+) UTC", text)
    floor = floor and calendar.timegm(time.strptime(floor[1],
                                                    "%Y-%m-%d %H:%M:%S"))
    tap.check(good and found and re.search(how, found[2]),
              f"{what}: authenticated time {found[2] if found else 'never'}, "
              f"{found[1] if found else '?'} virtual s after start",
              text + board)
    tap.check(floor and floor <= TODAY, f"{what}: the floor was a year old",
              text)
    ahead = reference_time(tracking) - TODAY
    tap.check(abs(ahead - YEAR) < 600, f"{what}: it is a year later",
              f"{ahead}\n{tracking}")
    tap.check(("NTS NAK" in text) == naks,
              f"{what}: {'' if naks else 'no '}NAK", text)


def with_state_of(w, name, old, conf):
    """A new card with another card's journal."""
    card = w.card(name, conf=conf)
    mkcard.copy_state(old, card)
    return card


def main():
    tap = Tap()
    with testbed.Testbed(at=TODAY) as w:
        servers = w.chronyd(3, front=True, virtual=True)
        card = w.card(conf=w.conf())
        with w.machine(card, TODAY) as m:
            tap.check(testbed.synchronise(m), "today: synchronised", m.text)
            until(lambda: testbed.keys_are_good(testbed.authdata(m), 3))
            m.wait(r"^never$", 3)  # the replies' cookies get to the card
        names = [f"{name}.img" for name in ("kept", "rotated")]
        kept, rotated = [with_state_of(w, name, card, w.conf())
                         for name in names]
        a_year_later(w, servers, keep_keys=True)
        check(tap, w, "servers kept their keys", kept,
              "from saved cookies", naks=False)
        a_year_later(w, servers, keep_keys=False)
        check(tap, w, "servers rotated their keys", rotated,
              "after key exchange", naks=True)
        w.servers.clear()
        others = w.chronyd(3, front=True, virtual=True)
        a_year_later(w, others, keep_keys=False)
        check(tap, w, "no cookie survived",
              with_state_of(w, "none.img", card, w.conf()),
              "after key exchange", naks=False)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
