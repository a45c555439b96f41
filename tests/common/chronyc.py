"""chronyc's tables beside the console's: which version says what, and what a
column may differ by."""
import os
import random
import re
import socket
import struct
import subprocess

from tests.peers import chronyd

VERSIONS = ("4.3", "4.6.1")
UNIT = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600,
        "d": 86400, "y": 365 * 86400, "": 1}
NUMBER = re.compile(r"^([+-]?)(\d+(?:\.(\d+))?)(ns|us|ms|s|m|h|d|y|)$")
FLOAT = 2 ** -23  # what a number loses in chrony's format


def chronyc(version, port, *words, host="127.0.0.1"):
    done = subprocess.run(
        chronyd.commands_of(version)[1] + ["-h", host, "-p", str(port),
                                           *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
        env={**os.environ, "TZ": "UTC"}, check=False)
    return done.stdout.decode()


def value(token):
    """(sign, value, what the last digit is worth), or None."""
    m = NUMBER.match(token)
    if not m:
        return None
    scale = UNIT[m.group(4)]
    return (m.group(1), float(m.group(2)) * scale,
            scale * 10 ** -len(m.group(3) or ""))


def near(ours, theirs):
    """One token beside the other: the same text, or the same number but for
    what chrony's 24 bits and the last digit shown lose."""
    if ours == theirs:
        return True
    a, b = value(ours), value(theirs)
    return bool(a and b) and a[0] == b[0] and abs(a[1] - b[1]) <= (
        max(a[2], b[2]) + FLOAT * max(a[1], b[1]))


def between(before, said, after):
    """The same of a number that changes while it is asked for."""
    if near(before, said) or near(after, said):
        return True
    a, b, c = (value(t) for t in (before, said, after))
    if not (a and b and c):
        return False
    a, b, c = ((-v if sign == "-" else v, digit) for sign, v, digit in
               (a, b, c))
    slack = max(a[1], b[1], c[1])
    return min(a[0], c[0]) - slack <= b[0] <= max(a[0], c[0]) + slack


def tokens(line):
    return re.sub(r"([\[\]()])", r" \1 ", line).split()


def differences(before, said, after=None, name_of=None):
    """Lines of a table of the console's, and of chronyc's, that do not agree;
    the console's may be asked for before and after."""
    found, name_of = [], name_of or {}
    tables = [t.splitlines() for t in (before, said, after or before)]
    if len({len(t) for t in tables}) != 1:
        return [f"{len(t)} lines" for t in tables]
    for lines in zip(*tables):
        a, b, c = (tokens(line) for line in lines)
        a, c = ([name_of.get(t, t) for t in x] for x in (a, c))
        if not len(a) == len(b) == len(c) or not all(map(between, a, b, c)):
            found += lines
    return found


def shown(table, report, version):
    """What chronyc of this version has of the console's table."""
    lines = table.splitlines(True)
    if report == "tracking":  # why the clock is not set is the console's own
        lines = lines[:13]
    if report == "serverstats":
        lines = lines[:11 if version == "4.3" else 17]
    return "".join(lines)


def said_of(report, text):
    """chronyc's, without four lines that 4.6 has more."""
    if report == "ntpdata":
        return re.sub(r"Total (kernel|HW) .*\n", "", text)
    return text


# ---- bytes -------------------------------------------------------------------


def connect(port, wait, host="127.0.0.1"):
    link = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET,
                         socket.SOCK_DGRAM)
    link.connect((host, port))
    link.settimeout(wait)
    return link


def ask(link, command, length, head=(6, 1, 0, 0), data=b""):
    """(length, reply code, status), or None: silence."""
    sequence = random.getrandbits(32)
    packet = (struct.pack(">BBBBHHIII", *head, command, 0, sequence, 0, 0)
              + data + bytes(1000))[:length]
    link.send(packet)
    try:
        reply = link.recv(2048)
    except (socket.timeout, ConnectionRefusedError):
        return None
    if struct.unpack(">HI", reply[4:6] + reply[16:20]) != (command, sequence):
        return "another's"
    return (len(reply), *struct.unpack(">HH", reply[6:10]))
