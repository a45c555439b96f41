"""A board that serves NTS, and real clients of it: shared by the Linux process
(tests/host/test_nts_serve.py) and the emulated Pi (tests/qemu).

`boot(card, address, ntp, ke)` makes the machine, its UDP 123 and TCP 4460
being these ports of that address."""
import os
import pwd
import re
import socket
import ssl
import struct
import subprocess

from tests.common import testbed
from tests.common.refusals import until
from tests.host.test_ke_files import presented
from tests.peers import child, chronyd, mkcard, ntpsec, when
from tests.tap import GUARD_S

FAST = "iburst minpoll -2 maxpoll 0"
SERVE = "allow\nntsserverkey own.key\nntsservercert own.pem\n"
SAN = ("DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,IP:192.0.2.1,IP:192.0.2.5,"
       "DNS:time.test")


def ntske(m):
    """The figures of the console's ntske, by name."""
    return {name: int(n) for name, n in re.findall(
        r"^ *(.+?)\s*: (\d+)", m.ask("ntske"), re.M)}


def own(w, name="own", kind="P-256", **how):
    return w.pki.issue(name, w.pki.cert("ca"), kind=kind, san=SAN, **how)


def files_of(cert):
    return {"own.key": testbed.read(cert.key),
            "own.pem": testbed.read(cert.full)}


def card(w, name, cert, more=""):
    """A card of a board that has time from the testbed's servers."""
    return w.card(name, files={
        "chrony.conf": w.conf(testbed.FAST, more=SERVE + more),
        "ca.pem": testbed.read(w.pki.ca), **files_of(cert)})


def once(w, ntp, ke, version="4.3"):
    """chronyd -Q: what it says of the clock."""
    lines = [f"server 127.0.0.1 port {ntp} ntsport {ke} iburst nts "
             "maxsamples 1", f"ntstrustedcerts {w.pki.ca}", "nosystemcert",
             f"user {pwd.getpwuid(os.geteuid()).pw_name}", "port 0",
             "cmdport 0", "bindcmdaddress /", f"pidfile {w.path('pid')}"]
    done = subprocess.run(
        chronyd.commands_of(version)[0]
        + ["-Q", "-t", str(GUARD_S), "-d", "-U", "-f", "/dev/null", *lines],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        env={**os.environ, **when.environment(0)})
    return done.stdout.decode()


def good(client, aead, length):
    rows = client.authdata()
    return len(rows) == 1 and all(
        row["mode"] == "NTS" and row["keyid"] != "0" and row["nak"] == "0"
        and row["type"] == str(aead) and row["clen"] == str(length)
        and int(row["cook"]) >= 7 for row in rows)


CLIENTS = {"chronyd 4.3": ("4.3", 15, 100), "chronyd 4.6.1": ("4.6.1", 30, 68)}


def start_clients(w, ntp, ke):
    return {name: w.enter_context(chronyd.Client(
        w.pki, [("127.0.0.1", ntp, ke)], options=FAST, version=version))
        for name, (version, _, _) in CLIENTS.items()}


def check_clients(tap, clients, when_):
    for name, client in clients.items():
        _, aead, length = CLIENTS[name]
        tap.check(client.synchronised(), f"{name}{when_} follows the board",
                  client.sources_text() + client.text())
        tap.check(until(lambda: re.search(r" 377 ", client.sources_text())),
                  f"{name}{when_}: Reach 377", client.sources_text())
        tap.check(until(lambda: good(client, aead, length)),
                  f"{name}{when_}: AEAD {aead}, cookies, NAK 0",
                  client.chronyc("authdata"))


def poll(client, least, most):
    """Another poll from now on."""
    for word, value in (("maxpoll", most), ("minpoll", least)):
        client.chronyc(word, "127.0.0.1", str(value))


def asks_in_vain(client, count):
    """So many requests that nobody answers, each with a cookie."""
    def figure(name):
        return int(re.search(rf"^{name}\s*: (\d+)", client.ntpdata(),
                             re.M).group(1))
    sent, valid = figure("Total TX"), figure("Total valid RX")
    client.chronyc("burst", f"1/{count}")
    return until(lambda: figure("Total TX") >= sent + count) \
        and figure("Total valid RX") == valid


