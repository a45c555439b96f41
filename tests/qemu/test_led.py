#!/usr/bin/env python3
"""The activity LED (GPIO 47) from outside the emulated Pi: services/led.h's
pattern in each state. QEMU tells of no edge of pins above 31, so the level is
read, many times a flash. Judged are the flashes in so many of the Pi's own
seconds, and what share of the readings is lit."""
import re
import sys
import tempfile
import time

from tests.qemu import gdb
from tests.common import testbed
from tests.common.machine import BOARD, Machine
from tests.tap import Tap
from tests.common.refusals import until

LEVELS, LED_BIT, SECONDS = 0x38, 1 << 47 - 32, 5
LIT_WHEN_LOW = BOARD.machines[0] == "raspi0"  # a Zero


def monitor(machine, line):
    return machine.qmp("human-monitor-command", **{"command-line": line})


def lit(machine):
    if not hasattr(machine, "gpio"):
        # The views come in any order; the VideoCore's, at 7e..., is not ours.
        machine.gpio = next(
            int(at, 16) for at in re.findall(
                r"^\s*0*([0-9a-f]+)-.*bcm2835_gpio",
                monitor(machine, "info mtree -f"), re.M)
            if not at.startswith("7e"))
    text = monitor(machine, f"xp /1wx {machine.gpio + LEVELS:#x}")
    return bool(int(text.split(":")[1], 16) & LED_BIT) != LIT_WHEN_LOW


def uptime(machine):
    match = re.search(r"^Up\s*: ([\d.]+) s", machine.ask("board"), re.M)
    return float(match.group(1))


def watch(tap, machine, state, a_second, tenths, seconds=SECONDS):
    """a_second flashes a second, lit for so many tenths of it."""
    begun, seen = uptime(machine), []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seen.append(lit(machine))
        time.sleep(0.005)
    took = uptime(machine) - begun
    rises = sum(b and not a for a, b in zip(seen, seen[1:]))
    bright = sum(seen) / len(seen) * 10
    print(f"# {state}: {rises} flashes in {took:.1f} s, lit in {bright:.1f} "
          f"tenths of {len(seen)} readings", flush=True)
    tap.check(abs(rises - a_second * took) <= a_second + 1,
              f"{state}: {a_second} flashes a second", seen)
    tap.check(abs(bright - tenths) <= 1,
              f"{state}: lit for {tenths} tenths of it", bright)


def replies(servers, mode):
    for server in servers:
        server.proxy.mode = mode


def run(tap, w, work):
    servers = w.chronyd(2, front=True)
    replies(servers, "drop")
    with Machine(card=w.card(conf=w.conf(testbed.FAST)),
                 extra=gdb.door(work)) as m:
        m.wait("time floor")
        watch(tap, m, "no time yet", 5, 5)
        replies(servers, "pass")
        tap.check(testbed.synchronise(m), "synchronised", m.text)
        watch(tap, m, "synchronised", 1, 1)
        replies(servers, "drop")
        tap.check(until(lambda: all(row[4] == 0 for row in testbed.sources(m)),
                        90), "no source answers any more", m.text)
        watch(tap, m, "hold-over", 2, 2)
        for n in (1, 2, 3):
            gdb.panic(work, "made_up.c", n)
            m.wait("last reset: panic")
        tap.check(m.wait("crashes in a row: starting in"), "waits after "
                  "three crashes", m.text)
        # The wait is short: what the first seconds of it show.
        watch(tap, m, "after crashes", 1, 5, 3)


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        with tempfile.TemporaryDirectory(prefix="gnomon-led-") as work:
            run(tap, w, work)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
