#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""backup, restore, store check, and a database of an older bouncebox brought up to date.

usage: backup.py PROGRAM
"""
import os
import sqlite3
import subprocess

from box import FIXTURES, PROGRAM, ROOT, done, fixtures, folder, make_bounces, mbox, new_home, ok, run, same

TOP = folder()
NOW = "2026-11-25"
MIGRATIONS = sorted((ROOT / "sql" / "sqlite").glob("*.sql"))


def filled():
    home = new_home()
    (TOP / "readers.csv").write_bytes(make_bounces("readers", FIXTURES))
    run("subscriber", "import", "--list", "news", TOP / "readers.csv", "--now", NOW, home=home)
    run("ingest", FIXTURES, "--now", NOW, home=home)
    return home


def all_of(home):
    return [run(*words, "--now", NOW, "--json", home=home).text for words in
            (("subscriber", "export"), ("report",), ("list", "show"), ("mailing", "show"), ("key", "list", "--show-secret"))]


def test_backup(home):
    copy, other = TOP / "copy", TOP / "other"
    got = run("backup", copy, home=home)
    ok(got.code == 0 and not got.said, "backup", got)
    modes = {p.name: oct(p.stat().st_mode & 0o777) for p in [copy, *copy.iterdir()]}
    same(modes, {"copy": "0o700", "bouncebox.conf": "0o600", "keys": "0o600", "bouncebox.db": "0o600"}, "nobody else reads it")
    got = run("backup", copy, home=home)
    ok(got.code == 64 and "already" in got.said, "backup: nothing is overwritten", got)
    got = run("restore", copy, home=other)
    ok(got.code == 0 and "sound" in got.text, "restore", got)
    same(all_of(other), all_of(home), "restored: everything is as it was")
    got = run("restore", copy, home=other)
    ok(got.code == 64 and "already" in got.said, "restore: nothing is overwritten", got)
    same(run("restore", TOP / "nothing", home=TOP / "third").code, 66, "restore: from nothing")
    ok(not (TOP / "third").exists(), "restore: from nothing makes no home")


def test_in_use():
    """While a long ingest writes: what the copy holds is of one moment, and sound."""
    home = new_home()
    raw = [p.read_bytes() for p in fixtures()]
    box = TOP / "long.mbox"
    box.write_bytes(b"".join(mbox([r.replace(b"Message-ID: <", b"Message-ID: <%d." % i, 1) for r in raw]) for i in range(40)))
    writer = subprocess.Popen([str(PROGRAM), "ingest", str(box)], stdout=subprocess.DEVNULL,
                              env=dict(os.environ, BOUNCEBOX_HOME=str(home)))
    sound = 0
    for i in range(3):
        copy = TOP / ("in-use%d" % i)
        got = run("backup", copy, home=home)
        sound += got.code == 0 and run("store", "check", home=copy).code == 0
    same((writer.wait(), sound), (0, 3), "in use: three copies, each sound")
    counts = [run("report", "--json", home=TOP / ("in-use%d" % i)).json()["reports"] for i in range(3)]
    ok(counts == sorted(counts) and counts[-1] <= 40 * len(raw), "in use: each of a later moment", counts)


def test_check(home):
    same(run("store", "check", home=home).code, 0, "check: sound")
    db = sqlite3.connect(home / "bouncebox.db")
    db.execute("UPDATE reading SET current = 0 WHERE report = 1")
    db.execute("UPDATE subscriber SET status = 2 WHERE id = 3")
    db.commit()
    db.close()
    got = run("store", "check", "--json", home=home)
    same((got.code, got.json()["findings"], got.json()["judged_otherwise"]), (65, ["report 1 has no current reading"], 1),
         "check: a reading that is missing, a status that nothing brought")
    with open(home / "bouncebox.db", "r+b") as f:
        f.seek(3 * 4096)
        f.write(b"\xff" * 8192)
    ok(run("store", "check", home=home).code == 65, "check: a damaged file")


def test_older():
    """From every earlier schema: a command that reads says what to do, one that writes does it, nothing is lost."""
    for version in range(1, len(MIGRATIONS)):
        home = new_home()
        path = home / "bouncebox.db"
        for file in home.glob("bouncebox.db*"):
            file.unlink()
        db = sqlite3.connect(path)
        for migration in MIGRATIONS[:version]:
            db.executescript(migration.read_text())
        db.executescript("PRAGMA application_id = 0x42426f78; PRAGMA user_version = %d" % version)
        db.execute("INSERT INTO list (name, created) VALUES ('news', 0)")
        db.execute("INSERT INTO subscriber (list, address_key, address, contact, since)"
                   " VALUES (1, 'ann@example.net', 'Ann@example.net', 0, 0)")
        db.commit()
        db.close()
        got = run("list", "show", home=home)
        ok(got.code == 78 and "init" in got.said, "schema %d: a reader is told" % version, got)
        same(run("ingest", FIXTURES, "--now", NOW, home=home).code, 0, "schema %d: a writer brings it up to date" % version)
        same(run("store", "check", home=home).code, 0, "schema %d: then it is sound" % version)
        ok("Ann@example.net" in run("subscriber", "export", home=home).text, "schema %d: and nothing is lost" % version)
        db = sqlite3.connect(path)
        same(db.execute("PRAGMA user_version").fetchone()[0], len(MIGRATIONS), "schema %d: to today's" % version)
        db.close()


def main():
    home = filled()
    test_backup(home)
    test_in_use()
    test_check(home)
    test_older()
    done()


if __name__ == "__main__":
    main()
