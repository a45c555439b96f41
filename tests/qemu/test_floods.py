#!/usr/bin/env python3
"""Floods on the emulated Pi: ten thousand frames a second of its own, virtual
time go into its Ethernet, from addresses of its network that belong to nobody,
while it asks three servers every second. Reach stays 377, or is back within a
poll. More kinds, in the simulated world: tests/field/test_floods.

QEMU puts the frames into the wire behind slirp (filter-redirector), which
neither sees nor answers them; a second capture tells when each has passed, and
so how many are due."""
import re
import socket
import struct
import sys
import threading
import time

from tests.common import testbed
from tests.peers import packets, when
from tests.peers.when import DAY
from tests.tap import GUARD_S, Tap

TODAY = when.build() + 30 * DAY
RATE, SECONDS = 10000, 9  # more than eight polls
ENOUGH = 0.9 * RATE
POLL_S = 1  # minpoll 0
SERVED = (123, 323)  # answers to strangers may go to any port
PI, ROUTER = bytes([10, 0, 2, 15]), bytes([10, 0, 2, 2])


# ---- frames --------------------------------------------------------------------

def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def mac_of(i):
    return b"\x02\x07" + struct.pack(">I", i)


def ip4(i, protocol, payload):
    """From one of 120 addresses of nobody, each frame from another MAC."""
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64,
                       protocol, 0, bytes([10, 0, 2, 128 + i % 120]), PI)
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    return mac_of(i) + b"\x08\x00" + head + payload


def ping(i):
    body = struct.pack(">BBHHH", 8, 0, 0, 7, i & 0xffff) + b"flood or"
    return ip4(i, 1, body[:2] + struct.pack(">H", checksum(body)) + body[4:])


def udp(i):
    return ip4(i, 17, struct.pack(">HHHH", 1024 + i * 7919 % 60000, 9, 28, 0)
               + bytes(20))


def ask(i):
    """A client's request to our own server."""
    return ip4(i, 17, struct.pack(">HHHH", 1024 + i * 7919 % 60000, 123, 56, 0)
               + b"\x23" + bytes(39) + struct.pack(">Q", i + 1))


def garbage(i):
    """For chronyc's port: half with a header that is right."""
    body = (bytes([6, 1, 0, 0]) if i % 2 else b"") + struct.pack(
        ">QQQQ", i, i * 7919, i * 104729, i) + bytes(i % 200)
    return ip4(i, 17, struct.pack(">HHHH", 1024 + i * 7919 % 60000, 323,
                                  8 + len(body), 0) + body)


def arp(i):
    """The router's address is mine."""
    return mac_of(i) + b"\x08\x06" + b"\0\1\x08\0\6\4\0\2" + mac_of(i) \
        + ROUTER + bytes(6) + PI + bytes(18)


KINDS = [("ping, addresses of nobody", ping, True),
         ("UDP to a closed port, addresses of nobody", udp, True),
         ("ARP answers for the router's address", arp, False),
         ("NTP requests, addresses of nobody", ask, None),
         ("garbage for chronyc, addresses of nobody", garbage, None)]


# ---- the wire ------------------------------------------------------------------

class Capture:
    """A pcap that grows: how many frames, and the newest one's time."""

    def __init__(self, path):
        self.file, self.rest = open(path, "rb"), b""
        self.file.read(24)
        self.count, self.newest = 0, 0.0

    def look(self):
        data, at = self.rest + self.file.read(), 0
        while at + 16 <= len(data):
            s, us, kept, _ = struct.unpack_from("<IIII", data, at)
            if at + 16 + kept > len(data):
                break
            at += 16 + kept
            self.count += 1
            self.newest = s + us / 1e6
        self.rest = data[at:]
        return self.newest


class Flood:
    """So many frames a second from start() to stop()."""

    def __init__(self, w, path, frames_a_second=RATE):
        self.wanted = frames_a_second
        self.path, self.pcap = path, w.path("flood.pcap")
        self.capture, self.link, self.mac = None, None, None
        self.made, self.lock = 0, threading.Lock()

    def extra(self):
        return ["-chardev", f"socket,id=c0,path={self.path},server=on,wait=off",
                "-object", "filter-redirector,id=r0,netdev=n0,queue=tx,"
                "indev=c0",
                "-object", "filter-dump,id=f1,netdev=n0,queue=tx,maxlen=64,"
                f"file={self.pcap}"]

    def connect(self, mac):
        self.mac = mac
        self.capture = Capture(self.pcap)
        self.link = socket.socket(socket.AF_UNIX)
        self.link.connect(self.path)

    def send(self, make, count):
        out = b""
        for _ in range(count):
            self.made += 1
            frame = (self.mac + make(self.made)).ljust(60, b"\0")
            out += struct.pack(">I", len(frame)) + frame
        with self.lock:
            self.link.sendall(out)

    def once(self, frame):
        """One frame more, all but its first six bytes."""
        with self.lock:
            self.link.sendall(struct.pack(">I", 6 + len(frame)) + self.mac
                              + frame)

    def run(self, make):
        self.send(make, 1)
        while not self.capture.count:
            self.capture.look()
            time.sleep(0.001)
        begin, made = self.capture.newest, self.made
        passed = self.capture.count
        while not self.ended:
            now = self.capture.look()
            under_way = self.made - made - (self.capture.count - passed)
            due = int((now - begin) * self.wanted) - (self.made - made)
            if due > 0 and under_way < 64:
                self.send(make, min(due, 64))
            elif under_way <= 0:  # only a frame tells that time goes on
                time.sleep(0.0005)
                self.send(make, 1)
            else:
                time.sleep(0.0003)
            self.took = now - begin
            self.rate = (self.made - made) / max(self.took, 1e-6)

    def start(self, make):
        self.ended, self.took, self.rate = False, 0.0, 0.0
        self.thread = threading.Thread(target=self.run, args=(make,),
                                       daemon=True)
        self.thread.start()

    def stop(self):
        """Returns when that was."""
        self.ended = True
        self.thread.join()
        return self.capture.look()


