#!/usr/bin/env python3
"""Crashes of the whole firmware on the emulated Pi (watchdog and
resets): what the next boot tells of a panic and of a loop that hangs; a row
of crashes slows down, and the console answers meanwhile; a stable run ends
the row. Times are the guest's own, from the stamps of its log.

QEMU has no watchdog that counts down (arming it resets at once), so what the
silicon's does when not even the timer interrupts is not shown here."""
import re
import sys
import tempfile

from tests.qemu import gdb
from tests.common.machine import Machine
from tests.tap import Tap

# Whole lines: the console comes in pieces.
BOOT = r"^\[.*\] last reset: (.*)\n"
RUNS = r"^\[.*\] time floor .*$"


def stamp(machine, match):
    return machine.stamp_before(match.start()) if match else None


def crash(tap, m, work, line):
    """Panic, and what the next boot says: (its match, that it was told)."""
    gdb.panic(work, "firmware/services/made_up.c", line)
    boot = m.wait(BOOT)
    told = boot and boot.group(1) == (
        f"panic made_up.c:{line}: harm from outside")
    tap.check(told, f"panic {line}: the next boot tells file and line",
              m.text)
    return boot


def in_a_row(machine):
    match = re.search(r"^Crashes\s*: (\d+) in a row", machine.ask("board"),
                      re.M)
    return int(match.group(1)) if match else 0


def slows_down(tap, work):
    waits = []
    with Machine(extra=gdb.door(work)) as m:
        tap.check(m.wait(RUNS), "boots", m.text)
        for n in range(1, 5):
            crash(tap, m, work, 4710 + n)
            if n <= 2:
                runs = m.wait(RUNS)
                tap.check(runs and "starting in" not in m.text,
                          f"crash {n}: starts at once", m.text)
                tap.check(in_a_row(m) == n, f"crash {n}: `board` counts it",
                          m.text)
                continue
            said = m.wait(rf"^\[.*\] {n} crashes in a row: starting in (\d+) "
                          "s$")
            if not tap.check(said, f"crash {n}: says that it waits", m.text):
                return
            began = stamp(m, said)
            answers = [in_a_row(m) == n, "Not synch" in m.ask("tracking"),
                       "not synchronised" in m.ask("date"),
                       "starting in" in m.ask("log")]
            answers += [bool(m.ask(word)) for word in (
                "sources", "authdata", "activity", "selectdata",
                "sourcestats", "serverstats", "board", "floor",
                "floor reset", "help")]
            answers.append(in_a_row(m) == n)
            tap.check(all(answers), f"crash {n}: the console answers while "
                      "it waits", f"{answers}\n{m.text}")
            m.seen = said.end()  # the answers may have taken longer than it
            runs = m.wait(RUNS)
            took = runs and stamp(m, runs) - began
            waits.append((int(said.group(1)), took))
            # It may be late on a busy machine, never early. The stamps are
            # of a microsecond, the second one of the next pass.
            tap.check(took is not None and took >= waits[-1][0] - 0.01,
                      f"crash {n}: and then starts", waits)
        print(f"# waits stated and taken: {waits}")
        tap.check(len(waits) == 2 and waits[1][0] == 2 * waits[0][0] > 0,
                  "each wait is twice the last", waits)
        crash(tap, m, work, 4715)
        m.wait("starting in")
        m.ask("help")
        m.send("reset\r")
        tap.check(m.wait(BOOT) and m.wait(RUNS)
                  and in_a_row(m) == 0,
                  "`reset` typed in the wait ends it and the row", m.text)


def stable_run(tap, work):
    """Virtual time runs ahead while the machine idles: a minute is short."""
    with Machine(extra=gdb.door(work), icount=3) as m:
        m.wait(RUNS)
        for n in (1, 2):
            crash(tap, m, work, n)
            m.wait(RUNS)
        over = m.wait(r"^\[.*\] stable: 2 crashes in a row are history$")
        tap.check(over, "a stable run ends the row", m.text)
        tap.check(in_a_row(m) == 0, "... in `board`, too", m.text)
        crash(tap, m, work, 3)
        tap.check(m.wait(RUNS) and "starting in" not in m.text
                  and in_a_row(m) == 1,
                  "... and the next crash is the first again", m.text)


def hangs(tap, work):
    with Machine(extra=gdb.door(work), icount=3) as m:
        m.wait(RUNS)
        gdb.hang(work, "port_poll")
        said = m.wait(r"^(watchdog: silent for (\d+) ms at (\w{8}))$")
        if not tap.check(said, "a loop that hangs is found", m.text):
            return
        print(f"# {said.group(1)}")
        # port.h: after 10 s, at most a second more
        tap.check(10000 <= int(said.group(2)) <= 11000,
                  "... in the stated time", said.group(1))
        tap.check(int(said.group(3), 16) == gdb.symbol("port_poll") & ~1,
                  "... and where", said.group(1))
        boot = m.wait(BOOT)
        tap.check(boot and boot.group(1) == said.group(1)
                  and m.wait(RUNS) and in_a_row(m) == 1,
                  "... reset, told at the next boot, a crash as any", m.text)


def hardware_watchdog(tap, work):
    """Its reset is QEMU's: that it is told and counted can be shown."""
    with Machine(extra=gdb.door(work)) as m:
        m.wait(RUNS)
        m.qmp("system_reset")
        boot = m.wait(BOOT)
        tap.check(boot and boot.group(1) == "reset" and m.wait(RUNS)
                  and in_a_row(m) == 0, "a reset from outside is no crash",
                  m.text)
        gdb.say_watchdog_armed(work)
        m.qmp("system_reset")
        boot = m.wait(BOOT)
        tap.check(boot and boot.group(1) == "watchdog" and m.wait(RUNS)
                  and in_a_row(m) == 1, "with the hardware's watchdog armed "
                  "it was that, and counts", m.text)


def main():
    tap = Tap()
    for test in (hangs, hardware_watchdog, stable_run, slows_down):
        with tempfile.TemporaryDirectory(prefix="gnomon-crash-") as work:
            test(tap, work)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
