#!/usr/bin/env python3
"""What `make run` does: three chronyd NTS servers with a CA of their own on
loopback, the card of `make card` with a chrony.conf that names them, the kernel
that is on it booted in QEMU; once it is synchronised, the tables. With a terminal the console is yours then;
without one this ends, 0 if the time was had, 1 if not.

    --wait S    how long the Pi has to synchronise (default 120)

The card and the CA stay in build/run to be looked at."""
import argparse
import contextlib
import os
import re
import select
import sys
import termios
import time
import tty

from tests.common import testbed
from tests.common.machine import TOP, Machine
from tests.peers import chronyd, mkcard, pki

FOLDER = os.path.join(TOP, "build/run")
QUIT = b"\x01"  # ctrl-A, then x: as QEMU has it
POLLS = "iburst minpoll 0 maxpoll 3"  # Reach is full after half a minute
REACH_S = 60


def say(text):
    print(f"\n# {text}", flush=True)


class Shown(Machine):
    """What the console says goes to this terminal, too."""

    aloud = True

    def pump(self, seconds):
        before = len(self.text)
        super().pump(seconds)
        if self.aloud:
            print(self.text[before:], end="", flush=True)


def make_card(servers, ca):
    with open(ca) as text:
        files = {"ca.pem": text.read()}
    files["chrony.conf"] = testbed.server_lines(servers, POLLS) + (
        "ntstrustedcerts ca.pem\nntsdumpdir /\n")
    print(files["chrony.conf"], flush=True)
    card = os.path.join(FOLDER, "card.img")
    return card, mkcard.as_made(card, files)


def wait_for_reach(machine):
    """Eight polls answered by each, so that the tables are worth a look."""
    end = time.monotonic() + REACH_S
    machine.wait(r"^never$", 2)  # shows the boot log's last lines
    machine.aloud = False  # these questions are not for the reader
    rows = []
    while time.monotonic() < end \
            and not (rows and all(row[4] == 0o377 for row in rows)):
        time.sleep(1)
        rows = testbed.sources(machine)
    machine.aloud = True
    print("gnomon> ", end="", flush=True)


def show_tables(machine):
    for command in ("authdata", "sources", "tracking"):
        machine.ask(command)


def why_not(machine, servers):
    """The last resort of who stands before a clock that is not set."""
    board = machine.ask("board", 10) if machine.child.poll() is None else ""
    if not board:
        say("the console does not answer")
    for reason in re.findall(r"^Trouble +: (.*)$", board, re.M):
        say(f"not synchronised: {reason}")
    for server in servers:
        say(f"chronyd on port {server.port} says:")
        print("\n".join(server.text().splitlines()[-10:]), flush=True)


def hand_over(machine):
    """This terminal is the Pi's until ctrl-A x, or until QEMU ends."""
    here, there = sys.stdin.fileno(), machine.child.stdout.fileno()
    before = termios.tcgetattr(here)
    escaped = False
    try:
        tty.setraw(here)
        machine.send(b"\r")
        while machine.child.poll() is None:
            ready, _, _ = select.select([here, there], [], [], 0.5)
            if there in ready:
                os.write(sys.stdout.fileno(), os.read(there, 4096))
            if here not in ready:
                continue
            keys = os.read(here, 1)
            if not keys or (escaped and keys in b"xX"):
                return
            escaped = keys == QUIT and not escaped
            if not escaped:
                machine.send(keys)
    finally:
        termios.tcsetattr(here, termios.TCSADRAIN, before)
        say("off")


def main():
    parser = argparse.ArgumentParser(description="Boot Gnomon in QEMU")
    parser.add_argument("--wait", type=float, default=120)
    args = parser.parse_args()
    own = pki.Pki(os.path.join(FOLDER, "pki"))
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(chronyd.Server(own))
                   for _ in range(3)]
        say("three chronyd serve NTS on 127.0.0.1; chrony.conf on the card:")
        card, kernel = make_card(servers, own.ca)
        say("the Pi's console, from power-on:")
        pi = stack.enter_context(Shown(card=card, kernel=kernel))
        if not testbed.synchronise(pi, args.wait):
            why_not(pi, servers)
            say("FAILED: no authenticated time")
            return 1
        say("synchronised; some polls more, so that Reach fills up")
        wait_for_reach(pi)
        show_tables(pi)
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            say("authenticated time; no terminal, so this ends here")
            return 0
        say("the console is yours: `help' lists its words, `reset' boots "
            "from the saved\n# cookies, ctrl-A x quits")
        hand_over(pi)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
