#!/usr/bin/env python3
"""The peers themselves, before the firmware is judged by them: chronyd as
the client of each server and proxy, Python's ssl as the client of those that
misbehave."""
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import time

from tests.tap import Tap
from tests.peers import (badtls, child, chronyd, dns, middle, mkcard,
                   netns, ntpsec, packets, pki)

tap = Tap()


def test_pki(p):
    want = {"good": 1, "rsa": 1, "p384": 1, "intermediate": 1, "no-eku": 1,
            "wrong-name": 0, "unknown": 0, "expired": 0, "future": 0,
            "client": 0}
    for name, good in want.items():
        between = ["-untrusted", p.chain(name)]
        done = subprocess.run(
            ["openssl", "verify", "-CAfile", p.ca, *between, "-purpose",
             "sslserver", "-verify_ip", "10.0.2.2", p.certificate(name)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        tap.check((done.returncode == 0) == bool(good),
                  f"openssl {'accepts' if good else 'refuses'} {name}",
                  done.stdout.decode())


def valid_rx(client):
    total, valid = re.search(
        r"Total RX\s*: (\d+)\s*^Total valid RX\s*: (\d+)",
        client.ntpdata(), re.M | re.S).groups()
    return int(total), int(valid)


def test_servers(p):
    with chronyd.Server(p, address="127.0.0.1") as a, \
            chronyd.Server(p, cert="intermediate", address="127.0.0.2") as b, \
            chronyd.Server(p, cert="rsa", address="127.0.0.3") as c, \
            chronyd.Client(p, [(s.address, s.port, s.ke_port)
                               for s in (a, b, c)]) as client:
        tap.check(client.synchronised(), "chronyd follows three servers",
                  client.text())
        rows = []

        def eight():  # 7 while a request is under way
            rows[:] = client.authdata()
            return len(rows) == 3 and all(
                (r["mode"], r["type"], r["klen"], r["cook"], r["nak"])
                == ("NTS", "15", "256", "8", "0") for r in rows)
        tap.check(child.wait_for(eight, step=0.2),
                  "each with AEAD 15 and 8 cookies", rows)
        tap.check(min(s.ke_connections() for s in (a, b, c)) > 0,
                  "servers count key exchanges", a.serverstats())
        a.chronyc("doffset", "-0.5")
        liar = child.wait_for(lambda: re.search(
            r"^\^[x+*-] 127\.0\.0\.1.*[45]\d\dms", client.sources_text(),
            re.M), step=0.2)
        tap.check(liar, "doffset makes a liar", client.sources_text())


def test_restarts(p):
    with chronyd.Server(p) as s, chronyd.Client(
            p, [(s.address, s.port, s.ke_port)]) as client:
        client.synchronised()
        s.restart()
        tap.check(child.wait_for(lambda: s.authenticated() > 2)
                  and s.ke_connections() == 0,
                  "old cookies work after a restart with keys",
                  s.serverstats())
        s.restart(keep_keys=False)  # new keys, kept nowhere
        s.restart(keep_keys=False)
        tap.check(child.wait_for(lambda: int(client.authdata()[0]["nak"])
                                 or s.ke_connections() > 0), "without keys there are NAKs, and then a "
                  "key exchange", client.chronyc("authdata"))
        old = s.ke_port
        s.restart(ke_port=child.free_port())
        tap.check(refused(old), "a moved ntsport refuses on the old one")


def refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        return False
    except ConnectionRefusedError:
        return True


def test_gate(p):
    """Second start from saved cookies with the gate shut: what the firmware
    has to show."""
    saved = os.path.join(child.work_folder(), "saved")
    os.makedirs(saved, mode=0o700)
    with chronyd.Server(p, front=True) as s:
        def client():
            return chronyd.Client(p, [("127.0.0.1", s.port, s.ke_port)],
                                  extra=[f"ntsdumpdir {saved}"])
        with client() as first:
            tap.check(first.synchronised() and s.gate.count == 1,
                      "a key exchange through the gate is counted",
                      first.text())
        s.gate.close()
        tap.check(refused(s.ke_port), "a shut gate refuses")
        with client() as second:
            tap.check(second.synchronised() and s.gate.count == 1,
                      "saved cookies do without key exchange",
                      second.text())
        tap.check(len(s.proxy.cookies) > 3
                  and not packets.twice(s.proxy.cookies),
                  "no cookie was seen twice in both runs",
                  f"{len(s.proxy.cookies)} cookies")
        s.gate.open()
        tap.check(not refused(s.ke_port), "opened again it accepts")


def test_proxy(p):
    """chronyd asks again soon when a reply is bad, but leaves a server for
    minutes after a NAK: those modes get a client each."""
    with chronyd.Server(p, front=True) as s, chronyd.Client(
            p, [("127.0.0.1", s.port, s.ke_port)]) as client:
        client.synchronised()
        for mode in middle.REPLY:
            if mode == "pass" or mode.startswith("nak"):
                continue
            altered = s.proxy.altered
            s.proxy.mode = mode
            # Good replies that were under way have arrived with the second
            # bad one, and there are none before "pass".
            child.wait_for(lambda: s.proxy.altered > altered + 1)
            before = valid_rx(client)
            child.wait_for(lambda: s.proxy.altered > altered + 4)
            after = valid_rx(client)
            s.proxy.mode = "pass"
            took = after[1] > before[1]
            tap.check(s.proxy.altered > altered + 4
                      and took == (mode == "double"),
                      f"chronyd {'stands' if took else 'takes no'} {mode}",
                      f"{before} {after}")
            if not child.wait_for(lambda: valid_rx(client)[1] > after[1]):
                tap.check(False, f"and goes on after {mode}", client.text())
        tap.check(not packets.twice(s.proxy.cookies), "still no cookie twice")


def test_naks(p):
    for mode, heard in (("nak", True), ("nak-first", True),
                        ("nak-stranger", False)):
        with chronyd.Server(p, front=True) as s:
            s.proxy.mode = mode
            with chronyd.Client(p, [("127.0.0.1", s.port,
                                     s.ke_port)]) as client:
                # With the second bad reply chronyd has seen the first; it
                # asks again soon unless it heard the NAK.
                child.wait_for(lambda: s.proxy.altered > 1
                               or client.authdata()[0]["nak"] != "0")
                naks = int(client.authdata()[0]["nak"])
                tap.check(s.proxy.altered > 0 and (naks > 0) == heard,
                          f"chronyd counts {mode}: {naks}",
                          client.chronyc("authdata"))


def ke(p, port, versions=(ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3)):
    """What an NTS-KE client gets: (alpn, answer) or the exception's name."""
    context = ssl.create_default_context(cafile=p.ca)
    context.minimum_version, context.maximum_version = versions
    context.set_alpn_protocols(["ntske/1"])
    try:
        with socket.create_connection(("127.0.0.1", port), 3) as link, \
                context.wrap_socket(link, server_hostname="localhost") as tls:
            end = time.monotonic() + 1.5
            alpn = tls.selected_alpn_protocol()
            tls.sendall(badtls.NTP + badtls.AEAD + badtls.END)
            answer = b""
            try:
                while len(answer) < 20000:
                    tls.settimeout(max(0.01, end - time.monotonic()))
                    data = tls.recv(4096)
                    if not data:
                        break
                    answer += data
            except TimeoutError:
                return alpn, answer, "slow"
            return alpn, answer
    except (OSError, ssl.SSLError) as problem:
        return type(problem).__name__, str(problem)


def test_badtls(p):
    with chronyd.Server(p) as s:
        got = ke(p, s.ke_port)
        tap.check(got[0] == "ntske/1" and len(got[1]) > 800,
                  "a real server as the measure", got)
    for mode in badtls.MODES:
        with badtls.Server(p, mode) as s:
            got = ke(p, s.port)
            wanted = {
                "tls12": "SSLError", "no-tls": "SSLError",
                "alpn-alert": "SSLError", "close": "",
                "hang": "TimeoutError", "hang-hello": "TimeoutError",
                "drip-hello": "TimeoutError", "reset": "Connection",
                "no-alpn": None, "wrong-alpn": "",
            }.get(mode, "ntske/1")
            good = got[0] is None if wanted is None else (
                wanted in str(got[0]))
            answer = badtls.ANSWERS.get(mode)
            if answer is not None and mode not in badtls.TLS:
                good = good and got[1] == answer[:len(got[1])] and \
                    len(got[1]) >= min(len(answer), 20000)
            if mode in ("drip", "hang-answer"):
                good = good and got[2:] == ("slow",)
            tap.check(good and s.connections == 1, f"bad server: {mode}",
                      str(got)[:300])
    with badtls.Server(p, "tls12") as s:
        got = ke(p, s.port, (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2))
        tap.check(got[0] == "ntske/1", "the tls12 one works with TLS 1.2", got)
    with badtls.Server(p, "wrong-alpn") as s:
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{s.port}",
             "-alpn", "ntske/1", "-CAfile", p.ca], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
        tap.check(b"tls_parse_stoc_alpn" in done.stdout,
                  "s_client refuses a protocol that it did not offer",
                  done.stdout.decode()[-800:])
    with badtls.Server(p, "good") as s, chronyd.Client(
            p, [("127.0.0.1", child.free_port(), s.port)]) as client:
        row = child.wait_for(lambda: [r for r in client.authdata()
                                      if r["cook"] != "0"])
        tap.check(row, "chronyd takes the good answer", client.text())


def ethernet(protocol, sport, dport, payload):
    """IPv4 10.0.2.15 -> 10.0.2.2."""
    if protocol == 17:
        segment = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0)
    else:
        segment = struct.pack(">HHIIBBHHH", sport, dport, 1, 0, 0x50, 2, 0,
                              0, 0)
    segment += payload
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 1, 0, 64,
                       protocol, 0, bytes([10, 0, 2, 15]),
                       bytes([10, 0, 2, 2]))
    return bytes(12) + b"\x08\x00" + head + segment


