"""Between the firmware and a server: a TCP gate that counts and can be shut,
a UDP proxy that can do to a reply what an attacker can. Both are threads."""
import select
import socket
import threading
import time

from . import packets


class Gate:
    """TCP 127.0.0.1:port -> target while open; shut, connections are refused
    as by a machine where nobody listens. `count`: accepted ever."""

    def __init__(self, port, target, address="127.0.0.1"):
        self.here, self.target = (address, port), target
        self.count = 0
        self.listener = None
        self.lock = threading.Lock()
        self.open()

    def open(self):
        with self.lock:
            if self.listener is None:
                self.listener = socket.create_server(self.here)
                threading.Thread(target=self.accept, args=(self.listener,),
                                 daemon=True).start()

    def close(self):
        """Shut; connections under way go on."""
        with self.lock:
            if self.listener is not None:
                # Wakes the thread that is in accept().
                self.listener.shutdown(socket.SHUT_RDWR)
                self.listener.close()
                self.listener = None

    def accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self.serve, args=(client,),
                             daemon=True).start()

    def serve(self, client):
        try:
            server = socket.create_connection(self.target, 10)
        except OSError:
            client.close()
            return
        with client, server:
            server.settimeout(None)
            ways = {client: server, server: client}
            try:
                while ways:
                    for ready in select.select(list(ways), [], [], 60)[0]:
                        data = ready.recv(65536)
                        if data:
                            ways[ready].sendall(data)
                        else:
                            ways.pop(ready).shutdown(socket.SHUT_WR)
            except OSError:
                pass


def flip(packet, at, bit=0):
    return packet[:at] + bytes([packet[at] ^ 1 << bit]) + packet[at + 1:]


def cut_authenticator(packet):
    for kind, at, _ in packets.fields(packet):
        if kind == packets.AUTH:
            return packet[:at]
    return packet


def other_uid(packet):
    for kind, at, _ in packets.fields(packet):
        if kind == packets.UID:
            return flip(packet, at + 10)
    return packet


# What becomes of a reply: f(proxy, request, reply) -> list of what is sent.
REPLY = {
    "pass": lambda p, q, r: [r],
    "drop": lambda p, q, r: [],
    "tamper": lambda p, q, r: [flip(r, 43)],       # transmit timestamp
    "tamper-tag": lambda p, q, r: [flip(r, len(r) - 1)],
    "tamper-stratum": lambda p, q, r: [flip(r, 1)],
    "replay": lambda p, q, r: [p.first_reply or r],  # of another request
    "double": lambda p, q, r: [r, r],              # the same one twice
    "truncate": lambda p, q, r: [r[:-4]],
    "truncate-field": lambda p, q, r: [r[:60]],
    "short": lambda p, q, r: [r[:40]],
    "strip": lambda p, q, r: [cut_authenticator(r)],
    "plain": lambda p, q, r: [r[:48]],             # header alone
    "other-uid": lambda p, q, r: [other_uid(r)],
    "other-origin": lambda p, q, r: [flip(r, 30)],
    "nak": lambda p, q, r: [packets.nak(q)],
    "nak-first": lambda p, q, r: [packets.nak(q), r],
    "nak-stranger": lambda p, q, r: [other_uid(packets.nak(q))],
    "echo": lambda p, q, r: [q],                   # the request itself
    "noise": lambda p, q, r: [bytes(range(256)) * 4],
}


class Proxy:
    """UDP 127.0.0.1:port -> target. `mode` may change at any time; `once`
    (a list of modes) is used up first. delay_s holds replies back."""

    def __init__(self, port, target, address="127.0.0.1", mode="pass"):
        self.target = target
        self.mode, self.once, self.delay_s = mode, [], 0.0
        self.cookies = []        # every one seen in requests, in order
        self.requests = 0
        self.replies = 0         # of the server
        self.altered = 0         # requests that were not just passed
        self.first_reply = None  # what "replay" repeats
        self.sources = set()     # ports that requests came from
        self.links = {}          # client -> socket to the server
        self.pending = {}        # client -> last request
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind((address, port))
        self.ended = False
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def close(self):
        self.ended = True
        self.thread.join(5)

    def loop(self):
        while not self.ended:
            waiting = [self.front, *self.links.values()]
            for ready in select.select(waiting, [], [], 0.2)[0]:
                try:
                    if ready is self.front:
                        self.request()
                    else:
                        self.reply(ready)
                except OSError:
                    pass  # the server is not there just now
        for link in (self.front, *self.links.values()):
            link.close()

    def request(self):
        data, client = self.front.recvfrom(4096)
        self.requests += 1
        self.sources.add(client[1])
        self.cookies += packets.cookies(data)
        while client not in self.links and len(self.links) >= 64:
            oldest = next(iter(self.links))
            self.links.pop(oldest).close()
            self.pending.pop(oldest)
        if client not in self.links:
            link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            link.connect(self.target)
            self.links[client] = link
        self.pending[client] = data
        self.links[client].send(data)

    def reply(self, link):
        data = link.recv(4096)
        self.replies += 1
        client = next((c for c, l in self.links.items() if l is link), None)
        if client is None:
            return  # its client was forgotten
        mode = self.once.pop(0) if self.once else self.mode
        if mode != "pass":
            self.altered += 1
        if self.delay_s:
            time.sleep(self.delay_s)
        for packet in REPLY[mode](self, self.pending[client], data):
            self.front.sendto(packet, client)
        if self.first_reply is None:
            self.first_reply = data
