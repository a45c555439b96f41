#!/usr/bin/env python3
"""What the server's core costs, in instructions: server_cost.c in place of the
firmware on the emulated board, each thing many times, an instruction being
2 ns of the counter. Nothing passes or fails."""
import sys

from tests.bench.cost import costs
from tests.common.board import boards


def main():
    for board in boards():
        print(f"Instructions on {board.machines[0]}")
        for what, instructions in costs(board, "server_cost.img"):
            print(f"  {what:<52} {instructions:>9.0f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
