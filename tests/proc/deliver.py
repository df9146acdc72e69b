#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""deliver, and the wrapper that Postfix's pipe(8) runs: stored and 0, or 75. Whatever happens, nothing else, and nothing
is printed: pipe(8) throws a bounce away on other codes and on output that looks like a status.

usage: deliver.py PROGRAM
"""
import fcntl
import os
import subprocess
import time

from box import FIXTURES, PROGRAM, done, fixtures, folder, new_home, ok, run, same

TOP = folder()
WRAPPER = PROGRAM.parent / "packaging" / "bouncebox-deliver"
NOW = "2026-11-24T12:00:00Z"


def test_program():
    home = new_home()
    run("subscriber", "add", "--list", "news", "--now", NOW, "full@remote.test", home=home)
    path = run("verp", "encode", "--list", "news", "--json", "--now", NOW, "full@remote.test", home=home).json()["return_path"]
    raw = (FIXTURES / "postfix-full.eml").read_bytes()
    got = run("deliver", "--now", NOW, "--", path, home=home, stdin=raw)
    ok(got.code == 0 and not got.out and not got.err, "stored: 0, and not a word", got)
    shown = run("explain", "full@remote.test", "--json", "--now", NOW, home=home).json()
    same((shown["subscriber"]["status"], shown["facts"][0]["trust"], shown["facts"][0]["source"]),
         ("quarantined", "signed", "pipe"), "whom it is about, the envelope says")
    same(run("deliver", "--now", NOW, path, home=home, stdin=raw).code, 0, "again: known, and 0")
    same(run("report", "--json", home=home).json()["reports"], 1, "again: stored once")
    got = run("deliver", "--original", path, "alias@example.com", home=home, stdin=raw.replace(b"Subject:", b"Subject: 2", 1))
    same((got.code, len(run("explain", "full@remote.test", "--json", home=home).json()["facts"])), (0, 2),
         "an alias in between: the original recipient says whom")
    for name, data in (("nothing", b""), ("noise", bytes(range(256)) * 1000), ("an mbox line", b"From x Tue Nov 24 09:00:00 2026\n" + raw)):
        same(run("deliver", path, home=home, stdin=data).code, 0, "taken as one message: " + name)


def test_trouble():
    home, raw = new_home(), fixtures()[0].read_bytes()
    for words in (("--nonsense",), ("two", "many"), ("--list", "nwes", "x@y"), ("--original",)):
        same(run("deliver", *words, home=home, stdin=raw).code, 75, "75: deliver " + " ".join(words))
    same(run("deliver", "x@y", home=TOP / "none", stdin=raw).code, 75, "75: no home")
    (home / "keys").rename(home / "keys.away")
    same(run("deliver", "x@y", home=home, stdin=raw).code, 75, "75: no key file")
    (home / "keys.away").rename(home / "keys")
    holder = open(home / "bouncebox.db-lock", "ab")
    fcntl.flock(holder, fcntl.LOCK_EX)
    late = subprocess.Popen([str(PROGRAM), "deliver", "x@y"], stdin=subprocess.PIPE, env=dict(os.environ, BOUNCEBOX_HOME=str(home)))
    late.stdin.write(raw)
    late.stdin.close()
    time.sleep(1)
    ok(late.poll() is None, "a busy database: patience")
    holder.close()
    same(late.wait(20), 0, "and then it is stored")


def wrapped(program, home, stdin=b"x\n", seconds="300", words=("x@y",)):
    env = dict(os.environ, BOUNCEBOX_HOME=str(home), BOUNCEBOX_PROGRAM=str(program), BOUNCEBOX_DELIVER_SECONDS=seconds)
    return subprocess.run(["sh", str(WRAPPER), *words], input=stdin, capture_output=True, env=env, timeout=55)


def script(name, text):
    path = TOP / name
    path.write_text("#!/bin/sh\n" + text + "\n")
    path.chmod(0o755)
    return path


def test_wrapper():
    home = new_home()
    got = wrapped(PROGRAM, home, fixtures()[0].read_bytes())
    same((got.returncode, got.stdout, got.stderr), (0, b"", b""), "wrapped: stored and 0")
    same(run("report", "--json", home=home).json()["reports"], 1, "wrapped: stored")
    bad = [("removed", TOP / "removed"), ("no program", FIXTURES), ("killed", script("killed", "kill -9 $$")),
           ("hanging", script("hanging", "sleep 60")), ("a crash", script("crash", "kill -SEGV $$")),
           ("prints a status", script("prints", "echo 5.1.1 no such user; exit 1"))]
    bad += [("exits with %d" % code, script("exit%d" % code, "exit %d" % code)) for code in [1, 2, *range(64, 79), 126, 127, 255]]
    for name, program in bad:
        got = wrapped(program, home, seconds="1" if name == "hanging" else "300")
        same((got.returncode, got.stdout, got.stderr), (75, b"", b""), "wrapped: %s: 75, nothing printed" % name)
    got = wrapped(script("talks", "echo 5.1.1 no such user; exit 0"), home)
    same((got.returncode, got.stdout, got.stderr), (0, b"", b""), "wrapped: talks and exits with 0: nothing printed")
    got = wrapped(script("words", '[ "$*" = "deliver --original a b@c -- -d@e  f" ]'), home,
                  words=("--original", "a b@c", "--", "-d@e  f"))
    same(got.returncode, 0, "wrapped: words go on as they are")


def main():
    for test in (test_program, test_trouble, test_wrapper):
        test()
    done()


if __name__ == "__main__":
    main()
