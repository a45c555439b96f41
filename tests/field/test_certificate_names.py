#!/usr/bin/env python3
"""Who may vouch for whom, one property each: authorities as people and
companies make their own, constraints on mail addresses and URIs, names in
other letters; and certificates that are over beside one that is not. Beside
each judgement that of GnuTLS and OpenSSL, as in test_certificate_kinds.py.
Runs the firmware's TLS (build/host/tests/host/test_tls)."""
import sys

from tests.field.chains import (
    ANY, SERVER, address, basic, dns, eku, extension, key_usage, name, oid,
    san, sequence, tlv)
from tests.field.test_certificate_kinds import (
    NC, OTHER, USE, mail, narrow_row, uri)
from tests.field.test_certificates import HOST, main
from tests.peers.when import DAY

V6 = address(*[0x20, 1, 0xd, 0xb8] + [0] * 11 + [1])
NO_URI = "RFC 5280; GnuTLS does not look at URIs"


def constrained(b):
    def row(label, want, permitted=(), excluded=(), besides=(), alike=True,
            **how):
        narrow_row(b, label, want, permitted, excluded, [dns(HOST), *besides],
                   alike=alike, **how)

    def net(third):
        return address(*[0x20, 1, 0xd, third] + [0] * 12,
                       *[255] * 4 + [0] * 12)

    row("permit a mail domain, and one of it", "ok",
        [dns("test"), mail("test")], (), [mail("a@test")])
    row("permit what is below a mail domain", "ok", [mail(".test")], (),
        [mail("a@b.test")])
    row("permit what is below it, not itself", NC, [mail(".test")], (),
        [mail("a@test")])
    row("permit a mail domain, not below", NC, [mail("test")], (),
        [mail("a@b.test")])
    row("permit another mail domain", NC, [mail("example")], (),
        [mail("a@test")])
    row("permit a mailbox", "ok", [mail("a@test")], (), [mail("a@TEST")],
        alike="a host's letters have no case; GnuTLS compares bytes")
    row("permit another mailbox", NC, [mail("a@test")], (), [mail("b@test")])
    row("exclude another mail domain", "ok", (), [mail("example")],
        [mail("a@test")])
    row("exclude its mail domain", NC, (), [mail("test")], [mail("a@test")])
    subject = sequence(
        tlv(0x31, sequence(oid("2.5.4.3"), tlv(12, b"leaf"))),
        tlv(0x31, sequence(oid("1.2.840.113549.1.9.1"), tlv(22, b"a@test"))))
    row("permit the subject's mail domain", "ok", [mail("test")],
        subject=subject)
    row("permit another than the subject's", NC, [mail("example")],
        subject=subject)
    for label, base, want, alike in (
            ("a URI's host", "x.test", "ok", True),
            ("what is below a URI's", ".test", "ok", True),
            ("another URI's host", "example", NC, NO_URI)):
        row(f"permit {label}", want, [uri(base)], (),
            [uri("https://x.test:99/y")], alike=alike)
    row("exclude a URI's host", NC, (), [uri("x.test")],
        [uri("https://x.test/y")])
    row("exclude another URI's host", "ok", (), [uri("example")],
        [uri("https://x.test/y")], alike=NO_URI)
    row("permit a registered number that it has", NC,
        [dns("test"), tlv(0x88, b"\x2a\3")], (), [tlv(0x88, b"\x2a\3")])
    row("permit nothing and exclude nothing", "ok")
    row("permit with a dot at the end", "ok", [dns("test.")],
        alike="as GnuTLS")
    row("exclude private networks", "ok", [dns("test")],
        [address(10, 0, 0, 0, 255, 0, 0, 0),
         address(192, 168, 0, 0, 255, 255, 0, 0)])
    for third, want in ((0xb8, "ok"), (0xb9, NC)):
        narrow_row(b, f"permit 2001:d{third:x}::/32", want, [net(third)], (),
                   [V6], "2001:db8::1")


