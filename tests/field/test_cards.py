#!/usr/bin/env python3
"""Cards as people's computers write them, made by mtools and sfdisk, in the
firmware as a Linux process: which configuration is found on them, or what the
log says instead. No server is needed."""
import os
import re
import shutil
import struct
import sys
import tempfile
import traceback

from tests.common.machine import Process
from tests.peers import mkcard
from tests.tap import Tap

# At which byte of a partition, what, and whose it is.
FOREIGN = [(1080, b"\x53\xef", "ext4"), (1024, b"H+\0\4", "HFS+"),
           (0x10040, b"_BHRfS_M", "btrfs"), (0x8001, b"CD001", "ISO 9660"),
           (32, b"NXSB", "APFS"), (0, b"XFSB", "XFS"),
           (1024, b"\x10\x20\xf5\xf2", "F2FS"),
           (4086, b"SWAPSPACE2", "swap space")]
PACKED = [(0, b"\xfd7zXZ\0", "an .xz file"), (0, b"PK\3\4", "a .zip file"),
          (0, b"\x1f\x8b\x08", "a .gz file")]
FOUND = "server 192.0.2.7\n"
TYPES = ("1", "4", "6", "b", "c", "e", "14", "16", "1b", "1c", "1e", "ef", "7")


def make(work, files):
    """A card of {path: text}; None: an empty folder."""
    folder = tempfile.mkdtemp(dir=work)
    for path, text in files.items():
        full = os.path.join(folder, path)
        os.makedirs(full if text is None else os.path.dirname(full),
                    exist_ok=True)
        if text is not None:
            with open(full, "wb") as out:
                out.write(text.encode() if isinstance(text, str) else text)
    return mkcard.make_card(os.path.join(work, "card.img"), folder)


def says(tap, card, name, patterns, sources=None, never=()):
    """The log has these patterns; `sources` these names, one a line."""
    with Process(card) as m:
        for pattern in patterns:
            tap.check(m.wait(pattern), f"{name}: `{pattern}'", m.text)
        if sources is not None:
            rows = [line.split()[1] for line in m.ask("sources").splitlines()
                    if line.startswith("^")]
            tap.check(rows == sources, f"{name}: {len(sources)} sources", rows)
        board = m.ask("board")
        for text in never:
            tap.check(text not in m.text, f"{name}: not `{text}'", m.text)
    return board


