#!/usr/bin/env python3
"""A person at a terminal: the whole firmware on a pty, every word of Debian's
`chronyc help`, each key, lines that are too long or no text at all, and its
tables beside those of the real chronyc, of a chronyd with the same servers:
followed, in hold-over, not set."""
import os
import re
import select
import subprocess
import sys
import time
import tty

from tests.common import testbed
from tests.common.machine import Process, die_with_parent
from tests.common.refusals import until
from tests.peers import child, chronyd
from tests.tap import TOP, Tap

PROMPT = "gnomon> "
CHRONYC = os.path.join(child.PEERS, "chrony/usr/bin/chronyc")
OWN_EFFECT = {"reset"}  # what it does here is another thing


class Terminal(Process):
    """The console as a person sees it: `row` is the one with the cursor."""

    def __enter__(self):
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.child = subprocess.Popen(self.command, stdin=slave, stdout=slave,
                                      stderr=subprocess.DEVNULL,
                                      preexec_fn=die_with_parent)
        os.close(slave)
        self.raw, self.row, self.column = b"", [], 0
        return self

    def __exit__(self, *_):
        super().__exit__()
        os.close(self.master)

    def pump(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return  # it has ended
        self.text += data.decode("utf-8", "replace").replace("\r", "")
        self.draw(data.decode("latin-1"))

    def draw(self, text):
        """A terminal of one row: what the firmware may send, no more."""
        for part in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|.", text, re.S):
            if part in ("\x1b[K", "\x1b[2J"):
                self.row = self.row[:self.column if part[-1] == "K" else 0]
            elif part in ("\r", "\x1b[H"):
                self.column = 0
            elif part == "\n":
                self.row = []
            elif part == "\b":
                self.column -= 1
            elif part != "\a":
                assert part >= " ", repr(part)
                self.row[self.column:self.column + 1] = part
                self.column += 1

    def send(self, data):
        os.write(self.master, data if isinstance(data, bytes)
                 else data.encode())

    def shows(self, text, column=None):
        """The line typed so far is that, the cursor at that place in it."""
        want = len(PROMPT) + (len(text) if column is None else column)

        def there():
            self.pump(0.05)
            return ("".join(self.row).rstrip() == (PROMPT + text).rstrip()
                    and self.column == want)
        return until(there)


KEYS = (  # keys, the line then, the cursor's place in it
    ("tracking", "tracking", None),
    ("\x1b[D\x1b[D", "tracking", 6), ("\x1bOD", "tracking", 5),
    ("\x1b[C", "tracking", 6), ("X", "trackiXng", 7), ("\b", "tracking", 6),
    ("\x1b[H", "tracking", 0), ("\x1b[3~", "racking", 0),
    ("t", "tracking", 1), ("\x1b[4~", "tracking", None),
    ("\x01", "tracking", 0), ("\x05", "tracking", None),
    (" now", "tracking now", None), ("\x17", "tracking ", None),
    ("\x01\x0b", "", None), ("sou\t", "sources", None),
    ("\x15", "", None), ("\x1b[A", "date", None),
    ("\x1b[A", "log 0", None), ("\x1b[B\x1b[B", "", None),
    ("\x1b[1;5A\x1b[99~\x1b[[A\x1bOP\x1b]0;x\x07", "date", None),
    ("\x15ab\x0c", "ab", None), ("\x15", "", None),
)


def keys(tap, t):
    t.ask("log 0")
    t.ask("date")
    for typed, line, column in KEYS:
        t.send(typed)
        tap.check(t.shows(line, column), f"{typed!r}: `{line}'",
                  ("".join(t.row), t.column))
    for key in ("\x1b[D", "\x1b[C", "\x1b[3~", "\x1bOH"):
        for byte in "ab" + key:  # a byte at a time
            t.send(byte)
            t.pump(0.1)
        place = {"D": 1, "C": 2, "~": 2, "H": 0}[key[-1]]
        tap.check(t.shows("ab", place), f"{key!r} in pieces",
                  ("".join(t.row), t.column))
        t.send("\x15")


def words_of_help():
    text = subprocess.run([CHRONYC, "help"], stdout=subprocess.PIPE,
                          check=True).stdout.decode()
    lines = [line for line in text.split("\n")
             if line and not line.startswith(" ")
             and not line.rstrip().endswith(":")]
    words = []
    for line in lines:
        for word in line.split()[0].split("|"):
            if word not in words:
                words.append(word)
    return words


def words(tap, t):
    found = words_of_help()
    tap.check(len(found) > 50, f"{len(found)} words in chronyc's help")
    for word in found:
        if word in OWN_EFFECT:
            continue
        if word == "waitsync":
            word += " 1"
        for command in (word, "chronyc " + word, "help " + word.split()[0]):
            answer = t.ask(command)
            tap.check(answer.strip() and "is not a command" not in answer
                      and "may be:" not in answer, f"`{command}'", answer)
    for line, answer in (
            ("reset sources", "takes no argument"),
            ("sorces", "nearest is `sources'"),
            ("trackin -v", "its lines need no legend"),
            ("SOURCES -V", "falseticker"),
            ("chronyc -n sources -v", "falseticker"),
            ("sources -x", "option -x is not known"),
            ("?", "authdata"), ("r", "is not a command here")):
        tap.check(answer in t.ask(line), f"`{line}': {answer}", t.text[-400:])


def no_lines(tap, t):
    for name, junk in (("1000 letters", b"a" * 1000),
                       ("all bytes but Enter and ESC", bytes(
                           c for c in range(256) if c not in (10, 13, 27))),
                       ("escapes", b"\x1b[" * 200),
                       ("UTF-8", "tück\u00e9 \u20ac\U0001f552".encode())):
        t.send(junk + b"\r")
        answer = t.ask("date")
        tap.check(re.match(r"2\d{3}-", answer), f"{name}, then `date'", answer)
    tap.check("longer than 78 characters: not run" in t.text,
              "what is too long is not run")


def labels(text):
    return [line.split(":")[0] for line in text.strip().split("\n")
            if ":" in line]


def numbers(text):
    """Values as shapes: whatever they are now, whichever way they go."""
    text = re.sub(r"\b(fast|slow)\b", "fast", text)
    text = re.sub(r"\b[A-Z][a-z][a-z] [A-Z][a-z][a-z] (?=[ \d]\d )", "Day ",
                  text)
    return re.sub(r"-(?=\d)", "+", re.sub(r"\d+", "9", text))


# Rows of chronyc's tables. A run of letters is a cell, the rest stands as it
# is here: so whatever the values are, at the moment that each was asked, all
# columns have their place.
ROWS = {
    "sources": "ms nnnnnnnnnnnnnnnnnnnnnnnnnnn  dd  ii   ddd  aaaa  "
               "ooooooo[ooooooo] +/- tttttt",
    "sourcestats": "nnnnnnnnnnnnnnnnnnnnnnnnn ddd ddd  aaaa ffffffffff "
                   "gggggggggg  ooooooo  tttttt",
    "selectdata": "s nnnnnnnnnnnnnnnnnnnnnnnnn y uuuuu uuuuu aaaa ggggg "
                  "ooooooo ooooooo  l",
    "authdata": "nnnnnnnnnnnnnnnnnnnnnnnnnnn kkkk ddddd dddd dddd aaaa dddd "
                "dddd dddd dddd",
}
CELLS = {
    "m": r"[\^=#]", "s": r"[*+?x~MNPdDpPTUVWSRO-]", "n": r"\S+ *",
    "d": r" *\d+", "i": r" *-?\d+", "a": r" *(?:\d+[mhdy]?|-)",
    "o": r" *[+-]\d+(?:\.\d)?(?:[num]?s|[mhdy])",
    "t": r" *\d+(?:\.\d)?(?:[num]?s|[mhdy])",
    "f": r" *[+-]\d+\.\d{3}", "g": r" *\d+\.\d{1,3}", "y": "[YN]",
    "u": "[NPTR-]{5}", "l": r"[N+?-]", "k": " *(?:NTS|SK|-)",
}


def fits(row, like):
    """Whether each cell of the row is where, and what, it is in `like`."""
    cells = [(row[m.start():m.end()], m.group())
             for m in re.finditer(r"([a-z])\1*|[^a-z]+", like)]
    return len(row) == len(like) and all(
        re.fullmatch(CELLS[kind[0]], cell) if kind[0] in CELLS
        else cell == kind for cell, kind in cells)


def tables(tap, t, client):
    """Column by column: the same heading, and the rows' cells below it."""
    for word in ("sources", "sourcestats", "selectdata", "authdata"):
        ours = t.ask(word).rstrip("\n").split("\n")
        theirs = client.chronyc(word).rstrip("\n").split("\n")
        tap.check(ours[:2] == theirs[:2], f"{word}: chronyc's heading",
                  "\n".join(ours + theirs))
        tap.check(len(ours) == len(theirs)
                  and all(fits(row, ROWS[word])
                          for row in ours[2:] + theirs[2:]),
                  f"{word}: as many cells, as wide",
                  "\n".join(ours + theirs))
    ours, theirs = t.ask("tracking"), client.chronyc("tracking")
    tap.check(labels(ours)[:13] == labels(theirs)
              and numbers(ours).split("\n")[1:13]
              == numbers(theirs).split("\n")[1:13],
              "tracking: chronyc's lines, signs and units", ours + theirs)
    for word in ("ntpdata", "serverstats"):
        ours = t.ask(word + (" 1" if word == "ntpdata" else ""))
        theirs = client.chronyc(*word.split(), *(
            ["127.0.0.1"] if word == "ntpdata" else []))
        tap.check(labels(ours)[:len(labels(theirs))] == labels(theirs),
                  f"{word}: chronyc's lines", ours + theirs)
    tap.check(all(row["atmp"] == "0" for row in testbed.authdata(t)),
              "authdata: Atmp is 0 after a success", t.ask("authdata"))


def changed(before, after):
    """The labels of `tracking` whose lines are others now."""
    return {a.split(":")[0].strip() for a, b in zip(
        before.split("\n"), after.split("\n")) if a != b}


def hold_over(tap, t, server, client):
    """Nobody answers any more: what falls, what stays and what grows is what
    chronyd shows, column by column."""
    last = [testbed.field(ask("tracking"), "Reference ID")
            for ask in (t.ask, client.chronyc)]
    server.stop()

    def unreached(text):
        return re.search(r"^\^\? \S+ +1 +-?\d+ +0 ", text, re.M)
    tap.check(until(lambda: unreached(t.ask("sources"))
                    and unreached(client.chronyc("sources"))
                    and "Hold-over" in t.ask("tracking"), 120),
              "hold-over: Reach falls to 0, and the state is `?'",
              t.ask("sources") + client.chronyc("sources"))
    for word in ("sources", "sourcestats", "selectdata", "authdata"):
        ours, theirs = t.ask(word).rstrip("\n"), client.chronyc(
            word).rstrip("\n")
        rows = ours.split("\n")[2:] + theirs.split("\n")[2:]
        tap.check(len(rows) == 2 and all(fits(r, ROWS[word]) for r in rows),
                  f"hold-over: {word}: as many cells, as wide",
                  ours + "\n" + theirs)
        if word == "selectdata":
            tap.check(rows[0][0] == rows[1][0], "... and the same letter",
                      rows)
    first = t.ask("tracking"), client.chronyc("tracking")
    time.sleep(3)
    second = t.ask("tracking"), client.chronyc("tracking")
    for who, a, b, was in zip(("here", "chronyd"), first, second, last):
        tap.check(testbed.field(b, "Reference ID") == was
                  and testbed.field(b, "Stratum") == "2"
                  and testbed.field(b, "Leap status") == "Normal",
                  f"hold-over: the last reference stays ({who})", b)
        tap.check("Root dispersion" in changed(a, b)
                  and changed(a, b) <= {"Root dispersion", "System time",
                                        "Hold-over"}
                  and testbed.seconds(b, "Root dispersion")
                  > testbed.seconds(a, "Root dispersion"),
                  f"hold-over: only its dispersion grows ({who})", a + b)
    ours, theirs = second
    tap.check(labels(ours)[:13] == labels(theirs) and numbers(
        ours).split("\n")[1:13] == numbers(theirs).split("\n")[1:13],
              "hold-over: tracking: chronyc's lines, signs and units",
              ours + theirs)
    tap.check(t.ask("activity") == client.chronyc("activity"),
              "hold-over: activity")


UNSET = """server 10.0.2.77
server nobody.invalid
"""


def unset(tap, w):
    """Nobody answers: chronyd says the same of itself."""
    with Terminal(w.card("unset.img", UNSET)) as t, \
            chronyd.Client(w.pki, [], extra=[
                "server 127.0.0.77 port 9",
                "server nobody.invalid"]) as client:
        ours = t.ask("tracking")
        theirs = client.chronyc("tracking")
        tap.check(ours.split("\n")[:13] == theirs.split("\n")[:13],
                  "not set: tracking is chronyd's, to the letter",
                  ours + theirs)
        tap.check("Clock not set   : " in ours, "... and says why", ours)
        for word in ("sources", "sourcestats", "authdata", "selectdata"):
            ours, theirs = (next(
                row for row in text.split("\n") if ".0." in row) for text in (
                    t.ask(word).replace("10.0.2.77 ", "127.0.0.77"),
                    client.chronyc(word)))
            # Last is 0 with chronyd 4.3, and an age later on.
            tap.check(ours == theirs if word != "selectdata" else
                      ours[:2] == theirs[:2] and all(
                          fits(row, ROWS[word]) for row in (ours, theirs)),
                      f"not set: {word}: chronyd's row", (ours, theirs))
        tap.check(t.ask("activity") == client.chronyc("activity"),
                  "activity: a literal address is online",
                  t.ask("activity") + client.chronyc("activity"))


def readme(tap, w):
    """The chrony.conf of README's card, as it stands there."""
    text = testbed.read(f"{TOP}/README.md").decode()
    conf = re.search(r"(?m)(?:^ {7}\S.*\n)+", text)[0]
    with Terminal(w.card("readme.img", re.sub(r"(?m)^ +", "", conf))) as t:
        tap.check("chrony.conf good" in t.ask("board")
                  and len(testbed.sources(t)) == conf.count("server ")
                  and "chrony.conf:" not in t.text,
                  "README's chrony.conf: no line of it is remarked on", t.text)
        t.send("tracking\r")
        tap.check(t.wait("Clock not set"), "... and it is taken", t.text)


def main():
    tap = Tap()
    with testbed.Testbed() as w:
        servers = w.chronyd(1)
        client = w.enter_context(chronyd.Client(
            w.pki, [(s.address, s.port, s.ke_port) for s in servers],
            options="iburst minpoll 0 maxpoll 2"))
        with Terminal(w.card(conf=w.conf(testbed.FAST))) as t:
            t.send("\r")
            tap.check(testbed.synchronise(t), "synchronised", t.text)
            keys(tap, t)
            words(tap, t)
            no_lines(tap, t)
            client.synchronised()
            tables(tap, t, client)
            hold_over(tap, t, servers[0], client)
            tap.check(t.child.poll() is None, "it was never restarted")
        unset(tap, w)
        readme(tap, w)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
