#!/usr/bin/env python3
"""The card of `make card` in Pis that do not get to the time, each for another
reason, side by side: which stage the LED shows (core/stage.h), read from its pin
many times a flash, and what REPORT.TXT says when it is read back with mtools. At
stage 6 it is a LAN9514 without a cable: QEMU's usb-net has a link for ever."""
import contextlib
import re
import sys
import time

from tests.common import testbed
from tests.common.machine import Machine
from tests.common.usbchip import ChipMachine
from tests.peers import mkcard
from tests.qemu.test_led import lit
from tests.tap import Tap

SAID, WATCHED_S, REPORT_S = 60, 150, 60
DEAD = "".join(f"server 10.0.2.2 ntsport {port} nts iburst\n"
               for port in (9, 13, 17))
USB = ("usb-net,netdev=n0,port=1",)


class Board:
    """One that stands at a stage, and what its report has to say."""

    def __init__(self, w, stage, conf, says, net="user,id=n0", usb=USB,
                 unplugged=None):
        self.stage, self.says = stage, says
        self.card, kernel = w.card_as_made(conf, f"stage{stage}.img")
        self.before = testbed.read(self.card)
        if unplugged:
            self.machine = ChipMachine(unplugged, card=self.card, kernel=kernel)
            self.machine.order("cable 0")
        else:
            self.machine = Machine(card=self.card if stage != 2 else None,
                                   kernel=kernel, net=net, usb=usb)
        self.seen = []  # (time, lit), at each change

    def look(self):
        now = lit(self.machine)
        if not self.seen or self.seen[-1][1] != now:
            self.seen.append((time.monotonic(), now))

    def codes(self):
        """How many short flashes each whole round had; rounds with flashes
        that are neither long nor short, this machine being busy, are none."""
        text = ""
        for (begin, on), (end, _) in zip(self.seen, self.seen[1:]):
            if on:
                took = end - begin
                text += "L" if took > 0.7 else "s" if took < 0.4 else "?"
        return [len(code) for code in re.findall(r"(?<=L)s+(?=L)", text)]

    def untouched(self):
        """All of the boot partition but REPORT.TXT."""
        at = self.before.index(b"GNOMON REPORT 0")
        after = testbed.read(self.card)
        return (after[:at] == self.before[:at]
                and after[at + 32768:60 << 20]
                == self.before[at + 32768:60 << 20])


def boards(w):
    w.chronyd(1)
    yield Board(w, 2, DEAD, None)
    yield Board(w, 3, "# no server\n",
                "Clock not set   : chrony.conf has no server or pool line")
    yield Board(w, 4, DEAD, "Ethernet        : no link: no Ethernet adapter",
                net=None)
    yield Board(w, 5, DEAD, "no driver", usb=("usb-kbd,port=1",))
    yield Board(w, 6, DEAD, "Clock not set   : no Ethernet link",
                unplugged="LAN9514")
    yield Board(w, 7, DEAD, "Clock not set   : no address",
                net="hubport,id=n0,hubid=0")
    yield Board(w, 8, DEAD, "refused")
    yield Board(w, 9, w.conf(testbed.FAST) + DEAD,
                "Clock not set   : 1 of 4 sources agree, 3 needed")


def watch(all_boards):
    end = time.monotonic() + WATCHED_S
    while time.monotonic() < end \
            and any(len(b.codes()) < 2 for b in all_boards):
        for board in all_boards:
            board.look()
        time.sleep(0.02)  # looking all the time would hold the boards up


def judge(tap, board):
    stage = board.stage
    codes = board.codes()
    tap.check(len(codes) > 0 and set(codes) == {stage},
              f"stage {stage}: one long flash, {stage} short", codes)
    if board.says is None:
        return
    board.machine.seen = 0  # it may have been written before the stage's line
    board.machine.wait(r"REPORT\.TXT: written, 1 of 3", REPORT_S)
    report = mkcard.get(board.card, "REPORT.TXT").decode("ascii", "replace")
    tap.check(report.startswith("GNOMON REPORT ")
              and f"Stage           : {stage} of 9: " in report
              and board.says in report and "] last reset: power-on" in report
              and len(report) == 32768,
              f"stage {stage}: REPORT.TXT names it", report.rstrip()[:6000])
    tap.check(board.untouched(),
              f"stage {stage}: nothing else of the boot partition was written")


def main():
    tap = Tap()
    with testbed.Testbed() as w, contextlib.ExitStack() as stack:
        all_boards = list(boards(w))
        for board in all_boards:
            stack.enter_context(board.machine)
        for board in all_boards:
            tap.check(board.machine.wait(
                rf"stage {board.stage} of 9 \(LED", SAID),
                f"stage {board.stage}: the log says so", board.machine.text)
        watch(all_boards)
        for board in all_boards:
            judge(tap, board)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
