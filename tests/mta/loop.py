#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The whole loop, in each way that bounces can reach us: newsletters leave through a real Postfix, each with a return path
of its own; the other side refuses them, puts them off, takes them and bounces them later, warns of a delay; what comes
back goes through Postfix once more; and in the end each subscriber stands as he should.

usage: loop.py PROGRAM lmtp|mailbox|plus|canonical|virtual|pipe [HOST [TZ]]
"""
import atexit
import calendar
import os
import pwd
import re
import shutil
import subprocess
import sys
import time
from typing import NamedTuple

from bed import Bed, box
from box import done, ok, same, skip, until
from lmtp import Daemon
from postfix import HARD, at_last, check_person
from remote import Remote

# Address; what comes back about it; how the subscriber stands in the end. The local part says what the other side does.
PEOPLE = [
    ("unknown@remote.test", [HARD], "bounced"),
    ("over@remote.test", at_last("soft", "mailboxfull", "4.2.2", 450), "quarantined"),
    ("later@remote.test", [HARD], "bounced"),
    ("gone@remote.test", [HARD], "bounced"),
    ("slow@remote.test", [("delayed", "greylisted", "delayed", "4.7.1", 451)], "active"),
    ("away@remote.test", [("autoreply", "vacation", "", "", 0)], "active"),
    ("ok@remote.test", [], "active"),
]
REPORTS = sum(len(facts) for _, facts, _ in PEOPLE)
SENDER = "127.0.0.7"  # who may send through us by SMTP; the other side has another address, and is a stranger


class Mode(NamedTuple):
    hand_in: str       # how newsletters get into Postfix
    reader: str        # what takes in the bounces that come back
    setup: tuple = ()  # more for `postfix setup`
    bounces: tuple = ("bounce_domain=bounces.example.com",)
    trust: str = "signed"


MAILBOX, OWN_DOMAIN = ("--mailbox", "news"), ("bounce_domain=example.org",)
VERP = ("return_path=verp", "return_path_base=newsletter")
MODES = {
    "lmtp": Mode("smtp", "daemon"),
    "mailbox": Mode("php", "mbox", MAILBOX, OWN_DOMAIN),
    "plus": Mode("sendmail", "mbox", MAILBOX, OWN_DOMAIN + VERP, trust="plain"),
    "canonical": Mode("sendmail", "mbox", MAILBOX, OWN_DOMAIN),
    "virtual": Mode("sendmail", "maildir", ("--maildir", "{maildir}")),
    "pipe": Mode("smtp", "none", ("--deliver", "{deliver}")),
}
NEWSLETTER = """From: News <news@example.org>
To: %s
Subject: Issue 12
Message-ID: <issue-12.%s>

Hello.
"""
PHP = """mail($argv[1], 'Issue 12', "Hello.\\n", ['From' => 'News <news@example.org>', 'Return-Path' => 'bounce-1@example.org'],
              '-f' . $argv[2]) or exit(1);"""


class OneRemote(Bed):
    """Everything leaves for one server, and transport_maps is as a machine's own Postfix has it: empty."""

    ours = SENDER + "/32"

    def _remotes(self):
        self.remote = Remote(self.host, back=lambda: (self.host, self.port))
        return "relayhost = [%s]:%d\ndisable_dns_lookups = yes\nsmtp_host_lookup = native\n" % (self.host, self.remote.port)


