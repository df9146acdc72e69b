#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is installed: header, symbols, pkg-config file, the examples built and run against it; and that the library
reads every fixture as the program does. Speaks TAP.

usage: library.py PROGRAM BUILD-FOLDER DUMP COMPILER [SANITIZERS]
"""
import calendar
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "proc"))
from box import ROOT, done, fixtures, folder, ok, run, same, skip  # noqa: E402

BUILD, DUMP, COMPILER = pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4].split(",")
SANITIZED = "a sanitized library cannot be loaded into it" if len(sys.argv) > 5 else ""
HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = ROOT / "examples"
HEADER = "bouncebox/bouncebox.h"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def output_of(*command, **more):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    return done.stdout if done.returncode == 0 else "exit %d\n%s" % (done.returncode, done.stdout)


def install():
    """Where things lie in a throw-away DESTDIR."""
    root = folder()
    said = output_of("meson", "install", "--no-rebuild", "--quiet", "-C", BUILD, "--destdir", root)
    found = {p.name: p for p in root.rglob("*") if "bouncebox" in p.name}
    wanted = ("libbouncebox.so", "libbouncebox.so.0", "libbouncebox.a", "bouncebox.h", "bouncebox.pc")
    if not ok(all(name in found for name in wanted), "installed: " + " ".join(wanted), said):
        done()
    return root, found


# ---- header and symbols ---------------------------------------------------------------------------------


def declared(header):
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
    return sorted(set(re.findall(r"\b(bouncebox_\w+)\(", text)))


def defined(path, *how):
    lines = [line.split() for line in output_of("nm", "--defined-only", "--extern-only", *how, path).splitlines()]
    return sorted(words[2].split("@")[0] for words in lines if len(words) == 3 and words[1] != "A")


def header_alone(include):
    for language, standard, compiler in (("c", "c17", COMPILER), ("c++", "c++17", ["g++"])):
        name = "the header compiles alone as " + standard.upper()
        if not shutil.which(compiler[0]):
            skip(name, "there is no " + compiler[0])
            continue
        source = '#include <%s>\nint main(void) { return bouncebox_version()[0] == 0; }\n' % HEADER
        command = [*compiler, "-std=" + standard, "-x", language, *STRICT, "-I", include, "-fsyntax-only", "-"]
        same(output_of(*command, input=source), "", name)


def symbols(found):
    names = declared(found["bouncebox.h"])
    same(defined(found["libbouncebox.so.0"], "--dynamic"), names, "the shared library exports what the header declares")
    if not SANITIZED:
        same(defined(found["libbouncebox.a"]), names, "so does the static one")
    used = "\n".join(p.read_text() for p in (ROOT / "tests/api").glob("*.c"))
    same([n for n in names if not re.search(r"\b%s\(" % n, used)], [], "every function has a test")


# ---- built against it ---------------------------------------------------------------------------------------


def flags(root, found, *more):
    where = {"PKG_CONFIG_PATH": str(found["bouncebox.pc"].parent), "PKG_CONFIG_SYSROOT_DIR": str(root)}
    return output_of("pkg-config", "--cflags", "--libs", *more, "bouncebox", env={**os.environ, **where}).split()


def expected(paths):
    """What the examples print."""
    lines = []
    for path in paths:
        for r in run("parse", path).lines():
            lines.append("%s: %s, %s, %.0f %% sure by %s: %s\n" % (
                r["recipient"], r["kind"], r["reason"], r["confidence"] * 100, r["rule"], r["diagnostic"]))
    return "".join(lines)


def built(root, found, name, *more, static=False):
    program = folder() / name
    extra = ["-fsanitize=" + sys.argv[5]] if SANITIZED else []
    linked = flags(root, found, *more)
    if static:
        linked = [str(found["libbouncebox.a"]) if w == "-lbouncebox" else w for w in linked]
    said = output_of(*COMPILER, "-std=c17", *STRICT, *extra, EXAMPLES / "parse.c", "-o", program, *linked)
    ok(said == "", "%s: built as pkg-config says" % name, said)
    return program


def examples(root, found):
    paths = fixtures()[::9]
    want = expected(paths)
    env = {**os.environ, "LD_LIBRARY_PATH": str(found["libbouncebox.so.0"].parent), "PYTHONDONTWRITEBYTECODE": "1",
           "BOUNCEBOX_H": str(found["bouncebox.h"])}
    same(output_of(built(root, found, "parse"), *paths, env=env), want, "parse.c prints what the program reads")
    if not SANITIZED:
        program = built(root, found, "parse-static", "--static", static=True)
        ok("libbouncebox" not in output_of("ldd", program), "parse-static: needs no shared library of ours")
        same(output_of(program, *paths), want, "parse-static: prints the same")
    for name, command in (("parse.py", [sys.executable]), ("parse.php", ["php"])):
        reason = SANITIZED or (no_ffi() if name == "parse.php" else "")
        if reason:
            skip(name + " prints the same", reason)
            continue
        same(output_of(*command, EXAMPLES / name, *paths, env=env), want, name + " prints the same")


def no_ffi():
    """Why PHP cannot run the example, or ""."""
    if not shutil.which("php"):
        return "there is no php"
    return "" if "FFI" in output_of("php", "-m").split() else "this php has no FFI"


# ---- the same as the program ----------------------------------------------------------------------------------


def same_json():
    ours = output_of(DUMP, *fixtures())
    theirs = run("parse", *fixtures()).text
    ok(ours == theirs and ours.count("\n") >= len(fixtures()), "the JSON lines of all fixtures are those of the program")
    charsets = HERE / "charsets.eml"
    lines = output_of(DUMP, charsets)
    ok(lines == run("parse", charsets).text, "so are those of a message in four charsets", lines)
    same(json.loads(lines)["original"]["subject"], "Приветこんにちは", "whose subject can be read")
    more = ROOT / "tests" / "fuzz" / "corpus" / "mail"
    hostile = [p for p in sorted(more.iterdir()) if p.read_bytes() and not p.read_bytes().startswith(b"From ")]
    same(output_of(DUMP, *hostile), run("parse", *hostile).text, "so are those of %d hostile messages" % len(hostile))


def seconds(date):
    return calendar.timegm(time.strptime(date, "%Y-%m-%dT%H:%M:%SZ")) if date else -(2**63)


def same_fields(found):
    """Each field of each row, through ctypes, is what the JSON says."""
    if SANITIZED:
        return skip("every field of every row", SANITIZED)
    env = {**os.environ, "LD_LIBRARY_PATH": str(found["libbouncebox.so.0"].parent), "PYTHONDONTWRITEBYTECODE": "1"}
    rows = json.loads(output_of(sys.executable, HERE / "fields.py", *fixtures(), env=env))
    want = []
    for r in run("parse", *fixtures()).lines():
        r.update({"original_" + k: v for k, v in r["original"].items()})
        r.update(truncated="", reply_code=r["reply_code"] or 0, date=seconds(r["date"]))
        want.append({k: r[k] for k in rows[0]})
    same([(r, w) for r, w in zip(rows, want) if r != w][:2], [], "every field of every row is what the JSON says")
    same(len(rows), len(want), "and there are as many")


def main():
    root, found = install()
    header_alone(root / found["bouncebox.h"].parent.parent)
    symbols(found)
    examples(root, found)
    same_json()
    same_fields(found)
    done()


if __name__ == "__main__":
    main()
