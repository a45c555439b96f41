#!/usr/bin/env python3
"""What serving costs: requests in bursts to the emulated Pi, instructions
counted (2 ns each), so the gap between two answers on the wire is the time
that one takes with lwIP, the USB driver and the loop around it: plain ones,
those of a chronyd's NTS session, and ones that get a NAK. Then the longest
polls, and the memory that is kept for it."""
import re
import socket
import statistics
import struct
import subprocess
import sys
import time

from tests.bench.bench import TODAY, row
from tests.common import testbed
from tests.common.machine import BOARD
from tests.common.nts_serve import files_of, own
from tests.common.nts_session import Session
from tests.peers import child, packets

BURST, BURSTS = 32, 60
NTP = bytes([0x23, 0, 6]) + bytes(37) + struct.pack(">Q", 7)
TRACKING = bytes([6, 1, 0, 0, 0, 33]) + bytes(98)


def answers(path, port):
    """Virtual times of the Pi's answers from this port."""
    return [at for at, source, sport, _, _, _ in packets.datagrams(path)
            if sport == port and source == bytes([10, 0, 2, 15])]


def gap(w, m, port, guest_port, request):
    """The mean gap within bursts, virtual seconds. The capture has whole
    microseconds, 500 instructions each, so that a median moves by those."""
    before = len(answers(w.path("clock.pcap"), guest_port))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.connect(("127.0.0.1", port))
        for _ in range(BURSTS):
            for _ in range(BURST):
                link.send(request)
            for _ in range(10):
                m.pump(0.005)
    time.sleep(1)
    times = answers(w.path("clock.pcap"), guest_port)[before:]
    gaps = [b - a for a, b in zip(times, times[1:])]
    close = [g for g in gaps if g < 0.001]
    usual = statistics.median(close) if close else 0.0
    within = [g for g in close if g < 1.5 * usual]
    return (statistics.mean(within) if within else 0.0), len(times)


def symbols():
    text = subprocess.run(["arm-none-eabi-nm", "-S", BOARD.elf], check=True,
                          capture_output=True, text=True).stdout
    return {name: int(size, 16) for size, name in re.findall(
        r"^\w+ (\w+) [bBdD] (\w+)$", text, re.M)}


def main():
    subprocess.run(["make", "-s", "build/host/nts_ask"], check=True)
    ntp, cmd, ke = (child.free_port() for _ in range(3))
    with testbed.Testbed(at=TODAY) as w:
        w.chronyd(3, virtual=True)
        card = w.card(files={
            "chrony.conf": w.conf(more="allow\ncmdallow\nntsserverkey own.key"
                                  "\nntsservercert own.pem\n"),
            "ca.pem": testbed.read(w.pki.ca), **files_of(own(w))})
        net = (f"user,id=n0,hostfwd=udp:127.0.0.1:{ntp}-:123,"
               f"hostfwd=udp:127.0.0.1:{cmd}-:323,"
               f"hostfwd=tcp:127.0.0.1:{ke}-:4460")
        with w.machine(card, TODAY, net=net) as m:
            if not testbed.synchronise(m, 180):
                print("  not synchronised:\n" + m.text)
                return 1
            session = Session(w, ntp, ke)
            one, = session.requests()
            eight, = session.requests(placeholders=7)
            m.wait(r"^never$", 3)
            for what, port, guest, request in (
                    ("plain NTP request", ntp, 123, NTP),
                    ("NTS, AEAD 15, one cookie", ntp, 123, one),
                    ("NTS, AEAD 15, eight cookies", ntp, 123, eight),
                    ("NTS, NAK", ntp, 123, one[:-1] + bytes([one[-1] ^ 1])),
                    ("chronyc's tracking", cmd, 323, TRACKING)):
                seconds, count = gap(w, m, port, guest, request)
                row(f"{what}, instructions, whole",
                    f"{seconds / 2e-9:.0f}" if seconds else "-",
                    f"{1 / seconds if seconds else 0:.0f} a second; {count} "
                    f"of {BURST * BURSTS} answered")
            board = m.ask("board", 120)
        line = re.search(r"^Longest polls +:((?:.|\n )*)$", board, re.M)
        row("longest poll of net, us", re.search(r" net (\d+) us",
                                                 line[1])[1],
            "with three key exchanges and these bursts")
    size = symbols()
    row("clients, stamps, chronyc, bytes",
        sum(size.get(name, 0) for name in ("clients", "srv", "cmd")),
        "RAM; chronyd 4.3 or 4.9: 10 MB in two processes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
