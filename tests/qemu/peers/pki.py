#!/usr/bin/env python3
"""A private CA and server certificates, made with openssl's command line.

    pki = Pki(folder)          # makes what is missing, keeps what is there
    pki.ca                     # file for ntstrustedcerts
    pki.key("good"), pki.chain("good")

Names (SAN) of each unless said otherwise: nts1..3.test, localhost,
127.0.0.1..4, 10.0.2.2, and the islands of netns.py.

    good          P-256, by the CA           rsa     RSA-2048, by the CA
    intermediate  by a CA below the CA; chain() holds both
    p384          P-384, by the CA
    wrong-name    SAN elsewhere.test only    unknown by a CA nobody trusts
    expired       30 days .. 1 day ago       future  in 30 .. 60 days
    client        only clientAuth            no-eku  no extended key usage
    soon          ends 25 s after it is made; make("soon") makes it anew

As a program: pki.py FOLDER makes them all."""
import os
import subprocess
import sys
import time

SAN = ("DNS:nts1.test,DNS:nts2.test,DNS:nts3.test,DNS:localhost,"
       "IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.3,IP:127.0.0.4,IP:10.0.2.2,"
       "IP:192.0.2.2,IP:192.0.2.6,IP:192.0.2.10")
DAY = 86400
VALID = (-2 * DAY, 90 * DAY)
# name: (issuer, kind, SAN, extended key usage, validity in seconds from now)
LEAVES = {
    "good": ("ca", "P-256", SAN, "serverAuth", VALID),
    "rsa": ("ca", "rsa", SAN, "serverAuth", VALID),
    "p384": ("ca", "P-384", SAN, "serverAuth", VALID),
    "intermediate": ("middle-ca", "P-256", SAN, "serverAuth", VALID),
    "wrong-name": ("ca", "P-256", "DNS:elsewhere.test", "serverAuth", VALID),
    "unknown": ("other-ca", "P-256", SAN, "serverAuth", VALID),
    "expired": ("ca", "P-256", SAN, "serverAuth", (-30 * DAY, -DAY)),
    "future": ("ca", "P-256", SAN, "serverAuth", (30 * DAY, 60 * DAY)),
    "client": ("ca", "P-256", SAN, "clientAuth", VALID),
    "no-eku": ("ca", "P-256", SAN, None, VALID),
    "soon": ("ca", "P-256", SAN, "serverAuth", (-DAY, 25)),
}
CAS = {"ca": None, "other-ca": None, "middle-ca": "ca"}
CA_DAYS = (-40 * DAY, 400 * DAY)
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


def stamp(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + seconds))


class Pki:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.ca = self.certificate("ca")

    def path(self, name, suffix):
        return os.path.join(self.folder, name + suffix)

    def certificate(self, name):
        path = self.path(name, ".crt")
        if not os.path.exists(path):
            self.make(name)
        return path

    def key(self, name):
        self.certificate(name)
        return self.path(name, ".key")

    def chain(self, name):
        """The file a server sends: its certificate and what is between."""
        own = self.certificate(name)
        issuer = LEAVES[name][0]
        if CAS[issuer] is None:
            return own
        path = self.path(name, ".chain.crt")
        with open(path, "w") as out:
            for part in (own, self.certificate(issuer)):
                with open(part) as text:
                    out.write(text.read())
        return path

    def make_key(self, name, kind):
        option = ("rsa_keygen_bits:2048" if kind == "rsa"
                  else f"ec_paramgen_curve:{kind}")
        openssl("genpkey", "-algorithm", "RSA" if kind == "rsa" else "EC",
                "-pkeyopt", option, "-out", self.path(name, ".key"))

    def make(self, name):
        ca = name in CAS
        if ca:
            issuer, kind, valid = CAS[name], "P-256", CA_DAYS
            ext = ("basicConstraints = critical,CA:TRUE\n"
                   "keyUsage = critical,keyCertSign,cRLSign\n"
                   "subjectKeyIdentifier = hash\n")
        else:
            issuer, kind, san, usage, valid = LEAVES[name]
            ext = ("basicConstraints = critical,CA:FALSE\n"
                   "keyUsage = critical,digitalSignature\n"
                   f"subjectAltName = {san}\n")
            ext += f"extendedKeyUsage = {usage}\n" if usage else ""
        if issuer:
            by = ["-cert", self.certificate(issuer), "-keyfile",
                  self.key_of_ca(issuer)]
        else:
            by = ["-selfsign", "-keyfile", self.path(name, ".key")]
        self.make_key(name, kind)
        with open(self.path(name, ".db"), "w"):
            pass
        with open(self.path(name, ".cnf"), "w") as out:
            out.write(CONF.format(db=self.path(name, ".db"),
                                  folder=self.folder, ext=ext))
        openssl("req", "-new", "-subj", f"/CN=Gnomon test {name}", "-key",
                self.path(name, ".key"), "-out", self.path(name, ".csr"))
        openssl("ca", "-batch", "-notext", "-config", self.path(name, ".cnf"),
                "-extensions", "ext", *by, "-startdate", stamp(valid[0]),
                "-enddate", stamp(valid[1]), "-in", self.path(name, ".csr"),
                "-out", self.path(name, ".crt.new"))
        os.rename(self.path(name, ".crt.new"), self.path(name, ".crt"))

    def key_of_ca(self, name):
        self.certificate(name)
        return self.path(name, ".key")


def main():
    pki = Pki(sys.argv[1])
    for name in LEAVES:
        print(pki.key(name), pki.chain(name))


if __name__ == "__main__":
    main()
