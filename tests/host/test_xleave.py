#!/usr/bin/env python3
"""`xleave` and `maxdelay` before real servers, with the whole firmware as a
process: chronyd 4.3 and 4.6.1 answer interleaved, NTS and plain; what leaves
says nothing of us; basic and interleaved samples agree; a server that holds
no state, a lost reply, replies one behind and a restart."""
import re
import struct
import sys

from tests.common import testbed
from tests.common.machine import Process
from tests.tap import Tap
from tests.peers import middle
from tests.common.refusals import until

FAST = "iburst minpoll -2 maxpoll -1"
# All clocks here are this machine's. A stamp of the wrong exchange would be
# off by a poll, 1 s, or half of it.
NEAR_S = 0.1
seen = {}  # port: [(request, reply)]


def watch(proxy, request, reply):
    seen.setdefault(proxy.target[1], []).append((request, reply))
    return [reply]


def one_behind(proxy, request, reply):
    """The answer to the request before."""
    pairs = seen.setdefault(proxy.target[1], [])
    pairs.append((request, reply))
    return [pairs[-2][1]]


middle.REPLY["watch"] = watch
middle.REPLY["one-behind"] = one_behind


def stamps(packet):
    """origin, receive, transmit"""
    return struct.unpack(">QQQ", packet[24:48])


def data(machine, i):
    return machine.ask(f"ntpdata {i}")


def good_samples(machine, i):
    return int(testbed.field(data(machine, i), "Total good RX") or 0)


def interleaved(machine, i, tests="111 111 1111"):
    text = data(machine, i)
    return (testbed.field(text, "Interleaved") == "Yes"
            and testbed.field(text, "NTP tests") == tests) and text


def figure(text, name):
    return float(re.search(rf"^{name}\s*: ([+-]?[\d.]+) seconds", text,
                           re.M).group(1))


def requests_are_right(pairs):
    """Each names the reply before it, or nothing; all else is random or 0.
    Returns what is wrong, and how many were answered interleaved."""
    used, answered = set(), 0
    for (_, before), (request, reply) in zip(pairs, pairs[1:]):
        origin, receive, transmit = stamps(request)
        if request[0] != 0x23 or any(request[1:24]):
            return "it says something of us", 0
        if (origin == 0) != (receive == 0):
            return "half interleaved", 0
        if origin not in (0, stamps(before)[1]):
            return "another origin", 0
        if {receive, transmit} & used or receive == transmit:
            return "a stamp twice", 0
        used |= {receive, transmit} - {0}
        answered += receive != 0 and stamps(reply)[0] == receive
    return "", answered


def with_servers(tap, w, servers, plain):
    lines = testbed.server_lines(servers, FAST + " xleave") + (
        f"server {testbed.HOST} port {plain.port} {FAST} xleave\n"
        f"server {testbed.HOST} port {w.basic.port} {FAST}\n")
    for server in servers:
        server.proxy.mode = "watch"
    names = ["chronyd 4.3", "chronyd 4.6.1", "plain NTP"]
    conf = lines + "ntstrustedcerts ca.pem\nnosystemcert\n"
    with Process(w.card("all.img", conf)) as m:
        tap.check(testbed.synchronise(m), "synchronised", m.text)
        for i, name in enumerate(names, 1):
            text = until(lambda: interleaved(m, i)
                         and good_samples(m, i) > 6 and data(m, i))
            tap.check(text, f"{name}: interleaved, all tests passed",
                      data(m, i))
        text = until(lambda: good_samples(m, 4) > 4 and data(m, 4))
        tap.check(text and testbed.field(text, "Interleaved") == "No",
                  "without xleave: basic", text)
        # A busy machine's samples are late, now and then; those of a wrong
        # exchange are, each time.
        tap.check(until(lambda: all(
            abs(figure(t, "Offset")) < NEAR_S
            and 0 < figure(t, "Peer delay") < NEAR_S
            for t in (data(m, i) for i in (1, 2, 3, 4)))),
            "offsets and delays of both modes agree", m.ask("ntpdata"))
        tap.check("reply refused" not in m.text, "nothing was refused", m.text)
        for server, name in zip(servers, names):
            wrong, answered = requests_are_right(seen[server.port])
            served = server.serverstats()["Interleaved NTP packets"]
            tap.check(not wrong and answered > 3,
                      f"{name}: {answered} interleaved replies, each request "
                      "names the one before and says nothing else", wrong)
            tap.check(served >= answered, f"{name}: its serverstats agree",
                      served)
        trouble(tap, m, servers[0])


