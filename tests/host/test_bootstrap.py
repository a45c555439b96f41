#!/usr/bin/env python3
"""Before the clock is set, the whole firmware against real servers whose
certificates and clocks disagree. The servers live AHEAD days in the future,
so that a certificate can be good at the time floor (the build time, which no
card can lower) and over at the time they tell."""
import re
import sys
import time

from tests.common import testbed
from tests.common.machine import Process
from tests.tap import GUARD_S, Tap
from tests.peers import when
from tests.peers.when import DAY
from tests.common.refusals import until, untouched

AHEAD = 40
RESET = 3  # the exit status of tests/host/port_linux.c
OUTSIDE = r"outside its certificate's validity: not believed"
# Days of a certificate, from today.
DATES = {"honest": (-2, 90), "over": (-60, 20), "renewed": (30, 90)}


def server(w, dates, ahead=AHEAD, certset=0):
    """A chronyd that is `ahead` days ahead."""
    name = f"{dates}-{certset}"
    if not hasattr(w, "made"):
        w.made = {}
    if name not in w.made:
        issuer = w.pki.cert("ca") if certset == 0 else w.pki.cert("other-ca")
        begin, end = DATES[dates]
        w.made[name] = w.pki.issue(name, issuer,
                                   valid=(begin * DAY, end * DAY))
    s, = w.chronyd(1, cert=w.made[name])
    if ahead:
        s.chronyc("doffset", str(-ahead * DAY))
    return s


def card(w, name, servers, more=""):
    return w.card(name, testbed.server_lines(servers, testbed.FAST)
                  + "ntstrustedcerts ca.pem\nnosystemcert\nntsdumpdir /\n"
                  + more)


def heard(machine, pattern, limit=GUARD_S):
    """Wherever it stands in what was said since the start."""
    machine.seen = 0
    return machine.wait(pattern, limit)


def day_of(ahead):
    return when.day(when.now() + ahead * DAY)


def one_of_three(tap, w):
    servers = [server(w, "over"), server(w, "honest"), server(w, "renewed")]
    path = card(w, "one.img", servers)
    with Process(path) as m:
        days = {day_of(AHEAD)}
        tap.check(testbed.synchronise(m), "one of three over: the two others "
                  "set the clock", m.text)
        days.add(day_of(AHEAD))
        said = re.search(r"clock set to (\S+)", m.text)
        tap.check(said and said.group(1) in days,
                  "... to their time", m.text)
        tap.check(m.wait(r"certificate expired: notAfter \S+ before now"),
                  "... the third is judged strictly", m.text)
        tap.check(re.search(OUTSIDE + r"|keys dropped|certificate not valid at "
                            "the time found", m.text),
                  "... and had been doubted before", m.text)
        rows = []

        def without():  # the others have 7 while a request is under way
            rows[:] = testbed.authdata(m)
            return [row["cook"] for row in rows] == ["0", "8", "8"]
        tap.check(until(without), "... and has no keys any more", rows)
        tap.check("Clock not set" not in m.ask("floor"),
                  "... the floor has risen", m.ask("floor"))
        m.send("reset\r")
        until(lambda: m.child.poll() is not None)


def poisoned(tap, w, servers):
    """A floor that today is before, and the way out. It is an operator's: one
    that a quorum has raised takes hours (tests/world, tests/field)."""
    for s in servers:
        s.stop()
    w.servers.clear()
    today = [server(w, "honest", 0), server(w, "honest", 0)]
    files = {"chrony.conf": testbed.server_lines(today, testbed.FAST)
             + "ntstrustedcerts ca.pem\nnosystemcert\nntsdumpdir /\n",
             "ca.pem": testbed.read(w.pki.ca)}
    waits = dict(files, **{"chrony.conf": "bootstrap strict\n"
                           + files["chrony.conf"]})
    path = testbed.mkcard.make_card(w.path("waits.img"), waits)
    with Process(path) as m:
        m.wait("clock not set: bootstrap strict waits")
        m.ask("floor set " + when.stamp(when.now() + AHEAD * DAY))
        m.send("reset\r")
        until(lambda: m.child.poll() is not None)
    # another boot partition, the same journal
    new = testbed.mkcard.make_card(w.path("poisoned.img"), files)
    testbed.mkcard.copy_state(path, new)
    with Process(new) as m:
        tap.check(m.wait("time floor .* from the card"),
                  "poisoned floor: it is the card's", m.text)
        said = m.wait("clock not set: 0 of 2 sources agree, 2 needed, "
                      "[12] before the time floor")
        tap.check(said, "... nobody is believed, and said why", m.text)
        until(lambda: "2 before the time floor" in m.ask("tracking"))
        good, tracking = untouched(m)
        tap.check(good and re.search("Clock not set   : 0 of 2.*2 before",
                                     tracking), "... also by tracking",
                  tracking)
        tap.check("refused: Gnomon was built after" in m.ask(
            "floor set 2020-01-01T00:00:00Z"), "... not before the build")
        m.send("floor reset\r")
        tap.check(m.wait("operator: time floor reset from"),
                  "... an operator resets it: logged", m.text)
        tap.check(testbed.synchronise(m), "... and time comes", m.text)
    with Process(new) as m:
        # the save at the first sync was not waited for, the reset's was
        tap.check(m.wait("time floor .*"), "... the next start", m.text)
        tap.check(testbed.synchronise(m), "... has time, too", m.text)
    return new


