#!/usr/bin/env python3
"""What a key exchange costs the server, in instructions: ke_cost.c in place of
the firmware on the emulated boards. Nothing passes or fails."""
import re
import subprocess
import sys

from tests.common.board import boards, start

IMAGE = "ke_cost.img"
SHIFT = 1  # an instruction is 2 ns of the counter


def costs(board):
    """(what, value) in the order they come; instructions but where `what`
    says bytes."""
    command = start(board.machines[0], f"{board.build}/{IMAGE}") + [
        "-icount", f"shift={SHIFT},sleep=off", "-display", "none",
        "-serial", "stdio", "-monitor", "none"]
    hz = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as qemu:
        for line in qemu.stdout:
            match = re.match(rb"COST (\d+) (\d+) (.*?)\r?\n", line)
            if not match:
                continue
            ticks, runs = int(match[1]), int(match[2])
            what = match[3].decode()
            if what == "done":
                break
            if what == "ticks a second":
                hz = ticks
            elif runs == 0:
                yield what, ticks
            else:
                yield what, ticks * 1e9 / hz / 2 ** SHIFT / runs
        qemu.kill()


def main():
    for board in boards():
        subprocess.run(["make", "-s", f"build/{board.name}/{IMAGE}"],
                       check=True)
        print(f"Instructions on {board.machines[0]}")
        for what, value in costs(board):
            print(f"  {what:<44} {value:>12.0f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
