#!/usr/bin/env python3
"""What the server's core costs, in instructions: server_cost.c in place of the
firmware on the emulated board, each thing many times, an instruction being
2 ns of the counter. Nothing passes or fails."""
import re
import subprocess
import sys

from tests.common.board import boards, start

IMAGE = "server_cost.img"
SHIFT = 1


def costs(board):
    """{what: instructions of one run}"""
    command = start(board.machines[0], f"{board.build}/{IMAGE}") + [
        "-icount", f"shift={SHIFT},sleep=off", "-display", "none",
        "-serial", "stdio", "-monitor", "none"]
    found, hz = {}, 0
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
                continue
            found[what] = ticks * 1e9 / hz / 2 ** SHIFT / runs
        qemu.kill()
    return found


def main():
    for board in boards():
        subprocess.run(["make", "-s", f"build/{board.name}/{IMAGE}"], check=True)
        print(f"Instructions on {board.machines[0]}")
        for what, instructions in costs(board).items():
            print(f"  {what:<52} {instructions:>9.0f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
