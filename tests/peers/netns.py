"""A network of one's own, as an ordinary user too: user and network (and
mount) namespaces, in which any port is free and nothing but loopback exists.

    enter()                   # this process, before it has threads
    enter(resolver="127.0.0.1")   # ... and slirp asks DNS there
    available()               # False where the kernel does not let us

In there, a further island has a network of its own, one hop away, for
servers whose ports are fixed:

    with Island(0) as island:
        island.address            # 192.0.2.2; island.prefix starts a command

Nothing in there can set the clock of this machine: it is root of its own
user namespace only."""
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys

from .child import LIBC, TOP, Child, wait_for, work_folder

NEWNS, NEWUSER, NEWNET = 0x20000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000


def checked(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


def available():
    """Asked of a child, for there is no way back from it."""
    return subprocess.run(["unshare", "-rnm", "true"],
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        fcntl.ioctl(link, 0x8914, struct.pack("16sH14x", b"lo", 1))


def mount(source, target, flags):
    checked(LIBC.mount(source.encode(), target.encode(), None,
                       ctypes.c_ulong(flags), None), f"mount {target}")


def use_resolver(address):
    own = os.path.join(work_folder(), "resolv.conf")
    with open(own, "w") as out:
        out.write(f"nameserver {address}\n")
    mount("none", "/", MS_REC | MS_PRIVATE)
    mount(own, os.path.realpath("/etc/resolv.conf"), MS_BIND)


def enter(resolver=None):
    uid, gid = os.geteuid(), os.getegid()
    checked(LIBC.unshare(NEWUSER | NEWNET | NEWNS), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"),
                       ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    loopback_up()
    if resolver:
        use_resolver(resolver)


def ip(*args):
    done = subprocess.run(["ip", *args], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise OSError(f"ip {' '.join(args)}: {done.stdout.decode()}")


class Island:
    """Number 0 .. 63: 192.0.2.(4n+2), this side 192.0.2.(4n+1)."""

    def __init__(self, number):
        self.number = number
        self.address = f"192.0.2.{4 * number + 2}"
        self.here = f"192.0.2.{4 * number + 1}"
        self.holder = None
        self.prefix = []

    def __enter__(self):
        log = os.path.join(work_folder(), "island")
        program = ("import sys, time; sys.path.insert(0, sys.argv[1])\n"
                   "from tests.peers import netns\n"
                   "netns.checked(netns.LIBC.unshare(netns.NEWNET), 'net')\n"
                   "netns.loopback_up(); print('ready', flush=True)\n"
                   "time.sleep(1e6)\n")
        self.holder = Child([sys.executable, "-c", program, TOP], log)
        if not wait_for(lambda: "ready" in self.holder.text()
                        or not self.holder.alive(), 30) \
                or not self.holder.alive():
            raise OSError("no island: " + self.holder.text())
        pid, link = str(self.holder.pid), f"island{self.number}"
        self.prefix = ["nsenter", "-t", pid, "-n", "--"]
        ip("link", "add", link, "type", "veth", "peer", "name", "shore",
           "netns", pid)
        ip("addr", "add", self.here + "/30", "dev", link)
        ip("link", "set", link, "up")
        for words in (("addr", "add", self.address + "/30", "dev", "shore"),
                      ("link", "set", "shore", "up")):
            subprocess.run([*self.prefix, "ip", *words], check=True)
        return self

    def __exit__(self, *_):
        self.holder.stop()
