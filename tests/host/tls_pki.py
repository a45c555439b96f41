"""Certificates for test_tls.py, made with openssl's command line: CAs, and
servers with any name, use, key and dates."""
import os
import subprocess
import time

NAMES = "DNS:nts1.test,DNS:localhost,IP:10.0.2.2"
DAY = 86400


def openssl(*args):
    run = subprocess.run(["openssl", *args], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT)
    if run.returncode:
        raise RuntimeError(f"openssl {' '.join(args)}:\n"
                           + run.stdout.decode(errors="replace"))


def stamp(days):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time()
                                                      + days * DAY))


class Cert:
    """A key and a certificate; chain: what a server sends besides its own."""

    def __init__(self, pki, name, chain=()):
        self.name = name
        self.base = os.path.join(pki, name)
        self.key, self.crt = self.base + ".key", self.base + ".crt"
        self.full = self.base + ".chain.pem"
        self.chain = chain

    def write_chain(self):
        with open(self.full, "w") as out:
            for cert in (self, *self.chain):
                out.write(open(cert.crt).read())


class Pki:
    def __init__(self, folder):
        self.folder = folder
        self.serial = 1000

    def key(self, cert, kind):
        if kind.startswith("rsa"):
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt",
                    "rsa_keygen_bits:" + kind[3:], "-out", cert.key)
        else:
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                    "ec_paramgen_curve:" + kind, "-out", cert.key)

    def make(self, name, issuer=None, kind="P-256", ca=False, names=NAMES,
             usage="serverAuth", days=(-2, 365)):
        """issuer None: self-signed."""
        chain = ()
        if issuer and issuer.chain is not None and not ca:
            chain = issuer.chain
        cert = Cert(self.folder, name, chain)
        if ca:
            # What a server below an intermediate CA must send.
            cert.chain = (cert, *issuer.chain) if issuer else ()
        self.key(cert, kind)
        conf = cert.base + ".cnf"
        self.serial += 1
        extensions = [f"basicConstraints=critical,CA:{str(ca).upper()}"]
        if ca:
            extensions.append("keyUsage=critical,keyCertSign,cRLSign")
        else:
            extensions.append("keyUsage=critical,digitalSignature")
            extensions.append("subjectAltName=" + names)
        if usage and not ca:
            extensions.append("extendedKeyUsage=" + usage)
        database = cert.base + ".db"
        open(database, "w").close()
        with open(cert.base + ".srl", "w") as out:
            out.write(f"{self.serial:08x}\n")
        with open(conf, "w") as out:
            out.write(f"""[req]
distinguished_name=dn
prompt=no
[dn]
O=Gnomon test
CN={name}
[ca]
default_ca=me
[me]
database={database}
serial={cert.base}.srl
new_certs_dir={self.folder}
default_md=sha256
policy=any
x509_extensions=ext
unique_subject=no
[any]
O=optional
CN=supplied
[ext]
{chr(10).join(extensions)}
""")
        openssl("req", "-new", "-config", conf, "-key", cert.key, "-out",
                cert.base + ".csr")
        by = issuer or cert
        signer = (["-selfsign", "-keyfile", cert.key] if not issuer else
                  ["-cert", by.crt, "-keyfile", by.key])
        openssl("ca", "-batch", "-notext", "-config", conf, *signer,
                "-startdate", stamp(days[0]), "-enddate", stamp(days[1]),
                "-in", cert.base + ".csr", "-out", cert.crt)
        if not ca:
            cert.write_chain()
        return cert
