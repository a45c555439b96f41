#!/usr/bin/env python3
"""The real image on a Pi whose Ethernet is a LAN9514's chip, modelled beside
QEMU: authenticated time, and what cables, chips and frames may do meanwhile.
With the chip of a 3B+, and with a dongle whose CDC-ECM is its second
configuration, the same at high speed and the main troubles."""
import sys

from tests.common import testbed
from tests.common.refusals import until
from tests.common.usbchip import ChipMachine
from tests.tap import Tap

CHIP = "LAN9514"
# How else its wire may be: speed, full duplex, negotiates. A LAN7800 wants
# 100 Mb/s full duplex, from whoever can do more as well.
OTHER = {"LAN9514": "10 0 1", "LAN7800": "1000 1 1", "RTL8153": "10 1 1"}
STREAMS = ("LAN9514", "LAN7800") # frames behind each other in a transfer
DOWN = r"network link down"
UP = r"network link up"


def reach(machine):
    return [row[4] for row in testbed.sources(machine)]


def all_reached(machine):
    rows = reach(machine)
    return len(rows) == 3 and all(r == 0o377 for r in rows)


def heard_again(machine):
    """Every source has answered its newest poll."""
    return until(lambda: len(reach(machine)) == 3
                 and all(r & 1 for r in reach(machine)))


def no_faults(tap, machine, what):
    counts, line = machine.report()
    tap.check(counts["faults"] == 0, f"{what}: nothing the chip minds", line)
    return counts


def comes_up(tap, w, kind=CHIP, hub=False):
    what = f"{kind} " + ("behind a hub" if hub else "at high speed")
    with ChipMachine(kind, hub=hub, card=w.path("card.img")) as m:
        tap.check(testbed.synchronise(m), f"{what}: NTS with three servers",
                  m.text)
        tap.check(until(lambda: all_reached(m)), f"{what}: Reach 377",
                  m.text)
        tap.check(until(lambda: testbed.keys_are_good(
            testbed.authdata(m), 3)), f"{what}: eight cookies each",
                  m.text)
        no_faults(tap, m, what)


def is_disturbed(tap, w, kind=CHIP):
    """One boot, from saved cookies; one trouble after the other."""
    with ChipMachine(kind, card=w.path("card.img")) as m:
        tap.check(testbed.synchronise(m), f"{kind}: from saved cookies",
                  m.text)
        m.order("cable 0")
        tap.check(m.wait(DOWN), "cable out: noticed", m.text)
        m.order("cable " + OTHER[kind])
        tap.check(m.wait(UP) and heard_again(m),
                  f"cable in, to {OTHER[kind]}: all servers again",
                  m.text)
        m.order("cable 100 1 1")
        tap.check(m.wait(UP) and heard_again(m),
                  "100 Mb/s full duplex: all servers again", m.text)
        before, _ = m.report()
        m.order("silent")
        tap.check(m.wait(DOWN), "a chip that does not answer: noticed",
                  m.text)
        tap.check(m.wait(UP) and heard_again(m),
                  "a chip that does not answer: reset, all servers again",
                  m.text)
        after, _ = m.report()
        tap.check(after["resets"] > before["resets"], "it was a bus reset",
                  after)
        for words, what in (("pack 10", "ten frames in one transfer"),
                            ("cut 100", "frames split across transfers"),
                            ("lose 7", "every seventh frame lost"),
                            ("twice 3", "every third frame doubled")):
            if kind not in STREAMS and words.split()[0] in ("pack", "cut"):
                continue
            m.order(words)
            before, _ = m.report()
            tap.check(until(lambda: m.report()[0]["in"] > before["in"] + 40)
                      and heard_again(m),
                      f"{what}: all servers answer", m.text)
            m.order(words.split()[0] + " 0")
        tap.check(until(lambda: all_reached(m)), "then Reach 377", m.text)
        no_faults(tap, m, "to the end")


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        w.chronyd()
        w.card(conf=w.conf(testbed.FAST))
        comes_up(tap, w)
        comes_up(tap, w, hub=True)
        is_disturbed(tap, w)
        for kind in ("LAN7800", "RTL8153"):
            comes_up(tap, w, kind)
            is_disturbed(tap, w, kind)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
