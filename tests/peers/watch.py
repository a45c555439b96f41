"""Debian's rsyslog and avahi, unpacked by fetch.sh: whoever watches the board."""
import json
import os
import subprocess

from .child import PEERS, Child, wait_for, work_folder

ROOT = os.path.join(PEERS, "watch")
LIBS = [os.path.join(ROOT, d) for d in
        ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")]
ENV = dict(os.environ, LD_LIBRARY_PATH=":".join(LIBS), TZ="UTC")


class Rsyslog:
    """Takes messages on a UDP port of the loopback; `messages` are what it
    made of them, dicts by rsyslog's names for the parts."""

    def __init__(self, port):
        self.folder = work_folder()
        self.out = os.path.join(self.folder, "out")
        conf = os.path.join(self.folder, "conf")
        with open(conf, "w") as file:
            file.write(f"""module(load="imudp")
input(type="imudp" port="{port}" address="127.0.0.1")
template(name="t" type="string" string="%jsonmesg%\\n")
*.* action(type="omfile" file="{self.out}" template="t")
""")
        self.child = Child(
            [os.path.join(ROOT, "usr/sbin/rsyslogd"), "-n", "-f", conf, "-i",
             os.path.join(self.folder, "pid"), "-M",
             os.path.join(LIBS[0], "rsyslog")],
            os.path.join(self.folder, "log"), env=ENV)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stop()

    @property
    def messages(self):
        """Its own lines, of its start and end, are left out."""
        if not os.path.exists(self.out):
            return []
        with open(self.out) as file:
            lines = file.read().split("\n")[:-1]
        parsed = [json.loads(line) for line in lines]
        return [m for m in parsed if m["inputname"] == "imudp"]


BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={}</listen>
<auth>EXTERNAL</auth><policy context="default"><allow user="*"/>
<allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="method_return"/>
<allow receive_type="error"/><allow receive_type="signal"/>
</policy></busconfig>
"""


class Avahi:
    """Its daemon under this host name on one interface, and a bus of its own.
    Only in a namespace (netns.enter), whose /run is then its own."""

    def __init__(self, name, interface):
        self.folder = work_folder()
        bus = os.path.join(self.folder, "bus")
        self.env = dict(ENV, DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={bus}")
        with open(self.path("bus.conf"), "w") as file:
            file.write(BUS.format(bus))
        with open(self.path("conf"), "w") as file:
            file.write(f"[server]\nhost-name={name}\n"
                       f"allow-interfaces={interface}\nuse-ipv4=yes\n"
                       "use-ipv6=yes\n[rlimits]\n")
        # Its user has to be there, if only by name.
        for name, line in (("passwd", "avahi:x:0:0::/:/bin/false"),
                           ("group", "avahi:x:0:")):
            with open(f"/etc/{name}") as old, \
                    open(self.path(name), "w") as new:
                new.write(old.read() + line + "\n")
        for words in (["--make-rprivate", "/"],
                      ["-t", "tmpfs", "none", "/run"],
                      ["--bind", self.path("passwd"), "/etc/passwd"],
                      ["--bind", self.path("group"), "/etc/group"]):
            subprocess.run(["mount", *words], check=True)
        self.bus = self.run("bus", ["usr/bin/dbus-daemon", "--nofork",
                                    "--config-file", self.path("bus.conf")])
        assert wait_for(lambda: os.path.exists(bus)), self.bus.text()
        self.daemon = self.run("daemon", [
            "usr/sbin/avahi-daemon", "-f", self.path("conf"),
            "--no-drop-root", "--no-chroot", "--no-rlimits",
            "--no-proc-title", "--debug"])
        assert wait_for(lambda: "Server startup complete"
                        in self.daemon.text()), self.daemon.text()

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, log, command):
        return Child([os.path.join(ROOT, command[0]), *command[1:]],
                     self.path(log + ".log"), env=self.env)

    def ask(self, program, *args):
        done = subprocess.run(
            [os.path.join(ROOT, "usr/bin", program), *args], env=self.env,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.stdout.decode(errors="replace")

    def services(self):
        """Type, then (host, address, port), of what is resolved."""
        rows = [line.split(";") for line in self.ask(
            "avahi-browse", "-aptrk").split("\n") if line.startswith("=")]
        return {(r[4], r[3]): (r[6], r[7], int(r[8])) for r in rows
                if r[2] == "IPv4"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.daemon.stop()
        self.bus.stop()
