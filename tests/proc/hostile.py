#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hostile and broken input: each has its name, its exit code and its words; nothing crashes, nothing else is lost.

usage: hostile.py PROGRAM
"""
import os
import random
import resource
import sqlite3
import subprocess

from box import PROGRAM, done, fixtures, folder, mbox, new_home, ok, run, same

TOP = folder()
KEYS = {"v", "source", "kind", "reason", "recipient", "action", "status", "reply_code", "command", "diagnostic",
        "remote_mta", "reporting_mta", "format", "rule", "confidence", "return_path", "token", "date", "original",
        "content_id", "truncated"}
HEAD = b"From: MAILER-DAEMON@example.net\nTo: bounces@example.com\nSubject: a message\nDate: Tue, 24 Nov 2026 09:00:00 +0000\n"
GOOD = fixtures()[0].read_bytes()


def file(name, data):
    path = TOP / name
    path.write_bytes(data)
    return path


def nested(depth):
    """Multiparts in multiparts, with a text at the bottom."""
    out = [HEAD, b"Content-Type: multipart/mixed; boundary=b0\n\n"]
    for i in range(1, depth):
        out.append(b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (i - 1, i))
    out.append(b"--b%d\n\n550 5.1.1 <user@example.net>: no such user\n" % (depth - 1))
    out += [b"--b%d--\n" % i for i in reversed(range(depth))]
    return b"".join(out)


# name, bytes, messages in it, must it say that it was cut
MAIL = [
    ("an empty file", b"", 0, False),
    ("one byte", b"\n", 1, False),
    ("binary noise", random.Random(1).randbytes(300000), 1, False),
    ("NUL bytes only", bytes(100000), 1, False),
    ("a mailbox line and nothing else", b"From MAILER-DAEMON Tue Nov 24 09:00:00 2026\n", 1, False),
    ("a header without end", HEAD + b"X-Long: " + b"a" * 5000000, 1, True),
    ("a message of 50 MiB", HEAD + b"\n" + b"the text of a long message goes on and on\n" * (50 * 1024 * 1024 // 42), 1, None),
    ("a base64 body of 20 MiB", HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"QUFB" * 18 * 290000, 1, True),
    ("1000 nested multiparts", nested(1000), 1, True),
    ("a million headers", HEAD + b"X-A: b\n" * 1000000 + b"\ntext\n", 1, True),
    ("a hundred thousand Received lines", b"Received: from a by b; Tue, 24 Nov 2026 09:00:00 +0000\n" * 100000 + HEAD + b"\n", 1, True),
    ("200,000 recipients", HEAD + b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n"
     b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; a.example\n\n" +
     b"".join(b"Final-Recipient: rfc822; u%d@example.net\nAction: failed\nStatus: 5.1.1\n\n" % i for i in range(200000)) +
     b"--x--\n", 1, True),
    ("control bytes in every field", HEAD.replace(b"a message", b"\x1b[2J\x07\x00\xff\xfe") + b"\n\x1b]0;title\x07\n", 1, False),
]


def children(path):
    return "peak %d MiB" % (resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)


def test_mail():
    for name, data, count, cut in MAIL:
        path = file("mail", data)
        got = run("parse", path)
        rows = got.lines() if ok(got.code == 0, "parse: " + name, got) else []
        same(len({r["source"] for r in rows}), count, "parse: %s: %d" % (name, count))
        ok(all(set(r) == KEYS for r in rows), "parse: %s: every key is there" % name, rows[:1])
        if cut is not None:
            same(any(r["truncated"] for r in rows), cut, "parse: %s: %s" % (name, "says that it is cut" if cut else "whole"))
        text = run("parse", "--format", "text", path)
        ok(text.code == 0 and not [b for b in text.out if b < 32 and b != 10 or b == 127],
           "parse: %s: no control byte reaches the terminal" % name)
    print("# " + children(None))


def test_ingest():
    """All of it in one run, with good mail before and behind: the good mail is all there, and again is all known."""
    home, box = new_home(), TOP / "all"
    box.mkdir()
    for i, (name, data, count, cut) in enumerate(MAIL):
        if len(data) < 2000000:
            (box / ("%02d" % i)).write_bytes(data)
    (box / "00-good.eml").write_bytes(GOOD)
    (box / "99-good.eml").write_bytes(fixtures()[1].read_bytes())
    first = run("ingest", "--json", "--now", "2026-11-25", box, home=home)
    ok(first.code == 0 and first.json()["reports"] >= 2, "ingest: all of it at once", first)
    again = run("ingest", "--json", "--now", "2026-11-25", box, home=home).json()
    same(again["duplicates"], again["messages"], "ingest: again, all of it is known")
    same(run("ingest", file("empty", b""), home=home).code, 0, "ingest: an empty file is no error")


def test_truncated():
    """Cut anywhere, a bounce is read as far as it goes."""
    box, count = TOP / "cut", 0
    box.mkdir()
    for path in fixtures()[::9]:
        raw = path.read_bytes()
        for end in range(97, len(raw), 97):
            (box / ("%s-%05d.eml" % (path.stem, end))).write_bytes(raw[:end])
            count += 1
    got = run("parse", box)
    rows = got.lines()
    ok(got.code == 0 and not got.said, "cut at every 97th byte: read", got)
    same(len({r["source"] for r in rows}), count, "cut at every 97th byte: a record each")
    ok(all(set(r) == KEYS for r in rows), "cut at every 97th byte: every key is there")
    got = run("parse", file("cut.mbox", mbox(p.read_bytes() for p in fixtures())[:-500]))
    same((got.code, len({r["source"] for r in got.lines()})), (0, len(fixtures())), "an mbox without its end")


def test_files():
    good = file("good.eml", GOOD)
    for command in (("parse",), ("ingest", "--json", "--now", "2026-11-25")):
        home = new_home()
        got = run(*command, TOP / "missing", home=home)
        ok(got.code == 66 and "missing" in got.said, "%s: a missing file" % command[0], got)
        got = run(*command, TOP / "missing", good, home=home)
        ok(got.code == 66 and b"rfc3464" in got.out or b'"reports":1' in got.out,
           "%s: a missing file, and the others are read" % command[0], got)
    got = run("parse", "--rules", TOP, good)
    ok(got.code in (65, 66, 74) and str(TOP) in got.said, "a folder where a file of rules is meant", got)
    os.symlink("loop", TOP / "loop")
    ok(run("parse", TOP / "loop").code in (66, 74, 77), "a link to itself")
    test_unreadable(good)


def test_unreadable(good):
    """A file that we may not read: as another user where we are root, for root reads everything."""
    box = TOP / "unreadable"
    box.mkdir()
    (box / "a.eml").write_bytes(GOOD)
    (box / "b.eml").write_bytes(GOOD)
    (box / "a.eml").chmod(0)
    who = {}
    if os.getuid() == 0:
        who = {"user": 65534, "group": 65534, "extra_groups": []}
        TOP.chmod(0o755)
        try:
            subprocess.run([PROGRAM, "--version"], check=True, stdout=subprocess.DEVNULL, **who)
        except (OSError, subprocess.CalledProcessError):
            print("# the program lies where nobody else may go; not tried: an unreadable file")
            return
    got = run("parse", box, cwd="/", **who)
    ok(got.code == 77 and "a.eml" in got.said and b"b.eml" in got.out, "an unreadable file is told, the other is read", got)


def test_csv():
    home = new_home()
    rubbish = [("noise", random.Random(2).randbytes(100000)), ("no header that helps", b"foo,bar\n1,2\n"),
               ("empty", b""), ("an open quote", b'email\n"never closed\n' + b"x" * 200000),
               ("NUL bytes", b"email\n" + bytes(1000)), ("a long row", b"email\n" + b"a," * 100000)]
    for name, data in rubbish:
        got = run("subscriber", "import", "--list", "news", file("rubbish.csv", data), home=home)
        ok(got.code == 65 and (got.said or "left out" in got.text), "a CSV of rubbish: " + name, got)
    got = run("subscriber", "import", "--list", "news", file("mixed.csv", b'email\ngood@example.net\n"stray\nnot an address\nalso-good@example.net\n'),
              home=home)
    people = run("subscriber", "export", "--list", "news", home=home).text
    ok("good@example.net" in people and "also-good@example.net" in people and got.code == 65,
       "a CSV with broken lines: the good ones are in, and the exit code says it", got)


def test_home():
    commands = (("list", "show"), ("ingest", file("one.eml", GOOD)), ("verp", "decode", "bounce-1@example.com"))

    def broken(name, code, words, break_it):
        home = new_home()
        break_it(home)
        for command in commands:
            got = run(*command, home=home)
            ok(got.code == code and all(w in got.said for w in words), "%s: %s" % (name, command[0]), got)

    def foreign(home):
        (home / "bouncebox.db").unlink()
        db = sqlite3.connect(home / "bouncebox.db")
        db.execute("CREATE TABLE songs (name TEXT)")
        db.commit()
        db.close()

    def corrupt(home):
        path = home / "bouncebox.db"
        data = path.read_bytes()
        path.write_bytes(data[:4096] + random.Random(3).randbytes(len(data) - 4096))

    def unknown_key(home):
        with open(home / "bouncebox.conf", "a") as f:
            f.write("soft_limt = 3\n")  # in [list news], the last section

    def no_database(home):
        (home / "bouncebox.db").unlink()
    broken("a database of somebody else's", 65, ["bouncebox.db"], foreign)
    broken("a text file for a database", 65, ["bouncebox.db"], lambda h: (h / "bouncebox.db").write_text("hello " * 1000))
    broken("a missing database", 66, ["bouncebox.db", "init"], no_database)
    broken("a configuration with an unknown key", 78, ["bouncebox.conf:", "soft_limt", "soft_limit"], unknown_key)
    home = new_home()
    corrupt(home)
    for command in commands:
        got = run(*command, home=home)
        ok(got.code in (65, 74) and "bouncebox.db" in got.said, "a corrupt database: " + command[0], got)
    home = new_home()
    (home / "keys").chmod(0o644)
    for command in commands[1:]:
        got = run(*command, home=home)
        ok(got.code == 78 and "chmod 600" in got.said, "a key file that others may read: " + command[0], got)
    got = run("list", "show", home=TOP / "nowhere")
    ok(got.code == 78 and "bouncebox init" in got.said, "no home", got)
    got = run("list", "show")
    ok(got.code in ((64,) if os.getuid() else (64, 0, 78)), "a home that nobody named", got)


def main():
    for test in (test_mail, test_ingest, test_truncated, test_files, test_csv, test_home):
        test()
    done()


if __name__ == "__main__":
    main()
