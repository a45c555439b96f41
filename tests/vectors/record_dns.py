#!/usr/bin/env python3
"""Record real answers of DNS servers as test data: dns_vectors.h.

    cd tests/vectors; ./record_dns.py NSD UNBOUND > dns_vectors.h

Not part of the tests; needs dnspython, NSD and unbound (Debian 12 has all
three). NSD serves a zone on loopback; unbound asks it as a resolver does and
compresses names its own way. dnspython writes each question and says what
the answer holds; only then is it written down. Identifiers are fixed, so that
a second run differs only where TTLs have run down.
"""
import socket, struct, subprocess, sys, tempfile, time
import dns.flags, dns.message, dns.rcode, dns.rdatatype

NSD_PORT, UNBOUND_PORT = 31053, 31054
ZONE = '''$ORIGIN example.
$TTL 3600
@ SOA ns hostmaster 1 7200 900 86400 300
@ NS ns
ns A 127.0.0.1
one 600 A 192.0.2.1
both A 192.0.2.2
both AAAA 2001:db8::2
pool A 192.0.2.11
pool A 192.0.2.12
pool A 192.0.2.13
pool A 192.0.2.14
pool AAAA 2001:db8::11
pool AAAA 2001:db8::12
alias 60 CNAME alias2
alias2 CNAME far.chain
far.chain 120 CNAME one
dangling CNAME nowhere
ring CNAME gnir
gnir CNAME ring
*.wild A 192.0.2.77
text TXT "no address here"
deleg NS ns.other
'''


def start(*argv):
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def servers(nsd, unbound, d):
    with open(d + '/zone', 'w') as f:
        f.write(ZONE)
        for i in range(60):
            f.write(f'many A 198.51.100.{i + 1}\n')
    with open(d + '/nsd.conf', 'w') as f:
        f.write(f'server:\n ip-address: 127.0.0.1@{NSD_PORT}\n'
                f' username: ""\n zonesdir: "{d}"\n database: ""\n'
                f' pidfile: ""\n zonelistfile: "{d}/zl"\n'
                f' xfrdfile: "{d}/xfrd"\n xfrdir: "{d}"\n'
                'remote-control:\n control-enable: no\n'
                f'zone:\n name: example\n zonefile: "{d}/zone"\n')
    with open(d + '/unbound.conf', 'w') as f:
        f.write(f'server:\n interface: 127.0.0.1@{UNBOUND_PORT}\n'
                f' username: ""\n chroot: ""\n directory: "{d}"\n'
                ' pidfile: ""\n use-syslog: no\n module-config: "iterator"\n'
                ' do-not-query-localhost: no\n root-hints: ""\n'
                ' access-control: 127.0.0.0/8 allow\n'
                ' local-zone: "refused." always_refuse\n'
                'remote-control:\n control-enable: no\n'
                f'stub-zone:\n name: example\n'
                f' stub-addr: 127.0.0.1@{NSD_PORT}\n')
    return [start(nsd, '-d', '-c', d + '/nsd.conf'),
            start(unbound, '-d', '-c', d + '/unbound.conf')]


