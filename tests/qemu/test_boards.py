#!/usr/bin/env python3
"""test_board on every board that QEMU has, but for the one that tests/qemu
boots anyway."""
import os
import subprocess
import sys

from tests.common.board import boards, tested


def main():
    status = 0
    for board in boards():
        if board.machines and board.name != tested().name:
            status |= subprocess.run(
                [sys.executable, "-m", "tests.qemu.test_board", *sys.argv[1:]],
                env=dict(os.environ, GNOMON_BOARD=board.name)).returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
