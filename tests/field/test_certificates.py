#!/usr/bin/env python3
"""What servers and strangers present as certificates: hostile chains cost a
bounded number of signatures and a bounded part of one pass of the loop;
others are judged as GnuTLS and OpenSSL judge them, or it is said why not.
Runs the firmware's TLS (build/host/tests/host/test_tls)."""
import os
import shutil
import sys
import tempfile
import traceback

from tests.tap import TOP, Tap
from tests.field.chains import (
    ANY, CLIENT, SERVER, Cert, Gnutls, Maker, address, ask_openssl, basic,
    constraints, dns, eku, extension, key_usage, name, policies, rsa_spki)
from tests.host.test_tls import Cases, run
from tests.host.tls_servers import Tls
from tests.peers.when import DAY

HOST = "nts1.test"


class Files:
    """What tls_servers.Tls wants of a certificate."""

    def __init__(self, full, key):
        self.full, self.key = full, key


class Bench:
    def __init__(self, tap, work):
        self.tap, self.make = tap, Maker(work)
        self.keylog = os.path.join(work, "keylog")
        open(self.keylog, "w").close()
        self.cases = Cases(os.path.join(work, "cases"))
        self.root = self.make.ca("root")
        self.cases.trust(self.make.pem(self.root), 1)
        self.gnutls, self.rows, self.sni, self.sets = Gnutls(), [], {}, 10

    def serve(self, chain):
        server = Tls(Files(self.make.pem(*chain), chain[0].key), weak=True,
                     keylog=self.keylog)
        seen = self.sni[server.port] = []
        server.ctx.sni_callback = lambda s, name, c: seen.append(name)
        return server

    def ask(self, label, want, chain, host=HOST, root=None, alike=True):
        """want: "ok" or words of the reason. alike: GnuTLS and OpenSSL come
        to the same end; else why not, in words."""
        server = self.serve(chain)
        certset = 0
        if root:
            certset = self.sets = self.sets + 1
            self.cases.trust(self.make.pem(root), 1, certset)
        self.cases.ask(label, want, server, name=host, certset=certset,
                       synchronised=True, floor=0)
        if alike is None:
            return server
        anchor = root or self.root
        others = [self.gnutls.ask(anchor, chain, host),
                  ask_openssl(self.make, anchor, chain, host)]
        self.rows.append((label, want, *others, alike))
        if alike is True:
            agree = [(o is True) == (want == "ok") for o in others]
            self.tap.check(all(agree), f"{label}: GnuTLS and OpenSSL judge "
                           "so too", f"GnuTLS {others[0]}, OpenSSL "
                           f"{others[1]}, wanted {want}")
        return server

    def table(self):
        print("# what | we | GnuTLS | OpenSSL | why we differ")
        for label, want, gnutls, other, alike in self.rows:
            words = ["accepts" if o is True else f"refuses ({o})"
                     for o in (gnutls, other)]
            print(f"# {label} | {'accepts' if want == 'ok' else 'refuses'} | "
                  f"{words[0]} | {words[1]} | {'' if alike is True else alike}")


