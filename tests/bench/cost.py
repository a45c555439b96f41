"""Payloads that measure themselves (cost.h): built, started on an emulated
board where an instruction is 2 ns of the counter, and heard."""
import re
import subprocess

from tests.common.board import start

SHIFT = 1  # an instruction is 2 ** SHIFT ns


def costs(board, image):
    """(what, value) in the order they come; instructions a run, or the figure
    itself where the payload says 0 runs."""
    path = f"build/{board.name}/{image}"
    subprocess.run(["make", "-s", path], check=True)
    command = start(board.machines[0], f"{board.build}/{image}") + [
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
