#!/usr/bin/env python3
"""Everything that the whole firmware must refuse (a Linux process under ASan
and UBSan): certificates, handshakes, replies; one bad server of three; what a
NAK does and does not; no way from NTS to plain NTP (RFC 8915 section 8.7);
how soon a refused key exchange is tried again (section 4.2)."""
import os
import sys
import time

from tests.common import refusals
from tests.common import testbed
from tests.common.machine import Process
from tests.tap import Tap
from tests.common.refusals import until

TAIL = "ntstrustedcerts ca.pem\nnosystemcert\n"


def one_bad_of_three(tap, w, good):
    bad = w.chronyd(1, cert="wrong-name")
    conf = testbed.server_lines(good + bad, testbed.FAST) + TAIL
    with Process(w.card("one-bad.img", conf)) as m:
        tap.check(testbed.synchronise(m), "one bad of three: synchronised",
                  m.text)
        until(lambda: sorted(r[0] for r in testbed.sources(m)) == list("*+?"))
        rows = testbed.sources(m)
        tap.check([r[0] for r in rows][2:] == ["?"] and "another name"
                  in m.text, "... the bad one is not used, and said why",
                  m.text + str(rows))
    bad[0].stop()


def naks(tap, w, good):
    """One NAK changes nothing but a counter; a run leads to new keys."""
    conf = testbed.server_lines(good, testbed.FAST) + TAIL
    with Process(w.card("nak.img", conf)) as m:
        testbed.synchronise(m)
        tap.check(until(lambda: testbed.keys_are_good(testbed.authdata(m), 2)), "NAK: two sources with 8 cookies", m.text)
        asked = [s.gate.count for s in good]
        good[0].proxy.once = ["nak"]
        tap.check(until(lambda: "reply refused: NTS NAK" in m.ask("log")),
                  "one NAK is counted and said", m.text)
        tap.check(until(lambda: testbed.keys_are_good(testbed.authdata(m), 2)), "... and the old keys go on working",
                  m.ask("authdata"))
        tap.check([s.gate.count for s in good] == asked,
                  "... without a new key exchange")
        good[0].proxy.mode = "nak"
        tap.check(until(lambda: good[0].gate.count > asked[0]),
                  "a run of NAKs leads to a new key exchange",
                  m.text + m.ask("authdata"))
        good[0].proxy.mode = "pass"
        tap.check(good[1].gate.count == asked[1],
                  "... with that server only")
        tap.check("clock stepped" not in m.text, "... and moves no clock")
        tap.check(until(lambda: all(r[4] & 1 for r in testbed.sources(m))),
                  "... and then its replies count again",
                  m.text + m.ask("sources"))


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def attempts(m):
    """(uptime before, tries of each source, uptime after)"""
    before = testbed.seconds(m.ask("board"), "Up")
    rows = [int(r["atmp"]) for r in testbed.authdata(m)]
    return before, rows, testbed.seconds(m.ask("board"), "Up")


def no_way_to_plain_ntp(tap, w, good):
    for server in good:
        server.gate.close()
        server.proxy.requests = 0
    conf = testbed.server_lines(good, testbed.FAST) + TAIL
    with Process(w.card("closed.img", conf)) as m:
        said = m.wait(r"^\[ *([\d.]+)\] 10\.0\.2\.2\S*: connection refused")
        tap.check(said, "KE closed: said", m.text)
        first = float(said.group(1)) if said else 0.0
        begin, cpu = time.monotonic(), cpu_s(m.child.pid)
        early = []  # tries seen while ten seconds cannot have passed
        while True:
            _, rows, up = attempts(m)
            if up >= first + 10 or not rows:
                break
            early += rows
            time.sleep(1)
        tap.check(early and set(early) == {1},
                  "... no second try within ten seconds", early)
        share = (cpu_s(m.child.pid) - cpu) / (time.monotonic() - begin)
        print(f"# {100 * share:.1f} % of a core while waiting")
        tap.check(share < 0.5, "... the loop idles meanwhile", share)
        tap.check(until(lambda: min(attempts(m)[1]) >= 2),
                  "... then there is one", m.ask("authdata"))
        early = []
        while True:
            _, rows, up = attempts(m)
            if up >= first + 19 or not rows:
                break
            early += rows
            time.sleep(1)
        tap.check(early and max(early) == 2,
                  "... no third while 10 + 10 s cannot have passed", early)
        tap.check(until(lambda: min(attempts(m)[1]) >= 3),
                  "... then there is one", m.ask("authdata"))
        tap.check(all(s.proxy.requests == 0 for s in good),
                  "no request leaves without NTS")
        good_clock, tracking = refusals.untouched(m)
        tap.check(good_clock, "... and the clock is untouched",
                  m.text + tracking)
    for server in good:
        server.gate.open()


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        refusals.certificates(tap, w, Process)
        refusals.handshakes(tap, w, Process)
        good = refusals.replies(tap, w, Process)
        one_bad_of_three(tap, w, good)
        naks(tap, w, good)
        no_way_to_plain_ntp(tap, w, good)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
