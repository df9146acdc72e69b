#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""5,000 bounces come in through a real Postfix, half of them into a Maildir that virtual(8) fills, half into an mbox that
local(8) appends to. A follower reads both while they come, takes away what it has stored, and is killed with -9 five
times. In the end each bounce is known once.

usage: followed.py PROGRAM [MESSAGES]          BB_SEED repeats the moments
"""
import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / part) for part in ("mta", "proc")]
from bed import Bed  # noqa: E402
from mail import known, path_each, seeded  # noqa: E402
from box import PROGRAM, distinct_bounce, done, new_home, run, same, until  # noqa: E402

MESSAGES = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
KILLS, CLIENTS, PATIENCE = 5, 4, 90
NOW = "2026-11-25"
LISTS = {"news": "bounces.example.com", "people": "example.org"}
SETTINGS = """
virtual_mailbox_domains = bounces.example.com
virtual_mailbox_base = /var/mail/vhosts
virtual_mailbox_maps = regexp:/etc/postfix/bounce_mailboxes
virtual_uid_maps = static:5000
virtual_gid_maps = static:5000
virtual_alias_maps = regexp:/etc/postfix/aliases
# A mailbox that the follower holds is tried again, and nothing is given up.
maximal_queue_lifetime = 1d
bounce_queue_lifetime = 1d
delay_warning_time = 0
"""
FILES = {"bounce_mailboxes": "/^bounce-[a-z0-9]+@bounces\\.example\\.com$/ bounces/\n",
         "aliases": "/^bounce-[a-z0-9]+@example\\.org$/ news@example.org\n"}


def return_paths(home):
    """One for each message: half of them of either list, in turns."""
    run("list", "add", "people", "--set", "bounce_domain=example.org", "--now", NOW, home=home)
    each = [path_each(home, name, domain, MESSAGES // 2, NOW) for name, domain in LISTS.items()]
    return [path for pair in zip(*each) for path in pair]


def hand_in(bed, numbered):
    with bed.smtp() as smtp:
        for number, path in numbered:
            smtp.sendmail("", path, distinct_bounce(number))


def start(home, *boxes):
    env = dict(os.environ, BOUNCEBOX_HOME=str(home))
    return subprocess.Popen([str(PROGRAM), "ingest", "--follow", "--done", "delete", *map(str, boxes)], env=env,
                            stdout=subprocess.DEVNULL)


def killed_and_started(home, boxes, senders):
    """The follower dies while mail comes in; the last one lives."""
    random_, follower, during = seeded(), start(home, *boxes), 0
    for kill in range(KILLS):
        at = MESSAGES * (kill + random_.random()) / (KILLS + 1)
        until(lambda: sum(known(home).values()) >= at, PATIENCE)
        time.sleep(random_.uniform(0, 0.1))
        during += any(sender.is_alive() for sender in senders)
        follower.kill()
        follower.wait()
        follower = start(home, *boxes)
    print("# killed %d times, %d of them while mail was handed in" % (KILLS, during))
    return follower


def main():
    bed = Bed(settings=SETTINGS, files=FILES)
    home = new_home(NOW)
    paths = return_paths(home)
    maildir, mbox = bed.vhosts / "bounces", bed.spool / "news"
    bed.give(bed.vhosts, 5000)
    for part in ("", "new", "cur", "tmp"):
        bed.give(maildir / part, 5000)
    mbox.touch()
    os.chown(mbox, 9, 9)  # news, who has it in local(8)'s eyes
    numbered, begin = list(enumerate(paths)), time.monotonic()
    senders = [threading.Thread(target=hand_in, args=(bed, numbered[i::CLIENTS])) for i in range(CLIENTS)]
    for sender in senders:
        sender.start()
    follower = killed_and_started(home, (maildir, mbox), senders)
    for sender in senders:
        sender.join()
    bed.settled()
    until(lambda: len(known(home)) >= MESSAGES and not mbox.stat().st_size, PATIENCE)
    print("# %d messages in %.0f s" % (MESSAGES, time.monotonic() - begin))
    follower.terminate()
    same(follower.wait(), 0, "the last follower ends when it is told to")
    got = known(home)
    same(sorted(set(paths) - set(got)), [], "%d bounces: none is lost" % MESSAGES)
    same(sorted(path for path, times in got.items() if times != 1 or path not in set(paths)), [], "none is doubled")
    same((len(list((maildir / "new").iterdir())), mbox.stat().st_size), (0, 0), "what is stored was taken away")
    same(run("store", "check", "--now", NOW, home=home).code, 0, "store check: all is sound")
    bed.ended()
    done()


if __name__ == "__main__":
    main()
