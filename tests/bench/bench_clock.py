#!/usr/bin/env python3
"""What a sample costs the clock: instructions on every emulated board, and
bytes of memory a source. Nothing passes or fails."""
import sys

from tests.bench.cost import costs
from tests.common.board import boards

US = 500 # instructions a microsecond, as everywhere in `make bench`


def main():
    for board in boards():
        print(f"A sample of the clock on {board.machines[0]}, wanted: 0.3 ms "
              "and 8 KB a source at most")
        for what, value in costs(board, "clock_cost.img"):
            note = f"{value / US / 1000:.3f} ms" if "bytes" not in what else ""
            print(f"  {what:<46} {value:>9.0f}  {note}".rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
