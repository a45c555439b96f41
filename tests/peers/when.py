"""What time it is: the only module of the tests that asks (tests/lint).

No test may depend on how far this machine's clock is from the build's time,
which is the floor below which the firmware believes nobody, nor on today's
date. So a date comes from one of these:

    build()   the build's time, gnomon_build_unix: what the firmware holds
              certificates and replies against before it has the time
    now()     what the peers' clocks show, and what the firmware's shows once
              it has the time: this machine's clock, but never before the
              build's time (a clone whose newest commit is a little in the
              future, or a machine that has lost its clock)

environment() makes a peer's clock show now(), and as much more as is asked
for: a program that shall live in another year, or at a leap second. A clock
that is moved for the whole run (tests/shifted) is moved for all alike."""
import os
import re
import time

from tests.tap import TOP

BUILD = os.environ.get("GNOMON_BUILD", os.path.join(TOP, "build"))
SHIFT_CLOCK = os.path.join(BUILD, "host/shift_clock.so")
MARGIN_S = 5  # a reply's time is not exact; nobody shall be near the floor
DAY = 86400
YEAR = 365 * DAY


def build():
    with open(os.path.join(BUILD, "version.c")) as text:
        return int(re.search(r"gnomon_build_unix = (\d+)", text.read())[1])


# How far the peers' clocks are ahead of this machine's, whole seconds.
AHEAD = max(0, int(build() + MARGIN_S - time.time()))


def now():
    return time.time() + AHEAD


def environment(ahead=0):
    """For a program whose clock shall show now() + ahead."""
    shift = int(os.environ.get("SHIFT_CLOCK", "0")) + AHEAD + int(ahead)
    if shift == 0:
        return {}
    return {"LD_PRELOAD": SHIFT_CLOCK, "SHIFT_CLOCK": str(shift)}


def day(unix):
    """As the firmware prints it: 2026-11-28."""
    return time.strftime("%Y-%m-%d", time.gmtime(unix))


def stamp(unix):
    """2026-11-28T10:00:00Z"""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix))
