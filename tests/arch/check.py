#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the shape of the source: arrows between modules, purity of core and library, libraries, licence lines.
Speaks TAP.

usage: check.py ROOT COMPILER ARCHIVE [PROGRAM LIBRARY DAEMON FETCH]
       check.py ROOT COMPILER              without what needs a plain build (sanitizers call everything)

Each check is a function from what it looks at to a list of findings. All of them are also tried on planted
violations in a temporary folder: a check that does not fire is a failure.
"""
import fnmatch
import pathlib
import re
import subprocess
import sys
import tempfile

INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')
SOURCES = (".c", ".h", ".sh", ".py")


# ---- tables ---------------------------------------------------------------------------------------------


def words(path):
    """The rows of a table: its lines, without comments and empty ones, split."""
    lines = path.read_text().splitlines()
    return [line.split() for line in (line.split("#")[0] for line in lines) if line.strip()]


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, p) for p in patterns)


class Layers:
    """layers.txt: may(module, module) and may_library(module, header)."""

    def __init__(self, path):
        self.uses, self.libraries, self.findings = {}, {}, []
        for first, *rest in words(path):
            if first.startswith("<"):
                self.libraries[first.strip("<>")] = rest
                continue
            for pattern in rest:
                if not any(fnmatch.fnmatchcase(above, pattern) for above in self.uses):
                    self.findings.append("%s: %s names %s, which is not above it" % (path.name, first, pattern))
            self.uses[first] = [m for m in self.uses if matches(m, rest)] + [first]

    def may(self, module, other):
        return other in self.uses[module]

    def may_library(self, module, header):
        return module in self.libraries.get(header, [module])


# ---- checks ---------------------------------------------------------------------------------------------


def wrong_include(layers, module, quote, name):
    """Why this module may not include that, or None."""
    if quote == "<":
        return None if layers.may_library(module, name) else "%s may not include <%s>" % (module, name)
    folder, _, header = name.rpartition("/")
    if folder not in layers.uses:
        return '"%s" is no header of a module; includes are written from src/' % name
    if header == "internal.h" and folder != module:
        return '"%s" belongs to %s alone' % (name, folder)
    return None if layers.may(module, folder) else "%s may not include %s" % (module, folder)


def wrong_includes(root, layers):
    findings = list(layers.findings)
    for path in sorted((root / "src").rglob("*.[ch]")):
        where, module = path.relative_to(root), str(path.relative_to(root / "src").parent)
        if module not in layers.uses:
            findings.append("%s:1: layers.txt has no module %s" % (where, module))
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            include = INCLUDE.match(line)
            wrong = include and wrong_include(layers, module, *include.groups())
            if wrong:
                findings.append("%s:%d: %s" % (where, number, wrong))
    return findings


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def impure_calls(archive, allowed):
    """Undefined symbols of the archive that neither it nor the list defines."""
    own = {line.split()[-1] for line in output_of("nm", "--defined-only", archive).splitlines() if line}
    findings, member = [], ""
    for line in output_of("nm", "--undefined-only", archive).splitlines():
        if line.endswith(":"):
            member = line[:-1]
        elif line:
            symbol = line.split()[-1]
            plain = re.sub(r"^__(\w+)_chk$", r"\1", symbol)
            if symbol not in own and not matches(symbol, allowed) and not matches(plain, allowed):
                findings.append("%s: calls %s" % (member, symbol))
    return findings


def wrong_libraries(program, allowed):
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", output_of("readelf", "--dynamic", "--wide", program))
    return ["linked with %s" % lib for lib in needed if not matches(lib.split(".so")[0], allowed)]


def impure_library(library, allowed):
    """What a shared library calls beyond the list, and variables that it could remember things in."""
    findings = []
    for line in output_of("nm", "--dynamic", "--undefined-only", library).splitlines():
        kind, name = line.split()
        name = name.split("@")[0]
        plain = re.sub(r"^__(\w+)_chk$", r"\1", name)
        if kind == "U" and not matches(name, allowed) and not matches(plain, allowed):
            findings.append("calls %s" % name)
    for line in output_of("objdump", "--syms", library).splitlines():
        section = re.search(r"\s(\.t?bss|\.t?data)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$", line)
        if section and not matches(section.group(2), [".*", "completed.*", "__dso_handle", "__TMC_END__"]):
            findings.append("has a variable, %s" % section.group(2))
    return findings


QUOTED = ("tests", "mta", "tutorial")  # other people's programs, to the letter


def without_licence(root):
    scripts = [root / "dev", root / ".ci" / "run"]
    findings = []
    for path in sorted(root.rglob("*")) + scripts:
        parts = path.relative_to(root).parts
        hidden = any(p.startswith((".", "build", "__pycache__")) for p in parts) or parts[:3] == QUOTED
        if path.is_file() and (path in scripts or path.suffix in SOURCES and not hidden):
            head = path.read_text(errors="replace").splitlines()[:3]
            if not any("SPDX-License-Identifier: " in line for line in head):
                findings.append("%s:1: no SPDX line" % path.relative_to(root))
    return findings


# ---- planted violations ---------------------------------------------------------------------------------


def plant(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def planted_include(includer, include):
    """What the check says of one file with that include on line 2."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        plant(root, includer, "\n#include %s\n" % include)
        return wrong_includes(root, Layers(HERE / "layers.txt"))


