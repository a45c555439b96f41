"""Debian's chronyd, NTS server or client, never touching the clock (-x).
version="4.6.1" is trixie's, "4.3" this Debian's own.

    with Server(pki) as s:          # or start() and stop()
        s.port, s.ke_port           # 127.0.0.1, free ones
        s.chronyc("doffset", "5")   # 5 s slow from now on
        s.serverstats()["NTS-KE connections accepted"]

front=True puts a gate and a proxy (middle.py) before it: chronyd sits on
127.0.0.2, they on 127.0.0.1 with the same port numbers, for chrony tells its
NTP port in the key exchange and no address."""
import os
import pwd
import re
import subprocess

from tests.tap import GUARD_S

from . import middle, when
from .child import (PEERS, Child, free_port, wait_for, work_folder)

CHRONYD = os.path.join(PEERS, "chrony/usr/sbin/chronyd")
CHRONYC = os.path.join(PEERS, "chrony/usr/bin/chronyc")
TRIXIE = os.path.join(PEERS, "trixie")


def commands_of(version):
    """How to start chronyd and chronyc: trixie's run by the linker and the
    libraries unpacked with them. The two speak only to their own kind."""
    if version == "4.3":
        return [CHRONYD], [CHRONYC]
    assert version == "4.6.1", version
    libraries = os.path.join(TRIXIE, "usr/lib/x86_64-linux-gnu")
    linker = [os.path.join(libraries, "ld-linux-x86-64.so.2"),
              "--library-path", libraries]
    return (linker + [os.path.join(TRIXIE, "usr/sbin/chronyd")],
            linker + [os.path.join(TRIXIE, "usr/bin/chronyc")])


class Daemon:
    """What a server and a client share: folder, process, command socket."""

    def __init__(self, prefix, env=None, version="4.3", ahead=0):
        self.folder = work_folder()  # mode 0700, ours: chronyd checks
        os.chmod(self.folder, 0o750)
        self.prefix = list(prefix)
        self.env = {**os.environ, **when.environment(ahead), **(env or {})}
        self.chronyd, self.chronyc_of = commands_of(version)
        self.child = None
        self.log = os.path.join(self.folder, "log")
        self.socket = os.path.join(self.folder, "cmd.sock")

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def common(self):
        user = pwd.getpwuid(os.geteuid()).pw_name
        return [f"pidfile {self.folder}/pid", "cmdport 0",
                f"bindcmdaddress {self.socket}", f"user {user}"]

    def run(self, lines):
        conf = os.path.join(self.folder, "chrony.conf")
        with open(conf, "w") as out:
            out.write("\n".join(lines) + "\n")
        command = self.chronyd + ["-x", "-d", "-f", conf]
        if os.geteuid() != 0:
            command.append("-U")
        self.child = Child(self.prefix + command, self.log, env=self.env)
        if not wait_for(self.ready):
            text = self.child.text()
            self.stop()
            raise RuntimeError("chronyd did not start:\n" + text)

    def ready(self):
        if not self.child.alive():
            raise RuntimeError("chronyd ended:\n" + self.child.text())
        return os.path.exists(self.socket) and "Could not" not in \
            self.chronyc("tracking", check=False)

    def chronyc(self, *args, check=True):
        command = self.chronyc_of + ["-n", "-h", self.socket, *args]
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=GUARD_S)
        text = done.stdout.decode(errors="replace")
        if check and done.returncode:
            raise RuntimeError(f"chronyc {' '.join(args)}: {text}")
        return text if done.returncode == 0 else "Could not: " + text

    def text(self):
        return self.child.text() if self.child else ""

    def stop(self):
        if self.child:
            self.child.stop()
            self.child = None
        for name in ("pid", "cmd.sock"):
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                os.unlink(path)


class Server(Daemon):
    def __init__(self, pki, cert="good", port=None, ke_port=None, front=False,
                 keep_keys=True, extra=(), prefix=(), address=None,
                 env=None, version="4.3", ahead=0):
        super().__init__(prefix, env, version, ahead)
        self.key, self.chain = pki.key(cert), pki.chain(cert)
        self.port = port or free_port()
        self.ke_port = ke_port or free_port()
        self.address = address or ("127.0.0.2" if front else "127.0.0.1")
        self.keep_keys = keep_keys
        self.extra = list(extra)
        self.gate = self.proxy = None
        self.front = front

    def start(self):
        lines = self.common() + [
            f"port {self.port}", f"ntsport {self.ke_port}",
            f"bindaddress {self.address}", "allow", "local stratum 1",
            f"ntsserverkey {self.key}", f"ntsservercert {self.chain}"]
        if self.keep_keys:
            keys = os.path.join(self.folder, "keys")
            os.makedirs(keys, mode=0o700, exist_ok=True)
            lines.append(f"ntsdumpdir {keys}")
        self.run(lines + self.extra)
        if self.front and self.gate is None:
            self.gate = middle.Gate(self.ke_port, (self.address, self.ke_port))
            self.proxy = middle.Proxy(self.port, (self.address, self.port))
        return self

    def stop(self):
        super().stop()
        if self.gate:
            self.gate.close()
            self.proxy.close()
            self.gate = self.proxy = None

    def restart(self, ke_port=None, keep_keys=None):
        """Old cookies go on working if keep_keys was and is true. With
        another ke_port nobody answers on the old one."""
        Daemon.stop(self)
        if self.front:
            assert ke_port is None, "shut the gate instead"
        self.ke_port = ke_port or self.ke_port
        self.keep_keys = self.keep_keys if keep_keys is None else keep_keys
        return self.start()

    def serverstats(self):
        """{"NTP packets received": 7, ...}, chronyc's words."""
        found = re.findall(r"^(.*?)\s*:\s*(\d+)$", self.chronyc("serverstats"),
                           re.M)
        return {name: int(value) for name, value in found}

    def ke_connections(self):
        """Since the last start; a refused handshake is one, too."""
        return self.serverstats()["NTS-KE connections accepted"]

    def authenticated(self):
        return self.serverstats()["Authenticated NTP packets"]


class Client(Daemon):
    """chronyd as a client; sources: (address, port, KE port). chronyd takes
    an address only once."""

    def __init__(self, pki, sources, options="iburst minpoll -4 maxpoll 0",
                 extra=(), prefix=(), version="4.3", env=None, ahead=0):
        super().__init__(prefix, env, version, ahead)
        self.ca, self.sources = pki.ca, list(sources)
        self.options, self.extra = options, list(extra)

    def start(self):
        lines = self.common() + [f"ntstrustedcerts {self.ca}", "nosystemcert",
                                 "port 0"]
        for address, port, ke_port in self.sources:
            lines.append(f"server {address} port {port} nts ntsport {ke_port} "
                         + self.options)
        self.run(lines + self.extra)
        return self

    def sources_text(self):
        return self.chronyc("sources")

    def synchronised(self, seconds=GUARD_S):
        return wait_for(lambda: re.search(r"^\^\*", self.sources_text(), re.M),
                        seconds, 0.2)

    def authdata(self):
        """One dict per source."""
        rows = re.findall(r"^(\S+)\s+(NTS|-|SK)\s+(\d+)\s+(\d+)\s+(\d+)\s+"
                          r"(\S+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$",
                          self.chronyc("authdata"), re.M)
        names = ("name", "mode", "keyid", "type", "klen", "last", "atmp",
                 "nak", "cook", "clen")
        return [dict(zip(names, row)) for row in rows]

    def ntpdata(self):
        return self.chronyc("ntpdata")
