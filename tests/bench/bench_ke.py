#!/usr/bin/env python3
"""What a key exchange costs the server, in instructions: ke_cost.c in place of
the firmware on the emulated boards. Nothing passes or fails."""
import sys

from tests.bench.cost import costs
from tests.common.board import boards


def main():
    for board in boards():
        print(f"Instructions on {board.machines[0]}")
        for what, value in costs(board, "ke_cost.img"):
            print(f"  {what:<44} {value:>12.0f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