def served(tap, w, boot):
    """Two chronyds, which ask through a reset, and a renewed certificate."""
    ntp, ke = child.free_port(), child.free_port()
    first = own(w)
    image = card(w, "served.img", first)
    with boot(image, "127.0.0.1", ntp, ke) as m:
        tap.check(m.wait("serving NTS-KE on port 4460 with 1 of 1")
                  and testbed.synchronise(m), "serves NTS", m.text)
        clients = start_clients(w, ntp, ke)
        check_clients(tap, clients, "")
        said = once(w, ntp, ke)
        wrong = re.search(r"System clock wrong by (-?[\d.]+)", said)
        tap.check(wrong and abs(float(wrong.group(1))) < 0.1,
                  "chronyd -Q: System clock wrong by", said)
        count = ntske(m)
        tap.check(count["Answered"] == 3 and count["Dropped"] == 0,
                  "three key exchanges in all", m.ask("ntske"))
        until(lambda: re.search(r"state partition", m.ask("board")), 5)
        before = {name: [row["keyid"] for row in client.authdata()]
                  for name, client in clients.items()}
        # At their poll a few seconds of darkness would use up eight cookies:
        # in it they ask three times, however long it lasts.
        for name, client in clients.items():
            poll(client, 10, 10)
            tap.check(until(lambda: re.search(r" 10 +377 ",
                                              client.sources_text())),
                      f"{name} asks seldom", client.sources_text())
        m.send("reset\r")
        m.wait("saving")
        until(lambda: m.child.poll() is not None
              or m.wait("serving NTS-KE", 1))
    for name, client in clients.items():
        tap.check(asks_in_vain(client, 3),
                  f"{name} asks three times while the board is away",
                  client.ntpdata())
    # The certificate is renewed: the card in a PC, one file changed.
    renewed = own(w, "renewed")
    mkcard.put(image, files_of(renewed))
    with boot(image, "127.0.0.1", ntp, ke) as m:
        tap.check(testbed.synchronise(m), "again, after a reset", m.text)
        for client in clients.values():
            poll(client, -2, 0)
            client.chronyc("burst", "4/8")
        check_clients(tap, clients, " after the reset")
        no_new_keys(tap, clients, before, "after the reset")
        count = ntske(m)
        tap.check(count["Connections"] == 0,
                  "the reset cost no client a key exchange", m.ask("ntske"))
        subject = re.search(r"^1  (\S+)", m.ask("ntske"), re.M)
        tap.check(subject and subject.group(1) == "renewed"
                  and until(lambda: isinstance(presented(ke), bytes)),
                  "the renewed certificate is the one that is served",
                  m.ask("ntske"))


NEW_KEY = "NTS: a new key for cookies"


def rotations(m, count):
    """So many since it was powered on."""
    return until(lambda: m.pump(0.1) or m.text.count(NEW_KEY) >= count)


def no_new_keys(tap, clients, before, when_):
    for name, client in clients.items():
        rows = client.authdata()
        tap.check(client.synchronised() and [row["keyid"] for row in rows]
                  == before[name] and all(row["nak"] == "0" for row in rows),
                  f"{name}: no key exchange, NAK 0 {when_}",
                  client.chronyc("authdata") + client.sources_text())


def rotated(tap, w, boot):
    """Three rotations and a power cut among them cost no client a key
    exchange; a cookie that is older gets a NAK, and its client exchanges keys
    by itself."""
    ntp, ke = child.free_port(), child.free_port()
    image = card(w, "rotated.img", own(w), "ntsrotate 15\nsaveinterval 60\n")
    with boot(image, "127.0.0.1", ntp, ke) as m:
        tap.check(testbed.synchronise(m), "synchronised", m.text)
        clients = start_clients(w, ntp, ke)
        check_clients(tap, clients, "")
        before = {name: [row["keyid"] for row in client.authdata()]
                  for name, client in clients.items()}
        tap.check(rotations(m, 1), "a rotation", m.text)
        no_new_keys(tap, clients, before, "after one rotation")
    with boot(image, "127.0.0.1", ntp, ke) as m:
        tap.check(testbed.synchronise(m) and rotations(m, 3),
                  "three more after a power cut", m.text)
        no_new_keys(tap, clients, before, "after four rotations")
        tap.check(ntske(m)["Connections"] == 0,
                  "... and the board saw none", m.ask("ntske"))
        for client in clients.values():
            client.chronyc("offline")
        done = m.text.count(NEW_KEY)
        tap.check(rotations(m, done + 4), "four while nobody asks", m.text)
        for name, client in clients.items():
            client.chronyc("online")
            # On a busy machine some last longer than the board's 2 s, and
            # chronyd waits longer after each.
            tap.check(until(lambda: [row["keyid"] for row in client.authdata()]
                            != before[name] and client.synchronised(),
                            3 * GUARD_S),
                      f"{name}: an old cookie, a NAK, a new key exchange",
                      client.chronyc("authdata") + client.text())
        tap.check(ntske(m)["Answered"] == len(clients),
                  "one each", m.ask("ntske"))


