#!/usr/bin/env python3
"""The activity LED (GPIO 47) from outside the emulated Pi: services/led.h's
pattern in each state. QEMU tells of no edge of pins above 31, so the level is
read, many times a flash, between two readings of the Pi's own system timer.
The Pi counts its time in instructions, and the servers live in it: however
slowly it runs here, each reading is judged by when it was on the Pi."""
import re
import sys
import tempfile

from tests.qemu import gdb
from tests.common import testbed
from tests.common.machine import BOARD, Machine
from tests.common.refusals import until
from tests.peers import when
from tests.tap import Tap

LEVELS, LED_BIT = 0x38, 1 << 47 - 32
LIT_WHEN_LOW = BOARD.machines[0] == "raspi0"  # a Zero
# services/led.h; lit in these tenths of a second.
PATTERNS = {"no time yet": "#.#.#.#.#.", "synchronised": "#.........",
            "hold-over": "#.#.......", "after crashes": "#####....."}
READINGS, SECONDS = 300, 4
CRASHES = 7  # so many in a row that the wait outlasts the readings
CLOSE_US = 5000  # what may lie between the timer's readings, and to an edge
TODAY = when.now()


def monitor(machine, line):
    return machine.qmp("human-monitor-command",
                       **{"command-line": line}).replace("\r", "")


def register(machine, device, offset):
    if not hasattr(machine, "bases"):
        # QEMU lists the VideoCore's view too, in any order.
        view = re.search(r'^ AS "memory".*?(?=^FlatView|\Z)',
                         monitor(machine, "info mtree -f"),
                         re.M | re.S).group(0)
        machine.bases = {name: int(base, 16) for base, name in re.findall(
            r"^\s*0*([0-9a-f]+)-.*: (bcm2835[-_]\S+)", view, re.M)}
    text = monitor(machine,
                   f"xp /1wx {machine.bases[device] + offset:#x}")
    return int(text.split(":")[1], 16)


def lit(machine):
    return (bool(register(machine, "bcm2835_gpio", LEVELS) & LED_BIT)
            != LIT_WHEN_LOW)


def reading(machine):
    """(microseconds of the Pi, lit); None: something came in between."""
    before = register(machine, "bcm2835-sys-timer", 4)
    now = lit(machine)
    took = register(machine, "bcm2835-sys-timer", 4) - before
    return took < CLOSE_US and (before + took // 2, now)


def misses(seen, pattern, phase):
    """Readings that are not as the pattern, begun at phase, has it."""
    wrong = 0
    for at, shown in seen:
        tenth, rest = divmod((at - phase) % 1000000, 100000)
        near = rest < 2 * CLOSE_US or rest > 100000 - CLOSE_US
        wrong += not near and shown != (pattern[tenth] == "#")
    return wrong


def enough(seen):
    """So many readings and seconds of the Pi, no part of a second unseen."""
    parts = [0] * 20
    for at, _ in seen:
        parts[at % 1000000 * len(parts) // 1000000] += 1
    return len(seen) >= READINGS and min(parts) >= 5 \
        and seen[-1][0] - seen[0][0] > SECONDS * 1000000


def watch(tap, machine, state):
    """As many readings as it takes to tell the patterns from each other, when
    what led to the state has had two of the Pi's seconds."""
    begin = register(machine, "bcm2835-sys-timer", 4)
    until(lambda: register(machine, "bcm2835-sys-timer", 4)
          - begin > 2000000, 300)
    seen = []
    until(lambda: [seen.append(found) for _ in range(20)
                   if (found := reading(machine))] and None
          or enough(seen), 300)
    best = {name: min(misses(seen, pattern, phase)
                      for phase in range(0, 1000000, CLOSE_US))
            for name, pattern in PATTERNS.items()}
    print(f"# {state}: {len(seen)} readings, not as the pattern: {best}",
          flush=True)
    wrong = best.pop(state)
    tap.check(seen and wrong <= len(seen) / 50 and wrong < min(best.values()) / 4,
              f"{state}: {PATTERNS[state]}", (wrong, best, len(seen)))


def replies(servers, mode):
    for server in servers:
        server.proxy.mode = mode


def run(tap, w, work):
    servers = w.chronyd(2, front=True, virtual=True)
    replies(servers, "drop")
    with Machine(card=w.card(conf=w.conf(testbed.FAST)), at=TODAY,
                 pcap=w.path("clock.pcap"), icount=testbed.SHIFT, sleep=True,
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
        tap.check(until(lambda: all(row[4] == 0 for row in testbed.sources(m)),
                        90), "no source answers any more", m.text)
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
