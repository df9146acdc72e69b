#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""100,000 bounces about 25,000 subscribers, of four mailings: read undisturbed, and read by an ingest that is killed with -9
at 20 random moments and run again. In the end both have the same facts and statuses, one for one; memory stays flat.

usage: killed.py PROGRAM [MESSAGES]          BB_SEED repeats a run

mail.py says what the bounces are.
"""
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import time

from mail import MAILINGS, prepared, seeded, write_mailbox
from box import PROGRAM, done, folder, ok, run, same

MESSAGES = int(sys.argv[2]) if len(sys.argv) > 2 else 100000
PEOPLE = MESSAGES // len(MAILINGS)
NOW, KILLS, MEMORY = "2026-11-25", 20, 64 << 10  # KiB
TOP = folder()


def everything(home):
    """Facts, evidence, statuses and their transitions, without numbers that order alone gives."""
    db = sqlite3.connect("file:%s?mode=ro" % (home / "bouncebox.db"), uri=True)
    facts = db.execute("SELECT r.key, r.time, r.recorded, r.return_path, g.position, g.subscriber, g.mailing, g.trust, g.forwarded,"
                       " g.kind, g.reason, g.recipient, g.rule, length(e.zstd) FROM report r JOIN reading g ON g.report = r.id"
                       " LEFT JOIN evidence e ON e.report = r.id ORDER BY r.key, g.position").fetchall()
    people = db.execute("SELECT id, status, until FROM subscriber ORDER BY id").fetchall()
    return facts, people


def ingest(home, box):
    """What it says lies in the file `said`: a pipe would be full before it ends."""
    return subprocess.Popen([str(PROGRAM), "ingest", "--json", "--now", NOW, str(box)], env=dict(os.environ, BOUNCEBOX_HOME=str(home)),
                            stdout=open(TOP / "said", "wb"))


def watch_memory(job):
    """Most anonymous memory that it had, in KiB."""
    most = 0
    while job.poll() is None:
        try:
            status = pathlib.Path("/proc/%d/status" % job.pid).read_text()
            most = max(most, int((re.search(r"RssAnon:\s+(\d+)", status) or [0, 0])[1]))
        except OSError:
            pass
        time.sleep(0.01)
    return most


def test_killed(home, box, took):
    random_, kills = seeded(), 0
    while kills < KILLS:
        job = ingest(home, box)
        try:
            job.wait(random_.uniform(0, took / 6))
            break  # it came to its end: what is left to kill is a run in which all is known
        except subprocess.TimeoutExpired:
            job.kill()
            job.wait()
            kills += 1
    print("# killed %d times" % kills)
    while kills < KILLS:  # among duplicates, too
        job = ingest(home, box)
        try:
            job.wait(random_.uniform(0, took / 2))
        except subprocess.TimeoutExpired:
            job.kill()
        job.wait()
        kills += 1
    last = run_to_end(home, box)
    same((last["reports"] + last["other_mail"] + last["duplicates"], last["complete"]), (MESSAGES, True), "killed %d times, then run to the end" % kills)


def run_to_end(home, box):
    ingest(home, box).wait()
    return json.loads((TOP / "said").read_text())


def main():
    home, paths = prepared(PEOPLE, TOP)
    box = write_mailbox(MESSAGES, paths, TOP)
    print("# %d messages, %.0f MB, %d subscribers" % (MESSAGES, box.stat().st_size / 1e6, PEOPLE))
    killed = TOP / "killed"
    shutil.copytree(home, killed)
    begin = time.monotonic()
    job = ingest(home, box)
    most = watch_memory(job)
    took = time.monotonic() - begin
    said = json.loads((TOP / "said").read_text())
    same((job.returncode, said["messages"], said["reports"] + said["other_mail"]), (0, MESSAGES, MESSAGES), "undisturbed: all of them are stored")
    print("# %.1f s, %.0f messages a second; at most %d MiB of anonymous memory" % (took, MESSAGES / took, most >> 10))
    print("# moved: %d" % said["moved"])
    ok(most <= MEMORY, "memory is flat: at most %d MiB" % (MEMORY >> 10), most)
    ok(said["moved"] > PEOPLE // 10, "many were moved", said["moved"])
    test_killed(killed, box, took)
    (facts, people), (facts_killed, people_killed) = everything(home), everything(killed)
    ok(facts == facts_killed, "the same facts, one for one: %d" % len(facts))
    ok(people == people_killed, "the same statuses, one for one: %d" % len(people))
    same(run("store", "check", "--json", "--now", NOW, home=killed).json()["judged_otherwise"], 0, "each follows from its facts")
    done()


if __name__ == "__main__":
    main()
