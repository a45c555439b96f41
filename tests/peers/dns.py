"""A DNS server on 127.0.0.1:53 (so after netns.enter(resolver="127.0.0.1")):
slirp's 10.0.2.3 forwards a guest's questions to it.

    with Server({"nts1.test": ["10.0.2.2"]}) as dns: ...; dns.questions"""
import socket
import struct
import threading

A, AAAA = 1, 28


def name_at(packet, at):
    labels = []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1"))
        at += 1 + packet[at]
    return ".".join(labels).lower(), at + 1


class Server:
    def __init__(self, names, address="127.0.0.1", port=53):
        self.names = names
        self.mode = "answer"  # or "silent", "servfail"
        self.questions = []   # (name, type)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]
        self.ended = False
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended = True
        self.thread.join(5)
        self.socket.close()

    def loop(self):
        while not self.ended:
            try:
                query, client = self.socket.recvfrom(1500)
                answer = self.answer(query)
                if answer:
                    self.socket.sendto(answer, client)
            except (OSError, IndexError, struct.error):
                continue

    def answer(self, query):
        name, end = name_at(query, 12)
        kind, = struct.unpack_from(">H", query, end)
        self.questions.append((name, kind))
        if self.mode == "silent":
            return None
        family = {A: socket.AF_INET, AAAA: socket.AF_INET6}.get(kind)
        records = []
        for text in self.names.get(name, []):
            if family and (":" in text) == (kind == AAAA):
                data = socket.inet_pton(family, text)
                records.append(struct.pack(">HHHIH", 0xc00c, kind, 1, 60,
                                           len(data)) + data)
        code = 0 if name in self.names else 3
        if self.mode == "servfail":
            code, records = 2, []
        return (query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1,
                                        len(records), 0, 0)
                + query[12:end + 4] + b"".join(records))
