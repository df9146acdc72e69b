#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Durable means on the disk: what is answered for was synced before, and survives a log that is cut behind that sync.
(A killed process proves nothing of this: the kernel keeps what it wrote.)

usage: durable.py PROGRAM
"""
import os
import re
import shutil
import sqlite3
import subprocess
import time

from box import PROGRAM, done, fixtures, folder, new_home, ok, run, same, skip

TOP = folder()
CALLS = "openat,pwrite64,write,fdatasync,fsync,unlink,unlinkat,ftruncate,rename,exit_group"


def traced(home, *words, stdin=None):
    """The system calls of a run, in order: (name, arguments, result)."""
    log = TOP / "trace"
    env = dict(os.environ, BOUNCEBOX_HOME=str(home), ASAN_OPTIONS="detect_leaks=0")  # which cannot be traced
    got = subprocess.run(["strace", "-f", "-y", "-s", "0", "-o", str(log), "-e", "trace=" + CALLS, str(PROGRAM), *map(str, words)],
                         stdin=open(stdin, "rb") if stdin else subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=env, timeout=55)
    calls = re.findall(r"^\d+\s+(\w+)\((.*)\)\s+= (\S+)", log.read_text(), re.M)
    return got.returncode, calls


def last(calls, name, word=""):
    return max((i for i, (n, a, _) in enumerate(calls) if n == name and word in a), default=-1)


def vouched(calls, what, name):
    """Before `what`, everything written to the log was synced, and the sync said that it is."""
    before = calls[:what] if what >= 0 else []
    written, synced = last(before, "pwrite64", "bouncebox.db-wal"), last(before, "fdatasync", "bouncebox.db-wal")
    good = what >= 0 and 0 <= written < synced and calls[synced][2] == "0"
    ok(good, name, "\n".join("%s(%s) = %s" % c for c in calls[-30:]))


def test_synced():
    try:
        subprocess.run(["strace", "-o", "/dev/null", "true"], check=True)
    except (OSError, subprocess.CalledProcessError):
        return skip("synced before it is answered for", "there is no strace, or it may not trace")
    home = new_home()
    reader = sqlite3.connect(home / "bouncebox.db")  # so that the log is not emptied at the end
    reader.execute("SELECT * FROM list").fetchall()
    mail = TOP / "a.eml"
    shutil.copy(fixtures()[0], mail)
    code, calls = traced(home, "deliver", "x@y", stdin=mail)
    vouched(calls, last(calls, "exit_group"), "deliver: synced before exit code 0")
    same(code, 0, "deliver: 0")
    box = TOP / "box"
    box.mkdir()
    shutil.copy(fixtures()[1], box / "b.eml")
    code, calls = traced(home, "ingest", "--done", "delete", box)
    vouched(calls, last(calls, "unlink", "b.eml"), "ingest --done delete: synced before the file goes")
    same((code, (box / "b.eml").exists()), (0, False), "ingest --done delete: gone")
    mbox = TOP / "c.mbox"
    mbox.write_bytes(b"From x Tue Nov 24 09:00:00 2026\n" + fixtures()[2].read_bytes())
    code, calls = traced(home, "ingest", "--done", "delete", mbox)
    vouched(calls, last(calls, "ftruncate", "c.mbox"), "ingest --done delete: synced before the mailbox is emptied")
    same((code, mbox.stat().st_size), (0, 0), "ingest --done delete: emptied")


def holds(database, log, cut):
    """What a machine finds that lost its log behind `cut`: how many reports, and is it sound."""
    home = TOP / "cut"
    shutil.rmtree(home, True)
    home.mkdir()
    (home / "bouncebox.db").write_bytes(database)
    (home / "bouncebox.db-wal").write_bytes(log[:cut])
    db = sqlite3.connect(home / "bouncebox.db")
    count = db.execute("SELECT count(*) FROM report").fetchone()[0]
    sound = db.execute("PRAGMA integrity_check").fetchone()[0]
    db.close()
    return count, sound


def test_cut():
    home = new_home()
    reader = sqlite3.connect(home / "bouncebox.db")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM list").fetchall()  # and as long as it reads, nothing moves into the database
    sizes = []
    for path in fixtures()[:4]:
        same(run("deliver", "x@y", home=home, stdin=path.read_bytes()).code, 0, "delivered: " + path.stem)
        sizes.append((home / "bouncebox.db-wal").stat().st_size)
    database, log = (home / "bouncebox.db").read_bytes(), (home / "bouncebox.db-wal").read_bytes()
    ok(sizes == sorted(set(sizes)), "each delivery makes the log longer", sizes)
    bad, end = [], time.monotonic() + 15
    for vouched_for in (1, 2, 3):
        begin, behind = sizes[vouched_for - 1], sizes[vouched_for]
        cuts = sorted({begin, behind - 1, behind, *range(begin, behind, max(1, (behind - begin) // 150))})
        for cut in cuts:
            count, sound = holds(database, log, cut)
            if count < vouched_for or sound != "ok":
                bad.append((vouched_for, cut, count, sound))
            if time.monotonic() > end:
                break
    same(bad, [], "a log cut anywhere behind the last sync: everything vouched for is there")
    torn = bytearray(log)
    torn[sizes[1] + 100:sizes[1] + 600] = b"\xff" * 500
    count, sound = holds(database, bytes(torn), len(torn))
    ok(count >= 2 and sound == "ok", "a log that is torn behind it: the same", (count, sound))


def main():
    test_synced()
    test_cut()
    done()


if __name__ == "__main__":
    main()
