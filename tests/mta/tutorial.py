#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What tutorials advise, as they say it (tutorial/), with a real Postfix and a real PHP: each line and program works with
bouncebox, or `postfix check` says what is wrong, and typing what it says mends it.

usage: tutorial.py PROGRAM
"""
import email
import mailbox
import re
import shutil
import smtplib
import socket
import sqlite3
import subprocess
import sys

from checked import Checked
from box import ROOT, done, ok, run, same, skip, until
from remote import Remote

PLACE = ROOT / "tests" / "mta" / "tutorial"
OWNER = 5000  # who reads the mailboxes
# Two servers, and a domain that is this machine's own. The user bouncebox, who has bounces, is another one's alias: a test
# makes no users.
MAIN = """
mydestination = $myhostname, localhost, example.com
transport_maps = regexp:/etc/postfix/transport
alias_maps = inline:{bouncebox=news}
"""
NAMES = {"example.com": {"MX": ["mx.example.org"], "TXT": ["v=spf1 mx -all"]}, "_dmarc.example.com": {"TXT": ["v=DMARC1; p=none"]},
         "_dmarc.yourdomain.com": {"TXT": ["v=DMARC1; p=reject"]}}
TYPED = re.compile(r"(postconf|postmap|printf|sed|touch|install|postfix reload)\b")


def fixture(name):
    return (PLACE / name).read_text()


class Test:
    def __init__(self):
        self.bed = Checked(MAIN, names=NAMES, owner=OWNER)

    def only(self, name):
        """Each scene has a home of its own with one list of the return paths that it is about, and named like them."""
        shutil.rmtree(self.bed.home.parent)
        self.bed.make_home()
        settings = ["bounce_domain=example.com", "return_path=" + name] + ["return_path_base=newsletter"] * (name == "verp")
        self.bed.do("list", "add", name, *(word for s in settings for word in ("--set", s)))

    def add(self, name, *addresses, number=123456789):
        for i, a in enumerate(addresses):
            self.bed.do("subscriber", "add", "--list", name, "--external-id", number + i, a)

    def status(self, address):
        return self.bed.do("explain", "--json", address).json()["subscriber"]["status"]

    def begin(self, main, files=(), sh=""):
        """The tutorial's lines, and what it says to type."""
        for path in self.bed.etc.iterdir():
            if path.name not in ("main.cf", "master.cf", "transport") and not path.is_dir():
                path.unlink()
        for box in self.bed.spool.iterdir():
            box.unlink()
        self.bed.write(files)
        self.bed.change(main)
        for line in sh.splitlines():
            self.bed.shell(self.bed.placed(line))
        self.bed.reload()

    def checks(self, *words):
        return {f["check"] for f in self.bed.findings(*words) if f["level"] == "fault"}

    def names(self, wanted, what, *words):
        """Each of the faults is found: Postfix may take a moment to go by what it is told."""
        until(lambda: set(wanted) <= self.checks(*words), 8)
        found = self.bed.findings(*words)
        good = set(wanted) <= {f["check"] for f in found if f["level"] == "fault"} and all(f["means"] and f["mend"] for f in found)
        return ok(good, "%s: check names %s, and says why and how to mend it" % (what, ", ".join(wanted)), found)

    def mend(self, what, *words, leaves=()):
        """Types what `check` says, until it has nothing to say any more but what cannot be typed."""
        for _ in range(6):
            lines = [line for f in self.bed.findings(*words) if f["level"] == "fault" for line in f["mend"] if TYPED.match(line)]
            if not lines:
                break
            for line in dict.fromkeys(lines):
                self.bed.shell(line)
            until(lambda: not self.checks(*words) - set(leaves), 2)
        found = [f for f in self.bed.findings(*words) if f["level"] == "fault" and f["check"] not in leaves]
        return ok(not found, what + ": typing what it says mends it", "\n".join("%(check)s: %(seen)s %(mend)s" % f for f in found))

    def send(self, sender, to, subject="Newsletter"):
        self.bed.send("From: newsletter@example.com\nTo: %s\nSubject: %s\n\nHello\n" % (to, subject), "-f", sender, "--", to)
        self.bed.settled()

    def ingest(self, path):
        return self.bed.do("ingest", "--json", path).json()

    # ---- a mailbox for bounce-* -------------------------------------------------------------------------------

    def test_alias(self):
        self.only("plain")
        self.add("plain", "unknown@remote.test", "full@remote.test")
        self.begin(fixture("alias.cf"), {"virtual": fixture("virtual")}, fixture("alias.typed"))
        self.names(["wildcard", "refused"], "bounce-*@ in virtual")
        self.mend("bounce-*@ in virtual")
        self.send("bounce-123456789@example.com", "unknown@remote.test")
        self.send("bounce-123456790@example.com", "full@remote.test")
        self.mbox = self.bed.top / "bounces"
        shutil.copy(self.bed.spool / "news", self.mbox)
        self.mbox.chmod(0o644)
        same(self.ingest(self.mbox)["reports"], 2, "bounce-*@ in virtual: then the mailbox has the bounces, which ingest reads")
        same((self.status("unknown@remote.test"), self.status("full@remote.test")), ("bounced", "quarantined"),
             "one hard bounce removes, a soft one quarantines")
        settings = self.bed.do("config", "show", "--json").json()["policy"]
        same([str(settings[k]) for k in ("hard_limit", "soft_limit", "soft_window")], ["1", "3", "30d"], "three soft ones within 30 days remove")
        code, out = self.probe()
        ok(code == 0 and out["probes"][0]["home"], "bounce-*@ in virtual: the probe comes home", out)

    def probe(self):
        got = self.bed.check("--json", "--timeout", "10s", probe=True)
        return got.code, got.json()

    # ---- the header --------------------------------------------------------------------------------------------

    def php(self, script, to):
        """PHP's mail() through our Postfix's sendmail, as root."""
        text = "<?php\n$to = '%s'; $subject = 'News'; $message = '<p>Hello</p>';\n" % to + script
        path = self.bed.top / "send.php"
        path.write_text(text)
        sendmail = "%s -C %s -t -i" % (shutil.which("sendmail"), self.bed.etc)
        done = subprocess.run(["php", "-n", "-d", "sendmail_path=" + sendmail, str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
        same((done.returncode, done.stdout), (0, b""), "PHP runs it")
        self.bed.settled()

    def test_header(self):
        script = self.bed.top / "tutorial.php"
        script.write_text("<?php\n" + fixture("send.php"))
        self.names(["script"], "Return-Path in PHP", "--script", script)
        found = {f["check"]: f for f in self.bed.findings("--script", script) if f["level"] == "warning"}
        ok("script" in found and "time()" in found["script"]["seen"], "Return-Path in PHP: check says that the time is nobody's number", found)
        message = self.bed.top / "message"
        message.write_text(fixture("message"))
        self.names(["script"], "Return-Path in a message", "--script", message)
        if not shutil.which("php"):
            return skip("Return-Path in PHP: sent", "there is no PHP")
        self.only("signed")
        self.add("signed", "unknown@remote.test")
        (self.bed.spool / "news").unlink(missing_ok=True)
        before = len(self.bed.modern.mails)
        self.php(fixture("send.php"), "ok@remote.test")
        sender, _, data = self.bed.modern.mails[before]
        ok(sender == "root@mx.example.org" and b"Return-Path" not in data, "Return-Path in PHP: Postfix drops it, and whoever runs PHP is the sender", (sender, data))
        mend = next(f for f in self.bed.findings("--script", script) if f["check"] == "script" and f["level"] == "fault")["mend"][0]
        path = self.bed.do("verp", "encode", "--list", "signed", "--json", "unknown@remote.test").json()["return_path"]
        mended = fixture("send.php").replace("    'Return-Path: bounce-'.time().'@example.com',\n", "")
        mended = "$returnPath = '%s';\n" % path + re.sub(r"^mail\(.*$", lambda _: mend, mended, flags=re.M)
        script.write_text("<?php\n" + mended)
        same([f for f in self.bed.findings("--script", script) if f["check"] == "script"], [], "Return-Path in PHP: mended as it says, nothing is left to say")
        self.php(mended, "unknown@remote.test")
        self.ingest(self.copy())
        same(self.status("unknown@remote.test"), "bounced", "Return-Path in PHP: and the bounce comes home, and removes")

    def copy(self):
        """The mailbox, where the owner of the home may read it."""
        to = self.bed.top / "copy"
        shutil.copy(self.bed.spool / "news", to)
        to.chmod(0o644)
        return to

    # ---- programs ------------------------------------------------------------------------------------------------

    @staticmethod
    def load(name, **names):
        exec(compile(fixture(name), name, "exec"), names)
        return names

    def test_programs(self):
        parse_bounce = self.load("parse_bounce.python")["parse_bounce"]
        verdicts = []
        for message in mailbox.mbox(self.mbox):
            try:
                verdicts.append(parse_bounce(message.as_string()))
            except AttributeError:
                verdicts.append("crashes")
        same(verdicts, ["crashes"] * 2, "parse_bounce: crashes on each multipart bounce of a real Postfix")
        kinds = [r["kind"] for r in run("parse", self.mbox).lines()]
        same(kinds, ["hard", "soft"], "parse_bounce: which bouncebox parse reads")
        parse_bounces = self.load("parse_bounces.python")["parse_bounces"]
        same(parse_bounces(str(self.mbox)), {"hard": set(), "soft": set()}, "parse_bounces: finds no bounce in a mailbox of Postfix's")
        exim = self.bed.top / "exim"
        box = mailbox.mbox(exim)
        box.add(email.message_from_bytes((ROOT / "tests/fixtures/mta/exim-unknown.eml").read_bytes()))
        box.flush()
        try:
            parse_bounces(str(exim))
            said = ""
        except (AttributeError, TypeError) as error:
            said = str(error)
        ok(said, "parse_bounces: crashes on Exim's, since a bounce's own Return-Path is empty", said)
        same([r["kind"] for r in run("parse", exim).lines()], ["hard"], "parse_bounces: both mailboxes are read by bouncebox")

    def test_codes(self):
        for kind, codes in (("hard", ("5.1.1", "5.1.2", "5.4.1")), ("soft", ("4.2.2", "4.3.1", "4.4.7"))):
            for code in codes:
                reply = "%s %s" % ("550" if code[0] == "5" else "451", code)
                got = run("rules", "test", "--json", reply).json()
                same(got["kind"], kind, "the code %s is %s" % (code, kind))

    def test_table(self):
        """The operator's own table follows by what export says, with his function as it stands."""
        self.only("plain")
        self.add("plain", "unknown@remote.test", "full@remote.test")
        self.ingest(self.mbox)
        db = sqlite3.connect(":memory:")
        db.execute("CREATE TABLE subscribers (id INTEGER, status TEXT DEFAULT 'active', soft_bounces INTEGER DEFAULT 0)")
        db.executemany("INSERT INTO subscribers (id) VALUES (?)", [(123456789,), (123456790,)])
        manage = self.load("manage_subscription.python", db=db)["manage_subscription"]
        rows = [line.split(",") for line in self.bed.do("subscriber", "export", "--status", "bounced").text.splitlines()]
        ids = {int(row[rows[0].index("external_id")]) for row in rows[1:]}
        same(ids, {123456789}, "manage_subscription: export names who was removed")
        manage({"hard": ids, "soft": set()})
        same(db.execute("SELECT id, status FROM subscribers ORDER BY id").fetchall(), [(123456789, "bounced"), (123456790, "active")],
             "manage_subscription: works with those")
        try:
            manage({"hard": set(), "soft": {123456790}})
            said = ""
        except TypeError as error:
            said = str(error)
        ok(said, "manage_subscription: its counting of soft ones does not run, and is bouncebox' business", said)

    # ---- VERP ------------------------------------------------------------------------------------------------------

    def test_verp(self):
        self.only("verp")
        self.add("verp", "unknown@remote.test")
        ours = "alias_maps = inline:{newsletter=news}\nmailbox_size_limit = 0\n"  # the second as Debian writes it
        self.begin(ours + "recipient_delimiter =\n")
        self.names(["delimiter", "refused"], "VERP without recipient_delimiter")
        self.begin(ours + fixture("verp.cf"))
        self.bed.clean("recipient_delimiter = +: as it stands")
        address = self.bed.do("verp", "encode", "--list", "verp", "--json", "unknown@remote.test").json()["return_path"]
        same(address, "newsletter+unknown=remote.test@example.com", "recipient_delimiter = +: the return path of the tutorial's form")
        self.send(address, "unknown@remote.test")
        self.ingest(self.copy())
        same(self.status("unknown@remote.test"), "bounced", "recipient_delimiter = +: the bounce comes home, and removes")

    # ---- canonical and virtual mailboxes -------------------------------------------------------------------------------

    def test_canonical(self):
        self.only("plain")
        self.add("plain", "unknown@remote.test")
        self.begin(fixture("canonical.cf"), {"recipient_canonical": fixture("recipient_canonical")})
        self.names(["unreadable", "unmapped", "class", "canonical", "mailbox"], "canonical and virtual mailboxes")
        self.mend("canonical and virtual mailboxes")
        self.send("bounce-123456789@example.com", "unknown@remote.test")
        self.ingest(self.bed.vhosts / "bounces")
        same(self.status("unknown@remote.test"), "bounced", "canonical and virtual mailboxes: the bounce comes home, and removes")
        code, out = self.probe()
        ok(code == 0 and out["probes"][0]["home"], "canonical and virtual mailboxes: the probe comes home", out)
        self.names(["alignment"], "From: newsletter@yourdomain.com with return paths in example.com", "--from", "newsletter@yourdomain.com")

    # ---- the filter -----------------------------------------------------------------------------------------------------

    def test_filter(self):
        amavis = self.bed.top / "amavisd.conf"
        amavis.write_text(fixture("amavisd.conf"))
        found = [f for f in self.bed.findings("--amavis", amavis) if f["check"] == "amavis"]
        ok(len(found) == 1 and "bounce_killer_score = 6.3" in found[0]["seen"] and "sa_tag2_level_deflt" in found[0]["means"] and "= 0" in found[0]["mend"][0],
           "amavis: the score that marks bounces of our own mailings is named", found)
        for port in (10024, 10025):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    return skip("content_filter", "somebody listens on port %d" % port)
        self.only("plain")
        self.add("plain", "unknown@remote.test")
        patterns = "virtual_alias_maps = regexp:/etc/postfix/bounces\n"
        self.begin(fixture("filter.cf") + patterns, {"bounces": "/^bounce-[0-9]+@example\\.com$/ bouncebox\n"})
        self.names(["content-filter"], "content_filter without its service")
        Filter(10024, 10025)
        self.mend("content_filter without its service")
        # A bounce from elsewhere, by the front door: Postfix's own do not pass the filter.
        with self.bed.smtp() as smtp:
            raw = (ROOT / "tests/fixtures/mta/exim-unknown.eml").read_bytes()
            raw = re.sub(rb"[\w.-]+@remote\.test", b"unknown@remote.test", raw.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
            smtp.sendmail("", ["bounce-123456789@example.com"], raw)
        self.bed.settled()
        bounce = (self.bed.spool / "news").read_text()
        ok("X-Filtered: yes" in bounce and "X-Original-To: bounce-123456789@example.com" in bounce, "content_filter: a bounce goes through it, and keeps its return path", bounce[:1500])
        self.ingest(self.copy())
        same(self.status("unknown@remote.test"), "bounced", "content_filter: and removes")


class Filter(Remote):
    """In amavis' place: takes mail on one port, and gives it back at the other."""

    def __init__(self, port, back):
        super().__init__("127.0.0.1", port, back=lambda: ("127.0.0.1", back))

    async def take(self, sender, recipients, data):
        def give():
            with smtplib.SMTP(*self.back(), timeout=10) as smtp:
                smtp.sendmail(sender, recipients, b"X-Filtered: yes\r\n" + data)

        await self.loop.run_in_executor(None, give)
        return "250 2.0.0 Ok"


def main():
    test = Test()
    test.test_alias()
    test.test_header()
    test.test_programs()
    test.test_codes()
    test.test_table()
    test.test_verp()
    test.test_canonical()
    test.test_filter()
    test.bed.ended()
    done()


main()
