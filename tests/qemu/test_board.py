#!/usr/bin/env python3
"""The board alone, in QEMU: board_probe.c in place of the firmware does what
one letter on the console asks, this script looks at what the machine says.
Nothing here passes or fails on wall time; what has a time limit runs with
-icount, where time is counted in instructions. `make probe' builds it."""
import os
import re
import select
import subprocess
import sys
import time

from tests.common.board import start, tested

BOARD = tested()
P = BOARD.build
PATIENCE_S = 240
ELF = ["-kernel", f"{P}/probe.elf"]
RAW = ["-bios", f"{P}/probe.img"]
HYP = ["-kernel", f"{P}/hyp.elf", "-device",
       f"loader,file={P}/probe.img,addr=0x8000,force-raw=on"]
TRIES = 20
ICOUNT = ["-icount", "shift=3,sleep=off"]
WAITS_US = (50, 200, 1000, 20000, 300000) # of the probe
# What QEMU's firmware says of each machine: revision code, the ARM's memory.
SAYS = {"raspi2b": (0xa21041, 0x3c000000), "raspi0": (0x920092, 0x1c000000),
        "raspi1ap": (0x900021, 0x1c000000),
        "raspi3b": (0xa02082, 0x3c000000)}
# Of each kind of processor (MIDR's part number) what has to be set in SCTLR:
# I, Z, C, M; unaligned loads (U) and, for ARMv6, pages with XN (XP) and FI, for
# ARMv7 WXN. And FPSCR: ARMv6 in RunFast mode, flush to zero and default NaN,
# since its VFP leaves the rest to software.
PROCESSORS = {0xb76: (0x00e01805, 0x03000000), 0xc07: (0x00481805, 0)}
USUAL = BOARD.machines[0]