def rsa(tap, w, boot):
    ntp, ke = child.free_port(), child.free_port()
    cert = own(w, "own-rsa", "rsa2048")
    with boot(card(w, "rsa.img", cert), "127.0.0.1", ntp, ke) as m:
        testbed.synchronise(m)
        said = once(w, ntp, ke, "4.6.1")
        tap.check("System clock wrong by" in said,
                  "RSA-2048: chronyd 4.6.1 -Q: System clock wrong by",
                  said + m.ask("ntske"))


def dates(tap, w, boot):
    """Certificates that have ended, or soon will: served, and said, but only
    once the clock is set."""
    from tests.peers import keyfiles
    ntp, ke = child.free_port(), child.free_port()
    pairs, conf = {}, "allow\n"
    for n, (key, cert, words) in enumerate(keyfiles.dates(w.pki).values()):
        pairs[f"k{n}"], pairs[f"c{n}"] = key, cert
        conf += f"ntsserverkey k{n}\nntsservercert c{n}\n"
    image = w.card("dates.img", files={
        "chrony.conf": w.conf(testbed.FAST, more=conf),
        "ca.pem": testbed.read(w.pki.ca), **pairs})
    with boot(image, "127.0.0.1", ntp, ke) as m:
        m.wait("serving NTS-KE on port 4460 with 3 of 3")
        tap.check("NTS: certificate" not in m.text,
                  "nothing is judged before the clock is set", m.text)
        testbed.synchronise(m)
        for name, (_, _, words) in keyfiles.dates(w.pki).items():
            tap.check(until(lambda: m.pump(0.1) or re.search(
                "NTS: " + words, m.text)), f"{name}: it is said", m.text)
        tap.check(re.search("ended on", m.ask("ntske"))
                  and isinstance(presented(ke), bytes),
                  "... by ntske, too, and served", m.ask("ntske"))


def no_keys(tap, w, boot):
    """A card without the key: NTP is served, the port stays closed."""
    ntp, ke = child.free_port(), child.free_port()
    image = w.card("nokeys.img", "server 10.0.2.2 port 9\n" + SERVE)
    with boot(image, "127.0.0.1", ntp, ke) as m:
        m.wait("serving NTP on port 123")
        tap.check(m.wait("NTS is not served: none of its keys")
                  and re.search(r"chrony\.conf:\d+: NTS: this pair is not used:"
                                r" own\.pem: no such file", m.text),
                  "no key on the card: said", m.text)
        m.wait("IPv4 address|DHCP")
        tap.check(presented(ke) == "ended", "... the port is closed")
        tap.check("NTS is not served: none" in m.ask("ntske"),
                  "... and ntske says it", m.ask("ntske"))


