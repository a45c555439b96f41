#!/usr/bin/env python3
"""The card of `make card` in Pis that do not get to the time, each for another
reason, side by side: which stage the LED shows (core/stage.h), as qemu/led.py
reads it, and what REPORT.TXT says when it is read back with mtools. At stage 6
it is a LAN9514 without a cable: QEMU's usb-net has a link for ever. All count
their time in instructions, and the server that one of them hears lives in it."""
import concurrent.futures
import contextlib
import sys

from tests.common import testbed
from tests.common.machine import Machine
from tests.common.usbchip import ChipMachine
from tests.peers import mkcard, when
from tests.qemu import led
from tests.tap import Tap

ROUNDS = 2
TODAY = when.now()
DEAD = "".join(f"server 10.0.2.2 ntsport {port} nts iburst\n"
               for port in (9, 13, 17))
USB = ("usb-net,netdev=n0,port=1",)


class Board:
    """One that stands at a stage, and what its report has to say."""

    def __init__(self, w, stage, conf, says, net="user,id=n0", usb=USB,
                 unplugged=None, **how):
        self.stage, self.says = stage, says
        self.card, kernel = w.card_as_made(conf, f"stage{stage}.img")
        self.before = testbed.read(self.card)
        how = {"card": self.card if stage != 2 else None, "kernel": kernel,
               "icount": testbed.SHIFT, "sleep": True, **how}
        if unplugged:
            self.machine = ChipMachine(unplugged, **how)
            self.machine.order("cable 0")
        else:
            self.machine = Machine(net=net, usb=usb, **how)

    def watch(self):
        seen = led.watch(self.machine, led.STAGES, ROUNDS)
        if self.says is not None:
            self.machine.seen = 0  # it may be older than the stage's line
            self.machine.wait(r"REPORT\.TXT: written, 1 of 3")
        self.machine.qmp("stop")  # no more is wanted of it
        return seen

    def untouched(self):
        """All of the boot partition but REPORT.TXT."""
        at = self.before.index(b"GNOMON REPORT 0")
        after = testbed.read(self.card)
        return (after[:at] == self.before[:at]
                and after[at + 32768:60 << 20]
                == self.before[at + 32768:60 << 20])


def boards(w):
    w.chronyd(1, virtual=True)
    # An Ethernet costs QEMU an interrupt a millisecond: none where the board
    # stops before it.
    yield Board(w, 2, DEAD, None, net=None)
    yield Board(w, 3, "# no server\n",
                "Clock not set   : chrony.conf has no server or pool line",
                net=None)
    yield Board(w, 4, DEAD, "Ethernet        : no link: no Ethernet adapter",
                net=None)
    yield Board(w, 5, DEAD, "no driver", usb=("usb-kbd,port=1",))
    yield Board(w, 6, DEAD, "Clock not set   : no Ethernet link",
                unplugged="LAN9514")
    yield Board(w, 7, DEAD, "Clock not set   : no address",
                net="hubport,id=n0,hubid=0")
    yield Board(w, 8, DEAD, "refused")
    yield Board(w, 9, w.conf(testbed.FAST) + DEAD,
                "Clock not set   : 1 of 4 sources agree, 3 needed",
                at=TODAY, pcap=w.path("clock.pcap"))


def judge(tap, board, seen):
    stage = board.stage
    found = led.judge(seen, led.STAGES)
    print(f"# stage {stage}: {len(seen)} readings; fifths of a second, and the "
          f"share of readings, that are not as the code: {found}", flush=True)
    tap.check(led.is_shown(stage, found),
              f"stage {stage}: one long flash, {stage} short", found)
    if board.says is None:
        return
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
    with testbed.Testbed(at=TODAY) as w, contextlib.ExitStack() as stack:
        all_boards = list(boards(w))
        for board in all_boards:
            stack.enter_context(board.machine)
        for board in all_boards:
            tap.check(board.machine.wait(
                rf"stage {board.stage} of 9 \(LED"),
                f"stage {board.stage}: the log says so", board.machine.text)
        with concurrent.futures.ThreadPoolExecutor(len(all_boards)) as pool:
            for board, seen in zip(all_boards, pool.map(
                    Board.watch, all_boards)):
                judge(tap, board, seen)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
