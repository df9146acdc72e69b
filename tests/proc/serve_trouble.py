#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The daemon in trouble: a store that is locked, full or read-only, a kill in the middle: what cannot be stored is put off
with 451, what was answered 250 is there exactly once, and it goes on by itself.

usage: serve_trouble.py PROGRAM
"""
import contextlib
import fcntl
import os
import re
import shutil
import sqlite3
import subprocess
import threading
import time

from box import PROGRAM, distinct_bounce, done, folder, new_home, ok, run, same, skip, until, with_own_mounts
from lmtp import Client, Daemon, stuffed
from trouble import disk, fill, remount

TOP = folder()
LATER = (451, "4.3.0 Cannot store it now, try again later")


def reports(home):
    return run("report", "--json", home=home).json()["reports"]


def mail(c, i):
    return c.mail("x@y", distinct_bounce(i))[0]


# ---- the store -----------------------------------------------------------------------------------------


def test_locked():
    home = new_home()
    d = Daemon(home)
    c = d.client()
    same(mail(c, 1)[0], 250, "stored")
    until(lambda: lock_of(home))
    holder = lock_of(home)
    same(mail(c, 2), LATER, "another writer holds the store: put off")
    ok("result=deferred" in d.said() and "level=error event=store" in d.said(), "and told", d.said())
    holder.close()
    same(mail(c, 2)[0], 250, "it is free again: stored")
    db = sqlite3.connect(home / "bouncebox.db", isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    same(mail(c, 3), LATER, "a transaction that somebody left open: put off")
    db.execute("ROLLBACK")
    same((mail(c, 3)[0], reports(home)), (250, 3), "it is gone: stored, each once")
    (home / "keys").rename(home / "keys.away")
    until(lambda: lock_of(home))  # so that it is opened anew
    same(mail(c, 4), LATER, "keys that are not there: put off, since nothing can be verified")
    (home / "keys.away").rename(home / "keys")
    same(mail(c, 4)[0], 250, "they are there again: stored")
    same(d.end(), 0, "it ends well")


def lock_of(home):
    """The writer's lock, where nobody has it."""
    f = open(home / "bouncebox.db-lock", "ab")
    try:
        fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return f
    except OSError:
        f.close()
        return None


def test_full():
    with disk("900k") as (top, home):
        d = Daemon(home, log=TOP / "full.log")
        c = d.client()
        fill(top)
        i, answers = 0, []
        while LATER not in answers and i < 500:
            i += 1
            answers.append(mail(c, i))
        taken = sum(1 for a in answers if a[0] == 250)
        same(answers[-1], LATER, "a disk that is full: put off (after %d)" % taken)
        ok("level=error event=store" in d.said() and "disk" in d.said(), "and told", d.said()[-1000:])
        same(mail(c, 5000), LATER, "still full: put off")
        remount(top, "size=50m")
        same((mail(c, i)[0], mail(c, 5000)[0]), (250, 250), "room again: it goes on by itself")
        same(reports(home), taken + 2, "what was answered 250 is there, once each")
        c.close()
        d.end()
        same(run("store", "check", home=home).code, 0, "and the store is sound")


def test_read_only():
    with disk("50m") as (top, home):
        d = Daemon(home, log=TOP / "ro.log")
        c = d.client()
        same(mail(c, 1)[0], 250, "stored")
        until(lambda: not (home / "bouncebox.db-wal").exists())
        remount(top, "ro")
        same(mail(c, 2), LATER, "a disk that can only be read: put off")
        remount(top, "rw")
        same((mail(c, 2)[0], reports(home)), (250, 2), "writable again: it goes on by itself")
        d.end()


def test_unwritable():
    """A database that its owner may only read, as a copy brought back by somebody else may be."""
    home = new_home()
    if os.geteuid() == 0:  # who may write everything; the daemon becomes the owner of the home
        home.parent.chmod(0o755)
        for path in (home, *home.rglob("*")):
            shutil.chown(path, "daemon", "daemon")
    d = Daemon(home)
    c = d.client()
    same(mail(c, 1)[0], 250, "stored")
    until(lambda: not (home / "bouncebox.db-wal").exists())
    (home / "bouncebox.db").chmod(0o444)
    same((mail(c, 2), mail(c, 2)), (LATER, LATER), "a database that can only be read: put off")
    ok("level=error event=store" in d.said() and "it cannot be written" in d.said(), "and told", d.said())
    same(reports(home), 1, "it can be read meanwhile")
    (home / "bouncebox.db").chmod(0o600)
    same((mail(c, 2)[0], reports(home)), (250, 2), "writable again: it goes on by itself")
    same(d.end(), 0, "it ends well")


# ---- the disk knows before the client does ------------------------------------------------------------------


