#!/usr/bin/env python3
"""A card with what a test wants on it, as board/card/image.py lays it out.

    mkcard.py [--no-state] [--size MIB] IMAGE FOLDER"""
import argparse
import os
import shutil
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path[:0] = [TOP, os.path.join(TOP, "board/card")]
from image import EPOCH, MIB, START, STATE, make_card, stage, tool  # noqa: E402
from tests.common.board import tested  # noqa: E402

BOARD = tested()


def state_partition(image):
    """(offset, length) in bytes, or None: as a reader of the MBR sees it."""
    with open(image, "rb") as file:
        table = file.read(512)[446:510]
    for at in range(0, 64, 16):
        if table[at + 4] == 0xda:
            return (int.from_bytes(table[at + 8:at + 12], "little") * 512,
                    int.from_bytes(table[at + 12:at + 16], "little") * 512)
    return None


def copy_state(old, new):
    """What the journal of one card holds, to another of the same size."""
    at, length = state_partition(old)
    with open(old, "rb") as source, open(new, "r+b") as target:
        source.seek(at)
        target.seek(state_partition(new)[0])
        target.write(source.read(length))


MADE = os.path.join(TOP, "build/card/gnomon.img")


def put(image, files):
    """Replace files of the boot partition: {name: text or bytes}."""
    drive = f"{image}@@{START * 512}"
    for name, data in files.items():
        with tempfile.NamedTemporaryFile() as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            tool("mcopy", "-D", "o", "-i", drive, file.name, f"::{name}")


def get(image, name):
    """A file of the boot partition, as bytes."""
    return tool("mtype", "-i", f"{image}@@{START * 512}", f"::{name}")


def as_made(image, files, board=BOARD):
    """The card that `make card` makes, with a test's own files beside or
    instead of what is on it. Returns the path of the board's kernel, which
    was taken from it, for a machine to start."""
    shutil.copyfile(MADE, image)
    put(image, files)
    kernel = f"{image}.{board.kernel}.img"
    with open(kernel, "wb") as out:
        out.write(get(image, f"{board.kernel}.img"))
    return kernel


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--no-state", action="store_true")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("image")
    parser.add_argument("folder")
    args = parser.parse_args()
    make_card(args.image, args.folder, not args.no_state, args.size)
    return 0


__all__ = ["EPOCH", "MADE", "MIB", "START", "STATE", "as_made", "copy_state",
           "get", "make_card", "put", "stage", "state_partition", "tool"]

if __name__ == "__main__":
    sys.exit(main())
