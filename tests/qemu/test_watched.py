#!/usr/bin/env python3
"""The emulated Pi read by stock chronyc 4.3 and 4.6.1 over UDP 323: each
report beside the console's; nothing changed by what they can send; signs as a
real chronyd has them; the port closed without cmdallow."""
import re
import sys

from tests.common import testbed, watching
from tests.common.chronyc import VERSIONS, chronyc
from tests.common.machine import Machine
from tests.common.refusals import until
from tests.peers import child, chronyd
from tests.tap import Tap

AHEAD_S = 0.3


def watched(port, **how):
    """A Pi whose UDP 323 is this port of the loopback."""
    return Machine(net=f"user,id=n0,hostfwd=udp:127.0.0.1:{port}-:323", **how)


def offsets(text):
    """The sign of each offset of `sources` that is large."""
    return dict(re.findall(r"^\^. (\S+)\s.*?([+-])\d+ms\[", text, re.M))


def signs(tap, w, m, servers, port):
    """Beside real chronyds that have the same servers, one of which is slow."""
    wrong = servers[2]
    row = rf"^\^. \S+:{wrong.ke_port}\s.*?([+-])\d+ms\["
    until(lambda: "ms[" in m.ask("sources"))
    ours = m.ask("sources")
    mine = re.search(row, ours, re.M)
    for version in VERSIONS:
        with chronyd.Client(w.pki, [("127.0.0.1", wrong.port, wrong.ke_port)],
                            "iburst minpoll -2 maxpoll 0 noselect",
                            version=version) as real:
            until(lambda: "ms[" in real.sources_text())
            text = real.sources_text()
            theirs = re.search(r"([+-])\d+ms\[ *([+-])", text)
            said = chronyc(version, port, "-N", "sources")
            seen = re.search(row, said, re.M)
            tap.check(mine and theirs and seen and mine.group(1)
                      == theirs.group(1) == seen.group(1),
                      f"a slow server's sign is chronyd {version}'s",
                      f"{ours}\n{text}\n{said}")
            stats = re.search(r"([+-])\d+ms +\d+\S+$",
                              real.chronyc("sourcestats"), re.M)
            told = re.search(rf"^\S+:{wrong.ke_port}\s.*?([+-])\d+ms +\d+\S+$",
                             chronyc(version, port, "-N", "sourcestats"),
                             re.M)
            tap.check(stats and told and stats.group(1) == told.group(1),
                      f"... in sourcestats, too ({version})")
            data = testbed.field(real.ntpdata(), "Offset")
            blocks = chronyc(version, port, "-N", "ntpdata").split("\n\n")
            block = next(b for b in blocks
                         if f"Remote port     : {wrong.port}\n" in b)
            tap.check(data[:1] == testbed.field(block, "Offset")[:1]
                      and data[:1] in "+-",
                      f"... and in ntpdata ({version})", data + "\n" + block)


def reports(tap):
    port = child.free_port()
    with testbed.Testbed() as w:
        servers = w.chronyd(3)
        servers[2].chronyc("doffset", str(AHEAD_S))
        card = w.card(conf=w.conf("iburst minpoll 2 maxpoll 2",
                                  more=watching.LINES))
        with watched(port, card=card) as m:
            tap.check(m.wait("answering chronyc on port 323"), "it is said",
                      m.text)
            tap.check(testbed.synchronise(m), "synchronised", m.text)
            watching.formats(tap, port)
            watching.tables(tap, m, port)
            watching.refusals(tap, m, port)
            signs(tap, w, m, servers, port)
            watching.garbage(tap, m, port)


def closed(tap):
    """Nobody, or not this one; and the reports that are given by default."""
    port = child.free_port()
    with testbed.Testbed() as w:
        for more, what in (("", "no cmdallow"),
                           ("cmdallow\ncmddeny 10.0.2\n", "cmddeny"),
                           ("cmdallow\ncmdport 0\n", "cmdport 0")):
            card = w.card("shut.img", "server 10.0.2.2 port 9\n" + more)
            with watched(port, card=card) as m:
                m.wait(r"10\.0\.2\.15")
                tap.check(m.ask("activity") and not watching.ask_once(port),
                          f"{what}: silence", m.text)
        card = w.card("open.img", "server 10.0.2.2 port 9\ncmdallow 10.0.2.2\n")
        with watched(port, card=card) as m:
            tap.check(until(lambda: watching.ask_once(port)), "allowed")
            text = chronyc("4.3", port, "clients")
            tap.check("501 Not authorised" in text,
                      "clients is not given by default", text)
            text = chronyc("4.6.1", port, "serverstats")
            tap.check("Command packets received" in text, "serverstats is",
                      text)


def limited(tap):
    """cmdratelimit: a burst, then one in four by chance."""
    port = child.free_port()
    with testbed.Testbed() as w:
        card = w.card("limit.img", "server 10.0.2.2 port 9\ncmdallow\n"
                      "cmdratelimit interval 12 burst 8\n")
        with watched(port, card=card) as m:
            tap.check(until(lambda: watching.ask_once(port)), "it answers")
            with watching.connect(port, 0.2) as link:
                answered = sum(bool(watching.ask(link, 33, 104))
                               for _ in range(60))
            tap.check(8 <= answered + 1 and answered < 45,
                      "cmdratelimit drops most", answered)
            received, dropped, reasons = watching.counts(m)
            tap.check(received >= 60 and dropped == reasons >= 15,
                      "... and counts them", (received, dropped, reasons))


def main(only):
    tap = Tap()
    for scenario in (reports, closed, limited):
        if not only or scenario.__name__ in only:
            scenario(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