def hostile(b):
    """Nobody who signs these chains owns a key that anybody trusts."""
    make = b.make
    ec = make.ca("stranger")

    def unowned(common_name, bits, exponent):
        """A chain below a key that nobody owns."""
        by = Cert(b"", name(common_name), None, "rsa")
        junk = bytes([1]) * (bits // 8)
        return [make.leaf(by, signature=junk), make.ca(
            common_name, by, spki=rsa_spki(bits, exponent), signature=junk)]

    b.ask("RSA-8192 with an exponent of 8191 bits", "RSA-8192",
          unowned("absurd", 8192, (1 << 8191) - 1), alike=None)
    b.ask("RSA-16384", "RSA-16384", unowned("giant", 16384, 65537),
          alike=None)
    b.ask("RSA-4096 with an exponent of 4095 bits", "exponent of 4095 bits",
          unowned("slow", 4096, (1 << 4095) - 1), alike=None)
    b.ask("RSA-4096 with an exponent of 33 bits", "unknown issuer",
          unowned("fast", 4096, (1 << 33) - 1), alike=None)
    twin = [make.ca("twin", ec, kind="P-384", label="twin",
                    issuer_name=name("twin"), valid=(-30 * DAY, -DAY))
            for _ in range(44)]
    b.ask("44 expired P-384 certificates of one name", "more than",
          [make.leaf(None, issuer_name=name("twin"), kind="P-384"), *twin],
          alike=None)
    b.ask("five expired P-384 certificates of one name", "unknown issuer",
          [make.leaf(None, issuer_name=name("twin"), kind="P-384"),
           *twin[:5]], alike=None)
    b.ask("a server's key of 5120 bits", "RSA-5120",
          [make.leaf(b.root, kind="rsa5120")],
          alike="a limit on what one signature may cost")
    chain = [b.root]
    for i in range(6):
        chain.insert(0, make.ca(f"deep-{i}", chain[0]))
    b.ask("leaf and five intermediates", "ok",
          [make.leaf(chain[1]), *chain[1:6]])
    b.ask("leaf and six intermediates", "more than 6 certificates",
          [make.leaf(chain[0]), *chain[:6]],
          alike="a limit on what a chain may cost")
    one = make.ca("one", b.root)
    leaf = make.leaf(one)
    b.ask("the same certificate again and again", "ok",
          [leaf, one, one, one, leaf, one])
    giant = make.ca("one", b.root, [extension(
        "1.2.3.4", bytes(11000))], label="one")
    b.ask("an extension of 11,000 bytes", "ok", [leaf, giant])
    b.ask("a certificate message of 64 KB", "too long",
          [leaf] + [make.ca("one", b.root, [extension(
              "1.2.3.4", bytes(13000))], label="one")] * 5, alike=None)
    b.ask("100 names", "ok", [make.leaf(one, [dns(
        f"n{i}.test") for i in range(99)] + [dns(HOST)]), one])
    b.ask("1000 names", "names, more than", [make.leaf(one, [dns(
        f"n{i}") for i in range(999)] + [dns(HOST)]), one],
        alike="a limit on the memory of a session")
    allowed = [dns("test")] + [dns(f"{i:03}") for i in range(990)]
    narrow = make.ca("narrow", b.root, [constraints(allowed)])
    for names, want, alike in (
            (70, "ok", True), (200, "too many names and name constraints",
                               "a limit on what one pass may cost")):
        b.ask(f"{names} names held against 991 constraints", want, [
            make.leaf(narrow, [dns(HOST)] + [
                dns(f"{i}.test") for i in range(names - 1)]), narrow],
            alike=alike)
    b.ask("a serial number of 500 bytes", "ok", [make.leaf(
        one, serial=1 << 3999), one], alike=None)
    b.ask("an exponent of 3", "ok", [make.leaf(make.ca(
        "three", b.root, kind="rsa2048", exponent=3)), make.ca(
            "three", b.root, kind="rsa2048", exponent=3)])


def order(b):
    make = b.make
    a1 = make.ca("A1", b.root)
    a2 = make.ca("A2", a1)
    a3 = make.ca("A3", a2)
    leaf = make.leaf(a3)
    b.ask("chain in order", "ok", [leaf, a3, a2, a1])
    b.ask("chain out of order", "ok", [leaf, a1, a3, a2])
    b.ask("chain backwards", "ok", [leaf, a1, a2, a3])
    b.ask("chain with its root", "ok", [leaf, a3, a2, a1, b.root])
    b.ask("chain with a gap", "unknown issuer \"A2\"", [leaf, a3, a1])
    for kind in ("P-521", "ed25519"):
        needless = make.ca("needless", kind=kind, label=kind)
        b.ask(f"a needless {kind} certificate at the end", "ok",
              [leaf, a3, a2, a1, needless])
        b.ask(f"a needless {kind} certificate in the middle", "ok",
              [leaf, needless, a3, a2, a1])
        needed = make.ca("needed", b.root, kind=kind, label=kind)
        b.ask(f"a needed {kind} certificate",
              "P-521" if kind == "P-521" else "Ed25519",
              [make.leaf(needed), needed],
              alike="we have no arithmetic for its key")
    old = make.ca("rolled", label="rolled-old")
    new = make.ca("rolled", b.root, label="rolled-new")
    b.ask("two issuers of one name, the right one second", "ok",
          [make.leaf(new), old, new],
          alike="GnuTLS takes the first of a name: we try both")
    cross = make.ca("A1", make.ca("elsewhere"), label="A1")
    b.ask("an issuer signed by two, one of them unknown", "ok",
          [make.leaf(a1), cross, a1],
          alike="GnuTLS takes the first of a name: we try both")


def usage(b):
    make = b.make

    def below(label, want, *more, names=(dns(HOST),), host=HOST, alike=True,
              **how):
        inter = make.ca("inter", b.root, more, **how)
        b.ask(label, want, [make.leaf(inter, names), inter], host,
              alike=alike)

    below("an intermediate for clients only", "not for server use",
          eku(CLIENT))
    below("an intermediate for servers", "ok", eku(SERVER, CLIENT))
    below("an intermediate for anything", "not for server use", eku(ANY))
    root = make.ca("for clients", None, [eku(CLIENT)])
    b.ask("a CA for clients only", "ok", [make.leaf(root)], root=root,
          alike="as GnuTLS: whom the owner trusts is not judged by usage")
    b.ask("a server for clients only", "not for server use",
          [make.leaf(b.root, usage=(CLIENT,))])
    b.ask("a server for anything", "ok", [make.leaf(b.root, usage=(ANY,))],
          alike="OpenSSL does not read anyExtendedKeyUsage; RFC 5280 and "
                "GnuTLS do")
    zero = make.ca("zero", b.root, pathlen=0)
    under = make.ca("under", zero)
    b.ask("pathLenConstraint 0, and a server below", "ok",
          [make.leaf(zero), zero])
    b.ask("pathLenConstraint 0, and a CA below", "longer than",
          [make.leaf(under), under, zero])
    no_ca = make.issue("no-ca", b.root, [basic(False), key_usage(0x86)])
    b.ask("an issuer that is no CA", "is no CA",
          [make.leaf(no_ca), no_ca])
    no_sign = make.issue("no-sign", b.root, [basic(True), key_usage(0x80)])
    b.ask("a CA that may not sign certificates", "is no CA",
          [make.leaf(no_sign), no_sign])
    no_basic = make.issue("no-basic", b.root, [key_usage(0x06)])
    b.ask("an issuer without basicConstraints", "is no CA",
          [make.leaf(no_basic), no_basic])
    below("policies", "ok", policies("1.2.3.4"))
    below("critical policies", "ok", policies("1.2.3.4", critical=True))
    below("an extension that nobody knows", "ok",
          extension("1.2.3.4", b"\5\0"))
    below("a critical extension that nobody knows", "not supported: 1.2.3.4",
          extension("1.2.3.4", b"\5\0", True))
    b.ask("a server's critical extension that nobody knows",
          "not supported: 1.2.3.4",
          [make.leaf(b.root, more=[extension("1.2.3.4", b"\5\0", True)])])


def names(b):
    make = b.make
    b.ask("a name by the common name only", "no subject alternative name",
          [make.leaf(b.root, (), subject=HOST)],
          alike="RFC 6125: the others still fall back to the common name")
    b.ask("an address as a DNS name", "for another name",
          [make.leaf(b.root, [dns("10.0.2.2")])], "10.0.2.2")
    served = b.ask("an address", "ok", [make.leaf(b.root, [address(
        10, 0, 2, 2)])], "10.0.2.2")
    named = b.ask("a name", "ok", [make.leaf(b.root)])
    dotted = b.ask("a name with a dot at its end", "ok",
                   [make.leaf(b.root)], HOST + ".")
    b.ask("a wildcard", "ok", [make.leaf(b.root, [dns("*.b.test")])],
          "a.b.test")
    b.ask("a wildcard for two labels", "for another name",
          [make.leaf(b.root, [dns("*.test")])], "a.b.test")
    for critical in (True, False):
        word = "critical" if critical else "uncritical"

        def below(label, want, permitted=(), excluded=(), given=(dns(HOST),),
                  host=HOST, **how):
            inter = make.ca("narrow", b.root, [constraints(
                permitted, excluded, critical)])
            b.ask(f"{word} name constraints: {label}", want,
                  [make.leaf(inter, given), inter], host, **how)

        below("permit the domain", "ok", [dns("test")])
        below("permit another domain", "may not vouch", [dns("example")])
        below("exclude the name", "may not vouch", (), [dns(HOST)])
        below("exclude another name", "ok", (), [dns("nts2.test")])
        below("permit the name, not the other", "may not vouch",
              [dns("nts1.test")], (), [dns(HOST), dns("nts2.test")])
        ten = address(10, 0, 0, 0, 255, 0, 0, 0)
        below("permit the network", "ok", [ten], (), [address(10, 0, 2, 2)],
              "10.0.2.2")
        below("exclude the network", "may not vouch", (), [ten],
              [address(10, 0, 2, 2)], "10.0.2.2")
        below("permit another network", "may not vouch",
              [address(192, 0, 2, 0, 255, 255, 255, 0)], (),
              [address(10, 0, 2, 2)], "10.0.2.2")
    narrow = make.ca("narrow root", None, [constraints([dns("example")])])
    b.ask("name constraints of the CA itself", "may not vouch",
          [make.leaf(narrow)], root=narrow)
    high = make.ca("high", b.root, [constraints([dns("example")])])
    low = make.ca("low", high)
    b.ask("name constraints two levels up", "may not vouch",
          [make.leaf(low), low, high])
    return served, named, dotted


def main(script, rows, after=lambda b: None):
    """rows(b) asks all of a script's questions; after(b) looks at what the
    servers heard."""
    binary = (sys.argv[1] if len(sys.argv) > 1 else
              os.path.join(TOP, "build/host/tests/host/test_tls"))
    work = tempfile.mkdtemp(prefix="gnomon-certificates-")
    tap = Tap()
    try:
        b = Bench(tap, work)
        rows(b)
        b.cases.again()
        b.cases.write()
        b.table()
        run(binary, b.cases, tap, b.keylog)
        after(b)
    except Exception:  # a test that cannot run has failed
        tap.check(False, script, traceback.format_exc())
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return tap.done()


def here(b):
    hostile(b)
    order(b)
    usage(b)
    b.named = names(b)


def server_names(b):
    for server, want in zip(b.named, ([None], [HOST], [HOST])):
        seen = b.sni[server.port]
        b.tap.check(seen and set(seen) == set(want),
                    f"server_name is {want[0]}", repr(seen))


if __name__ == "__main__":
    sys.exit(main("test_certificates.py", here, server_names))
