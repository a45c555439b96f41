#!/usr/bin/env python3
"""TLS and NTS key exchange of the firmware (build/host/tests/host/test_tls)
against real servers: Debian's chronyd, and OpenSSL's TLS made to misbehave.
An argument names another binary."""
import hashlib
import hmac
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tests.tap import TOP, Tap
from tests.peers import chronyd, when
from tests.peers.badtls import END, record
from tests.peers.child import free_port
from tests.peers.pki import DAY, Pki, openssl
from tests.host.tls_servers import ANSWER, Tcp, Tls

NOW = int(when.now())
RC_BAD, RC_SPACE = -2, -4


class Cases:
    """The file that test_tls.c reads."""

    def __init__(self, path):
        self.path = path
        self.lines = []

    def trust(self, path, count, certset=0, why="-"):
        self.lines.append(f"trust\t{certset}\t{path}\t{count}\t{why}\n")

    def ask(self, label, want, server, name="nts1.test", certset=0,
            synchronised=False, floor=NOW, now=NOW):
        port = (server if isinstance(server, int)
                else getattr(server, "ke_port", server.port))
        self.lines.append(
            f"ask\t{label}\t{want}\t{name}\t10.0.2.2\t{port}\t{certset}\t"
            f"{int(synchronised)}\t{floor}\t{now}\n")

    def together(self, label, count, server, hanging, name="nts1.test"):
        self.lines.append(f"together\t{label}\t{count}\t{name}\t10.0.2.2\t"
                          f"{server.port}\t{hanging.port}\n")

    def again(self, slow=("never", )):
        """All of it once more, looking for leaks after each."""
        self.lines.append("room\tfirst\n")
        for line in self.lines[:-1]:
            word = line.split("\t")
            if not any(s in line for s in slow) and word[0] == "ask":
                self.lines += [line, f"room\t{word[1]}\n"]

    def write(self):
        with open(self.path, "w") as out:
            out.writelines(self.lines)


# ---- RFC 8446 section 7.5, by hand -------------------------------------------

def expand_label(secret, label, context, length, digest):
    label = b"tls13 " + label
    info = (length.to_bytes(2, "big") + bytes([len(label)]) + label
            + bytes([len(context)]) + context)
    out, block, i = b"", b"", 1
    while len(out) < length:
        block = hmac.new(secret, block + info + bytes([i]), digest).digest()
        out, i = out + block, i + 1
    return out[:length]


def exporter(master, label, context, length):
    digest = {32: hashlib.sha256, 48: hashlib.sha384}[len(master)]
    size = len(master)
    secret = expand_label(master, label, digest(b"").digest(), size, digest)
    return expand_label(secret, b"exporter", digest(context).digest(),
                        length, digest)


def nts_keys(keylog):
    """Every (c2s, s2c) that the servers' logged secrets lead to."""
    for line in open(keylog):
        word = line.split()
        if word and word[0] == "EXPORTER_SECRET":
            yield tuple(exporter(
                bytes.fromhex(word[2]), b"EXPORTER-network-time-security",
                bytes([0, 0, 0, 15, way]), 32).hex() for way in (0, 1))


# ---- the cases ------------------------------------------------------------------

