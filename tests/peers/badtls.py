"""NTS-KE servers that break the rules, one way each.

    with Server(pki, "tls12") as s:     # s.port, on 127.0.0.1
        ...; s.connections, s.handshakes

MODES says what there is. ANSWERS are bytes after a proper handshake with
ALPN ntske/1 and a whole request; the TLS ones never get so far."""
import ctypes
import socket
import ssl
import struct
import threading
import time

from .child import free_port


def record(kind, body=b"", critical=True):
    return struct.pack(">HH", kind | (0x8000 if critical else 0),
                       len(body)) + body


NTP, AEAD, END = record(1, b"\0\0"), record(4, b"\0\x0f"), record(0)
COOKIES = b"".join(record(5, bytes([i]) * 100, False) for i in range(8))
ANSWERS = {
    "good": NTP + AEAD + COOKIES + END,  # but no NTP server behind it
    "error-0": record(2, b"\0\0") + END,
    "error-1": record(2, b"\0\1") + END,
    "error-2": record(2, b"\0\2") + END,
    "warning": NTP + AEAD + record(3, b"\0\1") + COOKIES + END,
    "critical": NTP + AEAD + record(0x4242, b"?") + COOKIES + END,
    "no-cookies": NTP + AEAD + END,
    "no-aead": NTP + COOKIES + END,
    "no-protocol": AEAD + COOKIES + END,
    "empty-aead": NTP + record(4) + END,
    "empty-protocol": record(1) + END,
    "wrong-aead": NTP + record(4, b"\0\x01") + COOKIES + END,
    "wrong-protocol": record(1, b"\x80\0") + AEAD + COOKIES + END,
    "odd-length": NTP + record(4, b"\0\x0f\0") + COOKIES + END,
    "cut": (NTP + AEAD + COOKIES)[:-40],
    "no-end": NTP + AEAD + COOKIES,
    "empty": b"",
    "long-cookie": NTP + AEAD + record(5, b"c" * 60000, False) + END,
    "garbage": bytes((i * 197 + 13) & 255 for i in range(5000)),
    "endless": None,  # records that nobody knows, until the other side ends
    "drip": None,     # the good answer, a byte each 0.2 s
    "hang-answer": None,
}
TLS = {
    "tls12": "TLS 1.2 only",
    "no-alpn": "chooses no protocol",
    "wrong-alpn": "chooses http/1.1, which was not offered",
    "alpn-alert": "answers no_application_protocol",
    "no-tls": "plain noise instead of a ServerHello",
    "close": "closes at once",
    "reset": "resets at once",
    "hang": "never says a word",
    "hang-hello": "says the first bytes of a ServerHello and no more",
    "drip-hello": "the same, a byte each 0.2 s, without end",
    "close-handshake": "closes once the handshake is done",
}
MODES = [*TLS, *ANSWERS]
HELLO = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"


def read_request(tls):
    """Up to End of Message; False if the client leaves before."""
    request = b""
    while not request.endswith(END):
        data = tls.recv(4096)
        if not data:
            return False
        request += data
    return True