def test_synced():
    try:
        subprocess.run(["strace", "-o", "/dev/null", "true"], check=True)
    except (OSError, subprocess.CalledProcessError):
        return skip("synced before it is answered", "there is no strace, or it may not trace")
    home = new_home()
    trace = TOP / "trace"
    os.environ["ASAN_OPTIONS"] = "detect_leaks=0"  # which cannot be traced
    d = Daemon(home, before=("strace", "-f", "-y", "-s", "200", "-o", str(trace), "-e", "trace=pwrite64,fdatasync,sendto"))
    c = d.client()
    same([mail(c, i)[0] for i in range(3)], [250] * 3, "stored, and watched")
    c.close()
    pid = int(re.search(r"pid=(\d+)", d.said()).group(1))
    os.kill(pid, 15)
    d.p.wait(20)
    written = synced = False
    answers, early = 0, 0
    for line in trace.read_text().splitlines():
        if "pwrite64" in line and "bouncebox.db-wal" in line:
            written, synced = True, False
        elif re.search(r"fdatasync.*(db-wal.* = 0|resumed>.* = 0)", line):
            synced = True
        elif "Stored" in line:
            answers += 1
            early += not (written and synced)
            written = synced = False
    same((answers, early), (3, 0), "each was synced before its 250")


# ---- killed --------------------------------------------------------------------------------------------------


class Sender(threading.Thread):
    """Sends its messages until each is answered 250, as a mail server would. connect() answers what sends one, by number,
    over a new connection, and says whether it was taken."""

    def __init__(self, connect, numbers):
        super().__init__()
        self.connect, self.left, self.answered = connect, list(numbers), []

    def run(self):
        while self.left:
            try:
                send = self.connect()
                while self.left:
                    if send(self.left[0]):
                        self.answered.append(self.left.pop(0))
            except (OSError, ValueError):
                time.sleep(0.02)


def by_lmtp(socket):
    def connect():
        c = Client(socket, seconds=20)

        def send(number):
            (code, _), = c.mail("x@y", distinct_bounce(number))
            return code == 250
        return send
    return connect


def keys_of(home):
    db = sqlite3.connect("file:%s?mode=ro" % (home / "bouncebox.db"), uri=True)
    return db.execute("SELECT count(*), count(DISTINCT key) FROM report").fetchone()


def killed(messages, kills, senders=4):
    """Kill -9 under load; senders send again what was not answered."""
    home = new_home()
    all_ = [Sender(by_lmtp(str(home / "lmtp")), range(1000000 + k, 1000000 + messages, senders)) for k in range(senders)]
    d = Daemon(home)
    for s in all_:
        s.start()
    bad, under_load = [], 0
    for i in range(kills):
        time.sleep(0.1 + 0.04 * (i % 5))
        under_load += any(s.is_alive() for s in all_)
        d.p.kill()
        d.p.wait()
        answered = sum(len(s.answered) for s in all_)
        if keys_of(home)[0] < answered:  # counted before it is looked at
            bad.append((answered, keys_of(home)))
        d = Daemon(home)
    for s in all_:
        s.join()
    same(under_load, kills, "killed while messages came, each time")
    same(bad, [], "killed %d times under load: after each, all that was answered 250 is there" % kills)
    same(keys_of(home), (messages, messages), "%d messages in the end, each exactly once" % messages)
    same(d.end(), 0, "it ends well")
    same(run("store", "check", home=home).code, 0, "the store is sound")
    return home


# ---- memory ----------------------------------------------------------------------------------------------------


def test_memory():
    """Messages that are half here hold memory, up to a limit; then clients wait, and all come to their end."""
    home = new_home()
    conf = (home / "bouncebox.conf").read_text()
    (home / "bouncebox.conf").write_text(conf.replace("[serve]\n", "[serve]\nmemory = 8\nthreads = 1\n", 1))
    d = Daemon(home)
    bad = []

    def send(k):
        raw = distinct_bounce(k) + (b"y" * 76 + b"\r\n") * 40000  # 3 MB
        c = d.client(seconds=60)
        bad.extend(r for r in c.mail("x@y", raw) if r[0] != 250)
        c.close()

    threads = [threading.Thread(target=send, args=(k,)) for k in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    same((bad, reports(home)), ([], 16), "48 MB at once where 8 may be held: all are stored")
    d.end()


def main():
    test_locked()
    test_unwritable()
    test_synced()
    killed(2500, 5)
    test_memory()
    if os.environ.get("BB_OWN_MOUNTS"):
        test_full()
        test_read_only()
    else:
        skip("disks that fill or can only be read", "they take root and mount namespaces")
    done()


if __name__ == "__main__":
    with_own_mounts()
    main()
