#!/usr/bin/env python3
"""An SD card image, without root, the same bytes from the same files.

    mkcard.py [--no-state] [--size MIB] IMAGE FOLDER

MBR; partition 1: FAT32 from sector 2048, the files of FOLDER on it, folders
too; partition 2, the last 4 MiB: type 0xDA, for the journal, zeros. QEMU
wants a power of two, FAT32 65525 clusters: 64 MiB is the least. Times on it
are SOURCE_DATE_EPOCH. Needs sfdisk and mtools."""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

MIB = 1 << 20
START = 2048          # sectors
STATE = 4 * MIB // 512
EPOCH = os.environ.get("SOURCE_DATE_EPOCH", "1700000000")


def tool(*command, stdin=None):
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    done = subprocess.run(
        command, input=stdin, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(os.environ, PATH=path, SOURCE_DATE_EPOCH=EPOCH, TZ="UTC",
                 MTOOLS_SKIP_CHECK="1", LC_ALL="C"))
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: "
                           + done.stdout.decode(errors="replace"))
    return done.stdout


def state_partition(image):
    """(offset, length) in bytes, or None: as a reader of the MBR sees it."""
    with open(image, "rb") as file:
        table = file.read(512)[446:510]
    for at in range(0, 64, 16):
        if table[at + 4] == 0xda:
            return (int.from_bytes(table[at + 8:at + 12], "little") * 512,
                    int.from_bytes(table[at + 12:at + 16], "little") * 512)
    return None


def copy_state(old, new):
    """What the journal of one card holds, to another of the same size."""
    at, length = state_partition(old)
    with open(old, "rb") as source, open(new, "r+b") as target:
        source.seek(at)
        target.seek(state_partition(new)[0])
        target.write(source.read(length))


def stage(files, folder):
    """A copy whose times are all the same. files: a folder, or {name: text
    or bytes}."""
    if isinstance(files, dict):
        for name, data in files.items():
            with open(os.path.join(folder, name), "wb") as out:
                out.write(data.encode() if isinstance(data, str) else data)
    else:
        shutil.copytree(files, folder, dirs_exist_ok=True)
    for where, folders, names in os.walk(folder):
        for name in folders + names:
            os.utime(os.path.join(where, name), (int(EPOCH), int(EPOCH)))


def make_card(image, files, state=True, size_mib=64):
    sectors = size_mib * MIB // 512
    fat = sectors - START - (STATE if state else 0)
    table = (f"label: dos\nlabel-id: 0x474e4f4d\n"
             f"start={START}, size={fat}, type=c, bootable\n")
    if state:
        table += f"start={START + fat}, size={STATE}, type=da\n"
    new = image + ".new"
    with open(new, "wb") as out:
        out.truncate(size_mib * MIB)
    tool("sfdisk", "-q", "--no-reread", "--no-tell-kernel", new,
         stdin=table.encode())
    # Clusters of 512 bytes while the card is small, as FAT32 needs many.
    cluster = 1 if size_mib < 512 else 8
    drive = f"{new}@@{START * 512}"
    tool("mformat", "-i", drive, "-F", "-c", str(cluster), "-T", str(fat),
         "-h", "255", "-s", "63", "-H", str(START), "-N", "474e4f4d", "-v",
         "GNOMON", "::")
    with tempfile.TemporaryDirectory(prefix="gnomon-card-") as folder:
        stage(files, folder)
        for where, folders, names in os.walk(folder):
            folders.sort()  # an order that does not hang on the folder's
            path = "::/" + os.path.relpath(where, folder).lstrip(".")
            if path != "::/":
                tool("mmd", "-i", drive, path)
            for name in sorted(names):
                tool("mcopy", "-i", drive, "-m", "-Q",
                     os.path.join(where, name), path)
    os.rename(new, image)
    return image


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--no-state", action="store_true")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("image")
    parser.add_argument("folder")
    args = parser.parse_args()
    make_card(args.image, args.folder, not args.no_state, args.size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
