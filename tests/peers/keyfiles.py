#!/usr/bin/env python3
"""Key and certificate files as people make them, good and bad, for whoever
serves NTS.

    for name, (key, cert, chrony, ours) in files(pki).items(): ...

key and cert are bytes, or None for no such file; chrony is whether chronyd
4.3 serves with them, ours what we say of them: None, they are served and
nothing is said, or a regular expression."""
import subprocess

from . import when
from .when import DAY


def openssl(*args, data=b""):
    done = subprocess.run(["openssl", *args], input=data, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.stdout


def read(path):
    with open(path, "rb") as file:
        return file.read()


def damaged(pem):
    """A byte of it is another: what it holds is not what was signed or made."""
    lines = pem.split(b"\n")
    lines[1] = lines[1][:8] + b"AAAAAAAAAAAAAAAA" + lines[1][24:]
    return b"\n".join(lines)


class Files:
    def __init__(self, pki):
        self.pki = pki
        self.key = read(pki.key("good"))  # PKCS#8
        self.cert = read(pki.chain("good"))
        self.rsa_key, self.rsa = read(pki.key("rsa")), read(pki.chain("rsa"))
        self.leaf = read(pki.cert("intermediate").crt)
        self.middle = read(pki.cert("middle-ca").crt)
        self.middle_key = read(pki.key("intermediate"))
        self.root = read(pki.ca)

    def selfsigned(self, key, *more):
        path = self.pki.folder + "/own.key"
        with open(path, "wb") as out:
            out.write(key)
        return openssl("req", "-x509", "-key", path, "-subj", "/CN=own",
                       "-days", "20", "-addext",
                       "subjectAltName=DNS:own.test", *more)

    def good(self):
        sec1 = openssl("ec", data=self.key)
        params = openssl("ecparam", "-name", "prime256v1")
        pkcs1 = openssl("rsa", "-traditional", data=self.rsa_key)
        p384, p384_cert = (read(self.pki.key("p384")),
                           read(self.pki.chain("p384")))
        return {
            "PKCS#8, P-256": (self.key, self.cert),
            "SEC1": (sec1, self.cert),
            "EC PARAMETERS before SEC1": (params + sec1, self.cert),
            "PKCS#8, P-384": (p384, p384_cert),
            "PKCS#8, RSA": (self.rsa_key, self.rsa),
            "PKCS#1": (pkcs1, self.rsa),
            "key after its certificate": (self.cert + self.key, self.cert),
            "one file for both": (self.cert + self.key,
                                  self.cert + self.key),
            "CR LF": (self.key.replace(b"\n", b"\r\n"),
                      self.cert.replace(b"\n", b"\r\n")),
            "UTF-8's mark in front": (b"\xef\xbb\xbf" + self.key,
                                      b"\xef\xbb\xbf" + self.cert),
            "words around the blocks": (
                b"Bag Attributes\n  friendlyName: x\n" + self.key,
                openssl("x509", "-text", data=self.cert)),
            "with its intermediate": (self.middle_key,
                                      self.leaf + self.middle),
            "with its root, too": (self.middle_key,
                                   self.leaf + self.middle + self.root),
            "root before the intermediate": (
                self.middle_key, self.leaf + self.root + self.middle),
            "old PEM's certificate label": (self.key, self.cert.replace(
                b" CERTIFICATE", b" X509 CERTIFICATE")),
        }

    def odd(self):
        """Served, and something is said."""
        no_name = openssl("req", "-x509", "-key", self.pki.key("good"),
                          "-subj", "/CN=own", "-days", "20")
        short = openssl("genrsa", "-traditional", "1024")
        return {
            "no name in it": (self.key, no_name, True,
                              r"certificate: has no name \(subjectAltName\)"),
            "RSA-1024": (short, self.selfsigned(short), True,
                         "key: is shorter than RSA-2048: many clients"),
        }

    def bad(self):
        ed = openssl("genpkey", "-algorithm", "ED25519")
        big = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt",
                      "rsa_keygen_bits:5120")
        tiny = openssl("genrsa", "-traditional", "512")
        key, cert = self.key, self.cert
        p12 = openssl("pkcs12", "-export", "-inkey", self.pki.key("good"),
                      "-passout", "pass:", data=cert)
        p7 = ("crl2pkcs7", "-nocrl", "-certfile", self.pki.chain("good"))
        clients = read(self.pki.key("client")), read(self.pki.chain("client"))
        return {
            "encrypted PKCS#8": (
                openssl("pkcs8", "-topk8", "-passout", "pass:x", data=key),
                cert, False, "key: is encrypted"),
            "encrypted old PEM": (
                openssl("ec", "-aes128", "-passout", "pass:x", data=key),
                cert, False, "key: is encrypted"),
            "encrypted DER": (
                openssl("pkcs8", "-topk8", "-outform", "DER", "-passout",
                        "pass:x", data=key), cert, False,
                "key: is encrypted"),
            "Ed25519": (ed, self.selfsigned(ed), True,
                        r"certificate 1 in it has a key \(Ed25519\)"),
            "an Ed25519 key alone": (ed, cert, False,
                                     "key: is an Ed25519 key"),
            "RSA-5120": (big, self.selfsigned(big), True,
                         r"certificate 1 in it has a key \(RSA-5120\) longer"),
            "an RSA-5120 key alone": (big, self.rsa, False,
                                      "key: is longer than RSA-4096"),
            "RSA-512": (tiny, self.selfsigned(tiny), None,
                        "key: is too short for TLS 1.3"),
            "PKCS#12": (p12, p12, False, "certificate: is PKCS#12 or PKCS#7"),
            "PKCS#12 as the key": (p12, cert, False,
                                   "key: is PKCS#12 or PKCS#7"),
            "PKCS#7": (key, openssl(*p7), False,
                       "certificate: holds no certificate, but a PKCS7"),
            "PKCS#7, DER": (key, openssl(*p7, "-outform", "DER"), False,
                            "certificate: is PKCS#12 or PKCS#7"),
            "a request": (key, openssl("req", "-new", "-key", self.pki.key(
                "good"), "-subj", "/CN=x"), False,
                "holds no certificate, but a CERTIFICATE REQUEST"),
            "OpenSSL's trusted certificate": (
                key, openssl("x509", "-trustout", "-addtrust", "serverAuth",
                             data=cert), False,
                "holds no certificate, but a TRUSTED CERTIFICATE"),
            "a public key": (openssl("pkey", "-pubout", data=key), cert, False,
                             "holds no private key, but a PUBLIC KEY"),
            "not a pair": (key, self.rsa, False,
                           "key: is not the key of the certificate in "
                           "certificate"),
            "not a pair of one kind": (read(self.pki.key("p384")), cert,
                                       False, "is not the key"),
            "another key of the curve": (read(self.pki.key("future")), cert,
                                         False, "is not the key"),
            "intermediate first": (
                self.middle_key, self.middle + self.leaf, False,
                "certificate: the key's certificate is number 2"),
            "another's intermediate": (
                key, cert + self.middle, None,
                'certificate: "middle-ca" in it has not issued'),
            "empty key": (b"", cert, False, "key: it is empty"),
            "empty certificate": (key, b"", False,
                                  "certificate: it is empty"),
            "no key": (None, cert, False, "key: no such file"),
            "no certificate": (key, None, False,
                               "certificate: no such file"),
            "the key's file is another's": (cert, cert, False,
                                            "key: holds no private key"),
            "the certificate's file is another's": (
                key, key, False, "certificate: holds no certificate"),
            "garbage key": (bytes(range(256)) * 4, cert, False,
                            "key: holds no private key"),
            "garbage certificate": (key, bytes(range(256)) * 4, False,
                                    "certificate: holds no certificate"),
            "damaged key": (damaged(key), cert, False,
                            "key: (holds a key that is damaged|is on a "
                            "curve)"),
            "damaged certificate": (key, damaged(cert), False,
                                    "certificate 1 in it is damaged"),
            "half a key": (key[:len(key) // 2], cert, False,
                           "key: ends in the middle"),
            "half a certificate": (key, cert[:len(cert) // 2], False,
                                   "certificate: ends in the middle"),
            "UTF-16": (key.decode().encode("utf-16"), cert, False,
                       "key: is UTF-16"),
            "for clients only": (*clients, True, "does not allow serverAuth"),
            "eight certificates": (key, cert + self.root * 7, None,
                                   "more than 6 certificates"),
            "longer than a file may be": (key + b" " * 40000, cert, None,
                                          "longer than 32 KB"),
        }

    def der(self):
        """chrony takes no DER."""
        def pkcs8(pem):
            return openssl("pkey", "-outform", "DER", data=pem)
        cert = openssl("x509", "-outform", "DER", data=self.cert)
        return {
            "DER": (pkcs8(self.key), cert, False, None),
            "DER, SEC1": (openssl("ec", "-outform", "DER", data=self.key),
                          self.cert, False, None),
            "DER, PKCS#1": (openssl("rsa", "-traditional", "-outform", "DER",
                                    data=self.rsa_key), self.rsa, False, None),
        }


def files(pki):
    all_of = Files(pki)
    found = {name: (*pair, True, None) for name, pair in all_of.good().items()}
    found.update(all_of.odd())
    found.update(all_of.der())
    found.update(all_of.bad())
    return found


def served(ours):
    """Whether a pair of which this is said is served."""
    return ours is None or "has no name" in ours or "is shorter" in ours


def dates(pki):
    """Served, whatever the clock makes of it; said once it is set: by which
    words."""
    def pair(name, begin, end):
        cert = pki.issue(name, pki.cert("ca"), valid=(begin, end))
        return read(cert.key), read(cert.full)
    return {
        "ended": (*pair("ended", -9 * DAY, -3 * DAY - 60),
                  r'certificate "ended" \(c\d\) ended on \S+: clients'),
        "ends soon": (*pair("soon-over", -9 * DAY, 5 * DAY + 3600),
                      r'certificate "soon-over" \(c\d\) ends in 5 days, on'),
        "begins later": (*pair("later", 3 * DAY, 90 * DAY),
                         r'certificate "later" \(c\d\) begins only on'),
    }


__all__ = ["dates", "files", "served", "when"]
