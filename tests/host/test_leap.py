#!/usr/bin/env python3
"""A leap second as chronyd announces and does it: two chronyd, to whom the
last minute of a June or December is running out, one with a list that inserts
a second, one with a list that deletes one; of each a firmware as a client. What
`date` says across midnight is held against the servers' clock. The firmware
serves, too: for the two seconds of the leap both say that their time is not to
be taken."""
import calendar
import re
import socket
import sys
import time

from tests.common import testbed
from tests.common.machine import Process
from tests.tap import Tap
from tests.peers import child, chronyd, when
from tests.peers.when import DAY
from tests.common.refusals import until

NTP_UNIX = 2208988800
BEFORE, AFTER = 45, 12  # seconds
CLOSE = 0.1  # the clock's error, two processes on a busy machine
# chronyd wants to find the leap second of June 2012 in a list.
KNOWN = [((1972, 1, 1), 10), ((2009, 1, 1), 34), ((2012, 7, 1), 35)]


def unix_of(*date):
    return calendar.timegm(date + (0, 0, 0))


def next_midnight():
    """The end of a leap day that is more than two days after the build."""
    year = time.gmtime(when.build()).tm_year
    ends = [unix_of(year + y, month, 1) for y in (0, 1) for month in (1, 7)]
    return min(end for end in ends if end > when.build() + 2 * DAY)


def indicator(port):
    """(leap indicator, stratum) of what serves there; None: no answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(0.5)
        link.connect(("127.0.0.1", port))
        try:
            link.send(b"\x23" + bytes(39) + b"tell me!")
            reply = link.recv(100)
        except OSError:
            return None
    return reply[0] >> 6, reply[1]


def leap_list(path, midnight, second):
    rows = [(unix_of(*date), tai) for date, tai in KNOWN]
    rows.append((midnight, rows[-1][1] + second))
    with open(path, "w") as out:
        out.write(f"#$\t{rows[0][0] + NTP_UNIX}\n"
                  f"#@\t{midnight + 365 * DAY + NTP_UNIX}\n")
        for when, tai in rows:
            out.write(f"{when + NTP_UNIX}\t{tai}\n")
    return path


class Leap:
    """A chronyd with its list, and a firmware that asks it."""

    def __init__(self, w, upstream, ahead, midnight, second):
        self.second, self.midnight = second, midnight
        self.begins = midnight - (1 if second < 0 else 0)
        self.ahead = ahead
        path = leap_list(w.path(f"list{second}"), midnight, second)
        self.server = w.enter_context(chronyd.Server(
            w.pki, version="4.6.1", ahead=ahead, extra=[
                f"server 127.0.0.1 port {upstream.port} iburst minpoll 10",
                f"leapseclist {path}"]))
        w.servers = [self.server]
        card = w.card(name=f"card{second}.img",
                      conf=w.conf(testbed.FAST, more="allow\n"))
        self.port = child.free_port()
        self.machine = w.enter_context(Process(card, udp=[(self.port, 123)]))
        self.wrong, self.seen, self.served = [], [], []

    def since(self):
        """Seconds since the leap began."""
        return when.now() + self.ahead - self.begins

    def ask(self):
        """What both serve while it is in progress: notes what differs."""
        first = self.since()
        both = [indicator(self.server.port), indicator(self.port)]
        if first < CLOSE or self.since() > 2 - CLOSE or None in both:
            return
        self.served.append(f"{both[0]} {both[1]}")

    def truth(self):
        """UTC as counted, leap included."""
        now = when.now() + self.ahead
        return now - self.second if now >= self.begins else now

    def read(self):
        """The clock as `date` prints it; noted if it cannot be right."""
        first = self.truth()
        text = self.machine.ask("date")
        last = self.truth()
        match = re.search(r"(\d+)-(\d+)-(\d+) (\d+):(\d+):(\d+)(\.\d+) UTC$",
                          text, re.M)
        if not match:
            self.wrong.append(text)
            return
        shown = calendar.timegm(tuple(map(int, match.groups()[:6]))) + float(
            match.group(7))
        low, high = sorted((first, last))
        if last < first:  # asked across the second that comes twice
            low, high = self.midnight - 1, self.midnight
        self.seen.append(match.group(0)[11:26])
        if not low - CLOSE <= shown <= high + CLOSE:
            self.wrong.append(f"{match.group(0)}: {shown - low:+.3f} s, "
                              f"{shown - high:+.3f} s")

    def status(self):
        return testbed.field(self.machine.ask("tracking"), "Leap status")


def seconds_of(leap):
    """How the readings walk over midnight: the seconds, turn by turn."""
    walk, last = [], ""
    for text in leap.seen:
        if text[6:8] != last[6:8] or text < last:
            walk.append(text[:8])
        last = text
    return [s for s in walk if s[:5] in ("23:59", "00:00")]


def check(tap, leap, word, walk):
    tap.check(not leap.wrong, f"{word}: {len(leap.seen)} readings right, "
              "before and after", "\n".join(leap.wrong))
    text = ", ".join(seconds_of(leap))
    tap.check(walk in text, f"... the clock walks {walk}", text)
    tap.check(set(leap.served) == {"(3, 2) (3, 3)"},
              f"... leap 3 in it from chronyd and us, {len(leap.served)} looks",
              "\n".join(leap.served))
    tap.check(until(lambda: leap.status() == "Normal"), "... once",
              leap.status())
    rows = testbed.sources(leap.machine)
    tap.check(len(rows) == 1 and rows[0][0] == "*",
              "... and goes on with the same server", rows)
    tap.check("stepped to" not in leap.machine.text,
              "... that had not to set it right", leap.machine.text)


def main():
    tap = Tap()
    midnight = next_midnight()
    with testbed.Testbed(at=midnight) as w:
        ahead = int(midnight - BEFORE - when.now())
        upstream = w.enter_context(chronyd.Server(w.pki, ahead=ahead))
        leaps = [Leap(w, upstream, ahead, midnight, s) for s in (1, -1)]
        for leap in leaps:
            word = "Insert second" if leap.second > 0 else "Delete second"
            tap.check(testbed.synchronise(leap.machine), "synchronised",
                      leap.machine.text + leap.server.text())
            tap.check(until(lambda: leap.status() == word),
                      f"tracking: {word}", leap.machine.ask("tracking")
                      + leap.server.chronyc("tracking") + leap.server.text())
        print(f"# {midnight - leaps[0].truth():.1f} s before midnight",
              flush=True)
        while leaps[1].truth() < midnight + AFTER:
            for leap in leaps:
                leap.read()
                leap.ask()
        check(tap, leaps[0], "inserted", "23:59:58, 23:59:59, 23:59:59, "
              "00:00:00")
        check(tap, leaps[1], "deleted", "23:59:58, 00:00:00, 00:00:01")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
