#!/usr/bin/env python3
"""The house rules a program can check: who includes whom, sizes, what no
file may hold, and a second compiler's opinion of the image's sources."""
import concurrent.futures
import functools
import glob
import os
import re
import shlex
import subprocess
import sys

from tests.common.board import boards
from tests.tap import TOP, Tap

os.chdir(TOP)
FILE_LINES, FUNCTION_LINES, COLUMNS = 600, 60, 80
STACK = 4096  # bytes of one function in the image, the libraries' too
TOP_LEVEL = {"firmware", "board", "drivers", "linker", "third_party", "tests",
             "Makefile", "README.md", "LICENSE"}
# The floors, from the ground up: a file includes what is on its own floor (one
# name here) and below, never what is above. So a call goes down, and what
# comes up is a callback. Names end at a full stop, an underscore or a slash:
# sources_ke.c is on the floor of sources. No file is in two lists but what
# both stand on.
FIRMWARE = [
    "firmware/core/", "firmware/port.h", "firmware/services/version",
    "firmware/services/log", "firmware/adapters/", "firmware/services/store",
    "firmware/services/machine", "firmware/services/timekeeper",
    "firmware/services/ntp_udp", "firmware/services/ke_client",
    "firmware/services/source", "firmware/services/sources",
    "firmware/services/timefloor",
    "firmware/services/pps", "firmware/services/clients",
    "firmware/services/cookies", "firmware/services/server",
    "firmware/services/history", "firmware/services/syslog",
    "firmware/services/ke_server",
    "firmware/services/mdns",
    "firmware/services/crashloop",
    "firmware/services/restart", "firmware/services/led", "firmware/services/config",
    "firmware/services/superloop", "firmware/services/snapshot",
    "firmware/services/cmd_udp",
    "firmware/services/why_log", "firmware/services/stage",
    "firmware/services/report", "firmware/services/http",
    "firmware/services/console", "firmware/main"]
MACHINE = [
    "firmware/core/base", "firmware/core/mono", "firmware/core/bytes",
    "firmware/port.h", "drivers/", "board/"]
BOARDS = boards()
BOARD_DIRS = {d for b in BOARDS for d in b.dirs.split()}
TEXT = [f for f in subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    stdout=subprocess.PIPE, check=True).stdout.decode().split("\n")
        if f and os.path.isfile(f)]


def sources(*folders):
    return [f for f in TEXT if f.endswith((".c", ".h", ".S"))
            and f.startswith(tuple(folders))]


def includes(path):
    for number, line in enumerate(open(path, errors="replace"), 1):
        match = re.match(r'\s*#\s*include\s+(["<])([^">]+)', line)
        if match:
            yield number, match.group(1) == "<", match.group(2)


STANDARD = {"assert", "stdbool", "stddef", "stdint", "string", "limits",
            "inttypes", "stdio", "stdarg", "math", "stdlib", "time", "errno",
            "ctype", "float"}
CORE_STANDARD = {"assert", "stdbool", "stddef", "stdint", "string", "limits",
                 "inttypes", "math", "float", "stdarg"}


def floor(floors, path):
    """How high path is in that list; -1: not in it."""
    return max((n for n, stem in enumerate(floors) if re.match(
        stem + r"($|[_.]|(?<=/))", path)), default=-1)


def included(path, name):
    """Which of our files path includes by that name, or None."""
    for folder in (os.path.dirname(path), "firmware", "drivers",
                   *sorted(BOARD_DIRS)):
        found = os.path.normpath(os.path.join(folder, name))
        if os.path.exists(found):
            return found
    return None


def wrong_include(path, angled, name):
    """Why path must not include name; "" if it may."""
    other = None if angled else included(path, name)
    if other is None: # the C standard's or a library's
        if path.startswith("firmware/adapters/"):
            return ""
        known = (CORE_STANDARD if path.startswith("firmware/core/")
                 else STANDARD)
        return ("" if angled and name.removesuffix(".h") in known
                else "libraries in adapters only")
    floors = FIRMWARE if path.startswith("firmware/") else MACHINE
    if floor(floors, path) < 0:
        return "on no floor: name it in FIRMWARE"
    if floor(floors, other) < 0:
        return "not for this side of port.h"
    return ("a call goes down only"
            if floor(floors, other) > floor(floors, path) else "")


