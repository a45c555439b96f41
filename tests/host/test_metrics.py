#!/usr/bin/env python3
"""The metrics of the firmware: promtool has nothing to say, Prometheus scrapes
them and evaluates chrony_exporter's rule, and each name has the figure, the
labels and the sign that `chronyc -c` has for it: of a chronyd that follows the
same servers, one of which is seven seconds ahead, and of this board, which
chronyc can ask, too."""
import contextlib
import csv
import json
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request

from tests.common import pagecrowd, testbed, watching
from tests.common.chronyc import FLOAT, VERSIONS, chronyc
from tests.common.machine import Process, die_with_parent
from tests.common.refusals import until
from tests.peers import child, chronyd
from tests.peers.child import PEERS, work_folder
from tests.tap import Tap

PROMETHEUS = os.path.join(PEERS, "prometheus/usr/bin")
AHEAD = 7
# Where chronyc -c has what chrony_exporter calls so: (column, tolerance). The
# tolerance is None for what two clients of one server need not have in common
# but the sign, and then only if both are off by more than `SIGN`.
TRACKING = {"stratum": 2, "reference_timestamp_seconds": 3,
            "system_time_seconds": 4, "last_offset_seconds": 5,
            "rms_offset_seconds": 6, "frequency_ppms": 7,
            "residual_frequency_ppms": 8, "skew_ppms": 9,
            "root_delay_seconds": 10, "root_dispersion_seconds": 11,
            "update_interval_seconds": 12}
SOURCES = {"stratum": 3, "polling_interval_seconds": 4,
           "reachability_ratio": 5, "last_sample_age_seconds": 6,
           "last_sample_offset_seconds": 7,
           "last_sample_error_margin_seconds": 9}
STATS = {"samples": 1, "runs": 2, "span_seconds": 3, "frequency_ppms": 4,
         "frequency_skew_ppms": 5, "offset": 6, "stddev": 7}
STATES = {"*": "sync", "+": "candidate", "-": "outlier", "x": "falseticker",
          "~": "jittery", "?": "unreach"}
NTPDATA = {"peer_offset_seconds": 18, "peer_delay_seconds": 19,
           "peer_dispersion_seconds": 20, "peer_response_time_seconds": 21}
SERVER = {"ntp_packets_received_total": 0, "ntp_packets_dropped_total": 1,
          "command_packets_received_total": 2,
          "command_packets_dropped_total": 3,
          "client_log_records_dropped_total": 4,
          "nts_ke_connections_accepted_total": 5,
          "nts_ke_connections_dropped_total": 6,
          "authenticated_ntp_packets_total": 7,
          "interleaved_ntp_packets_total": 8}
REPORTS = {"tracking": ("tracking", TRACKING), "sources": ("sources", SOURCES),
           "sourcestats": ("sourcestats", STATS),
           "ntpdata": ("sources", NTPDATA),
           "serverstats": ("serverstats", SERVER)}
PEER = ("peer_offset_seconds", "peer_delay_seconds", "peer_dispersion_seconds",
        "peer_response_time_seconds", "reachability_success")
RULE = """groups:
- name: chrony
  rules:
  - record: instance:chrony_clock_error_seconds:abs
    expr: >
      abs(chrony_tracking_last_offset_seconds)
      + chrony_tracking_root_dispersion_seconds
      + (0.5 * chrony_tracking_root_delay_seconds)
"""


