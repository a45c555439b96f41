"""build/host/ntpclient beside chronyd in clknetsim: two machines of one run,
with the same crystal, second by second, the same servers, and independent draws
of the same delays.

    python3 -m tests.sim.posix_table CLKNETSIM CHRONYD FIRST LAST [WORLD...]

CLKNETSIM and CHRONYD as chrony_table.py wants them; the worlds are those of
scenarios.txt, paths.txt and changes.txt, and WORLDS below where none is named.
Both clients poll every 64 s. Prints per world and seed chrony_table.py's
figures of chrony and of ntpclient; and at last per world, of both, the
quadratic means over the seeds of RMS and frequency error, the median of the
bounds, the looks outside, and the ratios of RMS error and bound.
"""
import os
import shutil
import statistics
import sys
import tempfile

from tests.sim import chrony_table as table

CLIENT = os.path.join(table.TOP, "build/host/ntpclient")
WORLDS = ["a1", "a2", "b1", "b2", "c2", "d", "e1", "g", "j", "k", "m", "n",
          "step50", "step5", "step5l", "slew1", "slew3", "asym3", "unif", "usb",
          "lte"]


def stated(path):
    """[(second, bound in s, 0)] of ntpclient's output, every 16 s."""
    found = []
    for line in open(path):
        w = line.split()
        if w[:1] == ["tracking"]:
            # Looks are at whole seconds; what is stated then is for then.
            at = round(float(w[-1])) - table.BEGIN
            found.append((at - 0.5, float(w[w.index("bound") + 1]), 0))
    return found


def simulate(tools, name, seed, where):
    """chrony's figures and ntpclient's."""
    clknetsim, chronyd = tools
    c = table.worlds()[name]
    servers, seconds = table.network(c, name, seed, where, 2)
    commands = [table.chrony(chronyd, where, node, servers)
                for node in range(1, servers + 2)]
    commands.append([CLIENT, "--minpoll", "6", "--maxpoll", "6",
                     "--every", "16"] +
                    [table.address(i + 1) for i in range(servers)])
    table.run(clknetsim, commands, seed, seconds, where)
    chrony, ours = servers + 1, servers + 2
    return (table.figures(c, where, chrony,
                          table.bounds(f"{where}/n{chrony}/tracking.log")),
            table.figures(c, where, ours, stated(f"{where}/n{ours}.out")))


def means(rows):
    """RMS and frequency error, bound, looks outside of some seeds."""
    rms, _, freq, bound, out, _ = zip(*rows)
    return (table.rms(rms), table.rms(freq), statistics.median(bound),
            sum(out))


def main(clknetsim, chronyd, first, last, *names):
    rows = {}
    for name in names or WORLDS:
        rows[name] = []
        for seed in range(int(first), int(last) + 1):
            where = tempfile.mkdtemp(prefix="posix-table-")
            try:
                row = simulate((clknetsim, chronyd), name, seed, where)
            finally:
                if not os.environ.get("KEEP"):
                    shutil.rmtree(where)
                else:
                    print("#", where)
            rows[name].append(row)
            print(name, seed, " | ".join(table.FORM % r for r in row),
                  flush=True)
    print(f"\nseeds {first} to {last}: RMS us, frequency ppb, bound us, looks "
          "outside: chrony | ntpclient | RMS, bound as ratios")
    for name, of_world in rows.items():
        theirs, ours = [means(r) for r in zip(*of_world)]
        form = "%.1f %.0f %.0f %d"
        print(name, "|", form % theirs, "|", form % ours, "| %.2f %.2f" % (
            ours[0] / theirs[0], ours[2] / theirs[2]))


if __name__ == "__main__":
    main(*sys.argv[1:])
