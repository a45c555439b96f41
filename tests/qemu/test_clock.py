#!/usr/bin/env python3
"""The Pi's clock against this machine's, which its servers serve (issue 2,
must show 6). The console's `date` reads the clock when the line's end comes;
so the clock was read between our sending that and the answer's arrival, and
half of that time bounds what the offset is uncertain by."""
import calendar
import re
import sys
import time

import world
from machine import Machine, Tap

ANSWER = re.compile(r"^(\d+)-(\d+)-(\d+) (\d+):(\d+):(\d+)\.(\d{6}) UTC$",
                    re.M)
TRIES = 60


def ask_clock(machine):
    """(round trip, this machine's clock in its middle minus the Pi's)."""
    machine.pump(0)
    machine.seen = len(machine.text)
    machine.send("date")
    machine.wait(r"date$", 20)
    before = time.time()
    begun = time.monotonic()
    machine.send("\r")
    while not (answer := ANSWER.search(machine.text, machine.seen)):
        if time.monotonic() - begun > 20:
            return None
        machine.pump(1)
    trip = time.monotonic() - begun
    machine.seen = answer.end()
    *civil, micro = map(int, answer.groups())
    shown = calendar.timegm((*civil, 0, 0, 0)) + (micro + 0.5) / 1e6
    machine.wait(r"^gnomon> ", 20)
    return trip, before + trip / 2 - shown


def stated(machine):
    """What `tracking` says the clock may be off by."""
    text = machine.ask("tracking")
    return (world.seconds(text, "Root dispersion")
            + world.seconds(text, "Root delay") / 2)


def judge(tap, machine, when):
    found = [ask_clock(machine) for _ in range(TRIES)]
    if not tap.check(all(found), f"{when}: `date` answers", machine.text):
        return
    trip, offset = min(found)
    claim = stated(machine)
    print(f"# {when}: offset {offset * 1e6:+.0f} us, known to +-"
          f"{trip / 2 * 1e6:.0f} us (half the round trip, the smallest of "
          f"{TRIES}); tracking states +-{claim * 1e6:.0f} us")
    tap.check(abs(offset) <= trip / 2 + claim,
              f"{when}: no further from this machine's clock than the Pi "
              "itself states", f"{offset} {trip / 2} {claim}")
    tap.check(claim < 1, f"{when}: it states less than a second", claim)


def main():
    tap = Tap()
    with world.World() as w:
        w.chronyd()
        with Machine(card=w.card(conf=w.conf(world.FAST))) as m:
            # Not before the clock is set, and saying so.
            early = m.wait(r"time floor .*$") and m.ask("date")
            tap.check("not synchronised" in early
                      or "synchronised:" in m.text,
                      "before it is set the clock says so", early)
            tap.check("synchronised:" in m.text or world.synchronise(m),
                      "synchronised", m.text)
            judge(tap, m, "at once")
            time.sleep(6)
            judge(tap, m, "six seconds later")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
