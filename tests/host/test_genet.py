#!/usr/bin/env python3
"""The whole firmware as a Linux process whose Ethernet goes through GENET's
driver and the model of the chip: three NTS servers, saved cookies, a cable that
is pulled, a chip that stops answering. What the chip would not forgive, EEE
switched on before all, ends the process. Its ring's indices wrap at 65536 in
the first seconds."""
import os
import re
import signal
import sys
import time

from tests.common import testbed
from tests.common.machine import Process
from tests.tap import Tap
from tests.common.refusals import until

RESET = 3  # the exit status of tests/host/port_linux.c


def reached(machine):
    rows = testbed.sources(machine)
    return len(rows) == 3 and all(row[4] == 0o377 for row in rows)


def heard_since(machine, begin):
    """All three have replied after that time."""
    ages = re.findall(r"^\^. \S+\s+\d+\s+-?\d+\s+[0-7]+\s+(\d+)\s",
                      machine.ask("sources"), re.M)
    since = time.monotonic() - begin
    return len(ages) == 3 and all(int(age) < since - 1 for age in ages)


def link_goes_and_comes(tap, machine, number, what):
    """The signal breaks it, and mends it the second time."""
    machine.seen = len(machine.text)
    os.kill(machine.child.pid, number)
    tap.check(machine.wait(r"link down", 60), f"{what}: the link goes",
              machine.text)
    os.kill(machine.child.pid, number)
    tap.check(machine.wait(r"link up", 60), f"{what}: it comes back",
              machine.text)
    begin = time.monotonic()
    tap.check(until(lambda: heard_since(machine, begin), 120),
              f"{what}: and all servers are heard", machine.ask("sources"))


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        w.chronyd(3, front=True)
        card = w.card(conf=w.conf(testbed.FAST))
        with Process(card, "gnomon-genet") as m:
            tap.check(testbed.synchronise(m), "synchronised", m.text)
            tap.check(m.wait(r"IPv6 address fec0::", 60),
                      "an IPv6 address by router advertisement", m.text)
            tap.check(until(lambda: testbed.keys_are_good(
                testbed.authdata(m), 3)), "keys and 8 cookies of three",
                m.ask("authdata"))
            tap.check(until(lambda: reached(m), 120), "Reach 377 of three",
                      m.ask("sources"))
            link_goes_and_comes(tap, m, signal.SIGUSR1, "cable out and in")
            link_goes_and_comes(tap, m, signal.SIGUSR2, "a chip that is mute")
            m.send("reset\r")
            tap.check(until(lambda: m.child.poll() is not None)
                      and m.child.returncode == RESET,
                      "reset saves and restarts", m.text)
        with Process(card, "gnomon-genet") as m:
            tap.check(testbed.synchronise(m), "again", m.text)
            board = m.ask("board")
            tap.check("from saved cookies" in board
                      and "TLS handshakes  : 0" in board,
                      "... from saved cookies, without TLS", board)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
