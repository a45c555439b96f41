#!/usr/bin/env python3
"""Requests of NTS, good ones and every kind of bad one, get from our server
what chronyd 4.3 and 4.6.1 answer to the same: silence, a NAK or an
authenticated reply of the same length. chronyd's cookies are made with the
key that it keeps in its folder (tests/tools/nts_cases.c)."""
import contextlib
import os
import socket
import struct
import subprocess
import sys
import time

from tests.peers import chronyd, pki
from tests.peers.child import work_folder
from tests.tap import TOP, Tap

CASES = os.path.join(TOP, "build/host/nts_cases")
# Where we differ on purpose, and what ours is.
DIFFER = {"short_unique": "silence"}  # RFC 8915 section 5.3: 32 bytes


def current_key(server):
    """(id, key, AEAD of cookies): oldest first, the last is the next one."""
    path = os.path.join(server.folder, "keys/ntskeys")
    for _ in range(200):
        if os.path.exists(path):
            break
        time.sleep(0.05)
    lines = [line.split() for line in open(path)]
    keys = [line for line in lines if len(line) >= 2 and len(line[1]) >= 32]
    number, key, *aead = keys[2]
    return number, key, aead[0] if aead else "15"


def cases(server, session, *numbers):
    done = subprocess.run([CASES, *current_key(server), session,
                           *map(str, numbers)],
                          stdout=subprocess.PIPE, check=True)
    for line in done.stdout.decode().split("\n")[:-1]:
        what, length, packet, name = line.split()
        yield name, (what, int(length)), bytes.fromhex(packet)


def kind(reply):
    if reply is None:
        return "silence", 0
    if reply[12:16] == b"NTSN" and reply[1] == 0:
        return "nak", len(reply)
    return ("authentic" if b"\x04\x04" in reply[48:] else "plain"), len(reply)


def answers(port, packets):
    """What each gets; the last is one that is answered, and tells that all
    were heard."""
    with contextlib.ExitStack() as stack:
        links = []
        for packet in packets:
            link = stack.enter_context(
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            link.connect(("127.0.0.1", port))
            link.send(packet)
            links.append(link)
        links[-1].settimeout(60)
        found = [kind(links[-1].recv(2048))]
        for link in reversed(links[:-1]):
            link.setblocking(False)
            try:
                found.append(kind(link.recv(2048)))
            except BlockingIOError:
                found.append(("silence", 0))
        return found[::-1]


def compare(tap, server, version, session):
    all_of = list(cases(server, session))
    good = next(packet for name, _, packet in all_of if name == "one")
    theirs = answers(server.port, [p for _, _, p in all_of] + [good])
    tap.check(theirs[-1][0] == "authentic",
              f"chronyd {version}, AEAD {session}: our cookie is chronyd's own",
              str(theirs[-1]))
    for (name, ours, packet), their in zip(all_of, theirs):
        # Cookies of 4.6.1 are four bytes shorter than ours.
        same = ours[0] == their[0] and (
            ours[0] != "authentic" or their[1] == len(packet))
        if name in DIFFER:
            tap.check(ours[0] == DIFFER[name] and their[0] != ours[0],
                      f"{version}, {session}: {name} differs on purpose",
                      f"ours {ours}, chronyd's {their}")
        else:
            tap.check(same, f"{version}, {session}: {name}: {ours[0]}",
                      f"ours {ours}, chronyd's {their} for {len(packet)}")


def short_unique(packet):
    """What we refuse and chronyd does not."""
    at = 48
    while at + 4 <= len(packet):
        kind_, length = struct.unpack_from(">HH", packet, at)
        if kind_ == 0x104 and length < 36:
            return True
        at += max(length, 4)
    return False


def compare_random(tap, server, count):
    """Requests with fields in any order, of many lengths, damaged or not."""
    seen = set()
    for first in range(0, count, 50):
        all_of = list(cases(server, "15", first, first + 50))
        plain = b"\x23" + bytes(39) + b"askedask"
        theirs = answers(server.port, [p for _, _, p in all_of] + [plain])
        for (name, ours, packet), their in zip(all_of, theirs):
            seen.add(ours[0])
            if ours != their and not (ours[0] == "silence"
                                      and short_unique(packet)):
                tap.check(False, f"random request {name}", f"ours {ours}, "
                          f"chronyd's {their} for {packet.hex()}")
    tap.check(seen == {"silence", "nak", "authentic", "plain"},
              f"{count} random requests: chronyd 4.3 answers as we do",
              str(seen))


def main():
    tap = Tap()
    folder = pki.Pki(work_folder())
    for version, sessions in (("4.3", ("15",)), ("4.6.1", ("15", "30"))):
        with chronyd.Server(folder, version=version) as server:
            for session in sessions:
                compare(tap, server, version, session)
            if version == "4.3": # whose cookies are as long as ours
                compare_random(tap, server, 2000)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
