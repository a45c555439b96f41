"""Processes that end with the test, and ports that nobody else uses."""
import atexit
import ctypes
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from tests.tap import GUARD_S, TOP

PEERS = os.path.join(os.environ.get("GNOMON_BUILD", os.path.join(TOP, "build")),
                     "peers")
LIBC = ctypes.CDLL(None, use_errno=True)
running = []
folders = []
claims = {}  # port -> socket that keeps other tests away from it


def die_with_parent():
    LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def stop_all():
    for child in list(running):
        child.stop()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


atexit.register(stop_all)
if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def work_folder():
    """A folder with a short name (Unix sockets live in it: 107 bytes), gone
    at the end unless GNOMON_KEEP is set."""
    folder = tempfile.mkdtemp(prefix="gnomon-")
    if not os.environ.get("GNOMON_KEEP"):
        folders.append(folder)
    return folder


class Child:
    """A process, its output in a file. Start it from the main thread: it
    dies with the thread that started it."""

    def __init__(self, command, log, **how):
        self.log = log
        with open(log, "ab") as out:
            self.process = subprocess.Popen(
                command, stdin=how.pop("stdin", subprocess.DEVNULL),
                stdout=out, stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent, **how)
        self.pid = self.process.pid
        running.append(self)

    def alive(self):
        return self.process.poll() is None

    def text(self):
        with open(self.log, errors="replace") as log:
            return log.read()

    def stop(self, patience=5):
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        if self in running:
            running.remove(self)

    def kill(self):
        """Without a chance to save anything."""
        self.process.kill()
        self.stop()


def wait_for(condition, seconds=GUARD_S, step=0.05):
    """The first true value of condition(), or its last false one."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(step)


def wait_for_log(child, pattern, seconds=GUARD_S):
    regex = re.compile(pattern, re.M)
    return wait_for(lambda: regex.search(child.text())
                    or (None if child.alive() else False), seconds)


def bindable(port, address):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def free_port(addresses=("127.0.0.1", "127.0.0.2")):
    """A port, UDP and TCP, below the range of ephemeral ones; other tests
    that ask here get another one for as long as this process lives."""
    for _ in range(1000):
        port = random.randrange(20000, 32000)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0gnomon-test-port-{port}")
        except OSError:
            claim.close()
            continue
        if all(bindable(port, address) for address in addresses):
            claims[port] = claim
            return port
        claim.close()
    raise RuntimeError("no free port")
