#!/usr/bin/env python3
"""Debian's avahi on one Ethernet with the emulated Pi, in a network namespace:
it resolves the name and sees the services, which a restart takes back; with
the name taken, both are there. What the guest sends and hears goes through its USB class driver."""
import array
import contextlib
import fcntl
import socket
import struct
import sys
import threading

from tests.common import testbed
from tests.common.machine import Machine
from tests.common.refusals import until
from tests.peers import netns, watch
from tests.tap import Tap

HERE, BOARD = "10.55.0.1", "10.55.0.2"
CONF = f"""server {HERE} port {{port}} iburst
address {BOARD}/24
allow
ntsservercert chain.pem
ntsserverkey key.pem
"""


def no_offload(interface):
    """The kernel shall write its checksums: SIOCETHTOOL, ETHTOOL_STXCSUM."""
    value = array.array("B", struct.pack("II", 0x17, 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8946, struct.pack(
            "16sP", interface.encode(), value.buffer_info()[0]))


class Wire:
    """A veth pair: the kernel's end has HERE, the other is QEMU's, whose
    frames come and go as datagrams of the loopback."""

    def __init__(self):
        netns.ip("link", "add", "wire", "type", "veth", "peer", "name", "eth")
        for end in ("wire", "eth"):
            with open(f"/proc/sys/net/ipv6/conf/{end}/accept_dad", "w") as f:
                f.write("0")
        with open("/proc/sys/net/ipv6/conf/wire/disable_ipv6", "w") as f:
            f.write("1")
        netns.ip("addr", "add", HERE + "/24", "dev", "eth")
        no_offload("eth")
        for end in ("wire", "eth"):
            netns.ip("link", "set", end, "up")
        self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                 socket.htons(3))
        self.raw.bind(("wire", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 7001))
        self.sent = []  # by the guest
        self.net = ("socket,id=n0,udp=127.0.0.1:7001,"
                    "localaddr=127.0.0.1:7002")
        for way in (self.to_guest, self.from_guest):
            threading.Thread(target=way, daemon=True).start()

    def to_guest(self):
        while True:
            frame, (_, _, kind, *_) = self.raw.recvfrom(2000)
            if kind != 4:  # PACKET_OUTGOING
                with contextlib.suppress(OSError):
                    self.udp.sendto(frame, ("127.0.0.1", 7002))

    def from_guest(self):
        while True:
            with contextlib.suppress(OSError):
                frame = self.udp.recv(2000)
                self.sent.append(frame)
                self.raw.send(frame.ljust(60, b"\0"))


def sees(tap, avahi, name, what):
    seen = until(lambda: (lambda s: s if len([k for k in s if k[1] == name])
                          == 3 else None)(avahi.services()))
    seen = seen or avahi.services()
    for kind, port in (("_http._tcp", 80), ("_ntp._udp", 123),
                       ("_ntske._tcp", 4460)):
        tap.check(seen.get((kind, name)) == (name + ".local", BOARD, port),
                  f"{what}: {kind} of {name}", seen)
    answer = avahi.ask("avahi-resolve", "-4", "-n", name + ".local")
    tap.check(answer.split() == [name + ".local", BOARD],
              f"{what}: {name}.local is {BOARD}", answer)
    answer = avahi.ask("avahi-resolve", "-6", "-n", name + ".local")
    tap.check("\tfe80::" in answer, f"{what}: over IPv6, too", answer)


def goodbye(tap, wire, m):
    """A restart takes all three back, by PTR records with no time to live."""
    m.send(b"reset\r")
    gone = struct.pack(">HHI", 12, 1, 0)
    frames = until(lambda: [f for f in list(wire.sent) if gone in f]) or []
    tap.check(any(f[12:14] == b"\x08\x00" and all(
        name in f for name in (b"\x05_http", b"\x04_ntp", b"\x06_ntske"))
        for f in frames), "reset: the services are taken back", frames)


def main():
    tap = Tap()
    if not netns.available():
        print("1..0 # SKIP no network namespaces here")
        return 0
    netns.enter()
    wire = Wire()
    with testbed.Testbed() as w:
        server, = w.chronyd(1, address=HERE)
        card = w.card(files={
            "chrony.conf": CONF.format(port=server.port),
            "chain.pem": testbed.read(w.pki.chain("good")),
            "key.pem": testbed.read(w.pki.key("good"))})
        with watch.Avahi("another", "eth") as avahi, \
                Machine(card=card, net=wire.net) as m:
            tap.check(testbed.synchronise(m), "synchronised", m.text)
            tap.check(m.wait(r"mDNS: this is gnomon\.local"), "a name", m.text)
            sees(tap, avahi, "gnomon", "free")
            goodbye(tap, wire, m)
        with watch.Avahi("gnomon", "eth") as avahi, \
                Machine(card=card, net=wire.net) as m:
            tap.check(testbed.synchronise(m), "synchronised", m.text)
            tap.check(m.wait(r"mDNS: this is gnomon-2\.local")
                      and "another host is gnomon.local; trying "
                      "gnomon-2.local" in m.text, "the name is taken", m.text)
            sees(tap, avahi, "gnomon-2", "taken")
            answer = avahi.ask("avahi-resolve", "-4", "-n", "gnomon.local")
            tap.check(answer.split() == ["gnomon.local", HERE],
                      "... and gnomon.local is the other one", answer)
            tap.check("Network name    : gnomon-2.local\n" in m.ask("board"),
                      "`board' says it", m.text)
        quiet = w.card("quiet.img", CONF.format(port=server.port)
                       + "mdns off\n")
        with watch.Avahi("another", "eth") as avahi, \
                Machine(card=quiet, net=wire.net) as m:
            tap.check(testbed.synchronise(m), "synchronised", m.text)
            answer = avahi.ask("avahi-resolve", "-4", "-n", "gnomon.local")
            tap.check("Timeout" in answer or "Failed" in answer,
                      "mdns off: nobody of that name", answer)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
