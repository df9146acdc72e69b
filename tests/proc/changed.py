#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""subscriber export --changed-since: who is otherwise, and the script of docs/commands.md that makes a table follow.

usage: changed.py PROGRAM
"""
import os
import re
import shutil
import sqlite3
import subprocess

from box import PROGRAM, ROOT, done, folder, new_home, ok, run, same


class Box:
    def __init__(self):
        self.home = new_home()

    def do(self, *words, now):
        got = run(*words, "--now", now, home=self.home)
        ok(got.code == 0, "%s, %s" % (" ".join(words[:3]), now), got)
        return got

    def changed(self, since, now, *more):
        """Names and statuses of those who changed."""
        rows = self.do("subscriber", "export", "--changed-since", since, "--json", *more, now=now).lines()
        return [(r["address"].partition("@")[0], r["status"]) for r in rows]


def test_changes():
    box = Box()
    box.do("subscriber", "add", "--list", "news", "--since", "2020-01-01", "ann@example.net", "bob@example.net", now="2026-11-01")
    box.do("subscriber", "add", "--list", "news", "--since", "2020-01-01", "cid@example.net", now="2026-11-03")
    same(box.changed("2026-11-02", "2026-11-04"), [("cid", "active")], "added since then, whatever he says he is on the list since")
    same(box.changed("2026-11-03", "2026-11-04"), [("cid", "active")], "at that time itself")
    same(box.changed("2026-11-03T00:00:01Z", "2026-11-04"), [], "not before it")
    box.do("subscriber", "set", "--status", "quarantined", "--until", "2026-11-10", "ann@example.net", now="2026-11-05")
    box.do("subscriber", "set", "--status", "bounced", "--at", "2026-10-01", "bob@example.net", now="2026-11-06")
    same(box.changed("2026-11-05", "2026-11-07"), [("ann", "quarantined"), ("bob", "bounced")],
         "status: by when it was recorded, not by when it happened")
    same(box.changed("2026-11-07", "2026-11-09"), [], "nothing more")
    same(box.changed("2026-11-07", "2026-11-10"), [("ann", "active")], "a quarantine that ended by itself since then")
    same(box.changed("2026-11-11", "2026-11-20"), [], "not one that ended before")
    box.do("subscriber", "set", "--address", "dan@example.net", "cid@example.net", now="2026-11-12")
    box.do("subscriber", "add", "--list", "news", "--external-id", "7", "ann@example.net", now="2026-11-13")
    same(box.changed("2026-11-12", "2026-11-20"), [("ann", "active"), ("dan", "active")], "a new address, an external id that came")
    box.do("subscriber", "add", "--list", "news", "ann@example.net", "dan@example.net", now="2026-11-14")
    same(box.changed("2026-11-14", "2026-11-20"), [], "who is there already does not change")
    same(box.changed("2026-11-01", "2026-11-20", "--status", "bounced"), [("bob", "bounced")], "with --status: of these")
    box.do("list", "add", "other", now="2026-11-14")
    same(box.changed("2026-11-01", "2026-11-20", "--list", "other"), [], "with --list: of that list")
    same(len(box.changed("1970-01-01", "2026-11-20")), 3, "since ever: everybody")
    got = run("subscriber", "export", "--changed-since", "yesterday", home=box.home)
    ok(got.code == 64 and "no time" in got.said, "no time", got)


def test_script():
    """As it stands in the documentation, again and again."""
    if not shutil.which("sqlite3"):
        return ok(True, "the script of docs/commands.md # SKIP no sqlite3")
    script = re.search(r"^```sh\n(#!/bin/sh\n# follow\.sh.*?)^```", (ROOT / "docs/commands.md").read_text(), re.M | re.S).group(1)
    home, place = new_home(), folder()
    (place / "bouncebox").symlink_to(PROGRAM)
    env = dict(os.environ, PATH="%s:%s" % (place, os.environ["PATH"]), BOUNCEBOX_HOME=str(home))

    def follow(what):
        got = subprocess.run(["sh", "-c", script], cwd=place, env=env, capture_output=True, text=True)
        ok(got.returncode == 0 and not got.stderr, "follow.sh: " + what, got)
        db = sqlite3.connect(place / "shop.db")
        rows = db.execute("SELECT id, email, coalesce(external_id, ''), status, until, contact FROM bounce_status ORDER BY id").fetchall()
        db.close()
        want = [(s["id"], s["address"], s["external_id"], s["status"], s["until"], "yes" if s["contact"] else "no")
                for s in run("subscriber", "export", "--json", home=home).lines()]
        same(rows, want, "follow.sh: the table is right, " + what)

    run("subscriber", "add", "--list", "news", "ann@example.net", '"b, c"@example.net', home=home)
    follow("first")
    run("subscriber", "set", "--status", "bounced", "#1", home=home)
    run("subscriber", "add", "--list", "news", "--external-id", "0042", "new@example.net", home=home)
    follow("after changes")
    same(len(run("subscriber", "export", "--changed-since", (place / "follow.since").read_text().strip(), home=home).text.splitlines()), 4,
         "follow.sh: it overlaps")
    follow("when nothing happened")


def main():
    for test in (test_changes, test_script):
        test()
    done()


if __name__ == "__main__":
    main()
