#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""100,000 bounces about 25,000 subscribers, of four mailings: read undisturbed, and read by an ingest that is killed with -9
at 20 random moments and run again. In the end both have the same facts and statuses, one for one; memory stays flat.

usage: killed.py PROGRAM [MESSAGES]          BB_SEED repeats a run

The bounces are those of BOUNCEBOX_CORPUS where that is set, else our fixtures; addresses, Message-IDs and return paths
are made distinct. Each is about its subscriber where his address can be put in the place of the one reported, else it
reads as forwarded.
"""
import json
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "proc"))
from box import FIXTURES, PROGRAM, done, folder, new_home, ok, run, same  # noqa: E402

MESSAGES = int(sys.argv[2]) if len(sys.argv) > 2 else 100000
MAILINGS = [("issue 1", "2026-10-01"), ("issue 2", "2026-10-12"), ("issue 3", "2026-10-23"), ("issue 4", "2026-11-03")]
PEOPLE = MESSAGES // len(MAILINGS)
NOW, KILLS, MEMORY = "2026-11-25", 20, 64 << 10  # KiB
TOP = folder()


def sources():
    """Raw messages, each with the address that it reports, where that can be replaced."""
    corpus = os.environ.get("BOUNCEBOX_CORPUS")
    top = pathlib.Path(corpus) / "messages" if corpus else FIXTURES
    reported = {}
    for row in map(json.loads, run("parse", top).out.splitlines()):
        reported.setdefault(row["source"].partition("#")[0], row["recipient"])
    out = []
    for path in sorted(top.rglob("*.eml")):
        raw = path.read_bytes().replace(b"\r\n", b"\n")
        out.append((raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw, reported[str(path)].encode()))
    return out


def prepared():
    """A home with everybody in it, and the return paths of each mailing."""
    home = new_home("2026-09-01")
    readers = TOP / "readers.csv"
    readers.write_text("id,email\n" + "".join("%d,reader%d@d%d.example.org\n" % (i, i, i % 97) for i in range(PEOPLE)))
    run("subscriber", "import", "--list", "news", readers, "--now", "2026-09-01", home=home)
    paths = []
    for name, sent in MAILINGS:
        run("mailing", "add", "--list", "news", name, "--sent", sent, "--now", sent, home=home)
        run("mailing", "sent", name, "--all", "--now", sent, home=home)
        paths.append([line.split() for line in run("verp", "encode", "--list", "news", "--mailing", name, "--all",
                                                   "--now", sent, home=home).text.splitlines()])
    return home, paths


def write_mailbox(paths):
    box, raws, random_ = TOP / "all.mbox", sources(), random.Random(1)
    with open(box, "wb") as out:
        for i in range(MESSAGES):
            mailing = i // PEOPLE
            _, address, path = paths[mailing][i % PEOPLE]
            raw, reported = raws[random_.randrange(len(raws))]
            raw = re.sub(rb"(?mi)^(message-id:\s*<)", rb"\g<1>%d." % i, raw, count=1)
            if reported and b"@" in reported:
                raw = raw.replace(reported, address.encode())
            day = "%s Nov 2026" % (mailing + 10)
            head = "Received: by mx.example.com (Postfix) id %d; Tue, %s 10:00:%02d +0000\nX-Original-To: %s\n" % (i, day, i % 60, path)
            out.write(b"From MAILER-DAEMON Tue Nov 10 10:00:00 2026\n" + re.sub(rb"(?m)^(>*From )", rb">\1", head.encode() + raw) + b"\n\n")
    return box


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
    seed = int(os.environ.get("BB_SEED", time.time_ns() % 1000000))
    print("# BB_SEED=%d" % seed)
    random_, kills = random.Random(seed), 0
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
    home, paths = prepared()
    box = write_mailbox(paths)
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
