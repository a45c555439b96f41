#!/usr/bin/env python3
"""What `board` says, whole, on every machine that QEMU has, each with the
kernel and the card of `make card` and three NTS servers, and with every model
of an Ethernet chip beside it; then what a BCM2711's and other boards' register
models are told of (tests/drivers/test_boot). For a person to read: nothing
passes or fails.

    python3 -m tests.qemu.board_pages [MACHINE-OR-CHIP ...]"""
import copy
import subprocess
import sys

from tests.common import testbed
from tests.common.board import boards, has_pi4, tested
from tests.common.machine import Machine, TOP
from tests.common.usbchip import ChipMachine
from tests.qemu.test_pi4 import seeds

CHIPS = ("LAN9514", "LAN9514 behind a hub", "LAN7800", "RTL8153")


def say(what, machine):
    synchronised = testbed.synchronise(machine, 240)
    if synchronised: # a second round of polls, so that there is what to show
        machine.wait(r"^never$", 3)
    print(f"==== {what}" + ("" if synchronised else ": NOT synchronised"))
    print(machine.ask("board").replace("\r", ""), flush=True)


def machines():
    """(QEMU's machine, board)"""
    for board in boards():
        for machine in board.machines:
            yield machine, board
    if has_pi4():
        pi4 = copy.copy(tested())
        pi4.kernel = "kernel7l"
        yield "raspi4b", pi4
    else:
        print("==== raspi4b: no QEMU that has it (tests/peers/fetch.sh)")


def main():
    wanted = sys.argv[1:]
    with testbed.Testbed() as w:
        w.chronyd(3)
        for machine, board in machines():
            if wanted and machine not in wanted:
                continue
            card, kernel = w.card_as_made(w.conf(testbed.FAST),
                                          f"{machine}.img", board)
            extra = seeds(w, "seed") if machine == "raspi4b" else ()
            with Machine(card=card, kernel=kernel, machine=machine,
                         board=board, extra=extra) as m:
                say(f"{machine}, {board.kernel}.img", m)
        for chip in CHIPS:
            if wanted and chip not in wanted:
                continue
            kind, _, hub = chip.partition(" ")
            card = w.card(f"{kind}{bool(hub)}.img", w.conf(testbed.FAST))
            with ChipMachine(kind, hub=bool(hub), card=card) as m:
                say(f"{tested().machines[0]} with a {chip}", m)
    if not wanted:
        subprocess.run([f"{TOP}/build/host/tests/drivers/test_boot", "board"],
                       check=True)


if __name__ == "__main__":
    main()
