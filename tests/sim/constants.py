"""What each tuning constant of the clock is worth: the worlds' RMS errors with
it halved and doubled, as a multiple of what they are.

    python3 -m tests.sim.constants [NAME...]

Builds build/bench/clock anew from a copy of the sources, one constant changed
at a time, and prints a row for each: quadratic means over SEEDS, twice, in the
order half, double (where it is a chance to stay, of that to leave); "=" where
it is the same within a percent. Below it, where any of them is not the same:
the RMS errors of the frequency and the medians of the stated bound, as
multiples, and how many seconds outside the bound there are more (or fewer).
Those of thermal.c are measured with an honest sensor, RMS errors only; those of
poll_adapt.c at polls of 64 to 1024 s, medians, with the mean interval between
requests in place of the bound.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
FILES = ["filter.c", "filter_delay.c", "filter_delay.h", "filter.h",
         "kalman_bank.c", "offset_interval.c", "select.c",
         "select_combine.c", "discipline.c", "thermal.c", "poll_adapt.c"]
SENSED = ["i1r", "i2r", "i1p", "i2p", "i2s", "room1r", "room2p", "warm1",
          "cpu1", "temp", "templ"]
POLLS = ["a1", "a2", "b1", "b2", "e1", "e2", "f2", "g", "j", "s2"]
# Those that a file's constants can do something in: one server or several, what
# changes, laws of delay, what is stated. thermal.c's are in warmth.txt.
WORLDS = {
    "filter.c": ["a1", "b1", "c2", "d", "j", "n", "e1", "r", "s2", "step5l",
                 "step50", "slew3f", "unif", "usb", "rf", "lte", "f2"],
    "filter_delay.c": ["a1", "b1", "c2", "j", "r", "rf", "unif", "usb", "lte",
                       "f2"],
    "kalman_bank.c": ["temp", "a1", "b1", "c2", "d", "j", "n", "e1", "step50",
                      "unif", "lte"],
    "select.c": ["d", "slew3", "slew3f", "asym3", "smear"],
    "discipline.c": ["a1", "b1", "e1", "step50", "asym3", "lte", "f2", "i1",
                     "loadl"],
    "offset_interval.c": ["a1", "b1", "j", "e1", "s2", "step5l", "i1",
                          "loadl"],
    "thermal.c": SENSED,
    "poll_adapt.c": POLLS,
}
WORLDS["select_combine.c"] = WORLDS["select.c"]
WORLDS["filter_delay.h"] = WORLDS["filter_delay.c"]
WORLDS["filter.h"] = WORLDS["offset_interval.c"]
SEEDS = ["101", "104"]
# No tuning: mathematics, units, what a protocol, chrony or another constant
# says, guards against a division by nothing.
FIXED = {"ROOT_2PI", "LOG_ROOT_2PI", "ROOT_3", "IQR_SIGMAS", "SLEW_PARTS",
         "DELAY_MAX", "AGE_MAX", "CLOCK_ERROR", "DRIFT_E12", "SLEW_NONE",
         "CONTRA_LEAST", "CONTRA_ALWAYS", "PATIENCE_MIN", "PATIENCE_MAX",
         "SAVED_SIGMA_MIN", "SAVE_SIGMA", "RATE_MOST",
         "FILTER_SIGMA_UNKNOWN", "RMS_GAIN", "SCORE_LIMIT", "SLEW_ROOM_MIN",
         "SLEW_S_MIN", "FILTER_DELAYS", "FILTER_LOWEST", "FILTER_SPANS",
         "VERSION", "MOST_MC", "MOST"}
RMS = "RMS"
DEFINE = re.compile(r"^(#define (\w+)[ \\\n]+)([0-9.e-]+)(f?)\b", re.M)


def constants():
    """[(name, file, value)]"""
    found = []
    for name in FILES:
        text = open(os.path.join(TOP, "firmware/core", name)).read()
        for m in DEFINE.finditer(text):
            if m.group(2) not in FIXED:
                found.append((m.group(2), name, m.group(3)))
    return found


def build(where, objects, only=None):
    """Compiles all sources, or those named; makes both programs."""
    core = os.path.join(where, "firmware/core")
    sources = [f"firmware/core/{f}" for f in sorted(os.listdir(core))
               if f.endswith(".c")]
    sources += ["tests/unit/panic.c"] + [
        f"tests/sim/{f}.c" for f in ("world", "warmth", "scenario")]
    benches = {f"tests/sim/bench_{p}.c": p for p in ("clock", "warmth")}
    for source in sources + list(benches):
        if only and os.path.basename(source) not in only:
            continue
        subprocess.run(
            ["gcc", "-std=c11", "-O2", "-D_GNU_SOURCE", "-ffunction-sections",
             "-iquote", "firmware", "-iquote", "tests/unit", "-c", source,
             "-o", os.path.join(objects, source.replace("/", "+") + ".o")],
            cwd=where, check=True)
    for bench, program in benches.items():
        subprocess.run(["gcc", "-Wl,--gc-sections"] + [
            os.path.join(objects, s.replace("/", "+") + ".o")
            for s in sources + [bench]] +
            ["-lm", "-o", os.path.join(objects, program)], check=True)


def measure(objects, worlds):
    """kind -> world -> figure"""
    kinds, env, skip = {RMS: 1, "frequency": 3, "bound": 4, "outside": 5}, {
        "BESIDE": "1"}, 3
    if worlds is SENSED:
        kinds, env, skip = {RMS: 1}, {"KINDS": "b"}, 2
    if worlds is POLLS:
        kinds, env, skip = {RMS: 1, "frequency": 3, "poll": 5}, {
            "POLL": "610"}, 4
    program = os.path.join(objects, "warmth" if worlds is SENSED else "clock")
    text = subprocess.run([program] + SEEDS + worlds, cwd=TOP, check=True,
                          env=dict(os.environ, **env),
                          stdout=subprocess.PIPE).stdout.decode()
    rows = [line.split() for line in text.splitlines()[skip:]]
    if worlds is SENSED:  # without a sensor, and the ratio with
        return {RMS: {r[0]: float(r[1]) * float(r[2].split("/")[0])
                      for r in rows}}
    return {kind: {r[0]: float(r[at]) for r in rows}
            for kind, at in kinds.items()}


def cells(kind, now, base):
    """What has changed, a word for each world; "=" where nothing has."""
    if kind == "outside":
        return ["=" if now[w] == base[w] else f"{now[w] - base[w]:+.0f}"
                for w in base]
    return ["=" if abs(now[w] / base[w] - 1) < 0.01 else
            f"{now[w] / base[w]:.2f}" for w in base]


def show(title, now, base):
    for kind, figures in base.items():
        row = cells(kind, now[kind], figures)
        if kind == RMS or set(row) != {"="}:
            print(f"{title if kind == RMS else '  ' + kind:22}" +
                  " ".join(f"{cell:>5}" for cell in row), flush=True)


def main(names):
    where = tempfile.mkdtemp(prefix="constants-")
    objects = os.path.join(where, "objects")
    os.makedirs(objects)
    for folder in ("firmware", "tests/sim", "tests/unit"):
        shutil.copytree(os.path.join(TOP, folder), os.path.join(where, folder))
    try:
        build(where, objects)
        shown, base = None, {}
        for name, file, value in constants():
            if names and name not in names:
                continue
            worlds = WORLDS[file]
            if worlds is not shown:
                shown, base = worlds, measure(objects, worlds)
                print(f"{file:22}" + " ".join(f"{w[:5]:>5}" for w in worlds))
                print(f"{'RMS, us':22}" + " ".join(
                    f"{base[RMS][w]:5.0f}" for w in worlds), flush=True)
            path = os.path.join(where, "firmware/core", file)
            text = open(path).read()
            users = [file] if file.endswith(".c") else [
                "filter.c", "filter_delay.c", "select_combine.c",
                "discipline.c", "thermal.c", "poll_adapt.c"]
            for factor in (0.5, 2):
                new = float(value) * factor
                if name.endswith("STAY"):  # a chance; to leave, then
                    new = 1 - (1 - float(value)) * factor
                if re.fullmatch(r"\d+", value):
                    new = max(1, int(new))
                with open(path, "w") as f:
                    f.write(DEFINE.sub(
                        lambda m: m.group(1) + str(new) + m.group(4)
                        if m.group(2) == name else m.group(0), text))
                build(where, objects, users)
                show(f"{name:13}{new:>8.3g}", measure(objects, worlds), base)
            with open(path, "w") as f:
                f.write(text)
            build(where, objects, users)
    finally:
        shutil.rmtree(where)


if __name__ == "__main__":
    main(sys.argv[1:])
