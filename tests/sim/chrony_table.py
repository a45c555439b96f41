"""chrony's figures in the simulated worlds, by the same crystals, per seed.

    python3 -m tests.sim.chrony_table CLKNETSIM CHRONYD FIRST LAST [WORLD...]

CLKNETSIM is the directory of a built clknetsim (134028fb), the network
simulator of chrony's author, CHRONYD a chronyd that it can preload (4.6.1,
built without seccomp and privilege drop); neither is part of this tree. The
crystal of each run is the one that build/bench/clock has for that world and
seed, second by second; delays are independent draws of the same laws. Prints
the lines of chrony.txt: world, seed, RMS and greatest error in us, RMS
frequency error in ppb, median of the stated bound in us (every 16 s), how many
of those looks were outside it, and seconds from the window's beginning until
the error was below 1 ms for good.
"""
import calendar
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BENCH = os.path.join(TOP, "build/bench/clock")
FILES = ("scenarios.txt", "paths.txt", "changes.txt")
WAYS = ("base", "exp", "gauss", "normal", "logn_median", "logn_sigma",
        "spike_p", "spike_exp", "two_p", "two", "uniform", "busy", "busy_exp",
        "late")
DRAWS = 20000
BEGIN = 1262304000      # where clknetsim's time begins
FORM = "%.1f %.0f %.0f %.0f %d %d"


def worlds():
    """name -> {key: value}, as scenario.c reads them."""
    found, now = {}, {}
    for name in FILES:
        for line in open(os.path.join(TOP, "tests/sim", name)):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] != "+":
                now = found[words[0]] = {
                    "days": 4, "from": 86400, "to": 1e9, "servers": 1,
                    "liars": 1, "start": 0.01}
            for key, value in zip(words[1::2], words[2::2]):
                for k in ((f"up_{key}", f"down_{key}") if key in WAYS else
                          ("up_bloat",) if key == "bloat" else (key,)):
                    now[k] = float(value)
    return found


def between(at, low, high):
    """1 while low <= at < high, 0 elsewhere."""
    return (f"(* (min 1 (max 0 (* 1e6 (+ {at} {-low})))) "
            f"(min 1 (max 0 (* 1e6 (+ {high} (* -1 {at}))))))")


def chance(p):
    return f"(min 1 (max 0 (* 1e9 (+ {p} (* -1 (uniform))))))"


def odd(c, way, rng, path):
    """Draws of the laws that clknetsim has no function for, as a file."""
    def one():
        d = abs(rng.gauss(0, 1)) * c.get(way + "normal", 0)
        if c.get(way + "logn_median"):
            d += c[way + "logn_median"] * math.exp(
                c[way + "logn_sigma"] * rng.gauss(0, 1))
        return d
    with open(path, "w") as f:
        f.writelines(f"{one():.9f}\n" for _ in range(DRAWS))
    return f'(file "{path}")'


def delay(c, way, server, rng, path):
    """The expression of one way's delay, to or from a server."""
    way += "_"
    parts = [f"{c.get(way + 'base', 0) + c.get(f'{way}{server}', 0)}"]

    def add(key, law):
        if c.get(way + key):
            parts.append(f"(* {c[way + key]} {law})")
    add("exp", "(exponential)")
    add("gauss", "(normal)")
    add("uniform", "(uniform)")
    add("bloat", f"(* (uniform) {between('(% time 7200)', 0, 1200)})")
    add("two", chance(c.get(way + "two_p", 0)))
    add("spike_exp", f"(* (exponential) {chance(c.get(way + 'spike_p', 0))})")
    day = between("(% time 86400)", c.get("busy_from", 0), c.get("busy_to", 0))
    add("busy", day)
    add("busy_exp", f"(* (exponential) {day})")
    if c.get(way + "normal") or c.get(way + "logn_median"):
        parts.append(odd(c, way, rng, path))
    route = c.get("route", 0) + c.get(way + "late", 0)
    if route and c.get("route_every"):
        every = c["route_every"]
        parts.append(
            f"(* {route} {between(f'(% time {2 * every})', 0, every)})")
    elif route:
        parts.append(f"(* {route} {between('time', c['route_at'], 1e9)})")
    if c.get("loss"):
        parts.append(f"(* -1e3 {chance(c['loss'])})")
    if c.get("dead_to"):
        dead = between("time", c["dead_from"], c["dead_to"])
        parts.append(f"(* -1e3 {dead})")
    if c.get("dark"):
        dark = between("(% time 7200)", 7200 - c["dark"], 7200)
        parts.append(f"(* -1e3 {dark})")
    return "(+ " + " ".join(parts + ["0"]) + ")"