# ---- what becomes of the sources -------------------------------------------------

def reach(pi):
    return [row[4] for row in testbed.sources(pi)]


def sent_since(path, ports, since):
    """Requests, how many of them did not go to the router, and answers to
    strangers."""
    frames = [frame for at, frame in packets.frames(path)
              if at > since and frame[26:30] == PI]
    requests = [frame for frame in frames if frame[23] == 17
                and struct.unpack_from(">H", frame, 34)[0] not in SERVED
                and struct.unpack_from(">H", frame, 36)[0] in ports]
    return (len(requests), sum(frame[0] != 0x52 for frame in requests),
            sum(frame[:2] == b"\2\7" for frame in frames))


def heard_since(path, ports, since):
    """Seconds until a reply of each server has come."""
    first = {}
    for at, _, sport, target, _, _ in packets.datagrams(path):
        if at > since and target == PI and sport in ports:
            first.setdefault(sport, at - since)
    return max(first.values()) if len(first) == len(ports) else None


def row(tap, w, pi, flood, kind, ports):
    label, make, answered = kind
    began = flood.capture.look()
    flood.start(make)
    end = time.monotonic() + 2 * GUARD_S
    rate = 0  # a sender that this machine kept waiting catches up
    while (flood.took < SECONDS or rate <= ENOUGH) \
            and time.monotonic() < end:
        pi.pump(0.1)
        rate = flood.rate
    during = reach(pi)
    stopped = flood.stop()
    while True:
        recovered = heard_since(w.path("clock.pcap"), ports, stopped)
        after = reach(pi)
        if (recovered is not None and after == [0o377] * len(ports)) \
                or time.monotonic() > end:
            break
    show = " ".join(f"{r:o}" for r in during)
    sent, astray, answers = sent_since(w.path("clock.pcap"), ports, began)
    print(f"# {label} | {flood.rate:.0f}/s for {flood.took:.1f} s | Reach "
          f"{show} | {sent} requests, {answers} answers | all heard "
          f"{recovered:.1f} s after its end", flush=True)
    if answered is not None:  # else each is counted, by serverstats
        tap.check((100 < answers < 100 * flood.took) if answered else answers == 0,
                  f"{label}: {answers} answers to strangers")
    tap.check(sent >= 20 and astray == 0, f"{label}: {sent} requests, "
              f"{astray} of them astray")
    tap.check(rate > ENOUGH, f"{label}: {RATE} frames a second", rate)
    tap.check(during == [0o377] * len(ports) or (
        recovered is not None and recovered < 2 * POLL_S),
        f"{label}: Reach {show}, or back within a poll",
        pi.text[-3000:])


def served(tap, pi):
    """What came to our servers' ports is counted, and each drop has a reason;
    a whole pass of the loop stays short."""
    text = pi.ask("serverstats")
    for what in ("NTP", "Command"):
        hits, drops = (int(re.search(rf"^{what} packets {which}\s*: (\d+)",
                                     text, re.M).group(1))
                       for which in ("received", "dropped"))
        why = re.search(rf"^{what} dropped: (.*)$", text, re.M)
        reasons = sum(map(int, re.findall(r"\d+", why.group(1)))) if why else 0
        print(f"# {what}: {hits} received, {drops} dropped"
              + (f": {why.group(1)}" if why else ""), flush=True)
        tap.check(hits > RATE and drops == reasons,
                  f"{what}: received = answered + each kind of drop", text)
    tap.check(pi.text.count("\n[") < 100, "no log line for a packet",
              pi.text[-3000:])


def main():
    tap = Tap()
    with testbed.Testbed(at=TODAY) as w:
        servers = w.chronyd(3, virtual=True)
        flood = Flood(w, w.path("flood"))
        card = w.card(conf=w.conf("iburst minpoll 0 maxpoll 0",
                                  more="allow\ncmdallow\n"))
        with testbed.Machine(card=card, at=TODAY, icount=testbed.SHIFT,
                             sleep=True, pcap=w.path("clock.pcap"),
                             extra=flood.extra()) as pi:
            good = testbed.synchronise(pi)
            end = time.monotonic() + GUARD_S
            before = reach(pi)  # 376 while a request is under way
            while good and before != [0o377] * 3 and time.monotonic() < end:
                pi.pump(1)
                before = reach(pi)
            tap.check(before == [0o377] * 3, "Reach 377 before", pi.text)
            flood.connect(next(
                frame[6:12] for _, frame in packets.frames(
                    w.path("clock.pcap")) if frame[26:30] == PI))
            for kind in KINDS:
                row(tap, w, pi, flood, kind, {s.port for s in servers})
            served(tap, pi)
            tap.check(pi.text.count("last reset: ") == 1, "no reset",
                      pi.text)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
