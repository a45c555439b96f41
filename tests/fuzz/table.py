#!/usr/bin/env python3
"""The table of tests/fuzz/README.md: make fuzz-table SECONDS_EACH=3600

For each target that is built: edges that its corpus reaches, then a run of
so many seconds that begins with it; what it finds lies in build/fuzz."""
import glob
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
OUT = TOP + "/build/fuzz"


def edges(target, *arguments):
    """Edges, executions, whether it ended well."""
    run = subprocess.run([f"{OUT}/fuzz_{target}", *arguments], cwd=OUT,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = run.stdout.decode("utf-8", "replace")
    seen = re.findall(r"^#(\d+)\s.*cov: (\d+)", text, re.M)
    done = re.search(r"^Done (\d+) runs", text, re.M)
    count = done.group(1) if done else seen[-1][0] if seen else 0
    return int(seen[-1][1]) if seen else 0, int(count), run.returncode == 0


def row(target, seconds):
    corpus = f"{TOP}/tests/fuzz/corpus/{target}"
    work = f"{OUT}/work_{target}"
    os.makedirs(work, exist_ok=True)
    files = len(os.listdir(corpus))
    before, _, good = edges(target, "-runs=0", corpus)
    after, count = before, 0
    if good and seconds:
        after, count, good = edges(target, f"-max_total_time={seconds}",
                                   "-timeout=20", work, corpus)
    return (f"| {target:13} | {files:5} | {before:6} | {after:6} | "
            f"{count:10} | {'none' if good else 'FOUND':8} |")


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    names = sys.argv[2:] or sorted(
        os.path.basename(p)[len("fuzz_"):-len(".c")]
        for p in glob.glob(f"{TOP}/tests/fuzz/fuzz_*.c"))
    print(f"| {'target':13} | files | corpus | after  | executions | "
          "findings |")
    print("|---------------|------:|-------:|-------:|-----------:|----------|")
    for name in names:
        print(row(name, seconds), flush=True)


if __name__ == "__main__":
    main()
