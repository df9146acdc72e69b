#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`postfix check` on a real Postfix: nothing to say of a healthy one, and every fault of its list named when it is planted.

usage: postfix_check.py PROGRAM plain|chroot
"""
import contextlib
import os
import re
import socket
import sys
import threading
import time

from bed import hold, port_of
from box import ROOT, done, ok, run, same, until
from checked import NAMES, NEWS, Checked
from lmtp import Daemon

MAIN = """
virtual_mailbox_domains = bounces.example.com
virtual_mailbox_base = /var/mail/vhosts
virtual_mailbox_maps = regexp:/etc/postfix/bounce_mailboxes
virtual_uid_maps = static:%(uid)d
virtual_gid_maps = static:%(uid)d
virtual_minimum_uid = 1
transport_maps = regexp:/etc/postfix/bounce_transport, regexp:/etc/postfix/transport
"""
FILES = {"bounce_mailboxes": "/^(bounce-[a-z0-9]+|newsletter\\+.*)@bounces\\.example\\.com$/ bounces/\n",
         "bounce_transport": "/@bounces\\.example\\.com$/ bouncebox-lmtp:unix:private/bouncebox\n"}
MASTER = "bouncebox-lmtp unix - - y - 20 lmtp\n"
MAILBOX = "transport_maps = regexp:/etc/postfix/transport\n"  # virtual(8) then writes the mailbox
ALIAS = "virtual_alias_maps = regexp:/etc/postfix/alias\n"
VERP = ("return_path", "verp"), ("return_path_base", "newsletter")


class Deaf(threading.Thread):
    """An LMTP server that announces nothing."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.s = socket.socket(socket.AF_UNIX)
        self.s.bind(str(path))
        os.chmod(path, 0o666)
        self.s.listen(5)
        self.start()

    def run(self):
        while True:
            c, _ = self.s.accept()
            f = c.makefile("rwb")
            with contextlib.suppress(OSError):
                f.write(b"220 deaf LMTP\r\n")
                f.flush()
                while f.readline():
                    f.write(b"250 deaf\r\n")
                    f.flush()
            c.close()


