"""The boards as board/*/board.mk describe them (board/README.md): what a test
needs to know of one, so that no test knows a board by name."""
import glob
import os
import re

from tests.tap import TOP


class Board:
    """kernel, dirs, cpu, link, qemu ...: what stands in board.mk, as text."""

    def __init__(self, path):
        self.name = os.path.basename(os.path.dirname(path))
        self.tested = self.clock = self.hyp = self.qemu = self.cold = ""
        for key, value in re.findall(
                rf"^{re.escape(self.name)}\.(\w+)\s*:=\s*(.*)$",
                open(path).read(), re.M):
            setattr(self, key, value.strip())
        # QEMU's machines that start this image; the first is the usual one.
        self.machines = self.qemu.split()
        self.build = os.path.join(TOP, "build", self.name)
        self.elf = os.path.join(self.build, self.kernel + ".elf")
        self.image = os.path.join(self.build, self.kernel + ".img")


def boards():
    return [Board(path) for path in sorted(glob.glob(
        os.path.join(TOP, "board/*/board.mk")))]


def tested():
    """The one that tests/qemu boots: $GNOMON_BOARD, or the first whose
    board.mk says `tested`."""
    name = os.environ.get("GNOMON_BOARD")
    return next(b for b in boards()
                if (b.name == name if name else b.tested))


# QEMU starts their cores in 64 bits; tests/qemu/board_shim.S takes them to a
# 32-bit image, as the boot firmware does.
SHIM = os.path.join(TOP, "build/host/shim64.img")
SHIMMED = {"raspi3b", "raspi4b"}
# Debian 12's QEMU has no raspi4b. A newer one is unpacked with its libraries
# where it can be had (tests/peers/fetch.sh), and started by its own loader.
NEWER = os.path.join(TOP, "build/peers/qemu/usr")


def has_pi4():
    return os.path.exists(f"{NEWER}/bin/qemu-system-aarch64")


def qemu64(machine):
    if machine != "raspi4b":
        return ["qemu-system-aarch64"]
    return [f"{NEWER}/lib64/ld-linux-x86-64.so.2", "--library-path",
            f"{NEWER}/lib/x86_64-linux-gnu", f"{NEWER}/bin/qemu-system-aarch64"]


def start(machine, image):
    """QEMU and its arguments that put a raw image where the boot firmware
    does, and start it."""
    if machine in SHIMMED:
        return [*qemu64(machine), "-M", machine, "-kernel", SHIM, "-device",
                f"loader,file={image},addr=0x8000,force-raw=on"]
    return ["qemu-system-arm", "-M", machine, "-bios", image]