def two_of_three(tap, w):
    servers = [server(w, "over"), server(w, "over"), server(w, "honest")]
    path = card(w, "two.img", servers)
    with Process(path) as m:
        tap.check(m.wait(OUTSIDE), "two of three over: not believed",
                  m.text)
        tap.check(until(lambda: re.search(
            "1 of 3 sources agree, 2 needed, 2 outside their certificates' "
            "validity", m.ask("tracking"))), "... said by tracking", m.text)
        tap.check(heard(m, "clock not set: 1 of 3 sources agree, 2 needed, 2 "
                        "outside"), "... and by the log", m.text)
        good, said = untouched(m)
        tap.check(good, "... the clock is untouched", m.text + said)
        board = m.ask("board")
        tap.check(len(re.findall(r"Trouble .*outside its", board)) == 2
                  and "from the build" in board,
                  "... board names both, and the floor is the build's", board)
        m.send("reset\r")
        until(lambda: m.child.poll() is not None)
    with Process(path) as m:
        tap.check(m.wait("time floor .* from the build"),
                  "... nor did the floor rise on the card", m.text)
        tap.check(m.wait("saved keys are from another time"),
                  "... saved keys of another time are given up", m.text)
    return servers


def loose(tap, w, servers):
    with Process(card(w, "loose.img", servers, "nocerttimecheck 1\n")) as m:
        tap.check(m.wait("WARNING: nocerttimecheck 1"),
                  "nocerttimecheck: a warning at the start", m.text)
        tap.check("WARNING         : nocerttimecheck 1" in m.ask("tracking"),
                  "... and in tracking", m.text)
        tap.check(testbed.synchronise(m), "... the same servers set the clock",
                  m.text)


def strict(tap, w, servers):
    """The certificate of all of them begins before the floor, but for one."""
    path = card(w, "strict.img", servers, "bootstrap strict\n")
    with Process(path) as m:
        tap.check(m.wait("clock not set: bootstrap strict waits"),
                  "strict: says what it waits for", m.text)
        before = [s.ke_connections() for s in servers]
        m.wait("DHCP|address")
        time.sleep(2)
        tap.check([s.ke_connections() for s in servers] == before,
                  "... and asks nobody", m.text)
        day = when.stamp(when.now() + (AHEAD - 20) * DAY)
        tap.check("floor set" in m.ask("floor set " + day),
                  "... until an operator sets a floor", m.text)
        tap.check(heard(m, "not yet valid: notBefore .* after floor"),
                  "... notBefore is judged by it", m.text)
        tap.check(testbed.synchronise(m), "... the others set the clock",
                  m.text)
    with Process(path) as m:
        tap.check(m.wait("time floor .* from the card, by an operator"),
                  "... the card knows whose floor it is", m.text)
        tap.check(testbed.synchronise(m), "... nobody need come again", m.text)


def trust_sets(tap, w):
    """Each server is good for one set only; the names are the same."""
    pinned, public = server(w, "honest", 0, certset=1), server(w, "honest", 0)
    files = {"ca.pem": testbed.read(w.pki.ca),
             "pinned.pem": testbed.read(w.pki.certificate("other-ca"))}
    lines = testbed.server_lines([pinned, public], testbed.FAST).splitlines()
    base = "ntstrustedcerts ca.pem\nntstrustedcerts 1 pinned.pem\n"

    def boot(name, sets):
        conf = "".join(f"{line} certset {s}\n" for line, s in zip(lines, sets))
        return Process(w.card(name, files=dict(files, **{
            "chrony.conf": conf + base})))

    with boot("right.img", (1, 0)) as m:
        tap.check(testbed.synchronise(m), "certset: each by its own set",
                  m.text)
    with boot("wrong.img", (0, 1)) as m:
        for issuer in ("other-ca", "ca"):
            tap.check(heard(m, f'unknown issuer "{issuer}"'),
                      f"certset: {issuer} is unknown to the other set",
                      m.text)
        tap.check(untouched(m)[0], "... the clock is untouched", m.text)


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        one_of_three(tap, w)
        poisoned(tap, w, list(w.servers))
        servers = two_of_three(tap, w)
        loose(tap, w, servers)
        trust_sets(tap, w)
        strict(tap, w, [server(w, "renewed"), server(w, "honest"),
                        server(w, "honest")])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
