"""Three sources with NTS, one of which lies by half a second: what the
console must say of them, whatever `boot(card)` makes. Shared by the Linux
process (tests/host/test_falseticker.py, with more) and the emulated Pi
(test_liar.py)."""
import re
import time

from tests.common import hostclock
from tests.common import testbed
from tests.common.refusals import until
from tests.tap import GUARD_S

LIE_S = 0.5
NEAR_S = 0.1  # a noisy machine's console and clock; the lie is far outside
ROW = re.compile(r"^(\S) \S+ +([YN]) (\S{5}) (\S{5}) ", re.M)
TAIL = "ntstrustedcerts ca.pem\nnosystemcert\n"
ONE_LIES = r"(\*\+|\+\*)x"


def letters(machine):
    """selectdata's states and effective options, a source each."""
    rows = ROW.findall(machine.ask("selectdata"))
    return "".join(row[0] for row in rows), [row[3] for row in rows]


def settled(machine, wanted, limit=GUARD_S):
    """Until the states are what is wanted: a source joins when its replies
    have come, in any order. wanted: a pattern."""
    end = time.monotonic() + limit
    while True:
        states, options = letters(machine)
        if re.fullmatch(wanted, states) or time.monotonic() > end:
            return states, options
        time.sleep(0.3)


def off_by(machine, wanted):
    """Whether the clock is ahead of this machine's by what is wanted; and
    (round trip, how far it is behind)."""
    found = hostclock.ask_clock(machine)
    return (found is not None
            and abs(found[1] + wanted) < found[0] / 2 + NEAR_S), found


def check_off_by(tap, machine, wanted, name):
    good, found = off_by(machine, wanted)
    tap.check(good, name, found)


def told(machine, limit=GUARD_S):
    """ntpdata of the liar, once it has answered twice: what it said before
    the clock was set, it said to the time floor."""
    end = time.monotonic() + limit
    while True:
        data = machine.ask("ntpdata 3")
        valid = re.search(r"^Total valid RX +: (\d+)", data, re.M)
        if (valid and int(valid[1]) > 1) or time.monotonic() > end:
            return data
        time.sleep(0.3)


def one_of_three(tap, w, boot, servers):
    """servers: two honest, then the liar."""
    conf = testbed.server_lines(servers, testbed.FAST) + TAIL
    with boot(w.card("three.img", conf)) as m:
        tap.check(testbed.synchronise(m), "one of three lies: synchronised",
                  m.text)
        states, _ = settled(m, ONE_LIES)
        tap.check(re.fullmatch(ONE_LIES, states),
                  "... the liar is marked x, the others * and +",
                  states + m.ask("selectdata"))
        tap.check(until(lambda: re.fullmatch(ONE_LIES, "".join(
            row[0] for row in testbed.sources(m)))), "... in `sources`, too",
                  m.text)
        check_off_by(tap, m, 0, "... the clock is right")
        tap.check("falseticker" in m.ask("log"), "... it is in the log",
                  m.text)
        data = told(m)
        match = re.search(r"^Offset +: ([+-]\S+) seconds", data, re.M)
        tap.check(match and abs(float(match.group(1)) + LIE_S) < NEAR_S,
                  "... ntpdata 3: it is half a second behind", data)
        stats = m.ask("sourcestats")
        tap.check(re.search(r" \+(4|5)\d\dms +\S+$", stats.rstrip()),
                  "... sourcestats: we are half a second ahead of it", stats)


def lie(server):
    server.chronyc("doffset", str(LIE_S))
