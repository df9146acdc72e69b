#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real Postfix that `bouncebox postfix setup` puts into one mode after the other while it runs: in each, bounces come
home on a domain of its own and on one that holds people's mailboxes in each address class, and the people's mail goes
where it went before.

usage: postfix_modes.py PROGRAM plain|chroot
"""
import os
import pwd
import re
import shutil
import sys

import bed
from bed import Bed, box
from box import done, keyed, ok, same, until
from lmtp import Daemon
from remote import Names

MODES = "mailbox", "plus", "canonical", "virtual", "pipe", "lmtp"
# The bounce domain, and a person at it; none at a domain of bounces alone.
SITES = {
    "own": ("bounces.example.com", None),
    "local": ("example.org", "daemon@example.org"),
    "boxes": ("boxes.test", "ann@boxes.test"),
    "aliases": ("aliases.test", "ann@aliases.test"),
    "relay": ("relay.test", "ann@relay.test"),
}
# What the administrator had before: people in each class, each found by tables of his own, and a catch-all.
MAIN_CF = """
mailbox_size_limit = 0
virtual_mailbox_domains = boxes.test
virtual_mailbox_base = /var/mail/vhosts
virtual_mailbox_maps = texthash:/etc/postfix/boxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
virtual_minimum_uid = 1
virtual_alias_domains = aliases.test
virtual_alias_maps = texthash:/etc/postfix/people
relay_domains = relay.test
relay_recipient_maps = texthash:/etc/postfix/relayed
"""
FILES = {
    "boxes": "ann@boxes.test ann/\n",
    "people": "ann@aliases.test daemon@example.org\n@catchall.test daemon@example.org\n",
    "relayed": "ann@relay.test x\n",
}
WRAPPER = """#!/bin/sh
BOUNCEBOX_PROGRAM={program} exec {wrapper} "$@"
"""


class Live(Bed):
    """It knows the way to other servers by transport_maps, also where it is chrooted; relay.test is one more."""

    def _by_name(self, back):
        return False

    def _remotes(self):
        text = super()._remotes()
        with (self.etc / "transport").open("a") as f:
            f.write("/@relay\\.test$/ smtp:[%s]:%d\n" % (self.host, self.modern.port))
        return text


class Test:
    def __init__(self, variant):
        bed.must_be_able(False)
        self.user = pwd.getpwnam("news")
        # What is put off must not expire meanwhile.
        bed.MAIN_CF = bed.MAIN_CF.replace("_queue_lifetime = 3s", "_queue_lifetime = 60s")
        self.bed = Live(chroot=variant == "chroot", settings=MAIN_CF.format(uid=self.user.pw_uid), files=FILES)
        self.bed.give(self.bed.vhosts, self.user.pw_uid)
        self.home = self.bed.top / "home" / "box"
        self.maildir = self.bed.top / "mail" / "box"
        names = {domain: {"MX": ["mx.example.org"], "TXT": ["v=spf1 mx -all"]} for domain, _ in SITES.values()}
        self.names = Names("127.0.0.1", names, 0)
        self.make_home()
        self.make_wrapper()
        self.before = self.texts()

    def make_home(self):
        keyed(self.home, self.user.pw_uid)
        self.do("init")
        conf = self.home / "bouncebox.conf"
        listen = "[serve]\nlisten = unix:%s/private/bouncebox\nsocket_user = postfix\n" % self.bed.queue
        conf.write_text(conf.read_text().replace("[serve]\n", listen, 1))
        self.paths = {}
        for site, (domain, _) in SITES.items():
            for form in ("signed", "signed-verp"):
                name = "%s-%s" % (site, form)
                self.do("list", "add", name, "--set", "bounce_domain=" + domain, "--set", "return_path=" + form, "--set", "return_path_base=letter")
                self.do("subscriber", "add", "--list", name, "unknown@remote.test")
                self.paths[name] = self.do("verp", "encode", "--list", name, "--json", "unknown@remote.test").json()["return_path"]

    def make_wrapper(self):
        """The wrapper as it is built calls the program as it is installed; and its user may not be let in where it was built."""
        program, wrapper = self.bed.top / "program", self.bed.top / "bouncebox-deliver"
        shutil.copy(box.PROGRAM, program)
        shutil.copy(box.PROGRAM.parent / "packaging" / "bouncebox-deliver", wrapper)
        self.deliver = self.bed.top / "deliver"
        self.deliver.write_text(WRAPPER.format(program=program, wrapper=wrapper))
        for path in (program, wrapper, self.deliver):
            path.chmod(0o755)

    def do(self, *words):
        got = box.run(*words, home=self.home)
        if got.code:
            ok(False, "bouncebox " + " ".join(map(str, words)), got)
        return got

    def texts(self):
        return {p.relative_to(self.bed.etc): p.read_bytes() for p in self.bed.etc.rglob("*") if p.is_file()}

    # ---- a mode ------------------------------------------------------------------------------------------

    def setup(self, mode):
        self.bed._age()
        got = self.do("postfix", "setup", "--config-dir", self.bed.etc, "--mode", mode, "--mailbox", "news",
                      "--maildir", self.maildir, "--deliver", self.deliver)
        ok("Postfix has read it" in got.text, mode + ": Postfix has read it", got)
        ok(until(self.bed._answers), mode + ": and answers", self.bed.last_words())
        self.bed._age()

    def facts(self):
        """Reports about each subscriber, and how they are vouched for."""
        out = {}
        for name in self.paths:
            facts = self.do("explain", "--list", name, "--json", "unknown@remote.test").json()["facts"]
            out[name] = [(f["reason"], f["trust"]) for f in facts]
        return out

    def try_mode(self, mode):
        before, daemon = self.facts(), None
        self.setup(mode)
        if mode == "lmtp":
            daemon = Daemon(self.home, log=self.bed.top / "serve.log")
            ok("event=listening" in daemon.said(), "the daemon listens", daemon.said())
        for name, path in self.paths.items():
            self.bed.send("From: news@example.org\nTo: you\nSubject: %s for %s\n\nHello\n" % (mode, name), "-f", path, "--", "unknown@remote.test")
        self.bed.settled()
        self.check_the_door(mode)
        self.check_people(mode)
        self.check_check(mode)
        self.ingest(mode)
        if daemon:
            same(daemon.end(), 0, "the daemon ends well")
        after = self.facts()
        for name in self.paths:
            same(after[name][len(before[name]):], [("userunknown", "signed")], "%s: %s: one bounce came home, vouched for" % (mode, name))

    def ingest(self, mode):
        where = {"virtual": self.maildir, "mailbox": self.bed.spool / "news"}
        where.update(plus=where["mailbox"], canonical=where["mailbox"])
        if mode in where:
            if ok(where[mode].exists(), "%s: there is a mailbox" % mode, self.bed.last_words()):
                self.do("ingest", "--done", "delete", where[mode] if mode == "virtual" else self.own(where[mode]))

    def own(self, path):
        """An mbox that the owner of the home reads."""
        os.chown(path, self.user.pw_uid, self.user.pw_gid)
        return path

    def check_the_door(self, mode):
        """From outside: return paths and people are let in, others are refused at once."""
        for site, (domain, person) in SITES.items():
            for form in ("signed", "signed-verp"):
                same(self.rcpt(self.paths["%s-%s" % (site, form)]), 250, "%s: %s: a return path is let in (%s)" % (mode, site, form))
            same(self.rcpt("stranger@" + domain), 550, "%s: %s: nobody else is" % (mode, site))
            if person:
                same(self.rcpt(person), 250, "%s: %s: but for a person" % (mode, site))

    def rcpt(self, address):
        with self.bed.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("")
            code = smtp.rcpt(address)[0]
            smtp.rset()
            return code

    def check_people(self, mode):
        """A person's mail goes where it went before bouncebox came."""
        for site, (_, person) in SITES.items():
            if not person:
                continue
            subject = "to %s in mode %s" % (site, mode)
            with self.bed.smtp() as smtp:
                smtp.sendmail("friend@example.edu", [person], "Subject: %s\r\n\r\nHello\r\n" % subject)
        self.bed.settled()
        spool = (self.bed.spool / "daemon")
        at_home = spool.read_text(errors="replace") if spool.exists() else ""
        boxes = "".join(p.read_text(errors="replace") for p in (self.bed.vhosts / "ann").rglob("*") if p.is_file())
        relayed = b"".join(data for _, recipients, data in self.bed.modern.mails if recipients == ["ann@relay.test"]).decode()
        for site, where in (("local", at_home), ("aliases", at_home), ("boxes", boxes), ("relay", relayed)):
            same(where.count("Subject: to %s in mode %s\n" % (site, mode)) + where.count("Subject: to %s in mode %s\r\n" % (site, mode)), 1,
                 "%s: a person's mail (%s) comes as ever" % (mode, site))

    def check_check(self, mode):
        """What setup made is what check takes for sound, and a probe of each list comes home."""
        (self.bed.top / "php").mkdir(exist_ok=True)
        (self.bed.top / "php" / "php.ini").touch()
        got = box.run("postfix", "check", "--config-dir", self.bed.etc, "--resolver", "127.0.0.1:%d" % self.names.socket.getsockname()[1],
                      "--php", self.bed.top / "php", "--json", home=self.home)
        found = [f for f in got.json()["findings"] if f["level"] != "note" and f["check"] != "lifetime"] if got.out else [got.said]
        same((got.code, found), (0, []), "%s: check has nothing to say" % mode)
        probes = got.json()["probes"]
        same([p["list"] for p in probes if not p["home"]], [], "%s: and its %d probes come home" % (mode, len(probes)))
        same(len(probes), len(self.paths), "%s: one for each list" % mode)

    # ---- the end -----------------------------------------------------------------------------------------

    def check_undo(self):
        self.bed._age()
        self.do("postfix", "undo", "--config-dir", self.bed.etc)
        same(self.texts() == self.before, True, "undo: byte for byte as before")
        ok(until(self.bed._answers), "and Postfix answers", self.bed.last_words())
        same(self.rcpt(self.paths["own-signed"]) >= 400, True, "and takes no return paths any more")
        said = self.bed.log.read_text(errors="replace")
        same(re.findall(r"^.*(?:fatal|panic|do not list domain|unused parameter).*$", said, re.M), [], "in all this time it had nothing to complain of")


def main():
    test = Test(sys.argv[2])
    for mode in MODES:
        test.try_mode(mode)
    test.check_undo()
    test.bed.ended()
    done()


main()
