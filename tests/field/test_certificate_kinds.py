#!/usr/bin/env python3
"""Certificates as CAs, companies and hobbyists make them, one property each:
extensions, names, constraints, signatures, keys, usages, dates, and what an
owner puts on the card. Beside each judgement that of GnuTLS and OpenSSL of the
same bytes; where we differ, why. Runs the firmware's TLS
(build/host/tests/host/test_tls)."""
import sys

from tests.field.chains import (
    SERVER, address, basic, constraints, dns, eku, extension, integer,
    key_usage, moment, name, oid, san, sequence, tlv)
from tests.field.test_certificates import HOST, main
from tests.peers.when import DAY

OTHER = "for another name"
NC = "may not vouch"
USE = "not for server use"
V4 = (10, 0, 2, 2)


def mail(text):
    return tlv(0x81, text.encode())


def uri(text):
    return tlv(0x86, text.encode())


def directory(common_name):
    return tlv(0xa4, name(common_name))


def ext(number, value, critical=True):
    return extension(number, value, critical)


def extensions(b, below):
    below("critical policy constraints", "not supported: policy constraints",
          [ext("2.5.29.36", sequence(tlv(0x80, b"\0")))],
          alike="as GnuTLS; OpenSSL knows them")
    below("critical inhibitAnyPolicy", "ok", [ext("2.5.29.54", integer(0))])
    below("critical policy mappings", "ok", [ext("2.5.29.33", sequence(
        sequence(oid("1.2.3.4"), oid("1.2.3.5"))))],
        alike="we ask for no policy, so nothing is mapped; as OpenSSL")
    hint = "a hint that binds nobody"
    for label, number, value, alike in (
            ("subject key identifier", "2.5.29.14", tlv(4, bytes(20)), hint),
            ("issuer's other names", "2.5.29.18", sequence(dns("x")), hint),
            ("CRL distribution points", "2.5.29.31", sequence(), True),
            ("authority information", "1.3.6.1.5.5.7.1.1", sequence(), hint)):
        below(f"critical {label}", "ok", (), [ext(number, value)],
              alike=alike)
    below("critical freshest CRL", "not supported: freshest CRL", (),
          [ext("2.5.29.46", sequence())])
    below("critical Netscape type", "not supported: Netscape", (),
          [ext("2.16.840.1.113730.1.1", tlv(3, b"\6\x40"))],
          alike="as GnuTLS; OpenSSL knows it")
    below("a precertificate", "not supported: precertificate", (),
          [ext("1.3.6.1.4.1.11129.2.4.3", tlv(5))])
    for label, number, value in (
            ("must staple", "1.3.6.1.5.5.7.1.24", sequence(integer(5))),
            ("SCTs", "1.3.6.1.4.1.11129.2.4.2", tlv(4, bytes(100))),
            ("Netscape comment", "2.16.840.1.113730.1.13", tlv(0x16, b"hi")),
            ("an authority key that is another", "2.5.29.35",
             sequence(tlv(0x80, bytes(20))))):
        below(label, "ok", (), [ext(number, value, False)])
    below("no subject, critical names", "ok", (), [ext(
        "2.5.29.17", sequence(dns(HOST)))], names=(), subject=sequence())
    below("critical extended key usage", "ok", (), [ext(
        "2.5.29.37", sequence(oid(SERVER)))], usage=())


def names(b, below):
    for given, want in (("NTS1.TEST", "ok"), ("nts1.test.", OTHER),
                        ("n*.test", OTHER), ("*1.test", OTHER),
                        ("*.test", OTHER), ("*", OTHER), ("*.*", OTHER),
                        ("nts1.*", OTHER), (" nts1.test", OTHER),
                        ("nts1.test\0.evil.test", OTHER)):
        below(f"for {given!r}", want, names=[dns(given)])
    below("asked for in capitals", "ok", host="NTS1.Test")
    below("a wildcard in capitals", "ok", names=[dns("*.B.TEST")],
          host="a.b.test")
    below("an underscore", "ok", names=[dns("a_b.test")], host="a_b.test")
    below("a wildcard for an underscore", "ok", names=[dns("*.b.test")],
          host="a_b.b.test", alike="as GnuTLS")
    below("a wildcard for an address", OTHER, names=[dns("*.0.2.2")],
          host="10.0.2.2")
    below("names of all kinds besides", "ok", names=[
        mail("a@b"), uri("https://x/"), directory("x"),
        tlv(0x88, oid("1.2.3")[2:]), dns(HOST)])
    mapped = address(*([0] * 10 + [255, 255, *V4]))
    below("an address as IPv6", OTHER, names=[mapped], host="10.0.2.2")
    below("an address of five bytes", "an alternative name that cannot",
          names=[address(*V4, 0)], host="10.0.2.2")
    below("an address in a URI", OTHER, names=[uri("https://10.0.2.2/")],
          host="10.0.2.2")


