#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tools that tests and build lean on: count.py must miss no failure, embed.py must lose no byte. Speaks TAP.

usage: tools.py COMPILER   (joined by commas)
"""
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EMBED = HERE.parent.parent / "src" / "embed.py"
count = failed = 0


def ok(holds, name, note=""):
    global count, failed
    count += 1
    failed += not holds
    print("%sok %d - %s" % ("" if holds else "not ", count, name))
    if not holds:
        print("#   %r" % (note,))


RUNS = [  # what a test program said, its exit code, meson's verdict, what it counts as
    ("two checks", "ok 1 - a\nok 2\n1..2\n", 0, "OK", "2 passed, 0 failed"),
    ("a plan first", "1..1\nok 1 - a\n", 0, "OK", "1 passed, 0 failed"),
    ("one failed", "ok 1 - a\nnot ok 2 - b\n1..2\n", 1, "ERROR", "1 passed, 1 failed"),
    ("a crash after good checks", "ok 1 - a\n", -6, "ERROR", "1 passed, 1 failed"),
    ("a crash after a bad check", "not ok 1 - a\n", -6, "ERROR", "0 passed, 2 failed"),
    ("a leak after good checks", "ok 1 - a\n1..1\n", 23, "ERROR", "1 passed, 1 failed"),
    ("time is up", "ok 1 - a\n", -15, "TIMEOUT", "1 passed, 1 failed"),
    ("fewer checks than planned", "ok 1 - a\n1..2\n", 0, "ERROR", "1 passed, 1 failed"),
    ("an end without a plan", "ok 1 - a\n", 0, "OK", "1 passed, 1 failed"),
    ("silence", "", 0, "SKIP", "0 passed, 1 failed"),
    ("one skipped", "ok 1 - a # SKIP why\nok 2 - b\n1..2\n", 0, "OK", "1 passed, 0 failed, 1 skipped"),
    ("all skipped", "1..0 # SKIP why\n", 0, "SKIP", "0 passed, 0 failed, 1 skipped"),
    ("a # in a name", "ok 1 - a \\# SKIP b\n1..1\n", 0, "OK", "1 passed, 0 failed"),
    ("other output", "hello\nok 1 - a\nok then\n# ok\n1..1\n", 0, "ERROR", "2 passed, 1 failed"),
]


def count_run(lines):
    """count.py's last line and exit code."""
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "testlog.json"
        if lines is not None:
            log.write_text("".join(json.dumps(line) + "\n" for line in lines))
        done = subprocess.run([sys.executable, HERE / "count.py", log], capture_output=True, text=True)
        return done.stdout.splitlines()[-1], done.returncode


def test_count():
    entries = []
    for name, stdout, code, result, want in RUNS:
        entries.append({"name": name, "stdout": stdout, "returncode": code, "result": result})
        got, status = count_run(entries[-1:])
        ok(got == want and status == (", 0 failed" not in want), "counted: " + name, (got, status))
    ok(count_run(entries)[0] == "13 passed, 10 failed, 2 skipped", "counted: all of them", count_run(entries))
    ok(count_run(None) == ("0 passed, 0 failed", 1), "counted: no log is a failure", count_run(None))


PRINT = """
#include <stdio.h>
int main(void)
{
    for (size_t i = 0; i < bb_rules_builtin_count; i++) {
        printf("%s\\n", bb_rules_builtin[i].name);
        fwrite(bb_rules_builtin[i].text.p, 1, bb_rules_builtin[i].text.n, stdout);
    }
}
"""


def embed(kind, files):
    """embed.py on a folder of those files: its exit code, and the C source."""
    with tempfile.TemporaryDirectory() as folder:
        box = pathlib.Path(folder) / "in"
        box.mkdir()
        for name, data in files.items():
            (box / name).write_bytes(data)
        out = pathlib.Path(folder) / "out.c"
        done = subprocess.run([sys.executable, EMBED, kind, box, out, str(out) + ".d"], capture_output=True)
        return done.returncode, out.read_text() if out.exists() else ""


def test_embed(compiler):
    every = bytes(range(1, 256)) * 40  # longer than a string literal may be
    status, source = embed("rules", {"b.rules": every, "a.rules": b"", ".#x.rules": b"no", "README": b"no"})
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "p"
        # -x c -: from standard input; the header's folder is the source's.
        subprocess.run([*compiler, "-std=c17", "-I", EMBED.parent, "-x", "c", "-", "-o", program],
                       input=source + PRINT, text=True, check=True)
        said = subprocess.run([program], capture_output=True, check=True).stdout
    ok(status == 0 and said == b"built in: a.rules\nbuilt in: b.rules\n" + every, "embedded: every byte, in order", said)
    ok("count = 0;" in embed("rules", {})[1], "embedded: no file at all")
    ok(embed("rules", {"a.rules": b"a\0b"})[0] != 0, "embedded: a NUL byte is refused")
    ok('{2, "more", file_1}' in embed("migrations", {"0001_init.sql": b";", "0002_more.sql": b";"})[1],
       "embedded: migrations by number")
    for names in (["0002_x.sql"], ["0001_a.sql", "0003_b.sql"], ["0001_a.sql", "0001_b.sql"], ["init.sql"]):
        ok(embed("migrations", {n: b";" for n in names})[0] != 0, "embedded: %s is refused" % " ".join(names))


def main(compiler):
    test_count()
    test_embed(compiler.split(","))
    print("1..%d" % count)
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