def planted_cycle():
    with tempfile.TemporaryDirectory() as folder:
        return Layers(plant(pathlib.Path(folder), "layers.txt", "a b\nb a\n")).findings


def planted_call(compiler):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        source = plant(root, "p.c", "#include <stdlib.h>\nint p(void) { return getenv(\"x\") != NULL; }\n")
        subprocess.run([*compiler, "-c", source, "-o", root / "p.o"], check=True)
        subprocess.run(["ar", "rcs", root / "p.a", root / "p.o"], check=True)
        return impure_calls(root / "p.a", allowed_symbols())


def planted_library(compiler):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        library = plant(root, "l.c", "int l(void);\nint l(void) { return 0; }\n")
        program = plant(root, "p.c", "int l(void);\nint main(void) { return l(); }\n")
        subprocess.run([*compiler, "-shared", "-fPIC", library, "-o", root / "libplanted.so"], check=True)
        subprocess.run([*compiler, program, "-L", root, "-lplanted", "-o", root / "p"], check=True)
        return wrong_libraries(root / "p", allowed_libraries())


def planted_library_call(compiler):
    """A library that remembers and prints."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        text = "#include <stdio.h>\nint l(void);\nint l(void) { static int n; return n++ + puts(\"x\"); }\n"
        source = plant(root, "l.c", text)
        subprocess.run([*compiler, "-shared", "-fPIC", source, "-o", root / "l.so"], check=True)
        findings = impure_library(root / "l.so", allowed_symbols())
        return [re.sub(r" (l\.n|n\.\d+)$", " n", f) for f in findings]  # as compilers call it


def planted_licence():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        plant(root, "tests/x.py", "print()\n")
        return without_licence(root)


PLANTED_INCLUDES = [  # who, what, whether it is wrong
    ("src/core/mail/x.c", '"edge/os/os.h"', True),
    ("src/core/mail/x.h", '"core/report/report.h"', True),
    ("src/core/policy/x.c", '"core/mail/mail.h"', True),
    ("src/core/classify/x.c", '"core/report/internal.h"', True),
    ("src/core/classify/x.c", '"internal.h"', True),
    ("src/core/classify/x.c", '"../report/report.h"', True),
    ("src/core/base/x.c", "<sqlite3.h>", True),
    ("src/core/policy/x.c", "<sodium.h>", True),
    ("src/edge/conf/x.c", '"edge/store/store.h"', True),
    ("src/edge/store/x.c", "<ini.h>", True),
    ("src/edge/os/x.c", '"app/cli/cli.h"', True),
    ("src/newcomer/x.c", "<stdio.h>", True),
    ("src/lib/x.c", '"edge/os/os.h"', True),
    ("src/lib/x.c", '"core/fact/internal.h"', True),
    ("src/lib/x.c", "<sqlite3.h>", True),
    ("src/app/cli/x.c", '"lib/internal.h"', True),
    ("src/app/cli/x.c", '"app/daemon/daemon.h"', True),
    ("src/app/cli/x.c", "<event2/event.h>", True),
    ("src/app/daemon/x.c", "<sqlite3.h>", True),
    ("src/app/fetch/x.c", "<curl/curl.h>", True),
    ("src/edge/remote/x.c", "<curl/curl.h>", False),
    ("src/edge/remote/x.c", '"edge/store/store.h"', True),
    ("src/app/daemon/x.c", '"app/cli/cli.h"', False),
    ("src/app/cli/x.c", "<bouncebox/bouncebox.h>", True),
    ("src/core/fact/x.c", "<bouncebox/bouncebox.h>", True),
    ("src/core/fact/x.c", '"core/report/report.h"', False),
    ("src/lib/x.c", '"core/fact/fact.h"', False),
    ("src/lib/x.c", '"edge/charset/charset.h"', False),
    ("src/lib/x.c", "<bouncebox/bouncebox.h>", False),
    ("src/core/mail/x.c", '"core/mail/internal.h"', False),
    ("src/edge/store/x.c", "<sqlite3.h>", False),
    ("src/app/cli/x.c", '"edge/store/store.h"', False),
]


# ---- TAP ------------------------------------------------------------------------------------------------

HERE = pathlib.Path(__file__).resolve().parent
count = failed = 0


def allowed_symbols():
    return [w for row in words(HERE / "symbols.txt") for w in row]


OTHERS = ("daemon", "fetch")  # programs that bouncebox executes, for what they alone are linked with


def allowed_libraries():
    return [w for row in words(HERE / "libraries.txt") for w in row if row[0] not in OTHERS]


def own_libraries(other):
    """What only that program may be linked with, beside those."""
    return [w for first, *rest in words(HERE / "libraries.txt") if first == other for w in rest]


def library_may(what):
    """The row of library.txt: "calls" (beside symbols.txt) or "links"."""
    return [w for first, *rest in words(HERE / "library.txt") if first == what for w in rest]


def ok(holds, name, notes=()):
    global count, failed
    count += 1
    failed += not holds
    print("%sok %d - %s" % ("" if holds else "not ", count, name))
    if not holds:
        for note in notes:
            print("#   %s" % note)


def skip(name, why):
    global count
    count += 1
    print("ok %d - %s # SKIP %s" % (count, name, why))


def none(findings, name):
    ok(not findings, name, findings)


def check_library(library):
    calls = allowed_symbols() + library_may("calls")
    none(impure_library(library, calls), "libbouncebox calls what it may, and has no variables")
    none(wrong_libraries(library, library_may("links")), "libbouncebox is linked with what it may")


def check_other(name, program):
    none(wrong_libraries(program, allowed_libraries() + own_libraries(name)), "nor is %s, but for what is its own" % name)
    ok(wrong_libraries(program, allowed_libraries()), "what only %s may be linked with is found" % name)


def main(root, compiler, archive=None, program=None, library=None, *others):
    root, compiler = pathlib.Path(root), compiler.split(",")
    none(wrong_includes(root, Layers(HERE / "layers.txt")), "includes follow layers.txt")
    none(without_licence(root), "every source file has an SPDX line")
    instrumented = "sanitizers call everything"
    if archive:
        none(impure_calls(archive, allowed_symbols()), "the core calls nothing but symbols.txt")
    else:
        skip("the core calls nothing but symbols.txt", instrumented)
    if program:
        none(wrong_libraries(program, allowed_libraries()), "the program is linked with nothing but libraries.txt")
    else:
        skip("the program is linked with nothing but libraries.txt", instrumented)
    for name, other in zip(OTHERS, others):
        check_other(name, other)
    if not others:
        skip("nor are the programs that it executes, but for what is their own", instrumented)
    if library:
        check_library(library)
    else:
        skip("libbouncebox calls and links what library.txt says", instrumented)

    for includer, include, wrong in PLANTED_INCLUDES:
        findings = planted_include(includer, include)
        fired = any(f.startswith((includer + ":2:", includer + ":1: layers.txt")) for f in findings)
        ok(fired == wrong, "planted: %s in %s is %s" % (include, includer, "found" if wrong else "fine"), findings)
    ok(planted_cycle(), "planted: a cycle in layers.txt is found")
    ok(planted_call(compiler) == ["p.o: calls getenv"], "planted: a call of getenv is found", planted_call(compiler))
    ok(planted_library(compiler) == ["linked with libplanted.so"], "planted: a foreign library is found")
    planted = planted_library_call(compiler)
    ok(planted == ["calls puts", "has a variable, n"], "planted: a library that prints and remembers is found", planted)
    ok(planted_licence() == ["tests/x.py:1: no SPDX line"], "planted: a file without SPDX line is found")
    print("1..%d" % count)
    return 1 if failed else 0


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 8:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
