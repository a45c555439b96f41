"""Debian's rsyslog and avahi, unpacked by fetch.sh: whoever watches the board."""
import json
import os

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
