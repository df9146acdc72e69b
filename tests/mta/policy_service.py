#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real Postfix asks the policy service at RCPT, set up as docs/policy-service.md says.

usage: policy_service.py PROGRAM plain|chroot
"""
import base64
import os
import pwd
import re
import signal
import socket
import sys
import threading
import time

from installed import Installed, WithService, shown
from box import FIXTURES, done, ok, same, until

OWN = "127.0.0.9"  # who may send through us; the others are strangers
PEOPLE = ["ann@remote.test", "dead@remote.test", "left@remote.test", "spam@remote.test", "ok@remote.test"]
LOGINS = "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = private/auth\n"
HELLO = b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t0123456789abcdef0123456789abcdef\nDONE\n"


def day(days_ago):
    return "@%d" % (time.time() - days_ago * 86400)


def with_policy(more=""):
    """The README's files and those of the document on top of them."""
    files = shown("docs/postfix.md", "By hand: LMTP")
    more_files = shown("docs/policy-service.md", "Setting it up")
    same(sorted(more_files), ["bouncebox.conf", "main.cf"], "docs: the files that it shows")
    files["bouncebox.conf"] = more_files["bouncebox.conf"]
    files["main.cf"] += more_files["main.cf"] + more
    return files


class Logins:
    """Lets in whoever comes, as Dovecot's auth service would (its protocol, version 1.1)."""

    def __init__(self, path):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.bind(str(path))
        path.chmod(0o666)
        self.s.listen(20)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            threading.Thread(target=self.serve, args=(self.s.accept()[0],), daemon=True).start()

    @staticmethod
    def serve(client):
        client.sendall(HELLO)
        for line in client.makefile("rb"):
            words = line.rstrip(b"\n").split(b"\t")
            if words[0] == b"AUTH":
                who = base64.b64decode([w for w in words if w.startswith(b"resp=")][0][5:]).split(b"\0")[1]
                client.sendall(b"OK\t%s\tuser=%s\n" % (words[1], who))


class WithLogins(WithService):
    ours = OWN + "/32"

    def _folders(self):
        super()._folders()
        self.logins = Logins(self.queue / "private" / "auth")


