#!/usr/bin/env python3
"""The emulated Pi as an NTP server: chronyd 4.3 and 4.6.1 follow it, version
3, version 4 and interleaved; any bytes get from it what chronyd answers to
the same; who is not allowed gets silence; a clock that is not set says so."""
import contextlib
import os
import pwd
import re
import socket
import struct
import subprocess
import sys

from tests.common import testbed
from tests.common.machine import Machine
from tests.common.refusals import until
from tests.peers import child, chronyd, when
from tests.tap import GUARD_S, Tap

FAST = "iburst minpoll -2 maxpoll 0"


def serving(port, **how):
    """A Pi whose UDP 123 is this port of the loopback."""
    return Machine(net=f"user,id=n0,hostfwd=udp:127.0.0.1:{port}-:123", **how)


def ask(port, packet, seconds=3):
    """The answer, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(seconds)
        s.connect(("127.0.0.1", port))
        s.send(packet)
        try:
            return s.recv(2048)
        except (socket.timeout, ConnectionRefusedError):
            return None


def request(version=4, mode=3, tail=b"", transmit=0x1122334455667788):
    return (bytes([version << 3 | mode, 0, 6]) + bytes(37)
            + struct.pack(">Q", transmit) + tail)


def field(kind, length):
    return struct.pack(">HH", kind, length) + bytes(length - 4)


# What chronyd is asked, too.
ODD = {f"version {v}, mode {m}": request(v, m)
       for v in range(8) for m in range(8)}
ODD.update({f"{n} bytes": request()[:n] for n in (0, 1, 4, 40, 44, 47)})
ODD.update({f"a tail of {n} zeros": request(tail=bytes(n))
            for n in (1, 2, 4, 8, 12, 16, 20, 24, 28, 68)})
ODD.update({
    "a field nobody knows": request(tail=field(0x7001, 28)),
    "two of them": request(tail=field(0x7001, 16) + field(0x7002, 28)),
    "a short last one": request(tail=field(0x7001, 28) + field(0x7002, 16)),
    "a length beyond the packet": request(tail=field(0x7001, 28)[:-4]),
    "a length of 0": request(tail=struct.pack(">HH", 0x7001, 0) + bytes(24)),
    "no multiple of 4": request(tail=struct.pack(">HH", 0x7001, 30)
                                + bytes(26)),
    "as long as can be": request(tail=field(0x7001, 1052)),
    "a version 3 field": request(3, tail=field(0x7001, 28)),
    "a MAC": request(tail=struct.pack(">I", 1) + bytes(16)),
    "a SHA-1 MAC": request(tail=struct.pack(">I", 1) + bytes(20)),
})


def shape(reply):
    return reply and (len(reply), reply[0] >> 3 & 7, reply[0] & 7, reply[2])


def odd_requests(tap, port, server):
    """chronyd's loopback answers all; silence costs each a wait, so they are
    asked side by side."""
    def answers(port):
        links = {}
        with contextlib.ExitStack() as stack:
            for name, packet in ODD.items():
                link = stack.enter_context(
                    socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                link.connect(("127.0.0.1", port))
                link.send(packet)
                links[name] = link
            # What is answered last tells that all were.
            tap.check(until(lambda: ask(port, request())), "all were heard")
            found = {}
            for name, link in links.items():
                link.setblocking(False)
                try:
                    found[name] = shape(link.recv(2048))
                except BlockingIOError:
                    found[name] = None
            return found

    ours, theirs = answers(port), answers(server.port)
    for name in ODD:
        tap.check(ours[name] == theirs[name],
                  f"{name}: {'silence' if not theirs[name] else 'answered'}",
                  f"ours {ours[name]}, chronyd's {theirs[name]}")


def clients(tap, w, m, port):
    followers = {
        "chronyd 4.3": ("4.3", ""),
        "chronyd 4.3, version 3": ("4.3", " version 3"),
        "chronyd 4.6.1, xleave": ("4.6.1", " xleave"),
    }
    running = {}
    for name, (version, option) in followers.items():
        running[name] = w.enter_context(chronyd.Client(
            w.pki, [], version=version,
            extra=[f"server 127.0.0.1 port {port} {FAST}{option}"]))
    for name, client in running.items():
        tap.check(client.synchronised(), f"{name} follows the Pi",
                  client.sources_text())
        tap.check(until(lambda: re.search(r" 377 ", client.sources_text())),
                  f"{name}: Reach 377", client.sources_text())
        data = client.ntpdata()
        tap.check(testbed.field(data, "Stratum") == "2"
                  and testbed.field(data, "NTP tests").startswith("111 111")
                  and testbed.field(data, "Leap status") == "Normal",
                  f"{name}: stratum 2, RFC 5905's tests passed", data)
    xleave = running["chronyd 4.6.1, xleave"]
    tap.check(until(lambda: testbed.field(xleave.ntpdata(), "Interleaved")
                    == "Yes"), "interleaved", xleave.ntpdata())
    served = m.ask("serverstats")
    count = {name: int(n) for name, n in
             re.findall(r"^(.*?)\s*: (\d+)$", served, re.M)}
    tap.check(count["NTP packets received"] >= 24
              and count["Interleaved NTP packets"] > 0
              and count["NTP timestamps held"] >= 24
              and count["NTP packets dropped"] == 0,
              "serverstats count them", served)
    # Every clock here is this machine's.
    once = subprocess.run(
        chronyd.commands_of("4.3")[0]
        + ["-Q", "-t", str(GUARD_S), "-d", "-U", "-f", "/dev/null",
         f"server 127.0.0.1 port {port} iburst maxsamples 1",
         f"user {pwd.getpwuid(os.geteuid()).pw_name}", "port 0", "cmdport 0", "bindcmdaddress /", f"pidfile {w.path('pid')}"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        env={**os.environ, **when.environment(0)})
    said = once.stdout.decode()
    wrong = re.search(r"System clock wrong by (-?[\d.]+)", said)
    tap.check(wrong and abs(float(wrong.group(1))) < 0.1,
              "chronyd -Q: System clock wrong by", said)


def served(tap):
    port = child.free_port()
    with testbed.Testbed() as w:
        servers = w.chronyd(3)
        card = w.card(conf=w.conf(more="allow 10.0.2.0/24\n"))
        with serving(port, card=card) as m:
            tap.check(m.wait("serving NTP on port 123"), "it is said", m.text)
            tap.check(testbed.synchronise(m), "synchronised", m.text)
            clients(tap, w, m, port)
            odd_requests(tap, port, servers[0])
            tap.check("last reset" in m.text
                      and m.text.count("last reset") == 1, "no reset", m.text)


def not_set(tap):
    """Nobody answers the Pi: it says leap 3 and stratum 0, as chronyd does;
    with local it is stratum 10, and the log says what that is."""
    port = child.free_port()
    with testbed.Testbed() as w:
        conf = "server 10.0.2.2 port 9\nallow 10.0.2.0/24\n"
        with serving(port, card=w.card("unset.img", conf)) as m:
            m.wait("serving NTP on port 123")
            reply = until(lambda: ask(port, request()))
            tap.check(reply and reply[0] == 0xe4 and reply[1] == 0
                      and reply[4:24] == bytes.fromhex(
                          "0001000000010000000000000000000000000000"),
                      "not set: leap 3, stratum 0, as chronyd says it", reply)
        conf += "local stratum 8\n"
        with serving(port, card=w.card("local.img", conf)) as m:
            m.wait("serving NTP on port 123")
            reply = until(lambda: ask(port, request()))
            tap.check(reply and reply[0] == 0x24 and reply[1] == 8
                      and reply[12:16] == bytes([127, 127, 1, 1]),
                      "local: stratum 8, leap 0", reply)
            tap.check(m.wait("a clock that was never set, as stratum 8"),
                      "... and the log says so", m.text)


def not_allowed(tap):
    port = child.free_port()
    with testbed.Testbed() as w:
        for lines, what in (("", "no allow"), ("allow\ndeny 10.0.2\n", "denied"),
                            ("allow\nport 0\n", "port 0")):
            card = w.card("shut.img", "server 10.0.2.2 port 9\n" + lines)
            with serving(port, card=card) as m:
                m.wait(r"DHCP|10\.0\.2\.15")
                tap.check(m.ask("activity") and not ask(port, request(), 2),
                          f"{what}: silence", m.text)


def limited(tap):
    """Of 200 at once eight are answered, and about a quarter of the rest."""
    port = child.free_port()
    with testbed.Testbed() as w:
        conf = "server 10.0.2.2 port 9\nallow\nlocal\nratelimit interval 12\n"
        with serving(port, card=w.card("limit.img", conf)) as m:
            m.wait("serving NTP on port 123")
            tap.check(until(lambda: ask(port, request(), 1)), "it answers")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.connect(("127.0.0.1", port))
                answered, sent = 0, 200
                for _ in range(sent):
                    s.send(request())
                    m.pump(0)
                s.settimeout(2)
                with contextlib.suppress(socket.timeout):
                    while s.recv(2048):
                        answered += 1
            text = m.ask("serverstats")
            received, dropped = (
                int(re.search(rf"NTP packets {what}\s*: (\d+)", text).group(1))
                for what in ("received", "dropped"))
            tap.check(received >= sent and 15 < answered < 110
                      and dropped >= sent - 110,
                      "ratelimit: a burst, then one in four",
                      f"{answered} of {sent}\n{text}")


def main(only):
    tap = Tap()
    for scenario in (served, not_set, not_allowed, limited):
        if not only or scenario.__name__ in only:
            scenario(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
