#!/usr/bin/env python3
"""Record real NTS exchanges with chronyd as test data: chrony_vectors.h.

    cd tests/vectors; ./record_chrony.py CHRONYD [DIR] > chrony_vectors.h

Not part of the tests; needs root (raw socket), openssl, gcc, libssl-dev and
python3 `cryptography` >= 42 (AES-SIV with empty plaintext). Everything stays
on loopback and chronyd runs with -x: no clock is touched. Two directions:

  1. OpenSSL (record_chrony.c) makes the key exchange, this script's own
     requests go out under `cryptography`'s AES-SIV, chronyd's replies come in:
     one cookie, four cookies, and a NAK for a cookie with a bit flipped.
  2. chronyd as client and server: requests and replies sniffed from lo, keys
     from the client's ntsdumpdir.
"""
import glob, os, socket, struct, subprocess, sys, tempfile, time
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

HERE = os.path.dirname(os.path.abspath(__file__))
NTP, KE = 31123, 31460


def run(*args):
    return subprocess.run(args, check=True, capture_output=True,
                          text=True).stdout


def make_pki(d):
    run('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
        'ec_paramgen_curve:P-256', '-nodes', '-days', '3650', '-subj',
        '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
        '-keyout', d + '/key.pem', '-out', d + '/cert.pem')


def start(chronyd, d, name, text):
    os.mkdir(f'{d}/{name}', 0o750)
    with open(f'{d}/{name}.conf', 'w') as f:
        f.write(text + f'cmdport 0\nbindcmdaddress {d}/{name}/sock\n'
                f'pidfile {d}/{name}.pid\nuser root\n')
    p = subprocess.Popen([chronyd, '-x', '-d', '-f', f'{d}/{name}.conf'],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        if os.path.exists(f'{d}/{name}.pid'):
            return p
        time.sleep(0.1)
    raise SystemExit(f'{name}: chronyd does not start')


def field(kind, body):
    return struct.pack('>HH', kind, 4 + len(body)) + body


def request(c2s, cookie, placeholders):
    uid, nonce = os.urandom(32), os.urandom(16)
    p = b'\x23' + bytes(39) + os.urandom(8) + field(0x104, uid) + \
        field(0x204, cookie) + \
        field(0x304, bytes(len(cookie))) * placeholders
    sealed = AESSIV(c2s).encrypt(b'', [p, nonce])
    return uid, p + field(0x404, struct.pack('>HH', 16, 16) + nonce + sealed)


def ask(packet):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(3)
    s.sendto(packet, ('127.0.0.1', NTP))
    return s.recv(4096)


def cookies_of(response):
    out, at = [], 0
    while at < len(response):
        kind, n = struct.unpack_from('>HH', response, at)
        if kind & 0x7fff == 5:
            out.append(response[at + 4:at + 4 + n])
        at += 4 + n
    return out


def ours(d):
    run('gcc', '-o', d + '/rec', HERE + '/record_chrony.c', '-lssl', '-lcrypto')
    got = dict(l.split() for l in
               run(d + '/rec', str(KE), d + '/cert.pem').splitlines())
    got = {k: bytes.fromhex(v) for k, v in got.items()}
    jar = cookies_of(got['response'])
    spoilt = bytes(b ^ (i == 20) for i, b in enumerate(jar[2]))
    for name, cookie, n in (('one', jar[0], 0), ('four', jar[1], 3),
                            ('nak', spoilt, 0)):
        uid, q = request(got['c2s'], cookie, n)
        got[name + '_uid'], got[name + '_request'] = uid, q
        got[name + '_reply'] = ask(q)
    return got


def sniff(sniffer, seconds):
    out, seen, end = [], set(), time.time() + seconds
    while time.time() < end:
        try:
            f = sniffer.recv(4096)
        except socket.timeout:
            continue
        if f[12:14] != b'\x08\x00' or f[23] != 17:
            continue
        u = 14 + (f[14] & 15) * 4
        src, dst = struct.unpack_from('>HH', f, u)
        if NTP in (src, dst) and f[u:] not in seen: # lo shows each twice
            seen.add(f[u:])
            out.append(f[u + 8:])
    return out


def theirs(chronyd, d):
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sniffer.bind(('lo', 0))
    sniffer.settimeout(0.1)
    os.mkdir(d + '/dump')
    p = start(chronyd, d, 'client',
              f'server 127.0.0.1 port {NTP} nts ntsport {KE} iburst\n'
              f'ntstrustedcerts {d}/cert.pem\nnosystemcert\nport 0\n'
              f'ntsdumpdir {d}/dump\n')
    packets = sniff(sniffer, 7)
    p.terminate()
    p.wait()
    lines = open(glob.glob(d + '/dump/*.nts')[0]).read().split('\n')
    _, aead, s2c, c2s = lines[4].split() # after NNC0, name, time, address
    assert lines[0] == 'NNC0' and aead == '15'
    q = [x for x in packets if x[0] & 7 == 3][0]
    r = [x for x in packets if x[0] & 7 == 4 and x[24:32] == q[40:48]][0]
    return {'client_c2s': bytes.fromhex(c2s),
            'client_s2c': bytes.fromhex(s2c), 'client_request': q,
            'client_reply': r}


def main():
    chronyd = sys.argv[1]
    d = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp()
    make_pki(d)
    server = start(chronyd, d, 'server',
                   f'port {NTP}\nntsport {KE}\nbindaddress 127.0.0.1\n'
                   f'allow 127.0.0.0/8\nlocal stratum 1\n'
                   f'ntsserverkey {d}/key.pem\nntsservercert {d}/cert.pem\n')
    try:
        got = {**ours(d), **theirs(chronyd, d)}
    finally:
        server.terminate()
        server.wait()
    version = run(chronyd, '-v').strip()
    print(f'/* Made by record_chrony.py: {version} */')
    for name, b in got.items():
        print(f'static const uint8_t chrony_{name}[{len(b)}] = {{')
        for i in range(0, len(b), 12):
            print('    ' + ' '.join(f'0x{x:02x},' for x in b[i:i + 12]))
        print('};')


main()
