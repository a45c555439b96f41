#!/usr/bin/env python3
"""chronyc 4.3 and 4.6.1 read core/cmdmon: each report, with nothing, -n, -N
and -c, is the console's table of the same snapshot, column by column; signs,
units and rounding included. And any command of any length gets the status
that a real chronyd gives it."""
import os
import re
import subprocess
import sys

from tests.common import testbed
from tests.common.chronyc import (FLOAT, NUMBER, VERSIONS, ask, chronyc, connect,
                                  differences, said_of, shown, tokens, value)
from tests.peers import child, chronyd
from tests.tap import TOP, Tap

SERVE = os.path.join(TOP, "build/host/cmdmon_serve")
SEEDS = (0, 1, 2, 3, 4)
ALL = 4  # in this one some have no address: chronyc shows them if asked with -a
REPORTS = ("sources", "sourcestats", "selectdata", "authdata", "tracking",
           "serverstats", "activity", "ntpdata", "clients", "clients -k")


class Served:
    """cmdmon_serve under this seed: its port, and the console's tables."""

    def __init__(self, seed):
        self.child = subprocess.Popen([SERVE, str(seed)],
                                      stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)
        self.port = int(self.child.stdout.readline().split()[1])
        self.table, name = {}, None
        for line in iter(self.child.stdout.readline, b"== end\n"):
            text = line.decode()
            if text.startswith("== "):
                name = text[3:].strip()
                self.table[name] = ""
            else:
                self.table[name] += text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait()
        self.child.stdout.close()


OF_SOURCES = ("sources", "sourcestats", "selectdata", "authdata")
ADDRESS = {f"ntp{i}.example": f"192.0.2.{i + 1}" for i in range(5)}
ADDRESS["ntp2.example"] = "2001:db8::7"


def texts(tap, served, version, seed):
    for report in REPORTS:
        ours = shown(served.table[report], report, version)
        for option, names in (("-N", None), ("-n", ADDRESS),
                              (None, ADDRESS))[:3 if seed == 1 else 1]:
            words = [option] if option else []
            more = ["-a"] if seed == ALL and report in OF_SOURCES else []
            said = chronyc(version, served.port, *words, *report.split(), *more)
            said = said_of(report, said)
            wrong = differences(ours, said, name_of=names)
            tap.check(not wrong, f"{version} {' '.join(words)} {report}, "
                      f"snapshot {seed}: as on the console",
                      "\n".join(wrong) + "\n" + said)


def csv_agrees(ours, line):
    """Each number of a table's row that chronyc -c prints, by value and sign:
    in the same order, perhaps with more between."""
    left = [t for t in tokens(ours) if NUMBER.match(t)]
    right = line.split(",")
    at = 0
    for token in left:
        while at < len(right) and not csv_near(token, right[at]):
            at += 1
        if at == len(right):
            return False
        at += 1
    return True


def csv_near(token, cell):
    sign, number, digit = value(token)
    try:
        theirs = float(cell)
    except ValueError:
        return False
    ours = -number if sign == "-" else number
    return abs(ours - theirs) <= digit + FLOAT * number + 1e-12


def commas(tap, served, version, seed):
    """-c: the same rows as numbers."""
    for report in ("sources", "sourcestats", "selectdata", "authdata",
                   "serverstats", "clients", "clients -k"):
        more = ["-a"] if seed == ALL and report in OF_SOURCES else []
        said = chronyc(version, served.port, "-N", "-c", *report.split(), *more)
        table = shown(served.table[report], report, version).splitlines()
        rows = table[2:] if report != "serverstats" else [
            " ".join(line.rsplit(" ", 1)[1] for line in table)]
        rows = [row.replace("+/-", "") for row in rows]
        lines = said.splitlines()
        same = len(rows) == len(lines) and all(
            csv_agrees(" ".join(re.sub(r" -(?= |$)", " ", row)
                                .split()[1 if report != "serverstats"
                                         else 0:]), line)
            for row, line in zip(rows, lines))
        tap.check(same, f"{version} -c {report}, snapshot {seed}",
                  "\n".join(rows + lines))


def reports(tap):
    for seed in SEEDS:
        with Served(seed) as served:
            for version in VERSIONS:
                texts(tap, served, version, seed)
                commas(tap, served, version, seed)


