"""A USB Ethernet chip's model (tests/drivers) beside QEMU: it hangs on the
emulated Pi's USB, and its wire leads to slirp, as usb-net's does."""
import os
import re
import subprocess
import tempfile

from tests.common.machine import Machine, die_with_parent
from tests.tap import TOP


class ChipMachine(Machine):
    """A Machine whose Ethernet is `kind`: on the root port at high speed, or
    behind QEMU's hub, which is a full-speed one. any_offer: its driver is
    not ours and may offer its partner what it likes."""

    def __init__(self, kind, hub=False, any_offer=False, **how):
        self.folder = tempfile.TemporaryDirectory(prefix="gnomon-chip-")
        usb, net = (os.path.join(self.folder.name, n) for n in ("usb", "net"))
        self.chip = subprocess.Popen(
            [os.path.join(TOP, "build/host/usbchip"), kind,
             "full" if hub else "high", usb, net,
             *(["any-offer"] if any_offer else [])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=die_with_parent)
        assert self.chip.stdout.readline() == "ready\n"
        extra = list(how.pop("extra", ())) + [
            "-netdev", "hubport,id=h0,hubid=0,netdev=n0",
            "-netdev", f"stream,id=s0,server=off,addr.type=unix,addr.path={net}",
            "-netdev", "hubport,id=h1,hubid=0,netdev=s0",
            "-chardev", f"socket,id=ur,path={usb}"]
        if hub:
            extra += ["-device", "usb-hub,port=1",
                      "-device", "usb-redir,chardev=ur,port=1.1"]
        else:
            extra += ["-device", "usb-redir,chardev=ur,port=1"]
        super().__init__(usb=(), extra=extra, **how)

    def __exit__(self, *_):
        super().__exit__()
        self.chip.kill()
        self.chip.wait()
        self.chip.stdin.close()
        self.chip.stdout.close()
        self.folder.cleanup()

    def order(self, words):
        self.chip.stdin.write(words + "\n")
        self.chip.stdin.flush()

    def report(self):
        """What the model has counted, and the first thing it minded."""
        self.order("report")
        line = self.chip.stdout.readline()
        counts = {k: int(v) for k, v in re.findall(r"(\w+) (\d+)", line)}
        return counts, line