def lies(c, seconds):
    """The rate of the lying servers, second by second; None: they do not."""
    drift = c.get("liar_drift", 0)
    if not drift:
        return None
    begin, last = c["liar_from"], c.get("liar_for", 0)

    def rate(t):
        if t < begin:
            return 0
        if not last or t < begin + last:
            return drift
        back = c.get("liar_back") and t < begin + 2 * last
        return -drift if back else 0
    return [rate(t) for t in range(seconds)]


def network(c, name, seed, where, clients=1):
    """clknetsim's configuration of a world: servers, then the clients, which
    have one crystal. Returns how many servers there are, and for how long."""
    rng = random.Random(seed)
    seconds = int(c["days"] * 86400)
    servers = int(c["servers"])
    nodes = range(servers + 1, servers + clients + 1)
    crystal = os.path.join(where, "crystal")
    subprocess.run([BENCH, str(seed), str(seed), name], cwd=TOP, check=True,
                   env=dict(os.environ, CRYSTAL=crystal),
                   stdout=subprocess.DEVNULL)
    lines = []
    for client in nodes:
        lines += [f'node{client}_freq = (file "{crystal}")',
                  f"node{client}_offset = {c['start']}"]
    rate = lies(c, seconds)
    for i in range(servers):
        for client in nodes:
            for way, a, b in (("up", client, i + 1), ("down", i + 1, client)):
                law = delay(c, way, i, rng,
                            os.path.join(where, f"{way}{i}-{client}"))
                lines.append(f"node{a}_delay{b} = {law}")
        first = c.get("liar_first")
        if i >= c["liars"] if first else i < servers - c["liars"]:
            continue
        if rate:
            path = os.path.join(where, f"lie{i}")
            with open(path, "w") as f:
                f.writelines(f"{y}\n" for y in rate)
            lines.append(f'node{i + 1}_freq = (file "{path}")')
        elif c.get("liar"):
            lines.append(f"node{i + 1}_offset = {c['liar']}")
    if c.get("jump"):
        path = os.path.join(where, "jump")
        with open(path, "w") as f:
            f.writelines(f"{c['jump'] if t == int(c['jump_at']) else 0}\n"
                         for t in range(seconds))
        lines += [f'node{client}_step = (file "{path}")' for client in nodes]
    with open(os.path.join(where, "net"), "w") as f:
        f.write("\n".join(lines) + "\n")
    return servers, seconds


def address(node):
    return f"192.168.123.{node}"


def chrony(chronyd, where, node, servers):
    """chronyd's command as one of the servers, or as a client of them all."""
    own = os.path.join(where, f"n{node}")
    os.mkdir(own)
    lines = [f"pidfile {own}/pid", "cmdport 0", f"logdir {own}",
             "bindcmdaddress /"]
    if node <= servers:
        lines += ["local stratum 1", "allow"]
    else:
        lines += ["port 0", "log tracking", "makestep 1 3",
                  "maxupdateskew 100.0"]
        lines += [f"server {address(i + 1)} iburst minpoll 6 maxpoll 6"
                  for i in range(servers)]
    with open(f"{own}/conf", "w") as f:
        f.write("\n".join(lines) + "\n")
    return [chronyd, "-d", "-f", f"{own}/conf"]


