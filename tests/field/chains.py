"""Certificates made byte by byte, so that a chain can be whatever a stranger
makes of one; and what GnuTLS and OpenSSL say of it."""
import base64
import ctypes
import os
import subprocess
import time

from tests.peers import when
from tests.peers.pki import openssl
from tests.peers.when import DAY

# ---- DER ---------------------------------------------------------------------


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def oid(text):
    first, second, *rest = map(int, text.split("."))
    out = b""
    for arc in (first * 40 + second, *rest):
        piece = bytes([arc & 127])
        while arc > 127:
            arc >>= 7
            piece = bytes([arc & 127 | 128]) + piece
        out += piece
    return tlv(6, out)


def sequence(*parts):
    return tlv(0x30, *parts)


def name(common_name, organisation=None):
    parts = [("2.5.4.10", organisation)] if organisation else []
    parts += [("2.5.4.3", common_name)] if common_name else []
    return sequence(*(tlv(0x31, sequence(oid(kind), tlv(12, text.encode())))
                      for kind, text in parts))


def moment(offset):
    return tlv(0x18, time.strftime("%Y%m%d%H%M%SZ", time.gmtime(
        when.now() + offset)).encode())


def extension(kind, value, critical=False):
    return sequence(oid(kind), tlv(1, b"\xff") if critical else b"",
                    tlv(4, value))


def dns(text):
    return tlv(0x82, text.encode())


def address(*numbers):
    return tlv(0x87, bytes(numbers))


def san(*names):
    return extension("2.5.29.17", sequence(*names))


def basic(ca, pathlen=None):
    return extension("2.5.29.19", sequence(
        tlv(1, b"\xff") if ca else b"",
        b"" if pathlen is None else integer(pathlen)), True)


def key_usage(bits):
    """keyCertSign and cRLSign: 0x06; digitalSignature: 0x80"""
    return extension("2.5.29.15", tlv(3, b"\0", bytes([bits])), True)


SERVER, CLIENT, ANY = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "2.5.29.37.0"


def eku(*kinds):
    return extension("2.5.29.37", sequence(*map(oid, kinds)))


def constraints(permitted=(), excluded=(), critical=True):
    def trees(tag, names):
        return tlv(tag, *map(sequence, names)) if names else b""
    return extension("2.5.29.30", sequence(
        trees(0xa0, permitted), trees(0xa1, excluded)), critical)


def policies(*kinds, critical=False):
    return extension("2.5.29.32", sequence(*(
        sequence(oid(kind)) for kind in kinds)), critical)