def files(cases, work, cas):
    """What tls_trust makes of files; joins cas to set 0."""
    def put(name, data):
        path = os.path.join(work, name)
        with open(path, "wb") as out:
            out.write(data)
        return path

    pem = [open(ca.crt, "rb").read() for ca in cas]
    openssl("x509", "-in", cas[0].crt, "-outform", "DER", "-out",
            work + "/ca.der")
    der = open(work + "/ca.der", "rb").read()
    begin, end = (b"-----BEGIN CERTIFICATE-----\n",
                  b"-----END CERTIFICATE-----\n")

    def bad(name, data, why, count=RC_BAD, certset=0):
        cases.trust(put(name, data), count, certset, why)

    key = open(cas[0].key, "rb").read()
    none, damaged = "no certificate in it", "one is damaged"
    bad("empty.pem", b"", none)
    bad("zeros.bin", bytes(999), "only zeros")
    bad("text.pem", b"no certificate\n" * 9, none)
    bad("key.pem", key, "a private key")
    bad("cut.pem", pem[0][:-40], "ends in the middle")
    bad("cut.der", der[:-1], "ends in the middle")
    bad("page.pem", b"\r\n<!DOCTYPE html><html></html>\n", "a web page")
    bad("dashes.pem", pem[0].replace(b"-----", b"----"), "no line -----BEGIN")
    bad("store.p12", b"\x30\x05\2\1\3\x30\0", "PKCS12")
    bad("letters.pem", begin + b"!!!!\n" + end, damaged)
    bad("zeros.pem", begin + b"AAAA" * 100 + b"\n" + end, damaged)
    bad("binary.der", bytes(range(256)) * 9, none)
    bad("nothing.pem", begin + end, damaged)
    bad("long.pem", begin + b"MIIB" * 25000 + end, "that fit", RC_SPACE)
    bad("utf16.pem", pem[0].decode().encode("utf-16"), "UTF-16")
    bad("utf16be.pem", pem[0].decode().encode("utf-16-be"), "UTF-16")
    bad("trusted.pem", pem[0].replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE"),
        "TRUSTED CERTIFICATE: convert")
    bad("request.pem", pem[0].replace(b"CERTIFICATE", b"CERTIFICATE REQUEST"),
        '"CERTIFICATE REQUEST", which is no certificate')
    openssl("crl2pkcs7", "-nocrl", "-certfile", cas[0].crt, "-out",
            work + "/p7.pem")
    openssl("crl2pkcs7", "-nocrl", "-certfile", cas[0].crt, "-outform", "DER",
            "-out", work + "/p7.der")
    bad("pkcs7.pem", open(work + "/p7.pem", "rb").read(), "PKCS7")
    bad("pkcs7.der", open(work + "/p7.der", "rb").read(), "PKCS7")
    cases.trust(put("same.pem", pem[0] * 33), 33, 9)
    cases.trust(put("one.der", der), 1, 9)
    cases.trust(put("two.der", der + der), 2, 9)
    cases.trust(put("windows.pem", pem[0].replace(b"\n", b"\r\n")), 1, 9)
    cases.trust(put("mac.pem", pem[0].replace(b"\n", b"\r")), 1, 9)
    cases.trust(put("page-copy.pem", pem[0].replace(b"\n", b" \r\n\t ")), 1, 9)
    cases.trust(put("quoted.pem", b"> " + pem[0].replace(b"\n", b"\n> ")), 1, 9)
    cases.trust(put("escaped.pem", pem[0].replace(b"\n", b"\\n")), 1, 9)
    cases.trust(put("pasted.pem", pem[0].replace(b"\n", b"\xc2\xa0\n")), 1, 9)
    cases.trust(put("older.pem", pem[0].replace(
        b"CERTIFICATE", b"X509 CERTIFICATE")), 1, 9)
    bad("mixed.pem", begin + b"AAAA\n" + end + b"words\n" + pem[0], damaged,
        1, 9)
    bad("with-key.pem", pem[0] + key, "a private key", 1, 9)
    cases.trust(put("all.pem", b"for people\n\n" + b"\n".join(pem)),
                len(pem))


def chrony_cases(cases, pki, work, ca, keylog):
    daemons = []
    inter = {n: pki.issue(f"int-{n}", ca[n], kind=ca[n].kind, ca=True)
             for n in ("ec", "rsa")}
    deep = pki.issue("int-deep", inter["ec"], ca=True)
    leaf = {
        "P-256": pki.issue("srv-ec", ca["ec"]),
        "RSA-2048": pki.issue("srv-rsa", ca["rsa"], kind="rsa2048"),
        "P-384": pki.issue("srv-384", ca["384"], kind="P-384"),
        "P-256 with an intermediate": pki.issue("srv-ec-int", inter["ec"]),
        "RSA with an intermediate": pki.issue("srv-rsa-int", inter["rsa"],
                                              kind="rsa2048"),
        "two intermediates": pki.issue("srv-deep", deep),
    }
    for label, cert in leaf.items():
        # GnuTLS logs the sessions' secrets there.
        daemons.append(chronyd.Server(pki, cert, env={
            "SSLKEYLOGFILE": keylog}).start())
        cases.ask("chronyd, " + label, "ok", daemons[-1])
    cases.ask("chronyd, by its address", "ok", daemons[0], name="10.0.2.2")
    cases.ask("chronyd, once more", "ok", daemons[0])
    cases.ask("chronyd, wrong name",
              "certificate is for another name (wanted other.test)",
              daemons[0], name="other.test")
    cases.ask("chronyd, wrong address", "wanted 10.0.2.3", daemons[0],
              name="10.0.2.3")
    cases.ask("chronyd, CA in another set", "unknown issuer \"ca-ec\": its CA is in set ",
              daemons[0], certset=2)
    cases.ask("chronyd, CA of that set", "ok", daemons[0], certset=9)
    return daemons


