#!/usr/bin/env python3
"""The whole firmware as a Linux process whose Ethernet goes through GENET's
driver and the model of the chip: three NTS servers, saved cookies, a cable that
is pulled, a chip that stops answering; interleaved mode, as client and as
server, with the time at which a frame began on the wire. What the chip would
not forgive, EEE switched on before all, ends the process. Its ring's indices wrap at 65536 in
the first seconds."""
import os
import re
import signal
import socket
import struct
import sys
import time

from tests.common import testbed
from tests.common.machine import Process
from tests.tap import Tap
from tests.common.refusals import until
from tests.peers.child import free_port

RESET = 3  # the exit status of tests/host/port_linux.c
LAG_S = 0.02


def reached(machine):
    rows = testbed.sources(machine)
    return len(rows) == 3 and all(row[4] == 0o377 for row in rows)


def heard_since(machine, begin):
    """All three have replied after that time."""
    ages = re.findall(r"^\^. \S+\s+\d+\s+-?\d+\s+[0-7]+\s+(\d+)\s",
                      machine.ask("sources"), re.M)
    since = time.monotonic() - begin
    return len(ages) == 3 and all(int(age) < since - 1 for age in ages)


def link_goes_and_comes(tap, machine, number, what):
    """The signal breaks it, and mends it the second time."""
    machine.seen = len(machine.text)
    os.kill(machine.child.pid, number)
    tap.check(machine.wait(r"link down"), f"{what}: the link goes",
              machine.text)
    os.kill(machine.child.pid, number)
    tap.check(machine.wait(r"link up"), f"{what}: it comes back",
              machine.text)
    begin = time.monotonic()
    tap.check(until(lambda: heard_since(machine, begin)),
              f"{what}: and all servers are heard", machine.ask("sources"))


def delay(machine, source):
    return float(testbed.field(machine.ask(f"ntpdata {source}"),
                               "Peer delay").split()[0])


def exchange(link, origin, receive, transmit):
    """(origin, receive, transmit) of the reply."""
    for _ in range(10):
        link.send(struct.pack(">B23xQQQ", 0x23, origin, receive, transmit))
        try:
            while True:
                reply = struct.unpack(">24xQQQ", link.recv(2048)[:48])
                if reply[0] in (receive, transmit):
                    return reply
        except socket.timeout:
            pass
    return 0, 0, 0


def on_the_wire(tap, w):
    """A frame waits for LAG_S between memory and wire: what send() told is so
    much too early, and interleaved mode knows."""
    card = w.card("wire.img", "".join([
        testbed.server_lines(w.servers[:2], testbed.FAST + " xleave"),
        testbed.server_lines(w.servers[2:], testbed.FAST),
        "ntstrustedcerts ca.pem\nnosystemcert\nallow 10.0.2.0/24\n"]))
    port = free_port()
    os.environ["GENET_TX_LAG_MS"] = str(int(LAG_S * 1000))
    with Process(card, "gnomon-genet", udp=[(port, 123)]) as m, socket.socket(
            socket.AF_INET, socket.SOCK_DGRAM) as link:
        tap.check(testbed.synchronise(m), "slow to the wire: synchronised",
                  m.text)
        tap.check(until(lambda: delay(m, 1) < LAG_S, 120),
                  "... an interleaved sample knows", m.ask("ntpdata 1"))
        tap.check(delay(m, 3) >= LAG_S, "... a basic one cannot",
                  m.ask("ntpdata 3"))
        link.connect(("127.0.0.1", port))
        link.settimeout(6)
        _, receive, stamped = exchange(link, 0, 0, 77)
        origin, _, left = exchange(link, receive, 88, 99)
        tap.check(origin == 88 and left - stamped >= LAG_S * 2 ** 32,
                  "... and an interleaved reply of ours tells",
                  f"{origin}, {(left - stamped) / 2 ** 32} s")
    del os.environ["GENET_TX_LAG_MS"]


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        w.chronyd(3, front=True)
        card = w.card(conf=w.conf(testbed.FAST))
        with Process(card, "gnomon-genet") as m:
            tap.check(testbed.synchronise(m), "synchronised", m.text)
            tap.check(m.wait(r"IPv6 address fec0::"),
                      "an IPv6 address by router advertisement", m.text)
            tap.check(until(lambda: testbed.keys_are_good(
                testbed.authdata(m), 3)), "keys and 8 cookies of three",
                m.ask("authdata"))
            tap.check(until(lambda: reached(m)), "Reach 377 of three",
                      m.ask("sources"))
            link_goes_and_comes(tap, m, signal.SIGUSR1, "cable out and in")
            link_goes_and_comes(tap, m, signal.SIGUSR2, "a chip that is mute")
            m.send("reset\r")
            tap.check(until(lambda: m.child.poll() is not None)
                      and m.child.returncode == RESET,
                      "reset saves and restarts", m.text)
        with Process(card, "gnomon-genet") as m:
            tap.check(testbed.synchronise(m), "again", m.text)
            board = m.ask("board")
            tap.check("from saved cookies" in board
                      and "TLS handshakes  : 0" in board,
                      "... from saved cookies, without TLS", board)
        on_the_wire(tap, w)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
