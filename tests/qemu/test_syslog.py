#!/usr/bin/env python3
"""Debian's rsyslog parses every line of the emulated Pi's boot: in order, with
its severity, its time or NILVALUE, and how good that time is. A second log
server is not there, and costs nobody anything."""
import re
import sys

from tests.common import testbed
from tests.common.machine import Machine
from tests.common.refusals import until
from tests.peers import child, watch
from tests.tap import Tap

NOBODY = "10.0.2.77"
PART = re.compile(r'(\w+)="([^"]*)"')
ERROR, WARNING, NOTICE, INFO = "3", "4", "5", "6"
SEVERITY = {  # the beginning of a line, and what it is worth
    "Gnomon ": NOTICE, "last reset": NOTICE, "card: ": INFO,
    "chrony.conf:7: ": ERROR, "network link up": NOTICE,
    "IPv4 address": NOTICE, "clock set to": NOTICE,
    "synchronised: ": NOTICE,
}


def console_lines(machine):
    """What `log` shows: (microseconds, text), in order."""
    return [(int(us.replace(".", "")), text) for us, text in re.findall(
        r"^\[ *(\d+\.\d{6})\] (.*)$", machine.ask("log"), re.M)]


def of_a_boot(tap, what, m, messages):
    lines = console_lines(m)
    count = len(lines)
    tap.check(until(lambda: len(messages()) >= count),
              f"{what}: all lines came", f"{len(messages())} of {count}")
    got = messages()[:count]
    tap.check([g["msg"] for g in got] == [text for _, text in lines],
              f"{what}: each is the console's, in its order",
              "\n".join(g["msg"] for g in got))
    tap.check(all(g["syslogfacility"] == "12" and g["hostname"] == "gnomon"
                  and g["app-name"] == "gnomon"
                  and g["protocol-version"] == "1" for g in got),
              f"{what}: RFC 5424, facility 12", got[:1])
    parts = [dict(PART.findall(g["structured-data"])) for g in got]
    tap.check([int(p["sequenceId"]) for p in parts]
              == list(range(1, count + 1)), f"{what}: numbered from 1")
    tap.check([int(p["sysUpTime"]) for p in parts]
              == [us // 10000 for us, _ in lines], f"{what}: with uptime",
              [p["sysUpTime"] for p in parts])
    for begin, severity in SEVERITY.items():
        found = {g["syslogseverity"] for g in got
                 if g["msg"].startswith(begin)}
        tap.check(found == {severity}, f"{what}: `{begin}' has severity "
                  f"{severity}", found)
    times(tap, what, got, parts)


def times(tap, what, got, parts):
    first = next(i for i, g in enumerate(got)
                 if g["msg"].startswith("clock set to"))
    stamp = [g["rawmsg"].split(" ")[1] for g in got]
    tap.check(all(s == "-" for s in stamp[:first]),
              f"{what}: NILVALUE before the clock is set", stamp)
    tap.check(all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", s)
                  for s in stamp[first:]),
              f"{what}: UTC with microseconds after it", stamp)
    tap.check(stamp[first:] == sorted(stamp[first:]),
              f"{what}: times go on", stamp)
    tap.check(all(p["tzKnown"] == "1" for p in parts)
              and parts[-1]["isSynced"] == "1"
              and 0 < int(parts[-1]["syncAccuracy"]) < 1000000,
              f"{what}: timeQuality, {parts[-1].get('syncAccuracy')} us")
    tap.check(all(("syncAccuracy" in p) == (p["isSynced"] == "1")
                  for p in parts), f"{what}: an accuracy only while synced")
    tap.check(re.search(r"clock set to (\S+) (\d\d:\d\d:\d\d)",
                        got[first]["msg"]).group(1) in stamp[first],
              f"{what}: the first time is that of the line", stamp[first])


def main():
    tap = Tap()
    port = child.free_port()
    with testbed.Testbed() as w, watch.Rsyslog(port) as logs:
        w.chronyd(3)
        card = w.card(conf=w.conf(
            testbed.FAST, more=f"sorcedir x\nsyslog {testbed.HOST}:{port}\n"
            f"syslog {NOBODY}\n"))
        with Machine(card=card) as m:
            tap.check(testbed.synchronise(m), "synchronised", m.text)
            of_a_boot(tap, "boot", m, lambda: logs.messages)
            tap.check(until(lambda: all(
                s[4] == 0o377 for s in testbed.sources(m))),
                "Reach 377 at every source", m.ask("sources"))
            tap.check(until(lambda: testbed.keys_are_good(
                testbed.authdata(m), 3)), "keys of three", m.text)
            board = m.ask("board")
            tap.check(re.search(rf"^Log server      : {testbed.HOST} port "
                                rf"{port}: \d+ sent, 0 lost$", board, re.M),
                      "`board' says what was sent", board)
            tap.check(re.search(rf"^Log server      : {NOBODY} port 514: "
                                r"\d+ sent, 0 lost, nobody answers there$",
                                board, re.M),
                      "... and that nobody answers at the other", board)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
