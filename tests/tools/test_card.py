#!/usr/bin/env python3
"""`make card`: twice in two folders, by a user who is nobody, the same bytes;
what is on the card; and that every way of writing it writes the same."""
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tests.common.board import boards
from tests.peers import mkcard
from tests.tap import TOP, Tap

MADE = ("gnomon.img", "gnomon.img.xz", "gnomon.img.bmap", "os_list.json")
BOOT = {"bootcode.bin", "start_cd.elf", "fixup_cd.dat", "start4cd.elf",
        "fixup4cd.dat", "LICENCE.broadcom"}
OURS = {"config.txt", "chrony.conf", "REPORT.TXT"}
NOBODY = 65534
# What an entry for an operating system must have by Imager's published schema
# (doc/json-schema/os-list-schema.json of raspberrypi/rpi-imager), and types
# of what it may have. Beside os_list only `imager` may stand at the top.
REQUIRED = {"name": str, "description": str, "icon": str, "url": str,
            "extract_size": int, "extract_sha256": str,
            "image_download_size": int, "release_date": str}
OPTIONAL = {"init_format": str, "website": str, "bmap_url": str,
            "image_download_sha256": str, "devices": list}


def on_card():
    """{name on the card: the image that the tests boot}"""
    return {name: board.image for board in boards()
            for name in getattr(board, "card", board.kernel).split()}


def copy_tree(folder):
    """Our sources and what is built, as another person would have them."""
    for path in subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=TOP, stdout=subprocess.PIPE,
            check=True).stdout.decode().splitlines():
        if path.startswith(("board/", "third_party/", "Makefile")) \
                or path in ("tests/build.mk", "tests/sim/build.mk",
                            "tests/tools/ntpclient/build.mk"):
            os.makedirs(os.path.join(folder, os.path.dirname(path)),
                        exist_ok=True)
            shutil.copy(os.path.join(TOP, path), os.path.join(folder, path))
    for image in set(on_card().values()):
        to = os.path.join(folder, os.path.relpath(image, TOP))
        os.makedirs(os.path.dirname(to), exist_ok=True)
        shutil.copyfile(image, to)
    os.makedirs(os.path.join(folder, "build/cache"))
    for file in glob.glob(os.path.join(TOP, "build/cache/raspi-firmware*")):
        shutil.copyfile(file, os.path.join(folder, "build/cache",
                                           os.path.basename(file)))
    open(os.path.join(folder, "build/.deps"), "w").close()


def make(folder, *words, umask=0o022, zone="UTC"):
    """Only the card: the kernels are those that are there."""
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", str(NOBODY), folder], check=True)
    return subprocess.run(
        ["make", "-o", "image", "card", *words], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, umask=umask,
        user=NOBODY if os.getuid() == 0 else None,
        env=dict(os.environ, TZ=zone, HOME=folder, TMPDIR=folder,
                 SOURCE_DATE_EPOCH="1795000001"))


def twice(tap, work):
    """The folder with the card, or None where there are no boot files."""
    folders = [os.path.join(work, name) for name in ("one", "the/other")]
    for folder, mask, zone in zip(folders, (0o022, 0o077),
                                  ("UTC", "Asia/Tokyo")):
        copy_tree(folder)
        done = make(folder, umask=mask, zone=zone)
        if done.returncode and b"raspi-firmware could be fetched" \
                in done.stdout:
            print("ok 1 # skip no raspi-firmware package to be had here")
            return None
        if not tap.check(done.returncode == 0, f"make card in {folder}",
                         done.stdout.decode(errors="replace")):
            return None
    for name in MADE:
        a, b = (data(os.path.join(f, "build/card", name)) for f in folders)
        tap.check(a == b, f"{name}: the same {len(a)} bytes in both")
    return os.path.join(folders[0], "build/card")


def data(path):
    with open(path, "rb") as file:
        return file.read()


