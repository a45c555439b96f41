#!/usr/bin/env python3
"""Key exchanges with whoever answers: chains of certificates, and servers,
made to cost as much as they can, beside honest ones with the dearest keys that
we deal with. A hundred exchanges on four boards: no pass of the loop takes
100 ms, no board is reset, and keys come from the honest.

Time is the firmware's own and virtual: an instruction takes 2 ns, as on a
processor of 500 MIPS, so that it is the same on any machine.

    python3 -m tests.qemu.test_chains ""    each alone: its longest step"""
import contextlib
import os
import re
import sys
import time

from tests.common import testbed
from tests.field.chains import (
    Cert, Maker, address, constraints, dns, extension, name, rsa_spki)
from tests.host.tls_servers import Listener, Tcp, Tls
from tests.tap import Tap

STEP_MS = 100
EXCHANGES = 100
US = (address(10, 0, 2, 2),)
# All that is right with them is their cost.
GOOD = ("five intermediates, P-384 all over, keys too", "RSA-4096 all over",
        "1000 extensions")


class Files:
    def __init__(self, full, key):
        self.full, self.key = full, key


class Endless(Listener):
    """Says `begin` to a hello and then `more`, for longer than anybody wants
    to hear, then nothing."""

    def __init__(self, more, begin=b""):
        self.begin, self.more = begin, more
        super().__init__()

    def serve(self, c):
        c.recv(4096)
        c.sendall(self.begin + self.more * (BYTES // len(self.more)))
        while c.recv(4096):
            pass


class Chatter(Tls):
    """A proper handshake, and then no end of `piece`."""

    def __init__(self, cert, piece, **how):
        super().__init__(cert, [piece] * (BYTES // 20 // len(piece)), hang=True,
                         **how)


class Slow(Listener):
    """The beginning of a ServerHello, a byte a second."""

    def serve(self, c):
        c.recv(4096)
        for byte in HELLO + bytes(60):
            c.sendall(bytes([byte]))
            time.sleep(1)


BYTES = 200000  # more than a window
HELLO = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"


def record(kind, body):
    return bytes([kind, 3, 3]) + len(body).to_bytes(2, "big") + body


class Makers:
    """Certificates and the servers that present them."""

    def __init__(self, folder):
        os.makedirs(folder)
        self.make = Maker(folder)
        self.root = self.make.ca("root", kind="P-384", label="dear")
        self.dear = self.make.ca("dear", self.root, kind="P-384",
                                 label="dear")
        self.stranger = self.make.ca("stranger")

    def serve(self, chain, **how):
        return Tls(Files(self.make.pem(*chain), chain[0].key), weak=True,
                   **how)

    def leaf(self, *args, **how):
        how.setdefault("names", US)
        return self.make.leaf(*args, **how)

    def unowned(self, label, bits, exponent, times=1):
        """A chain below keys that nobody owns, all of one name."""
        by = Cert(b"", name(label), None, "rsa")
        junk = bytes([1]) * (bits // 8)
        return [self.leaf(by, signature=junk)] + [
            self.make.ca(label, by, spki=rsa_spki(bits, exponent),
                         signature=junk) for _ in range(times)]

    def twins(self, kind, count):
        """Issuers of one name, any of whom could have signed any other."""
        return [self.leaf(None, issuer_name=name(kind), kind="P-384")] + [
            self.make.ca(kind, self.stranger, kind=kind, label=kind,
                         issuer_name=name(kind)) for _ in range(count)]

    def deep(self, count):
        chain = [self.root]
        for i in range(count):
            chain.insert(0, self.make.ca(f"deep-{i}", chain[0], kind="P-384",
                                         label="dear"))
        return [self.leaf(chain[0], kind="P-384", label="dear leaf"),
                *chain[:-1]]

    def narrow(self):
        """A trusted issuer's constraints, and names to hold against them."""
        allowed = [dns("z"), address(0, 0, 0, 0, 0, 0, 0, 0)]
        allowed += [dns(f"{i:03}") for i in range(990)]
        by = self.make.ca("narrow", self.root, [constraints(allowed)])
        many = [dns(f"{i}.z") for i in range(245)]
        return [self.leaf(by, names=[*US, *many]), by]

    def narrower(self):
        """Constraints of four, each to be held against all below."""
        chain = [self.root]
        for i in range(4):
            chain.insert(0, self.make.ca(f"narrower-{i}", chain[0], [
                constraints((), [dns(f"{j:03}") for j in range(300)])]))
        many = [dns(f"{i}.z") for i in range(60)]
        return [self.leaf(chain[0], names=[*US, *many]), *chain[:-1]]


def chains(m):
    """What is presented: (label, chain)."""
    giant = m.make.ca("dear", m.root, [extension("1.2.3.4", bytes(11000))],
                      kind="P-384", label="dear")
    return [
        ("RSA-8192, exponent of 8191 bits",
         m.unowned("absurd", 8192, (1 << 8191) - 1)),
        ("RSA-16384", m.unowned("giant", 16384, 65537)),
        ("RSA-4096, exponent of 4095 bits",
         m.unowned("slow", 4096, (1 << 4095) - 1)),
        ("five of RSA-4096, exponent of 33 bits",
         m.unowned("five", 4096, (1 << 33) - 1, 5)),
        ("44 issuers of one name, P-384", m.twins("P-384", 44)),
        ("five issuers of one name, P-384", m.twins("P-384", 5)),
        ("P-521", m.twins("P-521", 1)),
        ("six intermediates, P-384", m.deep(6)),
        ("64 KB of certificates", [m.leaf(m.dear)] + 6 * [giant]),
        ("1000 names", [m.leaf(m.dear, names=[*US, *(
            dns(f"n{i}") for i in range(999))]), m.dear]),
        ("245 names held against 992 constraints", m.narrow()),
        ("245 names held against five times 200 constraints", m.narrower()),
        ("1000 extensions", [m.leaf(m.dear, more=[
            extension("1.2.3.4", b"")] * 1000), m.dear]),
    ]


def talkers(m):
    """What is said beside certificates: (label, server)."""
    good = Files(m.make.pem(m.leaf(m.dear), m.dear), m.make.key(
        "P-256", "leaf"))
    return [
        ("a byte a second", Slow()),
        ("no word", Tcp(hang=True)),
        ("closes", Tcp(read=True)),
        ("change_cipher_spec on and on", Endless(record(20, b"\1") * 500)),
        ("warnings on and on", Endless(record(21, b"\1\x5a") * 500)),
        ("empty records on and on", Endless(record(22, b"") * 500)),
        ("a ServerHello of 16 KB, a byte a record", Endless(
            record(22, b"\0") * 500,
            b"".join(record(22, bytes([b])) for b in HELLO[5:]))),
        ("handshake messages of nobody on and on", Endless(
            record(22, b"\x04\0\0\0" * 4000))),
        ("noise", Tcp(greeting=bytes(i * 197 + 13 & 255 for i in range(
            5000)))),
        ("NTS-KE records on and on", Chatter(
            good, (b"\x40\0\x03\xe8" + bytes(1000)) * 10)),
        ("a byte a record on and on", Chatter(good, b"\x40")),
        ("wants P-521 for the keys", Tls(good, curve="secp521r1")),
    ]


def honest(m):
    """The dearest that we deal with."""
    rsa = m.make.ca("rsa root", m.root, kind="rsa4096", label="rsa")
    return [
        ("five intermediates, P-384 all over, keys too",
         m.serve(m.deep(5), curve="secp384r1")),
        ("RSA-4096 all over", m.serve([m.leaf(
            rsa, kind="rsa4096", label="rsa"), rsa])),
    ]


class Board:
    def __init__(self, w, m, number, servers, honest=2):
        self.servers = servers
        self.honest = w.chronyd(honest)
        conf = "".join(f"server {testbed.HOST} port 9 ntsport {s.port} nts\n"
                       for _, s in servers)
        conf += testbed.server_lines(self.honest, testbed.OPTIONS)
        conf += "ntstrustedcerts ca.pem\nntstrustedcerts root.pem\n" \
            "nosystemcert\n"
        files = {"chrony.conf": conf, "ca.pem": testbed.read(w.pki.ca),
                 "root.pem": testbed.read(m.make.pem(m.root))}
        self.machine = testbed.Machine(
            card=w.card(f"card-{number}.img", files=files),
            icount=testbed.SHIFT, sleep=True)


def longest(board):
    """{service or "whole pass": ms}"""
    said = testbed.field(board, "Longest polls")
    return {what: int(us) / 1000 for what, us in re.findall(
        r"(\w[\w ]*?) (\d+) us", said)}


def one_by_one(w, m, servers):
    """What the longest step of each is: a table."""
    for number, (label, server) in enumerate(servers):
        b = Board(w, m, number, [(label, server)], 0)
        with b.machine as pi:
            why = pi.wait(r"^\[.*\] 10\.0\.2\.2: (.*)\n")
            print(f"# {longest(pi.ask('board')).get('ke_client')} ms | "
                  f"{label} | {why and why[1]}", flush=True)


def hundred(tap, servers, boards):
    """All boards side by side, until a hundred exchanges have begun."""
    def begun():
        return sum(s.connections for _, s in servers)

    with contextlib.ExitStack() as stack:
        for b in boards:
            stack.enter_context(b.machine)
        end = time.monotonic() + 1200
        while time.monotonic() < end and (begun() < EXCHANGES or not all(
                s.connections for _, s in servers)):
            for b in boards:
                b.machine.pump(0.2)
        tap.check(begun() >= EXCHANGES, f"{EXCHANGES} key exchanges on "
                  f"{len(boards)} boards", begun())
        for number, b in enumerate(boards, 1):
            judge(tap, f"board {number}", b)


def judge(tap, who, b):
    pi = b.machine
    keys = [pi.wait(f":{server.port}: key exchange done")
            for label, server in b.servers if label in GOOD]
    board = pi.ask("board")
    took = longest(board)
    print(f"# {who}: longest polls in ms: "
          + " ".join(f"{what} {ms}" for what, ms in took.items()))
    tap.check(took and max(took.values()) < STEP_MS,
              f"{who}: no pass of the loop takes {STEP_MS} ms", board)
    tap.check(pi.text.count("Gnomon ") == 1
              and "last reset: power-on" in board,
              f"{who}: it was not reset", pi.text)
    tap.check(all(keys) and pi.text.count("key exchange done")
              == len(keys) + len(b.honest),
              f"{who}: keys from who is honest, if dear, and nobody else", pi.text)


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        m = Makers(w.path("chains"))
        servers = [(label, m.serve(chain)) for label, chain in chains(m)]
        servers += talkers(m) + honest(m)
        if sys.argv[1:]:
            one_by_one(w, m, [s for s in servers if sys.argv[1] in s[0]])
            return 0
        hundred(tap, servers, [Board(w, m, n, servers[n % 2::2])
                               for n in range(4)])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