def certificate_cases(cases, pki, ca, keylog):
    def server(name, **kw):
        kw.setdefault("issuer", ca["ec"])
        weak = kw.get("kind") == "rsa1024"
        return Tls(pki.issue(name, **kw), keylog=keylog, weak=weak)

    stranger = pki.issue("ca-stranger", ca=True)
    cases.ask("unknown CA", "unknown issuer \"ca-stranger\"",
              server("srv-stranger", issuer=stranger))
    day = when.day(NOW - DAY)
    expired = server("srv-expired", valid=(-30 * DAY, -DAY),
                     at=NOW)
    cases.ask("expired, judged by the floor",
              f"expired: notAfter {day} before floor", expired)
    cases.ask("expired, judged by the clock",
              f"expired: notAfter {day} before now", expired,
              synchronised=True, floor=0)
    cases.ask("not expired at a lower floor", "ok", expired,
              floor=NOW - 2 * DAY, now=NOW)
    future = server("srv-future", valid=(30 * DAY, 60 * DAY))
    cases.ask("not yet valid, clock not set", "ok", future)
    cases.ask("not yet valid, clock set", "not yet valid: notBefore", future,
              synchronised=True)
    old_ca = pki.issue("ca-old", ca=True, valid=(-99 * DAY, -9 * DAY))
    cases.trust(old_ca.crt, 1)
    cases.ask("valid, but its CA is not", "expired: notAfter",
              server("srv-old", issuer=old_ca))
    cases.ask("clientAuth only", "not for server use",
              server("srv-client", usage="clientAuth"))
    cases.ask("no extended key usage at all", "ok",
              server("srv-any", usage=None))
    own = pki.issue("srv-self", issuer=None)
    cases.ask("self-signed, unknown", "unknown issuer \"srv-self\"",
              Tls(own, keylog=keylog))
    cases.trust(own.crt, 1, 3)
    cases.ask("self-signed, on the card", "ok", Tls(own, keylog=keylog),
              certset=3)
    cases.ask("issued by what is no CA", "\"srv-no-ca\" is no CA",
              server("srv-below", issuer=pki.issue("srv-no-ca", ca["ec"])))
    cases.ask("RSA-1024", "too weak", server("srv-weak", kind="rsa1024"))


def protocol_cases(cases, pki, ca, keylog):
    cert = pki.issue("srv-plain", ca["ec"])

    def tls(**kw):
        return Tls(cert, keylog=keylog, **kw)

    cases.ask("TLS 1.2 only", "does not speak TLS 1.3", tls(tls12=True))
    cases.ask("wrong ALPN", "ALPN ntske/1 not agreed", tls(alpn=("http/1.1",)))
    cases.ask("no ALPN", "ALPN ntske/1 not agreed", tls(alpn=()))
    cases.ask("P-384 only (HelloRetryRequest)", "ok", tls(curve="secp384r1"))
    cases.ask("answer in pieces of a byte", "ok",
              tls(pieces=[ANSWER[i:i + 1] for i in range(len(ANSWER))]))
    cases.ask("wants a client certificate", "client certificate",
              tls(ca=ca["ec"]))
    cases.ask("connection refused", "connection refused", free_port())
    cases.ask("accepts, never speaks", "timed out in the TLS handshake",
              Tcp(hang=True))
    cases.ask("accepts and closes", "closed the connection",
              Tcp(read=True))
    cases.ask("accepts and resets", "connection", Tcp())
    cases.ask("garbage", "does not speak TLS",
              Tcp(greeting=b"220 mail.test ESMTP\r\n" * 9))
    cases.ask("a TLS alert as greeting", "server refuses: internal error",
              Tcp(greeting=bytes.fromhex("15030300020250")))
    for alert, words in ((45, "certificate expired"), (48, "unknown CA"),
                         (86, "inappropriate fallback"),
                         (255, "does not say why")):
        cases.ask(f"alert {alert}", words, Tcp(greeting=bytes.fromhex(
            f"150303000202{alert:02x}")))
    cases.ask("an alert that it has no such ALPN", "ALPN ntske/1 not agreed",
              Tcp(greeting=bytes.fromhex("15030300020278")))
    cases.ask("ServerHello of a server older than TLS 1.3",
              "does not speak TLS 1.3", Tcp(greeting=bytes.fromhex(
                  "160303002a020000260303") + bytes(32)
                  + bytes.fromhex("00c02f00")))
    cases.ask("random bytes in a TLS record", "connection",
              Tcp(greeting=b"\x16\x03\x03\x00\x40" + bytes(range(64))))
    cases.ask("closes without an answer", "closed without an answer",
              tls(pieces=()))
    cases.ask("closes in its answer", "closed in the middle",
              tls(pieces=(ANSWER[:333],)))
    cases.ask("never answers", "no answer to the NTS-KE request",
              tls(pieces=(), hang=True))
    cases.ask("NTS-KE error record", "(1)",
              tls(pieces=(record(2, b"\0\1") + END,)))
    cases.ask("unknown critical record", "(1234)",
              tls(pieces=(record(1234, b""), ANSWER)))
    cases.ask("garbage inside TLS", "NTS-KE", tls(pieces=(b"\xff" * 999,)))
    cases.ask("stays open after its answer", "ok", tls(hang=True))


