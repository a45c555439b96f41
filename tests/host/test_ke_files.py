#!/usr/bin/env python3
"""Keys and certificates on the card (tests/peers/keyfiles.py): what chronyd
4.3 serves with is served, what it does not serve with leaves the pair out,
with the reason, the file and the line in the log; with none left the port is
closed and NTP goes on."""
import re
import socket
import ssl
import subprocess
import sys
import textwrap

from tests.common import testbed
from tests.common.machine import Process
from tests.common.refusals import until
from tests.peers import child, chronyd, keyfiles
from tests.tap import TOP, Tap

NTP = b"\x23" + bytes(39) + b"askedask"


def presented(port, name=None):
    """The DER certificate that is presented; "closed": nobody listens; "ended":
    the connection came to nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["ntske/1"])
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as tcp:
            with context.wrap_socket(tcp, server_hostname=name) as tls:
                return tls.getpeercert(True)
    except ConnectionRefusedError:
        return "closed"
    except OSError:
        return "ended"


def answers_ntp(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        s.connect(("127.0.0.1", port))
        try:
            s.send(NTP)
            return len(s.recv(99)) == 48
        except OSError:
            return False


def boot(w, conf, files):
    """A firmware that serves, its ports here."""
    ntp, ke = child.free_port(), child.free_port()
    card = w.card(files={"chrony.conf": conf, **{
        name: data for name, data in files.items() if data is not None}})
    m = Process(card, udp=[(ntp, 123)], tcp=[(ke, 4460)])
    m.ntp, m.ke = ntp, ke
    return m


CONF = ("allow\nlocal stratum 3\nntsserverkey key\n"
        "ntsservercert certificate\n")


class Oracle(chronyd.Server):
    """chronyd with these files, whatever they are."""

    def __init__(self, w, key, cert):
        super().__init__(w.pki)
        self.key, self.chain = w.path("oracle.key"), w.path("oracle.crt")
        for path, data in ((self.key, key), (self.chain, cert)):
            with open(path, "wb") as out:
                out.write(data)


def one_by_one(tap, w):
    for name, (key, cert, chrony, ours) in keyfiles.files(w.pki).items():
        if chrony is not None and key is not None and cert is not None:
            with Oracle(w, key, cert) as other:
                theirs = presented(other.ke_port)
                tap.check(isinstance(theirs, bytes) == chrony,
                          f"{name}: chronyd {'serves' if chrony else 'refuses'}",
                          other.text())
        with boot(w, CONF, {"key": key, "certificate": cert}) as m:
            m.wait("IPv4 address")
            got = until(lambda: answers_ntp(m.ntp)) and presented(m.ke)
            if keyfiles.served(ours):
                tap.check(isinstance(got, bytes)
                          and "with 1 of 1 certificate" in m.text,
                          f"{name}: served", f"{got}\n{m.text}")
            else:
                # slirp accepts for us; what it meets then is a reset.
                tap.check(got == "ended" and "NTS is not served: none of its "
                          "keys and certificates can be used" in m.text,
                          f"{name}: the port stays closed", f"{got}\n{m.text}")
            said = [line for line in m.text.splitlines()
                    if "chrony.conf:3: NTS: " in line]
            tap.check(not said if ours is None else len(said) == 1
                      and re.search(ours, said[0]),
                      f"{name}: {'nothing is said' if ours is None else ours}",
                      m.text)


def several(tap, w):
    """Pairs side by side: the client's server name chooses, without one the
    first is taken; what is wrong with one is said of that one."""
    ca = w.pki.cert("ca")
    one = w.pki.issue("one", ca, san="DNS:one.test,DNS:both.test")
    two = w.pki.issue("two", ca, kind="rsa2048",
                      san="DNS:two.test,DNS:*.wild.test,DNS:both.test")
    files, conf = {}, "allow\nlocal stratum 3\n"
    for n, cert in enumerate((None, one, two)):
        conf += f"ntsserverkey k{n}\n"
        conf += f"ntsservercert c{n}\n"
        files[f"k{n}"] = testbed.read(cert.key) if cert else b"nothing"
        files[f"c{n}"] = testbed.read(cert.full if cert else one.full)
    der = {c.name: ssl.PEM_cert_to_DER_cert(testbed.read(c.crt).decode())
           for c in (one, two)}
    with boot(w, conf + "ntsserverkey k1\n", files) as m:
        m.wait("IPv4 address")
        tap.check("with 2 of 4 certificates" in m.text
                  and "chrony.conf:3: NTS: this pair is not used: k0: holds "
                  "no private key" in m.text
                  and re.search(r"chrony.conf:9: error: ntsserverkey: no "
                                "ntsservercert line belongs to it", m.text),
                  "of four pairs two can be used: the others are named",
                  m.text)
        for name, wanted in (("one.test", "one"), ("ONE.test", "one"),
                             ("two.test", "two"), ("a.wild.test", "two"),
                             ("both.test", "one"), ("neither.test", "one"),
                             (None, "one"), ("192.0.2.1", "one")):
            got = until(lambda: presented(m.ke, name) == der[wanted])
            tap.check(got, f"asked for {name}: {wanted}", m.text)


def too_many(tap, w):
    conf, files = "allow\nlocal stratum 3\n", {}
    for n in range(9):
        cert = w.pki.issue(f"n{n}", w.pki.cert("ca"), kind="rsa4096"
                           if n % 2 else "P-256", san=f"DNS:n{n}.test")
        conf += f"ntsserverkey k{n}\nntsservercert c{n}\n"
        files[f"k{n}"] = testbed.read(cert.key)
        files[f"c{n}"] = testbed.read(cert.full)
    with boot(w, conf, files) as m:
        m.wait("IPv4 address")
        tap.check("with 8 of 8 certificates" in m.text
                  and m.text.count("there is room for 8 pairs") == 2,
                  "of nine pairs eight are used, four of them RSA-4096",
                  m.text)
        for n in range(8):
            der = ssl.PEM_cert_to_DER_cert(files[f"c{n}"].decode())
            tap.check(until(lambda: presented(m.ke, f"n{n}.test") == der),
                      f"number {n + 1} is served", m.text)


def as_the_readme_says(tap, w):
    """Its openssl commands, word for word, and its lines of chrony.conf."""
    with open(f"{TOP}/README.md") as file:
        text = file.read()
    section = text[text.index("## Serving time"):]
    conf, commands = [
        textwrap.dedent(found) for found in re.findall(
            r"(?:^    .*\n)+", section, re.M)[:2]]
    done = subprocess.run(["bash", "-ec", commands], cwd=w.folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    tap.check(done.returncode == 0, "README's openssl commands", done.stdout)
    files = {name: testbed.read(w.path(name))
             for name in ("time.key", "time.pem")}
    conf = conf.replace("192.168.1.0/24", "") + "local\n"
    with boot(w, conf, files) as m:
        m.wait("IPv4 address")
        context = ssl.create_default_context(cafile=w.path("ca.pem"))
        context.set_alpn_protocols(["ntske/1"])
        def trusted():
            with socket.create_connection(("127.0.0.1", m.ke), 10) as tcp:
                with context.wrap_socket(
                        tcp, server_hostname="time.example.net") as tls:
                    return tls.version() == "TLSv1.3"
        tap.check("error:" not in m.text and trusted(),
                  "... make a server that OpenSSL trusts by that CA", m.text)


def main(only):
    tap = Tap()
    with testbed.Testbed() as w:
        for scenario in (one_by_one, several, too_many,
                         as_the_readme_says):
            if not only or scenario.__name__ in only:
                scenario(tap, w)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
