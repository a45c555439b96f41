"""What the tests with servers share: servers, a card that names them, and
the console's tables as Python values."""
import contextlib
import os
import re
import shutil
import tempfile

from tests.common.machine import Machine
from tests.peers import chronyd, mkcard, packets, pki

HOST = "10.0.2.2"  # this machine's loopback, as a guest behind slirp sees it
OPTIONS = "iburst"
FAST = "iburst minpoll 0 maxpoll 2"
SYNC = r"^\[.*\] synchronised: .*$"


class Testbed(contextlib.ExitStack):
    """A folder, a PKI in it, and servers; all gone at the end."""

    def __enter__(self):
        super().__enter__()
        # A short name: Unix sockets live in folders like it.
        self.folder = tempfile.mkdtemp(prefix="gnomon-world-")
        self.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.pki = pki.Pki(self.path("pki"))
        self.servers = []
        return self

    def path(self, name):
        return os.path.join(self.folder, name)

    def chronyd(self, count=3, **how):
        new = [self.enter_context(chronyd.Server(self.pki, **how))
               for _ in range(count)]
        self.servers += new
        return new

    def conf(self, options=OPTIONS, host=HOST, more=""):
        return server_lines(self.servers, options, host) + (
            "ntstrustedcerts ca.pem\nnosystemcert\nntsdumpdir /\n" + more)

    def card(self, name="card.img", conf=None, state=True, files=None):
        """A new card; `files` replaces what is on it, `conf` chrony.conf."""
        if files is None:
            files = {"chrony.conf": self.conf() if conf is None else conf,
                     "ca.pem": read(self.pki.ca)}
        return mkcard.make_card(self.path(name), files, state)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def server_lines(servers, options, host=HOST):
    """host: an address for all, for slirp shows them as one."""
    return "".join(
        f"server {host} port {s.port} ntsport {s.ke_port} nts {options}\n"
        for s in servers)


def synchronise(machine, limit=120):
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