class Test(Installed):
    kind = WithLogins

    def __init__(self, variant):
        files = with_policy(LOGINS)
        files["bouncebox.conf"] = re.sub("suppress_networks = .*", "suppress_networks = %s\nsuppress_senders = shop" % OWN, files["bouncebox.conf"])
        super().__init__(variant, files)
        self.do("subscriber", "add", "--list", "news", *PEOPLE, "--now", day(50))
        self.good, self.late, self.old = (self.path("ann@remote.test", ago) for ago in (3, 33, 40))
        self.start()

    def path(self, address, ago, *words):
        return self.do("verp", "encode", "--list", "news", "--json", "--now", day(ago), *words, address).json()["return_path"]

    @staticmethod
    def altered(path):
        return path[:25] + ("a" if path[25] != "a" else "b") + path[26:]

    def at_rcpt(self, recipient, sender="", source=None, login=""):
        with self.bed.smtp(source) as smtp:
            smtp.sock.settimeout(30)
            smtp.ehlo()
            if login:
                smtp.login(login, "secret")
            smtp.mail(sender)
            code, text = smtp.rcpt(recipient)
        return "%d %s" % (code, text.decode())

    def refused(self):
        rows = self.do("report", "--json").json()["refused"]
        return {cause: sum(r["count"] for r in rows if r["cause"] == cause) for cause in {r["cause"] for r in rows}}

    def test_return_paths(self):
        path = self.bed.queue / "private" / "bouncebox-policy"
        same((path.stat().st_uid, path.stat().st_mode & 0o777), (pwd.getpwnam("postfix").pw_uid, 0o660), "the socket is Postfix's")
        unsubscribe = self.path("ann@remote.test", 3, "--form", "unsubscribe")
        wrong = "550 5.7.1 <%s>: Recipient address rejected: not a return path of ours: its signature is wrong"
        for name, to, want in (
                ("genuine", self.good, "250 2.1.5 Ok"), ("in capitals", self.good.upper(), "250 2.1.5 Ok"), ("in the days of grace", self.late, "250 2.1.5 Ok"),
                ("altered", self.altered(self.good), wrong % self.altered(self.good)),
                ("an unsubscribe token", unsubscribe.replace("unsubscribe", "bounce"), wrong % unsubscribe.replace("unsubscribe", "bounce")),
                ("unsubscribing", unsubscribe, "250 2.1.5 Ok"),
                ("a key that is not known", self.good.replace("bounce-aa", "bounce-ae"), "451 4.7.1 <%s>: Recipient address rejected: the key" % self.good.replace("bounce-aa", "bounce-ae")),
                ("expired", self.old, "550 5.7.1 <%s>: Recipient address rejected: this return path expired on 20" % self.old),
                ("a number", "bounce-123456789@bounces.example.com", "250 2.1.5 Ok"),
                ("no return path at all", "info@bounces.example.com", "550 5.1.1 <info@bounces.example.com>"), ("anybody", "root@example.org", "250 2.1.5 Ok")):
            got = self.at_rcpt(to)
            ok(got.startswith(want), "%s: %s" % (name, want[:9]), got)
        ok(self.at_rcpt(self.good, "ann@remote.test").startswith("250"), "a person may write to a return path")
        with self.bed.smtp() as smtp:
            smtp.sendmail("", [self.good], (FIXTURES / "postfix-unknown.eml").read_bytes().replace(b"unknown@remote.test", b"ann@remote.test"))
        self.bed.settled()
        same(self.do("explain", "--json", "ann@remote.test").json()["subscriber"]["status"], "bounced", "what was let in is read")
        ok(until(lambda: self.refused() == {"wrong MAC": 2, "expired": 1, "unknown key": 1}, 15), "what was refused is counted", self.refused())

    def test_suppression(self):
        self.do("subscriber", "set", "--list", "news", "--status", "bounced", "dead@remote.test", "--now", day(5))
        self.do("subscriber", "set", "--list", "news", "--status", "unsubscribed", "left@remote.test", "--now", day(5))
        self.do("subscriber", "set", "--list", "news", "--status", "complained", "spam@remote.test", "--now", day(5))
        got = self.at_rcpt("ann@remote.test", "shop@example.org", OWN)
        ok(re.fullmatch(r"550 5\.7\.1 <ann@remote\.test>: Recipient address rejected: suppressed by bouncebox: bounced on \d{4}-\d\d-\d\d "
                        r"\(there is no such user\), list news", got), "from mynetworks to one who bounced: refused with reason and date", got)
        got = self.at_rcpt("dead@remote.test", "shop@example.org", OWN)
        ok("(set by hand)" in got, "so where a person said it", got)
        got = self.at_rcpt("dead@remote.test", "shop@example.org", login="shop")
        ok(got.startswith("550 5.7.1") and "suppressed" in got, "so for one who has logged in", got)
        ok(self.at_rcpt("dead@remote.test", "shop@example.org", login="other").startswith("250"), "for another login it passes")
        got = self.at_rcpt("dead@remote.test", "x@remote.test")
        ok(got.startswith("454 4.7.1") and "Relay access denied" in got, "a stranger learns nothing", got)
        for who in ("left", "spam", "ok", "nobody"):
            ok(self.at_rcpt(who + "@remote.test", "shop@example.org", OWN).startswith("250"), "%s: passes" % who)
        before = len(self.bed.modern.mails)
        with self.bed.smtp(OWN) as smtp:
            lost = smtp.sendmail("shop@example.org", ["ok@remote.test", "dead@remote.test"], "Subject: order\r\n\r\n1\r\n")
        same(list(lost), ["dead@remote.test"], "of several recipients only who bounced is refused")
        self.bed.send("Subject: x\n\nx\n", "-f", "shop@example.org", "--", "dead@remote.test")
        self.bed.settled()
        same(sorted(r for _, to, _ in self.bed.modern.mails[before:] for r in to), ["dead@remote.test", "ok@remote.test"],
             "and what is handed to sendmail is not asked about, as the README says")
        ok(until(lambda: self.refused().get("suppressed") == 4, 15), "counted", self.refused())

    def test_dead(self):
        self.daemon.p.kill()
        self.daemon.p.wait()
        begin = time.monotonic()
        ok(self.at_rcpt("ok@remote.test", "shop@example.org", OWN).startswith("250"), "no daemon: mail passes")
        ok(self.at_rcpt("dead@remote.test", "shop@example.org", OWN).startswith("250"), "whoever it is for")
        ok(self.at_rcpt(self.altered(self.good)).startswith("250"), "and whatever return path: LMTP has the last word")
        ok(time.monotonic() - begin < 20, "and soon", time.monotonic() - begin)
        self.start()
        ok(until(lambda: self.at_rcpt(self.altered(self.good)).startswith("550"), 10), "there is one again: refused")
        same(self.daemon.end(), 0, "it ends well")

    def test_hangs(self):
        self.start()
        pid = self.daemon.p.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            begin = time.monotonic()
            got = self.at_rcpt("ok@remote.test", "shop@example.org", OWN)
            took = time.monotonic() - begin
        finally:
            os.kill(pid, signal.SIGCONT)
        ok(got.startswith("250") and took < 15, "one that hangs: mail passes, after %.0f seconds" % took, got)
        same(self.daemon.end(), 0, "it ends well")

    def test_stays(self):
        text = self.bed.log.read_text()
        same(re.findall(r"smtpd\[\d+\]:.*(?:fatal|panic|malformed|protocol).*", text), [], "smtpd(8) has nothing to complain of but that we were away")


test = Test(sys.argv[2])
test.test_return_paths()
test.test_suppression()
test.test_dead()
if sys.argv[2] == "chroot":
    test.test_hangs()
test.test_stays()
test.bed.ended()
done()
