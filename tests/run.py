#!/usr/bin/env python3
"""Run every test, several side by side, and end with `N passed, N failed`.

A test is a program that prints TAP (`ok 1 - name`, `not ok 2 - name`). What
is built is found below build/; scripts are tests/*/test_*.py. A program that
ends badly, prints no result or takes longer than its limit is one failure
more; what is skipped (`ok 3 # skip why`) is told and not counted. The output
of what fails is shown, the rest is in build/test-logs."""
import argparse
import concurrent.futures
import glob
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TIMES = os.path.join(TOP, "build/test-times")
LIMIT_S = 1500
RESULT = re.compile(r"^(not ok|ok)\b\s*\d*\s*-?\s*(.*?)(\s*# (skip|todo).*)?$",
                    re.I)


def programs():
    """(name, command, environment) of every test that has a source: what an
    older source left below build/ is not run, what was not built fails."""
    for script in sorted(glob.glob(os.path.join(TOP, "tests/*/test_*.py"))):
        name = os.path.relpath(script, TOP)
        yield name, [sys.executable, "-m", name[:-len(".py")].replace(
            "/", ".")], {}
    for source in sorted(glob.glob(os.path.join(TOP, "tests/*/test_*.c"))):
        # A test with a script of the same name is started by it.
        if not os.path.exists(source[:-len("c")] + "py"):
            name = os.path.relpath(source[:-len(".c")], TOP + "/tests")
            yield name, [f"{TOP}/build/host/tests/{name}"], {
                "CMOCKA_MESSAGE_OUTPUT": "TAP"}
    for source in sorted(glob.glob(os.path.join(TOP, "tests/fuzz/fuzz_*.c"))):
        name = os.path.basename(source)[:-len(".c")]
        yield f"fuzz/{name}", [
            sys.executable, __file__, "--replay", f"{TOP}/build/fuzz/{name}",
            f"{TOP}/tests/fuzz/corpus/{name[len('fuzz_'):]}"], {}


def long_ones_first(tests):
    """By what they took the last time. Never timed: scripts, which have
    peers to wait for, before programs, in the order they came."""
    times = remembered()
    return sorted(tests, key=lambda test: -times.get(
        test[0], 60 if test[0].endswith(".py") else 1))


def remembered():
    try:
        with open(TIMES) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def remember(times):
    with open(TIMES + ".new", "w") as file:
        json.dump(dict(remembered(), **times), file, indent=0)
    os.replace(TIMES + ".new", TIMES)


def replay(target, corpus):
    """A fuzz target against its corpus: one TAP line."""
    files = sorted(glob.glob(os.path.join(corpus, "*")))
    name = f"{os.path.basename(target)} replays {len(files)} files"
    if not files:
        print(f"not ok 1 - {name}")
        return 1
    run = subprocess.run([target, "-runs=0", corpus], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT)
    done = run.returncode == 0
    if not done:
        sys.stdout.buffer.write(run.stdout[-20000:])
    print(f"{'ok' if done else 'not ok'} 1 - {name}")
    return run.returncode


def finish(command, log, extra):
    """Run to the end or the limit: (exit status, what went wrong, CPU
    seconds of all that it waited for)."""
    # Not a make's child: a test that calls make has one of its own.
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    late = []

    def end(pid):
        late.append(f"took longer than {LIMIT_S} s")
        os.killpg(pid, signal.SIGKILL)

    with open(log, "wb") as out:
        try:
            child = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, cwd=TOP, env=dict(env, **extra),
                start_new_session=True)
        except OSError as error:
            return 1, f"cannot be run: {error.strerror}", 0
        limit = threading.Timer(LIMIT_S, end, [child.pid])
        limit.start()
        _, status, used = os.wait4(child.pid, 0)
        limit.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        return (child.returncode, late[0] if late else None,
                used.ru_utime + used.ru_stime)


def run(name, command, extra):
    log = os.path.join(TOP, "build/test-logs", name.replace("/", "-") + ".log")
    os.makedirs(os.path.dirname(log), exist_ok=True)
    started = time.monotonic()
    code, problem, cpu = finish(command, log, extra)
    with open(log, errors="replace") as text:
        lines = text.read().splitlines()
    passed, failed, skipped = 0, [], []
    for line in lines:
        match = RESULT.match(line)
        if match and (match.group(4) or "").lower() == "skip":
            skipped.append(line)
        elif match and match.group(1).lower() == "ok":
            passed += 1
        elif match:
            failed.append(match.group(2))
    if problem is None and code != 0 and not failed:
        problem = f"exit status {code}"
    if problem is None and passed + len(failed) + len(skipped) == 0:
        problem = "no result printed"
    if problem:
        failed.append(problem)
    return (name, passed, failed, skipped, lines,
            time.monotonic() - started, cpu)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--replay", nargs=2)
    parser.add_argument("only", nargs="*", help="parts of test names")
    args = parser.parse_args()
    if args.replay:
        return replay(*args.replay)
    todo = long_ones_first(
        p for p in programs()
        if not args.only or any(o in p[0] for o in args.only))
    total, bad, times, cpu = 0, 0, {}, 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done in concurrent.futures.as_completed(
                [pool.submit(run, *p) for p in todo]):
            name, passed, failed, times[name], used = report(done.result())
            total, bad = total + passed, bad + len(failed)
            cpu += used
    remember(times)
    if total == 0:
        bad += 1
    print(f"# {cpu:.0f} s of CPU")
    print(f"{total} passed, {bad} failed")
    return 1 if bad else 0


def report(result):
    name, passed, failed, skipped, lines, seconds, cpu = result
    print(f"{'FAIL' if failed else 'pass'} {name}: {passed} passed, "
          f"{len(failed)} failed ({seconds:.0f} s, CPU {cpu:.0f} s)", flush=True)
    for line in skipped:
        print(f"  skipped: {name}: {line}", flush=True)
    if failed:
        print("\n".join("    " + line for line in lines[-80:]))
        for what in failed:
            print(f"  failed: {name}: {what}", flush=True)
    return name, passed, failed, seconds, cpu


if __name__ == "__main__":
    sys.exit(main())
