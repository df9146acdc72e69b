#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bounces come by SMTP to a real Postfix, which hands them to the daemon by LMTP. Fifty times, at random moments under
load, the daemon, Postfix or both are killed with -9. Who sends sends again what was not answered. In the end each message
that Postfix answered 250 is stored, and stored once.

usage: killed_postfix.py PROGRAM [MESSAGES]          BB_SEED repeats the moments
"""
import pathlib
import re
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / part) for part in ("mta", "proc")]
from bed import Bed  # noqa: E402
from mail import known, path_each, seeded  # noqa: E402
from box import distinct_bounce, done, folder, new_home, ok, run, same, until  # noqa: E402
from lmtp import Daemon  # noqa: E402
from serve_trouble import Sender, keys_of  # noqa: E402

MESSAGES = int(sys.argv[2]) if len(sys.argv) > 2 else 6000
KILLS, CLIENTS, PATIENCE = 50, 4, 60
VICTIMS = "the daemon", "Postfix", "both"


class Patient(Bed):
    lifetime = "1d"  # nothing is given up


class Test:
    def __init__(self):
        self.bed = Patient(chroot=True)
        self.home = new_home()
        self.bed.has_daemon(self.home)
        self.bed.set_up(self.home)
        self.paths = path_each(self.home, "news", "example.net", MESSAGES)
        self.log = folder() / "serve.log"
        self.start_daemon()
        self.senders = [Sender(self.by_smtp, range(k, MESSAGES, CLIENTS)) for k in range(CLIENTS)]

    def start_daemon(self):
        self.daemon = Daemon(self.home, log=self.log)

    def by_smtp(self):
        smtp = self.bed.smtp()

        def send(number):
            return not smtp.sendmail("", self.paths[number], distinct_bounce(number))
        return send

    def answered(self):
        return sum(len(sender.answered) for sender in self.senders)

    def kill(self, victim):
        """And what died is started again; of both, Postfix first."""
        if victim != "Postfix":
            self.daemon.p.kill()
        if victim != "the daemon":
            self.bed.kill()
            self.bed.start()
        if victim != "Postfix":
            self.daemon.p.wait()
            self.start_daemon()

    def empty(self):
        """As Postfix sees it: of a message that was being written when it died, and not answered, the file stays."""
        self.bed.flush()
        return not time.sleep(1) and b"Mail queue is empty" in self.bed.command("postqueue", "-p").stdout

    def killed(self):
        random_, busy, waiting = seeded(), 0, []
        victims = [VICTIMS[kill % len(VICTIMS)] for kill in range(KILLS)]
        random_.shuffle(victims)
        moments = sorted(random_.uniform(0, 0.98) * MESSAGES for _ in range(KILLS))
        for victim, moment in zip(victims, moments):
            until(lambda: self.answered() >= moment, PATIENCE)
            time.sleep(random_.uniform(0, 0.05))
            busy += any(sender.is_alive() for sender in self.senders)
            waiting.append(self.answered() - keys_of(self.home)[0])
            self.kill(victim)
        print("# killed: " + ", ".join("%s %d times" % (victim, victims.count(victim)) for victim in VICTIMS))
        print("# answered by Postfix and not yet stored when it was killed: %d in the mean, %d at most"
              % (sum(waiting) / KILLS, max(waiting)))
        same(busy, KILLS, "killed while messages came, each time")


def main():
    t, begin = Test(), time.monotonic()
    for sender in t.senders:
        sender.start()
    t.killed()
    for sender in t.senders:
        sender.join()
    ok(until(t.empty, PATIENCE), "the queue is empty in the end", t.bed.last_words())
    again = len(re.findall(r"event=message .*result=duplicate", t.daemon.said()))
    print("# %d messages in %.0f s; %d came to the daemon more than once" % (MESSAGES, time.monotonic() - begin, again))
    same(t.daemon.end(), 0, "the last daemon ends well")
    got = known(t.home)
    same(t.answered(), MESSAGES, "each message was answered 250")
    same(sorted(set(t.paths) - set(got)), [], "%d messages: none is lost" % MESSAGES)
    same(sorted(path for path, times in got.items() if times != 1), [], "none is stored twice")
    same(keys_of(t.home), (MESSAGES, MESSAGES), "and none beside them")
    same(run("store", "check", "--json", home=t.home).json()["judged_otherwise"], 0, "each status follows from its facts")
    t.bed.ended()
    done()


if __name__ == "__main__":
    main()
