#!/usr/bin/env python3
"""Power cut at arbitrary moments, boot after boot on one card: the journal is
not garbage afterwards, and no cookie leaves twice (issue 2, must show 3).
Moments are drawn from a seed that is printed; GNOMON_SEED repeats one."""
import os
import random
import sys
import time

import world
from machine import Machine, Tap

# When requests begin, when cookies are saved, in steady state: (what is
# waited for, least and most seconds from there to the cut). A boot takes
# two cookies off the card and makes up for them when replies have come, so
# a card of six stands three cuts before that; every third goes on longer.
CUTS = ((r"IPv4 address", 0, 0.05), (world.SYNC, 0, 0.02),
        (world.SYNC, 0.5, 2.0), (r"key exchange done|synchronised:", 0, 0.05),
        (world.SYNC, 0, 0.3), (world.SYNC, 0.5, 2.0))


def cut_short(w, number, chance):
    pattern, least, most = CUTS[number % len(CUTS)]
    with Machine(card=w.path("card.img"), pcap=w.path(f"{number}.pcap")) as m:
        met = m.wait(pattern)
        time.sleep(chance.uniform(least, most))
        m.off()
        m.pump(0)
    return met, m.text


def main():
    tap = Tap()
    seed = int(os.environ.get("GNOMON_SEED", random.randrange(1 << 30)))
    print(f"# GNOMON_SEED={seed}")
    chance = random.Random(seed)
    with world.World() as w:
        w.chronyd()
        w.card(conf=w.conf("iburst minpoll -2 maxpoll 0"))
        boots, whole = 2 * len(CUTS), False
        for number in range(boots):
            met, text = cut_short(w, number, chance)
            # The very first write may be torn; there is nothing to fall
            # back on yet.
            whole = whole or "records recovered" in text
            tap.check(met and not (whole and "garbage" in text),
                      f"boot {number} comes as far as it is let", text)
        with Machine(card=w.path("card.img"), pcap=w.path("last.pcap")) as m:
            tap.check(world.synchronise(m), "then one that synchronises",
                      m.text)
            time.sleep(1)
            rows = world.authdata(m)
        tap.check(all(row["nak"] == "0" for row in rows) and len(rows) == 3,
                  "no server refused a cookie", rows)
        twice, sent = world.sent_twice(
            *(w.path(f"{n}.pcap") for n in [*range(boots), "last"]))
        tap.check(sent > boots and not twice,
                  f"no cookie twice among {sent} sent", twice)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