def narrow_row(b, label, want, permitted=(), excluded=(), given=(dns(HOST),),
               host=HOST, alike=True, **how):
    by = b.make.ca("narrow", b.root, [constraints(permitted, excluded)])
    b.ask(f"constraints: {label}", want, [b.make.leaf(by, given, **how), by],
          host, alike=alike)


def narrow(b):
    def row(*given, **how):
        narrow_row(b, *given, **how)

    row("permit .test", "ok", [dns(".test")])
    row("permit only what is below", NC, [dns(".nts1.test")])
    row("permit every name", "ok", [dns("")])
    row("exclude every name", NC, (), [dns("")])
    row("permit a name's end", NC, [dns("ts1.test")])
    row("permit in capitals", "ok", [dns("TEST")],
        alike="names have no case; GnuTLS' constraints have")
    row("permit another subject", NC, [directory("zzz")],
        alike="as OpenSSL; GnuTLS does not look at the subject")
    row("permit its subject", "ok", [directory("leaf")])
    row("exclude its subject", NC, (), [directory("leaf")])
    row("permit a mail domain", "ok", [mail("test")])
    row("permit a URI's host", "ok", [uri("test")])
    row("exclude a registered number", "ok", (), [tlv(0x88, b"\x2a\x03")],
        alike="it has none; GnuTLS refuses what it does not know")
    row("permit addresses, asked by name", "ok",
        [address(10, 0, 0, 0, 255, 0, 0, 0)])
    row("exclude all addresses, asked by name", "ok", (),
        [address(*[0] * 8), address(*[0] * 32)])
    row("permit IPv6, asked by IPv4", NC, [address(*[0] * 32)], (),
        [address(*V4)], "10.0.2.2",
        alike="as OpenSSL; for GnuTLS they are two kinds")
    row("a wildcard that could be excluded", "ok", (), [dns("a.b.test")],
        [dns("*.b.test")], "c.b.test")
    row("a wildcard below what is permitted", "ok", [dns("b.test")], (),
        [dns("*.b.test")], "c.b.test")


def signatures(b):
    make = b.make
    rsa, ec = make.ca("rsa", b.root, kind="rsa2048"), make.ca("ec", b.root)
    weak = "GnuTLS refuses, too; OpenSSL verifies at its lowest level"
    for by, md, want, alike in (
            (rsa, "md5", "MD5, which is not supported", weak),
            (rsa, "sha1", "too weak", weak), (rsa, "sha384", "ok", True),
            (rsa, "sha512", "ok", True), (rsa, "pss", "ok", True),
            (ec, "sha1", "too weak", weak), (ec, "sha384", "ok", True),
            (ec, "sha512", "ok", True)):
        b.ask(f"signed by {by.kind} with {md}", want,
              [make.leaf(by, md=md), by], alike=alike)
    short = "less than what TLS of today takes"
    by = make.ca("short", b.root, kind="rsa1024")
    b.ask("signed by RSA-1024", "RSA-1024) that is too weak",
          [make.leaf(by), by], alike=short)
    lack = "we have no arithmetic for its key, and say so in the handshake"
    for kind, want, alike in (
            ("rsa1024", "RSA-1024) that is too weak", short),
            ("rsa2048", "ok", True), ("rsa3072", "ok", True),
            ("P-384", "ok", True), ("P-521", "kind of key in common", lack),
            ("ed25519", "kind of key in common", lack),
            ("secp256k1", "kind of key in common", lack),
            ("brainpoolP256r1", "kind of key in common", lack)):
        b.ask(f"a server's key {kind}", want,
              [make.leaf(ec, kind=kind, label="own " + kind), ec],
              alike=alike)


