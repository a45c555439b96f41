#!/usr/bin/env python3
"""A private CA and server certificates, made with openssl's command line.

    pki = Pki(folder)          # makes what is missing, keeps what is there
    pki.ca                     # file for ntstrustedcerts
    pki.key("good"), pki.chain("good")

Dates count from what the peers' clocks show (when.py), or from `at`. Names
(SAN) of each unless said otherwise: nts1..3.test, localhost,
127.0.0.1..4, 10.0.2.2, and the islands of netns.py.

    good          P-256, by the CA           rsa     RSA-2048, by the CA
    intermediate  by a CA below the CA; chain() holds both
    p384          P-384, by the CA
    wrong-name    SAN elsewhere.test only    unknown by a CA nobody trusts
    expired       ended a day before the build, so below every floor
    future        in 30 .. 60 days
    client        only clientAuth            no-eku  no extended key usage
    soon          ends 25 s after it is made; make("soon") makes it anew

As a program: pki.py FOLDER makes them all."""
import os
import subprocess
import sys
import time

from . import when
from .when import DAY

SAN = ("DNS:nts1.test,DNS:nts2.test,DNS:nts3.test,DNS:localhost,"
       "IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.3,IP:127.0.0.4,IP:10.0.2.2,"
       "IP:192.0.2.2,IP:192.0.2.6,IP:192.0.2.10")
VALID = (-2 * DAY, 90 * DAY)
# name: (issuer, kind, SAN, extended key usage, validity in seconds from now
# or, a function, when it is)
LEAVES = {
    "good": ("ca", "P-256", SAN, "serverAuth", VALID),
    "rsa": ("ca", "rsa2048", SAN, "serverAuth", VALID),
    "p384": ("ca", "P-384", SAN, "serverAuth", VALID),
    "intermediate": ("middle-ca", "P-256", SAN, "serverAuth", VALID),
    "wrong-name": ("ca", "P-256", "DNS:elsewhere.test", "serverAuth", VALID),
    "unknown": ("other-ca", "P-256", SAN, "serverAuth", VALID),
    "expired": ("ca", "P-256", SAN, "serverAuth", lambda at: (
        when.build() - 30 * DAY, when.build() - DAY)),
    "future": ("ca", "P-256", SAN, "serverAuth", (30 * DAY, 60 * DAY)),
    "client": ("ca", "P-256", SAN, "clientAuth", VALID),
    "no-eku": ("ca", "P-256", SAN, None, VALID),
    "soon": ("ca", "P-256", SAN, "serverAuth", (-DAY, 25)),
}
CAS = {"ca": None, "other-ca": None, "middle-ca": "ca"}


def ca_valid(at):
    """Over all of what it signs, `expired` too."""
    return min(at, when.build()) - 40 * DAY, at + 400 * DAY


CONF = """[ca]
default_ca = this
[this]
database = {db}
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[ext]
{ext}
"""


def openssl(*args):
    done = subprocess.run(["openssl", *args], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError("openssl " + " ".join(args) + "\n"
                           + done.stdout.decode(errors="replace"))


def stamp(unix):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(unix))


class Cert:
    """A key and a certificate, signed by the Cert `issuer` or by itself.
    full: the file that a server sends, with the CAs between it and a root."""

    def __init__(self, folder, name, kind="P-256", ca=False, issuer=None):
        self.base = os.path.join(folder, name)
        self.key, self.crt = self.base + ".key", self.base + ".crt"
        self.full = self.base + ".chain.crt"
        self.name, self.kind, self.ca, self.issuer = name, kind, ca, issuer

    def between(self):
        above = self.issuer
        if above is None or above.issuer is None:
            return []
        return [above, *above.between()]

    def make_key(self):
        option = ("rsa_keygen_bits:" + (self.kind[3:] or "2048")
                  if self.kind.startswith("rsa")
                  else "ec_paramgen_curve:" + self.kind)
        openssl("genpkey", "-algorithm",
                "RSA" if self.kind.startswith("rsa") else "EC",
                "-pkeyopt", option, "-out", self.key)

    def write_full(self):
        with open(self.full, "w") as out:
            for cert in (self, *self.between()):
                with open(cert.crt) as text:
                    out.write(text.read())


def make(folder, name, issuer=None, kind="P-256", ca=False, san=SAN,
         usage="serverAuth", valid=VALID, at=None):
    """A Cert on files. kind: a curve, or rsa2048 and the like; usage:
    extended key usage or None; valid: seconds from `at`, Unix seconds or
    now; or a function of it that gives both ends."""
    at = when.now() if at is None else at
    begin, end = (valid(at) if callable(valid)
                  else (at + valid[0], at + valid[1]))
    cert = Cert(folder, name, kind, ca, issuer)
    cert.make_key()
    if ca:
        ext = ("basicConstraints = critical,CA:TRUE\n"
               "keyUsage = critical,keyCertSign,cRLSign\n"
               "subjectKeyIdentifier = hash\n")
    else:
        ext = ("basicConstraints = critical,CA:FALSE\n"
               "keyUsage = critical,digitalSignature\n"
               f"subjectAltName = {san}\n")
        ext += f"extendedKeyUsage = {usage}\n" if usage else ""
    with open(cert.base + ".db", "w"):
        pass
    with open(cert.base + ".cnf", "w") as out:
        out.write(CONF.format(db=cert.base + ".db", folder=folder, ext=ext))
    openssl("req", "-new", "-subj", f"/CN={name}", "-key", cert.key,
            "-out", cert.base + ".csr")
    by = (["-selfsign", "-keyfile", cert.key] if issuer is None
          else ["-cert", issuer.crt, "-keyfile", issuer.key])
    openssl("ca", "-batch", "-notext", "-config", cert.base + ".cnf",
            "-extensions", "ext", *by, "-startdate", stamp(begin),
            "-enddate", stamp(end), "-in", cert.base + ".csr",
            "-out", cert.crt + ".new")
    os.rename(cert.crt + ".new", cert.crt)
    cert.write_full()
    return cert


class Pki:
    """The certificates above by their names, each made when first asked
    for. at: the Unix time that their users live in; None: now."""

    def __init__(self, folder, at=None):
        self.at = at
        self.folder = os.path.abspath(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.ca = self.certificate("ca")

    def cert(self, name, anew=False):
        """What was made before, by whomever, is kept. A Cert is itself."""
        if isinstance(name, Cert):
            return name
        if name in CAS:
            issuer, kind = CAS[name], "P-256"
            how = {"ca": True, "valid": ca_valid}
        else:
            issuer, kind, san, usage, valid = LEAVES[name]
            how = {"san": san, "usage": usage, "valid": valid}
        above = issuer and self.cert(issuer)
        cert = Cert(self.folder, name, kind, name in CAS, above)
        how["at"] = self.at
        if anew or not os.path.exists(cert.full):
            return make(self.folder, name, above, kind, **how)
        return cert

    def make(self, name):
        return self.cert(name, anew=True)

    def issue(self, name, *args, **how):
        """One that has no row above: see make()."""
        how.setdefault("at", self.at)
        return make(self.folder, name, *args, **how)

    def certificate(self, name):
        return self.cert(name).crt

    def key(self, name):
        return self.cert(name).key

    def chain(self, name):
        """The file a server sends: its certificate and what is between."""
        return self.cert(name).full


def main():
    pki = Pki(sys.argv[1])
    for name in LEAVES:
        print(pki.key(name), pki.chain(name))


if __name__ == "__main__":
    main()
