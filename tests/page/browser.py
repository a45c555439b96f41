#!/usr/bin/env python3
"""The emulated Pi's page in headless Chromium: `make browser`, which says what
it needs. Each state at 390 and 1280 pixels, light and dark: nothing to scroll
sideways, no report of the Content-Security-Policy, no request but to itself,
the console's figures, the same without scripts, and axe-core (if
AXE=path/to/axe.min.js is given) finds nothing serious. Without a link there is
nobody to ask for a page: what is open turns grey and says so. Screenshots are
in build/page."""
import contextlib
import os
import re
import shutil
import socket
import sys
import time

from tests.common import testbed
from tests.common.machine import Machine
from tests.page import webdriver
from tests.peers import dns, netns
from tests.tap import TOP, Tap

SHOTS = f"{TOP}/build/page"
AXE = os.environ.get("AXE", "")
LOOKS = [(width, dark) for width in (390, 1280) for dark in (False, True)]
FAST = "iburst minpoll 0 maxpoll 2"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def pi(card):
    port = free_port()
    net = f"user,id=n0,hostfwd=tcp:127.0.0.1:{port}-:80"
    with Machine(card=card, net=net) as machine:
        machine.url = f"http://127.0.0.1:{port}/"
        yield machine


# ---- states: each is a context that gives a machine which is in it ----------

@contextlib.contextmanager
def synchronised(w):
    w.chronyd(3)
    with pi(w.card(conf=w.conf(FAST))) as m:
        testbed.synchronise(m)
        time.sleep(200) # some minutes of history
        yield m, "Synchronised"


@contextlib.contextmanager
def hold_over(w):
    servers = w.chronyd(3)
    with pi(w.card(conf=w.conf(FAST))) as m:
        testbed.synchronise(m)
        time.sleep(130)
        for server in servers:
            server.stop()
        m.wait(r"clock runs on alone", 200)
        time.sleep(100) # its bound grows
        yield m, "Runs on alone"


@contextlib.contextmanager
def disagree(w):
    w.chronyd(1)
    w.chronyd(1, ahead=7)
    with pi(w.card(conf=w.conf(FAST))) as m:
        m.wait(r"clock not set", 120)
        yield m, "Clock not set"


@contextlib.contextmanager
def no_conf(w):
    with pi(w.card(files={"readme.txt": "nothing"})) as m:
        m.wait(r"IPv4 address", 60)
        yield m, "Clock not set"


@contextlib.contextmanager
def many(w):
    """16 names of 60 characters, of five servers."""
    servers = w.chronyd(5)
    names = [f"{'abcdefghijklmnop'[i]}-very-long-name-of-a-server-that-tell"
             f"-the-time.example.test" for i in range(16)]
    assert all(len(n) == 60 for n in names), len(names[0])
    conf = w.conf(FAST, more="".join(
        f"server {n} {FAST} port {servers[i % 5].port}\n"
        for i, n in enumerate(names)))
    conf = "".join(line + "\n" for line in conf.splitlines()
                   if " nts" not in line or "10.0.2.2" not in line)
    with dns.Server({n: ["10.0.2.2"] for n in names}):
        with pi(w.card(conf=conf)) as m:
            testbed.synchronise(m)
            time.sleep(20)
            yield m, "Synchronised"


STATES = {"synchronised": synchronised, "hold-over": hold_over,
          "disagree": disagree, "no-conf": no_conf, "many": many}


# ---- what is looked at ------------------------------------------------------

def look(tap, browser, name, machine, title):
    def says(what, good, detail=""):
        tap.check(good, f"{name}: {what}", detail)

    browser.open("about:blank") # Chromium's own page has an end
    time.sleep(1)
    list(browser.requests())
    browser.log("browser")
    for width, dark in LOOKS:
        browser.look(width, dark)
        browser.open(machine.url)
        where = f"{width} px, {'dark' if dark else 'light'}"
        says(f"{where}: it says {title}",
             title in browser.run("return document.querySelector('.hero')"
                                  ".innerText"))
        wide = browser.run("return [document.documentElement.scrollWidth,"
                           "innerWidth]")
        says(f"{where}: nothing to scroll sideways", wide[0] <= wide[1], wide)
        browser.shot(f"{SHOTS}/{name}-{width}-{'dark' if dark else 'light'}.png")
    browser.look(360, False)
    browser.open(machine.url)
    wide = browser.run("return document.documentElement.scrollWidth")
    says("360 px: nothing to scroll sideways", wide <= 360, wide)
    if title != "Clock not set":
        says("the browser's clock is compared", browser.wait(
            "return document.getElementById('mine').textContent != ''"))
        says("the clock ticks", browser.run_async(
            "const done = arguments[0], t = document.getElementById('t'),"
            " was = t.textContent; setTimeout(() => done(t.textContent != was),"
            " 2500)"))
    else:
        says("no time is shown", "–:–:–" == browser.run(
            "return document.getElementById('t').textContent"))
    browser.run("document.getElementById('m').dataset.old = 1;"
                "document.getElementById('log').open = true")
    says("the middle comes anew, and what was open stays open", browser.wait(
        "return !document.getElementById('m').dataset.old &&"
        " document.getElementById('log').open"))
    other = [u for u in browser.requests()
             if not u.startswith((machine.url, "data:"))]
    says("no request but to itself", not other, other)
    said = [e["message"] for e in browser.log("browser")]
    says("no report of the policy, nothing on the console", not said, said)