def roots(b):
    make = b.make
    old = make.issue("v1", None, [], version=0)
    b.ask("a root of version 1", "ok", [make.leaf(old)], root=old)
    by = make.issue("v1 inter", b.root, [], version=0)
    b.ask("an intermediate of version 1", "is no CA", [make.leaf(by), by])
    by = make.ca("inter", b.root)
    b.ask("a server's certificate of version 1", "no subject alternative",
          [make.issue("leaf", by, [], version=0, label="leaf"), by])
    names_of = san(dns(HOST))
    for label, given in (
            ("a CA", [basic(True), key_usage(0x86)]),
            ("no CA", [basic(False), key_usage(0x80)]), ("nothing", []),
            ("what openssl req -x509 makes", [basic(True)])):
        own = make.issue(HOST, None, given + [names_of])
        b.ask(f"on the card, self-signed: {label}", "ok", [own], root=own)
    partial = "as GnuTLS: the owner trusts it; OpenSSL wants a root"
    b.ask("on the card: an intermediate", "ok", [make.leaf(by)], root=by,
          alike=partial)
    b.ask("on the card: an intermediate that is sent, too", "ok",
          [make.leaf(by), by], root=by, alike=partial)
    leaf = make.leaf(by)
    b.ask("on the card: the server's own", "ok", [leaf, by], root=leaf,
          alike="the owner trusts this very certificate")
    b.ask("a CA without key usage", "ok", [make.leaf(make.issue(
        "no usage", b.root, [basic(True)])), make.issue(
            "no usage", b.root, [basic(True)])])
    expired = make.ca("DST", valid=(-900 * DAY, -100 * DAY))
    x1, cross = make.ca("X1"), make.ca("X1", expired, label="X1")
    r3 = make.ca("R3", x1)
    b.ask("a root cross-signed by one that is over", "ok",
          [make.leaf(r3), r3, cross], root=x1)


def usages(b, below):
    by = b.make.ca("inter", b.root)

    def row(label, want, *given, alike=True):
        b.ask(f"usage: {label}", want, [b.make.issue(
            "leaf", by, [*given, san(dns(HOST))], label="leaf"), by],
            alike=alike)

    shake = "TLS 1.3 signs: GnuTLS looks at it in the handshake"
    server = eku(SERVER)
    for label, bits in (("keyEncipherment", 0x20), ("keyAgreement", 8),
                        ("nonRepudiation", 0x40)):
        row(f"only {label}", USE, basic(False), key_usage(bits), server,
            alike=shake)
    row("signature and encipherment", "ok", basic(False), key_usage(0xa0),
        server)
    row("none said", "ok", basic(False), server)
    row("no extended one", "ok", basic(False), key_usage(0x80))
    row("a CA's", "ok", basic(True), key_usage(0x86), server)


def dates(b):
    make = b.make
    by = make.ca("inter", b.root)

    def row(label, want, start, end, alike=True):
        b.ask(f"dates: {label}", want,
              [make.leaf(by, dates=(start, end)), by], alike=alike)

    def general(text):
        return tlv(0x18, text.encode())

    def utc(text):
        return tlv(0x17, text.encode())

    start, end = moment(-2 * DAY), moment(90 * DAY)
    rfc = "RFC 5280 section 4.1.2.5 wants seconds and Z"
    row("until 9999", "ok", start, general("99991231235959Z"))
    row("from 1950", "ok", utc("500101000000Z"), end)
    row("until 2049, two digits", "ok", start, utc("491231235959Z"))
    for label, given in (("no seconds", utc("2001010000Z")),
                         ("a zone", utc("200101000000+0100")),
                         ("a fraction", general("20200101000000.5Z"))):
        row(label, "has dates that cannot be read", given, end, alike=rfc)
    for label, serial in (("0", b"\0"), ("negative", b"\x80\1")):
        b.ask(f"a serial number that is {label}", "ok",
              [make.leaf(by, serial=tlv(2, serial)), by])


def rows(b):
    def below(label, want, inter=(), more=(), names=(dns(HOST),),
              host=HOST, alike=True, **how):
        by = b.make.ca("inter", b.root, inter)
        b.ask(label, want, [b.make.leaf(by, names, more, **how), by],
              host, alike=alike)

    for kind in (extensions, names, usages):
        kind(b, below)
    for kind in (narrow, signatures, roots, dates):
        kind(b)


if __name__ == "__main__":
    sys.exit(main("test_certificate_kinds.py", rows))
