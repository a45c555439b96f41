#!/usr/bin/env python3
"""Servers that lie by half a second, before the whole firmware as a process:
one of three with NTS; then two plain ones against an honest one with NTS,
under each authselectmode."""
import calendar
import os
import re
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests/qemu")]
import world  # noqa: E402
from machine import Process, Tap  # noqa: E402

LIE_S = 0.5
NEAR_S = 0.1  # a noisy machine's console and clock; the lie is far outside
ROW = re.compile(r"^(\S) \S+ +([YN]) (\S{5}) (\S{5}) ", re.M)


def letters(machine):
    """selectdata's states and effective options, a source each."""
    rows = ROW.findall(machine.ask("selectdata"))
    return "".join(row[0] for row in rows), [row[3] for row in rows]


def settled(machine, wanted, limit=60):
    """Until the states are what is wanted: a source joins when its replies
    have come, in any order. wanted: a pattern."""
    end = time.monotonic() + limit
    while True:
        states, options = letters(machine)
        if re.fullmatch(wanted, states) or time.monotonic() > end:
            return states, options
        time.sleep(0.3)


def clock_is_off(machine):
    """(least, most) that the clock may be off this machine's, seconds."""
    before = time.time()
    said = machine.ask("date")
    after = time.time()
    match = re.search(r"(\d+)-(\d+)-(\d+)[T ](\d+):(\d+):(\d+)(\.\d+)", said)
    if not match:
        return None
    clock = calendar.timegm(tuple(map(int, match.groups()[:6])))
    clock += float(match.group(7))
    return clock - after, clock - before


def off_by(machine, wanted):
    """Whether the clock is off by what is wanted; and what it is."""
    found = clock_is_off(machine)
    return (found is not None and found[0] - NEAR_S < wanted
            and wanted < found[1] + NEAR_S), found


def one_of_three(tap, w, servers):
    conf = world.server_lines(servers, world.FAST) + tail()
    with Process(w.card("three.img", conf)) as m:
        tap.check(world.synchronise(m), "one of three lies: synchronised",
                  m.text)
        states, _ = settled(m, r"(\*\+|\+\*)x")
        tap.check(re.fullmatch(r"(\*\+|\+\*)x", states),
                  "... the liar is marked x, the others * and +",
                  states + m.ask("selectdata"))
        shown = [row[0] for row in world.sources(m)]
        tap.check(shown == list(states), "... in `sources`, too", shown)
        tap.check(*named(off_by(m, 0), "... the clock is right"))
        tap.check("falseticker" in m.ask("log"), "... it is in the log",
                  m.text)
        data = m.ask("ntpdata 3")
        match = re.search(r"^Offset +: ([+-]\S+) seconds", data, re.M)
        tap.check(match and abs(float(match.group(1)) + LIE_S) < NEAR_S,
                  "... ntpdata 3: it is half a second behind", data)
        stats = m.ask("sourcestats")
        tap.check(re.search(r" \+(4|5)\d\dms +\S+$", stats.rstrip()),
                  "... sourcestats: we are half a second ahead of it", stats)


def named(result, name):
    return result[0], name, result[1]


def tail(more=""):
    return "ntstrustedcerts ca.pem\nnosystemcert\n" + more


# mode: states of (NTS, plain, plain), their options in force, the clock
MODES = {
    "mix": (r"\*xx", ["--TR-", "-----", "-----"], 0),
    "require": (r"\*NN", ["-----", "N----", "N----"], 0),
    "prefer": (r"\*NN", ["-----", "N----", "N----"], 0),
    # Authentication counts for nothing: the liars are the majority.
    "ignore": (r"x(\*\+|\+\*)", ["-----"] * 3, -LIE_S),
}


def plain_majority(tap, w, honest, liars):
    lines = world.server_lines([honest], world.FAST) + "".join(
        f"server {world.HOST} port {s.port} {world.FAST}\n" for s in liars)
    for mode, (pattern, options, wanted) in MODES.items():
        conf = lines + tail(f"authselectmode {mode}\n")
        with Process(w.card(f"{mode}.img", conf)) as m:
            tap.check(world.synchronise(m), f"{mode}: synchronised", m.text)
            states, found = settled(m, pattern)
            tap.check(re.fullmatch(pattern, states),
                      f"{mode}: states are {pattern}",
                      states + m.ask("selectdata"))
            tap.check(found == options, f"{mode}: options in force", found)
            tap.check(*named(off_by(m, wanted),
                             f"{mode}: the clock is off by {wanted} s"))


def no_majority(tap, w, honest, liar):
    """One against one: nobody knows, so the clock is not set, and says so."""
    conf = world.server_lines([honest, liar], world.FAST) + tail()
    with Process(w.card("split.img", conf)) as m:
        said = m.wait("clock not set: 1 of 2 sources agree, 2 needed: they "
                      "disagree", 60)
        tap.check(said, "one against one: said", m.text)
        tap.check(settled(m, "xx")[0] == "xx", "... both are marked x",
                  m.text)
        tap.check("synchronised: " not in m.text
                  and "Not synchronised" in m.ask("tracking"),
                  "... and the clock is not set", m.text)


def main():
    tap = Tap()
    with world.World() as w:
        honest, liars = w.chronyd(2), w.chronyd(2)
        for server in liars:
            server.chronyc("doffset", str(LIE_S))
        one_of_three(tap, w, honest + liars[:1])
        plain_majority(tap, w, honest[0], liars)
        no_majority(tap, w, honest[0], liars[0])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
