#!/usr/bin/env python3
"""kernel7l.img from the very card that `make card` makes, on an emulated
Raspberry Pi 4: a BCM2711's GIC, console and timers, the card (which QEMU has on
the Arasan), NTS with three servers over its USB, since QEMU has no GENET, and
the time again from saved cookies. Its random words are put into memory, since
QEMU has no RNG200 either. Skipped where there is no QEMU that knows the
board."""
import copy
import os
import re
import sys

from tests.common import testbed
from tests.common.board import has_pi4, tested
from tests.common.machine import Machine
from tests.common.refusals import until
from tests.tap import Tap

SEEDS = 0x0b080000  # of board/bcm283x/machine.c
SEED_BYTES = 0x80000


def seeds(w, name):
    path = w.path(name)
    with open(path, "wb") as file:
        file.write(os.urandom(SEED_BYTES))
    return ["-device", f"loader,file={path},addr={SEEDS:#x},force-raw=on"]


def boots(tap, w, card, kernel, when):
    with Machine(card=card, kernel=kernel, machine="raspi4b",
                 extra=seeds(w, f"{when.split()[-1]}.seed")) as m:
        tap.check(testbed.synchronise(m), f"synchronised {when}", m.text)
        tap.check(re.search(r"Raspberry Pi 4 Model B \(BCM2711\)", m.text),
                  "... as a Raspberry Pi 4 with its BCM2711", m.text)
        board = m.ask("board")
        tap.check(when in board, f"... {when}, says `board`", board)
        if "key exchange" in when:
            tap.check(until(lambda: testbed.keys_are_good(
                testbed.authdata(m), 3)), "... keys and 8 cookies of three",
                m.ask("authdata"))
            tap.check(until(lambda: [row[4] for row in testbed.sources(m)]
                            == [0o377] * 3), "... Reach 377 of three",
                      m.ask("sources"))


def without_random_words(tap, w, card, kernel):
    with Machine(card=card, kernel=kernel, machine="raspi4b",
                 keep_card=False) as m:
        tap.check(m.wait(r"random numbers: the generator gives none"),
                  "no random words: said so", m.text)
        tap.check(not testbed.synchronise(m, 10),
                  "... and no key exchange without", m.text)


def main():
    tap = Tap()
    if not has_pi4():
        print("ok 1 # skip no QEMU with a raspi4b could be had "
              "(tests/peers/fetch.sh)")
        print("1..1")
        return 0
    board = copy.copy(tested())
    board.kernel = "kernel7l"
    with testbed.Testbed() as w:
        w.chronyd(3)
        card, kernel = w.card_as_made(w.conf(testbed.FAST), "pi4.img", board)
        without_random_words(tap, w, card, kernel)
        boots(tap, w, card, kernel, "after key exchange")
        boots(tap, w, card, kernel, "from saved cookies")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
