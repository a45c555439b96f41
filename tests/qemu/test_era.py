#!/usr/bin/env python3
"""A plain server that says a time decades before the time floor, as a GPS
receiver does whose weeks have begun anew: on the emulated Pi it is refused, not
taken for the same moment of the next era, and the clock is not set. Others:
tests/field/test_time.c."""
import sys

from tests.common import testbed
from tests.common.machine import Machine
from tests.peers import when
from tests.tap import Tap

ROLL_OVER = 1024 * 7 * when.DAY  # of the GPS week, 19.6 years


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        server, = w.chronyd(1, ahead=-ROLL_OVER)
        conf = (f"server {testbed.HOST} port {server.port} iburst minpoll 0 "
                "maxpoll 2\n")
        then = when.day(when.now() - ROLL_OVER)[:4]
        with Machine(card=w.card(conf=conf)) as m:
            said = m.wait(r"before the time floor")
            tap.check(said, "a time 1024 weeks ago is refused", m.text)
            tap.check(f"says {then}" in m.text,
                      "and named in the century it was said in", m.text)
            tracking = m.ask("tracking")
            tap.check("Not synchronised" in tracking, "the clock is not set",
                      tracking)
            tap.check("before the time floor" in tracking,
                      "tracking says why", tracking)
            tap.check(not m.wait(testbed.SYNC, 5), "nor set later", m.text)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
