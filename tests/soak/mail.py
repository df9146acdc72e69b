#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Any number of bounces, each like no other, about the subscribers of a home of its own: what soaks and benchmarks read.

The bounces are those of BOUNCEBOX_CORPUS where that is set, else our fixtures; addresses, Message-IDs and return paths
are made distinct. Each is about its subscriber where his address can be put in the place of the one reported, else it
reads as forwarded.
"""
import json
import os
import pathlib
import random
import re
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "proc"))
from box import FIXTURES, new_home, run  # noqa: E402

MAILINGS = [("issue 1", "2026-10-01"), ("issue 2", "2026-10-12"), ("issue 3", "2026-10-23"), ("issue 4", "2026-11-03")]


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


def prepared(people, top):
    """A home with so many people in it, and the return paths of each mailing."""
    home = new_home("2026-09-01")
    readers = top / "readers.csv"
    readers.write_text("id,email\n" + "".join("%d,reader%d@d%d.example.org\n" % (i, i, i % 97) for i in range(people)))
    run("subscriber", "import", "--list", "news", readers, "--now", "2026-09-01", home=home)
    paths = []
    for name, sent in MAILINGS:
        run("mailing", "add", "--list", "news", name, "--sent", sent, "--now", sent, home=home)
        run("mailing", "sent", name, "--all", "--now", sent, home=home)
        paths.append([line.split() for line in run("verp", "encode", "--list", "news", "--mailing", name, "--all",
                                                   "--now", sent, home=home).text.splitlines()])
    return home, paths


def path_each(home, name, domain, count, *now):
    """So many people on a list, and a return path for each."""
    now = [word for moment in now for word in ("--now", moment)]
    readers = "".join("reader%d@%s\n" % (i, domain) for i in range(count))
    run("subscriber", "import", "--list", name, "-", *now, stdin=b"email\n" + readers.encode(), home=home)
    return [line.split()[-1] for line in run("verp", "encode", "--list", name, "--all", *now, home=home).text.splitlines()]


def known(home):
    """How often each return path was met."""
    db = sqlite3.connect("file:%s?mode=ro" % (home / "bouncebox.db"), uri=True)
    try:
        return dict(db.execute("SELECT return_path, count(*) FROM report GROUP BY return_path").fetchall())
    finally:
        db.close()


def seeded():
    """Chance, which BB_SEED repeats."""
    seed = int(os.environ.get("BB_SEED", time.time_ns() % 1000000))
    print("# BB_SEED=%d" % seed)
    return random.Random(seed)


def write_mailbox(count, paths, top):
    people = len(paths[0])
    box, raws, random_ = top / "all.mbox", sources(), random.Random(1)
    with open(box, "wb") as out:
        for i in range(count):
            mailing = i // people % len(MAILINGS)
            _, address, path = paths[mailing][i % people]
            raw, reported = raws[random_.randrange(len(raws))]
            raw = re.sub(rb"(?mi)^(message-id:\s*<)", rb"\g<1>%d." % i, raw, count=1)
            if reported and b"@" in reported:
                raw = raw.replace(reported, address.encode())
            day = "%s Nov 2026" % (mailing + 10)
            head = "Received: by mx.example.com (Postfix) id %d; Tue, %s 10:00:%02d +0000\nX-Original-To: %s\n" % (i, day, i % 60, path)
            out.write(b"From MAILER-DAEMON Tue Nov 10 10:00:00 2026\n" + re.sub(rb"(?m)^(>*From )", rb">\1", head.encode() + raw) + b"\n\n")
    return box
