#!/usr/bin/env python3
"""The real image, killed at random moments: cards
that are booted and cut off over and over, from before the first instruction
to a little after the first sync, however fast this machine is just now. After
each cut the journal is whole (journal_dump) and its floor is not below any it
showed before; at the end each card boots,
synchronises, and no server has seen a cookie twice, those of the very last
cuts included. Moments come from a seed that is printed; GNOMON_SEED repeats
them, GNOMON_KILLS sets their number."""
import contextlib
import os
import random
import re
import subprocess
import sys
import time

from tests.common import testbed
from tests.common.machine import TOP, Machine
from tests.tap import Tap

KILLS = int(os.environ.get("GNOMON_KILLS", 200))
LANES = 4       # cards; two machines run at a time
CONF = "iburst minpoll -2 maxpoll 0"


def dump(card):
    """(state, floor or None, cookies of each source) of a card's journal."""
    done = subprocess.run([os.path.join(TOP, "build/host/journal_dump"), card],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    floor = re.search(r"^  floor (\d+) ", done.stdout, re.M)
    return (done.stdout.split(":")[0] if done.returncode == 0 else
            done.stdout, floor and int(floor[1]),
            [int(n) for n in re.findall(r"^  (\d+) cookies", done.stdout, re.M)])


class Card:
    """One card's life, and what its journal has shown."""

    def __init__(self, w, number):
        self.path = w.card(f"{number}.img", conf=w.conf(CONF))
        self.whole, self.floor, self.wrong = False, 0, []
        self.requests = self.synced = 0

    def look(self, kill, text):
        state, floor, _ = dump(self.path)
        # The very first write may be torn; there is nothing before it.
        if state != "whole" and self.whole:
            self.wrong.append(f"kill {kill}: journal is {state}\n{text}")
        if self.floor and (floor or 0) < self.floor:
            self.wrong.append(f"kill {kill}: floor {self.floor} -> {floor}")
        self.whole = self.whole or state == "whole"
        self.floor = max(self.floor, floor or 0)


def boot_s(cards):
    """How long the slowest of their first boots takes to be synchronised;
    they end where the replies' cookies are on their way to the card."""
    longest = 0
    for card in cards:
        begin = time.monotonic()
        with Machine(card=card.path) as m:
            if not testbed.synchronise(m):
                card.wrong.append(m.text)
            longest = max(longest, time.monotonic() - begin)
        card.look(0, m.text)
    return longest


def kill_pair(cards, moments, kill):
    """Both machines run at once and end at their own moments; how many had
    synchronised."""
    before = sum(card.synced for card in cards)
    with contextlib.ExitStack() as stack:
        machines = [stack.enter_context(Machine(card=c.path)) for c in cards]
        begin = time.monotonic()
        for moment, i in sorted(zip(moments, range(len(cards)))):
            time.sleep(max(0, begin + moment - time.monotonic()))
            machines[i].off()
        for card, m in zip(cards, machines):
            m.pump(0)
            card.synced += "synchronised: " in m.text
            card.look(kill, m.text)
            if re.search(r"panic|journal: garbage", m.text) and card.floor:
                card.wrong.append(m.text)
    return sum(card.synced for card in cards) - before


def main():
    tap = Tap()
    seed = int(os.environ.get("GNOMON_SEED", random.randrange(1 << 30)))
    print(f"# GNOMON_SEED={seed}", flush=True)
    chance = random.Random(seed)
    with testbed.Testbed() as w:
        servers = w.chronyd(3, front=True)
        cards = [Card(w, number) for number in range(LANES)]
        first = latest = 1.2 * boot_s(cards)
        left_on = 0
        for kill in range(0, KILLS, 2):
            pair = chance.sample(cards, 2)
            # The cuts have cost it the cookies of two of three, and it must
            # not ask for keys again at once (RFC 8915 section 4.2): left on.
            spent = [card for card in pair if len(dump(card.path)[2]) < 2]
            left_on += len(spent)
            if spent:
                boot_s(spent)
            synced = kill_pair(pair, [chance.uniform(0, latest)
                                      for _ in pair], kill)
            # So that about one in six gets there, on a busy machine, too.
            latest *= 0.85 ** synced * 1.03 ** (2 - synced)
            latest = min(max(latest, first / 2), first * 2)
        wrong = [what for card in cards for what in card.wrong]
        tap.check(not wrong, f"after each of {KILLS} kills the journal is "
                  "whole and its floor no lower", "\n".join(wrong))
        synced = sum(card.synced for card in cards)
        asked = sum(s.proxy.requests for s in servers)
        print(f"# {synced} boots had synchronised, {asked} requests, {left_on} "
              "times a card was left on")
        tap.check(synced > KILLS / 20 and synced < KILLS,
                  "the kills fell before and after the first sync", synced)
        tap.check(all(sum(dump(card.path)[2]) > 0 for card in cards),
                  "each card still has cookies",
                  [dump(card.path) for card in cards])
        for number, card in enumerate(cards):
            with Machine(card=card.path) as m:
                good = testbed.synchronise(m)
                rows = testbed.authdata(m) if good else []
            tap.check(good and len(rows) == 3
                      and all(row["nak"] == "0" for row in rows),
                      f"card {number} synchronises, no server refused a "
                      "cookie", m.text)
        sent = [cookie for s in servers for cookie in s.proxy.cookies]
        tap.check(len(sent) > synced and len(set(sent)) == len(sent),
                  f"no cookie twice among {len(sent)} sent")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
