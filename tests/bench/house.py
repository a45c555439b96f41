#!/usr/bin/env python3
"""What can be counted of the house: python3 -m tests.bench.house [FOLDER]

Prints, never passes or fails. FOLDER is a checkout, this one by default; so
two commits can be laid side by side. Needs universal-ctags."""
import os
import re
import subprocess
import sys

FOLDERS = ("firmware/", "drivers/", "board/")


def files(ending):
    names = subprocess.run(["git", "ls-files"], stdout=subprocess.PIPE,
                           check=True).stdout.decode().split("\n")
    return [n for n in names if n.startswith(FOLDERS) and n.endswith(ending)]


def tags(kind, names):
    """(name, file, line, end or 0, text and type) of each."""
    run = subprocess.run(
        ["ctags", f"--kinds-c={kind}", "--fields=+ne", "--pattern-length-limit=0",
         "-o", "-", *names],
        stdout=subprocess.PIPE, check=True)
    for line in run.stdout.decode(errors="replace").split("\n"):
        found = re.match(r"(\S+)\t(\S+)\t/\^(.*)\$?/;\".*\tline:(\d+)", line)
        if found:
            end = re.search(r"\tend:(\d+)", line)
            yield (found[1], found[2], int(found[4]),
                   int(end[1]) if end else 0,
                   found[3] + line[line.find("typeref:"):])


def prototypes():
    """How many of the headers' prototypes have a comment of their own: one
    that ends on the line before, or stands behind on the same line."""
    own = total = 0
    for _, name, line, _, _ in tags("p", files(".h")):
        text = open(name, errors="replace").read().split("\n")
        before = text[line - 2].rstrip() if line > 1 else ""
        rest = " ".join(text[line - 1:line + 4]).split(";", 1)
        behind = len(rest) > 1 and rest[1].lstrip().startswith("/*")
        own += before.endswith("*/") or behind
        total += 1
    return own, total


def one_call(folder):
    once = total = 0
    for name in (n for n in files(".c") if n.startswith(folder)):
        text = re.sub(r"/\*.*?\*/", "", open(name, errors="replace").read(),
                      flags=re.S)
        for function in set(re.findall(
                r"^static [^;=({]*?\b(\w+)\([^;{]*\)\s*\{", text, re.M)):
            defined = len(re.findall(
                rf"^static [^;=({{]*?\b{function}\(", text, re.M))
            uses = len(re.findall(rf"\b{function}\b", text)) - defined
            once += uses == 1
            total += 1
    return once, total


def main():
    if len(sys.argv) > 1:
        os.chdir(sys.argv[1])
    sources = files(".c")
    print(f"main.c: {len(open('firmware/main.c').readlines())} lines")
    lengths = sorted(end - line for _, _, line, end, _ in tags("f", sources)
                     if end)
    print(f"functions: {len(lengths)}, length median "
          f"{lengths[len(lengths) // 2]}, 90 % {lengths[len(lengths) * 9 // 10]}"
          f", longest {lengths[-1]}")
    mutable = [t for t in tags("v", sources)
               if not re.search(r"\bconst\b", t[4])
               and not t[4].startswith("extern")]
    print(f"mutable file-scope variables: {len(mutable)}, of them in core "
          f"{sum(t[1].startswith('firmware/core/') for t in mutable)}, drivers "
          f"{sum(t[1].startswith('drivers/') for t in mutable)}")
    own, total = prototypes()
    print(f"prototypes with a comment of their own: {own} of {total}, "
          f"{100 * own / total:.0f} %")
    for folder in ("firmware/core/", "firmware/services/", "firmware/adapters/",
                   "drivers/"):
        once, of = one_call(folder)
        if of:
            print(f"static functions with one call, {folder}: {once} of {of}, "
                  f"{100 * once / of:.0f} %")
    run = subprocess.run(["clang-format", "--dry-run", *sources, *files(".h")],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(f"clang-format: {run.stdout.count(b'warning:')} diagnostics")


if __name__ == "__main__":
    main()
