#!/usr/bin/env python3
"""Servers that lie by half a second, before the whole firmware as a process:
one of three with NTS; then two plain ones against an honest one with NTS,
under each authselectmode."""
import re
import sys

from tests.common import liars
from tests.common import testbed
from tests.common.liars import LIE_S, TAIL, settled
from tests.common.machine import Process
from tests.tap import Tap

# mode: states of (NTS, plain, plain), their options in force, the clock
MODES = {
    "mix": (r"\*xx", ["--TR-", "-----", "-----"], 0),
    "require": (r"\*NN", ["-----", "N----", "N----"], 0),
    "prefer": (r"\*NN", ["-----", "N----", "N----"], 0),
    # Authentication counts for nothing: the liars are the majority.
    "ignore": (r"x(\*\+|\+\*)", ["-----"] * 3, -LIE_S),
}


def plain_majority(tap, w, honest, two):
    lines = testbed.server_lines([honest], testbed.FAST) + "".join(
        f"server {testbed.HOST} port {s.port} {testbed.FAST}\n" for s in two)
    for mode, (pattern, options, wanted) in MODES.items():
        conf = lines + TAIL + f"authselectmode {mode}\n"
        with Process(w.card(f"{mode}.img", conf)) as m:
            tap.check(testbed.synchronise(m), f"{mode}: synchronised", m.text)
            states, found = settled(m, pattern)
            tap.check(re.fullmatch(pattern, states),
                      f"{mode}: states are {pattern}",
                      states + m.ask("selectdata"))
            tap.check(found == options, f"{mode}: options in force", found)
            liars.check_off_by(tap, m, wanted,
                               f"{mode}: the clock is off by {wanted} s")


def no_majority(tap, w, honest, liar):
    """One against one: nobody knows, so the clock is not set, and says so."""
    conf = testbed.server_lines([honest, liar], testbed.FAST) + TAIL
    with Process(w.card("split.img", conf)) as m:
        said = m.wait("clock not set: 1 of 2 sources agree, 2 needed: they "
                      "disagree")
        tap.check(said, "one against one: said", m.text)
        tap.check(settled(m, "xx")[0] == "xx", "... both are marked x",
                  m.text)
        tap.check("synchronised: " not in m.text
                  and "Not synchronised" in m.ask("tracking"),
                  "... and the clock is not set", m.text)


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        honest, lying = w.chronyd(2), w.chronyd(2)
        for server in lying:
            liars.lie(server)
        liars.one_of_three(tap, w, Process, honest + lying[:1])
        plain_majority(tap, w, honest[0], lying)
        no_majority(tap, w, honest[0], lying[0])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