def side_by_side(cases, pki):
    """The longest chain that we meet, as often as there are sessions."""
    ca = pki.issue("ca-4096", kind="rsa4096", ca=True)
    inter = pki.issue("int-4096", ca, kind="rsa4096", ca=True)
    cases.trust(ca.crt, 1)
    server = Tls(pki.issue("srv-4096", inter, kind="rsa4096"))
    cases.together("five at once beside one that hangs", 5, server,
                   Tcp(hang=True))


def run(binary, cases, tap, keylog):
    env = dict(os.environ, GNOMON_TLS_CASES=cases.path)
    child = subprocess.run([binary], env=env, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=600)
    text = child.stdout.decode(errors="replace")
    keys = set(nts_keys(keylog))
    agreed = exchanges = results = windows = 0
    for line in text.splitlines():
        match = re.match(r"(not )?ok \d+ - (.*)", line)
        if match:
            results += 1
            tap.check(not match.group(1), match.group(2))
        elif line.startswith("# keys\t"):
            exchanges += 1
            label, c2s, s2c, lo, hi = line.split("\t")[1:]
            agreed += (c2s, s2c) in keys
            wanted = {"not yet valid, clock not set": (29 * DAY, 61 * DAY)}
            low, high = wanted.get(label, (-100 * DAY, 366 * DAY))
            windows += low < int(lo) - NOW < int(hi) - NOW < high
        else:
            print(line if line.startswith("#") else "# " + line)
    tap.check(exchanges and agreed == exchanges, "exported keys are those of "
              f"the servers ({agreed} of {exchanges})")
    tap.check(exchanges == windows, "the windows of their certificates "
              f"({windows} of {exchanges})")
    tap.check(child.returncode in (0, 1) and results >= len(cases.lines) - 1,
              "every case ran", text[-4000:])


def main():
    binary = (sys.argv[1] if len(sys.argv) > 1 else
              os.path.join(TOP, "build/host/tests/host/test_tls"))
    work = tempfile.mkdtemp(prefix="gnomon-tls-")
    keylog = os.path.join(work, "keylog")
    open(keylog, "w").close()
    tap, daemons, cases = Tap(), [], Cases(os.path.join(work, "cases"))
    try:
        pki = Pki(work)
        ca = {}
        for name, kind in (("ec", "P-256"), ("rsa", "rsa2048"),
                           ("384", "P-384")):
            ca[name] = pki.issue("ca-" + name, kind=kind, ca=True)
        files(cases, work, list(ca.values()))
        daemons += chrony_cases(cases, pki, work, ca, keylog)
        certificate_cases(cases, pki, ca, keylog)
        protocol_cases(cases, pki, ca, keylog)
        side_by_side(cases, pki)
        cases.again()
        cases.write()
        run(binary, cases, tap, keylog)
    except Exception as e:  # a test that cannot run has failed
        tap.check(False, "test_tls.py", repr(e) + "\n" + str(e))
    finally:
        for daemon in daemons:
            daemon.stop()
        shutil.rmtree(work, ignore_errors=True)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
