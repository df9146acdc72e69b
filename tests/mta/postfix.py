#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Newsletters leave through a real Postfix, set up as the README says, and what comes back is read.

usage: postfix.py PROGRAM plain|chroot|ipv6
"""
import os
import re
import shutil
import subprocess
import sys

from bed import Bed, box
from box import ROOT, done, ok, run, same, skip, until

HARD = ("hard", "userunknown", "failed", "5.1.1", 550)
FULL = ("soft", "mailboxfull", "failed", "5.2.2", 552)
POLICY = ("block", "policyviolation", "failed", "5.7.1", 550)
NO_UTF8 = ("block", "notcompliantrfc", "failed", "5.6.7", 0)


def at_last(kind, reason, status, code):
    """What Postfix reports of a recipient who is refused for the time being, until it gives up."""
    return [("delayed", reason, "delayed", status, code), (kind, reason, "failed", status, code)]


TFULL = at_last("soft", "mailboxfull", "4.2.2", 452)

# Address; what comes back about it, in the order of time (kind, reason, action, status, reply code; a code of 0: no
# server said it, but our own Postfix); how the subscriber stands afterwards. The local part chooses what the other
# side does, see remote.py.
NEWS = [
    ("unknown@remote.test", [HARD], "bounced"),
    ("full@remote.test", [FULL], "quarantined"),
    ("dfull@remote.test", [FULL], "quarantined"),
    ("tfull@remote.test", TFULL, "quarantined"),
    ("policy@remote.test", [POLICY], "active"),
    ("spam@remote.test", [("block", "spamdetected", "failed", "5.7.1", 554)], "active"),
    ("noenh@remote.test", [("hard", "userunknown", "failed", "5.0.0", 550)], "bounced"),
    ("multiline@remote.test", [HARD], "bounced"),
    ("grey@remote.test", at_last("soft", "greylisted", "4.7.1", 451), "quarantined"),
    ("patient@remote.test", [("delayed", "greylisted", "delayed", "4.7.1", 451)], "active"),
    ("ok@remote.test", [], "active"),
    ("later@remote.test", [HARD], "bounced"),
    ("unknown@old.test", [HARD], "bounced"),
    ("ann@refused.test", at_last("soft", "networkerror", "4.4.1", 0), "quarantined"),
    ("jörg@bücher.test", [HARD], "bounced"),
    ("ok@bücher.test", [], "active"),
    ("jörg@old.test", [NO_UTF8], "active"),
    ("ok@alt-bücher.test", [NO_UTF8], "active"),
]
# What only a name server can say.
BY_NAME = [
    ("ann@nohost.test", [("hard", "hostunknown", "failed", "5.4.4", 0)], "bounced"),
    ("ann@nullmx.test", [("hard", "notaccept", "failed", "5.1.0", 0)], "bounced"),
]
# The same domain, but mail of other makes; each has a line in Test.send_special.
SPECIAL = [
    ("ok@old.test", [("delivered", "delivered", "relayed", "2.0.0", 250)], "active"),
    ("news@example.org", [("delivered", "delivered", "delivered", "2.0.0", 0)], "active"),
    ("noenh@remote.test", [], "active"),
    ("multiline@remote.test", [HARD], "bounced"),
    ("ann@old.test", [NO_UTF8], "active"),
    ("unknown@remote.test", [HARD], "bounced"),
    ("full@remote.test", [], "active"),
    ("policy@remote.test", [], "active"),
    ("ok@remote.test", [], "active"),
]
PLAIN = [
    ("unknown@remote.test", [HARD], "bounced"),
    ("full@remote.test", [FULL], "quarantined"),
    ("policy@remote.test", [POLICY], "active"),
    ("tfull@remote.test", TFULL, "quarantined"),
    ("ok@remote.test", [], "active"),
]
# One message to all of them. Postfix sends its warning of a delay to the bare sender, news@: it is about nobody.
VERP = [
    ("unknown@remote.test", [HARD], "bounced"),
    ("full@remote.test", [FULL], "quarantined"),
    ("policy@remote.test", [POLICY], "active"),
    ("tfull@remote.test", TFULL[1:], "quarantined"),
    ("unknown+news=letter@remote.test", [HARD], "bounced"),
    ('"un known"@remote.test', [HARD], "bounced"),
    ("ok@remote.test", [], "active"),
]
# The first two by signed VERP; the third does not fit it.
BOTH = [
    ("unknown@remote.test", [HARD], "bounced"),
    ("full@remote.test", [FULL], "quarantined"),
    ('"un known"@remote.test', [HARD], "bounced"),
]
# One message again, under the mailing's tag.
XVERP = BOTH
# Rows, how far its reports are vouched for, settings.
LISTS = {
    "news": (NEWS, "signed", ["bounce_domain=bounces.example.com"]),
    "special": (SPECIAL, "signed", ["bounce_domain=bounces.example.com"]),
    "plain": (PLAIN, "plain", ["bounce_domain=example.org", "return_path=plain"]),
    "verp": (VERP, "plain", ["bounce_domain=example.org", "return_path=verp", "return_path_base=news"]),
    "both": (BOTH, "signed", ["bounce_domain=example.org", "return_path=signed-verp", "return_path_base=news"]),
    "xverp": (XVERP, "mailing", ["bounce_domain=example.org", "accept_mailing=yes"]),
}
# What the README says in words of one's own domain: return paths go to somebody's mailbox.
ALIASES = "/^\"?bounce-([0-9]+|a[a-z2-7]{32}|a[a-z2-7]{24}(\\+.*)?)\"?@example\\.org$/ news@example.org\n"
NEWSLETTER = """From: News <news@example.org>
To: you
Subject: %s
Message-ID: <%s@example.org>

