"""A session of NTS with a board that serves it: a real chronyd's, which writes
its keys and cookies down when it ends, and requests made from them."""
import glob
import os
import socket
import subprocess

from tests.peers import chronyd
from tests.tap import TOP

ASK = os.path.join(TOP, "build/host/nts_ask")


class Session:
    """After a key exchange on this port of the loopback."""

    def __init__(self, w, ntp, ke):
        self.ntp, folder = ntp, w.path(f"session-{ke}")
        os.mkdir(folder)
        client = chronyd.Client(w.pki, [("127.0.0.1", ntp, ke)],
                                extra=[f"ntsdumpdir {folder}",
                                       "nocerttimecheck 1"])
        with client:
            if not client.synchronised(60):
                raise RuntimeError("no session:\n" + client.text())
        lines = open(glob.glob(folder + "/*.nts")[0]).read().split("\n")
        # NNC0, name, time, address; then number, AEAD, S2C, C2S; then cookies
        _, self.aead, _, self.c2s = lines[4].split()
        self.cookies = [line for line in lines[5:] if line]

    def requests(self, count=1, placeholders=0, cookie=0):
        done = subprocess.run(
            [ASK, self.aead, self.c2s, self.cookies[cookie], str(placeholders),
             str(count)], stdout=subprocess.PIPE, check=True)
        return [bytes.fromhex(line) for line in done.stdout.decode().split()]

    def answered(self, seconds=3, cookie=1):
        """Whether a request that was not made before gets an answer."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            link.settimeout(seconds)
            link.connect(("127.0.0.1", self.ntp))
            link.send(self.requests(cookie=cookie)[0])
            try:
                return len(link.recv(2048)) > 100
            except (socket.timeout, ConnectionRefusedError):
                return False
