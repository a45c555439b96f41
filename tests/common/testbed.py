"""What the tests with servers share: servers, a card that names them, and
the console's tables as Python values."""
import contextlib
import os
import re
import shutil
import tempfile

from tests.common.machine import BOARD, Machine
from tests.peers import chronyd, mkcard, packets, pki, when
from tests.tap import GUARD_S

HOST = "10.0.2.2"  # this machine's loopback, as a guest behind slirp sees it
OPTIONS = "iburst"
FAST = "iburst minpoll 0 maxpoll 2"
SYNC = r"^\[.*\] synchronised: .*$"


EARLIER_S = 600
SHIFT = 1  # of -icount: an instruction takes 2 ns


class Testbed(contextlib.ExitStack):
    """A folder, a PKI in it, and servers; all gone at the end. at: the Unix
    time that certificates are made for; None: now."""

    def __init__(self, at=None):
        super().__init__()
        self.at = at

    def __enter__(self):
        super().__enter__()
        # A short name: Unix sockets live in folders like it.
        self.folder = tempfile.mkdtemp(prefix="gnomon-world-")
        self.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.pki = pki.Pki(self.path("pki"), self.at)
        self.servers = []
        return self

    def path(self, name):
        return os.path.join(self.folder, name)

    def chronyd(self, count=3, **how):
        """virtual=True: servers in the time of the machine that asks. Until it
        is powered on theirs is an earlier one, whatever this machine's is: a
        server that had set its clock back would give a reference time of the
        future."""
        if how.pop("virtual", False):
            how.update(self.virtual())
        new = [self.enter_context(chronyd.Server(self.pki, **how))
               for _ in range(count)]
        self.servers += new
        return new

    def virtual(self):
        return {"env": {"LD_PRELOAD": when.SHIFT_CLOCK,
                        "CLOCK_PCAP": self.path("clock.pcap")},
                "ahead": (self.at or when.now()) - when.now() - EARLIER_S}

    def machine(self, card, at, **how):
        """A Pi that counts its time in instructions. The servers (virtual)
        live in it: their clocks are Unix time `at` when it is powered on,
        and later as much more as has passed on the Pi, however slowly it
        runs here. So what they say of the time is true, whatever this
        machine has to do besides."""
        return Machine(card=card, at=at, pcap=self.path("clock.pcap"),
                       icount=SHIFT, sleep=True, **how)

    def conf(self, options=OPTIONS, host=HOST, more=""):
        return server_lines(self.servers, options, host) + (
            "ntstrustedcerts ca.pem\nnosystemcert\nntsdumpdir /\n" + more)

    def card(self, name="card.img", conf=None, state=True, files=None):
        """A new card; `files` replaces what is on it, `conf` chrony.conf."""
        if files is None:
            files = {"chrony.conf": self.conf() if conf is None else conf,
                     "ca.pem": read(self.pki.ca)}
        return mkcard.make_card(self.path(name), files, state)


    def card_as_made(self, conf=None, name="made.img", board=BOARD):
        """The card of `make card` with this chrony.conf and our authority, and
        the board's kernel that is on it."""
        image = self.path(name)
        return image, mkcard.as_made(image, {
            "chrony.conf": self.conf() if conf is None else conf,
            "ca.pem": read(self.pki.ca)}, board)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def server_lines(servers, options, host=HOST):
    """host: an address for all, for slirp shows them as one."""
    return "".join(
        f"server {host} port {s.port} ntsport {s.ke_port} nts {options}\n"
        for s in servers)


def synchronise(machine, limit=GUARD_S):
    """The newest boot's line, which may have come while the console was
    asked something."""
    machine.seen = max(0, machine.text.rfind("] Gnomon "))
    return machine.wait(SYNC, limit)


def authdata(machine):
    """One dict a source, chronyc's columns."""
    rows = re.findall(r"^(\S+)\s+(\S+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+"
                      r"(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$",
                      machine.ask("authdata"), re.M)
    names = ("name", "mode", "keyid", "type", "klen", "last", "atmp", "nak",
             "cook", "clen")
    return [dict(zip(names, row)) for row in rows]


def sources(machine):
    """(state, name, stratum, poll, reach) of each source."""
    rows = re.findall(r"^\^(.) (\S+)\s+(\d+)\s+(-?\d+)\s+([0-7]+)\s",
                      machine.ask("sources"), re.M)
    return [(state, name, int(stratum), int(poll), int(reach, 8))
            for state, name, stratum, poll, reach in rows]


def seconds(text, name):
    """A figure in seconds of what `tracking` or `board` said."""
    match = re.search(rf"^{name}\s*: ([+-]?[\d.]+) (?:s|seconds)\b", text,
                      re.M)
    return float(match.group(1)) if match else None


def field(text, name):
    match = re.search(rf"^{name}\s*: (.*)$", text, re.M)
    return match.group(1) if match else ""


def keys_are_good(rows, count, naks="0"):
    """What authdata says of each of `count` sources."""
    return len(rows) == count and all(
        row["mode"] == "NTS" and int(row["keyid"]) >= 1
        and row["type"] == "15" and row["klen"] == "256"
        and row["nak"] == naks and row["cook"] == "8" for row in rows)


def sent_twice(*pcaps):
    """Cookies that left more than once, and how many left in all."""
    sent = [cookie for path in pcaps
            for cookie in packets.cookies_in_pcap(path)]
    return packets.twice(sent), len(sent)


__all__ = ["FAST", "HOST", "Machine", "OPTIONS", "SYNC", "Testbed", "authdata",
           "field", "keys_are_good", "read", "seconds", "sent_twice",
           "server_lines", "sources", "synchronise"]
