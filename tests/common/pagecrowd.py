"""Strangers at the page's port, while the clock goes on: whatever they do, all
sources stay reached, a key exchange goes through meanwhile, and the page is
there for the next one. What host/ and qemu/ share."""
import contextlib
import re
import socket
import time

from tests.common import testbed
from tests.common.refusals import until
from tests.peers import chronyd

FAST = "iburst minpoll 0 maxpoll 1"
GET = b"GET %s HTTP/1.1\r\nHost: gnomon.local\r\n\r\n"


def connect(port, limit=60):
    s = socket.create_connection(("127.0.0.1", port), timeout=limit)
    s.settimeout(limit)
    return s


def all_of(s):
    """What comes until the end, and whether that is a proper one."""
    answer = b""
    try:
        while True:
            more = s.recv(65536)
            if not more:
                return answer, True
            answer += more
    except (ConnectionError, TimeoutError):
        return answer, False


def ask(port, request):
    with connect(port) as s:
        with contextlib.suppress(ConnectionError):
            s.sendall(request)
        return all_of(s)[0]


def status(answer):
    match = re.match(rb"HTTP/1\.1 (\d+) ", answer)
    return int(match[1]) if match else None


def is_whole(answer):
    head, _, content = answer.partition(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: (\d+)", head)
    return length is not None and int(length[1]) == len(content)


def page(port, path=b"/"):
    answer = ask(port, GET % path)
    return status(answer) == 200 and is_whole(answer) and answer


# ---- what strangers do; each returns whether they were treated as they should

def bytes_one_by_one(port):
    """The whole of its patience is 5 s, however often a byte comes."""
    with contextlib.ExitStack() as stack:
        links = [stack.enter_context(connect(port)) for _ in range(3)]
        begin = time.monotonic()
        for byte in GET % b"/" * 100:
            time.sleep(0.25)
            try:
                for s in links:
                    s.sendall(bytes([byte]))
            except ConnectionError:
                return time.monotonic() - begin > 2
        return False


def never_finished(port):
    with contextlib.ExitStack() as stack:
        links = [stack.enter_context(connect(port)) for _ in range(3)]
        for s in links:
            s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX")
        return all(all_of(s)[0] == b"" for s in links)


def never_read(port):
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            s = stack.enter_context(socket.socket())
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            s.connect(("127.0.0.1", port))
            s.sendall(GET % b"/")
        time.sleep(8)
    return True


def two_hundred(port):
    """They come and stay; the oldest give way, and the newest is answered."""
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            with contextlib.suppress(ConnectionError, TimeoutError):
                stack.enter_context(connect(port, 3))
        return bool(page(port))


def flood_of_requests(port):
    good = [bool(page(port, (b"/", b"/metrics", b"/log.txt")[i % 3]))
            for i in range(60)]
    return all(good)


REFUSED = {
    b"GET /\r\n": 400,
    b"GET / HTTP/1.1\r\n\r\n": 400,
    bytes(range(256)) * 4: 400,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500): 400,
    GET % (b"/" + b"a" * 1900): 404,
    GET % (b"/" + b"a" * 100000): 431,
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-Field: more\r\n" * 4000: 431,
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
    + b"x" * 100000: 405,
    b"DELETE /metrics HTTP/1.1\r\nHost: a\r\n\r\n": 405,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": 505,
    **{GET % p: 404 for p in (
        b"/favicon.ico", b"/index.html", b"/..", b"/%2e%2e/chrony.conf",
        b"/metrics/", b"/?x", b"/metrics?name=a", b"//", b"*")},
}


def refused(port):
    for request, want in REFUSED.items():
        answer = ask(port, request)
        # One that goes on sending may see a reset before the answer.
        if len(request) > 9000 and status(answer) is None:
            continue
        if status(answer) != want or not is_whole(answer):
            print("#", request[:60], "got", answer[:200])
            return False
    return True


def heads(port):
    whole = page(port, b"/log.txt")
    answer = ask(port, b"HEAD /log.txt HTTP/1.1\r\nHost: a\r\n\r\n")
    return (status(answer) == 200 and answer.endswith(b"\r\n\r\n")
            and b"Content-Length: " in answer and whole)