class ForcedAlpn:
    """OpenSSL by hand: Python's ssl chooses only what the client offers."""

    def __init__(self, key, chain, name):
        lib = self.lib = ctypes.CDLL("libssl.so.3")
        for function in (lib.SSL_CTX_new, lib.TLS_server_method, lib.SSL_new):
            function.restype = ctypes.c_void_p
        kind = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p),
            ctypes.POINTER(ctypes.c_ubyte), ctypes.c_void_p, ctypes.c_uint,
            ctypes.c_void_p)
        self.name = name

        def select(_ssl, out, out_len, _list, _len, _arg):
            if self.name is None:
                return 2  # SSL_TLSEXT_ERR_ALERT_FATAL
            out[0], out_len[0] = self.name, len(self.name)
            return 0

        self.callback = kind(select)
        self.context = ctypes.c_void_p(lib.SSL_CTX_new(
            ctypes.c_void_p(lib.TLS_server_method())))
        good = (lib.SSL_CTX_use_certificate_chain_file(
            self.context, chain.encode()) == 1
            and lib.SSL_CTX_use_PrivateKey_file(
                self.context, key.encode(), 1) == 1)
        if not good:
            raise RuntimeError("libssl took no certificate")
        lib.SSL_CTX_set_alpn_select_cb(self.context, self.callback, None)

    def serve(self, link):
        """True if the handshake was done."""
        lib = self.lib
        session = ctypes.c_void_p(lib.SSL_new(self.context))
        lib.SSL_set_fd(session, link.fileno())
        done = lib.SSL_accept(session) == 1
        if done:
            request = ctypes.create_string_buffer(4096)
            if lib.SSL_read(session, request, 4096) > 0:
                lib.SSL_write(session, ANSWERS["good"],
                              len(ANSWERS["good"]))
            lib.SSL_shutdown(session)
        lib.SSL_free(session)
        return done


class Server:
    def __init__(self, pki, mode, cert="good", port=None,
                 address="127.0.0.1"):
        assert mode in MODES, mode
        self.mode = mode
        self.connections = self.handshakes = 0
        self.ended = False
        self.alpn = self.context = None
        if mode in ("wrong-alpn", "alpn-alert"):
            self.alpn = ForcedAlpn(pki.key(cert), pki.chain(cert),
                                   b"http/1.1" if mode[0] == "w" else None)
        else:
            self.context = self.make_context(pki.key(cert), pki.chain(cert))
        self.port = port or free_port()
        self.listener = socket.create_server((address, self.port))
        threading.Thread(target=self.accept, daemon=True).start()

    def make_context(self, key, chain):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        if self.mode == "tls12":
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        else:
            context.minimum_version = ssl.TLSVersion.TLSv1_3
        if self.mode != "no-alpn":
            context.set_alpn_protocols(["ntske/1"])
        return context

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while not self.ended:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(link,),
                             daemon=True).start()

    def serve(self, link):
        with link:
            try:
                link.settimeout(60)
                if self.alpn:
                    link.settimeout(None)  # blocking below libssl
                    self.handshakes += self.alpn.serve(link)
                elif self.mode in TLS and self.raw(link):
                    return
                else:
                    self.converse(link)
            except (OSError, ssl.SSLError):
                pass  # the client gave up, as it should

    def wait_end(self, link):
        """Until the client closes, or the test ends."""
        link.settimeout(0.3)
        while not self.ended:
            try:
                if not link.recv(4096):
                    return
            except TimeoutError:
                continue

    def drip(self, link, data):
        for byte in data:
            if self.ended:
                return
            link.sendall(bytes([byte]))
            time.sleep(0.2)

    def raw(self, link):
        """What is done before TLS; True if that was all."""
        if self.mode == "reset":
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
        elif self.mode == "no-tls":
            link.recv(4096)
            link.sendall(ANSWERS["garbage"])
            self.wait_end(link)
        elif self.mode == "hang":
            self.wait_end(link)
        elif self.mode == "hang-hello":
            link.recv(4096)
            link.sendall(HELLO)
            self.wait_end(link)
        elif self.mode == "drip-hello":
            link.recv(4096)
            self.drip(link, HELLO + bytes(16000))
        return self.mode in ("close", "reset", "no-tls", "hang", "hang-hello",
                             "drip-hello")

    def converse(self, link):
        with self.context.wrap_socket(link, server_side=True) as tls:
            self.handshakes += 1
            if self.mode == "close-handshake":
                return
            if read_request(tls):
                self.answer(tls)

    def answer(self, tls):
        if self.mode == "endless":
            while not self.ended:
                tls.sendall(record(0x4000, bytes(1000), False))
        elif self.mode == "drip":
            self.drip(tls, ANSWERS["good"])
        elif self.mode == "hang-answer":
            self.wait_end(tls)
        else:
            tls.sendall(ANSWERS.get(self.mode, ANSWERS["good"]))
            tls.unwrap()