def run(clknetsim, commands, seed, seconds, where):
    """Runs the nodes' commands in the network that `where` has; their output
    goes to n1.out and so on."""
    sock = os.path.join(where, "sock")
    procs = []
    for node, command in enumerate(commands, 1):
        env = dict(os.environ, LD_PRELOAD=f"{clknetsim}/clknetsim.so",
                   CLKNETSIM_NODE=str(node), CLKNETSIM_SOCKET=sock,
                   CLKNETSIM_RANDOM_SEED=str(seed * 8 + node),
                   CLKNETSIM_CONNECT_TIMEOUT="60")
        with open(f"{where}/n{node}.out", "w") as out:
            procs.append(subprocess.Popen(command, env=env, stdout=out,
                                          stderr=subprocess.DEVNULL))
    subprocess.run(
        [f"{clknetsim}/clknetsim", "-s", sock, "-l", str(seconds - 1),
         "-o", f"{where}/offset", "-f", f"{where}/freq", f"{where}/net",
         str(len(commands))],
        env=dict(os.environ, CLKNETSIM_RANDOM_SEED=str(seed)), check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for p in procs:
        p.kill()
        p.wait()


def simulate(tools, c, name, seed, where):
    clknetsim, chronyd = tools
    servers, seconds = network(c, name, seed, where)
    commands = [chrony(chronyd, where, node, servers)
                for node in range(1, servers + 2)]
    run(clknetsim, commands, seed, seconds, where)
    return servers + 1


def bounds(path):
    """[(second, bound in s, growth in s/s)] of tracking.log."""
    found = []
    for line in open(path):
        w = line.split()
        if len(w) < 14 or not w[0][:4].isdigit():
            continue
        at = calendar.timegm(time.strptime(w[0] + w[1], "%Y-%m-%d%H:%M:%S"))
        found.append((at - BEGIN,
                      abs(float(w[10])) + float(w[11]) / 2 + float(w[12]),
                      (1 + float(w[5])) * 1e-6))
    return found


def errors(c, where, client):
    """A client's errors in s and in rate, second by second, and the window
    that counts."""
    against = int(c["servers"]) - 1 if c.get("to_server") else None
    error, rate = [], []
    for line in open(f"{where}/offset"):
        w = line.split()
        error.append(float(w[client - 1]) -
                     (float(w[against]) if against is not None else 0))
    for line in open(f"{where}/freq"):
        rate.append(float(line.split()[client - 1]))
    return error, rate, int(c["from"]), int(min(c["to"], len(error)))


def rms(values):
    return math.sqrt(sum(v * v for v in values) / len(values))


def figures(c, where, client, log):
    error, rate, begin, end = errors(c, where, client)
    window, k, widths, out = error[begin:end], 0, [], 0
    for t in range(begin, end, 16):
        while k + 1 < len(log) and log[k + 1][0] < t:
            k += 1
        at, bound, growth = log[k]
        bound += growth * max(t - at, 0)
        widths.append(bound)
        out += abs(error[t]) > bound
    late = [i for i, e in enumerate(window) if abs(e) >= 1e-3]
    return (rms(window) * 1e6, max(map(abs, window)) * 1e6,
            rms(rate[begin:end]) * 1e9,
            sorted(widths)[len(widths) // 2] * 1e6, out,
            late[-1] if late else 0)


def main(clknetsim, chronyd, first, last, *names):
    table = worlds()
    for name in names or table:
        for seed in range(int(first), int(last) + 1):
            where = tempfile.mkdtemp(prefix="chrony-table-")
            try:
                client = simulate((clknetsim, chronyd), table[name], name,
                                  seed, where)
                log = bounds(f"{where}/n{client}/tracking.log")
                print(name, seed, FORM % figures(table[name], where, client,
                                                 log), flush=True)
            finally:
                if not os.environ.get("KEEP"):
                    shutil.rmtree(where)
                else:
                    print("#", where)


if __name__ == "__main__":
    main(*sys.argv[1:])
