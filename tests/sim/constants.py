"""What each tuning constant of the clock is worth: the worlds' RMS errors with
it halved and doubled, as a multiple of what they are.

    python3 -m tests.sim.constants [NAME...]

Builds build/bench/clock anew from a copy of the sources, one constant changed
at a time, and prints a row for each: quadratic means over SEEDS, twice, in the
order half, double; "=" where the first three digits are the same.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
FILES = ["filter.c", "filter_delay.c", "filter.h", "kalman_bank.c",
         "offset_interval.c", "select_combine.c", "discipline.c"]
WORLDS = ["a1", "b1", "b2", "c2", "d", "j", "n", "e1", "r", "s2", "step5l",
          "step50", "slew3f", "unif", "usb", "rf"]
SEEDS = ["101", "104"]
# No tuning: mathematics, units, what a protocol or another constant says.
FIXED = {"ROOT_2PI", "LOG_ROOT_2PI", "ROOT_3", "IQR_SIGMAS", "SLEW_PARTS",
         "DELAY_MAX", "AGE_MAX", "CLOCK_ERROR", "DRIFT_E12", "SLEW_NONE",
         "CONTRA_LEAST", "CONTRA_ALWAYS", "PATIENCE_MIN", "PATIENCE_MAX",
         "SAVED_SIGMA_MIN", "SAVE_SIGMA", "RATE_MOST", "ALONE2",
         "FILTER_SIGMA_UNKNOWN", "RMS_GAIN"}
DEFINE = re.compile(r"^(#define (\w+)[ \\\n]+)([0-9.e-]+)(f?)\b", re.M)


def constants():
    """name -> (file, value)"""
    found = {}
    for name in FILES:
        text = open(os.path.join(TOP, "firmware/core", name)).read()
        for m in DEFINE.finditer(text):
            if m.group(2) not in FIXED:
                found[m.group(2)] = (name, m.group(3))
    return found


def build(where, objects, only=None):
    """The names of the sources compiled anew, and the program."""
    core = os.path.join(where, "firmware/core")
    sources = [f"firmware/core/{f}" for f in sorted(os.listdir(core))
               if f.endswith(".c")]
    sources += ["tests/unit/panic.c"] + [
        f"tests/sim/{f}.c" for f in ("world", "scenario", "bench_clock")]
    for source in sources:
        if only and os.path.basename(source) not in only:
            continue
        subprocess.run(
            ["gcc", "-std=c11", "-O2", "-D_GNU_SOURCE", "-ffunction-sections",
             "-iquote", "firmware", "-iquote", "tests/unit", "-c", source,
             "-o", os.path.join(objects, source.replace("/", "+") + ".o")],
            cwd=where, check=True)
    program = os.path.join(objects, "clock")
    subprocess.run(["gcc", "-Wl,--gc-sections"] + [
        os.path.join(objects, s.replace("/", "+") + ".o") for s in sources] +
        ["-lm", "-o", program], check=True)
    return program


def measure(program):
    """world -> RMS"""
    text = subprocess.run([program] + SEEDS + WORLDS, cwd=TOP, check=True,
                          env=dict(os.environ, BESIDE="1"),
                          stdout=subprocess.PIPE).stdout.decode()
    return {line.split()[0]: float(line.split()[1])
            for line in text.splitlines()[3:]}


def row(now, base):
    ratios = [now[w] / base[w] for w in WORLDS]
    return " ".join("   =" if abs(r - 1) < 0.005 else f"{r:4.2f}"
                    for r in ratios)


def main(names):
    where = tempfile.mkdtemp(prefix="constants-")
    objects = os.path.join(where, "objects")
    os.makedirs(objects)
    for folder in ("firmware", "tests/sim", "tests/unit"):
        shutil.copytree(os.path.join(TOP, folder), os.path.join(where, folder))
    try:
        base = measure(build(where, objects))
        print(f"{'':22}" + " ".join(f"{w[:4]:>4}" for w in WORLDS))
        print(f"{'RMS, us':22}" +
              " ".join(f"{base[w]:4.0f}" for w in WORLDS), flush=True)
        for name, (file, value) in constants().items():
            if names and name not in names:
                continue
            path = os.path.join(where, "firmware/core", file)
            text = open(path).read()
            users = [file] if file.endswith(".c") else [
                "filter.c", "discipline.c"]
            for factor in (0.5, 2):
                new = float(value) * factor
                if re.fullmatch(r"\d+", value):
                    new = max(1, int(new))
                with open(path, "w") as f:
                    f.write(DEFINE.sub(
                        lambda m: m.group(1) + str(new) + m.group(4)
                        if m.group(2) == name else m.group(0), text))
                print(f"{name:13}{new:>8.3g} " + row(
                    measure(build(where, objects, users)), base), flush=True)
            with open(path, "w") as f:
                f.write(text)
            build(where, objects, users)
    finally:
        shutil.rmtree(where)


if __name__ == "__main__":
    main(sys.argv[1:])
