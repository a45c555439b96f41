#!/usr/bin/env python3
"""Every directive and option that chrony 4.9's manual has, and each of our
own: right, without its argument, with one too many, with what is no number or
beyond any range, and as people misspell it (conf/words.txt). Each line is a
whole chrony.conf. + and - before it is what chrony 4.9's own parser said,
takes or refuses; below it is what test_words.c says.

What chronyd takes has an effect here, or it is said why not; what it refuses
is an error here, or it is said to be ignored or what is taken instead. The
exceptions are in words below (TAKEN, REFUSED). Debian's 4.6.1 (chronyd -p) is
asked again about each line.

    python3 -m tests.field.test_words --take      after a change that is meant
    python3 -m tests.field.test_words CHRONYD     other marks' chronyd"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

from tests.peers.chronyd import commands_of
from tests.tap import TOP, Tap

WORDS = os.path.join(TOP, "tests/field/conf/words.txt")
PROGRAM = os.path.join(TOP, "build/host/tests/field/test_words")
OURS = ("dhcpservers nodump saveinterval bootstrap httpport httpallow pps "
        "report hostname address gateway nameserver syslog mdns").split()
# What 4.6.1 does not know yet.
NEWER = re.compile(r"driftfile .* interval|waitsynced|opencommands|maxtxbuffers"
                   r"|^(max|min)stratum|maxunreach|maxntsretry")
# 4.6.1 reads as much of a number as is one, and cuts what is beyond.
WILD = re.compile(r" (-1|[\d.]+x|99999999999|70000)$")
# chronyd takes it, and we say that it is wrong: the message, why.
REFUSED = [
    (r"`.*' is not a number;", "it reads as much of a number as is one"),
    (r"is outside -?\d+ \.\. \d+;", "it cuts what is beyond a number's range"),
    (r"is less than nothing;", "a limit below nothing makes no sense"),
    (r"option `key': there are no symmetric keys", "unauthenticated, else"),
    (r"no ntsserver(cert|key) line belongs to it", "it says so when it starts"),
    (r"(ntsaeads|sourcedir): its argument is missing", "nothing is named"),
    (r"is a name, and none is looked up here", "it would ask for the address"),
    (r"is not on the card; looked for", "that is another disk's"),
    (r"/(33|129)' is not a subnet", "it cuts what is beyond"),
]
# chronyd refuses it, and it costs nothing here: what is said instead.
TAKEN = [
    (r": ignored: ", "it has no effect, however it is written"),
    (r"option `extfield' ignored", "the same"),
    (r"is outside .*: -?\d+ is taken", "the nearest that is within"),
]


def entries(text):
    """(mark, line, what is said of it)"""
    found = []
    for row in text.splitlines():
        if row.startswith("    "):
            found[-1][2].append(row[4:])
        elif row:
            found.append((row[0], row[2:], []))
    return found


def verdicts(command, lines):
    """Whether this chronyd takes each, as a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        def ask(numbered):
            path = os.path.join(folder, str(numbered[0]))
            with open(path, "w") as out:
                out.write(numbered[1] + "\n")
            return subprocess.run(
                [*command, "-p", "-U", "-f", path], stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL).returncode == 0
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(ask, enumerate(lines)))


def judge(taken, line, said):
    """None, or what is wrong with what we say of it."""
    text = "\n".join(said)
    wrong = text.startswith("ERROR") or "\nERROR" in text
    if "unknown directive" in text and taken:
        return "chrony knows it"
    if taken and wrong and not any(re.search(w, text) for w, _ in REFUSED):
        return "chrony takes it"
    if not taken and not wrong and not any(re.search(w, text)
                                           for w, _ in TAKEN):
        return None if line.split()[0].lower() in OURS else "chrony refuses it"
    if wrong and not re.search("; line not used|belongs to it|not on the card",
                               text):
        return "it is not said what is lost"
    return None


def marks(tap, command, rows):
    odd = []
    for (mark, line, _), takes in zip(rows, verdicts(command, [
            line for _, line, _ in rows])):
        known = NEWER.search(line) if mark == "+" else WILD.search(line)
        if takes != (mark == "+") and not known:
            odd.append(line)
    tap.check(not odd, "chronyd 4.6.1 and the marks differ only about numbers "
              "and newer words", odd)


def complete(tap, rows):
    """Each word of firmware/core/conf.md, which a unit test holds to the
    parser's tables, is right in some line."""
    with open(os.path.join(TOP, "firmware/core/conf.md")) as file:
        page = file.read()
    of_sources = page.index("## Options of `server`")
    after = page.index("## Directives without effect")
    lines = [line for mark, line, _ in rows
             if mark == "+" or line.split()[0] in OURS]
    for match in re.finditer(r"^\| `(\w+)`", page, re.M):
        word = match.group(1)
        way = (rf"^server \S+ {word}\b" if of_sources < match.start() < after
               else rf"^{word}\b")
        if not any(re.match(way, line) for line in lines):
            tap.check(False, f"{word} has a line", way)


def take(rows, command):
    """Writes what is said now; with a command also the marks."""
    if command:
        now = verdicts(command, [line for _, line, _ in rows])
        rows = [("+" if t else "-", line, said)
                for t, (_, line, said) in zip(now, rows)]
    with open(WORDS, "w") as out:
        for mark, line, said in rows:
            out.write(f"{mark} {line}\n" + "".join(
                f"    {text}\n" for text in said))


def main():
    tap = Tap()
    with open(WORDS) as file:
        expected = file.read()
    done = subprocess.run([PROGRAM, WORDS], stdout=subprocess.PIPE)
    rows = entries(done.stdout.decode())
    if sys.argv[1:]:
        take(rows, [] if sys.argv[1] == "--take" else sys.argv[1:])
        return 0
    tap.check(done.returncode == 0 and len(rows) > 700,
              f"{len(rows)} lines are judged")
    for (mark, line, said), (_, _, before) in zip(rows, entries(expected)):
        if said != before:
            tap.check(False, line, f"said: {said}\nexpected: {before}")
        why = judge(mark == "+", line, said)
        if why:
            tap.check(False, line, f"{why}: {said}")
    tap.check(done.stdout.decode() == expected, "each is said what is expected")
    complete(tap, rows)
    marks(tap, commands_of("4.6.1")[0], rows)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
