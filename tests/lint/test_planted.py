#!/usr/bin/env python3
"""Does the lint see? One violation of each rule, planted in a copy of the
repository: each must be told of, and nothing else; and without any, nothing."""
import contextlib
import os
import shutil
import sys
import tempfile
from types import SimpleNamespace

from tests.lint import test_lint as lint
from tests.tap import TOP, Tap

STATEMENT = "    port_poll();\n"
# check, file, what is put behind its end (a new file: all of it), what the
# lint must say of it.
PLANTS = (
    # Core: the C standard and core.
    ("check_includes", "firmware/core/clk.c", "#include <stdio.h>\n",
     "stdio.h: libraries in adapters only"),
    ("check_includes", "firmware/core/clk.c", "#include <lwip/udp.h>\n",
     "lwip/udp.h: libraries in adapters only"),
    ("check_includes", "firmware/core/clk.h", '#include "port.h"\n',
     "port.h: a call goes down only"),
    ("check_includes", "firmware/core/clk.c", '#include "adapters/net.h"\n',
     "adapters/net.h: a call goes down only"),
    ("check_includes", "firmware/core/clk.c", '#include "services/log.h"\n',
     "services/log.h: a call goes down only"),
    # Adapters: libraries, core, the log; no service else.
    ("check_includes", "firmware/adapters/net.c",
     '#include "services/timekeeper.h"\n',
     "services/timekeeper.h: a call goes down only"),
    # Services: no library, downwards in their order, no machine.
    ("check_includes", "firmware/services/ntp_udp.c",
     '#include "lwip/udp.h"\n', "lwip/udp.h: libraries in adapters only"),
    ("check_includes", "firmware/services/store.c", "#include <ff.h>\n",
     "ff.h: libraries in adapters only"),
    ("check_includes", "firmware/services/log.c", '#include "store.h"\n',
     "store.h: a call goes down only"),
    ("check_includes", "firmware/services/timekeeper.h",
     '#include "sources.h"\n', "sources.h: a call goes down only"),
    ("check_includes", "firmware/services/led.c", '#include "gpio.h"\n',
     "gpio.h: not for this side of port.h"),
    ("check_includes", "firmware/services/stranger.c", '#include "log.h"\n',
     "log.h: on no floor: name it in FIRMWARE"),
    ("check_includes", "firmware/main.c", "#include <mbedtls/ssl.h>\n",
     "mbedtls/ssl.h: libraries in adapters only"),
    # The machine: board, drivers, and the few words of core.
    ("check_includes", "drivers/gpio.c", '#include "soc.h"\n',
     "soc.h: a call goes down only"),
    ("check_includes", "drivers/gpio.c", '#include "core/utc.h"\n',
     "core/utc.h: not for this side of port.h"),
    ("check_includes", "drivers/gpio.c", "#include <lwip/netif.h>\n",
     "lwip/netif.h: libraries in adapters only"),
    ("check_includes", "board/common/text.c", '#include "services/log.h"\n',
     "services/log.h: not for this side of port.h"),
    # Sizes.
    ("check_sizes", "firmware/core/new.c", "\n" * 601, "new.c: 601 lines"),
    ("check_sizes", "drivers/new.c", "/* " + "x" * 75 + " */\n",
     "new.c:1: 81 columns"),
    ("check_sizes", "board/common/new.c",
     "void f(void)\n{\n" + STATEMENT * 61 + "}\n",
     "new.c:2: function of 61 lines"),
    # Words.
    ("check_words", "firmware/core/new.c", "    p = malloc(4);\n",
     "new.c:1: p = malloc(4);"),
    ("check_words", "drivers/new.c", "    sprintf(text, \"x\");\n",
     "new.c:1: sprintf"),
    ("check_words", "firmware/services/new.c", "#ifdef HOST\n",
     "new.c:1: need an #if? Make a second file"),
    ("check_words", "third_party/new", "deb." + "debian.org\n",
     "new:1: names a registry host"),
    ("check_words", "tests/unit/new.c", "/* see shared" + "/notes */\n",
     "new.c:1: names what is not in the repository"),
    ("check_dates", "tests/unit/new.py", "now = time." + "time()\n",
     "new.py:1: now = time."),
    ("check_top", "utils/new.c", "", "utils"),
    # What other programs say.
    ("check_format", "firmware/core/new.c", "int  x;\n", "new.c:1:4: warning"),
    ("check_format", "tests/unit/new.h", "int f (void);\n",
     "new.h:1:6: warning"),
    ("check_clang", "firmware/core/new.c",
     "short f(int x);\nshort f(int x)\n{\n    return x;\n}\n",
     "new.c:4:12: error: implicit conversion"),
    ("check_clang", "firmware/services/new.c", '#include "lwip/udp.h"\n',
     "'lwip/udp.h' file not found"),
    ("check_clang", "firmware/core/new.c", "#include <mbedtls/ssl.h>\n",
     "'mbedtls/ssl.h' file not found"),
)


@contextlib.contextmanager
def planted(path, text):
    """path with text behind its end, in the working directory."""
    old = open(path).read() if os.path.exists(path) else None
    listed = lint.TEXT
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "a") as out:
        out.write(text)
    lint.TEXT = [path]
    try:
        yield
    finally:
        lint.TEXT = listed
        if old is None:
            os.remove(path)
        else:
            open(path, "w").write(old)


def stack_of(place):
    """What check_stack says of an image of one file, so compiled."""
    build = "build/planted"
    os.makedirs(build + "/obj/firmware", exist_ok=True)
    open(build + "/obj/firmware/main.o", "w").close()
    if place:
        open(build + "/obj/firmware/main.su", "w").write(place)
    real, lint.BOARDS = lint.BOARDS, [SimpleNamespace(name="x", build=build)]
    try:
        return list(lint.check_stack())
    finally:
        lint.BOARDS = real
        shutil.rmtree(build)


def test_stack(tap):
    for line, say in (("main.c:9:6:f\t4096\tstatic\n", None),
                      ("main.c:9:6:f\t4097\tstatic\n", "4097 bytes of stack"),
                      ("main.c:9:6:f\t16\tdynamic\n", "stack of unknown size"),
                      ("", "no stack usage; make image")):
        found = stack_of(line)
        tap.check(not found if say is None else say in " ".join(found),
                  f"check_stack: {say or 'as much as is allowed'}", found)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as copy:
        for path in lint.TEXT:
            os.makedirs(os.path.join(copy, os.path.dirname(path)),
                        exist_ok=True)
            shutil.copyfile(os.path.join(TOP, path), os.path.join(copy, path))
        os.chdir(copy)
        for check, path, text, say in PLANTS:
            with planted(path, text):
                found = list(getattr(lint, check)())
            tap.check(any(say in line for line in found),
                      f"{check}: {path}: {say}", found)
            if check == "check_includes":
                tap.check(len(found) == 1, f"{path}: and of nothing else",
                          found)
        test_stack(tap)
        os.chdir(TOP)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
