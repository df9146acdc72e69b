#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What an installation is: its files and their modes, a program that runs from there, and what ./dev install does.

usage: install.py PROGRAM
"""
import os
import re
import shutil
import stat
import subprocess

from box import PROGRAM, ROOT, done, folder, fixtures, ok, run, same

BUILD = PROGRAM.parent
# Paths below the prefix, with their modes.
EXPECTED = {
    "bin/bouncebox": 0o755,
    "libexec/bouncebox-deliver": 0o755,
    "libexec/bouncebox/bouncebox-fetch": 0o755,
    "libexec/bouncebox/bouncebox-serve": 0o755,
    "libexec/bouncebox/bouncebox-postfix": 0o755,
    "share/bash-completion/completions/bouncebox": 0o644,
    "share/zsh/site-functions/_bouncebox": 0o644,
    "share/man/man5/bouncebox.conf.5": 0o644,
    "share/man/man5/bouncebox-rules.5": 0o644,
    "share/man/man1/bouncebox.1": 0o644,
    "share/doc/bouncebox/README.md": 0o644,
    "share/doc/bouncebox/ARCHITECTURE.md": 0o644,
    "share/doc/bouncebox/LICENSE": 0o644,
    "share/doc/bouncebox/rules/README.md": 0o644,
}
# The library's, of which another test knows more.
LIBRARY = re.compile(r"lib/.*libbouncebox\.(so[.0-9]*|a)$|lib/.*pkgconfig/bouncebox\.pc$|include/bouncebox/[a-z]+\.h$")


def expected():
    out = dict(EXPECTED)
    for doc in (ROOT / "docs").glob("*.md"):
        out["share/doc/bouncebox/docs/" + doc.name] = 0o644
    for first in {c["name"].split()[0] for c in run("help", "--json").json()["commands"]} - {"help"}:
        out["share/man/man1/bouncebox-%s.1" % first] = 0o644
    return out


def test_files(top):
    env = dict(os.environ)
    old = os.umask(0o077)  # modes are said, not left to whoever installs
    got = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", top], capture_output=True, text=True, env=env)
    os.umask(old)
    if not ok(got.returncode == 0, "meson install", got.stdout + got.stderr):
        return None
    prefix = next((p.parent.parent for p in top.rglob("bin/bouncebox")), None)
    ok(prefix, "there is a program")
    files = {str(p.relative_to(prefix)): stat.S_IMODE(p.stat().st_mode) for p in prefix.rglob("*") if p.is_file()}
    want = expected()
    same(sorted(f for f in files if not LIBRARY.match(f)), sorted(want), "the files, and no other")
    same({f: oct(files.get(f, 0)) for f in want}, {f: oct(m) for f, m in want.items()}, "their modes")
    outside = [str(p) for p in top.rglob("*") if p.is_file() and prefix not in p.parents]
    same(outside, [], "nothing beside the prefix")
    return prefix


def test_program(prefix):
    program, env = prefix / "bin" / "bouncebox", {"PATH": "/usr/bin:/bin", "HOME": str(prefix)}
    def do(*words, **more):
        return subprocess.run([program, *map(str, words)], capture_output=True, cwd="/", env=env, **more)
    same(do("--version").stdout, run("--version").out, "the installed program says its version")
    same(do("parse", fixtures()[0]).stdout, run("parse", fixtures()[0]).out, "and reads bounces: rules come along")
    home = folder() / "box"
    same([do("--home", home, *w).returncode for w in (("init",), ("list", "add", "news"), ("store", "check"))], [0, 0, 0],
         "and keeps a home: migrations come along")
    wrapper = prefix / "libexec" / "bouncebox-deliver"
    ok(str(prefix)[-len("/usr/local"):] == "/usr/local" and "/usr/local/bin/bouncebox" in wrapper.read_text(),
       "the wrapper calls the program where it will be", wrapper.read_text())
    env.update(BOUNCEBOX_PROGRAM=str(program), BOUNCEBOX_HOME=str(home))
    got = subprocess.run([wrapper, "--", "a@example.net"], input=b"Subject: x\n\nx\n", capture_output=True, env=env)
    same((got.returncode, got.stdout), (0, b""), "the wrapper delivers through it")
    same((prefix / "share/bash-completion/completions/bouncebox").read_text(), run("help", "--completion", "bash").text,
         "completion is that of this program")
    readme = prefix / "share/doc/bouncebox"
    links = re.findall(r"\]\(([^)#:]+\.md)\)", (readme / "README.md").read_text())
    same([l for l in links if not (readme / l).exists()], [], "links of the README hold where it lies")


def test_uninstall(top):
    """In a copy of the build, whose log says what to remove: others may be testing the build itself."""
    copy = folder() / "dev"
    (copy / "build").mkdir(parents=True)
    shutil.copy(ROOT / "dev", copy / "dev")
    got = subprocess.run(["sh", copy / "dev", "uninstall"], capture_output=True, text=True)
    ok(got.returncode and "nothing was installed" in got.stderr, "./dev uninstall without an install", got.stdout + got.stderr)
    log = BUILD / "meson-logs" / "install-log.txt"
    (copy / "build" / "meson-logs").mkdir()
    shutil.copy(log, copy / "build" / "meson-logs")
    (copy / "build" / "build.ninja").write_text("rule gone\n  command = meson --internal uninstall\nbuild uninstall: gone\n")
    got = subprocess.run(["sh", copy / "dev", "uninstall"], capture_output=True, text=True)
    same([str(p) for p in top.rglob("*") if not p.is_dir()], [], "./dev uninstall leaves no file, and tells what stays")
    ok(got.returncode == 0 and "postfix undo" in got.stdout + got.stderr, "and says what stays", got.stdout + got.stderr)


def test_dev():
    """./dev install hands the right words to meson: stand-ins note what they are given."""
    place = folder()
    shutil.copy(ROOT / "dev", place / "dev")
    tools = place / "tools"
    tools.mkdir()
    for tool in ("meson", "ninja"):
        (tools / tool).write_text('#!/bin/sh\necho "%s $*" >> "%s/calls"\n' % (tool, place))
        (tools / tool).chmod(0o755)
    (tools / "dpkg-query").write_text("#!/bin/sh\necho ii\n")  # whatever package is asked for is there
    (tools / "dpkg-query").chmod(0o755)
    env = dict(os.environ, PATH="%s:%s" % (tools, os.environ["PATH"]))
    (place / "elsewhere").mkdir()
    for words, want in (((), "meson install -C build --no-rebuild"),
                        (("/tmp/root",), "meson install -C build --no-rebuild --destdir /tmp/root"),
                        (("root",), "meson install -C build --no-rebuild --destdir %s/elsewhere/root" % place)):
        (place / "calls").write_text("")
        got = subprocess.run(["sh", place / "dev", "install", *words], cwd=place / "elsewhere", env=env, capture_output=True, text=True)
        calls = (place / "calls").read_text().splitlines()
        same((got.returncode, calls[-1:], any(c.startswith("ninja") for c in calls)), (0, [want], True),
             "./dev install %s builds, then installs" % " ".join(words))


def main():
    if not shutil.which("meson"):
        ok(True, "meson install # SKIP no meson")
        return done()
    top = folder() / "root"
    prefix = test_files(top)
    if prefix:
        test_program(prefix)
    test_uninstall(top)
    test_dev()
    done()


if __name__ == "__main__":
    main()