# name, type, port, EDNS, TCP
CASES = [
    ('one.example', 'A', NSD_PORT, True, False),
    ('one.example', 'AAAA', NSD_PORT, True, False),
    ('OnE.eXamPLe', 'A', NSD_PORT, False, False),
    ('alias.example', 'A', NSD_PORT, True, False),
    ('dangling.example', 'A', NSD_PORT, True, False),
    ('ring.example', 'A', NSD_PORT, True, False),
    ('nowhere.example', 'A', NSD_PORT, True, False),
    ('a.b.wild.example', 'A', NSD_PORT, True, False),
    ('text.example', 'A', NSD_PORT, True, False),
    ('x.deleg.example', 'A', NSD_PORT, True, False),
    ('not.ours', 'A', NSD_PORT, True, False),
    ('many.example', 'A', NSD_PORT, False, False),
    ('many.example', 'A', NSD_PORT, True, False),
    ('many.example', 'A', NSD_PORT, True, True),
    ('both.example', 'A', UNBOUND_PORT, True, False),
    ('both.example', 'AAAA', UNBOUND_PORT, True, False),
    ('pool.example', 'A', UNBOUND_PORT, True, False),
    ('pool.example', 'AAAA', UNBOUND_PORT, True, False),
    ('aLiAs.eXaMpLe', 'A', UNBOUND_PORT, True, False),
    ('nowhere.example', 'AAAA', UNBOUND_PORT, True, False),
    ('text.example', 'AAAA', UNBOUND_PORT, False, False),
    ('many.example', 'A', UNBOUND_PORT, False, False),
    ('a.refused', 'A', UNBOUND_PORT, True, False),
    ('ring.example', 'A', UNBOUND_PORT, True, False),
]


def addresses(message, kind):
    """In the message's order, of the name its aliases end at."""
    if dns.rcode.Rcode.NOERROR != message.rcode():
        return []
    return [r.to_text() for s in message.answer if s.rdtype == kind
            for r in s]


def hexed(data):
    return ''.join(f'\\x{b:02x}' for b in data)


def c_bytes(data):
    parts = [data[i:i + 16] for i in range(0, len(data), 16)]
    return '\n'.join('     "' + hexed(p) + '"' for p in parts)


def record(n, name, kind, port, edns, tcp):
    q = dns.message.make_query(name, kind)
    q.id = 0x4700 + n
    if edns:
        q.use_edns(0, 0, 1232)
    wire, answer = q.to_wire(), raw(q, port, tcp)
    a = dns.message.from_wire(answer, ignore_trailing=False)
    found = addresses(a, dns.rdatatype.from_text(kind))
    server = 'NSD' if port == NSD_PORT else 'unbound'
    flags = ' TC' if a.flags & dns.flags.TC else ''
    print(f'    /* {server}: {name} {kind}{" tcp" if tcp else ""}: '
          f'{dns.rcode.to_text(a.rcode())}{flags}, {len(found)} */')
    print(f'    {{"{name}", {int(dns.rdatatype.from_text(kind))}, '
          f'0x{q.id:04x}, {str(edns).lower()}, {int(a.rcode())}, '
          f'{str(bool(a.flags & dns.flags.TC)).lower()}, {len(found)},')
    print(f'     "{",".join(found)}",')
    print(f'     {len(wire)},\n{c_bytes(wire)},')
    print(f'     {len(answer)},\n{c_bytes(answer)}}},')


def raw(q, port, tcp):
    """The answer's own bytes, as they came."""
    s = socket.socket(socket.AF_INET,
                      socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
    s.settimeout(20)
    s.connect(('127.0.0.1', port))
    wire = q.to_wire()
    s.send(struct.pack('>H', len(wire)) + wire if tcp else wire)
    if not tcp:
        return s.recv(65535)
    got = b''
    while len(got) < 2 or len(got) < 2 + struct.unpack('>H', got[:2])[0]:
        got += s.recv(65535)
    return got[2:]


def main():
    with tempfile.TemporaryDirectory() as d:
        running = servers(sys.argv[1], sys.argv[2], d)
        time.sleep(2)
        try:
            print('/* dns_vectors.h -- made by record_dns.py: do not edit. */')
            print('static const struct dns_vector {\n    const char *name;\n'
                  '    unsigned type, id;\n    bool edns;\n'
                  '    unsigned rcode;\n    bool truncated;\n'
                  '    unsigned count;\n    const char *addresses;\n'
                  '    size_t query_len;\n    const char *query;\n'
                  '    size_t len;\n    const char *answer;\n'
                  '} dns_vectors[] = {')
            for n, case in enumerate(CASES):
                record(n, *case)
            print('};')
        finally:
            for p in running:
                p.terminate()


if __name__ == '__main__':
    main()
