#!/usr/bin/env python3
"""AEAD 30 (AES-128-GCM-SIV) beside 15: the firmware as a process against
trixie's chronyd 4.6.1, which has both and record 1024, and against this
Debian's 4.3, which has 15 only. A wrong exporter context would make every
request a NAK: which one is right with and without record 1024 the server
says itself (test_aead30.c)."""
import os
import re
import subprocess
import sys

from tests.tap import TOP, Tap
from tests.peers import child, chronyd, mkcard, pki

GNOMON = os.path.join(os.environ.get("GNOMON_BUILD", TOP + "/build"),
                      "host/gnomon")
AUTHDATA = re.compile(r"NTS +(\d+) +(\d+) +(\d+) +\S+ +(\d+) +(\d+) +(\d+) "
                      r"+(\d+)\s*$", re.M)
tap = Tap()


class Gnomon:
    """The process, its console a pipe."""

    def __init__(self, folder, pki_, servers, extra=(), card=None,
                 name="card.img"):
        self.card = card or os.path.join(folder, name)
        if not card:
            lines = [f"server 10.0.2.2 nts minpoll -2 maxpoll -1 "
                     f"port {s.port} ntsport {s.ke_port}" for s in servers]
            lines += ["ntstrustedcerts ca.pem", "nosystemcert",
                      "ntsdumpdir /", *extra]
            with open(pki_.ca) as ca:
                mkcard.make_card(self.card, {
                    "chrony.conf": "\n".join(lines) + "\n",
                    "ca.pem": ca.read()})
            if name != "card.img":
                mkcard.copy_state(os.path.join(folder, "card.img"), self.card)
        self.child = child.Child([GNOMON, "--card", self.card],
                                 self.card + ".log",
                                 stdin=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.process.stdin.close()
        self.child.stop()

    def ask(self, command):
        """What the console says to it; its log lines may be among that."""
        before = len(self.child.text())
        self.child.process.stdin.write(command.encode() + b"\r")
        self.child.process.stdin.flush()

        def answered():
            text = self.child.text()[before:]
            return "\n" in text and text.endswith("gnomon> ") and text
        return child.wait_for(answered) or self.child.text()[before:]

    def authdata(self):
        """[(key id, AEAD, key bits, attempts, NAKs, cookies, length)]"""
        return [tuple(int(x) for x in row)
                for row in AUTHDATA.findall(self.ask("authdata"))]

    def synchronised(self):
        return child.wait_for(
            lambda: re.search(r"\^\*", self.ask("sources")), step=0.1)


def settled(gnomon, server, least=4):
    """Synchronised, and the server authenticated `least` packets."""
    return gnomon.synchronised() and child.wait_for(
        lambda: server.authenticated() >= least, step=0.2)


def follow(folder, p, label, server_lines, own_lines, want, **how):
    """One server, one Gnomon; want is (AEAD, key bits, cookie length)."""
    with chronyd.Server(p, extra=server_lines, **how) as s, \
            Gnomon(folder, p, [s], own_lines) as g:
        good = settled(g, s)
        rows = g.authdata()
        got = [(r[1], r[2], r[6]) for r in rows]
        tap.check(good and got == [want] and rows[0][4] == 0,
                  f"{label}: AEAD {want[0]}, {want[1]} bits, cookies of "
                  f"{want[2]} bytes, no NAK", f"{rows}\n{g.child.text()}\n"
                  f"{s.serverstats()}\n{s.text()}")
        stats = s.serverstats()
        tap.check(stats["NTS-KE connections accepted"] == 1,
                  f"{label}: one key exchange", stats)
        return g.card


def refuse(folder, p, label, server_lines, own_lines, words, **how):
    with chronyd.Server(p, extra=server_lines, **how) as s, \
            Gnomon(folder, p, [s], own_lines) as g:
        tap.check(child.wait_for_log(g.child, re.escape(words), 60),
                  f"{label}: {words}", g.child.text())
        tap.check(s.serverstats()["NTP packets received"] == 0,
                  f"{label}: no packet sent", s.serverstats())


def exporter(p):
    """All four: chronyd with and without record 1024, either context."""
    program = os.path.join(os.path.dirname(GNOMON), "tests/host/test_aead30")
    verdict = {"0": "authentic", "1": "NAK"}
    with chronyd.Server(p, version="4.6.1") as s:
        for word, named, want in (
                ("with", 30, "authentic"), ("with", 15, "NAK"),
                ("without", 15, "authentic"), ("without", 30, "NAK")):
            done = subprocess.run(
                [program, p.ca, str(s.ke_port), str(s.port), word,
                 str(named)], stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, timeout=120)
            text = done.stdout.decode(errors="replace")
            echoed = re.search(r"^record (\d)$", text, re.M)
            said = re.search(r"^verdict (\d+)$", text, re.M)
            others = re.search(r"^others (\d+)$", text, re.M)
            tap.check(echoed and said and verdict.get(said[1]) == want
                      and others and {verdict.get(said[1]),
                                      verdict.get(others[1])}
                      == set(verdict.values())
                      and echoed[1] == str(int(word == "with")),
                      f"{word} record 1024, context {named}: {want}; "
                      "the other context: the other way round",
                      text + s.text())


def second_start(folder, p):
    """From saved cookies, with the KE server gone; then with a list that the
    saved keys are not of."""
    with chronyd.Server(p, version="4.6.1", front=True) as s:
        with Gnomon(folder, p, [s]) as g:
            settled(g, s, 8)
            child.wait_for(lambda: g.authdata()[0][5] >= 6, step=0.3)
            card = g.card
        s.gate.close()
        before, exchanges = s.authenticated(), s.ke_connections()
        with Gnomon(folder, p, [s], card=card) as g:
            good = settled(g, s, before + 4)
            rows = g.authdata()
            tap.check(good and rows and rows[0][1:3] == (30, 128)
                      and rows[0][4] == 0 and rows[0][6] == 64,
                      "second start from saved cookies with AEAD 30, no NAK",
                      f"{rows}\n{g.child.text()}")
            tap.check(s.ke_connections() == exchanges
                      and "saved cookies" in g.child.text(),
                      "and with no key exchange", g.child.text())
        s.gate.open()
        before = s.authenticated()
        with Gnomon(folder, p, [s], ["ntsaeads 15"], name="other.img") as g:
            good = settled(g, s, before + 3)
            rows = g.authdata()
            tap.check(good and rows and rows[0][1] == 15
                      and "not of ntsaeads" in g.child.text()
                      and s.ke_connections() > exchanges,
                      "saved keys that ntsaeads has no more are not used",
                      f"{rows}\n{g.child.text()}")


def main():
    folder = child.work_folder()
    p = pki.Pki(os.path.join(folder, "pki"))
    new, old = {"version": "4.6.1"}, {"version": "4.3"}
    only15, only30 = ["ntsaeads 15"], ["ntsaeads 30"]
    with chronyd.Server(p, **new) as s:
        tap.check("4.6.1" in s.text(), "the peer is chronyd 4.6.1", s.text())
    aead15, aead30 = (15, 256, 96), (30, 128, 64)
    follow(folder, p, "4.6.1, both by default", [], [], aead30, **new)
    follow(folder, p, "4.6.1, server 15", only15, [], aead15, **new)
    follow(folder, p, "4.6.1, ours 15", [], only15, aead15, **new)
    follow(folder, p, "4.6.1, server 30", only30, [], aead30, **new)
    follow(folder, p, "4.6.1, ours 30", [], only30, aead30, **new)
    follow(folder, p, "4.6.1, ours 15 first", [], ["ntsaeads 15 30"], aead15,
           **new)
    follow(folder, p, "4.3", [], [], (15, 256, 100), **old)
    refuse(folder, p, "4.3, ours 30", [], only30,
           "supports none of our AEAD algorithms", **old)
    refuse(folder, p, "4.6.1, server 15, ours 30", only15, only30,
           "supports none of our AEAD algorithms", **new)
    exporter(p)
    second_start(folder, p)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
