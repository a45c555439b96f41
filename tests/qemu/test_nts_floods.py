#!/usr/bin/env python3
"""Floods of NTS at the emulated Pi, over its Ethernet, in the name of an honest
client: all that it asked, again, and forged authenticators. Meanwhile the Pi
asks three servers of its own and serves key exchanges, and the client asks it.
tests/bench/bench_floods.py has more of them, and longer.

An instruction is 2 ns of the Pi's time, and everybody lives in that."""
import re
import struct
import sys
import time

from tests.common import testbed
from tests.common.nts_serve import files_of, own
from tests.common.nts_session import Session
from tests.common.refusals import until
from tests.host.test_ke_files import presented
from tests.peers import child, chronyd, packets
from tests.qemu.test_floods import PI, TODAY, Flood, checksum, mac_of
from tests.tap import Tap

ASK = 6  # requests of the honest client, each with a cookie of its own
POLL = "iburst minpoll 0 maxpoll 0"
MORE = ("allow\nratelimit interval 0 burst 8\nntsserverkey own.key\n"
        "ntsservercert own.pem\n")


def frame(i, source, body, port=0):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(body), 0, 0, 64, 17,
                       0, source, PI)
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    return (mac_of(i) + b"\x08\x00" + head
            + struct.pack(">HHHH", port or 1024 + i * 7919 % 60000, 123,
                          8 + len(body), 0) + body)


def world(i):
    """Each of 16 million, and none comes twice before all did."""
    return bytes([11]) + struct.pack(">I", i * 2654435761 & 0xffffff)[1:]


def near(i):
    return bytes([10, 0, 2, 128 + i % 120])


def floods(asked):
    """name: frame number i. asked: what a client has asked."""
    good = asked[0]
    forged = [p[:-1] + bytes([p[-1] ^ 1]) for p in asked]

    def plain(i):
        return b"\x23" + bytes(39) + struct.pack(">Q", i + 1)

    def odd(i):
        at = 48 + i * 4 % (len(good) - 52)
        return good[:at] + struct.pack(">I", i * 2654435761 % 2 ** 32) \
            + good[at + 4:]

    return {
        "plain, a million sources": lambda i: frame(i, world(i), plain(i)),
        "NTS, one request over and over":
            lambda i: frame(i, near(i), good),
        "NTS, forged authenticators":
            lambda i: frame(i, near(i), forged[i % len(forged)]),
        "NTS, in disorder": lambda i: frame(i, near(i), odd(i)),
        "plain, in the client's name":
            lambda i: frame(i, Client.HERE, plain(i)),
        "NTS, all that was asked, in the client's name":
            lambda i: frame(i, Client.HERE, asked[i % len(asked)]),
        "NTS, forged, in the client's name":
            lambda i: frame(i, Client.HERE, forged[i % len(forged)]),
    }


def figures(m):
    text = m.ask("serverstats")
    found = {name: int(n) for name, n in re.findall(
        r"^(NTP packets \w+|Authenticated NTP packets)\s*: (\d+)", text, re.M)}
    why = re.search(r"^NTP dropped: (.*)$", text, re.M)
    for name, n in re.findall(r"(\D+) (\d+)", why.group(1) if why else ""):
        found[name.strip()] = int(n)
    naks = re.search(r"^NTS: (\d+) NAKs", text, re.M)
    found["NAKs"] = int(naks.group(1)) if naks else 0
    return found


class Client:
    """An honest one beside the strangers, on the wire as they are: slirp would
    take the answers to them for answers to it. It has a chronyd's session."""

    HERE, PORT = bytes([10, 0, 2, 100]), 5555

    def __init__(self, w, flood, session):
        self.path, self.flood, self.session = (w.path("clock.pcap"), flood,
                                               session)
        self.asked = 0  # strangers have seen cookie 0

    def ask(self):
        self.asked += 1
        body, = self.session.requests(cookie=self.asked)
        self.flood.once(frame(0, self.HERE, body, self.PORT))

    def answered(self):
        return sum(target == self.HERE and port == self.PORT and len(body) > 100
                   for _, _, _, target, port, body in packets.datagrams(
                       self.path))


