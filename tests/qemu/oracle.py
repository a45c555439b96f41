#!/usr/bin/env python3
"""`make oracle`: another opinion of the models of USB Ethernet chips. Debian's
unmodified Linux for ARM, on the same emulated Pi, has to like them with its own
drivers: link up, pings of several lengths, a megabyte byte for byte, no error
counted. Not in `make test`: the kernel is 43 MB.

    python3 -m tests.qemu.oracle KERNEL_TREE [KIND...]

KERNEL_TREE: linux-image-*-armmp and busybox-static of armhf, unpacked."""
import functools
import glob
import hashlib
import http.server
import os
import re
import subprocess
import sys
import tempfile
import threading

from tests.common.usbchip import ChipMachine

DRIVERS = {"LAN9514": "smsc95xx", "LAN7800": "lan78xx"}
BEFORE = ["phy-generic", "dwc2", "smsc", "microchip"]
LENGTHS = (1, 18, 56, 400, 1400, 1472)

INIT = """#!/bin/sh
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t devtmpfs dev /dev
for m in {modules}; do busybox insmod /$m.ko || echo "NO $m"; done
n=0
until busybox ip link set eth0 up 2> /dev/null; do
    n=$((n + 1)); [ $n -gt 60 ] && echo "NO eth0" && break; busybox sleep 1
done
until [ "$(busybox cat /sys/class/net/eth0/carrier)" = 1 ]; do
    n=$((n + 1)); [ $n -gt 90 ] && echo "NO carrier" && break; busybox sleep 1
done
busybox ip addr add 10.0.2.15/24 dev eth0
for s in {lengths}; do
    busybox ping -c 2 -W 5 -s $s 10.0.2.2 > /log && echo "PING $s ok" || busybox cat /log
done
busybox wget -q -O /file http://10.0.2.2:{port}/file && busybox md5sum /file
for f in rx_errors rx_dropped rx_length_errors rx_crc_errors tx_errors; do
    echo "COUNT $f $(busybox cat /sys/class/net/eth0/statistics/$f)"
done
echo DONE
busybox sleep 1000
"""


def module(tree, name):
    """The file of a module, and the modules it needs, those first."""
    found = [f for stem in (name, name.replace("_", "-"))
             for f in glob.glob(f"{tree}/lib/modules/*/kernel/**/{stem}.ko",
                                recursive=True)]
    if not found:  # in the kernel itself
        return []
    with open(found[0], "rb") as file:
        needs = re.search(rb"\0depends=([^\0]*)", file.read()).group(1)
    files = [f for n in needs.decode().split(",") if n
             for f in module(tree, n)]
    return files + found[:1]


def cpio(path, entries):
    """A new-format archive; entries: (name, mode, bytes)."""
    with open(path, "wb") as out:
        for number, (name, mode, data) in enumerate(
                entries + [("TRAILER!!!", 0, b"")], 1):
            head = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0,
                    len(name) + 1, 0)
            out.write(b"070701" + b"".join(b"%08x" % n for n in head))
            out.write(name.encode() + b"\0")
            out.write(b"\0" * (-out.tell() % 4))
            out.write(data)
            out.write(b"\0" * (-out.tell() % 4))


def initramfs(tree, path, port, driver):
    files = list(dict.fromkeys(
        f for name in BEFORE + [driver] for f in module(tree, name)))
    names = [os.path.basename(f)[:-len(".ko")] for f in files]
    entries = [(d, 0o040755, b"") for d in ("proc", "sys", "dev", "bin")]
    for f, name in zip(files, names):
        with open(f, "rb") as file:
            entries.append((name + ".ko", 0o100644, file.read()))
    with open(f"{tree}/bin/busybox", "rb") as file:
        busybox = file.read()
    entries += [("bin/busybox", 0o100755, busybox),
                ("bin/sh", 0o120777, b"busybox")]
    text = INIT.format(modules=" ".join(names), port=port,
                       lengths=" ".join(str(n) for n in LENGTHS))
    cpio(path, entries + [("init", 0o100755, text.encode())])


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def look(tree, folder, port, kind, md5):
    driver = DRIVERS[kind]
    initrd = os.path.join(folder, "initrd")
    initramfs(tree, initrd, port, driver)
    kernel = glob.glob(f"{tree}/boot/vmlinuz-*")[0]
    dtb = glob.glob(f"{tree}/usr/lib/linux-image-*/bcm2836-rpi-2-b.dtb")[0]
    bad = 0
    with ChipMachine(kind, any_offer=True, kernel=kernel, extra=[
            "-dtb", dtb, "-initrd", initrd, "-append",
            "console=ttyAMA0 rdinit=/init loglevel=6"]) as m:
        m.wait(r"^DONE", 300)
        text = m.text
        checks = [(f"ping of {n} bytes", f"PING {n} ok" in text)
                  for n in LENGTHS]
        counts = re.findall(r"^COUNT (\w+) (\d+)$", text, re.M)
        checks += [(f"{name} {n}", n == "0") for name, n in counts]
        checks += [("its driver counts errors", len(counts) == 5),
                   ("a megabyte, byte for byte", md5 in text)]
        report, line = m.report()
        checks += [("nothing the chip minds: " + line.strip(),
                    report["faults"] == 0)]
        for what, good in checks:
            bad += not good
            print(("ok - " if good else "not ok - ")
                  + f"{kind} under Linux's {driver}: {what}", flush=True)
        for said in re.findall(rf"^.*(?:{driver}|eth0).*$", text, re.M)[:12]:
            print("# " + said)
        if bad:
            print("\n".join("# " + s for s in text.split("\n")[-60:]))
    return bad


def main():
    tree, kinds = sys.argv[1], sys.argv[2:] or list(DRIVERS)
    with tempfile.TemporaryDirectory(prefix="gnomon-oracle-") as folder:
        data = hashlib.shake_256(b"gnomon").digest(1 << 20)
        with open(os.path.join(folder, "file"), "wb") as file:
            file.write(data)
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return 1 if sum(look(tree, folder, server.server_port, kind,
                             hashlib.md5(data).hexdigest())
                        for kind in kinds) else 0


if __name__ == "__main__":
    sys.exit(main())
