#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is often advised for bounces, tried with a real Postfix: what fails, how it fails, and what bouncebox says then.

usage: mistakes.py PROGRAM
"""
import re

from bed import Bed
from box import done, ok, run, same

SETTINGS = """
virtual_alias_maps = hash:/etc/postfix/virtual regexp:/etc/postfix/people
recipient_canonical_maps = regexp:/etc/postfix/recipient_canonical
"""
FILES = {
    # An indexed map knows no wildcards: this is an address with a star in it.
    "virtual": "bounce-*@example.org news@example.org\n",
    # This one matches, and takes the number out of the address.
    "recipient_canonical": "/^bounce-.*@example\\.net$/ bounce-catchall@example.net\n",
    "people": "/^root@mx\\.example\\.org$/ daemon@example.org\n/^bounce-catchall@example\\.net$/ news@example.org\n",
}
# As PHP's mail() hands it over: `sendmail -t -i`, the sender being whoever runs it.
PHP = """To: %s
Subject: Issue 12
Return-Path: %s
From: newsletter@example.org
Errors-To: %s

Hello.
"""


class Test:
    def __init__(self):
        self.bed = Bed(settings=SETTINGS, files=FILES)
        self.home = self.bed.top / "box"
        self.do("init")
        for name, domain, form, who in (("news", "example.org", "signed", "unknown@remote.test"),
                                        ("canonical", "example.net", "plain", "unknown@old.test")):
            self.do("list", "add", name, "--set", "bounce_domain=" + domain, "--set", "return_path=" + form)
            self.do("subscriber", "add", "--list", name, "--external-id", "123456789", who)

    def do(self, *words):
        got = run(*words, home=self.home)
        if got.code:
            ok(False, " ".join(map(str, words[:5])), got)
        return got

    def mailbox(self, user):
        path = self.bed.spool / user
        return path.read_text() if path.exists() else ""

    def test_header(self):
        path = self.do("verp", "encode", "--list", "news", "unknown@remote.test", "--json").json()["return_path"]
        for address in ("ok@remote.test", "unknown@remote.test"):
            self.bed.send(PHP % (address, path, path), "-t")
        self.bed.settled()
        sender, _, data = self.bed.modern.mails[0]
        same(sender, "root@mx.example.org", "Return-Path: header: the envelope sender is whoever ran sendmail")
        ok(b"\r\nReturn-Path:" not in data and path.encode() in data,
           "Return-Path: header: dropped (Errors-To stays, for nothing)", data)
        bounce = self.mailbox("daemon")
        ok("X-Original-To: root@mx.example.org\n" in bounce,
           "Return-Path: header: the bounce comes to whoever ran sendmail", bounce)
        sums = self.do("ingest", "--json", self.bed.spool / "daemon").json()
        same((sums["reports"], sums["acted_on_nobody"]["not_vouched_for"], sums["moves"]), (1, 1, []),
             "Return-Path: header: so nobody vouches for it, and it moves nobody")

    def test_hash(self):
        def look_up(address):
            return self.bed.command("postmap", "-q", address, "hash:%s/virtual" % self.bed.etc).stdout.decode().strip()

        same(look_up("bounce-123456789@example.org"), "", "hash: bounce-* matches no return path")
        same(look_up("bounce-*@example.org"), "news@example.org", "hash: bounce-* matches a star")
        with self.bed.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("")
            code, words = smtp.rcpt("bounce-123456789@example.org")
        ok(code == 550 and b"5.1.1" in words and b"User unknown" in words,
           "hash: whoever bounces is told: user unknown", words)

    def test_canonical(self):
        self.bed.send(PHP % ("unknown@old.test", "", ""), "-t", "-f", "bounce-123456789@example.net")
        self.bed.settled()
        head = self.mailbox("news").partition("\n\n")[0]
        to = re.findall("^(To|X-Original-To): (.*)$", head, re.M)
        same(sorted(to), [("To", "bounce-catchall@example.net"), ("X-Original-To", "bounce-123456789@example.net")],
             "canonical: the return path is gone from To, and stays in X-Original-To")
        sums = self.do("ingest", "--json", self.bed.spool / "news").json()
        same([(m["list"], m["after"]) for m in sums["moves"]], [("canonical", "bounced")], "canonical: which is enough")


def main():
    t = Test()
    t.test_header()
    t.test_hash()
    t.test_canonical()
    t.bed.ended()
    done()


if __name__ == "__main__":
    main()
