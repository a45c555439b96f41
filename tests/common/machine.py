"""An emulated Raspberry Pi under a test's control: QEMU as a child, its
console as text that can be waited for, its card a file, its traffic a pcap.

Waiting is bounded by wall time only so that a hung test ends; what a test
judges is the text, and the firmware's own stamps in it."""
import ctypes
import json
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import time

from tests.common.board import start, tested
from tests.tap import GUARD_S, TOP

BOARD = tested()
ELF = os.environ.get("GNOMON_ELF", BOARD.elf)
STAMP = re.compile(r"\[\s*(\d+)\.(\d{6})\] ")
LOGGED = re.compile(r"^(?:\[ *\d+\.\d{6}\] .*|\(\d+ lines lost\))\n", re.M)


def unfolded(board):
    """What `board' goes on with below, behind the colon, on one line."""
    return re.sub(r"\n(?: {18}| {4})(?=\S)", " ", board)


def answer_alone(command, text):
    """What is logged while a command is answered stands between the answer and
    the prompt, at any time, and is no part of it. `log' answers with such
    lines; the last of them may come once more as what is being logged."""
    if command.split()[:1] == ["log"]:
        return "".join(dict.fromkeys(text.splitlines(keepends=True)))
    return LOGGED.sub("", text)


def die_with_parent():
    """In the child: no QEMU outlives its test (Linux PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Machine:
    """Powered on by entering the context, off by leaving it. icount N: an
    instruction takes 2^N ns; sleep=False skips what the guest idles, which
    servers on this machine do not do. at: the Unix time that the pcap's
    stamps begin at; they go on with the guest's clock. board: whose kernel,
    if none is given; machine: QEMU's, if not the board's usual one."""

    def __init__(self, card=None, pcap=None, icount=None, sleep=False,
                 extra=(),
                 net="user,id=n0", usb=("usb-net,netdev=n0,port=1",),
                 kernel=None, prefix=(), keep_card=True, at=None, board=BOARD,
                 machine=None):
        self.text = ""
        self.seen = 0
        self.work = tempfile.mkdtemp(prefix="gnomon-qemu-")
        kernel = kernel or (ELF if board is BOARD else board.elf)
        machine = machine or board.machines[0]
        self.command = list(prefix) + (
            start(machine, kernel) if kernel.endswith(".img") else
            ["qemu-system-arm", "-M", machine, "-kernel", kernel])
        self.command += [
            "-display", "none", "-serial", "stdio", "-monitor", "none",
            "-qmp", f"unix:{self.work}/qmp,server=on,wait=off"]
        if net:
            self.command += ["-netdev", net]
            for device in usb:
                self.command += ["-device", device]
        if card:
            self.command += ["-drive", f"if=sd,format=raw,file={card}"]
            if not keep_card:
                self.command += ["-snapshot"]
        if pcap:
            self.command += ["-object",
                             f"filter-dump,id=f0,netdev=n0,file={pcap}"]
        if icount is not None:
            self.command += ["-icount", f"shift={icount},sleep="
                             + ("on" if sleep else "off")]
        if at is not None:
            self.command += ["-rtc", "clock=vm,base=" + time.strftime(
                "%Y-%m-%dT%H:%M:%S", time.gmtime(at))]
        self.command += list(extra)
        self.child = self.link = None

    def __enter__(self):
        self.child = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, preexec_fn=die_with_parent,
            env=dict(os.environ, TZ="UTC"))
        os.set_blocking(self.child.stdout.fileno(), False)
        return self

    def __exit__(self, *_):
        self.off()
        for name in os.listdir(self.work):
            os.unlink(os.path.join(self.work, name))
        os.rmdir(self.work)

    def off(self):
        """Cut the power: nothing is flushed, nobody is asked."""
        if self.child and self.child.poll() is None:
            self.child.kill()
        if self.child:
            self.child.wait()
        if self.link:
            self.link.close()
            self.link = None

    def pump(self, seconds):
        """Take in what the console has said."""
        ready, _, _ = select.select([self.child.stdout], [], [], seconds)
        if ready:
            data = self.child.stdout.read() or b""
            self.text += data.decode("utf-8", "replace").replace("\r", "")

    def wait(self, pattern, limit=GUARD_S):
        """The first match after what was matched before, or None."""
        end = time.monotonic() + limit
        regex = re.compile(pattern, re.M)
        while True:
            match = regex.search(self.text, self.seen)
            if match:
                self.seen = match.end()
                return match
            if time.monotonic() > end or self.child.poll() is not None:
                self.pump(0.2)
                match = regex.search(self.text, self.seen)
                if match:
                    self.seen = match.end()
                return match
            self.pump(0.2)

    def send(self, data):
        self.child.stdin.write(data if isinstance(data, bytes)
                               else data.encode())
        self.child.stdin.flush()

    def ask(self, command, limit=GUARD_S):
        """A console command's answer: from its echo to the next prompt."""
        self.pump(0.05)
        self.seen = len(self.text)
        self.send(command + "\r")
        if not self.wait(re.escape(command) + r"\n", limit):
            return ""
        begin = self.seen
        if not self.wait(r"^gnomon> ", limit):
            return self.text[begin:]
        answer = answer_alone(
            command, self.text[begin:self.seen - len("gnomon> ")])
        return unfolded(answer) if command == "board" else answer

    def stamp_before(self, position):
        """Virtual seconds on the log line that `position` lies in."""
        line = self.text.rfind("\n", 0, position) + 1
        match = STAMP.match(self.text, line)
        return (int(match.group(1)) + int(match.group(2)) / 1e6
                if match else None)

    def qmp(self, command, **arguments):
        """One link for the machine's life: a test may read a register many
        times a second."""
        if self.link is None:
            link = socket.socket(socket.AF_UNIX)
            link.settimeout(GUARD_S)
            link.connect(f"{self.work}/qmp")
            self.link = link.makefile("rw")
            link.close()  # the file keeps it open
            self.link.readline()
            self.execute("qmp_capabilities")
        return self.execute(command, **arguments)

    def execute(self, command, **arguments):
        self.link.write(json.dumps({"execute": command,
                                    "arguments": arguments}) + "\n")
        self.link.flush()
        while True:
            answer = json.loads(self.link.readline())
            if "return" in answer or "error" in answer:
                return answer.get("return")


class Process(Machine):
    """The same firmware as a Linux process, under ASan and UBSan: what a
    Machine can do, but for QEMU's own doors."""

    def __init__(self, card, program="gnomon", udp=(), tcp=()):
        """udp, tcp: pairs of ports, of this machine's loopback and of the
        firmware, which listens there."""
        super().__init__()
        self.command = [os.path.join(TOP, "build/host", program), "--card",
                        card]
        for option, ports in (("--udp", udp), ("--tcp", tcp)):
            for port, to in ports:
                self.command += [option, f"{port}:{to}"]