class Loop:
    def __init__(self, name, host, tz):
        self.name, self.mode, self.tz = name, MODES[name], tz
        # Who comes from ::1 is the other side; there is no second address for us.
        self.hand_in = "sendmail" if ":" in host else self.mode.hand_in
        if self.hand_in == "php" and not shutil.which("php"):
            skip("newsletters by mail() of PHP", "there is no php")
            self.hand_in = "sendmail"
        self.bed = OneRemote(chroot=True, ipv6=":" in host, tz=tz)
        self.uid, self.maildir = pwd.getpwnam("news").pw_uid, self.bed.vhosts / "bouncebox"
        self.began = time.time()
        self.home = self.bed.top / "home" / "box"
        self.bed.give(self.home.parent, self.uid)
        self._program()
        self._people()
        self._postfix()

    def _program(self):
        """A copy, since the user may not be let in where it was built; the wrapper for pipe(8) knows its place."""
        built, top = box.PROGRAM.parent, self.bed.top
        box.PROGRAM, self.deliver = top / "bouncebox", top / "bouncebox-deliver"
        for name in ("bouncebox", "bouncebox-serve", "bouncebox-postfix"):
            shutil.copy(built / name, top)
        wrapper = (built / "packaging" / "bouncebox-deliver").read_text()
        self.deliver.write_text(re.sub(r"(?<=:-)[^}]*/bouncebox(?=})", str(box.PROGRAM), wrapper))
        for path in top.glob("bouncebox*"):
            path.chmod(0o755)

    def _people(self):
        self.do("init")
        self.do("list", "add", "news", *(word for setting in self.mode.bounces for word in ("--set", setting)))
        self.do("subscriber", "add", "--list", "news", *(row[0] for row in PEOPLE))
        got = self.do("verp", "encode", "--list", "news", "--all", "--json").lines()
        self.paths = {row["address"]: row["return_path"] for row in got}

    def _postfix(self):
        self.bed.has_daemon(self.home)
        words = [word.format(maildir=self.maildir, deliver=self.deliver) for word in self.mode.setup]
        self.bed.set_up(self.home, "--mode", self.name, *words)

    def as_user(self):
        return {"user": self.uid, "group": self.uid, "extra_groups": (), "cwd": "/"}

    def do(self, *words, **more):
        got = box.run(*words, home=self.home, tz=self.tz, **self.as_user(), **more)
        if got.code:
            ok(False, " ".join(map(str, words[:5])), got)
        return got

    # ---- who takes in what comes back ------------------------------------------------------------------------

    def start_daemon(self):
        self.daemon = Daemon(self.home)

    def start_mbox(self):
        self.follow(self.bed.spool / "news")

    def start_maildir(self):
        self.follow(self.maildir)

    def start_none(self):
        """Postfix starts it for each message."""

    def follow(self, mailbox):
        env = dict(os.environ, BOUNCEBOX_HOME=str(self.home), TZ=self.tz)
        words = [box.PROGRAM, "ingest", "--follow", "--done", "delete", mailbox]
        said = (self.bed.top / "follow.log").open("wb")
        self.follower = subprocess.Popen(words, env=env, stdout=said, stderr=said, **self.as_user())
        atexit.register(self.follower.kill)

    # ---- how newsletters get into Postfix ----------------------------------------------------------------------

    def by_smtp(self, path, address):
        with self.bed.smtp(SENDER) as smtp:
            smtp.sendmail(path, address, NEWSLETTER % (address, address))

    def by_sendmail(self, path, address):
        self.bed.send(NEWSLETTER % (address, address), "-f", path, "--", address)

    def by_php(self, path, address):
        way = "sendmail_path=%s -C %s -t -i" % (shutil.which("sendmail"), self.bed.etc)
        got = subprocess.run(["php", "-n", "-d", way, "-r", PHP, "--", address, path], capture_output=True, timeout=20)
        if got.returncode or got.stdout or got.stderr:
            ok(False, "mail() of PHP", got)

    # ---- the loop ------------------------------------------------------------------------------------------------

    def go(self):
        getattr(self, "start_" + self.mode.reader)()
        for address, path in self.paths.items():
            getattr(self, "by_" + self.hand_in)(path, address)
        self.bed.settled()
        ok(until(lambda: self.reports() >= REPORTS), "what comes back is taken in", self.bed.last_words())
        same(self.reports(), REPORTS, "all of it, and each report once")
        sent = {recipients[0]: sender for sender, recipients, _ in self.bed.remote.mails}
        same(sent, {row[0]: self.paths[row[0]] for row in PEOPLE if row[0] in sent}, "MAIL FROM was each one's return path")
        for row in PEOPLE:
            why = self.do("explain", "--list", "news", "--json", row[0]).json()
            check_person(why, row, self.mode.trust)
            self.check_times(why["facts"])
        print("# %s: the loop took %.0f seconds" % (self.name, time.time() - self.began))

    def reports(self):
        return self.do("report", "--json").json()["reports"]

    def check_times(self, facts):
        """In whichever zone: an event was after the beginning, and before now."""
        times = [calendar.timegm(time.strptime(fact["time"], "%Y-%m-%dT%H:%M:%SZ")) for fact in facts]
        bad = [at for at in times if not self.began - 1 <= at <= time.time()]
        if bad:
            ok(False, "events are of these seconds", facts)

    def check_lmtp(self):
        """The daemon dies: ordinary mail comes and goes as ever, and the bounce waits for its return."""
        self.bed.reload("maximal_queue_lifetime = 60s", "bounce_queue_lifetime = 60s")
        self.daemon.p.kill()
        self.daemon.p.wait()
        self.by_sendmail(self.paths["unknown@remote.test"], "unknown@remote.test")
        waits = r" to=<%s>, .* status=deferred \(connect to " % self.paths["unknown@remote.test"]
        ok(until(lambda: re.search(waits, self.bed.log.read_text())), "no daemon: a bounce waits", self.bed.last_words())
        taken, mailbox = len(self.bed.remote.mails), self.bed.spool / "news"
        self.by_sendmail("news@example.org", "ok@remote.test")
        with self.bed.smtp() as smtp:
            smtp.sendmail("ann@remote.test", "news@example.org", NEWSLETTER % ("news", "ann"))
        ok(until(lambda: len(self.bed.remote.mails) > taken and mailbox.exists() and b"<issue-12.ann>" in mailbox.read_bytes()),
           "no daemon: ordinary mail goes out and comes in", self.bed.last_words())
        ok(until(lambda: len(set(self.bed.queued())) == 1) and self.reports() == REPORTS, "and the bounce still waits", self.bed.queued())
        self.start_daemon()
        ok(until(lambda: self.reports() > REPORTS), "the daemon is back: it comes by itself", self.bed.last_words())
        self.bed.settled()
        same(self.daemon.end(), 0, "the daemon ends well")

    def check_canonical(self):
        """To: of Postfix's own bounce no longer says whose it is. Three places still do, each found without the others."""
        path = self.paths["unknown@remote.test"]
        fact = self.do("explain", "--json", "unknown@remote.test").json()["facts"][0]
        raw = self.do("explain", "--raw", str(fact["report"])).text
        ok(re.search("^To: news@", raw, re.M), "the return path is wiped out of To:", raw)
        places = {place: "\n%s%s" % (place, at % path) for place, at in (
            ("X-Original-To: ", "%s\n"), ("X-Postfix-Sender: ", "rfc822; %s\n"), ("Return-Path: ", "<%s>\n"))}
        same([line for line in re.findall(r"\n.*" + re.escape(path) + ".*", raw) if line + "\n" not in places.values()], [],
             "and out of everything else but X-Original-To, X-Postfix-Sender and the returned message")
        for kept in places:
            left = raw
            for place, line in places.items():
                left = left if place == kept else left.replace(line, "\n")
            got = self.do("parse", "-", stdin=left.encode()).lines()
            same(([row["return_path"] for row in got], left.count(path)), ([path], 1), kept + "it is found there alone")


def main():
    name, host, tz = (sys.argv[2:] + ["127.0.0.1", "UTC"][len(sys.argv) - 3:])[:3]
    loop = Loop(name, host, tz)
    loop.go()
    getattr(loop, "check_" + name, lambda: None)()
    loop.bed.ended()
    done()


if __name__ == "__main__":
    main()