def files_of(image, work):
    """{name: bytes} of the boot partition."""
    into = tempfile.mkdtemp(dir=work)
    mkcard.tool("mcopy", "-n", "-i", f"{image}@@{mkcard.START * 512}", "::*",
                into)
    return {name: data(os.path.join(into, name)) for name in os.listdir(into)}


def fsck_clean(image, work):
    part = os.path.join(work, "part")
    with open(part, "wb") as out:
        out.write(data(image)[mkcard.START * 512:60 << 20])
    try:
        mkcard.tool("fsck.vfat", "-n", part)
        return True
    except RuntimeError as error:
        print(f"# {error}")
        return False


def layout(tap, image, work):
    table = data(image)[446:512]
    first, second = table[:16], table[16:32]
    tap.check(first[4] == 0x0c and first[0] == 0x80
              and first[8:12] == (2048).to_bytes(4, "little"),
              "partition 1: FAT32 from sector 2048, bootable", first)
    tap.check(second[4] == 0xda
              and mkcard.state_partition(image) == (60 << 20, 4 << 20)
              and not any(table[32:64]),
              "partition 2: the journal, 4 MiB at 60 MiB; no others", second)
    tap.check(os.path.getsize(image) == 64 << 20, "64 MiB")
    tap.check(fsck_clean(image, work), "fsck.vfat -n has nothing to say")
    chain = mkcard.tool("mshowfat", "-i", f"{image}@@{mkcard.START * 512}",
                        "::REPORT.TXT").decode()
    run = re.search(r"<(\d+)-(\d+)>\s*$", chain)
    tap.check(run and int(run[2]) - int(run[1]) == 63,
              "REPORT.TXT is 64 sectors in a row", chain)


def contents(tap, files):
    kernels = {name + ".img": path for name, path in on_card().items()}
    tap.check(set(files) == BOOT | OURS | set(kernels),
              "the files that belong there, and no other", sorted(files))
    for name, path in kernels.items():
        kernel, tested = files.get(name, b""), data(path)
        tap.check(kernel[:len(tested)] == tested
                  and not any(kernel[len(tested):])
                  and len(kernel) % 512 == 0 and kernel,
                  f"{name} is the {os.path.relpath(path, TOP)} that is "
                  "tested, in whole sectors")
    total = sum(map(len, files.values()))
    tap.check(total <= 4_000_000, f"{total} bytes of files, 4 MB at most")
    tap.check(len(files["REPORT.TXT"]) == 32 << 10
              and files["REPORT.TXT"].isascii(), "REPORT.TXT: 32 KiB of text")
    tap.check(b"Broadcom" in files["LICENCE.broadcom"]
              and b"using a Raspberry Pi device" in files["LICENCE.broadcom"],
              "the boot files' licence is with them")
    settings(tap, files["config.txt"].decode())
    conf = files["chrony.conf"].decode()
    names = re.findall(r"^server (\S+) .*\bnts\b", conf, re.M)
    tap.check(len({n.split(".")[-2] for n in names}) >= 4,
              "chrony.conf: NTS servers of four operators", names)


def settings(tap, text):
    """Each paragraph of config.txt begins with its reason."""
    bare = [p for p in text.strip().split("\n\n") if not p.startswith("# ")]
    lines = re.findall(r"^(\w+)=(\S+)$", text, re.M)
    tap.check(not bare, "config.txt: a reason above every line", bare)
    tap.check(("arm_64bit", "0") in lines and ("gpu_mem", "16") in lines
              and not {"dtoverlay", "enable_uart"} & {k for k, _ in lines},
              "config.txt: 32 bits, the small firmware, no device tree", lines)


