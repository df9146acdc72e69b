#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What else arrives, through a real Postfix: its own refusals that come back to the From address, forgeries of them in
each way that a stranger has, bounces of forwarded mail, and wishes to unsubscribe.

usage: arrives.py PROGRAM lmtp|pipe
"""
import email.utils
import re
import sys

from bed import box
from box import done, ok, same, until
from loop import NEWSLETTER, SENDER, Loop
from postfix import FULL, HARD, POLICY, check_person
from remote import EXIM

OWNER = "news@example.org"  # whom newsletters are from; its mail comes to bouncebox
ALIAS = "team@example.org"  # local(8) passes its mail on to the owner
MEMBER = "member@example.org"  # a subscriber whose mail Postfix itself delivers
DEAD = "dead@example.org"   # an alias of somebody whom the other side does not know
REFUSED = [("unknown@remote.test", [HARD], "bounced"), ("full@remote.test", [FULL], "quarantined"), ("policy@remote.test", [POLICY], "active")]
PEOPLE = [row[0] for row in REFUSED] + ["victim@remote.test", "forwards@remote.test", "friend@remote.test",
                                        "leaves@remote.test", "stays@remote.test", MEMBER]
# The owner's mail goes the way of bounces.
OWNERS = {"lmtp": "bouncebox-lmtp:unix:private/bouncebox", "pipe": "bouncebox-pipe:"}
SETTINGS = ("virtual_alias_maps = inline:{ %s=unknown@remote.test }" % DEAD, "alias_maps = inline:{ team=%s, member=%s }" % (OWNER, OWNER))


class Arrives(Loop):
    def _people(self):
        self.do("init")
        conf = self.home / "bouncebox.conf"
        conf.write_text(conf.read_text().replace("#own_hosts =\n", "own_hosts = mx.example.org\n", 1))
        self.do("list", "add", "news", "--set", "bounce_domain=bounces.example.com")
        self.do("subscriber", "add", "--list", "news", *PEOPLE)
        self.paths, self.leave = ({row["address"]: row["return_path"] for row in
                                   self.do("verp", "encode", "--list", "news", "--all", "--form", form, "--json").lines()}
                                  for form in ("signed", "unsubscribe"))

    def _postfix(self):
        super()._postfix()
        (self.bed.etc / "owner").write_text("/^%s$/ %s\n" % (OWNER.replace(".", "\\."), OWNERS[self.name]))
        self.bed.reload(*SETTINGS, "transport_maps = regexp:%s/owner, %s" % (self.bed.etc, self.bed.setting("transport_maps")))

    def why(self, address):
        return self.do("explain", "--json", address).json()

    def facts(self, address):
        """As they came in: those of one second are explained in no order of time."""
        facts = sorted(self.why(address)["facts"], key=lambda fact: fact["report"])
        return [(fact["kind"], fact["trust"], fact["forwarded"]) for fact in facts]

    def standing(self, address):
        return self.why(address)["subscriber"]["status"]

    def raw(self, address):
        """Of the last that came in."""
        last = max(fact["report"] for fact in self.why(address)["facts"])
        return self.do("explain", "--raw", last).text.replace("\r\n", "\n")

    def hand_in_by_smtp(self, sender, to, text, options=()):
        """As a stranger."""
        with self.bed.smtp() as smtp:
            smtp.sendmail(sender, [to], text, rcpt_options=options)

    def arrived(self, count, what):
        self.bed.settled()
        ok(until(lambda: self.reports() >= count) and self.reports() == count, what + ": taken, and once",
           "%d of %d\n%s" % (self.reports(), count, self.bed.last_words()))

    # ---- what Postfix itself says --------------------------------------------------------------------------------

    def check_refused(self):
        for address, _, _ in REFUSED:
            self.by_sendmail(OWNER, address)
        self.arrived(3, "refusals come back to the From address")
        for row in REFUSED:
            check_person(self.why(row[0]), row, "local")

    def check_forged(self):
        """Word for word what Postfix wrote, but for whom it names."""
        genuine = re.sub(r"\A(?:(?:Return-Path|X-Original-To|Delivered-To): .*\n)+", "", self.raw("unknown@remote.test"))
        ok(re.match(r"Received: by mx\.example\.org \(Postfix\)\n\tid \w+; ", genuine), "so Postfix writes its notices", genuine[:300])
        forged = genuine.replace("unknown@remote.test", "victim@remote.test")

        def numbered(i):
            return forged.replace("Subject: ", "Subject: (%d) " % i, 1)

        self.hand_in_by_smtp("", OWNER, numbered(1))
        self.arrived(4, "a forgery by SMTP")
        self.hand_in_by_smtp("", ALIAS, numbered(2))
        self.arrived(5, "a forgery to an alias")
        passed_on = self.raw("victim@remote.test")
        ok(re.search(r"\A(?:(?!Received:).*\n)*Received: by mx\.example\.org \(Postfix\)\n\tid \w+; .*\n(?:.*\n){0,3}?Received: from ", passed_on),
           "local(8) writes above it what stands above notices", "\n".join(passed_on.split("\n")[:40]))
        self.bed.send(numbered(3), "-f", "<>", "--", OWNER)
        self.arrived(6, "a forgery by somebody of the machine")
        with self.bed.smtp(SENDER) as smtp:
            smtp.sendmail("", [OWNER], numbered(4))
        self.arrived(7, "a forgery by a program that may send through us")
        same((self.standing("victim@remote.test"), self.facts("victim@remote.test")),
             ("active", [("hard", "inferred", False)] * 4), "forgeries are known, and act on nobody")

    def check_orcpt(self):
        """A stranger takes our address for his, and has a refusal of somebody else's sent to us as if it were the victim's."""
        with self.bed.smtp() as smtp:
            smtp.ehlo()
            smtp.mail(OWNER)
            same(smtp.rcpt(DEAD, ["ORCPT=rfc822;victim@remote.test"])[0], 250, "who takes our address for his gets in")
            smtp.data("Subject: x\r\n\r\nx\r\n")
        self.arrived(8, "our own notice of a stranger's mail")
        raw = self.raw("victim@remote.test")
        ok("\nOriginal-Recipient: rfc822;victim@remote.test\n" in raw and "\nFinal-Recipient: rfc822; unknown@remote.test\n" in raw,
           "it names the victim", raw[raw.find("Reporting-MTA"):])
        same((self.standing("victim@remote.test"), self.facts("victim@remote.test")[-1]), ("active", ("hard", "inferred", False)),
             "whom our Postfix did not try is not whom it speaks of")

    def check_provoked(self):
        """Nor does he get anywhere with mail that fails by what it says: to the address that Postfix tried, at that."""
        self.hand_in_by_smtp(OWNER, MEMBER, "Delivered-To: %s\nSubject: x\n\nx\n" % MEMBER)
        self.arrived(9, "our own notice of mail that a stranger made a loop of")
        raw = self.raw(MEMBER)
        ok("\nFinal-Recipient: rfc822; %s\n" % MEMBER in raw and "mail forwarding loop" in raw, "it speaks of the member",
           raw[raw.find("Reporting-MTA"):])
        same((self.standing(MEMBER), self.facts(MEMBER)), ("active", [("soft", "inferred", False)]),
             "what a message brought about is nothing against the address")

    # ---- what others say -----------------------------------------------------------------------------------------

    def check_forwarded(self):
        self.bed.remote.answer_later(self.paths["forwards@remote.test"], "friend@remote.test")
        self.arrived(10, "a bounce of forwarded mail")
        same((self.standing("forwards@remote.test"), self.facts("forwards@remote.test")), ("quarantined", [("hard", "signed", True)]),
             "it is a soft for him whose mail it was")
        same((self.standing("friend@remote.test"), self.facts("friend@remote.test")), ("active", []), "and nothing of whom the text names")
        text = EXIM.replace("{date}", email.utils.formatdate()).replace("{address}", "stays@remote.test")
        self.hand_in_by_smtp("", self.paths["friend@remote.test"], text.replace("{sender}", self.paths["stays@remote.test"]))
        self.arrived(11, "a bounce with two return paths")
        same((self.facts("friend@remote.test"), self.facts("stays@remote.test")), ([("hard", "signed", True)], []),
             "the one that it came to is whom it is about")

    def check_unsubscribed(self):
        text = "From: x@remote.test\nTo: y\nSubject: unsubscribe\n%s\nunsubscribe\n"
        self.hand_in_by_smtp("x@remote.test", self.leave["leaves@remote.test"], text % "")
        self.arrived(12, "a wish to unsubscribe")
        same(self.standing("leaves@remote.test"), "unsubscribed", "it is granted, whoever sends it")
        self.hand_in_by_smtp("", self.leave["stays@remote.test"], text % "")
        self.hand_in_by_smtp("x@remote.test", self.leave["stays@remote.test"], text % "Auto-Submitted: auto-replied\n")
        self.bed.remote.answer_later(self.leave["stays@remote.test"], "stays@remote.test")
        self.arrived(15, "what machines send there")
        same(self.standing("stays@remote.test"), "active", "is nobody's wish")

    def go(self):
        getattr(self, "start_" + self.mode.reader)()
        for check in (self.check_refused, self.check_forged, self.check_orcpt, self.check_provoked, self.check_forwarded, self.check_unsubscribed):
            check()
        want = dict({row[0]: row[2] for row in REFUSED}, **{"forwards@remote.test": "quarantined", "friend@remote.test": "quarantined",
                                                            "leaves@remote.test": "unsubscribed"})
        same({a: self.standing(a) for a in PEOPLE}, {a: want.get(a, "active") for a in PEOPLE}, "and nobody else has moved")
        same(self.do("store", "check", "--json").json()["judged_otherwise"], 0, "everybody stands as his facts say")


def main():
    arrives = Arrives(sys.argv[2], "127.0.0.1", "UTC")
    arrives.go()
    arrives.bed.ended()
    done()


if __name__ == "__main__":
    main()