class Test:
    def __init__(self, variant):
        self.bed = Checked(MAIN % {"uid": NEWS}, FILES, MASTER, chroot=variant == "chroot")
        self.bed.give(self.bed.vhosts, NEWS)
        self.bed.do("list", "add", "news", "--set", "bounce_domain=bounces.example.com")
        conf = self.bed.home / "bouncebox.conf"
        ours = "listen = unix:%s/private/bouncebox\nsocket_user = postfix\n" % self.bed.queue
        conf.write_text(conf.read_text().replace("[serve]\n", "[serve]\n" + ours, 1))
        self.conf = conf.read_text()
        self.daemon = Daemon(self.bed.home, log=self.bed.top / "serve.log")

    # ---- one fault ------------------------------------------------------------------------------------------

    def named(self, check, what, *words, says="", level="fault", mends="", **more):
        """The fault is named, with what was seen and how it is mended; it may take a moment where Postfix was told to reload."""
        def found():
            return [f for f in self.bed.findings(*words, **more) if f["check"] == check and re.search(says, f["seen"])]

        last = []

        def there():
            last[:] = found()
            return last

        name = "%s: %s" % (check, what)
        if not until(there, 5):
            return ok(False, name, self.bed.check(*words, **more))
        f = last[0]
        good = f["level"] == level and f["means"] and f["mend"] and re.search(mends, "\n".join(f["mend"]))
        return ok(good, name, f)

    def planted(self, check, what, main="", master="", files=(), settings=(), mapped=(), reload=False, **expected):
        self.bed.write(files)
        for name in mapped:
            self.bed.command("postmap", "hash:%s/%s" % (self.bed.etc, name))
        self.bed.change(main, master)
        self.set(settings)
        if reload:
            self.bed.reload()
        self.named(check, what, *expected.pop("words", ()), **expected)
        self.bed.change()
        self.set(())
        if reload:
            self.bed.reload()

    def set(self, settings):
        conf = self.conf
        for name, value in settings:
            conf = re.sub(r"^%s = .*\n" % name, "", conf, flags=re.M).replace("[list news]\n", "[list news]\n%s = %s\n" % (name, value))
        (self.bed.home / "bouncebox.conf").write_text(conf)

    # ---- tables ---------------------------------------------------------------------------------------------

    def test_tables(self):
        self.planted("wildcard", "a star in a hash: table", "virtual_alias_maps = hash:/etc/postfix/virtual\n",
                     files={"virtual": "# comment\nbounce-*@example.org bouncebox\n"}, mapped=["virtual"],
                     says=r"virtual_alias_maps: .*virtual, line 2: bounce-\*@example\.org",
                     mends=r"printf .*/\^bounce-\[\^@\]\*@example\\\.org\$/ bouncebox")
        self.planted("wildcard", "a pattern in a hash: table", "virtual_alias_maps = hash:/etc/postfix/virtual\n",
                     files={"virtual": "/^bounce-.*@example\\.org$/ news@example.org\n"}, mapped=["virtual"], says="line 1: /",
                     mends="regexp:")
        self.planted("wildcard", "a star in an inline table's neighbour, texthash:", "virtual_alias_maps = texthash:/etc/postfix/virtual\n",
                     files={"virtual": "bounce-*@example.org news@example.org\n"})
        (self.bed.etc / "virtual.db").unlink()
        self.planted("unmapped", "a hash: table that was never made", "virtual_alias_maps = hash:/etc/postfix/virtual\n",
                     files={"virtual": "a@example.org news@example.org\n"}, says="is not there", mends="postmap 'hash:")
        self.bed.command("postmap", "hash:%s/virtual" % self.bed.etc)
        os.utime(self.bed.etc / "virtual.db", (time.time() - 500,) * 2)
        os.utime(self.bed.etc / "virtual", (time.time() - 100,) * 2)
        with (self.bed.etc / "main.cf").open("a") as f:  # and no more: `change` makes all files look older
            f.write(self.bed.placed("virtual_alias_maps = hash:/etc/postfix/virtual\n"))
        self.named("unmapped", "a hash: table older than its text", says="older than the text", mends="postmap")
        self.bed.change()
        (self.bed.etc / "virtual.db").unlink()
        self.planted("unreadable", "a regexp: table that is not there", "virtual_alias_maps = regexp:/etc/postfix/nothing\n", says="nothing")
        self.planted("unreadable", "a line that is no pattern", "virtual_alias_maps = regexp:/etc/postfix/alias\n",
                     files={"alias": "bounce-*@example.org news\n"}, says="line 1")
        self.planted("unreadable", "a type of table that is not installed", "virtual_alias_maps = nosuch:/etc/postfix/alias, cidr:/etc/postfix/gone\n",
                     says="gone")

    # ---- return paths ------------------------------------------------------------------------------------------

    def test_paths(self):
        self.planted("domain", "no list has a bounce domain", settings=[("bounce_domain", "")], mends="list add")
        self.planted("class", "a bounce domain in two classes", "mydestination = $myhostname, bounces.example.com, localhost\n",
                     says="mydestination and in virtual_mailbox_domains", mends=r"mydestination = \$myhostname, localhost")
        self.planted("class", "a bounce domain in none", "virtual_mailbox_domains =\n", says="none of this", mends="virtual_mailbox_domains = bounces")
        eater = {"eater": "/^bounce-.*@bounces\\.example\\.com$/ bounce-catchall@bounces.example.com\n"}
        for maps, mends in (("recipient_canonical_maps", "virtual_alias_maps = regexp:.*eater"), ("canonical_maps", ""), ("sender_canonical_maps", "-X"),
                            ("smtp_generic_maps", "-X"), ("lmtp_generic_maps", "-X")):
            self.planted("canonical", maps + " eat the token", maps + " = regexp:/etc/postfix/eater\n", files=eater,
                         says=maps + ".*bounce-a.* becomes bounce-catchall", mends=mends)
        keeper = {"keeper": "/^bounce-(.*)@bounces\\.example\\.com$/ box+$1@bounces.example.com\n"}
        self.bed.write(keeper)
        self.bed.change("recipient_canonical_maps = regexp:/etc/postfix/keeper\n")
        same([f for f in self.bed.findings() if f["check"] == "canonical"], [], "canonical: one that keeps the token is no fault")
        self.bed.change()
        self.planted("masquerade", "masquerading takes the subdomain away", "masquerade_domains = example.com\n", says="becomes example.com",
                     mends="!bounces.example.com, example.com")
        alias = {"alias": "/^bounce-[a-z0-9]+@bounces\\.example\\.com$/ news@example.org\n"}
        self.planted("original", "X-Original-To is switched off behind an alias", ALIAS + "enable_original_recipient = no\n", files=alias)
        self.planted("delimiter", "no recipient_delimiter, and return paths with a +",
                     "recipient_delimiter =\nvirtual_mailbox_maps = inline:{newsletter@bounces.example.com=x/}\n", settings=VERP,
                     says="newsletter", mends=r"recipient_delimiter = \+")
        self.planted("refused", "nobody is there", "virtual_mailbox_maps = inline:{a@bounces.example.com=x/}\n", reload=True, says="550 5.1.1")
        self.planted("refused", "no sender is refused", "smtpd_sender_restrictions = check_sender_access inline:{{<> = REJECT}}\n", reload=True,
                     says="MAIL FROM:<>: 554|RCPT TO.*554")

    def test_delivery(self):
        for name in ("virtual_uid_maps", "virtual_gid_maps", "virtual_mailbox_base"):
            self.planted("mailbox", name + " is missing", MAILBOX + name + " =\n", says=name + " is not set", mends=name + " = ")
        self.planted("mailbox", "a user below virtual_minimum_uid", MAILBOX + "virtual_minimum_uid = 50000\n", says="from 50000 on")
        os.chown(self.bed.vhosts, 0, 0)
        self.planted("mailbox", "a folder that the user may not write to", MAILBOX, says="may not write", mends="install -d -o")
        os.chown(self.bed.vhosts, NEWS, NEWS)
        self.planted("mailbox", "an alias for nobody", ALIAS, files={"alias": "/^bounce-.*@bounces\\.example\\.com$/ nosuchuser@example.org\n"},
                     says="there is no such recipient", mends="adduser.* nosuchuser")
        own = {"alias": "/^bounce-.*@bounces\\.example\\.com$/ news@example.org\n"}
        self.planted("mailbox", "a file that grows to a limit", ALIAS, files=own, level="warning", says="mailbox_size_limit = 51200000.* news@example.org",
                     mends="mailbox_size_limit = 0")
        for more in ("mailbox_size_limit = 0\n", "home_mailbox = Maildir/\n"):
            self.bed.change(ALIAS + more)
            same([f for f in self.bed.findings() if f["check"] == "mailbox"], [], "mailbox: %s has none" % more.strip())
        self.bed.change()
        self.planted("lmtp", "a transport that master.cf does not have", "transport_maps = inline:{bounces.example.com=nosuch:unix:private/bouncebox}\n",
                     says="master.cf does not have", mends="bouncebox postfix setup")
        self.planted("lmtp", "nobody listens", "transport_maps = inline:{bounces.example.com=bouncebox-lmtp:unix:private/nobody}\n", says="private/nobody",
                     mends="bouncebox serve")
        held = hold("127.0.0.1")
        self.planted("lmtp", "nobody listens at the port", "transport_maps = inline:{bounces.example.com=bouncebox-lmtp:inet:127.0.0.1:%d}\n" % port_of(held),
                     says="refused")
        held.close()
        self.planted("dsn", "lmtp_discard_lhlo_keywords", "lmtp_discard_lhlo_keywords = dsn, silent-discard\n", says="names dsn", mends="-X")
        Deaf(self.bed.queue / "private" / "deaf")
        self.planted("dsn", "a server that announces none", "transport_maps = inline:{bounces.example.com=bouncebox-lmtp:unix:private/deaf}\n", says="DSN")
        self.planted("pipe", "a program that is not there", "transport_maps = inline:{bounces.example.com=hand:}\n",
                     "hand unix - n n - - pipe user=news argv=/nonexistent/bouncebox-deliver ${recipient}\n", says="/nonexistent/bouncebox-deliver")
        program = self.bed.top / "bouncebox"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        self.planted("pipe", "bouncebox itself, whose exit codes lose mail", "transport_maps = inline:{bounces.example.com=hand:}\n",
                     "hand unix - n n - - pipe user=news argv=%s deliver ${recipient}\n" % program, level="warning", mends="bouncebox-deliver")

    def test_sockets(self):
        outside = self.bed.top / "outside"
        Deaf(outside)
        where = "transport_maps = inline:{bounces.example.com=bouncebox-lmtp:unix:%s}\n" % outside
        milter = "smtpd_milters = unix:%s\n" % outside
        policy = "smtpd_recipient_restrictions = permit_mynetworks, check_policy_service unix:%s\n" % outside
        if self.bed.chroot:
            self.planted("socket", "LMTP, outside the chroot", where, says="is chrooted", mends="private/outside")
            self.planted("socket", "a milter, outside the chroot", milter, says="smtpd_milters.*is chrooted")
            self.planted("socket", "a policy service, outside the chroot", policy, says="smtpd_recipient_restrictions.*is chrooted")
        else:
            self.bed.change(where + milter + policy)
            same([f for f in self.bed.findings() if f["check"] in ("socket", "lmtp")], [], "socket: what no chroot hides is no fault")
            self.bed.change()
        self.planted("socket", "a milter where nobody listens", "smtpd_milters = { unix:private/nomilter, default_action=accept }\n", says="private/nomilter")
        asked = "smtpd_recipient_restrictions = %s, permit_mynetworks, reject_unauth_destination\n"
        dead = "{ unix:private/nopolicy, timeout=5s, default_action=DUNNO }"
        for what, main in (("", asked % "check_policy_service unix:private/nopolicy"), (", in braces", asked % ("check_policy_service " + dead)),
                           (", in a class", "smtpd_restriction_classes = ours\nours = check_policy_service %s\n" % dead + asked % "ours")):
            self.planted("socket", "a policy service where nobody listens" + what, main, says="private/nopolicy")

    def test_policy(self):
        """A service that listens and is not asked, until a restriction or a class names it."""
        conf = self.bed.home / "bouncebox.conf"
        conf.write_text(self.conf.replace("[serve]\n", "[serve]\npolicy = unix:%s/private/ask\n" % self.bed.queue, 1))
        self.named("policy", "nobody asks", says="private/ask", level="note", mends="setup")
        asked = "smtpd_recipient_restrictions = %s, permit_mynetworks, reject_unauth_destination\n"
        for what, main in (("a restriction", asked % "check_policy_service unix:private/ask"),
                           ("a class", "smtpd_restriction_classes = ours\nours = check_policy_service unix:private/ask\n" + asked % "ours")):
            self.bed.change(main)
            same([f for f in self.bed.findings() if f["check"] == "policy"], [], "policy: %s asks" % what)
        self.bed.change()
        self.set(())

    # ---- switches and the queue ------------------------------------------------------------------------------------

    def test_switches(self):
        self.planted("soft-bounce", "in main.cf", "soft_bounce = yes\n", mends="soft_bounce = no")
        self.planted("soft-bounce", "in master.cf", master="127.0.0.1:1 inet n - n - - smtpd -o soft_bounce=yes\n", says="master.cf, 127.0.0.1:1")
        self.bed.services, kept = re.sub("^bounce .*$", "bounce unix - - n - 0 discard", self.bed.services, flags=re.M), self.bed.services
        self.planted("bounce-service", "bounces are discarded", says="bounce is discard", mends="postconf -M")
        self.bed.services = kept
        self.planted("lifetime", "none", "bounce_queue_lifetime = 0\n", mends="5d")
        self.planted("lifetime", "an hour", "bounce_queue_lifetime = 1h\n", level="warning")
        self.planted("lifetime", "an hour for all mail, which holds for bounces too", "maximal_queue_lifetime = 1h\n", says="maximal", level="warning")
        self.planted("recipient-limit", "fewer than every server must take", "smtpd_recipient_limit = 10\n", says="100", mends="1000")
        self.bed.do("subscriber", "import", "--list", "news", "-", stdin=("email\n" + "".join("u%d@remote.test\n" % i for i in range(130))).encode())
        self.planted("recipient-limit", "fewer than a list has subscribers", "smtpd_recipient_limit = 120\n", settings=VERP, says="130", level="warning")

    def test_queue(self):
        self.bed.change("transport_maps = inline:{bounces.example.com=bouncebox-lmtp:unix:private/nobody}, regexp:/etc/postfix/transport\n")
        self.bed.reload()
        self.bed.send("From: a@example.org\nSubject: x\n\nx\n", "-f", "", "--", "bounce-123@bounces.example.com")
        self.bed.send("From: a@example.org\nSubject: x\n\nx\n", "-f", "www-data@example.org", "--", "ok@refused.test")
        self.named("waiting", "a bounce that nobody takes", says=r"bounce-123@bounces.example.com.*private/nobody", level="warning")
        self.named("php", "a web page's message is in the log", says="mail log.*www-data@example.org", level="note")
        self.named("php", "a web page's message waits", says="queue.*www-data@example.org", level="warning", mends="'-f'")
        self.bed.command("postsuper", "-d", "ALL")
        self.bed.change()
        self.bed.reload()

    # ---- filters --------------------------------------------------------------------------------------------------------

    def test_filters(self):
        held = hold("127.0.0.1")
        amavis = "amavis unix - - n - 2 smtp\n"
        back = "127.0.0.1:1 inet n - n - - smtpd -o content_filter=\n"
        there = "content_filter = amavis:[127.0.0.1]:%d\n" % port_of(held)
        self.planted("content-filter", "a service that master.cf does not have", "content_filter = smtp-amavis:[127.0.0.1]:10024\n",
                     says="no service smtp-amavis", mends="postconf -M 'smtp-amavis/unix")
        self.planted("content-filter", "nobody listens", there, amavis + back, says="refused")
        self.planted("content-filter", "no way back", there, amavis, says="no smtpd of master.cf", mends="10025")
        self.planted("content-filter", "discard:", "content_filter = discard:\n", says="discard:")
        self.planted("content-filter", "a pipe into nothing", "content_filter = hole:\n", "hole unix - n n - - pipe user=news argv=/bin/true\n",
                     says="runs /bin/true")
        self.planted("content-filter", "a pipe to what is not there", "content_filter = hole:\n", "hole unix - n n - - pipe user=news argv=/nonexistent/spamc\n",
                     says="no program /nonexistent/spamc")
        self.planted("content-filter", "a pipe that gives bounces a sender", "content_filter = spam:\n",
                     "spam unix - n n - - pipe user=news argv=/bin/cat -f ${sender} ${recipient}\n", level="warning", says="null_sender", mends="null_sender=")
        self.planted("content-filter", "aliases before it", there + ALIAS, amavis + back,
                     files={"alias": "/^bounce-[a-z0-9]+@bounces\\.example\\.com$/ news@example.org\n"}, says="no_address_mappings", mends="no_address_mappings")
        held.close()
        self.planted("header-checks", "DISCARD of what bounces begin with", "header_checks = regexp:/etc/postfix/checks\n",
                     files={"checks": "/^Subject: Undeliver/ DISCARD no bounces\n"}, says="Undelivered Mail.*DISCARD")
        self.planted("header-checks", "REJECT of their bodies", "body_checks = regexp:/etc/postfix/checks\n",
                     files={"checks": "/^Final-Recipient:/ REJECT no bounces\n"}, says="Final-Recipient.*REJECT")
        conf = self.bed.top / "amavisd.conf"
        conf.write_text("# $final_spam_destiny = D_PASS;\n$final_spam_destiny = D_DISCARD;\n$bounce_killer_score = 100;\n$sa_kill_level_deflt = 6.31;\n")
        self.named("amavis", "spam is discarded", "--amavis", conf, says=r"line 2: \$final_spam_destiny", mends="D_PASS")
        self.named("amavis", "and so is a bounce of unknown mail", "--amavis", conf, says=r"line 3: \$bounce_killer_score", mends="= 0")
        conf.write_text("$bounce_killer_score = 0;\n$final_spam_destiny = D_PASS;\n")
        same([f for f in self.bed.findings("--amavis", conf) if f["check"] == "amavis"], [], "amavis: what loses nothing is no fault")

    # ---- who sends -------------------------------------------------------------------------------------------------------

    def test_senders(self):
        ini = self.bed.php() / "8.2" / "cli" / "php.ini"
        kept = ini.read_text()
        ini.write_text("; a comment\nmail.force_extra_parameters = -fwebmaster@example.com\n")
        self.named("php", "one sender for all", says="line 2: mail.force_extra_parameters", mends="take the line out")
        ini.write_text('sendmail_path = "/usr/sbin/sendmail -t -i -f webmaster@example.com"\n')
        self.named("php", "one sender where none is given", says="sendmail_path", level="note")
        ini.write_text(kept)
        script = self.bed.top / "send.php"
        for text, says in (("$headers = ['Return-Path: bounce-'.$id.'@example.com'];\nmail($to, $subject, $text, $headers);\n", "line 1.*Return-Path"),
                           ("mail($to, $subject, $text, 'From: a@example.com');\n", "line 1: mail\\(\\) without a fifth")):
            script.write_text("<?php\n" + text)
            self.named("script", says[:20], "--script", script, says=says.replace("line 1", "line 2"), mends="'-f' \\. \\$returnPath")
        script.write_text("Return-Path: bounce-1@example.com\nFrom: a@example.com\n\nhello\n")
        self.named("script", "a message with the header", "--script", script, says="line 1", mends="sendmail -i -f")
        script.write_text("<?php\n$r = 'bounce-' . time() . '@example.com';\nmail($to, $subject, $text, '', '-f' . $r);\n")
        self.named("script", "a time for a number", "--script", script, says="line 2", level="warning", mends="verp encode")
        script.write_text("<?php\nmail($to, $subject, $text, 'From: a@example.com', '-f' . $r);\n")
        same([f for f in self.bed.findings("--script", script) if f["check"] == "script"], [], "script: one that says the sender is no fault")

    # ---- names --------------------------------------------------------------------------------------------------------------

    def test_names(self):
        names = self.bed.dns.names
        self.bed.clean("alignment: bounces.example.com belongs to example.com", "--from", "example.com")
        self.named("alignment", "somebody else's domain", "--from", "news@other.test", says="bounces.example.com.*other.test", level="warning",
                   mends="bounces.other.test")
        names["_dmarc.other.test"] = {"TXT": ["v=DMARC1; p=reject"]}
        self.named("alignment", "where a policy acts on it", "--from", "other.test", says="bounces.example.com.*other.test", mends="bounces.other.test")
        names["_dmarc.example.com"] = {"TXT": ["v=DMARC1; p=quarantine; aspf=s"]}
        self.named("alignment", "a subdomain, and aspf=s", "--from", "example.com", says="aspf=s", mends="aspf=r")
        names["_dmarc.example.com"] = {"TXT": ["v=DMARC1; p=none; psd=y"]}
        self.named("alignment", "two organisations below one suffix", "--from", "shop.example.com", says="somebody else's", level="warning")
        names.update(NAMES)
        names["bounces.example.com"] = {"MX": [""], "TXT": ["v=spf1 -all"]}
        self.named("mx", "a null MX", says="null MX")
        names["bounces.example.com"] = {"TXT": ["v=spf1 mx -all"]}
        self.named("mx", "no server at all", says="neither MX nor address", mends="IN MX 10 mx.example.org")
        names["bounces.example.com"] = {"A": ["192.0.2.1"]}
        self.named("mx", "no SPF", says="no SPF", level="warning", mends="v=spf1")
        names.update(NAMES)
        silent = hold("127.0.0.1")
        got = self.bed.check("--resolver", "127.0.0.1:x", "--json")
        same((got.code, got.out), (64, b""), "resolver: what is no address is told")
        silent.close()

    # ---- the probe ---------------------------------------------------------------------------------------------------------------

    def probe(self, *words):
        got = self.bed.check("--json", *(words if "--timeout" in words else [*words, "--timeout", "25s"]), probe=True)
        return got.code, got.json()["probes"], [f for f in got.json()["findings"] if f["check"] == "probe"], got

    def test_probe(self):
        code, probes, found, got = self.probe()
        ok(code == 0 and [(p["list"], p["sent"], p["home"], p["stored"], p["by"]) for p in probes] == [("news", True, True, True, "lmtp")] and not found
           and 0 < probes[0]["seconds"] < 20, "probe: comes home by LMTP, and says how long it took", (probes, found))
        ok(re.fullmatch(r"bounce-a[a-z2-7]{32}@bounces\.example\.com", probes[0]["return_path"]), "probe: with a return path like any other", probes)
        decoded = self.bed.do("verp", "decode", probes[0]["return_path"])
        ok("ours, a probe" in decoded.text, "probe: which verp decode knows for one", decoded)
        summary = self.bed.do("report", "--json").json()
        same([(k["name"], k["count"]) for k in summary["kinds"]], [("other", 1)], "probe: which is about nobody")
        text = self.bed.check(probe=True)
        ok(text.code == 0 and re.search(r"^probe of news: sent to nobody-\w+@mx\.example\.org, its bounce came home in [\d.]+ s, by lmtp$", text.text, re.M)
           and re.search(r"29 checks, 0 faults, 0 warnings, \d notes?$", text.text, re.M), "probe: said in a line", text)
        code, probes, _, got = self.probe("--to", "unknown@remote.test")
        ok(code == 0 and probes[0]["stored"], "probe: refused by a remote server", got)
        self.set(VERP)
        code, probes, _, got = self.probe()
        ok(code == 0 and probes[0]["stored"] and probes[0]["return_path"].startswith("newsletter+nobody-"), "probe: classic VERP", got)
        self.set([("return_path", "plain")])
        code, probes, _, got = self.probe()
        ok(code == 0 and probes[0]["stored"] and re.match(r"bounce-9\d{17}@", probes[0]["return_path"]), "probe: plain numbers", got)
        self.set([("return_path", "signed-verp"), ("return_path_base", "newsletter")])
        code, probes, _, got = self.probe()
        ok(code == 0 and probes[0]["stored"], "probe: signed VERP", got)
        self.set(())

    def test_lost_probe(self):
        self.daemon.end()
        code, probes, found, got = self.probe("--timeout", "4s")
        ok(code == 78 and not probes[0]["home"] and len(found) == 1 and re.search("bounce waits in the queue.*private/bouncebox", found[0]["seen"]),
           "probe: without a daemon, the bounce waits, and it is said where", (probes, found))
        self.bed.command("postsuper", "-d", "ALL")
        self.bed.change(MAILBOX)
        self.bed.reload()
        time.sleep(0.2)
        code, probes, found, got = self.probe()
        ok(code == 0 and probes[0]["home"] and not probes[0]["stored"] and probes[0]["by"].endswith("vhosts/bounces/") and found[0]["level"] == "note",
           "probe: comes home to a mailbox, where it waits to be read", got)
        if probes[0]["home"]:
            sums = self.bed.do("ingest", "--json", "-", stdin=b"".join(p.read_bytes() for p in sorted((self.bed.vhosts / "bounces" / "new").iterdir())[:1]))
            same(sums.json()["reports"], 1, "probe: and which ingest reads")
        self.bed.change("virtual_mailbox_maps = inline:{a@bounces.example.com=x/}\n" + MAILBOX)
        self.bed.reload()
        time.sleep(0.2)
        code, probes, found, got = self.probe("--timeout", "2s")
        ok(code == 78 and re.search("mail log's last word.*(bounced|undeliverable|unknown user)", found[0]["seen"]), "probe: a bounce that is lost is found in the log", got)
        self.bed.change()

    def test_end(self):
        self.bed.stop()
        self.named("running", "nobody is there", says="no master", mends="postfix start", probe=True)
        got = run("postfix", "check", "--config-dir", self.bed.top / "nowhere", home=self.bed.home)
        same((got.code, got.out), (66, b""), "no Postfix where it is said to be: told")
        docs = (ROOT / "docs" / "postfix-check.md").read_text()
        rows = re.findall(r'^    \{"([a-z-]+)", "', (ROOT / "src/app/postfix/checks.c").read_text(), re.M)
        same([r for r in rows if "\n| `%s` |" % r not in docs], [], "every check has its row in docs/postfix-check.md")


def main():
    test = Test(sys.argv[2])
    test.bed.clean("a healthy installation: nothing to say")
    if sys.argv[2] == "plain":
        test.test_tables()
        test.test_paths()
        test.test_switches()
        test.test_queue()
        test.test_filters()
        test.test_senders()
        test.test_names()
    test.test_delivery()
    test.test_sockets()
    test.test_policy()
    test.bed.clean("and nothing is left of what was planted")
    test.bed.reload()  # some of Postfix's processes began while something was planted, and have it still
    test.test_probe()
    test.test_lost_probe()
    test.test_end()
    test.bed.ended()
    done()


main()