def repository(tap, made):
    whole = json.loads(data(os.path.join(made, "os_list.json")))
    image = data(os.path.join(made, "gnomon.img"))
    packed = data(os.path.join(made, "gnomon.img.xz"))
    tap.check(set(whole) <= {"os_list", "imager"}
              and len(whole["os_list"]) == 1, "os_list.json: its shape", whole)
    entry = whole["os_list"][0]
    wrong = [key for key, kind in REQUIRED.items()
             if not isinstance(entry.get(key), kind)]
    wrong += [key for key, kind in OPTIONAL.items()
              if not isinstance(entry.get(key, kind()), kind)]
    tap.check(not wrong, "os_list.json: Imager's schema", wrong)
    tap.check(re.fullmatch(r"\d{4}-\d\d-\d\d", entry["release_date"])
              and entry["init_format"] == "none" and entry["devices"],
              "os_list.json: date, nothing to customise, boards", entry)
    tap.check(entry["extract_size"] == len(image)
              and entry["extract_sha256"] == hashlib.sha256(image).hexdigest()
              and entry["image_download_size"] == len(packed)
              and entry["image_download_sha256"]
              == hashlib.sha256(packed).hexdigest(),
              "os_list.json: sizes and hashes are the files'", entry)
    tap.check(len(packed) <= 1_500_000,
              f"{len(packed)} bytes of .xz, 1.5 MB at most")


def written(tap, made, work):
    """By xz, and by bmaptool to a new card and to one that was full."""
    image = data(os.path.join(made, "gnomon.img"))
    unpacked = subprocess.run(
        ["xz", "-dc", os.path.join(made, "gnomon.img.xz")],
        stdout=subprocess.PIPE, check=True).stdout
    tap.check(unpacked == image, "xz -d gives the image")
    for what, before in (("a new card", b"\0"), ("a card full of ones",
                                                 b"\xff")):
        target = os.path.join(work, "target")
        with open(target, "wb") as out:
            out.write(before * len(image))
        # bmaptool truncates a file; a block device it does not.
        copy = subprocess.run(
            [sys.executable, "-c", BMAP_COPY, target,
             os.path.join(made, "gnomon.img.bmap"),
             os.path.join(made, "gnomon.img.xz")]
            if before != b"\0" else
            ["bmaptool", "copy", "--bmap",
             os.path.join(made, "gnomon.img.bmap"),
             os.path.join(made, "gnomon.img.xz"), target],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        tap.check(copy.returncode == 0, f"bmap to {what}",
                  copy.stdout.decode(errors="replace"))
        got = data(target)
        if before == b"\0":
            tap.check(got == image, "bmaptool copy gives the image")
        tap.check(fsck_clean(target, work)
                  and files_of(target, work) == files_of(
                      os.path.join(made, "gnomon.img"), work)
                  and got[60 << 20:] == image[60 << 20:],
                  f"{what}: its files and a blank journal")


# What bmaptool does to a device: the mapped blocks, and no others.
BMAP_COPY = """
import lzma, re, sys
image = lzma.open(sys.argv[3]).read()
with open(sys.argv[1], "r+b") as out:
    for a, b in re.findall(r"> (\\d+)-(\\d+) </Range>", open(sys.argv[2]).read()):
        out.seek(int(a) * 4096)
        out.write(image[int(a) * 4096:(int(b) + 1) * 4096])
"""


def without_blobs(tap, work):
    folder = os.path.join(work, "without")
    copy_tree(folder)
    shutil.rmtree(os.path.join(folder, "build/cache"))
    done = make(folder, "WITHOUT_BLOBS=1")
    image = os.path.join(folder, "build/card/gnomon.img")
    files = files_of(image, work) if done.returncode == 0 else {}
    tap.check(set(files) == OURS | {n + ".img" for n in on_card()}
              and not os.path.exists(os.path.join(folder, "build/src/"
                                                          "raspi-firmware")),
              "WITHOUT_BLOBS=1: no boot files, none fetched",
              done.stdout.decode(errors="replace"))


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="gnomon-card-") as work:
        os.chmod(work, 0o755)
        made = twice(tap, work)
        if made:
            image = os.path.join(made, "gnomon.img")
            layout(tap, image, work)
            contents(tap, files_of(image, work))
            repository(tap, made)
            written(tap, made, work)
        without_blobs(tap, work)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
