#!/usr/bin/env python3
"""The firmware as a process, under sanitizers, read by stock chronyc over IPv4
and IPv6 beside its console."""
import sys

from tests.common import testbed, watching
from tests.common.chronyc import chronyc, differences, said_of, shown
from tests.common.machine import Process
from tests.common.refusals import until
from tests.peers import child
from tests.tap import Tap


def over_ip6(tap, m, port):
    """The same reports; who asks is told apart by its network."""
    def table(report):
        before = shown(m.ask(report), report, "4.6.1")
        said = said_of(report, chronyc("4.6.1", port, "-N", *report.split(),
                                       host="::1"))
        return differences(before, said,
                           shown(m.ask(report), report, "4.6.1"))
    for report in ("sources", "tracking", "authdata", "serverstats"):
        tap.check(until(lambda: not table(report), 20),
                  f"over IPv6: {report}", table(report))
    text = m.ask("clients")
    tap.check(" fec0::" in " " + text or "\nfec0::" in text,
              "clients has the IPv6 network", text)
    text = chronyc("4.3", port, "-n", "accheck", "fec0::2", host="::1")
    tap.check("208 Access allowed" in text, "accheck of an IPv6 address", text)


def main():
    tap = Tap()
    port, port6 = child.free_port(), child.free_port()
    with testbed.Testbed() as w:
        w.chronyd(3)
        card = w.card(conf=w.conf("iburst minpoll 2 maxpoll 2",
                                  more=watching.LINES))
        m = Process(card)
        m.command += ["--udp", f"{port}:323", "--udp6", f"{port6}:323"]
        with m:
            tap.check(m.wait("answering chronyc on port 323"), "it is said",
                      m.text)
            tap.check(testbed.synchronise(m), "synchronised", m.text)
            watching.formats(tap, port)
            watching.tables(tap, m, port, ("4.6.1",), ("-N",))
            over_ip6(tap, m, port6)
            watching.garbage(tap, m, port)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
