"""Servers for test_tls.py: chronyd, and TLS servers that misbehave. All on
loopback, on ports that were free."""
import glob
import os
import socket
import ssl
import subprocess
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


def record(kind, body, critical=True):
    return ((kind | (0x8000 if critical else 0)).to_bytes(2, "big")
            + len(body).to_bytes(2, "big") + body)


END = record(0, b"")
ANSWER = (record(1, b"\0\0") + record(4, b"\0\x0f")
          + b"".join(record(5, bytes([i]) * 100, False) for i in range(8))
          + END)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Listener:
    """Accepts, and hands each connection to serve() in a thread."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.guarded, args=(c,),
                             daemon=True).start()

    def guarded(self, c):
        c.settimeout(20)
        try:
            self.serve(c)
        except (OSError, ValueError):
            pass
        finally:
            c.close()


class Tcp(Listener):
    """No TLS at all: reads once or not, says `greeting`, then waits or
    closes; closing on what was not read is a reset."""

    def __init__(self, greeting=b"", hang=False, read=False):
        self.greeting, self.hang, self.read = greeting, hang, read
        super().__init__()

    def serve(self, c):
        if self.read:
            c.recv(4096)
        c.sendall(self.greeting)
        while self.hang and c.recv(4096):
            pass
        if self.greeting:
            time.sleep(0.5)


class Tls(Listener):
    """OpenSSL. Reads a request up to End of Message, writes `pieces`, then
    waits (hang) or closes."""

    def __init__(self, cert, pieces=(ANSWER,), hang=False, alpn=("ntske/1",),
                 tls12=False, ca=None, curve=None, keylog=None, weak=False):
        self.ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if weak:
            self.ctx.set_ciphers("DEFAULT@SECLEVEL=0")
        self.ctx.load_cert_chain(cert.full, cert.key)
        if alpn:
            self.ctx.set_alpn_protocols(list(alpn))
        if tls12:
            self.ctx.maximum_version = ssl.TLSVersion.TLSv1_2
        if ca:
            self.ctx.verify_mode = ssl.CERT_REQUIRED
            self.ctx.load_verify_locations(ca.crt)
        if curve:
            self.ctx.set_ecdh_curve(curve)
        if keylog:
            self.ctx.keylog_filename = keylog
        self.pieces, self.hang = pieces, hang
        super().__init__()

    def serve(self, c):
        with self.ctx.wrap_socket(c, server_side=True) as s:
            s.settimeout(20)
            request = b""
            while not request.endswith(END):
                more = s.recv(4096)
                if not more:
                    return
                request += more
            for piece in self.pieces:
                s.sendall(piece)
            while self.hang and s.recv(4096):
                pass


def chronyd_path():
    for place in (os.environ.get("GNOMON_CHRONYD", ""),
                  *sorted(glob.glob(f"{TOP}/build/peers/**/sbin/chronyd",
                                    recursive=True)),
                  "/usr/sbin/chronyd"):
        if place and os.access(place, os.X_OK):
            return place
    raise RuntimeError("no chronyd: make build/peers/.fetched")


class Chronyd:
    """Debian's chronyd as NTS server, its clock and the kernel's untouched;
    GnuTLS logs the sessions' secrets to `keylog`."""

    def __init__(self, folder, cert, keylog):
        os.makedirs(folder, mode=0o750)
        self.port, ntp = free_port(), free_port()
        me = "root" if os.getuid() == 0 else os.environ.get("USER", "nobody")
        conf = os.path.join(folder, "chrony.conf")
        with open(conf, "w") as out:
            out.write(f"""port {ntp}
ntsport {self.port}
bindaddress 127.0.0.1
allow 127.0.0.0/8
cmdport 0
bindcmdaddress /
pidfile {folder}/pid
ntsserverkey {cert.key}
ntsservercert {cert.full}
local stratum 1
user {me}
""")
        options = [] if os.getuid() == 0 else ["-U"]
        self.log = open(os.path.join(folder, "log"), "w")
        self.child = subprocess.Popen(
            [chronyd_path(), *options, "-x", "-d", "-f", conf],
            stdout=self.log, stderr=self.log,
            env=dict(os.environ, SSLKEYLOGFILE=keylog))

    def wait(self, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.child.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("chronyd did not start:\n"
                           + open(self.log.name).read())

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.log.close()