def field(kind, body):
    return struct.pack(">HH", kind, len(body) + 4) + body


def test_pcap(_):
    path = os.path.join(child.work_folder(), "x.pcap")
    cookies = [bytes([i]) * 100 for i in (1, 2, 1)]
    out = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    sent = [ethernet(17, 5000 + i, 123, b"\x23" + bytes(47)
                     + field(packets.UID, bytes(32))
                     + field(packets.COOKIE, cookie))
            for i, cookie in enumerate(cookies)]
    reply = ethernet(17, 123, 5000, b"\x24" + bytes(47)
                     + field(packets.COOKIE, bytes(100)))
    syn = ethernet(6, 4000, 4460, b"")
    for frame in [*sent, reply, syn, syn, b"\0" * 60]:
        out += struct.pack("<IIII", 7, 5, len(frame), len(frame)) + frame
    with open(path, "wb") as file:
        file.write(out)
    tap.check(packets.cookies_in_pcap(path) == cookies,
              "pcap: cookies of requests, of nothing else")
    tap.check(packets.twice(packets.cookies_in_pcap(path)) == cookies[:1],
              "pcap: the one sent twice is found")
    tap.check(packets.connections_in_pcap(path, 4460) == [4000],
              "pcap: one connection, its SYN sent twice")


def test_card(_):
    folder = child.work_folder()
    files = {"chrony.conf": "server 10.0.2.2 nts\n", "ca.crt": b"x" * 5000,
             "a long file name.txt": "y"}
    images = [os.path.join(folder, name) for name in ("a.img", "b.img")]
    for image in images:
        mkcard.make_card(image, files)
        time.sleep(1.1)
    with open(images[0], "rb") as a, open(images[1], "rb") as b:
        data = a.read()
        tap.check(data == b.read(), "card: the same bytes twice")
    tap.check(len(data) == 64 << 20
              and mkcard.state_partition(images[0]) == (60 << 20, 4 << 20),
              "card: 64 MiB, the last 4 of them for the journal")
    tap.check(mkcard.tool("mtype", "-i", images[0] + "@@1048576",
                          "::/chrony.conf") == files["chrony.conf"].encode(),
              "card: a file reads back")
    part = os.path.join(folder, "p1")
    with open(part, "wb") as out:
        out.write(data[1 << 20:60 << 20])
    if shutil.which("fsck.vfat", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
        text = mkcard.tool("fsck.vfat", "-n", "-v", part).decode()
        clusters = re.search(r"(\d+) data clusters|/(\d+) clusters", text)
        tap.check(clusters and int(clusters.group(1) or clusters.group(2))
                  >= 65525 and "32 bit entries" in text,
                  "card: fsck.vfat calls it clean FAT32", text)
    nested = os.path.join(folder, "files")
    os.makedirs(os.path.join(nested, "overlays"))
    with open(os.path.join(nested, "overlays", "x.dtbo"), "w") as out:
        out.write("deep")
    mkcard.make_card(images[1], nested, state=False)
    tap.check(mkcard.state_partition(images[1]) is None
              and mkcard.tool("mtype", "-i", images[1] + "@@1048576",
                              "::/overlays/x.dtbo") == b"deep",
              "card: folders, and none for the journal")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def chronyds(folder):
    """Processes whose command line names the folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as line:
                if folder.encode() in line.read():
                    found.append(int(pid))
        except OSError:
            pass
    return [pid for pid in found if alive(pid)]


def test_orphans(p):
    program = ("import sys, time; sys.path.insert(0, sys.argv[1])\n"
               "from tests.peers import chronyd, pki\n"
               "s = chronyd.Server(pki.Pki(sys.argv[2])).start()\n"
               "print(s.folder, flush=True); time.sleep(1000)\n")
    owner = subprocess.Popen(
        [sys.executable, "-c", program, child.TOP, p.folder],
        stdout=subprocess.PIPE)
    folder = owner.stdout.readline().decode().strip()
    before = chronyds(folder)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    gone = child.wait_for(lambda: not chronyds(folder))
    tap.check(before and gone, "killed tests leave no chronyd",
              f"{before} {chronyds(folder)}")
    shutil.rmtree(folder, ignore_errors=True)


def inside(p):
    """In a network of our own: NTPsec, fixed ports, islands, DNS."""
    with ntpsec.Server(p) as s, chronyd.Client(
            p, [("127.0.0.1", 123, 4460)]) as client:
        tap.check(client.synchronised(), "chronyd follows NTPsec",
                  client.text() + s.text())
        tap.check(client.authdata()[0]["clen"] == "104",
                  "with cookies of 104 bytes", client.authdata())
        tap.check(s.ke_connections() > 0, "NTPsec's log has the key exchange",
                  s.text())
    with netns.Island(0) as i, netns.Island(1) as j, \
            ntpsec.Server(p, island=i) as a, ntpsec.Server(p, island=j) as b, \
            chronyd.Server(p, address="127.0.0.1") as c, \
            chronyd.Client(p, [(s.address, s.port, s.ke_port)
                               for s in (a, b, c)]) as client:
        client.synchronised()
        rows = child.wait_for(lambda: [r for r in client.authdata()
                                       if r["cook"] == "8"][2:]
                              and client.authdata(), step=0.2)
        tap.check(rows, "two NTPsec on islands and a chronyd together",
                  client.chronyc("authdata") + client.sources_text())
    with ntpsec.Server(p, synchronised=False) as s:
        tap.check(s.child.alive(), "an NTPsec that is not synchronised")
    with dns.Server({"nts1.test": ["10.0.2.2"]}) as names:
        got = socket.getaddrinfo("nts1.test", 1, socket.AF_INET,
                                 socket.SOCK_DGRAM)
        tap.check(got[0][4][0] == "10.0.2.2"
                  and ("nts1.test", dns.A) in names.questions,
                  "resolv.conf leads to our DNS server", got)
        try:
            socket.getaddrinfo("nts9.test", 1)
            tap.check(False, "an unknown name is unknown")
        except socket.gaierror:
            tap.check(True, "an unknown name is unknown")
    return tap.done()


def test_inside(_):
    if not netns.available():
        tap.check(True, "network namespace # SKIP the kernel does not let us")
        return
    done = subprocess.run(
        [sys.executable, "-m", "tests.qemu.test_peers", "--inside"],
        cwd=child.TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=child.die_with_parent)
    text = done.stdout.decode(errors="replace")
    for good, what in re.findall(r"^(ok|not ok) \d+ - (.*)$", text, re.M):
        tap.check(good == "ok", "inside: " + what, text)
    if done.returncode and "not ok" not in text:
        tap.check(False, "inside ended well", text)


def main():
    only = [globals()["test_" + name] for name in sys.argv[1:]
            if name != "--inside"]
    if "--inside" in sys.argv:
        netns.enter(resolver="127.0.0.1")
        return inside(pki.Pki(os.path.join(child.work_folder(), "pki")))
    p = pki.Pki(os.path.join(child.work_folder(), "pki"))
    for test in only or (test_pki, test_pcap, test_card, test_servers,
                         test_restarts, test_gate, test_proxy, test_naks,
                         test_badtls, test_orphans, test_inside):
        test(p)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