def rsa_spki(bits, exponent):
    """A key that nobody owns."""
    n = int.from_bytes(os.urandom(bits // 8), "big") | 1 << bits - 1 | 1
    key = sequence(integer(n), integer(exponent))
    return sequence(sequence(oid("1.2.840.113549.1.1.1"), tlv(5)),
                    tlv(3, b"\0", key))


# ---- certificates --------------------------------------------------------------

HASH_OID = {"P-256": "1.2.840.10045.4.3.2", "P-384": "1.2.840.10045.4.3.2",
            "P-521": "1.2.840.10045.4.3.2", "rsa": "1.2.840.113549.1.1.11",
            "ed25519": "1.3.101.112"}
OTHER_HASH = {("ec", "sha1"): "1.2.840.10045.4.1",
              ("ec", "sha384"): "1.2.840.10045.4.3.3",
              ("ec", "sha512"): "1.2.840.10045.4.3.4",
              ("rsa", "md5"): "1.2.840.113549.1.1.4",
              ("rsa", "sha1"): "1.2.840.113549.1.1.5",
              ("rsa", "sha384"): "1.2.840.113549.1.1.12",
              ("rsa", "sha512"): "1.2.840.113549.1.1.13"}


def algorithm_of(kind, md):
    """AlgorithmIdentifier of a signature; md "pss": RSASSA-PSS, SHA-256."""
    if md == "pss":
        sha256 = sequence(oid("2.16.840.1.101.3.4.2.1"), tlv(5))
        return sequence(oid("1.2.840.113549.1.1.10"), sequence(
            tlv(0xa0, sha256),
            tlv(0xa1, sequence(oid("1.2.840.113549.1.1.8"), sha256)),
            tlv(0xa2, integer(32))))
    family = kind if kind in ("rsa", "ed25519") else "ec"
    number = OTHER_HASH.get((family, md)) or HASH_OID.get(
        kind, HASH_OID["P-256"])
    return sequence(oid(number), tlv(5) if kind == "rsa" else b"")


class Cert:
    def __init__(self, der, subject, key=None, kind="P-256"):
        self.der, self.subject, self.key, self.kind = der, subject, key, kind


class Maker:
    """Makes certificates below a folder; keys are made once a kind and
    label, and used again."""

    def __init__(self, folder):
        self.folder, self.keys, self.count = folder, {}, 0

    def path(self, suffix):
        self.count += 1
        return os.path.join(self.folder, f"chain-{self.count}{suffix}")

    def key(self, kind, label, exponent=65537):
        if (kind, label) in self.keys:
            return self.keys[kind, label]
        path = self.path(".key")
        if kind == "ed25519":
            openssl("genpkey", "-algorithm", "ed25519", "-out", path)
        elif kind.startswith("rsa"):
            openssl("genpkey", "-algorithm", "RSA", "-pkeyopt",
                    "rsa_keygen_bits:" + kind[3:], "-pkeyopt",
                    f"rsa_keygen_pubexp:{exponent}", "-out", path)
        else:
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                    "ec_paramgen_curve:" + kind, "-out", path)
        self.keys[kind, label] = path
        return path

    def spki(self, key):
        return subprocess.run(
            ["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"],
            stdout=subprocess.PIPE, check=True).stdout

    def sign(self, tbs, by, md="sha256"):
        path = self.path(".tbs")
        with open(path, "wb") as out:
            out.write(tbs)
        command = (["pkeyutl", "-sign", "-rawin", "-inkey", by.key, "-in",
                    path] if by.kind == "ed25519" else
                   ["dgst", "-sha256" if md == "pss" else "-" + md,
                    *(["-sigopt", "rsa_padding_mode:pss", "-sigopt",
                       "rsa_pss_saltlen:32"] if md == "pss" else []),
                    "-sign", by.key, path])
        return subprocess.run(["openssl", *command], stdout=subprocess.PIPE,
                              check=True).stdout

    def issue(self, subject, issuer=None, ext=(), kind="P-256", label=None,
              spki=None, valid=(-2 * DAY, 90 * DAY), serial=None,
              exponent=65537, signature=None, issuer_name=None, md="sha256",
              dates=None, version=2):
        """subject: a common name or a whole Name. issuer: a Cert, None:
        itself. spki: a key that nobody owns; signature: what stands in the
        place of one. dates: the two times, as DER, in the place of valid."""
        whole = subject if isinstance(subject, bytes) else name(subject)
        key = None if spki else self.key(kind, label or subject, exponent)
        me = Cert(None, whole, key, kind if not kind.startswith("rsa")
                  else "rsa")
        by = issuer or me
        algorithm = algorithm_of(by.kind, md)
        tbs = sequence(
            tlv(0xa0, integer(version)) if version else b"",
            serial if isinstance(serial, bytes) else integer(serial or int.from_bytes(os.urandom(8), "big") | 1),
            algorithm, issuer_name or by.subject,
            sequence(*(dates or map(moment, valid))), whole,
            spki or self.spki(key),
            tlv(0xa3, sequence(*ext)) if ext else b"")
        me.der = sequence(tbs, algorithm, tlv(
            3, b"\0", signature or self.sign(tbs, by, md)))
        return me

    def ca(self, subject, issuer=None, more=(), pathlen=None, **how):
        return self.issue(subject, issuer, [
            basic(True, pathlen), key_usage(0x06), *more], **how)

    def leaf(self, issuer, names=(dns("nts1.test"),), more=(), usage=(SERVER,),
             subject="leaf", **how):
        ext = [basic(False), key_usage(0x80), *more]
        ext += [san(*names)] if names else []
        ext += [eku(*usage)] if usage else []
        how.setdefault("label", "leaf")
        return self.issue(subject, issuer, ext, **how)

    def pem(self, *certs):
        path = self.path(".pem")
        with open(path, "w") as out:
            for cert in certs:
                out.write(pem(cert.der))
        return path


def pem(der, label="CERTIFICATE"):
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = "\n".join(text[i:i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


# ---- what others say -----------------------------------------------------------

def ask_openssl(maker, root, chain, host):
    """True, or what `openssl verify` says."""
    command = ["openssl", "verify", "-CAfile", maker.pem(root), "-no-CApath",
               "-no-CAstore", "-no_check_time", "-purpose", "sslserver",
               "-verify_ip" if host[0].isdigit() else "-verify_hostname",
               host.rstrip("."), "-untrusted", maker.pem(*chain[1:] or chain),
               maker.pem(chain[0])]
    run = subprocess.run(command, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=60)
    if run.returncode == 0:
        return True
    for line in run.stdout.decode(errors="replace").splitlines():
        if "lookup:" in line:
            return line.split(":", 1)[1].strip()
    return "refused"


NO_TIME = 1 << 6  # GNUTLS_VERIFY_DISABLE_TIME_CHECKS


class Gnutls:
    """libgnutls, which chronyd verifies with."""

    class Datum(ctypes.Structure):
        _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_uint)]

    class TypedVdata(ctypes.Structure):
        _fields_ = [("type", ctypes.c_int), ("data", ctypes.c_char_p),
                    ("size", ctypes.c_uint)]

    def __init__(self):
        self.lib = ctypes.CDLL("libgnutls.so.30")

    def certs(self, ders):
        out = (ctypes.c_void_p * len(ders))()
        for i, der in enumerate(ders):
            crt = ctypes.c_void_p()
            self.lib.gnutls_x509_crt_init(ctypes.byref(crt))
            datum = self.Datum(der, len(der))
            if self.lib.gnutls_x509_crt_import(
                    crt, ctypes.byref(datum), 0) < 0:
                return None
            out[i] = crt.value
        return out

    def ask(self, root, chain, host):
        """True, or GnuTLS's words (flags in hexadecimal)."""
        lib = self.lib
        trust, status = ctypes.c_void_p(), ctypes.c_uint()
        lib.gnutls_x509_trust_list_init(ctypes.byref(trust), 0)
        anchors, certs = self.certs([root.der]), self.certs(
            [c.der for c in chain])
        if not certs:
            return "cannot be read"
        lib.gnutls_x509_trust_list_add_cas(trust, anchors, 1, 0)
        host = host.rstrip(".").encode()
        data = (self.TypedVdata * 2)(
            self.TypedVdata(1, host, 0),  # GNUTLS_DT_DNS_HOSTNAME
            self.TypedVdata(2, b"1.3.6.1.5.5.7.3.1", 0))  # DT_KEY_PURPOSE_OID
        rc = lib.gnutls_x509_trust_list_verify_crt2(
            trust, certs, len(chain), data, 2, NO_TIME, ctypes.byref(status), None)
        if rc == 0 and status.value == 0:
            return True
        return f"rc {rc}" if rc else f"0x{status.value:x}"