Hello.
From here on we write a line that mailboxes quote.
"""


def check_person(why, row, trust):
    """What `explain --json` says of somebody is what the row says."""
    address, facts, status = row
    name = "%s: %s: " % (why["subscriber"]["list"], address)
    keys = "kind", "reason", "action", "status", "reply_code", "trust"
    got = [tuple(fact[key] for key in keys) for fact in why["facts"]]
    same(got, [fact + (trust,) for fact in facts], name + "what came back")
    moves = [(m["from"], m["to"]) for m in why["transitions"]]
    same((why["subscriber"]["status"], moves), (status, [] if status == "active" else [("active", status)]), name + status)


class Readme:
    """The sections on Postfix, as they stand: files of /etc/postfix, the script that sends, single commands."""

    def __init__(self):
        self.text = self.section("README.md", "Behind your own Postfix") + self.section("docs/postfix.md", "By hand: a Maildir")
        blocks = [re.sub("^" + indent, "", block, flags=re.M)
                  for indent, block in re.findall(r"^( *)```\w*\n(.*?)^ *```$", self.text, re.M | re.S)]
        parts = [re.split(r"^# /etc/postfix/(\w[\w.]*).*\n", block, flags=re.M) for block in blocks]
        self.files = {name: text for part in parts for name, text in zip(part[1::2], part[2::2])}
        self.send = next((block for block in blocks if "sendmail" in block), "")

    @staticmethod
    def section(document, heading):
        return (ROOT / document).read_text().partition("\n## %s\n" % heading)[2].partition("\n## ")[0]

    def command(self, beginning):
        """The command in backquotes that begins so, and the next thing in backquotes."""
        return (re.findall(r"`(%s[^`]*)`[^`]*`([^`]*)`" % re.escape(beginning), self.text) or [("false", "")])[0]


class Test:
    def __init__(self, variant):
        self.readme = Readme()
        files = dict(self.readme.files, aliases=ALIASES)
        settings = files.pop("main.cf", "") + "virtual_alias_maps = regexp:/etc/postfix/aliases\n"
        self.bed = Bed(chroot=variant == "chroot", ipv6=variant == "ipv6", settings=settings, files=files)
        same(sorted(self.readme.files), ["bounce_mailboxes", "main.cf"], "docs/postfix.md: shows two files of /etc/postfix")
        # The user who owns the Maildir, as the README has it, is who runs bouncebox.
        self.user = int((re.findall(r"^virtual_uid_maps = static:(\d+)$", settings, re.M) or [0])[0])
        self.home = self.bed.top / "home" / "box"
        self.bed.give(self.home.parent, self.user)
        self.commands()
        self.rows = {name: list(rows) for name, (rows, _, _) in LISTS.items()}
        if self.bed.names:
            self.rows["news"] += BY_NAME
        elif variant == "chroot":
            skip("what only a name server can say", "none of our own could be started")

    def commands(self):
        """A folder for PATH: Postfix's commands know our configuration, and `render ID` writes a newsletter."""
        self.bin = self.bed.top / "bin"
        self.bin.mkdir()
        # A copy, since the user may not be let in where it was built.
        box.PROGRAM = self.bin / "program"
        shutil.copy(sys.argv[1], box.PROGRAM)
        as_user = "setpriv --reuid={0} --regid={0} --clear-groups".format(self.user)
        newsletter = NEWSLETTER % ("Issue 12", "issue-12-$1")
        for name, does in (("sendmail", 'exec %s -C %s "$@"' % (shutil.which("sendmail"), self.bed.etc)),
                           ("postmap", 'exec %s -c %s "$@"' % (shutil.which("postmap"), self.bed.etc)),
                           ("bouncebox", 'exec %s %s "$@"' % (as_user, box.PROGRAM)),
                           ("render", "cat <<END\n%sEND" % newsletter)):
            (self.bin / name).write_text("#!/bin/sh\n%s\n" % does)
            (self.bin / name).chmod(0o755)

    def shell(self, script):
        """A command of the README."""
        env = dict(os.environ, PATH="%s:%s" % (self.bin, os.environ["PATH"]), BOUNCEBOX_HOME=str(self.home), TZ="UTC")
        got = subprocess.run(["sh", "-euc", self.bed.placed(script)], env=env, cwd="/", timeout=30, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        ok(got.returncode == 0, "README: " + script.strip().splitlines()[0],
           "exit %d\n%s" % (got.returncode, got.stdout))
        return got.stdout

    def do(self, *words, **more):
        got = run(*words, home=self.home, user=self.user, group=self.user, extra_groups=(), cwd="/", **more)
        if got.code:
            ok(False, " ".join(map(str, words[:5])), got)
        return got

    # ---- the steps ------------------------------------------------------------------------------------------

    def set_up(self):
        self.shell(self.readme.command("install -d ")[0])
        self.do("init")
        for name, (_, _, settings) in LISTS.items():
            self.do("list", "add", name, *(word for setting in settings for word in ("--set", setting)))
            people = "".join('"%s",%d\n' % (row[0].replace('"', '""'), 1001 + i) for i, row in enumerate(self.rows[name]))
            self.do("subscriber", "import", "--list", name, "-", stdin=("email,id\n" + people).encode())

    def write_paths(self):
        """Who is removed is written none any more, so all of them at the beginning."""
        self.paths = {}
        for name in ("special", "plain", "both"):
            lines = self.do("verp", "encode", "--list", name, "--all", "--json").lines()
            self.paths[name] = {line["address"]: line["return_path"] for line in lines}

    def send(self, sender, *recipients, options=(), subject="Special"):
        self.bed.send(NEWSLETTER % (subject, sender), *options, "-f", sender, "--", *recipients)

    def send_all(self):
        self.shell(self.readme.send)
        self.send_special(self.paths["special"])
        for name in ("plain", "both"):
            for address, path in self.paths[name].items():
                self.send(path, address)
        self.send("news@example.org", *(row[0] for row in VERP), options=["-XV"])
        self.do("mailing", "add", "--list", "xverp", "issue 1")
        words = "--list", "xverp", "--form", "mailing", "--mailing", "issue 1", "unknown@remote.test"
        path = self.do("verp", "encode", *words, "--json").json()["return_path"]
        self.send(path.partition("+")[0] + "@example.org", *(row[0] for row in XVERP), options=["-XV"])

    def send_special(self, path):
        for address in ("ok@old.test", "news@example.org"):
            self.send(path[address], address, options=["-N", "success"])
        self.send(path["noenh@remote.test"], "noenh@remote.test", options=["-N", "never"])
        self.send(path["multiline@remote.test"], "multiline@remote.test", options=["-R", "hdrs"])
        self.send(path["ann@old.test"], "ann@old.test", subject="Grüße")
        # The return path of the first one.
        self.send(path["unknown@remote.test"], *("%s@remote.test" % who for who in ("unknown", "full", "policy", "ok")))

    def check_the_door(self):
        """Who hands in bounces from outside: return paths are taken, nobody else is."""
        with self.bed.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("")
            taken = self.paths["special"]["ok@remote.test"]
            answers = {address: smtp.rcpt(address)[0] for address in (
                taken, taken.upper(), "postmaster@bounces.example.com", "bounce-*@bounces.example.com",
                "bounce-1001@example.org", "news+a=b.test@example.org", "nobody-here@example.org", "ann@remote.test")}
            smtp.rset()
        same(list(answers.values()), [250, 250, 550, 550, 250, 250, 550, 454],
             "at RCPT: return paths are taken, strangers at our domains and elsewhere are not")
        command, answer = self.readme.command("postmap -q")
        same(self.shell(command).strip(), answer, "README: what postmap must answer")

    def check_read(self):
        """The Maildir as the README says, the mbox of a person beside it: both tell of all that moved."""
        said = self.shell(self.readme.command("bouncebox ingest /")[0])
        moved = len(self.movers("news", "special"))
        ok("moved: %d subscribers\n" % moved in said, "ingest: the Maildir moves so many", said)
        self.mbox = self.bed.spool / "news"
        self.mbox.chmod(0o644)
        sums = self.do("ingest", "--json", self.mbox).json()
        same(sorted((m["address"], m["list"], m["after"]) for m in sums["moves"]), self.movers("plain", "verp", "both", "xverp"),
             "ingest: whom the mbox moves")
        same((sums["other_mail"], sums["acted_on_nobody"]),
             (1, {"not_vouched_for": 0, "forged": 0, "expired": 0, "not_ours": 1}),
             "ingest: the newsletter to news@ is other mail, and a delay that says not whose is nobody's")
        text = self.mbox.read_text(errors="replace")
        paths = set(re.findall(r"^X-Original-To: (.*)$", text, re.M))
        want = {self.paths["plain"][row[0]] for row in PLAIN if row[1]}
        ok(want < paths, "the mbox keeps the return path in X-Original-To", "%s\n%s" % (want, paths))
        ok("\n>From here on" in text, "the mbox quotes what begins with From")

    def movers(self, *names):
        return sorted((row[0], name, row[2]) for name in names for row in self.rows[name] if row[2] != "active")

    def check_people(self, name):
        """Each subscriber has been told of what the table says, and nothing else."""
        for row in self.rows[name]:
            check_person(self.do("explain", "--list", name, row[0], "--json").json(), row, LISTS[name][1])

    def check_again(self):
        """Read once more, nothing is new; and a forgery is taken in and acts on nobody."""
        before = self.everybody()
        maildir = self.bed.vhosts / "bounces"
        reports = len(list((maildir / "new").iterdir()))
        expected = sum(len(row[1]) for name in ("news", "special") for row in self.rows[name])
        same(reports, expected, "the Maildir holds one report for each line of the tables")
        sums = self.do("ingest", "--json", maildir, self.mbox).json()
        same((sums["reports"], sums["messages"] - sums["duplicates"], sums["moves"]), (0, 0, []),
             "ingest again: nothing new")
        path = self.paths["special"]["ok@remote.test"]
        forged = path.replace(path[30:33], "aaa" if path[30:33] != "aaa" else "bbb", 1)
        self.bed.modern.answer_later(forged, "ok@remote.test")
        until(lambda: len(list((maildir / "new").iterdir())) > reports, 10)
        sums = self.do("ingest", "--json", maildir).json()
        same((sums["reports"], sums["acted_on_nobody"]["forged"], sums["moves"]), (1, 1, []),
             "a forged return path is found out")
        same(self.everybody(), before, "and nobody has moved since")

    def everybody(self):
        return [self.do("subscriber", "export", "--list", name).text for name in LISTS]

    def check_sent(self):
        """What the other side saw is what we wrote."""
        mails = [mail for mail in self.bed.modern.mails if mail[1] == ["ok@remote.test"]]
        issue = {sender for sender, _, data in mails if b"Issue 12" in data}
        same({sender for sender, _, _ in mails} - issue,
             {self.paths["plain"]["ok@remote.test"], "news+ok=remote.test@example.org",
              self.paths["special"]["unknown@remote.test"]}, "MAIL FROM is the return path, VERP's too")
        read = self.do("verp", "decode", "--json", *issue).lines()
        same([(r["address"], r["list"], r["mailing"]) for r in read], [("ok@remote.test", "news", 1)],
             "and names mailing and subscriber")


def main():
    t = Test(sys.argv[2])
    t.set_up()
    t.write_paths()
    t.send_all()
    t.check_the_door()
    t.bed.settled()
    t.check_sent()
    t.check_read()
    for name in LISTS:
        t.check_people(name)
    t.check_again()
    t.bed.ended()
    done()


if __name__ == "__main__":
    main()
