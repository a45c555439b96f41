"""NTPsec's ntpd as an NTS server. Its ports are fixed (UDP 123, TCP 4460),
so this runs only after netns.enter(); several, one per island:

    netns.enter()
    with Server(pki) as s: ...                       # at 127.0.0.1
    with Island(0) as i, Server(pki, island=i) as s: # at i.address

It takes some seconds until it is synchronised to its own clock: ready()
waits for a reply of stratum below 16."""
import os
import re
import socket

from . import when
from .child import PEERS, Child, wait_for, work_folder

NTPD = os.path.join(PEERS, "ntpsec/usr/sbin/ntpd")


class Server:
    port, ke_port = 123, 4460

    def __init__(self, pki, cert="good", island=None, synchronised=True):
        self.folder = work_folder()
        self.key, self.chain = pki.key(cert), pki.chain(cert)
        self.address = island.address if island else "127.0.0.1"
        self.prefix = island.prefix if island else []
        self.synchronised = synchronised
        self.child = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        lines = ["nts enable", f"nts key {self.key}",
                 f"nts cert {self.chain}", f"nts cookie {self.folder}/cookie",
                 "restrict default", f"driftfile {self.folder}/drift"]
        if self.synchronised:
            lines += ["refclock local stratum 1 minpoll 3 maxpoll 3",
                      "tos orphan 1 orphanwait 1"]
        conf = os.path.join(self.folder, "ntp.conf")
        with open(conf, "w") as out:
            out.write("\n".join(lines) + "\n")
        self.child = Child([*self.prefix, NTPD, "-n", "-c", conf],
                           os.path.join(self.folder, "log"),
                           env={**os.environ, **when.environment()})
        if not wait_for(self.ready, step=0.3):
            text = self.child.text()
            self.stop()
            raise RuntimeError("ntpd did not start:\n" + text)
        return self

    def ready(self):
        if not self.child.alive():
            raise RuntimeError("ntpd ended:\n" + self.child.text())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            link.settimeout(1)
            try:
                link.connect((self.address, self.port))
                link.send(b"\x23" + bytes(47))
                reply = link.recv(100)
            except OSError:
                return False
        return not self.synchronised or 0 < reply[1] < 16

    def stop(self):
        if self.child:
            self.child.stop()
            self.child = None

    def text(self):
        return self.child.text() if self.child else ""

    def ke_connections(self):
        """Key exchanges that it logged as done."""
        return len(re.findall(r"NTSs: NTS-KE from .*, Using TLS",
                              self.text()))
