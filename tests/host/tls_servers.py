"""Servers for test_tls.py whose every byte a case may choose; those with
names are in peers/badtls.py."""
import socket
import ssl
import threading
import time

from tests.peers.badtls import ANSWERS, read_request

ANSWER = ANSWERS["good"]


class Listener:
    """Accepts, and hands each connection to serve() in a thread."""

    connections = 0

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
            self.connections += 1
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
            if not read_request(s):
                return
            for piece in self.pieces:
                s.sendall(piece)
            while self.hang and s.recv(4096):
                pass
