#!/usr/bin/env python3
"""Cards that are missing, bare, full or spoilt: each boots, says what is
wrong, and goes on with what there is."""
import os
import random
import re
import sys
import time

from tests.common import testbed
from tests.common.machine import Machine
from tests.tap import GUARD_S, Tap
from tests.peers import mkcard

NOTHING = r"no server or pool line: there is nothing to get time from"
SEED = int(os.environ.get("GNOMON_SEED", random.randrange(1 << 30)))


def says(tap, machine, name, *patterns):
    """These lines, in this order, and then a console that serves."""
    for pattern in patterns:
        tap.check(machine.wait(pattern), f"{name}: says `{pattern}'",
                  machine.text)
    answer = machine.ask("tracking")
    tap.check("Leap status" in answer, f"{name}: the console serves",
              machine.text)


def cannot_start(tap, w, name, card, *patterns):
    with Machine(card=card) as m:
        says(tap, m, name, *patterns)
        tap.check("Not synchronised" in m.text, f"{name}: no time", m.text)


def synchronises(tap, w, name, card, *patterns):
    with Machine(card=card) as m:
        for pattern in patterns:
            tap.check(m.wait(pattern), f"{name}: says `{pattern}'", m.text)
        tap.check(testbed.synchronise(m), f"{name}: synchronised", m.text)
        # The record with all cookies is on the card when this is over.
        time.sleep(1)
        return m.ask("board")


def configurations(tap, w, chance):
    ca = {"ca.pem": testbed.read(w.pki.ca)}
    cannot_start(tap, w, "no card", None,
                 r"card: none: no chrony\.conf, nothing will be saved",
                 NOTHING)
    bare = w.path("bare.img")
    with open(bare, "wb") as out:
        out.truncate(64 << 20)
    cannot_start(tap, w, "an empty card", bare, r"card: no partition table",
                 r"card: no state partition.*: nothing will be saved",
                 NOTHING)
    cannot_start(tap, w, "no chrony.conf", w.card("none.img", files=ca),
                 r"chrony\.conf: no such file on the boot partition", NOTHING)
    cannot_start(tap, w, "an empty chrony.conf", w.card("empty.img", conf=""),
                 r"chrony\.conf: " + NOTHING)
    binary = chance.randbytes(8000)
    cannot_start(tap, w, "a binary chrony.conf",
                 w.card("binary.img", files={"chrony.conf": binary}),
                 r"chrony\.conf:\d+: error: ", NOTHING)


def keeps_trying(tap, w):
    """Without its CA no server can be believed, again and again."""
    name = "no file for ntstrustedcerts"
    card = w.card("trust.img", files={"chrony.conf": w.conf()})
    with Machine(card=card) as m:
        says(tap, m, name, r"ntstrustedcerts ca\.pem: no such file on the "
             r"boot partition", r"10\.0\.2\.2\S*: .*(certificate|trust|CA)")
        end = time.monotonic() + GUARD_S
        while time.monotonic() < end and not all(
                int(row["atmp"]) >= 2 for row in testbed.authdata(m)):
            time.sleep(1)
        rows = testbed.authdata(m)
        tap.check(len(rows) == 3 and all(int(r["atmp"]) >= 2 for r in rows),
                  f"{name}: keeps trying", rows)
        tap.check("synchronised:" not in m.text, f"{name}: and no time",
                  m.text)


def spoil(card, change):
    """The bytes of the state partition through change()."""
    offset, length = mkcard.state_partition(card)
    with open(card, "r+b") as file:
        file.seek(offset)
        data = change(bytearray(file.read(length)))
        file.seek(offset)
        file.write(data)


def flips(chance, count):
    """Bits of what was written: zeros were not."""
    def change(data):
        used = [at for at, byte in enumerate(data) if byte]
        for at in chance.sample(used, count):
            data[at] ^= 1 << chance.randrange(8)
        return data
    return change


def second_boot(tap, w, name, card):
    board = synchronises(tap, w, f"{name}, next boot", card)
    tap.check("from saved cookies" in testbed.field(board, "First sync"),
              f"{name}, next boot: from saved cookies", board)


def journals(tap, w, chance):
    board = synchronises(tap, w, "no state partition",
                         w.card("bare.img", state=False),
                         r"card: no state partition \(type da\): nothing "
                         r"will be saved")
    tap.check("state partition none" in board, "no state partition: board "
              "says so, too", board)
    card = w.card("full.img")
    fill_up(card)
    synchronises(tap, w, "a full FAT", card)
    second_boot(tap, w, "a full FAT", card)
    card = w.card("noise.img")
    spoil(card, lambda data: chance.randbytes(len(data)))
    synchronises(tap, w, "random bytes in the journal", card,
                 r"journal: garbage in the state partition; a fresh one "
                 r"begins")
    second_boot(tap, w, "random bytes in the journal", card)
    for count in (1, 5, 50):
        spoil(card, flips(chance, count))
        synchronises(tap, w, f"{count} flipped bits in the journal", card)
    second_boot(tap, w, "flipped bits in the journal", card)


def fill_up(card):
    """No free cluster is left on partition 1."""
    drive = f"{card}@@{mkcard.START * 512}"
    filler = card + ".fill"
    with open(filler, "wb") as out:
        out.truncate(free_bytes(drive))
    mkcard.tool("mcopy", "-i", drive, filler, "::/FILLER.BIN")
    os.unlink(filler)
    assert free_bytes(drive) == 0


def free_bytes(drive):
    text = mkcard.tool("mdir", "-i", drive, "::").decode()
    return int(re.search(r"([\d ]+) bytes free", text)[1].replace(" ", ""))


def main():
    tap = Tap()
    chance = random.Random(SEED)
    print(f"# GNOMON_SEED={SEED}")
    with testbed.Testbed() as w:
        w.chronyd()
        configurations(tap, w, chance)
        keeps_trying(tap, w)
        journals(tap, w, chance)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
