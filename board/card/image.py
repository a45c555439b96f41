"""An SD card image, without root, the same bytes from the same files.

MBR; partition 1: FAT32 from sector 2048 with the files given, folders too;
partition 2, the last 4 MiB: type 0xDA, for the journal, zeros. On a card of
64 MiB it begins at 60 MiB, a multiple of every erase block. QEMU wants a power
of two, FAT32 65525 clusters: 64 MiB is the least. Times on it are
SOURCE_DATE_EPOCH. Needs sfdisk and mtools."""
import os
import shutil
import subprocess
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
