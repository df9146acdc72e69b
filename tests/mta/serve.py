#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real Postfix, set up as the README says, hands bounces to the daemon by LMTP; what it puts off comes again.

usage: serve.py PROGRAM plain|chroot
"""
import fcntl
import os
import pwd
import re
import sys

from installed import Installed, shown
from box import done, ok, same, until

ADDRESSES = {"unknown@remote.test": "bounced", "full@remote.test": "quarantined", "policy@remote.test": "active", "ok@remote.test": "active"}


class Test(Installed):
    def __init__(self, variant):
        files = shown("docs/postfix.md", "By hand: LMTP")
        same(sorted(files), ["bounce_mailboxes", "bounce_transport", "bouncebox.conf", "main.cf", "master.cf"], "README: the files that it shows")
        super().__init__(variant, files)
        self.do("subscriber", "add", "--list", "news", *ADDRESSES)
        self.paths = self.paths_of(*ADDRESSES)

    def status(self):
        return {a: self.do("explain", "--json", a).json()["subscriber"]["status"] for a in ADDRESSES}

    def reports(self):
        return self.do("report", "--json").json()["reports"]

    def send(self, address, subject="Issue 12"):
        self.bed.send("From: news@example.org\nTo: %s\nSubject: %s\n\nHello\n" % (address, subject), "-f", self.paths[address], "--", address)

    def test_delivery(self):
        self.start()
        path = self.bed.queue / "private" / "bouncebox"
        ok(path.exists(), "it listens in Postfix's private folder", self.daemon.said())
        same((path.stat().st_uid, path.stat().st_mode & 0o777), (pwd.getpwnam("postfix").pw_uid, 0o660), "the socket is Postfix's")
        pid = int(re.search(r"pid=(\d+)", self.daemon.said()).group(1))
        said = open("/proc/%d/status" % pid).read()
        ok(re.search(r"^Uid:(\s+%d){4}$" % self.user.pw_uid, said, re.M) and re.search(r"^Groups:\s+%d\s*$" % self.user.pw_gid, said, re.M),
           "the daemon is the owner of the home, and nobody else", said)
        for address in ADDRESSES:
            self.send(address)
        self.bed.settled()
        same(self.status(), ADDRESSES, "newsletters go out, bounces come back, subscribers stand as they should")
        same(self.reports(), 3, "three bounces are known")
        trusts = {f["trust"] for a in ADDRESSES for f in self.do("explain", "--json", a).json()["facts"]}
        same(trusts, {"signed"}, "each vouched for by its return path")
        with self.bed.smtp() as smtp:
            smtp.sendmail("", [self.paths["ok@remote.test"], self.paths["full@remote.test"]], "Subject: Out of office\r\n\r\nüber\r\n".encode())
        self.bed.settled()
        same(self.reports() + len(re.findall('kind="no report"', self.daemon.said())) > 3, True, "what a stranger sends is taken, too")

    def test_put_off(self):
        before = self.reports()
        until(lambda: self.lock())
        holder = self.lock()
        self.send("unknown@remote.test", "Issue 13")
        ok(until(lambda: "result=deferred" in self.daemon.said()), "somebody else holds the database: put off", self.daemon.said()[-500:])
        ok(until(lambda: re.search(r"status=deferred \(.* said: 451 4\.3\.0", self.bed.log.read_text())), "and Postfix keeps it", self.bed.last_words())
        same([f for f in self.bed.queued()] != [], True, "in its queue")
        holder.close()
        self.settled()
        same(self.reports(), before + 1, "the database is free: it comes again by itself, and is stored")

    def lock(self):
        f = open(self.home / "bouncebox.db-lock", "ab")
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return f
        except OSError:
            f.close()
            return None

    def settled(self):
        for _ in range(3):
            if until(lambda: not self.bed.queued(), 7):
                break
            self.bed.flush()
        self.bed.settled()

    def test_restart(self):
        before = self.reports()
        self.daemon.p.kill()
        self.daemon.p.wait()
        self.send("full@remote.test", "Issue 14")
        ok(until(lambda: re.search(r"status=deferred \(connect to ", self.bed.log.read_text())), "no daemon: Postfix keeps it", self.bed.last_words())
        self.start()
        ok("event=listening" in self.daemon.said(), "the socket of one that was killed is replaced", self.daemon.said())
        self.settled()
        same(self.reports(), before + 1, "and it comes again by itself")
        same(self.daemon.end(), 0, "it ends well")
        complaints = re.findall(r"lmtp\[\d+\]:.*(?:fatal|panic|protocol error|lost connection).*", self.bed.log.read_text())
        same(complaints, [], "lmtp(8) has nothing to complain of")


test = Test(sys.argv[2])
test.test_delivery()
test.test_put_off()
test.test_restart()
test.bed.ended()
done()
