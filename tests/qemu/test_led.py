#!/usr/bin/env python3
"""services/led.h's pattern of the activity LED in each state, as qemu/led.py
reads it. The Pi counts its time in instructions, and the servers live in it."""
import sys
import tempfile

from tests.qemu import gdb, led
from tests.common import testbed
from tests.common.refusals import until
from tests.peers import when
from tests.tap import Tap

ROUNDS = 4
CRASHES = 7  # so many in a row that the wait outlasts the readings
TODAY = when.now()


def watch(tap, machine, state):
    """When what led to the state has had two of the Pi's seconds."""
    begin = led.time_us(machine)
    until(lambda: led.time_us(machine) - begin > 2000000)
    seen = led.watch(machine, led.STATES, ROUNDS)
    found = led.judge(seen, led.STATES)
    print(f"# {state}: {len(seen)} readings; tenths, and the share of "
          f"readings, that are not as the pattern: {found}", flush=True)
    tap.check(led.is_shown(state, found),
              f"{state}: {led.STATES[state].text}", found)


def replies(servers, mode):
    for server in servers:
        server.proxy.mode = mode


def run(tap, w, work):
    servers = w.chronyd(2, front=True, virtual=True)
    replies(servers, "drop")
    with w.machine(w.card(conf=w.conf(testbed.FAST)), TODAY,
                   extra=gdb.door(work)) as m:
        # Without a cable: a key exchange's long steps delay the flashes, and
        # the Pi's time goes slowly meanwhile; most readings would be theirs.
        m.wait("Gnomon")
        m.qmp("set_link", name="n0", up=False)
        m.wait("time floor")
        watch(tap, m, "no time yet")
        m.qmp("set_link", name="n0", up=True)
        replies(servers, "pass")
        tap.check(testbed.synchronise(m), "synchronised", m.text)
        watch(tap, m, "synchronised")
        replies(servers, "drop")
        tap.check(until(lambda: all(row[4] == 0 for row in testbed.sources(m))), "no source answers any more", m.text)
        watch(tap, m, "hold-over")
        for n in range(1, CRASHES + 1):
            gdb.panic(work, "made_up.c", n)
            m.wait("last reset: panic")
        tap.check(m.wait(f"{CRASHES} crashes in a row: starting in 80 s"),
                  "waits after many crashes", m.text)
        watch(tap, m, "after crashes")


def main():
    tap = Tap()
    with testbed.Testbed(at=TODAY) as w:
        with tempfile.TemporaryDirectory(prefix="gnomon-led-") as work:
            run(tap, w, work)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