def check_includes():
    for path in sources("firmware/", "drivers/", "board/"):
        for number, angled, name in includes(path):
            why = wrong_include(path, angled, name)
            if why:
                yield f"{path}:{number}: {name}: {why}"


def functions(path):
    """(line, length) of each function body: from { in column 0 to }."""
    begin = None
    for number, line in enumerate(open(path, errors="replace"), 1):
        if line.startswith("{"):
            begin = number
        elif line.startswith("}") and begin:
            yield begin, number - begin - 1
            begin = None


def check_sizes():
    for path in sources("firmware/", "drivers/", "board/"):
        lines = open(path, errors="replace").read().split("\n")
        if len(lines) - 1 > FILE_LINES:
            yield f"{path}: {len(lines) - 1} lines"
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS:
                yield f"{path}:{number}: {len(line)} columns"
        if path.endswith(".c"):
            for number, length in functions(path):
                if length > FUNCTION_LINES:
                    yield f"{path}:{number}: function of {length} lines"


def check_words():
    host = re.compile(r"\b(deb|security|archive|snapshot|ftp)\.debian\.org|"
                      r"registry\.npmjs|pypi\.org")
    outside = re.compile(r"\bshared/|\bDESIGN\.md\b|\breference/\w+\.md\b|"
                         r"\b[Ii]ssue \d|\b[Mm]ust show\b")
    taboo = re.compile(r"\b(malloc|calloc|realloc|free|alloca|strcpy|strcat|"
                       r"sprintf|gets|scanf)\s*\(")
    for path in TEXT:
        if path.startswith("tests/fuzz/corpus"):
            continue
        for number, line in enumerate(open(path, errors="replace"), 1):
            if host.search(line) and path != "tests/lint/test_lint.py":
                yield f"{path}:{number}: names a registry host"
            if outside.search(line) and not path.startswith("tests/lint/"):
                yield f"{path}:{number}: names what is not in the repository"
            if (path.startswith(("firmware/", "drivers/"))
                    and path.endswith(".c") and taboo.search(line)
                    and not re.match(r"\s*(/?\*|//)", line)):
                yield f"{path}:{number}: {line.strip()}"
            if (path.startswith("firmware/") and path.endswith((".c", ".h"))
                    and re.match(r"\s*#\s*(el)?if(n?def)?\b", line)
                    and not re.search(r"_H$", line.strip())):
                yield f"{path}:{number}: need an #if? Make a second file"


CLOCKS = re.compile(r"\btime\.(time|time_ns|localtime|ctime)\(|gmtime\(\)|"
                    r"\bdatetime\b|\bgettimeofday\(|\bCLOCK_REALTIME\b")
OWN_CLOCK = ("tests/peers/when.py", "tests/peers/shift_clock.c",
             "tests/tools/ntpclient/", "tests/lint/", "tests/vectors/record")


def check_dates():
    """No test depends on today's date: it asks when.py, or the build."""
    for path in TEXT:
        if (not path.startswith("tests/") or path.startswith(OWN_CLOCK)
                or not path.endswith((".py", ".c", ".h"))):
            continue
        for number, line in enumerate(open(path, errors="replace"), 1):
            if CLOCKS.search(line):
                yield f"{path}:{number}: {line.strip()}"


def check_top():
    for name in {f.split("/")[0] for f in TEXT}:
        if name not in TOP_LEVEL and not name.startswith("."):
            yield name


