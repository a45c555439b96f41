#!/usr/bin/env python3
"""make card: the card that anybody can write, from kernels that are built.

    card.py [--firmware FOLDER] [--url URL] OUT NAME=KERNEL.img ...

Makes OUT/gnomon.img (64 MiB), gnomon.img.xz, gnomon.img.bmap and os_list.json,
a repository for Raspberry Pi Imager. On the card: each KERNEL.img as NAME.img,
config.txt, chrony.conf, REPORT.TXT, the Raspberry Pi's boot files from FOLDER
(raspi-firmware as third_party/fetch unpacked it) and their licence. URL is
where gnomon.img.xz will be offered, for os_list.json. The same commit gives
the same bytes anywhere: nothing of the machine, the folder or the day is in
them but SOURCE_DATE_EPOCH."""
import argparse
import hashlib
import json
import lzma
import os
import sys
import time

from image import EPOCH, STATE, make_card

HERE = os.path.dirname(os.path.abspath(__file__))
# bootcode.bin starts boards before the Pi 4; the others are the small pairs.
BOOT = ["bootcode.bin", "start_cd.elf", "fixup_cd.dat", "start4cd.elf",
        "fixup4cd.dat"]
REPORT_BYTES = 32 << 10  # as core/report.h has it
# Which boards start which kernel, as Raspberry Pi Imager names them.
DEVICES = {"kernel": ["pi1-32bit"], "kernel7": ["pi2-32bit", "pi3-32bit"],
           "kernel7l": ["pi4-32bit"]}
ICON = ("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox="
        "'0 0 40 40'%3E%3Cpath d='M4 34h32L20 8z' fill='%23264'/%3E%3C/svg%3E")
BLOCK = 4096  # of the bmap


def read(path):
    with open(path, "rb") as file:
        return file.read()


def report_before():
    """REPORT.TXT until a board has written it: as core/report.h has it."""
    text = (b"GNOMON REPORT 0 of 3\r\n"
            b"Nothing has been written here yet: this card has not been in a "
            b"board, or Gnomon\r\ndid not get as far as reading it. Then the "
            b"board's LED is the one to ask: see\r\nboard/BRINGUP.md in "
            b"Gnomon's sources.\r\n")
    end = b"\r\nEND OF GNOMON REPORT\r\n"
    lines = text.ljust(510) + b"\r\n" + (b" " * 510 + b"\r\n") * (
        REPORT_BYTES // 512 - 1)
    return lines[:-len(end)] + end


def licence(copyright_file):
    """Debian's copyright file names others' files, too; the notice that has to
    go with the boot files is its paragraph about boot/*."""
    out, taken = [], False
    for line in read(copyright_file).decode().splitlines():
        if line.startswith("Files:"):
            taken = line.split() == ["Files:", "boot/*"]
        if taken and not line.startswith("Files:"):
            out.append(line[1:] if line.startswith(" ") else line)
    text = "\r\n".join("" if line == "." else line for line in out).strip()
    if "Redistributions must reproduce" not in text:
        raise RuntimeError(f"{copyright_file}: no licence of boot/* in it")
    return (f"{', '.join(BOOT)} are the Raspberry Pi's boot files:\r\n\r\n"
            f"{text}\r\n").encode()


def contents(kernels, firmware):
    files = {"config.txt": read(os.path.join(HERE, "config.txt")),
             "chrony.conf": read(os.path.join(HERE, "chrony.conf")).replace(
                 b"\n", b"\r\n"),  # for every editor
             "REPORT.TXT": report_before()}
    for name, path in kernels:
        image = read(path)
        # The Pi 4's first firmware refused sizes that are no multiple of 4.
        files[name + ".img"] = image + bytes(-len(image) % 512)
    if firmware:
        for name in BOOT:
            files[name] = read(os.path.join(
                firmware, "usr/lib/raspi-firmware", name))
        files["LICENCE.broadcom"] = licence(os.path.join(
            firmware, "usr/share/doc/raspi-firmware/copyright"))
    return files


def mapped(image):
    """(first, last) of the blocks that have to be written, whatever the card
    held before: all up to the last file's end, zeros in the FATs included, and
    the whole journal, lest an older one speaks up."""
    fat_end = len(image) - STATE * 512
    used = len(image[:fat_end].rstrip(b"\0"))
    return [(0, (used - 1) // BLOCK),
            (fat_end // BLOCK, len(image) // BLOCK - 1)]


def bmap(image):
    """Format 2.0 of bmap-tools: which blocks to write, and their hashes."""
    runs = mapped(image)
    ranges = "".join(
        f'        <Range chksum="'
        f'{hashlib.sha256(image[a * BLOCK:(b + 1) * BLOCK]).hexdigest()}"> '
        f'{a}-{b} </Range>\n' for a, b in runs)
    zeros = "0" * 64
    text = f"""<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize> {len(image)} </ImageSize>
    <BlockSize> {BLOCK} </BlockSize>
    <BlocksCount> {len(image) // BLOCK} </BlocksCount>
    <MappedBlocksCount> {sum(b - a + 1 for a, b in runs)} </MappedBlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BmapFileChecksum> {zeros} </BmapFileChecksum>
    <BlockMap>
{ranges}    </BlockMap>
</bmap>
"""
    # Its own hash is taken with zeros in its place.
    return text.replace(zeros, hashlib.sha256(text.encode()).hexdigest())


def os_list(image, packed, kernels, firmware, url):
    what = "" if firmware else " Without the boot files of the Raspberry Pi."
    return {"os_list": [{
        "name": "Gnomon",
        "description": "A clock with no battery: authenticated time by NTS. "
                       "Never run on a real board yet." + what,
        "icon": ICON,
        "url": url + "gnomon.img.xz",
        "bmap_url": url + "gnomon.img.bmap",
        "extract_size": len(image),
        "extract_sha256": hashlib.sha256(image).hexdigest(),
        "image_download_size": len(packed),
        "image_download_sha256": hashlib.sha256(packed).hexdigest(),
        "release_date": time.strftime("%Y-%m-%d", time.gmtime(int(EPOCH))),
        "init_format": "none",
        "devices": [d for name, _ in kernels for d in DEVICES.get(name, [])],
    }]}


def write(folder, name, data):
    with open(os.path.join(folder, name + ".new"), "wb") as out:
        out.write(data)
    os.replace(os.path.join(folder, name + ".new"), os.path.join(folder, name))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--firmware")
    parser.add_argument("--url", default="")
    parser.add_argument("out")
    parser.add_argument("kernels", nargs="+")
    args = parser.parse_args()
    kernels = [name.split("=", 1) for name in args.kernels]
    os.makedirs(args.out, exist_ok=True)
    files = contents(kernels, args.firmware)
    path = make_card(os.path.join(args.out, "gnomon.img"), files)
    image = read(path)
    packed = lzma.compress(image, lzma.FORMAT_XZ, filters=[
        {"id": lzma.FILTER_LZMA2, "preset": 6 | lzma.PRESET_EXTREME}])
    write(args.out, "gnomon.img.xz", packed)
    write(args.out, "gnomon.img.bmap", bmap(image).encode())
    write(args.out, "os_list.json", json.dumps(
        os_list(image, packed, kernels, args.firmware, args.url),
        indent=4).encode() + b"\n")
    for name in sorted(files):
        print(f"{len(files[name]):10} {name}")
    print(f"{sum(map(len, files.values())):10} bytes of files; image "
          f"{len(image)}, .xz {len(packed)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
