"""The activity LED (GPIO 47) from outside the emulated Pi. QEMU tells of no
edge of pins above 31, so the level is read, many times a flash, between two
readings of the Pi's own system timer, and readings are judged by when they
were on the Pi: those of all rounds of a pattern together, so that neither
rare looks nor a few late ones matter. A Pi that counts its time in
instructions (icount) stands still while this machine does something else."""
import itertools
import json
import re
import time

from tests.common.machine import BOARD
from tests.common.refusals import until

LEVELS, LED_BIT = 0x38, 1 << 47 - 32
LIT_WHEN_LOW = BOARD.machines[0] == "raspi0"  # a Zero
STEP_US = 5000  # what may lie between the timer's readings
LATE, EARLY = 2, 1  # steps after and before an edge that are not judged
OTHER = {"#": ".", ".": "#"}
EACH = 3  # readings of each half of a unit, at least
PAUSE_S = 0.02
WATCHED_S = 900  # if it takes longer this machine hangs


class Pattern:
    """A round: what is lit (#) in units of time, then the same again."""

    def __init__(self, text, unit_us):
        self.text, self.unit = text, unit_us // STEP_US
        self.round = len(text) * self.unit  # in steps


STATES = {  # services/led.h
    name: Pattern(text, 100000) for name, text in (
        ("no time yet", "#.#.#.#.#."), ("synchronised", "#........."),
        ("hold-over", "#.#......."), ("after crashes", "#####....."))}
STAGES = {  # core/stage.h: a long flash, so many short ones, a pause
    n: Pattern("#####..." + "#.." * n + ".......", 200000)
    for n in range(2, 10)}


def answers(machine, lines):
    """What QEMU's monitor says to each, all asked at once."""
    if machine.link is None:
        machine.qmp("query-name")
    machine.link.write("".join(
        json.dumps({"execute": "human-monitor-command",
                    "arguments": {"command-line": line}}) + "\n"
        for line in lines))
    machine.link.flush()
    said = []
    while len(said) < len(lines):
        answer = json.loads(machine.link.readline())
        if "return" in answer:
            said.append(answer["return"].replace("\r", ""))
    return said


def look_up(machine, device, offset):
    """The monitor's line that reads a register."""
    if not hasattr(machine, "bases"):
        # QEMU lists the VideoCore's view too, in any order.
        view = re.search(r'^ AS "memory".*?(?=^FlatView|\Z)',
                         answers(machine, ["info mtree -f"])[0],
                         re.M | re.S).group(0)
        machine.bases = {name: int(base, 16) for base, name in re.findall(
            r"^\s*0*([0-9a-f]+)-.*: (bcm2835[-_]\S+)", view, re.M)}
    return f"xp /1wx {machine.bases[device] + offset:#x}"


def time_us(machine):
    return value(answers(machine, [
        look_up(machine, "bcm2835-sys-timer", 4)])[0])


def value(text):
    return int(text.split(":")[1], 16)


def reading(machine):
    """(microseconds of the Pi, lit); None: something came in between."""
    timer = look_up(machine, "bcm2835-sys-timer", 4)
    level = look_up(machine, "bcm2835_gpio", LEVELS)
    before, levels, after = map(value, answers(machine, [timer, level, timer]))
    took = (after - before) % (1 << 32)
    return took < STEP_US and (
        before + took // 2, bool(levels & LED_BIT) != LIT_WHEN_LOW)


def enough(seen, patterns, rounds):
    """So many rounds of the longest pattern, no part of it unseen."""
    longest = max(patterns.values(), key=lambda p: p.round)
    parts = [0] * (2 * len(longest.text))
    for at, _ in seen:
        parts[at // STEP_US % longest.round * 2 // longest.unit] += 1
    return min(parts) >= EACH and (
        seen[-1][0] - seen[0][0] > rounds * longest.round * STEP_US)


def watch(machine, patterns, rounds):
    """As many readings as it takes to tell the patterns from each other; not
    all at once, for each holds the machine up."""
    seen = []

    def look():
        time.sleep(PAUSE_S)
        found = reading(machine)
        if found:
            seen.append(found)
        return len(seen) % 20 == 1 and enough(seen, patterns, rounds)
    until(look, WATCHED_S, 0)
    return seen


def against(seen, pattern):
    """(units of a round in which most readings are not what the pattern has
    there, share of all readings that are not), wherever in it they began."""
    lit, dark = [0] * pattern.round, [0] * pattern.round
    for at, shown in seen:
        (lit if shown else dark)[at // STEP_US % pattern.round] += 1
    upto = {mark: [0, *itertools.accumulate(steps + steps)]
            for mark, steps in (("#", lit), (".", dark))}

    def count(phase):
        units = good = bad = 0
        for mark in pattern.text:
            begin, end = phase + LATE, phase + pattern.unit - EARLY
            phase += pattern.unit
            right = upto[mark][end] - upto[mark][begin]
            other = upto[OTHER[mark]]
            wrong = other[end] - other[begin]
            units += wrong >= right
            good, bad = good + right, bad + wrong
        return units, round(bad / max(good + bad, 1), 3)
    return min(map(count, range(pattern.round)))


def judge(seen, patterns):
    return {name: against(seen, pattern) for name, pattern in patterns.items()}


def is_shown(name, found):
    """It is this pattern to the last unit, and no other fits half as well:
    stage 9's round is two of stage 2's."""
    rest = [share for n, (_, share) in found.items() if n != name]
    units, share = found[name]
    return units == 0 and 2 * share < min(rest)
