#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""5,000 bounces come into a mailbox of a real Dovecot. A follower reads it by IMAP while they come, moves away what it
has stored, and is killed with -9 ten times; Dovecot is stopped and started once meanwhile. In the end each bounce is known
once, and lies in the other mailbox once. Then all of it once more by POP3, with deletion.

usage: fetched.py PROGRAM [MESSAGES]          BB_SEED repeats the moments
"""
import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "proc"))
from mail import known, path_each, seeded  # noqa: E402
from box import PROGRAM, distinct_bounce, done, folder, new_home, ok, run, same, until  # noqa: E402
from dovecot import PASSWORD, USER, Dovecot  # noqa: E402

MESSAGES = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
KILLS, PATIENCE = 10, 120
NOW = "2026-11-25"
SECRET = folder() / "secret"
SECRET.touch(0o600)
SECRET.write_text(PASSWORD)


def message(number, path):
    """A bounce that came back to that return path."""
    return b"X-Original-To: " + path.encode() + b"\n" + distinct_bounce(number)


def deliver(dovecot, numbered, seconds):
    for number, path in numbered:
        dovecot.deliver(message(number, path), number)
        time.sleep(seconds / MESSAGES)


def start(home, *words):
    command = [str(PROGRAM), "ingest", "--follow", "--every", "1s", "--password-file", str(SECRET), *words]
    return subprocess.Popen(command, env=dict(os.environ, BOUNCEBOX_HOME=str(home)), stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def killed_and_started(dovecot, home, words):
    random_, follower = seeded(), start(home, *words)
    for kill in range(KILLS):
        at = MESSAGES * (kill + random_.random()) / (KILLS + 1)
        until(lambda: sum(known(home).values()) >= at, PATIENCE)
        time.sleep(random_.uniform(0, 0.3))
        follower.kill()
        follower.wait()
        if kill == KILLS // 2:
            dovecot.stop()
            dovecot.start()
        follower = start(home, *words)
    return follower


def take(dovecot, what, words, left):
    home, begin = new_home(NOW), time.monotonic()
    paths = path_each(home, "news", "bounces.example.com", MESSAGES, NOW)
    sender = threading.Thread(target=deliver, args=(dovecot, list(enumerate(paths)), 10))
    sender.start()
    follower = killed_and_started(dovecot, home, words)
    sender.join()
    until(lambda: len(known(home)) >= MESSAGES and not dovecot.holds(), PATIENCE)
    follower.terminate()
    same(follower.wait(), 0, "%s: the last follower ends when it is told to" % what)
    print("# %s: %d messages in %.0f s, killed %d times" % (what, MESSAGES, time.monotonic() - begin, KILLS))
    got = known(home)
    same(sorted(set(paths) - set(got)), [], "%s: %d bounces: none is lost" % (what, MESSAGES))
    same(sorted(path for path, times in got.items() if times != 1 or path not in set(paths)), [], "%s: none is doubled" % what)
    same((len(dovecot.holds()), left()), (0, MESSAGES), "%s: what is stored was taken away, once" % what)
    ok(run("store", "check", "--now", NOW, home=home).code == 0, "%s: store check: all is sound" % what)


def main():
    dovecot = Dovecot()
    dovecot.maildir("Done")
    take(dovecot, "IMAP", ("--done", "move", "--into", "Done", "imap://%s@localhost:%d" % (USER, dovecot.imap)),
         lambda: len({p.read_bytes() for p in dovecot.holds("Done")}) + len(dovecot.holds("Done")) - MESSAGES)
    take(dovecot, "POP3", ("--done", "delete", "pop3://%s@localhost:%d" % (USER, dovecot.pop3)), lambda: MESSAGES)
    done()


if __name__ == "__main__":
    main()