def names(b, by):
    def row(given, host, want, alike=True):
        b.ask(f"for {given[2:24]!r}, asked as {host[:24]}", want,
              [b.make.leaf(by, [given]), by], host, alike=alike)

    row(V6, "2001:db8::1", "ok")
    row(V6, "2001:DB8:0::1", "ok")
    row(dns("2001:db8::1"), "2001:db8::1", OTHER)
    idn = "xn--mnchen-3ya"
    row(dns(idn + ".test"), idn + ".test", "ok")
    row(dns(f"*.{idn}.test"), f"a.{idn}.test", "ok")
    row(dns("*.b.test"), idn + ".b.test", "ok")
    row(dns("xn--*.b.test"), idn + ".b.test", OTHER)
    row(dns("*.b.test"), "b.test", OTHER)
    row(dns(".test"), HOST, OTHER)
    row(dns("f*.b.test"), "foo.b.test", OTHER, "as GnuTLS, and RFC 9525")
    row(dns("a.*.test"), "a.b.test", OTHER)
    row(dns("**.b.test"), "a.b.test", OTHER)
    row(dns("*.co.uk"), "nts.co.uk", "ok")
    row(dns("nts1"), "nts1", "ok")
    row(dns("1.test"), "1.test", "ok", "as GnuTLS; openssl is asked for an "
        "address")
    long = ("a" * 63 + ".") * 3 + "test"
    row(dns(long), long, "ok")
    b.ask("an empty list of names", OTHER, [b.make.issue(
        "leaf", by, [basic(False), key_usage(0x80), san()], label="leaf"), by])
    b.ask("names and its own name critical", "ok", [b.make.leaf(by, (), [
        extension("2.5.29.17", sequence(dns(HOST)), True)]), by])
    b.ask("for server use in old words only", USE,
          [b.make.leaf(by, usage=("2.16.840.1.113730.4.1",)), by],
          alike="as GnuTLS")
    b.ask("for server use in old words, too", "ok", [b.make.leaf(by, usage=(
        SERVER, "2.16.840.1.113730.4.1", "1.3.6.1.4.1.311.10.3.3")), by])


def authorities(b, by):
    make = b.make
    own = "as GnuTLS: people make such ones, and the owner trusts it"
    for label, given, want, alike in (
            ("nothing", [], "ok", own),
            ("a key's number only", [extension(
                "2.5.29.14", tlv(4, bytes(20)))], "ok", own),
            ("key usage only", [key_usage(6)], "ok", True),
            ("no CA", [basic(False)], "\"own\" is no CA", True),
            ("a CA that may not sign", [basic(True), key_usage(0x80)],
             "\"own\" is no CA", True),
            ("pathLenConstraint 0", [basic(True, 0), key_usage(6)], "ok",
             True),
            ("usage anything", [basic(True), eku(ANY)], "ok", own)):
        root = make.issue("own", None, given)
        b.ask(f"on the card, as CA: {label}", want, [make.leaf(root)],
              root=root, alike=alike)
    for kind, md in (("rsa2048", "sha1"), ("P-256", "sha1"),
                     ("rsa2048", "pss"), ("P-384", "sha512")):
        root = make.ca("self", kind=kind, label=kind, md=md)
        b.ask(f"on the card: {kind} by itself with {md}", "ok",
              [make.leaf(root)], root=root)
    soft = make.issue("soft", b.root, [
        extension("2.5.29.19", sequence(tlv(1, b"\xff"))),
        extension("2.5.29.15", tlv(3, b"\1\6"))])
    b.ask("an intermediate's constraints uncritical", "ok",
          [make.leaf(soft), soft])
    printable = sequence(tlv(0x31, sequence(oid("2.5.4.3"),
                                            tlv(19, b"inter"))))
    b.ask("the issuer's name in another kind of string", "ok",
          [make.leaf(by, issuer_name=printable), by])
    printable = sequence(tlv(0x31, sequence(oid("2.5.4.3"),
                                            tlv(19, b"root"))))
    b.ask("a CA's name in another kind of string", "ok",
          [make.leaf(b.root, issuer_name=printable)],
          alike="RFC 5280 section 7.1; GnuTLS finds CAs by their bytes")
    b.ask("the issuer's name in capitals", "ok",
          [make.leaf(by, issuer_name=name("INTER")), by],
          alike="RFC 5280 section 7.1; GnuTLS compares bytes")
    over = make.ca("changed", b.root, valid=(-900 * DAY, -DAY))
    b.ask("an intermediate that is over, before the new one", "ok",
          [make.leaf(over), over, make.ca("changed", b.root)], alike=None)
    b.ask("an intermediate that is over", "expired: notAfter",
          [make.leaf(over), over], alike=None)
    late = make.ca("late", b.root, valid=(DAY, 90 * DAY))
    b.ask("an intermediate that has not begun", "not yet valid",
          [make.leaf(late), late], alike=None)


def sets(b):
    """A CA that is on the card, but not for this server."""
    root = b.make.ca("of set 7")
    b.cases.trust(b.make.pem(root), 1, 7)
    server = b.serve([b.make.leaf(root)])
    for certset, want in ((7, "ok"), (
            0, "unknown issuer \"of set 7\": its CA is in set 7, the server's "
            "certset is 0")):
        b.cases.ask(f"a CA of set 7, a server of certset {certset}", want,
                    server, certset=certset, synchronised=True, floor=0)


def rows(b):
    by = b.make.ca("inter", b.root)
    constrained(b)
    names(b, by)
    authorities(b, by)
    sets(b)


if __name__ == "__main__":
    sys.exit(main("test_certificate_names.py", rows))