def seconds(text):
    number, unit = re.match(r"([+−]?[\d.]+) (\S+)", text).groups()
    return float(number.replace("−", "-")) * {
        "ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1}[unit]


SHOWN = """return {
    tiles: [...document.querySelectorAll('.tiles dd')].map(e => e.innerText),
    rows: [...document.querySelectorAll('tbody tr:not(.why)')].map(r => [
        r.querySelector('.nm').firstChild.data, r.querySelector('.nm small')
        .innerText, r.querySelector('.rc').getAttribute('aria-label'),
        r.querySelector('[data-l=Polled]').innerText])}"""


def figures(tap, browser, machine):
    """The console's, within an update: those of before or after the page's."""
    for _ in range(20):
        before = machine.ask("tracking"), testbed.sources(machine)
        browser.open(machine.url)
        shown = browser.run(SHOWN)
        after = machine.ask("tracking"), testbed.sources(machine)
        if before[1] == after[1] and re.search(
                r"Ref time.*", before[0])[0] == re.search(
                r"Ref time.*", after[0])[0]:
            break
    told = {name: re.search(rf"^{name} +: (.*)$", after[0], re.M)[1]
            for name in ("Last offset", "RMS offset", "Frequency", "Skew",
                         "Stratum", "Reference ID")}
    tiles = shown["tiles"]

    def near(a, text):
        want = float(text.split()[0])
        return abs(a - want) <= abs(want) * 0.006 + 1e-9

    tap.check(near(seconds(tiles[1]), told["Last offset"])
              and near(seconds(tiles[2]), told["RMS offset"]),
              "the last correction and the jitter are tracking's",
              f"{tiles}\n{told}")
    ppm, way = re.match(r"([\d.]+) ppm\s+(\w+)", tiles[3]).groups()
    skew = re.search(r"± ([\d.]+) ppm", tiles[3])[1]
    tap.check(abs(float(ppm) - float(told["Frequency"].split()[0])) < 0.0061
              and way == told["Frequency"].split()[2]
              and abs(float(skew) - float(told["Skew"].split()[0])) < 0.0061,
              "the crystal's rate and skew are tracking's",
              f"{tiles}\n{told}")
    tap.check(tiles[4].split()[0] in told["Reference ID"]
              and tiles[4].endswith(f"stratum {told['Stratum']}"),
              "the reference and the stratum are tracking's",
              f"{tiles}\n{told}")
    rows = [(name, f"stratum {stratum}", f"{reach:03o}", f"every {2**poll} s")
            for _, name, stratum, poll, reach in after[1]]
    tap.check(len(rows) == len(shown["rows"]) and all(
        want[0] == row[0] and want[1] in row[1] and want[2] in row[2]
        and row[3].startswith(want[3])
        for want, row in zip(rows, shown["rows"])),
              "name, stratum, reach and poll are those of sources",
              f"{rows}\n{shown['rows']}")


def no_link(tap, browser, machine):
    """Nothing comes through to the board: the page that is open says so."""
    browser.look(1280, False)
    browser.open(machine.url)
    machine.qmp("set_link", name="n0", up=False)
    tap.check(browser.wait("return document.body.classList.contains('old')",
                           90), "no link: the page turns grey")
    said = browser.run("return getComputedStyle(document.querySelector('main')"
                       ", '::before').content")
    tap.check("No answer from this board" in said, "... and says why", said)
    browser.shot(f"{SHOTS}/no-link-1280-light.png")
    machine.qmp("set_link", name="n0", up=True)
    tap.check(browser.wait("return !document.body.classList.contains('old')",
                           90), "... until there is an answer again")


def axe(tap, browser, name, machine):
    """The page's policy lets no script in; the driver's is not asked."""
    browser.cdp("Page.setBypassCSP", enabled=True)
    for width, dark in LOOKS:
        browser.look(width, dark)
        browser.open(machine.url)
        browser.run("for (const d of document.querySelectorAll('details'))"
                    " d.open = true")
        browser.run(open(AXE).read())
        found = browser.run_async(
            "const done = arguments[0]; axe.run().then(r => done(r.violations"
            ".map(v => [v.impact, v.id, v.nodes.map(n => n.html).slice(0, 3)])"
            "))")
        bad = [v for v in found if v[0] in ("serious", "critical")]
        tap.check(not bad, f"{name}, {width} px, "
                  f"{'dark' if dark else 'light'}: axe-core finds nothing "
                  "serious", bad)
        for violation in found:
            print("# axe:", *violation[:2])
    browser.cdp("Page.setBypassCSP", enabled=False)


WORDS = ("return [...document.querySelectorAll('h1,h2,dt,thead th,.nm')].map("
         "e => e.innerText.replace(/[\\d:]+/g, ''))")


def without_scripts(tap, name, machine, title, with_scripts):
    with webdriver.Browser(scripts=False) as plain:
        plain.look(1280, False)
        plain.open(machine.url)
        plain.shot(f"{SHOTS}/{name}-no-script.png")
        text = plain.run("return document.body.innerText")
        words = plain.run(WORDS)
        tap.check(title in text and words == with_scripts,
                  f"{name}: the same without scripts",
                  f"{words}\n{with_scripts}")


def main(chosen):
    tap = Tap()
    if not webdriver.DRIVER:
        print("chromedriver is not there: Debian's chromium-driver")
        return 1
    netns.enter(resolver="127.0.0.1")
    os.makedirs(SHOTS, exist_ok=True)
    for name in chosen or STATES:
        with testbed.Testbed() as w, STATES[name](w) as (machine, title):
            with webdriver.Browser() as browser:
                look(tap, browser, name, machine, title)
                if name == "synchronised":
                    figures(tap, browser, machine)
                if AXE:
                    axe(tap, browser, name, machine)
                browser.look(1280, False)
                browser.open(machine.url)
                words = browser.run(WORDS)
                without_scripts(tap, name, machine, title, words)
                if name == "synchronised":
                    no_link(tap, browser, machine)
    print(f"# screenshots: {SHOTS}")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
