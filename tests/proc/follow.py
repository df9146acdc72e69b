#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ingest --follow and --done: mailboxes that grow, shrink, are locked and replaced; followers that are killed and go on.

usage: follow.py PROGRAM
"""
import fcntl
import os
import signal
import subprocess
import threading
import time

from box import PATIENCE, PROGRAM, distinct_bounce, done, folder, new_home, ok, run, same, until

TOP = folder()
FROM = b"From MAILER-DAEMON Tue Nov 24 09:00:00 2026\n"


class Follower:
    def __init__(self, home, *words):
        self.home, self.words = home, words
        self.log = open(TOP / "follower.log", "ab")
        self.start()

    def start(self):
        env = dict(os.environ, BOUNCEBOX_HOME=str(self.home))
        self.process = subprocess.Popen([str(PROGRAM), "ingest", "--json", "--follow", *map(str, self.words)],
                                        stdout=self.log, stderr=self.log, env=env)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


def stored(home):
    return run("report", "--json", home=home).json()["reports"]


def maildir(name):
    box = TOP / name
    for part in ("new", "cur", "tmp"):
        (box / part).mkdir(parents=True)
    return box


def deliver(box, number):
    """As virtual(8) does: written in tmp, linked into new."""
    tmp = box / "tmp" / ("%d.host" % number)
    tmp.write_bytes(distinct_bounce(number))
    os.link(tmp, box / "new" / tmp.name)
    tmp.unlink()


def append(path, data, lock_file=True, slowly=False):
    """As local(8) does: lock file, lock, write, sync."""
    lock = str(path) + ".lock"
    while lock_file:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            time.sleep(0.01)
    with open(path, "ab") as f:
        fcntl.lockf(f, fcntl.LOCK_EX)
        for half in (data[:len(data) // 2], data[len(data) // 2:]):
            f.write(half)
            f.flush()
            if slowly:
                time.sleep(0.2)
    if lock_file:
        os.unlink(lock)


def test_maildir():
    home, box = new_home(), maildir("maildir")
    deliver(box, 0)
    follower = Follower(home, "--done", "seen", box)
    ok(until(lambda: stored(home) == 1), "maildir: what is there is read")
    for i in range(1, 40):
        deliver(box, i)
    ok(until(lambda: stored(home) == 40), "maildir: what comes is read")
    ok(until(lambda: not list((box / "new").iterdir())), "maildir: --done seen moves it to cur")
    same({p.name.partition(":")[2] for p in (box / "cur").iterdir()}, {"2,S"}, "maildir: and marks it")
    same(run("list", "add", "another", home=home).code, 0, "maildir: other commands write meanwhile")
    same(follower.end(), 0, "maildir: SIGTERM ends it well")
    before = (TOP / "follower.log").stat().st_size
    follower.start()
    deliver(box, 40)
    ok(until(lambda: stored(home) == 41), "maildir: started again, it goes on")
    follower.end()
    said = (TOP / "follower.log").read_bytes()[before:]
    ok(b'"duplicates":0' in said and b'"messages":1,' in said, "maildir: and reads nothing twice", said)


def test_mbox():
    home, box = new_home(), TOP / "growing.mbox"
    box.write_bytes(b"")
    follower = Follower(home, box)
    for i in range(10):
        append(box, FROM + distinct_bounce(i) + b"\n", lock_file=i % 2 == 0, slowly=i < 3)
    ok(until(lambda: stored(home) == 10), "mbox: what is appended is read, never half of it")
    follower.end(signal.SIGKILL)
    follower.start()
    append(box, FROM + distinct_bounce(10) + b"\n")
    ok(until(lambda: stored(home) == 11), "mbox: killed and started again, it goes on")
    box.write_bytes(FROM + distinct_bounce(11) + b"\n")
    ok(until(lambda: stored(home) == 12), "mbox: one that shrank is read from its start")
    new = TOP / "new.mbox"
    new.write_bytes(FROM + distinct_bounce(12) + b"\n" + FROM + distinct_bounce(13) + b"\n")
    os.replace(new, box)
    ok(until(lambda: stored(home) == 14), "mbox: one that was replaced is read")
    same(follower.end(), 0, "mbox: ended")


def test_emptied():
    """--done delete on an mbox that grows all the time loses nothing and doubles nothing."""
    home, box, count = new_home(), TOP / "emptied.mbox", 60
    box.write_bytes(b"")
    follower = Follower(home, "--done", "delete", box)

    def write():
        for i in range(count):
            append(box, FROM + distinct_bounce(i) + b"\n")
            time.sleep(0.01)
    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(3):
        time.sleep(0.2)
        follower.end(signal.SIGKILL)
        lock = TOP / "emptied.mbox.lock"
        if lock.exists() and lock.stat().st_mode & 0o777 == 0o444:
            lock.unlink()  # left by the one who was killed; it would be taken for stale after minutes
        follower.start()
    writer.join()
    ok(until(lambda: stored(home) == count), "emptied: all are stored", stored(home))
    ok(until(lambda: box.stat().st_size == 0), "emptied: the mailbox is empty in the end")
    follower.end()
    kinds = run("report", "--json", home=home).json()
    same(kinds["reports"], count, "emptied: none is there twice")


def test_folder():
    """A plain folder, where nothing tells that a file is whole but that nobody writes to it any more."""
    home, box = new_home(), TOP / "plain"
    box.mkdir()
    follower = Follower(home, "--done", "delete", box)
    raw = distinct_bounce(1)
    with open(box / "slow.eml", "wb") as f:
        for piece in (raw[:300], raw[300:1000], raw[1000:]):
            f.write(piece)
            f.flush()
            time.sleep(0.7)
    ok(until(lambda: stored(home) == 1), "folder: read when it is whole", stored(home))
    ok(until(lambda: not list(box.iterdir())), "folder: and then put away")
    same(len(run("report", "--json", home=home).json()["kinds"]), 1, "folder: never half of it")
    follower.end()


def test_reused():
    """Mail that comes in the place of mail that was deleted, with the same number, size and time."""
    home, box = new_home(), maildir("reused")
    follower = Follower(home, "--done", "delete", box)
    raw = distinct_bounce(3)
    for i in range(30):
        new = box / "new" / ("%04d.host" % i)
        tmp = box / "tmp" / new.name
        tmp.write_bytes(raw.replace(b"(3)", b"(%03d)" % i))
        os.utime(tmp, (1764000000, 1764000000))
        os.rename(tmp, new)
        if i % 3 == 0:
            until(lambda: not new.exists())
    ok(until(lambda: stored(home) == 30), "reused: each is read", stored(home))
    ok(until(lambda: not list((box / "new").iterdir())), "reused: and put away")
    follower.end()


def test_locked():
    home, box = new_home(), TOP / "locked.mbox"
    box.write_bytes(FROM + distinct_bounce(1) + b"\n")
    with open(box, "ab") as f:
        fcntl.lockf(f, fcntl.LOCK_EX)
        got = run("ingest", box, home=home)
    ok(got.code == 75 and "locked" in got.said, "a mailbox that somebody keeps locked: try again", got)
    (TOP / "locked.mbox.lock").write_bytes(b"")
    got = run("ingest", box, home=home)
    ok(got.code == 75, "so with a lock file", got)
    os.utime(TOP / "locked.mbox.lock", (1, 1))
    same(run("ingest", "--done", "delete", box, home=home).code, 0, "a lock file that somebody left long ago is none")
    same(box.stat().st_size, 0, "and the mailbox is emptied")


def test_busy():
    """A follower waits for a database that another one holds, and goes on by itself."""
    home, box = new_home(), maildir("busy")
    holder = open(home / "bouncebox.db-lock", "ab")
    fcntl.flock(holder, fcntl.LOCK_EX)
    follower = Follower(home, box)
    deliver(box, 1)
    time.sleep(0.5)
    same(stored(home), 0, "busy: nothing is stored while another writes")
    holder.close()
    ok(until(lambda: stored(home) == 1), "busy: and all of it when he has ended")
    follower.end()


def test_done():
    home, box, into = new_home(), maildir("done"), TOP / "into"
    into.mkdir()
    for words, code, says in ((("--done", "sen"), 64, "did you mean seen?"), (("--done", "move"), 64, "--into"),
                              (("--into", into), 64, "--done move"), (("--done", "move", "--into", TOP / "no"), 66, "no such"),
                              (("--done", "delete", "--dry-run"), 64, "changes nothing"),
                              (("--follow", "--dry-run"), 64, "changes nothing")):
        got = run("ingest", *words, box, home=home)
        ok(got.code == code and says in got.said, "done: %s" % " ".join(map(str, words[:2])), got)
    got = run("ingest", "--follow", home=home)
    ok(got.code == 64 and "standard input" in got.said, "follow: not standard input", got)
    deliver(box, 1)
    same((run("ingest", "--done", "move", "--into", into, box, home=home).code, len(list(into.iterdir()))), (0, 1), "done: moved")
    deliver(box, 1)
    got = run("ingest", "--done", "move", "--into", into, box, home=home)
    ok(got.code == 0 and len(list((box / "new").iterdir())) == 0 and len(list(into.iterdir())) == 2, "done: nothing is overwritten", got)
    deliver(box, 2)
    same((run("ingest", "--done", "delete", box, home=home).code, len(list((box / "new").iterdir()))), (0, 0), "done: deleted")
    same(stored(home), 2, "done: and all of it is stored")


def test_links():
    """A link that is named stands for its file; one that lies in a folder is read, left, and told of."""
    home, real, links, into = new_home(), TOP / "real", TOP / "links", TOP / "linked-into"
    for folder in (real, links, into):
        folder.mkdir()
    box = maildir("linked")

    def link(name, content):
        (real / name).write_bytes(content)
        (links / name).symlink_to(real / name)
        return links / name

    def put_away(path, *words):
        got = run("ingest", "--done", *words, path, home=home)
        ok(got.code == 0 and not got.said, "link: %s %s" % (words[0], path.name), got)

    put_away(link("1.eml", distinct_bounce(1)), "delete")
    same(((real / "1.eml").exists(), (links / "1.eml").is_symlink()), (False, True), "link: delete: its file is gone")
    put_away(link("2.eml", distinct_bounce(2)), "move", "--into", into)
    same((sorted(p.name for p in into.iterdir()), (into / "2.eml").is_symlink(), (real / "2.eml").exists()), (["2.eml"], False, False),
         "link: move: its file is moved")
    put_away(link("3.mbox", FROM + distinct_bounce(3) + b"\n"), "delete")
    same(((real / "3.mbox").stat().st_size, (links / "3.mbox").is_symlink()), (0, True), "link: delete: its mailbox is emptied")
    deliver(box, 4)
    new = next((box / "new").iterdir())
    (links / "4.eml").symlink_to(new)
    put_away(links / "4.eml", "seen")
    same([p.name for p in (box / "cur").iterdir()], [new.name + ":2,S"], "link: seen: its file in the Maildir is")
    same(stored(home), 4, "link: and all of it is stored")
    for name, content, tries in (("5.eml", distinct_bounce(5), (("delete",), ("move", "--into", into))),
                                 ("6.mbox", (FROM + distinct_bounce(6) + b"\n") * 2, (("delete",),))):
        folder = TOP / ("links-" + name)
        folder.mkdir()
        (real / name).write_bytes(content)
        (folder / name).symlink_to(real / name)
        for words in tries:
            got = run("ingest", "--done", *words, folder, home=home)
            ok(got.code == 64 and "%s: its mail is stored, and it stays" % (folder / name) in got.said, "link in a folder: %s: told: %s" % (words[0], name), got)
        same(((real / name).read_bytes() == content, (folder / name).is_symlink()), (True, True), "link in a folder: left as it is: " + name)
    same(stored(home), 6, "link in a folder: stored all the same")


def main():
    for test in (test_maildir, test_mbox, test_emptied, test_folder, test_reused, test_locked, test_busy, test_done, test_links):
        test()
    done()


if __name__ == "__main__":
    main()
