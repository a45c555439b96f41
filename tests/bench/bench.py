#!/usr/bin/env python3
"""What `make bench` prints: figures, none of which passes or fails. Further
benches are tests/bench/bench_*.py, run after this one's own.

Two clocks. Counted: -icount shift=1, an instruction takes 2 ns (500 MIPS;
nobody has measured a real Pi), idling takes real time; computing then costs
the same on every machine, however busy. The servers live in the same time
(Testbed.machine), and the network holds each reply back by 20 ms. Then QEMU's
ordinary clock, which follows this machine's, no delay.

    --boots N   of each kind, of which the median (default 5)"""
import argparse
import glob
import itertools
import os
import re
import statistics
import struct
import subprocess
import sys

from tests.common import testbed
from tests.common.board import boards as all_boards
from tests.common.machine import BOARD, Machine
from tests.common.testbed import SHIFT
from tests.peers import packets, when

HERE = os.path.dirname(os.path.abspath(__file__))

DELAY_S = 0.02
WANTED_KB = 700
WANTED_S = {"key exchange to three servers": 3.0, "saved cookies": 1.5}
WANTED_SLOW_S = 3.0  # from saved cookies, on an ARM1176
LINUX = ("Linux 6.1 with chronyd, the same emulated Pi: 33 s "
         "at best, 60 s in\n  the median, 23 s of its own uptime; 10.9 MB")


TODAY = when.build() + 30 * when.DAY
power_ons = itertools.count()


def row(what, value, note=""):
    print(f"  {what:<44} {value:>12}  {note}".rstrip(), flush=True)


def image_size():
    print("Image")
    for board in all_boards():
        text = subprocess.run(["arm-none-eabi-size", board.elf], check=True,
                              capture_output=True, text=True).stdout
        code, data, bss = map(int, text.splitlines()[1].split()[:3])
        image = os.path.getsize(board.image)
        row(f"{os.path.basename(board.image)}, bytes, CA bundle included",
            image, f"wanted: below {WANTED_KB} KB; {image / 1000:.0f} KB")
        row("  code and constants, data, zeros, bytes",
            f"{code} {data} {bss}", f"RAM {(code + data + bss) / 1000:.0f} KB")
    print("  " + LINUX)


def counted(w, card, board=BOARD):
    """Each power-on an hour after the last: no floor is in the future."""
    return w.machine(card, TODAY + 3600 * next(power_ons), board=board)


def boot(machine):
    """`board` some time after it was synchronised, or None."""
    with machine as m:
        if not testbed.synchronise(m, 180):
            print("  not synchronised:\n" + m.text, flush=True)
            return None
        # All three, and what is saved after them.
        m.wait(r"^never$", 3)
        return m.ask("board", 120)


def boots(w, count, power_on):
    """{kind: what `board` said}: each card once with key exchange, then from
    it."""
    found = {kind: [] for kind in WANTED_S}
    for number in range(count):
        card = w.card(f"{number}.img")
        for kind in found:
            said = boot(power_on(card))
            if said:
                found[kind].append(said)
    return found


def other_boards(w, count):
    """{QEMU's machine: the same as boots} of every kernel but the usual."""
    return {board.machines[0]: boots(
        w, count, lambda card, board=board: counted(w, card, board))
            for board in all_boards()
            if board.machines and board.name != BOARD.name}


def first_sync(kind, boards):
    right = "saved cookies" if "cookies" in kind else "key exchange"
    for board in boards:
        match = re.search(r"^First sync +: ([\d.]+) s .*" + right, board,
                          re.M)
        if match:
            yield float(match[1])


def largest(boards, pattern):
    return max((int(match[1]) for board in boards
                for match in re.finditer(pattern, board, re.M)), default=0)


def times(found, clock, wanted=None):
    print(f"\nReset to synchronised, {clock}")
    for kind, said in found.items():
        seconds = sorted(first_sync(kind, said))
        if seconds:
            row(f"with {kind}", f"{statistics.median(seconds):.3f}",
                f"median of {len(seconds)}, {seconds[0]:.3f} .. "
                f"{seconds[-1]:.3f}; wanted: {wanted or WANTED_S[kind]}")
        else:
            row(f"with {kind}", "-", "not once")


