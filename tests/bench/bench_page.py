#!/usr/bin/env python3
"""What it costs to be watched by page, metrics, syslog and mDNS: bytes of image
and RAM, instructions, the longest turn of the loop. Nothing passes or
fails."""
import glob
import subprocess
import sys

from tests.bench.cost import costs
from tests.common.board import boards

PAGE = [f"firmware/{part}" for part in (
    "core/history", "core/page*", "core/metrics*", "core/http", "core/status",
    "services/history", "services/http")]
SYSLOG = ["firmware/core/syslog", "firmware/services/syslog"]
MDNS = ["firmware/services/mdns", "firmware/adapters/net_mdns",
        *(f"third/lwip/src/{part}" for part in (
            "apps/mdns/mdns*", "core/ipv4/igmp"))]
SEND = 3 * (4 * 1220 + 512) # lwIP's heap and three connections (lwipopts.h)
US = 500 # instructions a microsecond, as everywhere in `make bench`


def size(board, parts):
    objects = [o for part in parts for root in ("obj", ".") for o in glob.glob(
        f"{board.build}/{root}/{part}.o")]
    lines = subprocess.run(["arm-none-eabi-size", "-t", *objects], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    code, data, bss = map(int, lines[-1].split()[:3])
    return code + data, data + bss


def main():
    for board in boards():
        subprocess.run(["make", "-s", f"build/{board.name}/page_cost.img"],
                       check=True)
        page, syslog, mdns = (size(board, p) for p in (PAGE, SYSLOG, MDNS))
        print("Page, metrics, syslog and mDNS, 16 sources, on "
              f"{board.machines[0]}")
        for what, n in (("page, metrics, history, HTTP", page),
                        ("syslog", syslog), ("mDNS, lwIP's part included",
                                             mdns)):
            print(f"  {'bytes of image: ' + what:<44} {n[0]:>12}")
        image = page[0] + syslog[0] + mdns[0]
        ram = page[1] + syslog[1] + mdns[1] + SEND
        print(f"  {'bytes of image, all':<44} {image:>12}  wanted: 49152 at "
              "most")
        print(f"  {'bytes of RAM, what TCP sends included':<44} {ram:>12}  "
              "wanted: 98304 at most")
        for what, value in costs(board, "page_cost.img"):
            note = f"{value / US / 1000:.2f} ms" if "bytes" not in what else ""
            print(f"  {what:<44} {value:>12.0f}  {note}".rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
