#!/usr/bin/env python3
"""What it costs to be watched by page, metrics, syslog and mDNS: bytes of image
and RAM, instructions, the longest turn of the loop. Nothing passes or
fails."""
import glob
import subprocess
import sys

from tests.bench.cost import costs
from tests.common.board import boards

PARTS = ("core/history", "core/page*", "core/metrics*", "core/http",
         "core/status", "services/history", "services/http", "core/syslog",
         "services/syslog", "services/mdns", "adapters/net_mdns")
MDNS = "mdns mdns_domain mdns_out igmp".split() # lwIP's
SEND = 3 * (4 * 1436 + 512) # lwIP's heap and three connections (lwipopts.h)
US = 500 # instructions a microsecond, as everywhere in `make bench`


def size(board):
    """Of the objects, some of which the linker leaves out."""
    objects = [o for part in PARTS for o in glob.glob(
        f"{board.build}/obj/firmware/{part}.o")]
    objects += [o for part in MDNS for o in glob.glob(
        f"{board.build}/third/lwip/**/{part}.o", recursive=True)]
    lines = subprocess.run(["arm-none-eabi-size", "-t", *objects], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    code, data, bss = map(int, lines[-1].split()[:3])
    return code + data, data + bss + SEND


def main():
    for board in boards():
        subprocess.run(["make", "-s", f"build/{board.name}/page_cost.img"],
                       check=True)
        image, ram = size(board)
        print("Page, metrics, syslog and mDNS, 16 sources, on "
              f"{board.machines[0]}")
        print(f"  {'bytes of image':<44} {image:>12}  wanted: 49152 at most")
        print(f"  {'bytes of RAM, what TCP sends included':<44} {ram:>12}  "
              "wanted: 98304 at most")
        for what, value in costs(board, "page_cost.img"):
            note = f"{value / US / 1000:.2f} ms" if "bytes" not in what else ""
            print(f"  {what:<44} {value:>12.0f}  {note}".rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
