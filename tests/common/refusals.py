"""What the firmware must refuse, each with its reason on the console and the
clock untouched: shared by the Linux process (tests/host/test_refusals.py, all
of it) and the emulated Pi (test_refusals.py, a handful).

`boot(card)` makes the machine. Every source of a run is attacked, so that
nothing could set the clock but what must be refused."""
import re
import time

from tests.common import testbed
from tests.peers import badtls
from tests.tap import GUARD_S

# What the server presents or does in the key exchange: what is said of it.
CERTIFICATES = {
    "wrong-name": r"certificate is for another name \(wanted 10\.0\.2\.2\)",
    "unknown": r"certificate from unknown issuer",
    "expired": r"certificate expired: notAfter \S+ before floor",
    "client": r"certificate is not for server use",
}
HANDSHAKES = {
    "tls12": r"does not speak TLS 1\.3",
    "wrong-alpn": r"ALPN ntske/1 not agreed: the server chose another",
    "no-alpn": r"ALPN ntske/1 not agreed",
    "no-tls": r"server does not speak TLS",
    "close": r"server closed the connection in the TLS handshake",
    "error-1": r"server answered with an error \(1\)",
    "critical": r"critical record",
    "no-cookies": r"no usable cookie",
    "wrong-aead": r"supports none of our AEAD algorithms",
    "garbage": r"server closed in the middle of its answer",
}
# What becomes of a reply on its way (peers/middle.py): what is said of it.
REPLIES = {
    "tamper": "authentication failed",
    "tamper-tag": "authentication failed",
    "tamper-stratum": "authentication failed",
    "replay": "not an answer to our request",
    "truncate": "truncated or malformed",
    "truncate-field": "truncated or malformed",
    "short": "truncated or malformed",
    "strip": "not authenticated",
    "plain": "not authenticated",
    "other-uid": "another unique identifier",
    "other-origin": "not an answer to our request",
    "nak": "NTS NAK",
    "noise": "not a server's reply, or of another version",
}


def untouched(machine):
    """(the clock has not been set, what the console says of it)"""
    tracking = machine.ask("tracking")
    return (not re.search(r"clock (set|stepped) to|synchronised: ",
                          machine.text)
            and "Not synchronised" in tracking), tracking


def until(condition, limit=GUARD_S, pause=0.3):
    """What condition() says first that is true; else what it says last."""
    end = time.monotonic() + limit
    while True:
        found = condition()
        if found or time.monotonic() > end:
            return found
        time.sleep(pause)


def refuses_exchanges(tap, w, boot, name, servers, reason):
    """servers: two that misbehave the same way."""
    card = w.card(f"{name}.img", testbed.server_lines(servers, testbed.FAST)
                  + "ntstrustedcerts ca.pem\nnosystemcert\nntsdumpdir /\n")
    with boot(card) as m:
        lines = [m.wait(rf"^\[.*\] 10\.0\.2\.2\S*: (?!IP).*{reason}.*$")
                 for _ in servers]
        tap.check(all(lines), f"{name}: refused, and said why",
                  m.text + m.ask("authdata"))
        good, said = untouched(m)
        tap.check(good, f"{name}: the clock is untouched", m.text + said)
        rows = testbed.authdata(m)
        tap.check(rows and all(r["cook"] == "0" and r["keyid"] == "0"
                               for r in rows),
                  f"{name}: no keys, no cookies", rows)


def certificates(tap, w, boot, names=tuple(CERTIFICATES)):
    for name in names:
        servers = w.chronyd(2, cert=name)
        refuses_exchanges(tap, w, boot, name, servers, CERTIFICATES[name])
        for server in servers:
            server.stop()


class Bad:
    """A badtls.Server as testbed.server_lines wants one."""

    def __init__(self, w, mode):
        server = w.enter_context(badtls.Server(w.pki, mode))
        self.ke_port, self.port = server.port, 9


def handshakes(tap, w, boot, names=tuple(HANDSHAKES)):
    for name in names:
        servers = [Bad(w, name), Bad(w, name)]
        refuses_exchanges(tap, w, boot, name, servers, HANDSHAKES[name])


def replies(tap, w, boot, names=tuple(REPLIES)):
    """Two honest chronyd behind a man in the middle; then he goes away."""
    servers = w.chronyd(2, front=True)
    for name in names:
        for server in servers:
            server.proxy.first_reply = None
            server.proxy.once = ["drop"] if name == "replay" else []
            server.proxy.mode = name
            server.proxy.altered = 0
        card = w.card(f"{name}.img",
                      testbed.server_lines(servers, testbed.FAST) + "ntstrustedcerts ca.pem\nnosystemcert\n")
        with boot(card) as m:
            said = m.wait("reply refused: " + REPLIES[name])
            tap.check(said, f"{name}: refused, and said why", m.text)
            until(lambda: all(s.proxy.altered for s in servers))
            good, tracking = untouched(m)
            tap.check(good and all(s.proxy.altered for s in servers),
                      f"{name}: the clock is untouched", m.text + tracking)
            for server in servers:
                server.proxy.mode = "pass"
            tap.check(testbed.synchronise(m), f"{name}: time comes once the "
                      "attacker is gone", m.text)
    return servers
