"""What a machine shows chronyc over the network, beside its console: for
host/test_watched.py and qemu/test_watched.py."""
import random
import re

from tests.common import testbed
from tests.common.chronyc import (VERSIONS, ask, chronyc, connect, differences,
                                  said_of, shown)
from tests.common.refusals import until

REPORTS = ("sources", "sourcestats", "selectdata", "authdata", "tracking",
           "serverstats", "activity", "ntpdata", "clients", "clients -k")
LINES = ("allow\ncmdallow\nopencommands accheck activity authdata clients "
         "cmdaccheck manual ntpdata rtcdata selectdata serverstats smoothing "
         "sourcename sources sourcestats tracking\n")
TRIES = 40  # a reply may come between two questions


def one_report(m, version, port, report, option):
    """Lines of it that differ from the console's of just before and after."""
    wrong = []
    for _ in range(TRIES):
        before = shown(m.ask(report), report, version)
        said = said_of(report, chronyc(version, port, option, *report.split()))
        after = shown(m.ask(report), report, version)
        names = {}
        if option == "-n":
            names = {row[1]: testbed.HOST for row in testbed.sources(m)}
        wrong = differences(before, said, after, names)
        if not wrong:
            break
    return wrong


def tables(tap, m, port, versions=VERSIONS, options=("-N", "-n")):
    # chronyc leaves out who has no address yet: before its key exchange.
    until(lambda: "\n0 sources with unknown address" in m.ask("activity"))
    for version in versions:
        for option in options:
            for report in REPORTS:
                wrong = one_report(m, version, port, report, option)
                tap.check(not wrong, f"chronyc {version} {option} {report}: as "
                          "on the console", "\n".join(wrong))


def refusals(tap, m, port):
    """Nothing that chronyc says changes anything."""
    before = len(testbed.sources(m))
    for version in VERSIONS:
        for words in ("makestep", "shutdown", "add server 192.0.2.9",
                      "delete 10.0.2.2", "offline"):
            text = chronyc(version, port, "-n", *words.split())
            tap.check("501 Not authorised" in text,
                      f"chronyc {version} {words}: 501", text)
        for words, status in (("rtcdata", "513"), ("smoothing", "505"),
                              ("manual list", "210 n_samples = 0"),
                              ("accheck 10.0.2.2", "208"),
                              ("cmdaccheck 10.0.2.2", "208")):
            text = chronyc(version, port, "-n", *words.split())
            tap.check(text.startswith(status), f"{version} {words}: {status}",
                      text)
        hits = [int(chronyc(version, port, "-n", "-c", "clients", *more)
                    .split(",")[5]) for more in ((), ("-r",), ())]
        tap.check(hits == sorted(hits) and hits[0] > 0,
                  f"{version} clients -r resets nothing", hits)
    tap.check(len(testbed.sources(m)) == before
              and m.text.count("last reset") == 1,
              "the sources are the same, and there was no reset", m.text)


def formats(tap, port, host="127.0.0.1"):
    """What 3.x, 4.0, 4.2 and 4.4 send for serverstats, and 4.0 for ntpdata."""
    with connect(port, 10, host) as link:
        for length, code in ((48, 14), (60, 22), (72, 24), (196, 25)):
            said = until(lambda: ask(link, 54, length))
            tap.check(said == (length, code, 0),
                      f"serverstats in {length} bytes: format {code}", said)
        told = ask(link, 57, 152, data=bytes([10, 0, 2, 2]) + bytes(12)
                   + bytes([0, 1, 0, 0]))
        tap.check(told == (152, 16, 0), "ntpdata in 152 bytes: format 16",
                  told)


def counts(m):
    text = m.ask("serverstats")
    received, dropped = (int(re.search(
        rf"^Command packets {what}\s*: (\d+)", text, re.M).group(1))
        for what in ("received", "dropped"))
    reasons = re.search(r"^Command dropped: (.*)$", text, re.M)
    return received, dropped, sum(map(int, re.findall(
        r"\d+", reasons.group(1)))) if reasons else 0


def garbage(tap, m, port, packets=3000):
    """A flood of anything: answered or dropped and counted, no log line."""
    chance = random.Random(1)
    answered = 0
    m.pump(0)
    lines = m.text.count("\n[")
    with connect(port, 0.001) as link:
        for n in range(packets):
            head = bytes([6, 1, 0, 0, 0, chance.randrange(80)]) if n % 2 else (
                b"")
            link.send(head + chance.randbytes(chance.randrange(900)))
            if n % 20 == 0:
                m.pump(0)
    back = until(lambda: ask_once(port))
    tap.check(back, "after the flood chronyc is answered", back)
    received, dropped, reasons = counts(m)
    tap.check(received > packets // 10 and dropped == reasons and dropped > 0,
              "received = answered + each kind of drop",
              (received, dropped, reasons, answered))
    tap.check(m.text.count("\n[") - lines <= 3, "no log line for a packet",
              m.text[-2000:])


def ask_once(port):
    with connect(port, 2) as link:
        return ask(link, 33, 104)
