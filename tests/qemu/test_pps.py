#!/usr/bin/env python3
"""The pulse per second, seen from outside the emulated Pi: QEMU's qtest
reports every edge of the GPIO. Judged: count, order, and the width as a share
of the period; not the phase, which is this machine's noise."""
import os
import re
import socket
import statistics
import sys
import tempfile
import time

from tests.common.machine import Machine
from tests.common.refusals import until
from tests.tap import GUARD_S, Tap
from tests.peers import chronyd, mkcard, pki

PIN, WIDTH_MS, PULSES = 23, 200, 12
EDGE = re.compile(r"^\[S \+(\d+\.\d+)\] IRQ (raise|lower) (\d+)", re.M)


def edges(log):
    with open(log, errors="replace") as text:
        return [(float(t), what, int(pin))
                for t, what, pin in EDGE.findall(text.read())]


def rises(log):
    return [t for t, what, pin in edges(log) if (what, pin) == ("raise", PIN)]


def intercept(path):
    """Before the machine runs: tell of every output of the GPIO block."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(GUARD_S)
        link.connect(path)
        link.sendall(b"irq_intercept_out /machine/soc/peripherals/gpio\n")
        return link.recv(100).startswith(b"OK"), link.detach()


def wait_pulses(machine, log, wanted, limit=GUARD_S):
    end = time.monotonic() + limit
    while len(rises(log)) < wanted and time.monotonic() < end:
        machine.pump(0.2)
    return len(rises(log))


def run(tap, work, servers, ca):
    conf = "".join(f"server 10.0.2.2 iburst nts port {s.port} ntsport "
                   f"{s.ke_port}\n" for s in servers)
    conf += f"ntstrustedcerts ca.pem\npps gpio {PIN} width {WIDTH_MS}ms\n"
    card, log = os.path.join(work, "card.img"), os.path.join(work, "qt.log")
    mkcard.make_card(card, {"chrony.conf": conf, "ca.pem": ca})
    qtest = os.path.join(work, "qtest")
    extra = ["-qtest", f"unix:{qtest},server=on,wait=off", "-qtest-log", log,
             "-S"]
    with Machine(card=card, extra=extra) as pi:
        until(lambda: os.path.exists(qtest))
        ok, _ = intercept(qtest)
        tap.check(ok, "qtest watches the GPIO")
        pi.qmp("cont")
        before = len(rises(log))
        tap.check(pi.wait("synchronised:") and before == 0,
                  "synchronised, and no pulse before", pi.text)
        first = pi.ask("date")
        begin = len(rises(log))
        count = wait_pulses(pi, log, begin + PULSES)
        tap.check(count >= begin + PULSES, f"{PULSES} pulses come", pi.text)
        last = pi.ask("date")
        end = len(rises(log))
        seconds = [re.search(r"(\d\d):(\d\d):(\d\d)", t) for t in
                   (first, last)]
        took = None
        if all(seconds):
            a, b = (int(m[1]) * 3600 + int(m[2]) * 60 + int(m[3])
                    for m in seconds)
            took = (b - a) % 86400
        tap.check(took is not None and abs(end - begin - took) <= 1,
                  "as many as the Pi's clock counted seconds",
                  f"{end - begin} pulses, {took} s\n{first}{last}")
    judge(tap, log)


def judge(tap, log):
    mine = [(t, what) for t, what, pin in edges(log) if pin == PIN]
    tap.check(mine and all(what == ("raise", "lower")[i % 2]
                           for i, (_, what) in enumerate(mine)),
              "each rise is followed by its fall", mine)
    pairs = list(zip(mine[0::2], mine[1::2]))
    width = statistics.median(fall[0] - rise[0] for rise, fall in pairs)
    starts = [rise[0] for rise, _ in pairs]
    period = statistics.median(b - a for a, b in zip(starts, starts[1:]))
    print(f"# median width {width * 1e3:.1f} ms, period {period:.4f} s "
          "(wall time of a loaded machine)")
    tap.check(0.5 < width / period * 1000 / WIDTH_MS < 2,
              "the width is the configured share of a second")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="gnomon-pps-") as work:
        certificates = pki.Pki(os.path.join(work, "pki"))
        certificates.certificate("good")
        with open(os.path.join(work, "pki/ca.crt")) as file:
            ca = file.read()
        with chronyd.Server(certificates) as one, \
                chronyd.Server(certificates) as two:
            run(tap, work, (one, two), ca)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
