#!/usr/bin/env python3
"""Strangers at the NTS-KE port, from one address and from 200: connections
that say nothing, half a ClientHello, a byte a second, garbage, a ClientHello
that costs us the arithmetic and then nothing, whole handshakes that ask for
nothing. Meanwhile our own three sources are heard at every poll and our own
key exchanges succeed; from one address the others are served, too. Afterwards
memory is back at its mark within 5 s, and service is whole."""
import re
import select
import socket
import ssl
import sys
import time

from tests.common import testbed
from tests.common.refusals import until
from tests.host.test_ke_files import presented
from tests.common.machine import Process
from tests.peers import child, netns
from tests.tap import GUARD_S, Tap

MANY = [f"198.18.0.{n}" for n in range(1, 201)]  # all of them are this host
SECONDS = 12


def client_hello():
    """What a client says first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["ntske/1"])
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(into, out)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return tls, into, out, out.read()


HELLO = client_hello()[3]


class Stranger:
    """One connection after the other from one address. how: what it does."""

    def __init__(self, port, address, how):
        self.port, self.address, self.how = port, address, how
        self.opened = 0
        self.open()

    def open(self):
        self.opened += 1
        self.link = socket.socket()
        self.link.setblocking(False)
        self.link.bind((self.address, 0))
        self.link.connect_ex(("127.0.0.1", self.port))
        self.since = self.spoke = time.monotonic()
        self.sent = 0
        self.tls = client_hello() if self.how == "whole" else None

    def say(self, data):
        try:
            self.link.send(data)
        except (BlockingIOError, OSError):
            pass

    def speak(self):
        now = time.monotonic()
        if self.how == "half" and not self.sent:
            self.say(HELLO[:100])
        elif self.how == "hello" and not self.sent:
            self.say(HELLO)
        elif self.how == "garbage":
            self.say(bytes(range(22, 250)) * 6)
        elif self.how == "drip":
            if now - self.spoke < 1:
                return
            self.say(HELLO[self.sent:self.sent + 1])
        elif self.how == "whole" and not self.sent:
            self.say(self.tls[3])
        self.spoke = now
        self.sent += 1

    def hear(self, data):
        if self.how != "whole":
            return
        tls, into, out, _ = self.tls
        into.write(data)
        try:
            tls.do_handshake()
        except ssl.SSLError:
            pass
        self.say(out.read())

    def go_on(self):
        """False: the server has ended it, or it lasts too long."""
        try:
            data = self.link.recv(4096)
            if not data:
                return False
            self.hear(data)
        except BlockingIOError:
            pass
        except OSError:
            return False
        self.speak()
        return time.monotonic() - self.since < 6


class Flood:
    def __init__(self, port, addresses, how, width=40):
        self.strangers = [Stranger(port, addresses[n % len(addresses)], how)
                          for n in range(width)]

    def run(self, m, until_seen, limit):
        """Go on until something is seen, or so many seconds have passed."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            select.select([s.link for s in self.strangers], [], [], 0.01)
            for s in self.strangers:
                if not s.go_on():
                    s.link.close()
                    s.open()
            m.pump(0)
            if until_seen and until_seen():
                return True
        return until_seen is None

    def close(self):
        for s in self.strangers:
            s.link.close()

    def opened(self):
        return sum(s.opened for s in self.strangers)


def ntske(m):
    text = m.ask("ntske")
    def number(name):
        found = re.search(rf"^ *{name}\s*: (\d+)", text, re.M)
        return int(found.group(1)) if found else 0
    return number, text


def process(card, ke):
    return Process(card, tcp=[(ke, 4460)])


def whole(machine):
    rows = testbed.sources(machine)
    return len(rows) == 3 and all(r[4] == 0o377 for r in rows) \
        and testbed.keys_are_good(testbed.authdata(machine), 3)


def up(m):
    return testbed.seconds(m.ask("board"), "Up")


def memory_is_back(m, ended):
    """Within 5 s of the machine's own time."""
    while True:
        late = up(m) - ended > 5
        number, _ = ntske(m)
        if number("Sessions now") == 0 and number("Session memory") == 0:
            return True
        if late:
            return False


def flood(tap, w, how, addresses, boot):
    name = f"{how}, {len(addresses)} address" + "es" * (len(addresses) > 1)
    ke = child.free_port()
    card = w.card(files={
        "chrony.conf": w.conf(testbed.FAST, more="allow\nnodump\n"
                              "ntsserverkey k\nntsservercert c\n"),
        "ca.pem": testbed.read(w.pki.ca),
        "k": testbed.read(w.pki.key("good")),
        "c": testbed.read(w.pki.chain("good"))})
    with boot(card, ke) as m:
        m.wait("IPv4 address")
        attack = Flood(ke, addresses, how)
        seen = attack.run(m, lambda: re.search(testbed.SYNC, m.text, re.M),
                          GUARD_S)
        tap.check(seen, f"{name}: synchronised by our own key exchanges",
                  m.text)
        attack.run(m, None, SECONDS)
        # Looked at again while a request is under way: then it is 376.
        tap.check(attack.run(m, lambda: whole(m), GUARD_S),
                  f"{name}: Reach 377, keys and cookies of all three",
                  m.text)
        if len(addresses) == 1:
            tap.check(until(lambda: not attack.run(m, lambda: False, 0.2)
                            and isinstance(presented(ke), bytes)),
                      f"{name}: another address is served", m.text)
        attack.close()
        ended = up(m)
        number, text = ntske(m)
        tap.check(number("Connections") > 40
                  and number("Session memory") <= 655360,
                  f"{name}: {attack.opened()} connections", text)
        tap.check(memory_is_back(m, ended),
                  f"{name}: memory is back within 5 s", m.ask("ntske"))
        tap.check(isinstance(presented(ke), bytes),
                  f"{name}: service is whole", m.text)
        number, text = ntske(m)
        tap.check(number("Connections") == number("Answered")
                  + number("Dropped") + number("Sessions now"),
                  f"{name}: the counters add up", text)
        print("# " + "\n# ".join(text.splitlines()[:13] + re.findall(
            r".*(?:ke_server|ke_client|whole pass).*", m.ask("board"))))
        lines = len(re.findall(r"^\[.*\bNTS\b.*$", m.text, re.M))
        tap.check(lines <= 3, f"{name}: nobody fills the log", m.text)


HOW = ("silent", "half", "drip", "garbage", "hello", "whole")


def floods(only, hows, boot):
    tap = Tap()
    if not netns.available():
        tap.check(True, "network namespace # SKIP the kernel does not let us")
        return tap.done()
    netns.enter()
    netns.ip("addr", "add", "198.18.0.1/24", "dev", "lo")
    with testbed.Testbed() as w:
        w.chronyd(3)
        for how in hows:
            for addresses in (MANY[:1], MANY):
                if not only or how in only:
                    flood(tap, w, how, addresses, boot)
    return tap.done()


if __name__ == "__main__":
    sys.exit(floods(sys.argv[1:], HOW, process))