def read(text):
    """{name: {labels: value}}"""
    found = {}
    for name, labels, value in re.findall(
            r"^([a-z_]+)(?:\{(.*)\})? (\S+)$", text, re.M):
        key = tuple(re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', labels))
        found.setdefault(name, {})[key] = float(value)
    return found


def rows(client, command):
    return list(csv.reader(client.chronyc("-c", command).splitlines()))


def of(found, name, source):
    """The value of the source whose name ends so."""
    return next(v for k, v in found[name].items()
                if dict(k)["source_name"].endswith(f":{source}"))


def same_sign(a, b, least):
    return abs(a) < least or abs(b) < least or (a < 0) == (b < 0)


def compare(tap, found, client, servers, late):
    tracking = rows(client, "tracking")[0]
    names = {f"chrony_tracking_{n}" for n in TRACKING} | {
        "chrony_tracking_info", "chrony_tracking_remote_reference"}
    names |= {f"chrony_sources_{n}" for n in (*SOURCES, *PEER, "state_info")}
    names |= {f"chrony_sourcestats_{n}" for n in STATS}
    tap.check(names <= set(found), "every name is there",
              names - set(found))
    tap.check(all(n in names or n == "chrony_up"
                  or n.startswith("chrony_serverstats_")
                  for n in found if n.startswith("chrony_")),
              "and no other of chrony's")
    info, = found["chrony_tracking_info"]
    tap.check([k for k, _ in info] == ["tracking_address", "tracking_name",
                                       "tracking_refid"]
              and dict(info)["tracking_refid"] == "0A000202",
              "tracking_info has its labels", info)
    ours = {n: found[f"chrony_tracking_{n}"][()] for n in TRACKING}
    theirs = {n: float(tracking[c]) for n, c in TRACKING.items()}
    tap.check(ours["stratum"] == theirs["stratum"] == 2, "stratum")
    tap.check(abs(ours["reference_timestamp_seconds"]
                  - theirs["reference_timestamp_seconds"]) < 60,
              "the reference's time is Unix time", (ours, theirs))
    tap.check(all(0 <= ours[n] < 1 for n in (
        "rms_offset_seconds", "root_delay_seconds", "root_dispersion_seconds"))
        and ours["skew_ppms"] >= 0, "what has no sign has none", ours)
    stats = {int(s.port): r for s, r in zip(
        servers, rows(client, "sourcestats"))}
    for server, row in zip(servers, rows(client, "sources")):
        def value(kind, name):
            return of(found, f"chrony_{kind}_{name}", server.ke_port)
        port = server.port
        tap.check(value("sources", "stratum") == float(row[3]), "its stratum")
        tap.check(value("sources", "reachability_ratio") in [
            i / 8 for i in range(9)] and value("sources",
                                               "reachability_success") == 1,
                  "it is reached")
        if server is late:
            offset = value("sources", "last_sample_offset_seconds")
            tap.check(same_sign(offset, float(row[7]), 1)
                      and abs(offset + AHEAD) < 1
                      and abs(float(row[7]) + AHEAD) < 1,
                      "the sign of a source's offset", (offset, row))
            offset = value("sourcestats", "offset")
            tap.check(abs(offset - float(stats[port][6])) < 1,
                      "the sign of its estimate", (offset, stats[port]))
            peer = value("sources", "peer_offset_seconds")
            told = float(re.findall(r"Offset +: (\S+)", client.ntpdata())[
                servers.index(late)])
            tap.check(abs(peer - told) < 1, "the sign of ntpdata's",
                      (peer, told))
    states = {dict(k)["source_name"]: dict(k)
              for k in found["chrony_sources_state_info"]}
    tap.check({s["source_state"] for s in states.values()} <= set(
        STATES.values()) and all(
            s["source_mode"] == "client" for s in states.values())
        and all(list(s) == ["source_address", "source_name", "source_state",
                            "source_mode"] for s in states.values()),
              "states and labels", states)


def as_on_the_console(tap, machine, port):
    """Signs that only this machine's words tell: behind and ahead, fast and
    slow, as chronyc has them (tests/unit holds those beside chronyc's)."""
    for _ in range(20):
        before = machine.ask("tracking")
        found = read(pagecrowd.page(port, b"/metrics").decode())
        after = machine.ask("tracking")
        if testbed.field(before, "Ref time (UTC)") == testbed.field(
                after, "Ref time (UTC)"):
            break
    value = {n: found[f"chrony_tracking_{n}"][()] for n in TRACKING}
    last = float(re.search(r"Last offset +: (\S+)", after)[1])
    ppm, way = re.search(r"Frequency +: (\S+) ppm (\w+)", after).groups()
    tap.check(abs(value["last_offset_seconds"] - last) < 2e-9
              and abs(value["frequency_ppms"] - float(ppm) * (
                  1 if way == "fast" else -1)) < 0.001,
              "the console's figures with chronyc's signs", (value, after))


def scrape(port):
    return read(pagecrowd.page(port, b"/metrics").decode().partition(
        "\r\n\r\n")[2])


def number(name, text):
    """What chronyc writes in another unit."""
    if name == "reachability_ratio":
        return bin(int(text, 8)).count("1") / 8
    return 2.0 ** int(text) if name == "polling_interval_seconds" else float(
        text)


def wrong_of_report(port, said, report):
    """Names whose figures are neither those that chronyc tells (said) nor, a
    moment before and after, on either side of them: chronyc's have 24 bits and
    three or nine places."""
    kind, columns = REPORTS[report]
    before, table, after = scrape(port), said(report), scrape(port)
    wrong = []
    for name, column in columns.items():
        full = f"chrony_{kind}_{name}"
        rows = list(zip(before[full].values(), table, after[full].values()))
        if len(rows) != len(table) or not rows:
            wrong.append((name, table))
        for a, row, b in rows:
            c = number(name, row[column])
            slack = FLOAT * abs(c) + (
                0.0006 if "ppm" in name else 0.06
                if name == "update_interval_seconds" else 1.1e-9)
            if not min(a, b) - slack <= c <= max(a, b) + slack:
                wrong.append((name, a, row, b))
    return wrong


def as_chronyc_of_the_board(tap, port, cmdport):
    for version in VERSIONS:
        def said(report):
            text = chronyc(version, cmdport, "-N", "-c", report)
            return list(csv.reader(text.splitlines()))
        for report in REPORTS:
            for _ in range(40):  # an update may come between
                wrong = wrong_of_report(port, said, report)
                if not wrong:
                    break
            tap.check(not wrong, f"chronyc {version} -c {report} of the board",
                      wrong)
        for _ in range(40):
            before, rows, after = scrape(port), said("sources"), scrape(port)
            if list(before["chrony_sources_state_info"]) == list(
                    after["chrony_sources_state_info"]):
                break
        states = [dict(k) for k in before["chrony_sources_state_info"]]
        tap.check([(s["source_name"], s["source_state"], s["source_mode"])
                   for s in states] == [
                       (r[2], STATES[r[1]], {"^": "client"}[r[0]])
                       for r in rows], f"... and its states ({version})",
                  (states, rows))


def when_all_reached(port):
    """The metrics, when every source's newest poll has been answered, and
    there is a line through the samples of each."""
    text = pagecrowd.page(port, b"/metrics").decode()
    text = text.partition("\r\n\r\n")[2]
    found = read(text)
    success = found["chrony_sources_reachability_success"].values()
    samples = found["chrony_sourcestats_samples"].values()
    return min(success) == 1 and min(samples) >= 4 and text


@contextlib.contextmanager
def prometheus(port):
    folder = work_folder()
    here = chronyd.free_port()
    for name, text in (("rule.yml", RULE), ("prometheus.yml", f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rule.yml]
scrape_configs:
- job_name: gnomon
  static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
""")):
        with open(os.path.join(folder, name), "w") as out:
            out.write(text)
    with subprocess.Popen(
            [f"{PROMETHEUS}/prometheus",
             f"--config.file={folder}/prometheus.yml",
             f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{here}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent) as server:
        yield here
        server.terminate()


def ask_prometheus(here, query):
    try:
        with urllib.request.urlopen(
                f"http://127.0.0.1:{here}/api/v1/query?" + urllib.parse
                .urlencode({"query": query}), timeout=60) as answer:
            return json.load(answer)["data"]["result"]
    except OSError:
        return []


def main():
    tap = Tap()
    port, cmdport = chronyd.free_port(), child.free_port()
    with testbed.Testbed() as w:
        good = [*w.chronyd(1, front=True, address="127.0.0.2"),
                *w.chronyd(1, front=True, address="127.0.0.3")]
        late, = w.chronyd(1, front=True, address="127.0.0.4", ahead=AHEAD)
        conf = w.conf("iburst minpoll 0 maxpoll 2", more=watching.LINES)
        conf = re.sub(rf"(?m)^(server .*{late.ke_port}.*)$", r"\1 noselect",
                      conf)
        m = Process(w.card(conf=conf), tcp=[(port, 80)])
        m.command += ["--udp", f"{cmdport}:323"]
        with m:
            client = w.enter_context(chronyd.Client(
                w.pki, [(s.address, s.port, s.ke_port) for s in good],
                options="iburst minpoll 0 maxpoll 2", extra=[
                    f"server {late.address} port {late.port} nts ntsport "
                    f"{late.ke_port} iburst minpoll 0 maxpoll 2 noselect"]))
            testbed.synchronise(m)
            tap.check(client.synchronised(), "chronyd follows them, too",
                      client.sources_text())
            tap.check(until(lambda: testbed.sources(m)[2][4] & 7 == 7
                            and float(rows(client, "sources")[2][7]) != 0),
                      "all three answer", m.ask("sources"))
            text = until(lambda: when_all_reached(port)) or ""
            if os.path.exists(f"{PROMETHEUS}/promtool"):
                lint = subprocess.run(
                    [f"{PROMETHEUS}/promtool", "check", "metrics"],
                    input=text.encode(), stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT, check=False)
                tap.check(lint.returncode == 0 and not lint.stdout,
                          "promtool check metrics is silent",
                          lint.stdout.decode())
            compare(tap, read(text), client, [*good, late], late)
            as_on_the_console(tap, m, port)
            as_chronyc_of_the_board(tap, port, cmdport)
            if os.path.exists(f"{PROMETHEUS}/prometheus"):
                with prometheus(port) as here:
                    tap.check(until(lambda: ask_prometheus(
                        here, "instance:chrony_clock_error_seconds:abs")),
                              "Prometheus scrapes, and the rule evaluates")
                    up = ask_prometheus(here, "up")
                    tap.check(up and up[0]["value"][1] == "1", "up is 1", up)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
