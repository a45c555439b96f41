#!/usr/bin/env python3
"""The firmware as a process, under sanitizers, read by stock chronyc over IPv4
and IPv6 beside its console."""
import os
import re
import sys

from tests.common import testbed, watching
from tests.common.chronyc import chronyc, differences, said_of, shown
from tests.common.machine import Process
from tests.common.refusals import until
from tests.peers import child
from tests.peers.child import PEERS, Child, work_folder
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
        tap.check(until(lambda: not table(report)),
                  f"over IPv6: {report}", table(report))
    text = m.ask("clients")
    tap.check("\nfec0::" in text,
              "clients has the IPv6 network", text)
    text = chronyc("4.3", port, "-n", "accheck", "fec0::2", host="::1")
    tap.check("208 Access allowed" in text, "accheck of an IPv6 address", text)


BAD = {  # a line, and what the log says of it
    "cmdallow 10.0.2.0/33": "error: cmdallow: `10.0.2.0/33' is not a subnet; "
                            "line not used: its hosts get no report",
    "cmddeny pc.example": "error: cmddeny: `pc.example' is a name, and none is "
                          "looked up here; write its address; line not used",
    "cmdport 99999": "error: cmdport: `99999' is outside 0 .. 65535",
    "cmdratelimit kod 3": "error: cmdratelimit: unknown option `kod'; line not "
                          "used: commands are not limited",
    "ntsratelimit interval 13": "error: interval: `13' is outside -19 .. 12; "
                                "line not used: key exchanges are not limited",
    "opencommands sources makestep": "error: opencommands: `makestep' is not a "
                                     "report of chronyc's",
    "bindcmdaddress 0.0.0.0": "bindcmdaddress: ignored: there is one interface",
}


def bad_lines(tap):
    """A bad line of each word: file, line, reason and what it means; the rest
    applies."""
    port = child.free_port()
    with testbed.Testbed() as w:
        conf = "server 10.0.2.2 port 9\n" + "\n".join(BAD) + "\ncmdallow\n"
        m = Process(w.card("bad.img", conf))
        m.command += ["--udp", f"{port}:323"]
        with m:
            tap.check(m.wait("answering chronyc on port 323"), "it answers",
                      m.text)
            for n, (line, said) in enumerate(BAD.items(), 2):
                tap.check(f"chrony.conf:{n}: {said}" in m.text, line, m.text)
            tap.check(until(lambda: watching.ask_once(port)),
                      "the good line holds")


COLLECTD = os.path.join(PEERS, "collectd-core/usr")


def collectd(tap, m, port):
    """collectd's chrony plugin, which speaks chronyc's protocol by itself: what
    monitors read without chronyc."""
    program = COLLECTD + "/sbin/collectd"
    if not os.path.exists(program):
        tap.check(True, "collectd # SKIP it is not there")
        return
    folder = work_folder()
    conf = os.path.join(folder, "conf")
    with open(conf, "w") as out:
        out.write(f"""Interval 1
PluginDir "{COLLECTD}/lib/collectd"
TypesDB "{COLLECTD}/share/collectd/types.db"
BaseDir "{folder}"
PIDFile "{folder}/pid"
LoadPlugin csv
<Plugin csv>
  DataDir stdout
</Plugin>
LoadPlugin chrony
<Plugin chrony>
  Host "127.0.0.1"
  Port "{port}"
  Timeout 9
</Plugin>
""")
    # It sleeps until a moment of the kernel's clock, which tests/shifted does
    # not move.
    env = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
    c = Child([program, "-f", "-C", conf], os.path.join(folder, "log"),
              env=env)

    def values(what):
        return [float(v) for v in re.findall(
            rf"chrony/{what} .*:(-?[0-9.]+)\"?$", c.text(), re.M)]
    sources = len(testbed.sources(m))
    tap.check(until(lambda: m.pump(0.1) or len(values(
        r"clock_stratum\S*")) > sources and values(r"frequency_error\S*"), 60),
        "collectd reads the board", c.text())
    tap.check(set(values(r"clock_stratum\S*")) <= {1.0, 2.0},
              "... strata of the sources and of the board", c.text())
    c.stop()


def main():
    tap = Tap()
    bad_lines(tap)
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
            collectd(tap, m, port)
            watching.garbage(tap, m, port)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