class Machine:
    """One QEMU; leave the `with` and it is gone."""

    def __init__(self, *args, machine=USUAL):
        self.args = (start(machine, args[1]) if args[0] == "-bios"
                     else ["qemu-system-arm", "-M", machine])
        self.args += ["-display", "none", "-monitor", "none", "-serial",
                      "stdio", *args[2 if args[0] == "-bios" else 0:]]
        self.text = ""

    def __enter__(self):
        self.qemu = subprocess.Popen(self.args, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.qemu.kill()
        self.qemu.wait()

    def expect(self, pattern):
        """Wait for the pattern; forget all up to its end."""
        end = time.monotonic() + PATIENCE_S
        while True:
            match = re.search(pattern, self.text)
            if match:
                self.text = self.text[match.end():]
                return match
            ready, _, _ = select.select([self.qemu.stdout], [], [],
                                        max(0, end - time.monotonic()))
            data = os.read(self.qemu.stdout.fileno(), 4096) if ready else b""
            if not data:
                raise AssertionError(f"no {pattern!r} in {self.text[-2000:]!r}")
            self.text += data.decode(errors="replace")

    def boot(self):
        """Wait for a boot; its last_reset and the figures it prints."""
        match = self.expect(r"(?s)last_reset: ([^\r]*)\r(.*?)ready ms=(\d+)\r")
        figures = {k: int(v) for k, v in
                   re.findall(r"(\w+)=(\d+)", match.group(2))}
        return match.group(1), figures, int(match.group(3))

    def type(self, letter):
        self.qemu.stdin.write(letter.encode())
        self.qemu.stdin.flush()

    def ask(self, letter, pattern):
        self.type(letter)
        return self.expect(pattern)


def figures_of(match):
    return {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", match.group(0))}


def elf_layout():
    head = subprocess.run(["arm-none-eabi-readelf", "-lW", f"{P}/probe.elf"],
                          capture_output=True, text=True, check=True).stdout
    flags = re.findall(r"LOAD\s+(?:0x\S+\s+){5}(.{3})", head)
    assert [f.replace(" ", "") for f in flags] == ["RE", "R", "RW"], flags
    assert "Entry point 0x8000" in head


# As instructions, and as writes to CP15.
BARRIER = r"(?:dmb|mcr\s+15, 0, \w+, cr7, cr10, \{5\})"


def barriers():
    """Reads of two devices of a BCM2835 may come back in the wrong order: no
    read of a register without a barrier behind it, no write without one
    before it, and one on the way into an interrupt and out of it."""
    text = subprocess.run(["arm-none-eabi-objdump", "-d", "--no-show-raw-insn",
                           f"{P}/probe.elf"],
                          capture_output=True, text=True, check=True).stdout
    for name, order in (
            ("hw_read", rf"\tldr\b.*{BARRIER}"),
            ("hw_write", rf"{BARRIER}.*\tstr\b"),
            ("irq_entry", rf"{BARRIER}.*irq_handler.*{BARRIER}.*\tldm")):
        body = re.search(rf"<{name}>:\n(.*?)\n\n", text, re.S).group(1)
        assert re.search(order, body, re.S), body


def boots_as(args, mode, machine=USUAL):
    with Machine(*args, machine=machine) as m:
        cause, f, _ = m.boot()
        assert cause == "power-on", cause
        assert f["mode"] == mode and f["emulated"] == 1 and f["boots"] == 1, f
        assert (f["revision"], f["memory"]) == SAYS[machine], f
        assert f["mac1"] == 0x54, f
        assert 0 < f["used"] < f["size"], f


def symbol(name):
    out = subprocess.run(["arm-none-eabi-nm", f"{P}/probe.elf"],
                         capture_output=True, text=True, check=True).stdout
    return int(re.search(rf"(\w+) \w {name}\n", out).group(1), 16)


def fails(letter, said, low=None, high=None):
    """The machine says it, resets, and says it again at the next boot. What
    it touched, or where it went, lies between the symbols low and high."""
    with Machine(*ELF) as m:
        m.boot()
        m.type(letter)
        match = m.expect(r"(?s)\n((?:data|prefetch|undefined|panic)[^\r]*)\r")
        assert re.fullmatch(said, match.group(1)), match.group(1)
        if low:
            at = int(re.findall(r"\b[0-9a-f]{8}\b", match.group(1).split(
                ", DFSR")[0])[-1 if "DFSR" in said else 0], 16)
            assert symbol(low) <= at < symbol(high), match.group(1)
        shown = m.text
        cause, f, _ = m.boot()
        assert cause == match.group(1), cause
        assert f["boots"] == 2, f
        assert "survived" not in shown + m.text


def shows_registers():
    with Machine(*ELF) as m:
        m.boot()
        m.type("u")
        m.expect(r"(?s)undefined.*r0 [0-9a-f]{8}.*r12 [0-9a-f]{8}.*"
                 r"sp [0-9a-f]{8}.*pc [0-9a-f]{8} psr [0-9a-f]{8}")


def plain_reset():
    with Machine(*RAW) as m:
        m.boot()
        m.type("r")
        assert m.boot()[0] == "reset"
        m.type("p")
        assert m.boot()[0].startswith("panic")
        m.type("r") # the panic is not told twice
        assert m.boot()[0] == "reset"


def faults_after_hyp():
    with Machine(*HYP) as m:
        m.boot()
        m.type("x")
        assert m.boot()[0].startswith("prefetch abort")


def counts_crashes():
    with Machine(*ELF) as m:
        assert m.boot()[1]["crashes"] == 0
        for n in range(1, 4):
            m.type("pu"[n % 2]) # panic or fault
            assert m.boot()[1]["crashes"] == n
        m.type("r") # a reset that was asked for ends the row
        assert m.boot()[1]["crashes"] == 0
        m.type("p")
        assert m.boot()[1]["crashes"] == 1
        m.type("m") # so does a stable run
        m.type("p")
        assert m.boot()[1]["crashes"] == 1


def hangs():
    """Silent for 10 s, port.h says: reset within a second more, and told."""
    with Machine(*ELF, *ICOUNT) as m:
        m.boot()
        m.type("h")
        said = m.expect(r"\n(watchdog: silent for (\d+) ms at (\w{8}))"
                        r"\r")
        assert 10000 <= int(said.group(2)) <= 11000, said.group(1)
        assert 0 <= int(said.group(3), 16) - (symbol("hang") & ~1) < 256
        cause, f, _ = m.boot()
        assert cause == said.group(1) and f["crashes"] == 1, (cause, f)


def rate(hz, *more):
    with Machine(*ELF, *ICOUNT, *more) as m:
        assert m.boot()[1]["hz"] == hz
        f = figures_of(m.ask("t", r"rate:[^\r]*\r"))
        want = hz * f["us"] / 1e6
        # Both ends are read to a microsecond, and a read costs some.
        assert abs(f["ticks"] - want) < 3 * hz / 1e6, (f, want)


def processor():
    with Machine(*RAW) as m:
        m.boot()
        f = figures_of(m.ask("v", r"processor:[^\r]*\r"))
        sctlr, fpscr = PROCESSORS[f["id"] >> 4 & 0xfff]
        assert f["sctlr"] & sctlr == sctlr, hex(f["sctlr"])
        assert f["sctlr"] & 2 == 0, "alignment is checked"
        # Length, stride, rounding, traps; the flags say what has been.
        assert f["fpscr"] & 0x07f79f00 == fpscr, hex(f["fpscr"])


def entropy():
    seen = set()
    for _ in range(2):
        with Machine(*ELF) as m:
            m.boot()
            for _ in range(2):
                seen.add(m.ask("e", r"entropy: (\w+)\r").group(1))
            m.type("r")
            m.boot()
            seen.add(m.ask("e", r"entropy: (\w+)\r").group(1))
    assert len(seen) == 6 and "failed" not in seen, seen
    for text in seen:
        words = re.findall("." * 8, text)
        assert len(words) == 8 and len(set(words)) == 8, text


def idles(args):
    """An idle that ends late does so each time. QEMU's does now and then: its
    timers run in a thread of their own, and until that one has its turn, the
    processor's time goes on; so each wait has many tries."""
    with Machine(*args, *ICOUNT) as m:
        m.boot()
        m.ask("b", "card: blocks=0") # its driver wants no more polls
        left = set(WAITS_US)
        for _ in range(TRIES):
            m.type("d")
            for us in WAITS_US:
                f = figures_of(m.expect(r"idle: us[^\r]*\r"))
                assert f["us"] == us, f
                if f["late_ns"] < 20000 and f["wakes"] <= 2 + us // 200:
                    left.discard(us) # in time, and slept, did not spin
            m.expect("idle: past returned")
            if not left:
                return
        raise AssertionError(f"never in time: waits of {left} us, {f}")


def in_time(letter, pattern):
    """The figures of a pulse that came in time, as in idles()."""
    for _ in range(TRIES):
        with Machine(*ELF, *ICOUNT) as m:
            m.boot()
            f = figures_of(m.ask(letter, pattern))
        if f["late_ns"] < 2000:
            break
    return f


def pulse():
    f = in_time("g", r"pulse:[^\r]*\r")
    assert f["armed"] == 1 and f["refused"] == 1 and f["pulses"] == 1, f
    assert (f["before"], f["up"], f["after"]) == (0, 1, 0), f
    assert f["at_ok"] == 1 and f["late_ns"] < 2000, f


def far_pulse():
    f = in_time("f", r"far pulse:[^\r]*\r")
    assert f["armed"] == 1 and f["at_ok"] == 1 and f["late_ns"] < 2000, f


def interrupted():
    with Machine(*ELF, *ICOUNT) as m:
        m.boot()
        f = figures_of(m.ask("a", r"unaligned:[^\r]*\r"))
        assert f["value"] == 0x04030201 and f["bad"] == 0, f
        f = figures_of(m.ask("i", r"(?s)stack:[^\r]*\r"))
        assert 0 < f["irq"] < 8192, f # interrupts did come


def card():
    path = f"{P}/probe-card.img"
    with open(path, "wb") as image:
        image.write(bytes(9 * 512) + b"\x55")
        image.truncate(64 << 20)
    with Machine(*ELF, "-drive", f"if=sd,format=raw,file={path}") as m:
        m.boot()
        f = figures_of(m.ask("b", r"card:[^\r]*\r"))
        assert f == {"blocks": 131072, "read": 1, "first": 0x55, "write": 1,
                     "again": 1, "second": 0x56}, f
        m.type("r") # and after a reset that finds the card in use
        m.boot()
        f = figures_of(m.ask("b", r"card:[^\r]*\r"))
        assert f["first"] == 0x56 and f["second"] == 0x57, f
    with open(path, "rb") as image:
        image.seek(9 * 512)
        assert image.read(1) == b"\x57"


def no_card():
    with Machine(*ELF) as m:
        m.boot()
        m.ask("b", r"card: blocks=0\r")
        # Looked for in vain by now, and this board has no other Ethernet.
        m.ask("i", r"card_errors: n=0\r\ntrouble: no Ethernet adapter on USB\r")


def ethernet():
    with Machine(*ELF, "-netdev", "user,id=n0", "-device",
                 "usb-net,netdev=n0,port=1,mac=52:54:00:12:34:99") as m:
        m.boot()
        for _ in range(2):
            f = figures_of(m.ask("l", r"arp:[^\r]*\r"))
            assert f["link"] == 1 and f["mac5"] == 0x99, f
            assert f["sent"] == f["left"] == f["answer"] == 1, f
            assert f["in_order"] == 1, f
            m.ask("i", r"trouble: \r")
            m.type("r") # the second time after a reset
            m.boot()


DATA = r"data abort at \w{8}, address \w{8}, DFSR "
CODE = r"prefetch abort at \w{8}, IFSR 0000000f"
TESTS = [
    ("image: entry first, code, constants and data apart", elf_layout),
    ("barriers around the devices' registers", barriers),
    ("boots as ELF, in SVC, on one core", boots_as, ELF, 0x13),
    *((f"boots as raw image at 0x8000, {machine}", boots_as, RAW, 0x13, machine)
      for machine in BOARD.machines),
    ("code cannot be written", fails, "w", DATA + "0000080f",
     "__text_start", "__text_end"),
    ("constants cannot be written", fails, "c", DATA + "0000080f",
     "__text_end", "__rodata_end"),
    ("data is not executable", fails, "x", CODE, "__data_start", "__data_end"),
    ("the stack is not executable", fails, "k", CODE,
     "__main_stack_bottom", "__main_stack_top"),
    ("constants are not executable", fails, "o", CODE,
     "__text_end", "__rodata_end"),
    ("NULL is not mapped", fails, "n",
     r"data abort at \w{8}, address 00000000, DFSR 00000007"),
    ("stack overflow meets the guard", fails, "s",
     DATA + "00000807, stack overflow", "__main_guard", "__main_stack_bottom"),
    ("undefined instruction", fails, "u", r"undefined instruction at \w{8}"),
    ("panic text is told after the reset", fails, "p",
     r"panic nts_ke\.c:120: len <= cap"),
    ("a fault shows the registers", shows_registers),
    ("a reset that was asked for is told as such", plain_reset),
    ("crashes in a row are counted", counts_crashes),
    ("a loop that hangs is reset in the stated time", hangs),
    ("entropy differs, word by word and boot by boot", entropy),
    ("idle wakes at its deadline", idles, ELF),
    ("pulse: early compare, exact edge, falls again", pulse),
    ("a pulse far ahead comes then", far_pulse),
    ("caches, branch prediction, access rights, floating point", processor),
    ("unaligned loads; VFP registers outlive interrupts", interrupted),
    ("card: a block through port_blk", card),
    ("no card is said to be none", no_card),
    ("ethernet: a frame out, its answer in, stamps in order", ethernet),
]
if BOARD.clock:
    TESTS += [
        ("counter runs at CNTFRQ, 62.5 MHz", rate, 62500000),
        ("counter runs at CNTFRQ, 50 MHz", rate, 50000000, "-global",
         f"{BOARD.clock}=50000000"),
    ]
else:
    TESTS += [("counter runs at 1 MHz", rate, 1000000)]
if BOARD.hyp:
    TESTS += [
        ("boots when entered in HYP", boots_as, HYP, 0x1a),
        ("after HYP: data is not executable", faults_after_hyp),
        ("idle wakes at its deadline, non-secure timer", idles, HYP),
    ]


def main():
    only = sys.argv[1:]
    failed = 0
    for n, (name, test, *args) in enumerate(TESTS, 1):
        if only and not any(o in name for o in only):
            continue
        start = time.monotonic()
        try:
            test(*args)
            print(f"# {time.monotonic() - start:.1f} s\n"
                  f"ok {n} - {name}", flush=True)
        except AssertionError as why:
            failed += 1
            print(f"# {why}\nnot ok {n} - {name}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
