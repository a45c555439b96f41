"""NTP packets with extension fields, and what a pcap file says of them."""
import struct

UID, COOKIE, PLACEHOLDER, AUTH = 0x0104, 0x0204, 0x0304, 0x0404


def fields(packet):
    """(type, offset, length with header) of each extension field; ends at
    the first that does not fit."""
    at = 48
    while at + 4 <= len(packet):
        kind, length = struct.unpack_from(">HH", packet, at)
        if length < 4 or length % 4 or at + length > len(packet):
            return
        yield kind, at, length
        at += length


def bodies(packet, kind):
    return [packet[at + 4:at + length]
            for found, at, length in fields(packet) if found == kind]


def cookies(packet):
    """Cookies that a request shows; [] for anything but a client's."""
    if len(packet) < 48 or packet[0] & 7 != 3:
        return []
    return bodies(packet, COOKIE)


def nak(request):
    """RFC 8915 5.7: a kiss code of the request's identifier, unsigned."""
    head = bytearray(48)
    head[0] = 3 << 6 | 4 << 3 | 4
    head[2] = request[2]
    head[12:16] = b"NTSN"
    head[24:32] = request[40:48]
    head[32:40] = head[40:48] = request[40:48]
    uid = b"".join(struct.pack(">HH", UID, len(body) + 4) + body
                   for body in bodies(request, UID))
    return bytes(head) + uid


def frames(path):
    """(seconds, frame) of a pcap file, classic format, Ethernet."""
    with open(path, "rb") as file:
        head = file.read(24)
        if len(head) < 24:
            return
        order = "<" if head[:4] in (b"\xd4\xc3\xb2\xa1",
                                    b"\x4d\x3c\xb2\xa1") else ">"
        magic, *_, link = struct.unpack(order + "IHHiIII", head)
        if magic not in (0xa1b2c3d4, 0xa1b23c4d) or link != 1:
            raise ValueError(f"{path}: not an Ethernet pcap")
        scale = 1e-9 if magic == 0xa1b23c4d else 1e-6
        while True:
            record = file.read(16)
            if len(record) < 16:
                return
            seconds, part, kept, _ = struct.unpack(order + "IIII", record)
            yield seconds + part * scale, file.read(kept)


def transport(frame):
    """(protocol, source, destination, segment) or None; addresses as bytes,
    no fragments, no IPv6 extension headers."""
    kind = frame[12:14]
    if kind == b"\x08\x00" and len(frame) >= 34:
        header = (frame[14] & 15) * 4
        total, _, fragment = struct.unpack_from(">HHH", frame, 16)
        if fragment & 0x3fff:
            return None
        return (frame[23], frame[26:30], frame[30:34],
                frame[14 + header:14 + total])
    if kind == b"\x86\xdd" and len(frame) >= 54:
        length, protocol = struct.unpack_from(">HB", frame, 18)
        return protocol, frame[22:38], frame[38:54], frame[54:54 + length]
    return None


def datagrams(path):
    """(seconds, source, sport, destination, dport, payload) of each UDP."""
    for seconds, frame in frames(path):
        found = transport(frame)
        if found and found[0] == 17 and len(found[3]) >= 8:
            sport, dport = struct.unpack_from(">HH", found[3])
            yield seconds, found[1], sport, found[2], dport, found[3][8:]


def cookies_in_pcap(path):
    """Every cookie that left in a request, in order, as it was sent."""
    return [cookie for *_, payload in datagrams(path)
            for cookie in cookies(payload)]


def requests_in_pcap(path):
    """NTP requests with a cookie: payloads."""
    return [payload for *_, payload in datagrams(path) if cookies(payload)]


def connections_in_pcap(path, port):
    """TCP connections begun to a port, as (source port): retransmitted SYNs
    of one are one."""
    seen = []
    for _, frame in frames(path):
        found = transport(frame)
        if found and found[0] == 6 and len(found[3]) >= 14:
            sport, dport = struct.unpack_from(">HH", found[3])
            first = (sport, found[3][4:8])
            if dport == port and found[3][13] & 0x12 == 2 \
                    and first not in seen:
                seen.append(first)
    return [sport for sport, _ in seen]


def twice(items):
    """Those that come more than once."""
    return sorted({item for item in items if items.count(item) > 1})