def files(tap, work):
    board = says(tap, make(work, {
        "chrony.conf": "confdir /etc/chrony/conf.d /more.d\n"
                       "sourcedir /etc/chrony/sources.d\n"
                       "include extra.conf\ninclude gone.conf\n"
                       "include /etc/chrony/conf.d\n"
                       "sourcedir /run/chrony-dhcp\n",
        "conf.d/20 second.conf": "server 192.0.2.2\nsevrer x\n",
        "conf.d/10-a-long-name-of-a-file.conf": "server 192.0.2.1\n",
        "conf.d/readme.txt": "server 192.0.2.66\n",
        "more.d/10-A-LONG-NAME-OF-A-FILE.CONF": "server 192.0.2.67\n",
        "sources.d/x.sources": "server 192.0.2.3\nmakestep 1 1\n",
        "extra.conf": "server 192.0.2.4\n"}), "files that name files", (
        r"conf\.d/10-a-long-name-of-a-file\.conf: read",
        r"conf\.d/20 second\.conf:2: error: unknown directive `sevrer' "
        r"\(server\?\); line not used: one server fewer",
        r"sources\.d/x\.sources:2: error: makestep: ",
        r"chrony\.conf:4: error: include: `gone\.conf' is not on the card; "
        r"looked for /gone\.conf",
        r"chrony\.conf:5: error: include: `/etc/chrony/conf\.d' is a folder: "
        r"confdir reads those",
        r"chrony\.conf:6: sourcedir: ignored: .*/run/chrony-dhcp, "
        r"/chrony-dhcp",
        r"4 errors, 1 note\b"),
        ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"])
    tap.check("chrony.conf has errors" in board, "... board", board)
    says(tap, make(work, {
        "chrony.conf": FOUND + "ntstrustedcerts /etc/chrony/certs\n"
                       "ntstrustedcerts empty\nntstrustedcerts gone\n",
        "certs/b.pem": "no PEM\n", "certs/deeper/c.pem": "nor this\n",
        "empty": None}), "folders of certificates", (
            r"chrony\.conf:2: ntstrustedcerts /etc/chrony/certs: b\.pem: ",
            r"chrony\.conf:3: ntstrustedcerts empty: no file in this folder",
            r"chrony\.conf:4: ntstrustedcerts gone: no such file"),
         ["192.0.2.7"], ("c.pem",))
    long = "# 45 of these are a page\n" * 900 + "#" + 900 * "x" + "\n"
    board = says(tap, make(work, {"chrony.conf": long + FOUND}),
                 "21 KB of comments", (), ["192.0.2.7"])
    tap.check("chrony.conf good" in board, "... board", board)


def names(tap, work):
    rename = r"found: rename it to chrony\.conf"
    for path, pattern in (
            ("chrony.conf.txt", rename), ("chrony.cfg", rename),
            ("CHRONY.CON", rename), ("chrony (1).conf", rename),
            ("etc/chrony/chrony.conf", r"found: move it to the top"),
            ("chrony.conf/chrony.conf", r"chrony\.conf is a folder")):
        board = says(tap, make(work, {path: FOUND}), path,
                     (r"no such file on the boot partition", pattern,
                      r"clock not set: no chrony\.conf: .*" + pattern), [])
        tap.check("chrony.conf missing" in board, f"{path}: board", board)
        tap.check(re.search(r"Clock not set +: no chrony\.conf: .*" + pattern,
                            " ".join(board.split())),
                  f"{path}: board says why", board)
    long = "# 45 of these are a page\n" * 6000 + FOUND
    lacks(tap, make(work, {"chrony.conf": long}), "150 KB",
          "chrony.conf: longer than 131072 bytes: not read")


def contents(tap, work):
    """What is no configuration is said to be what it is, in the sentence."""
    for data, why in (
            (bytes(300), "1: only zeros: was the card taken out too early?"),
            (FOUND.encode("utf-16"), "1: UTF-16: save it as UTF-8 or ASCII"),
            (b"PK\3\4" + bytes(range(250)) * 9,
             "1: a .docx, .odt or .zip: save it as plain text"),
            ("server zeit.m\u00fcnchen.example nts\n",
             "1: server: `zeit.m??nchen.example': write an international name "
             "as xn--..."),
            ("# a comment\nsevrer 192.0.2.7\nsevrer 192.0.2.8\n",
             "2: unknown directive `sevrer' (server?); line not used: one "
             "server fewer; more in `log'")):
        lacks(tap, make(work, {"chrony.conf": data}), why[:20],
              "chrony.conf:" + why,
              "no server or pool line of chrony.conf can be used")
    says(tap, make(work, {"chrony.conf": FOUND, "._chrony.conf": bytes(4096),
                          ".DS_Store": bytes(4096)}), "from a Mac", (),
         ["192.0.2.7"])


def damage(card, kind):
    """Changes what the FAT says of chrony.conf."""
    start = mkcard.START * 512
    with open(card, "rb") as file:
        file.seek(start)
        boot = file.read(512)
        reserved, = struct.unpack_from("<H", boot, 14)
        size, = struct.unpack_from("<I", boot, 36)
        root, = struct.unpack_from("<I", boot, 44)
        tables = start + reserved * 512
        data = tables + boot[16] * size * 512
        file.seek(data + (root - 2) * boot[13] * 512)
        entries = file.read(boot[13] * 512)
    at = next(i for i in range(0, len(entries), 32)
              if entries[i:i + 6] == b"CHRONY" and entries[i + 11] != 0x0f)
    entry = data + (root - 2) * boot[13] * 512 + at
    low, = struct.unpack_from("<H", entries, at + 26)
    chain = tables + 4 * low
    where, what = {"zeros in the FAT": (tables, bytes(512 * size)),
                   "a chain that ends early": (chain, b"\xff\xff\xff\x0f"),
                   "a chain of free clusters": (chain, bytes(4)),
                   "a chain to nowhere": (chain, b"\0\0\xff\x0e"),
                   "a size beyond its chain": (
                       entry + 28, (60000).to_bytes(4, "little")),
                   "no first cluster": (entry + 26, bytes(2)),
                   "one beyond the card": (entry + 20, b"\xff\x0f"),
                   "hidden": (entry + 11, b"\x27"),
                   "not unmounted": (start + 0x41, b"\1")}[kind]
    return change(card, where, what)


def damaged(tap, work):
    for kind in ("zeros in the FAT", "a chain that ends early",
                 "a chain of free clusters", "a chain to nowhere",
                 "a size beyond its chain", "no first cluster",
                 "one beyond the card"):
        card = make(work, {"chrony.conf": FOUND + "#" * 2000 + "\n"})
        lacks(tap, damage(card, kind), kind, "chrony.conf: cannot be read: "
              "check the card on a PC (chkdsk, fsck)")
    for kind in ("hidden", "not unmounted"):
        says(tap, damage(make(work, {"chrony.conf": FOUND}), kind), kind, (),
             ["192.0.2.7"])


def change(card, at, data):
    with open(card, "r+b") as file:
        file.seek(at)
        file.write(data)
    return card


def partitions(tap, work):
    card = make(work, {"chrony.conf": FOUND})
    for kind in TYPES:
        says(tap, change(card, 446 + 4, bytes([int(kind, 16)])),
             f"type {kind}", (), ["192.0.2.7"])
    start = mkcard.START * 512
    for name in ("EXFAT   ", "NTFS    "):
        word = name.strip().replace("EXFAT", "exFAT")
        change(card, start + 3, name.encode())
        lacks(tap, card, word, rf"partition 1 is {word}: format it as FAT32")
    lacks(tap, change(card, 446 + 4, b"\x0f"), "an extended partition",
          "no FAT partition but inside an extended one: make it a primary one")
    card = change(make(work, {"chrony.conf": FOUND}), start + 11, b"\0\x10")
    lacks(tap, card, "sectors of 4 KB", "partition 1 is FAT with sectors of "
          "4096 bytes: format it with 512")
    for at, what, name in FOREIGN:
        change(card, start, bytes(1024))
        change(change(card, start + at, what), 446 + 4, b"\x83")
        lacks(tap, card, name, f"partition 1 is {name}: format it as FAT32")
        change(change(card, start + at, bytes(16)), 446 + 4, b"\x0c")
    lacks(tap, card, "zeros", "the FAT partition holds no FAT file system: "
          "format it as FAT32")
    # As Raspberry Pi OS has it, its FAT damaged: nobody should format ext4.
    change(card, 446 + 16, bytes([0, 0, 0, 0, 0x83, 0, 0, 0])
           + (mkcard.START + 4096).to_bytes(4, "little")
           + (4096).to_bytes(4, "little"))
    change(card, start + 4096 * 512 + 1080, b"\x53\xef")
    lacks(tap, card, "zeros before ext4", "the FAT partition holds no FAT file "
          "system: format it as FAT32")
    change(card, 446 + 8, (1 << 22).to_bytes(4, "little"))
    change(card, 446 + 16, bytes(16))
    lacks(tap, card, "a card too small", "partition 1 lies beyond the card's "
          "end: is the card smaller than the image?")
    blank = os.path.join(work, "blank.img")
    for at, what, name in FOREIGN[:4] + PACKED:
        with open(blank, "wb") as out:
            out.truncate(64 << 20)
        cure = ("write the image, do not copy it" if (at, what, name) in PACKED
                else "format it as FAT32")
        lacks(tap, change(blank, at, what), f"the whole card, {name}",
              f"the whole card is {name}: {cure}")
    whole = os.path.join(work, "whole.img")
    with open(whole, "wb") as out:
        out.truncate(64 << 20)
    mkcard.tool("mformat", "-i", whole, "-F", "-c", "1", "::")
    conf = os.path.join(work, "chrony.conf")
    with open(conf, "w") as out:
        out.write(FOUND)
    mkcard.tool("mcopy", "-i", whole, conf, "::/chrony.conf")
    says(tap, whole, "no partitions", (), ["192.0.2.7"])


def two(tap, work):
    """Two FAT partitions, chrony.conf on the second."""
    with open(make(work, {"chrony.conf": FOUND}), "rb") as file:
        file.seek(mkcard.START * 512)
        fat = file.read(32 << 20)
    card = make(work, {"readme.txt": "x"})
    with open(card, "rb") as file:
        end = file.seek(0, 2)
    change(card, end, fat)
    change(card, 446 + 32, bytes([0, 0, 0, 0, 0x0c, 0, 0, 0])
           + (end // 512).to_bytes(4, "little")
           + (len(fat) // 512).to_bytes(4, "little"))
    lacks(tap, card, "two FAT partitions", "it belongs on the first FAT "
          "partition: partition 3 is not looked at")


def lacks(tap, card, name, why, before="no chrony.conf"):
    """The log, tracking and board have this sentence."""
    why = f"{before}: {why}"
    with Process(card) as m:
        tap.check(m.wait(re.escape(f"clock not set: {why}")),
                  f"{name}: the log has `{why}'", m.text)
        for table in ("tracking", "board"):
            text = " ".join(m.ask(table).split())  # `board' breaks lines
            tap.check(why in text, f"{name}: {table}", text)


def gpt(tap, work):
    card = make(work, {"chrony.conf": FOUND})
    with open(card, "rb") as file:
        file.seek(mkcard.START * 512)
        fat = file.read(32 << 20)
    image = os.path.join(work, "gpt.img")
    with open(image, "wb") as out:
        out.truncate(64 << 20)
    mkcard.tool("sfdisk", "-q", "--no-reread", "--no-tell-kernel", image,
                stdin=b"label: gpt\nstart=2048, size=20480, type=L\n"
                      b"start=24576, size=100000, type=U\n")
    says(tap, image, "GPT", (r"GPT without a FAT partition",), [])
    change(image, 24576 * 512, fat)
    says(tap, image, "GPT", (r"GPT, FAT in its partition 2",), ["192.0.2.7"],
         ("no FAT partition",))


def main():
    tap, work = Tap(), tempfile.mkdtemp(prefix="gnomon-cards-")
    try:
        for test in (files, names, contents, damaged, two, partitions,
                     gpt):
            test(tap, work)
    except Exception:  # a test that cannot run has failed
        tap.check(False, "test_cards.py", traceback.format_exc())
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
