#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An ingest that is killed, or that meets another one: run again, everything is there exactly once.

usage: broken_off.py PROGRAM
"""
import os
import re
import sqlite3
import subprocess
import time

from box import PROGRAM, done, fixtures, folder, mbox, new_home, ok, run, same

COPIES = 12


def big_mailbox():
    """Our fixtures several times over, each copy a report of its own."""
    path = folder() / "big.mbox"
    with open(path, "wb") as out:
        for i in range(COPIES):
            out.write(mbox(re.sub(rb"(?mi)^(message-id:\s*<)", rb"\g<1>%d." % i, p.read_bytes()) for p in fixtures()))
    return path, COPIES * len(fixtures())


def stored(home):
    db = sqlite3.connect("file:%s?mode=ro" % (home / "bouncebox.db"), uri=True)
    return sorted(db.execute("SELECT hex(r.key), r.time, g.position, g.kind, g.reason, g.recipient"
                             " FROM report r JOIN reading g ON g.report = r.id"))


def start(home, path):
    return subprocess.Popen([str(PROGRAM), "ingest", "--json", "--now", "2026-11-25", str(path)],
                            env=dict(os.environ, BOUNCEBOX_HOME=str(home)), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def reports(home):
    db = sqlite3.connect("file:%s?mode=ro" % (home / "bouncebox.db"), uri=True)
    return db.execute("SELECT count(*) FROM report").fetchone()[0]


def kill_after_a_batch(home, path, before):
    """Killed as soon as it has committed something more. Answers how many reports are there then."""
    job, until = start(home, path), time.monotonic() + 30
    while reports(home) == before and job.poll() is None and time.monotonic() < until:
        time.sleep(0.001)
    job.kill()
    job.communicate()
    return reports(home)


def test_killed(path, count, want):
    home, seen = new_home(), [0]
    for _ in range(4):
        seen.append(kill_after_a_batch(home, path, seen[-1]))
    print("# reports there after each kill: %s" % seen[1:])
    ok(seen == sorted(seen), "killed: what was committed stays", seen)
    ok(any(0 < n < count for n in seen), "killed: in the middle", seen)
    last = run("ingest", "--json", "--now", "2026-11-25", path, home=home)
    same((last.code, last.json()["reports"] + last.json()["duplicates"]), (0, count), "killed: run again to the end")
    same(stored(home), want, "killed: everything is there exactly once")


def test_two(path, count, want):
    home = new_home()
    jobs = [start(home, path) for _ in range(2)]
    said = [job.communicate() for job in jobs]
    ok(all(job.returncode in (0, 75) for job in jobs), "two at once: done, or told to try again", said)
    last = run("ingest", "--json", "--now", "2026-11-25", path, home=home)
    same((last.code, last.json()["reports"] + last.json()["duplicates"]), (0, count), "two at once: run again")
    same(stored(home), want, "two at once: everything is there exactly once")


def main():
    path, count = big_mailbox()
    straight = new_home()
    first = run("ingest", "--json", "--now", "2026-11-25", path, home=straight)
    same((first.code, first.json()["reports"]), (0, count), "in one go")
    want = stored(straight)
    test_killed(path, count, want)
    test_two(path, count, want)
    done()


if __name__ == "__main__":
    main()