def trouble(tap, m, server):
    """A lost reply, replies one behind, a restart: good samples go on, and
    interleaved ones again."""
    def recovers(what):
        before = good_samples(m, 1)
        tap.check(until(lambda: interleaved(m, 1)
                        and good_samples(m, 1) > before + 3),
                  f"{what}: interleaved again", data(m, 1))

    count = len(seen[server.port])
    server.proxy.once = ["drop"]
    tap.check(until(lambda: len(seen[server.port]) > count + 2),
              "a reply is lost")
    after = [stamps(q) for q, _ in seen[server.port][count:]]
    tap.check((0, 0) in [s[:2] for s in after],
              "... the next request is basic", after)
    recovers("... after it")

    before = int(testbed.field(data(m, 1), "Total valid RX"))
    altered = server.proxy.altered
    server.proxy.mode = "one-behind"
    tap.check(until(lambda: server.proxy.altered > altered + 4)
              and m.wait("reply refused: not an answer to our request"),
              "replies one behind are refused", m.text)
    tap.check(int(testbed.field(data(m, 1), "Total valid RX")) <= before + 1,
              "... all of them", data(m, 1))
    server.proxy.mode = "watch"
    recovers("... after them")
    server.restart()
    recovers("the server restarts")
    tap.check(until(lambda: abs(figure(data(m, 1), "Offset")) < NEAR_S)
              and not re.search(r"clock stepped", m.text),
              "the clock has not been moved by any of it", m.text)


def no_state(tap, w):
    """noclientlog: chronyd answers, but basic only."""
    server, = w.chronyd(1, extra=["noclientlog"])
    conf = testbed.server_lines([server], FAST + " xleave") + \
        "ntstrustedcerts ca.pem\nnosystemcert\n"
    with Process(w.card("basic.img", conf)) as m:
        text = until(lambda: good_samples(m, 1) > 6 and data(m, 1))
        tap.check(text and testbed.field(text, "Interleaved") == "No"
                  and testbed.field(text, "Total valid RX")
                  == testbed.field(text, "Total good RX"),
                  "a server without the mode: basic, every reply is used",
                  text or m.text)


def maxdelay(tap, w):
    server, = w.chronyd(1, front=True)
    server.proxy.delay_s = 0.3
    conf = (testbed.server_lines([server], FAST + " maxdelay 0.2 prefer")
            + f"server {testbed.HOST} port {w.basic.port} {FAST}\n"
            + "ntstrustedcerts ca.pem\nnosystemcert\n")
    with Process(w.card("slow.img", conf)) as m:
        text = until(lambda: int(testbed.field(data(m, 1), "Total valid RX")
                                 or 0) > 4 and data(m, 1))
        tap.check(text and testbed.field(text, "NTP tests") == "111 111 0111"
                  and testbed.field(text, "Total good RX") == "0",
                  "a round trip above maxdelay fails test A", text or m.text)
        reach = testbed.sources(m)[0][4]
        tap.check(reach & 0o17 == 0o17 and "Not synchronised" in
                  m.ask("tracking"), "... reached, and not used",
                  m.ask("sources"))
        server.proxy.delay_s = 0
        tap.check(testbed.synchronise(m), "below it: synchronised", m.text)
        good = good_samples(m, 1)
        server.proxy.delay_s = 0.3
        altered = "111 111 0111"
        tap.check(until(lambda: testbed.field(data(m, 1), "NTP tests")
                        == altered) and good_samples(m, 1) <= good + 1,
                  "above it again: test A fails again", data(m, 1))
        other = good_samples(m, 2)
        until(lambda: good_samples(m, 2) > other + 1)
        tracking = m.ask("tracking")
        tap.check(figure(tracking, "Root delay") < 0.2,
                  "... and its delay is not counted as ours", tracking)


def ratios(tap, w):
    server, = w.chronyd(1, front=True)
    options = FAST + " maxdelayratio 5 maxdelaydevratio 10"
    conf = testbed.server_lines([server], options) + \
        "ntstrustedcerts ca.pem\nnosystemcert\n"
    with Process(w.card("ratio.img", conf)) as m:
        tap.check(until(lambda: good_samples(m, 1) > 8),
                  "ratios: usual delays pass", data(m, 1) + m.text)
        server.proxy.delay_s = 0.3
        tap.check(until(lambda: testbed.field(data(m, 1), "NTP tests")
                        == "111 111 1001"),
                  "... a long one fails tests B and C", data(m, 1))
        good = good_samples(m, 1)
        server.proxy.delay_s = 0
        tap.check(until(lambda: good_samples(m, 1) > good + 2),
                  "... later ones are used again", data(m, 1))


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        servers = w.chronyd(1, front=True) + w.chronyd(1, front=True,
                                                       version="4.6.1")
        plain, w.basic = w.chronyd(2)
        with_servers(tap, w, servers, plain)
        no_state(tap, w)
        maxdelay(tap, w)
        ratios(tap, w)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
