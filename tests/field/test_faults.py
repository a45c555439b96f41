"""Days of random faults in virtual time (test_faults.c), side by side, and
for each of their checks a fault that it must see.

Without arguments the days of FIXED, so that what passes once passes always;
`python3 -m tests.field.test_faults faults` (make faults): days 1 to 20 and a
random one, whose seed is in its name. Other arguments are days' seeds.
"""
import concurrent.futures
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PROGRAM = os.path.join(TOP, "build/host/tests/field/test_faults")
# 12, 13, 19, 607074527 and 50313468 have found something; 928239014 recovers
# late.
FIXED = ["12", "13", "19", "928239014", "607074527", "50313468"]


def run(argument):
    """(exit status, what it printed)"""
    done = subprocess.run([PROGRAM, argument], cwd=TOP,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode(errors="replace")


def days(arguments):
    if not arguments:
        return ["planted"] + FIXED
    if arguments != ["faults"]:
        return arguments
    chance = int.from_bytes(os.urandom(4), "big")
    return [str(seed) for seed in range(1, 21)] + [str(chance + 100)]


def main(arguments):
    cases = failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for status, text in pool.map(run, days(arguments)):
            failed |= status != 0
            for line in text.splitlines():
                if re.match(r"(not )?ok \d", line):
                    cases += 1
                    line = re.sub(r"\d+", str(cases), line, count=1)
                if not re.match(r"1\.\.\d", line):
                    print(line, flush=True)
    print(f"1..{cases}")
    return int(failed or not cases)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