CROWD = (heads, refused, bytes_one_by_one, never_finished, never_read,
         two_hundred, flood_of_requests)


def reached(machine):
    rows = testbed.sources(machine)
    return len(rows) >= 3 and all(r[4] == 0o377 for r in rows[:3])


def unanswered(machine):
    """Requests to each of the three sources that have no good answer."""
    return [int(testbed.field(text, "Total TX")) - int(testbed.field(
        text, "Total valid RX"))
            for text in (machine.ask(f"ntpdata {i}") for i in (1, 2, 3))]


def answered(now, before):
    """But for two of each: this machine may leave the Pi or a server without
    its processor for a while. Who silences NTP for seconds costs more."""
    return all(n <= b + 2 for n, b in zip(now, before))


def crowd(tap, w, boot, memory=None):
    """boot(card, port): a machine whose port 80 is this port here; memory(m):
    what tells its marks (qemu/memory.py)."""
    port = chronyd.free_port()
    w.chronyd(3)
    late = chronyd.Server(w.pki)
    w.servers.append(late) # is not there yet
    with boot(w.card(conf=w.conf(FAST)), port) as m, \
            contextlib.ExitStack() as stack:
        testbed.synchronise(m)
        tap.check(until(lambda: reached(m)), "three sources are reached",
                  m.ask("sources"))
        used = memory(m) if memory else None
        marks = used.marks() if used else {}
        for attack in CROWD:
            if attack is two_hundred:
                stack.enter_context(late)
            before = unanswered(m)
            said = attack(port)
            tap.check(said, f"{attack.__name__}: as it should be")
            tap.check(until(lambda: answered(unanswered(m), before)),
                      f"{attack.__name__}: its requests are answered",
                      (before, unanswered(m)))
            tap.check(until(lambda: reached(m)),
                      f"{attack.__name__}: Reach 377", m.ask("sources"))
        tap.check(until(lambda: m.text.count("key exchange done") >= 4),
                  "a key exchange went through meanwhile", m.text)
        tap.check(all(page(port) for _ in range(5)), "the page is there",
                  m.text)
        if used:
            back_at_its_marks(tap, port, used, marks)


def back_at_its_marks(tap, port, used, marks):
    """Memory, read directly: what a stranger holds is seen, and is given back,
    the last of it when connections have waited for their stragglers (2 * 60 s,
    RFC 9293). The fourth source has a socket more."""
    marks["UDP_PCB"] += 1
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(connect(port)).sendall(b"GET / HTTP/1.1\r\n")
        held = until(lambda: (lambda now: now["TCP_PCB"] > marks["TCP_PCB"]
                              and now)(used.look()))
        tap.check(held, "connections held are seen in memory", marks)
    now = {}

    def back():
        time.sleep(2)
        now.update(used.look())
        return all(now[name] <= marks[name] for name in marks)
    tap.check(until(back, 400), "pools, heap and arenas are back at their marks",
              {n: (marks[n], now[n]) for n in marks if now[n] > marks[n]})
    print("# in use before and after:", *(
        f"{n} {marks[n]}/{now[n]}" for n in sorted(marks)))


ELSEWHERE = "address 10.0.2.15/29\ngateway 10.0.2.2\n"  # as 10.0.2.2 is


def shut_out(tap, w, boot):
    """Only who is allowed is answered, and without httpallow whoever is on a
    network of the board's own; without a port nobody is."""
    port = chronyd.free_port()
    for more, what, want in (
            ("httpallow 192.0.2.0/24\n", "another subnet", False),
            (ELSEWHERE, "not our own network", False),
            (ELSEWHERE + "httpallow 10.0.2.0/24\n",
             "another network that is allowed", True),
            ("httpport 0\n", "no port", False)):
        with boot(w.card(conf=w.conf(FAST, more=more)), port) as m:
            testbed.synchronise(m)
            answer = b"none"
            with contextlib.suppress(ConnectionError):
                answer = ask(port, GET % b"/")
            if want:
                tap.check(status(answer) == 200, f"{what}: answered", answer)
            else:
                tap.check(answer in (b"", b"none"), f"{what}: no answer",
                          answer)