def trips(pcap, server):
    """Round trips with one server up to its first NTP reply: what it sends
    after something was sent to it. Bare ACKs and FINs are neither."""
    count, asked = 0, False
    for _, frame in packets.frames(pcap):
        protocol, _, _, data = packets.transport(frame) or (0, 0, 0, b"")
        if protocol not in (6, 17) or len(data) < 8:
            continue
        source, target = struct.unpack_from(">HH", data)
        if protocol == 6 and not (data[13] & 2  # SYN
                                  or len(data) > (data[12] >> 4) * 4):
            continue
        ports = (server.ke_port if protocol == 6 else server.port,)
        if target in ports:
            asked = True
        elif source in ports and asked:
            count, asked = count + 1, False
            if protocol == 17:
                return count
    return None


def round_trips(w):
    """From link-up on, counted clock, a card once and then again."""
    print("\nFrom link-up, virtual seconds, "
          f"{DELAY_S * 1000:.0f} ms held at each NTP reply")
    card = w.card("trips.img")
    for kind in WANTED_S:
        with counted(w, card) as m:
            up = m.wait(r"network link up")
            begin = up and m.stamp_before(up.start())
            address = m.wait(r"IPv4 address")
            begun = address and m.stamp_before(address.start())
            found = testbed.synchronise(m)
            end = found and m.stamp_before(m.seen - 1)
            m.wait(r"^never$", 3)
        print(f"  with {kind}")
        row("  round trips with a server, to its first time",
            " ".join(str(trips(w.path("clock.pcap"), s)) for s in w.servers),
            "each of three; 1 is the least there is")
        if None not in (begin, begun, end):
            row("  link-up to address (DHCP)", f"{begun - begin:.3f}")
            row("  address to synchronised", f"{end - begun:.3f}")


def memory(boards):
    print("\nMemory, the most of all these boots, bytes")
    for what, name in (("TLS arena, peak", "TLS arena peak"),
                       ("stack, deepest", "Stack peak")):
        sizes = largest(boards, rf"^{name} .* of (\d+) bytes")
        row(what, largest(boards, rf"^{name} +: (\d+)"),
            f"of {sizes}")


def polls(found):
    print("\nLongest poll of each service, us, instructions counted")
    for kind, boards in found.items():
        print(f"  with {kind}")
        longest = {}
        for board in boards:
            line = re.search(r"^Longest polls +:(.*)$", board, re.M)
            for name, us in re.findall(r" (\D+?) (\d+) us", line[1]):
                longest[name] = max(longest.get(name, 0), int(us))
        for name, us in longest.items():
            row("  " + name, us)


def others():
    status = 0
    for script in sorted(glob.glob(os.path.join(HERE, "bench_*.py"))):
        print(f"\n{os.path.basename(script)}", flush=True)
        name = os.path.basename(script)[:-len(".py")]
        status |= subprocess.run([sys.executable, "-m",
                                  f"tests.bench.{name}"]).returncode
    return status


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--boots", type=int, default=5)
    args = parser.parse_args()
    image_size()
    with testbed.Testbed(at=TODAY) as w:
        for server in w.chronyd(front=True, virtual=True):
            server.proxy.delay_s = DELAY_S
        in_ticks = boots(w, args.boots, lambda card: counted(w, card))
        others_ticks = other_boards(w, args.boots)
        round_trips(w)
    with testbed.Testbed() as w:
        w.chronyd(front=True)
        found = boots(w, args.boots, lambda card: Machine(card=card))
    virtual = (f"virtual seconds: -icount shift={SHIFT}, 2 ns an instruction,"
               f"\n  {DELAY_S * 1000:.0f} ms of network")
    times(in_ticks, f"{BOARD.machines[0]}, {virtual}")
    for machine, found_there in others_ticks.items():
        times(found_there, f"{machine}, {virtual}", WANTED_SLOW_S)
    times(found, "seconds of QEMU's ordinary clock on this machine")
    memory([board for kinds in (in_ticks, found)
            for boards in kinds.values() for board in boards])
    polls(in_ticks)
    return others()


if __name__ == "__main__":
    sys.exit(main())