def bad_keys(tap, w, boot):
    """Every bad pair of keyfiles.py, seven to a card and a good one behind
    them: each is said, by line and reason, and the good one is served. A ninth
    pair is one too many."""
    from tests.peers import keyfiles
    bad = [(name, key, cert, ours)
           for name, (key, cert, _, ours) in keyfiles.files(w.pki).items()
           if not keyfiles.served(ours)]
    good = own(w)
    der = ssl.PEM_cert_to_DER_cert(testbed.read(good.crt).decode())
    for first in range(0, len(bad), 7):
        some = bad[first:first + 7]
        pairs = some + [("good", testbed.read(good.key),
                         testbed.read(good.full), None)]
        files, conf = {}, "allow\nlocal stratum 3\n"
        for n, (_, key, cert, _) in enumerate(pairs):
            conf += f"ntsserverkey {n}key\nntsservercert {n}certificate\n"
            files[f"{n}key"], files[f"{n}certificate"] = key, cert
        if first == 0:
            conf += "ntsserverkey 7key\nntsservercert 7certificate\n"
        ntp, ke = child.free_port(), child.free_port()
        image = w.card(f"bad{first}.img", files={"chrony.conf": conf, **{
            name: data for name, data in files.items() if data is not None}})
        with boot(image, "127.0.0.1", ntp, ke) as m:
            tap.check(m.wait(f"serving NTS-KE on port 4460 with 1 of "
                             f"{len(pairs)}"),
                      f"{len(some)} bad pairs and a good one", m.text)
            for n, (name, _, _, ours) in enumerate(some):
                said = [line for line in m.text.splitlines()
                        if f"chrony.conf:{3 + 2 * n}: NTS: " in line]
                tap.check(len(said) == 1 and re.search(
                    ours.replace("in certificate", r"in \d?certificate"),
                    said[0]), f"{name}: {ours}", m.text)
            if first == 0:
                tap.check(m.text.count("there is room for 8 pairs") == 2,
                          "a ninth pair: there is room for 8", m.text)
            tap.check(until(lambda: presented(ke) == der),
                      "... the good one is served", m.text)


class Ntpd(ntpsec.Server):
    """ntpd as a client of 192.0.2.1, whose ports are fixed."""

    def __init__(self, w, island):
        super().__init__(w.pki, island=island)
        self.ca = w.pki.ca

    def start(self):
        conf = os.path.join(self.folder, "ntp.conf")
        with open(conf, "w") as out:
            out.write(f"nts ca {self.ca}\nrestrict 192.0.2.1\n"
                      f"driftfile {self.folder}/drift\n"
                      "server 192.0.2.1 nts iburst minpoll 3 maxpoll 3\n")
        self.child = child.Child([*self.prefix, ntpsec.NTPD, "-n", "-c", conf],
                                 os.path.join(self.folder, "log"),
                                 env={**os.environ, **when.environment()})
        return self


def control(address, operation, association=0, variables=b""):
    """What ntpq asks: a message of mode 6 (RFC 9327), and its answer's data."""
    padded = variables + bytes(-len(variables) % 4)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(1)
        link.connect((address, 123))
        try:
            link.send(struct.pack(">BBHHHHH", 0x26, operation, 1, 0,
                                  association, 0, len(variables)) + padded)
            data = link.recv(2048)
        except OSError:
            return b""
    return data[12:12 + struct.unpack_from(">H", data, 10)[0]]


def reach_of(address):
    """Reach of ntpd's only source, by itself."""
    source = control(address, 1)[:2]
    said = len(source) == 2 and re.search(rb"reach=(?:0x)?(\w+)", control(
        address, 2, int.from_bytes(source, "big"), b"reach"))
    return said.group(1).decode() if said else None


def ntpd(tap, w, boot):
    """In a network of one's own, where its ports are free."""
    from tests.peers import netns
    with netns.Island(0) as island:
        with boot(card(w, "ntpd.img", own(w)), island.here, 123, 4460) as m:
            testbed.synchronise(m)
            with Ntpd(w, island) as other:
                tap.check(until(lambda: ntske(m)["Answered"] == 1),
                          "ntpd: a key exchange", other.text() + m.text)
                stats = lambda: m.ask("serverstats")
                tap.check(until(lambda: int(re.search(
                    r"Authenticated NTP packets\s*: (\d+)",
                    stats()).group(1)) >= 8),
                    "ntpd: eight authenticated requests", stats()
                    + other.text())
                tap.check(until(lambda: reach_of(island.address) in (
                    "377", "255", "ff"), 60),
                    "ntpd: Reach 377, by what it says of itself",
                    reach_of(island.address))
                tap.check(ntske(m)["Connections"] == 1
                          and "NAK" not in other.text(),
                          "ntpd: no further key exchange, no NAK",
                          other.text() + m.ask("ntske"))
