#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same messages as mbox, mboxrd, Maildir, folder and standard input give the same facts.

usage: mailboxes.py PROGRAM
"""
import re
import sqlite3

from box import done, fixtures, folder, mbox, new_home, ok, run, same

TRICKY = (b"From: someone@example.net\nTo: bounces@example.com\nSubject: words at the start of lines\n"
          b"Message-ID: <tricky-%d@example.net>\nDate: Tue, 24 Nov 2026 09:00:00 +0000\n\n"
          b"From here on it is text.\n>From quoted once\n\nFrom nobody Tue\n.\nlast line\n")


def forms(top):
    """name, paths, standard input: the same messages, laid out five ways."""
    plain = [p.read_bytes() for p in fixtures()]
    tricky = [TRICKY % 1, (TRICKY % 2).replace(b"\n", b"\r\n")]
    messages = plain + tricky
    for name in ("maildir/cur", "maildir/new", "maildir/tmp", "folder/a/b", "folder/c"):
        (top / name).mkdir(parents=True)
    for i, raw in enumerate(messages):
        (top / ("maildir/" + ("cur" if i % 2 else "new")) / ("%d.M%d.host:2,S" % (1700000000 + i, i))).write_bytes(raw)
        (top / ("folder/" + ("a/b" if i % 3 else "c")) / ("%03d.eml" % i)).write_bytes(raw)
    (top / "maildir/tmp/half").write_bytes(b"From: half\n")
    (top / "folder/.hidden").write_bytes(b"From: hidden\n")
    (top / "mboxrd").write_bytes(mbox(messages))
    # The older quoting cannot tell ">From" in a message from its own: without such messages it must agree.
    (top / "mbox").write_bytes(mbox(plain, "mboxo") + mbox(tricky))
    return [("mboxrd", [top / "mboxrd"], b""), ("mbox", [top / "mbox"], b""), ("Maildir", [top / "maildir"], b""),
            ("folder", [top / "folder"], b""), ("standard input", ["-"], (top / "mboxrd").read_bytes()),
            ("nothing named", [], (top / "mboxrd").read_bytes())], len(messages)


def facts(paths, stdin):
    """What parse says, without where it stood; in an order of its own. The mbox line gives a date to what has none."""
    got = run("parse", *paths, stdin=stdin)
    rows = sorted((r["content_id"], r["recipient"], r["kind"], r["reason"], r["rule"], r["diagnostic"], r["date"])
                  for r in got.lines())
    return got, rows


def stored(home):
    """Every report and reading of the database, without ids and sources."""
    db = sqlite3.connect("file:%s?mode=ro" % (home / "bouncebox.db"), uri=True)
    return sorted(db.execute("SELECT hex(r.key), r.time, g.position, g.kind, g.reason, g.recipient, g.rule"
                             " FROM report r JOIN reading g ON g.report = r.id"))


def main():
    top = folder()
    laid, count = forms(top)
    want = stores = None
    for name, paths, stdin in laid:
        got, rows = facts(paths, stdin)
        ok(got.code == 0 and not got.said, name + ": all of it is read", got)
        same(len({r["source"] for r in got.lines()}), count, name + ": each message has a source of its own")
        want = want or rows
        same(rows, want, name + ": the same facts")
        home = new_home()
        sums = run("ingest", "--json", "--now", "2026-11-25", *paths, stdin=stdin, home=home)
        same((sums.code, sums.json()["messages"], sums.json()["duplicates"]), (0, count, 0), name + ": ingested")
        stores = stores or stored(home)
        same(stored(home), stores, name + ": the same in the database")
    everything = [str(p) for _, paths, _ in laid[:4] for p in paths]
    sums = run("ingest", "--json", "--now", "2026-11-25", *everything, home=new_home()).json()
    same((sums["messages"], sums["duplicates"]), (4 * count, 3 * count), "several paths in one run: each message once")
    sources = [r["source"] for r in run("parse", top / "folder").lines()]
    ok(all(re.search(r"folder/(a/b|c)/\d+\.eml$", s) for s in sources), "a folder's sources are its files", sources[:5])
    sources = [r["source"] for r in run("parse", top / "mboxrd").lines()]
    ok(sources[0] == "%s#1" % (top / "mboxrd"), "an mbox's sources are numbered", sources[:3])
    done()


if __name__ == "__main__":
    main()
