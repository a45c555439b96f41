"""The firmware's clock against this machine's, which its servers serve. The
console's `date` reads the clock when the line's end comes; so the clock was
read between our sending that and the answer's arrival, and half of that time
bounds what the offset is uncertain by."""
import calendar
import re
import time

from tests.common import testbed
from tests.peers import when
from tests.tap import GUARD_S

ANSWER = re.compile(r"^(\d+)-(\d+)-(\d+) (\d+):(\d+):(\d+)\.(\d{6}) UTC$",
                    re.M)


def ask_clock(machine):
    """(round trip, this machine's clock in its middle minus the Pi's)."""
    machine.pump(0)
    machine.seen = len(machine.text)
    machine.send("date")
    machine.wait(r"date$")
    before = when.now()
    begun = time.monotonic()
    machine.send("\r")
    while not (answer := ANSWER.search(machine.text, machine.seen)):
        if time.monotonic() - begun > GUARD_S:
            return None
        machine.pump(1)
    trip = time.monotonic() - begun
    machine.seen = answer.end()
    *civil, micro = map(int, answer.groups())
    shown = calendar.timegm((*civil, 0, 0, 0)) + (micro + 0.5) / 1e6
    machine.wait(r"^gnomon> ")
    return trip, before + trip / 2 - shown


def stated(machine):
    """What `tracking` says the clock may be off by, by chrony's rule: what
    is still to be slewed away counts."""
    text = machine.ask("tracking")
    return (abs(testbed.seconds(text, "System time"))
            + testbed.seconds(text, "Root dispersion")
            + testbed.seconds(text, "Root delay") / 2)


def compare(machine, tries):
    """(offset, what it is known to, what the Pi states), seconds, of the
    quickest of so many readings; None: no answer. Of what is stated before
    and after the larger counts: it shrinks with each sample and grows in
    between."""
    claim = stated(machine)
    found = [ask_clock(machine) for _ in range(tries)]
    if not all(found):
        return None
    trip, offset = min(found)
    return offset, trip / 2, max(claim, stated(machine))
