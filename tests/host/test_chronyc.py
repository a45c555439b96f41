#!/usr/bin/env python3
"""chronyc 4.3 and 4.6.1 read core/cmdmon: each report, with nothing, -n, -N
and -c, is the console's table of the same snapshot, column by column; signs,
units and rounding included. And any command of any length gets the status
that a real chronyd gives it."""
import os
import random
import re
import socket
import struct
import subprocess
import sys

from tests.common import testbed
from tests.peers import child, chronyd
from tests.tap import TOP, Tap

SERVE = os.path.join(TOP, "build/host/cmdmon_serve")
VERSIONS = ("4.3", "4.6.1")
SEEDS = (0, 1, 2, 3, 4, 5)
REPORTS = ("sources", "sourcestats", "selectdata", "authdata", "tracking",
           "serverstats", "activity", "ntpdata", "clients", "clients -k")
UNIT = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600,
        "d": 86400, "y": 365 * 86400, "": 1}
NUMBER = re.compile(r"^([+-]?)(\d+(?:\.(\d+))?)(ns|us|ms|s|m|h|d|y|)$")
FLOAT = 2 ** -23  # what a number loses in chrony's format


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


def chronyc(version, port, *words):
    done = subprocess.run(
        chronyd.commands_of(version)[1] + ["-h", "127.0.0.1", "-p", str(port),
                                           *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
        env={**os.environ, "TZ": "UTC"}, check=False)
    return done.stdout.decode()


def near(ours, theirs):
    """One token beside the other: the same text, or the same number but for
    what chrony's 24 bits and the last digit shown lose."""
    if ours == theirs:
        return True
    a, b = NUMBER.match(ours), NUMBER.match(theirs)
    if not a or not b:
        return False
    sign, value, slack = [], [], 0
    for m in (a, b):
        scale = UNIT[m.group(4)]
        sign.append(m.group(1))
        value.append(float(m.group(2)) * scale)
        slack = max(slack, scale * 10 ** -len(m.group(3) or ""))
    return sign[0] == sign[1] and abs(value[0] - value[1]) <= (
        slack + FLOAT * max(value))


def tokens(line):
    return re.sub(r"([\[\]()])", r" \1 ", line).split()


def differences(ours, theirs, name_of=None):
    """Lines of two tables that do not agree."""
    found = []
    ours, theirs = ours.splitlines(), theirs.splitlines()
    if len(ours) != len(theirs):
        return [f"{len(ours)} lines, {len(theirs)}"]
    for a, b in zip(ours, theirs):
        left = tokens(a)
        if name_of:
            left = [name_of.get(t, t) for t in left]
        right = tokens(b)
        if len(left) != len(right) or not all(map(near, left, right)):
            found += [a, b]
    return found


def shown(table, report, version):
    """What chronyc of this version has of the console's table."""
    if report == "tracking":  # why the clock is not set is the console's own
        table = "".join(line + "\n" for line in table.splitlines()[:13])
    if report == "serverstats":
        table = "".join(line + "\n" for line in table.splitlines()[
            :11 if version == "4.3" else 17])
    return table


ADDRESS = {f"ntp{i}.example": f"192.0.2.{i + 1}" for i in range(5)}
ADDRESS["ntp2.example"] = "2001:db8::7"


def texts(tap, served, version, seed):
    for report in REPORTS:
        ours = shown(served.table[report], report, version)
        for option, names in (("-N", None), ("-n", ADDRESS), (None, ADDRESS)):
            words = [option] if option else []
            said = chronyc(version, served.port, *words, *report.split())
            if report == "ntpdata":  # 4.6 has four lines more
                said = re.sub(r"Total (kernel|HW) .*\n", "", said)
            wrong = differences(ours, said, names)
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
    m = NUMBER.match(token)
    try:
        value = float(cell)
    except ValueError:
        return False
    scale = UNIT[m.group(4)]
    mine = float(m.group(1) + m.group(2)) * scale
    return abs(mine - value) <= (scale * 10 ** -len(m.group(3) or "")
                                 + FLOAT * abs(mine) + 1e-12)


def commas(tap, served, version, seed):
    """-c: the same rows as numbers."""
    for report in ("sources", "sourcestats", "authdata", "serverstats",
                   "clients"):
        said = chronyc(version, served.port, "-N", "-c", *report.split())
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


def ask(link, command, length, head=(6, 1, 0, 0)):
    """(length, reply code, status), or None: silence."""
    sequence = random.getrandbits(32)
    packet = (struct.pack(">BBBBHHIII", *head, command, 0, sequence, 0, 0)
              + bytes(1000))[:length]
    link.send(packet)
    try:
        reply = link.recv(2048)
    except socket.timeout:
        return None
    if struct.unpack(">HI", reply[4:6] + reply[16:20]) != (command, sequence):
        return "another's"
    return (len(reply), *struct.unpack(">HH", reply[6:10]))


def connect(port, wait):
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.connect(("127.0.0.1", port))
    link.settimeout(wait)
    return link


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
