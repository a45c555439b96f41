#!/usr/bin/env python3
"""A firmware that restarts, or that lies are told to, asks a key exchange
server no more often than RFC 8915 section 4.2 allows (the firmware as a Linux
process); and it keeps its keys until there are others (section 5.7)."""
import sys
import threading
import time

from tests.common import testbed
from tests.common.machine import Process
from tests.tap import Tap
from tests.common.refusals import until

TAIL = "ntstrustedcerts ca.pem\nnosystemcert\nntsdumpdir /\n"
FIRST_S = 10  # RFC 8915 section 4.2


class Refuser:
    """Takes a server's connections, closes them, counts them."""

    def __init__(self, gate):
        self.gate, self.count, self.lock = gate, 0, threading.Lock()
        self.real = gate.serve
        gate.serve = self.serve

    def serve(self, client):
        with self.lock:
            self.count += 1
        client.close()

    def leave(self):
        self.gate.serve = self.real


def restarts(tap, w, server):
    refuser = Refuser(server.gate)
    card = w.card("again.img", testbed.server_lines([server], testbed.FAST)
                  + TAIL)
    booted = []
    for boot in range(10):
        begin = time.monotonic()
        with Process(card) as m:
            # How it ends depends on who is first: FIN, or RST for our bytes.
            text = (r"exchanges had failed" if boot else
                    r"10\.0\.2\.2\S*: .*(closed|connection reset)")
            tap.check(m.wait(text), f"boot {boot + 1}: said", m.text)
            if boot == 0:
                tap.check(refuser.count == 1, "the first boot does not wait",
                          refuser.count)
        booted.append(time.monotonic() - begin)
    # Only boots as long as the wait may have tried again, and once each.
    allowed = 1 + sum(t >= FIRST_S for t in booted[1:])
    tap.check(1 <= refuser.count <= allowed and allowed < 10,
              f"ten boots, {refuser.count} connection(s)", booted)
    before = refuser.count
    with Process(card) as m:
        tap.check(until(lambda: refuser.count > before),
                  "a boot that lasts tries again", m.text)
        up = testbed.seconds(m.ask("board"), "Up")
        tap.check(up >= FIRST_S, "... after the wait, from boot", up)
    refuser.leave()
    with Process(card) as m:
        tap.check(testbed.synchronise(m), "... and finds the server back",
                  m.text)
        tap.check(until(lambda: testbed.keys_are_good(testbed.authdata(m), 1)), "... with keys and cookies", m.ask("authdata"))
    asked = server.gate.count
    fresh = w.card("good.img", testbed.server_lines([server], testbed.FAST)
                   + TAIL.replace("ntsdumpdir /", "nodump"))
    for _ in range(2):
        with Process(fresh) as m:
            tap.check(testbed.synchronise(m), "a good exchange: synchronised",
                      m.text)
            tap.check("had failed" not in m.text, "... without a wait",
                      m.text)
            time.sleep(1)  # the card has what it was told
    tap.check(server.gate.count == asked + 2,
              "... one exchange at each of two boots",
              server.gate.count - asked)


def forged_naks(tap, w, server):
    """Someone answers four requests with NAKs, and the KE port is closed."""
    card = w.card("naks.img", testbed.server_lines([server], testbed.FAST)
                  + TAIL)
    with Process(card) as m:
        testbed.synchronise(m)
        tap.check(until(lambda: testbed.keys_are_good(testbed.authdata(m), 1)), "NAKs: a source with 8 cookies", m.text)
        keys = testbed.authdata(m)[0]["keyid"]
        server.gate.close()
        server.proxy.once = ["nak"] * 4
        tap.check(m.wait(r"10\.0\.2\.2\S*: connection refused"),
                  "... a run of them: an exchange is tried", m.text)
        tap.check(until(lambda: not server.proxy.once),
                  "... requests go on meanwhile", m.ask("authdata"))
        tap.check(until(lambda: testbed.keys_are_good(testbed.authdata(m), 1)), "... with the old keys, which work",
                  m.text + m.ask("authdata"))
        tap.check(testbed.authdata(m)[0]["keyid"] == keys
                  and until(lambda: testbed.sources(m)[0][0] == "*"),
                  "... and time does not stop", m.ask("sources"))
        tries = int(testbed.authdata(m)[0]["atmp"])
        time.sleep(1.5 * FIRST_S)
        tap.check(int(testbed.authdata(m)[0]["atmp"]) == tries,
                  "... a valid reply ends the want for new ones",
                  m.ask("authdata"))
    server.gate.open()


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        server = w.chronyd(1, front=True)[0]
        restarts(tap, w, server)
        forged_naks(tap, w, server)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
