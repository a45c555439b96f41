"""Harm done to the running firmware from outside, through QEMU's gdbstub: the
image itself has no word that crashes it.

    machine = Machine(extra=gdb.door(folder), ...)
    gdb.panic(folder, "made_up.c", 4711)    # as if an ASSERT there had failed
    gdb.hang(folder, "port_poll")           # the loop never comes back from it
"""
import os
import socket
import subprocess
import zlib

from tests.common.machine import BOARD, ELF
from tests.tap import GUARD_S

CPSR, THUMB, IT_BITS = 25, 0x20, 0x0600fc00
MODE, SVC = 0x1f, 0x13
IN_THUMB = "-mthumb" in BOARD.cpu
HERE = b"\xfe\xe7" if IN_THUMB else b"\xfe\xff\xff\xea"  # jumps to itself
NOTE_LEN = 5 * 4 + 160  # five words, a text; then the CRC
BELOW_SP = 8192  # of the stack, where nothing is


def door(folder):
    return ["-gdb", f"unix:{folder}/gdb,server=on,wait=off"]


def symbol(name):
    lines = subprocess.run(["arm-none-eabi-nm", ELF], capture_output=True,
                           text=True, check=True).stdout.split("\n")
    return next(int(line.split()[0], 16) for line in lines
                if line.split()[2:] == [name])


class Stub:
    """While the context lasts the machine stands still."""

    def __init__(self, folder):
        self.link = socket.socket(socket.AF_UNIX)
        self.link.settimeout(GUARD_S)
        self.link.connect(os.path.join(folder, "gdb"))
        self.stream = self.link.makefile("rwb")

    def __enter__(self):
        self.ask("?")  # stopped
        self.done("Hg1")  # registers are the first core's
        # Single registers only for those who have asked what there is.
        self.ask("qXfer:features:read:target.xml:0,100")
        return self

    def __exit__(self, *_):
        self.ask("D")  # and on it goes
        self.stream.close()
        self.link.close()

    def answer(self):
        while self.stream.read(1) != b"$":
            pass
        text = b""
        while (byte := self.stream.read(1)) != b"#":
            text += byte
        self.stream.read(2)
        self.stream.write(b"+")
        self.stream.flush()
        return text.decode()

    def ask(self, text):
        total = sum(text.encode()) % 256
        self.stream.write(f"${text}#{total:02x}".encode())
        self.stream.flush()
        answer = self.answer()
        # That it stopped is told a second time, unasked.
        while answer.startswith("T") and text != "?":
            answer = self.answer()
        return answer

    def done(self, text):
        answer = self.ask(text)
        assert answer == "OK", (text, answer)

    def register(self, number):
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")),
                              "little")

    def set_register(self, number, value):
        self.done(f"P{number:x}={value.to_bytes(4, 'little').hex()}")

    def peek(self, address, count):
        return bytes.fromhex(self.ask(f"m{address:x},{count:x}"))

    def poke(self, address, data):
        self.done(f"M{address:x},{len(data):x}:{data.hex()}")


def in_the_loop(stub):
    """Interrupt handlers have a small stack of their own, with nothing below
    it to write to."""
    return stub.register(CPSR) & MODE == SVC


def panic(folder, file, line, what="harm from outside"):
    """panic(file, line, what), wherever the firmware's loop is."""
    for _ in range(100):
        with Stub(folder) as stub:
            if not in_the_loop(stub):
                continue
            text = (stub.register(13) - BELOW_SP) & ~7
            stub.poke(text, file.encode() + b"\0" + what.encode() + b"\0")
            for number, value in enumerate((text, line,
                                            text + len(file) + 1)):
                stub.set_register(number, value)
            cpsr = stub.register(CPSR) & ~(THUMB | IT_BITS)
            stub.set_register(CPSR, cpsr | THUMB * IN_THUMB)
            stub.set_register(15, symbol("panic") & ~1)
            return
    raise AssertionError("always in an interrupt")


def hang(folder, function):
    """Its first instruction becomes a jump to itself, until a reset loads the
    image anew."""
    with Stub(folder) as stub:
        stub.poke(symbol(function) & ~1, HERE)


def say_watchdog_armed(folder):
    """In the note that outlives a reset (board/common/crashnote.c), as on a
    board, where the hardware's watchdog is: so that a reset from nowhere is
    what it would be there."""
    with Stub(folder) as stub:
        note = symbol("__note_start")
        body = bytearray(stub.peek(note, NOTE_LEN + 4))
        assert int.from_bytes(body[NOTE_LEN:], "little") == zlib.crc32(
            body[:NOTE_LEN]), "crashnote.c has another layout"
        body[16:20] = b"\1\0\0\0"
        crc = zlib.crc32(body[:NOTE_LEN]).to_bytes(4, "little")
        stub.poke(note, bytes(body[:NOTE_LEN]) + crc)
