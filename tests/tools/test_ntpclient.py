#!/usr/bin/env python3
"""build/host/ntpclient in its dry mode against chronyd on loopback: it
synchronises, its offset lies within the bound it states, a liar of three is
marked x, and it asks nobody to set the clock. It runs as a user who may not:
without --dry, the same run ends with the kernel's refusal."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from tests.tap import TOP, Tap
from tests.peers import chronyd, pki

HOST = os.path.join(os.environ.get("GNOMON_BUILD", TOP + "/build"), "host")
TRACKING = re.compile(r"^tracking (\S+) offset (\S+) bound (\S+) rate (\S+) "
                      r"at (\S+)$", re.M)
tap = Tap()


def run(program, servers, *options):
    # A copy: that user may not get to the folder of the build.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        return run_copy(shutil.copy(os.path.join(HOST, program), folder),
                        servers, options)


def run_copy(program, servers, options):
    command = [program, "--minpoll", "0", "--maxpoll", "1", *options,
               *(f"127.0.0.1:{s.port}" for s in servers)]
    user = {"user": 65534, "group": 65534, "extra_groups": []} \
        if os.geteuid() == 0 else {}
    return subprocess.run(command, stdout=subprocess.PIPE, timeout=120,
                          stderr=subprocess.STDOUT, text=True, **user)


def judge(done, what):
    found = TRACKING.findall(done.stdout)
    tap.check(done.returncode == 0 and len(found) > 4,
              f"{what}: synchronises and ends by itself", done.stdout)
    # The servers' clock is this machine's, and so the true offset is 0.
    tap.check(found and all(abs(float(offset)) <= float(bound) < 0.1
                            for _, offset, bound, *_ in found),
              f"{what}: every offset lies within its bound", done.stdout)
    return found


def last_states(done):
    return (re.findall(r"^states (\S+)$", done.stdout, re.M) or [""])[-1]


def main():
    with tempfile.TemporaryDirectory() as folder:
        keys = pki.Pki(os.path.join(folder, "pki"))
        with chronyd.Server(keys) as a, chronyd.Server(keys) as b, \
                chronyd.Server(keys) as c:
            servers = (a, b, c)
            for program in ("ntpclient-san", "ntpclient"):
                done = run(program, servers, "--dry", "--samples", "15")
                judge(done, program)
                tap.check(re.fullmatch(r"[*+-]{3}", last_states(done)) and
                          "*" in last_states(done),
                          f"{program}: all three are good", done.stdout)
            done = run("ntpclient-san", servers, "--dry", "--xleave",
                       "--every", "1", "--samples", "24")
            judge(done, "--xleave")
            tap.check(re.search(r"^(?!states ).*\ntracking ", done.stdout,
                                re.M),
                      "--every tells between samples, too", done.stdout)
            served = [s.serverstats()["Interleaved NTP packets"]
                      for s in servers]
            tap.check(min(served) > 2, "... answered interleaved", served)
            done = run("ntpclient-san", servers, "--dry", "--seconds", "1")
            tap.check(done.returncode == 0, "--seconds ends it", done.stdout)
            done = run("ntpclient-san", servers, "--samples", "15")
            tap.check(done.returncode == 1 and "clock_adjtime" in done.stdout,
                      "without --dry it asks the kernel, which refuses",
                      done.stdout)
            b.chronyc("doffset", "0.5")
            done = run("ntpclient-san", servers, "--dry", "--samples", "18")
            found = judge(done, "one lies by 0.5 s")
            states = last_states(done)
            tap.check(len(states) == 3 and states[1] == "x" and
                      "x" not in states[0] + states[2],
                      "the liar is marked x, the others are not", done.stdout)
            tap.check(found and all(not name.endswith(f":{b.port}")
                                    for name, *_ in found),
                      "the liar is never selected", done.stdout)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
