#!/usr/bin/env python3
"""Floods at what the emulated Pi serves, over its Ethernet: plain requests of a
million sources, and requests of NTS: valid ones over and over, with a forged
authenticator, in disorder, also in the name of an honest client. Meanwhile the
Pi asks three servers of its own, and a fourth that was not there before, and
serves key exchanges; an honest client asks it by NTS. Nothing passes or fails;
for each flood is said what came, what was answered and dropped and why, Reach
of the Pi's sources, what share of the client's requests was answered, the
longest polls and what memory was used (tests/qemu/test_nts_floods.py).

    python3 -m tests.bench.bench_floods [SECONDS [RATE [KIND]]]

Without figures each lasts 20 s at 3,000 frames a second, and the million sources
100 s at 10,000, which take minutes of this machine's time."""
import subprocess
import sys

from tests.common import testbed
from tests.qemu.test_floods import TODAY
from tests.qemu.test_nts_floods import ASK, floods, measure

ARGS = sys.argv[1:] + ["", "", ""]


def figures_of(name):
    million = "million" in name
    return (int(ARGS[0] or (100 if million else 20)),
            int(ARGS[1] or (10000 if million else 3000)))


def main():
    subprocess.run(["make", "-s", "build/host/nts_ask",
                    "build/host/shift_clock.so"], check=True)
    for name in floods([bytes(232)]):
        if ARGS[2] and ARGS[2] not in name:
            continue
        with testbed.Testbed(at=TODAY) as w:
            w.chronyd(3, virtual=True)
            got = measure(w, name, *figures_of(name))
        print(f"{name}: {got['rate']:.0f} a second for {got['took']:.0f} s")
        print("  " + ", ".join(f"{k} {v}" for k, v in got["served"].items()))
        print("  Reach " + " ".join(f"{r:o}" for r in got["reach"])
              + f"; keys of {got['keys']} of 4 servers, the last one up since "
              f"the flood began; {got['key exchanges']} of {ASK} key exchanges "
              f"served; the client: {got['client']} of {got['asked']}, "
              + ("and then, too" if got["then"] else "and THEN NOT"))
        print("  longest, us: " + ", ".join(
            f"{k} {v}" for k, v in got["longest"].items())
            + "; " + "; ".join(got["memory"]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