def statuses(tap):
    """What has no table, and what would change something."""
    said = {
        "rtcdata": "513 RTC driver not running",
        "smoothing": "505 Facility not enabled in daemon",
        "manual list": "210 n_samples = 0",
        "accheck 192.0.2.7": "208 Access allowed",
        "accheck 198.51.100.1": "209 Access denied",
        "cmdaccheck 127.0.0.1": "208 Access allowed",
        "cmdaccheck 192.0.2.7": "209 Access denied",
        "sourcename 192.0.2.1": "ntp0.example",
        "sourcename 2001:db8::7": "ntp2.example",
        "sourcename 192.0.2.77": "503 No such source",
        "ntpdata 192.0.2.77": "503 No such source",
        "makestep": "501 Not authorised",
        "makestep 0.1 3": "501 Not authorised",
        "shutdown": "501 Not authorised",
        "add server 192.0.2.9": "501 Not authorised",
        "delete 192.0.2.1": "501 Not authorised",
        "burst 4/4": "501 Not authorised",
        "online": "501 Not authorised",
        "settime 12:00": "501 Not authorised",
        "allow 10/8": "501 Not authorised",
        "local stratum 3": "501 Not authorised",
        "rekey": "501 Not authorised",
        "refresh": "501 Not authorised",
    }
    with Served(1) as served:
        for version in VERSIONS:
            for words, answer in said.items():
                text = chronyc(version, served.port, "-n", *words.split())
                tap.check(answer in text, f"{version} {words}: {answer}", text)
            before = chronyc(version, served.port, "-n", "-c", "clients")
            reset = chronyc(version, served.port, "-n", "-c", "clients", "-r")
            after = chronyc(version, served.port, "-n", "-c", "clients")
            tap.check(before and before == reset == after,
                      f"{version} clients -r resets nothing", reset)


# ---- any command, beside a real chronyd ------------------------------------


class Watched(chronyd.Server):
    """chronyd with its command port open on loopback, too."""

    def common(self):
        self.cmdport = child.free_port()
        lines = [line for line in super().common()
                 if not line.startswith("cmdport")]
        return lines + [f"cmdport {self.cmdport}", "cmdallow",
                        "bindcmdaddress 127.0.0.1"]


# Reports that chronyd gives over its Unix socket alone, and lengths that mean
# another format here.
LOCAL = {25, 26, 54, 57, 67, 68, 69}
OTHERS = {12, 56, 72, 73, 74}  # known to some of versions 4 and not to others


def commands(tap):
    with Served(0) as served, testbed.Testbed() as w:
        for version in VERSIONS:
            with Watched(w.pki, version=version) as real:
                ours, theirs = connect(served.port, 5), connect(real.cmdport, 5)
                odd = []
                for command in range(80):
                    for length in (28, 31, 32, 36, 40, 44, 47, 48, 52, 56, 60,
                                   68, 76, 83, 84, 103, 104, 283, 284, 371,
                                   372, 416, 519, 520, 600, 860):
                        a, b = (ask(link, command, length)
                                for link in (ours, theirs))
                        if a != b and command not in LOCAL | OTHERS:
                            odd.append((command, length, a, b))
                        if a[0] > length or (command in OTHERS
                                             and a[2] not in (2, 3, 19)):
                            odd.append((command, length, a))
                tap.check(not odd, f"each command and length: as chronyd "
                          f"{version}", odd[:20])
                ours.settimeout(0.3)
                theirs.settimeout(0.3)
                odd = []
                for head in [(v, 1, 0, 0) for v in (0, 4, 5, 6, 7, 255)] + [
                        (6, 0, 0, 0), (6, 2, 0, 0), (6, 1, 1, 0), (6, 1, 0, 1)]:
                    for length in (27, 28, 104, 860, 864):
                        a, b = (ask(link, 33, length, head)
                                for link in (ours, theirs))
                        if a != b:
                            odd.append((head, length, a, b))
                tap.check(not odd, f"each version, type and reserved byte: as "
                          f"chronyd {version}", odd)
                ours.close()
                theirs.close()


def main():
    tap = Tap()
    reports(tap)
    statuses(tap)
    commands(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