def clang_for_arm(board, path, found):
    run = subprocess.run(
        ["clang", "--target=arm-none-eabi", *board.cpu.split(), "-std=c11",
         "-fsyntax-only", "-Wall", "-Wextra", "-Wconversion", "-Wshadow",
         "-Werror", "-isystem", "/usr/include/newlib", *found,
         *(f"-iquote{d}" for d in board.dirs.split()
           if path.startswith("board/")), path],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return run.stdout.decode(errors="replace") if run.returncode else ""


@functools.lru_cache(None)
def finds(folder):
    """Where the compiler looks for what a file in that folder includes."""
    run = subprocess.run(["make", "-s", "-C", TOP, "inc", f"FILE={folder}/x.c"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return shlex.split(run.stdout.decode())


def check_clang():
    """firmware/ and drivers/ once for each processor, board/ for each board
    that is made of the file's folder."""
    jobs, seen = [], set()
    for board in BOARDS:
        for path in sources("firmware/", "drivers/", "board/"):
            mine = path.startswith(tuple(d + "/" for d in board.dirs.split()))
            if (not path.endswith(".c")
                    or (path.startswith("board/") and not mine)):
                continue
            if mine or (board.cpu, path) not in seen:
                jobs.append((board, path))
            seen.add((board.cpu, path))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for output in pool.map(lambda j: clang_for_arm(
                *j, finds(os.path.dirname(j[1]))), jobs):
            if output:
                yield output


def uses_vfp(board, path):
    """What gcc says where path passes, returns or computes with a number that
    would be in a VFP register; "" where there is none."""
    run = subprocess.run(
        ["arm-none-eabi-gcc", *board.cpu.split(), "-mgeneral-regs-only",
         "-std=c11", "-O1", "-w", *finds(os.path.dirname(path)), "-S", path,
         "-o", os.devnull], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return run.stdout.decode(errors="replace") if run.returncode else ""


def check_cold():
    """Files that a board compiles without VFP, whose calls differ then, and
    libraries."""
    cold = subprocess.run(["make", "-s", "-C", TOP, "cold"], check=True,
                          stdout=subprocess.PIPE).stdout.decode().split()
    if not cold:
        yield "make cold names no file"
    for board in (b for b in BOARDS if b.cold):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for path, output in zip(cold, pool.map(functools.partial(
                    uses_vfp, board), cold)):
                if output:
                    yield f"{path}: to DOUBLES in the Makefile\n{output}"
        calls = subprocess.run(
            ["arm-none-eabi-nm", "-u", f"{board.build}/libthird.a"],
            check=True, stdout=subprocess.PIPE).stdout.decode()
        yield from re.findall(r"__aeabi_(?:[df]|\w+2[df])\w*", calls)


def check_format():
    """Every C file is as .clang-format says, but for vectors, which are
    tables that a program wrote."""
    files = [f for f in sources("firmware/", "drivers/", "board/", "tests/")
             if not f.endswith(".S")
             and not (f.startswith("tests/vectors/") and f.endswith(".h"))]
    run = subprocess.run(["clang-format", "--dry-run", *files],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    yield from re.findall(r"^\S+: .*", run.stdout.decode(errors="replace"),
                          re.M)
    if run.returncode:
        yield f"clang-format ends with {run.returncode}"


def check_stack():
    """What gcc wrote beside each object of the image (-fstack-usage):
    place:line:column:function, bytes, static or dynamic."""
    for board in BOARDS:
        build = os.path.relpath(board.build)
        found = {path: open(path).read() for path in glob.glob(
            f"{build}/**/*.su", recursive=True)}
        for path in glob.glob(f"{build}/obj/**/*.o", recursive=True):
            if path[:-len("o")] + "su" not in found and os.path.exists(
                    path[len(f"{build}/obj/"):-len("o")] + "c"):
                yield f"{path}: no stack usage; make image"
        if not found:
            yield f"{board.name}: no stack usage at all: make image"
        for path, text in found.items():
            for line in text.splitlines():
                place, size, kind = line.split("\t")
                if int(size) > STACK:
                    yield f"{place}: {size} bytes of stack"
                if kind != "static" and path.startswith(f"{build}/obj/"):
                    yield f"{place}: stack of unknown size"


CHECKS = (("who includes whom", check_includes),
          ("files, functions and lines stay short", check_sizes),
          ("no taboo word", check_words),
          ("tests take dates from when.py", check_dates),
          ("top level as agreed", check_top),
          ("as .clang-format says", check_format),
          (f"no function needs {STACK} bytes of stack", check_stack),
          ("what has no VFP has no number for it", check_cold),
          ("clang for ARM has no warning", check_clang))


def main():
    tap = Tap()
    for what, check in CHECKS:
        wrong = list(check())
        tap.check(not wrong, what, "\n".join(wrong))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