def longest(m):
    """Of some services' polls, us."""
    table = re.search(r"^Longest polls\s*:((?:.|\n )*)$", m.ask("board"),
                      re.M)[1]
    return {name: int(us) for name, us in re.findall(
        r"(\w[\w ]*?) (\d+) us", table)
        if name in ("net", "ke_client", "ke_server", "whole pass")}


def measure(w, name, seconds, rate):
    """One flood of so many virtual seconds; what became of everybody."""
    late = chronyd.Server(w.pki, **w.virtual())
    card = w.card(files={
        "chrony.conf": w.conf(POLL, more=MORE)
        + testbed.server_lines([late], POLL),
        "ca.pem": testbed.read(w.pki.ca), **files_of(own(w))})
    ntp, ke = child.free_port(), child.free_port()
    flood = Flood(w, w.path("flood"), rate)
    net = (f"user,id=n0,hostfwd=udp:127.0.0.1:{ntp}-:123,"
           f"hostfwd=tcp:127.0.0.1:{ke}-:4460")
    found = {"key exchanges": 0}
    with w.machine(card, TODAY, net=net, extra=flood.extra()) as m:
        m.wait("serving NTS-KE")
        m.wait("IPv4 address")
        session = Session(w, ntp, ke)
        testbed.synchronise(m, 60)
        end = time.monotonic() + 120
        while time.monotonic() < end and any(
                row[4] != 0o377 for row in testbed.sources(m)[:3]):
            m.pump(0.3)
        flood.connect(next(f[6:12] for _, f in packets.frames(
            w.path("clock.pcap")) if f[26:30] == PI))
        client = Client(w, flood, session)
        make = floods(session.requests(200))[name]
        before = figures(m)
        flood.start(make)
        with late:
            for n in range(ASK):
                client.ask()
                found["key exchanges"] += isinstance(presented(ke), bytes)
                end = time.monotonic() + 300
                while flood.took < seconds * (n + 1) / ASK \
                        and time.monotonic() < end:
                    m.pump(0.1)
            found["keys"] = sum(row["keyid"] != "0"
                                for row in testbed.authdata(m))
            found["reach"] = [row[4] for row in testbed.sources(m)]
            flood.stop()
        found["served"] = {k: v - before.get(k, 0)
                           for k, v in figures(m).items()}
        found["client"], found["asked"] = client.answered(), client.asked
        client.ask()
        found["then"] = until(
            lambda: m.pump(0.2) or client.answered() > found["client"], 60)
        found["rate"], found["took"] = flood.rate, flood.took
        found["longest"] = longest(m)
        board, ntske = m.ask("board"), m.ask("ntske")
        found["memory"] = re.findall(r"^(?:TLS arena|Stack) peak.*", board,
                                     re.M) + re.findall(r"^Session.*", ntske,
                                                        re.M)
        found["text"] = m.text
    return found


def main():
    tap = Tap()
    for name in ("NTS, all that was asked, in the client's name",
                 "NTS, forged, in the client's name"):
        with testbed.Testbed(at=TODAY) as w:
            w.chronyd(3, virtual=True)
            got = measure(w, name, 5, 2000)
        served = got["served"]
        why = sum(v for k, v in served.items() if k in (
            "denied", "limit", "malformed", "NTS", "no room"))
        print(f"# {name}: {served}, longest {got['longest']}")
        # 376 while a request is under way.
        tap.check(len(got["reach"]) == 4 and all(
            r | 1 == 0o377 for r in got["reach"][:3]),
            f"{name}: Reach 377", f"{got['reach']}\n{got['text'][-3000:]}")
        tap.check(got["client"] * 4 >= got["asked"],
                  f"{name}: the client: {got['client']} of {got['asked']}",
                  served)
        tap.check(got["then"], f"{name}: ... and after it")
        tap.check(got["key exchanges"] >= 1,
                  f"{name}: {got['key exchanges']} key exchanges served")
        tap.check(served["NTP packets received"] > 5000
                  and served["NTP packets dropped"] == why,
                  f"{name}: each drop has its reason", served)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
