#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Unsubscribing by mail: what somebody sends to his address for it unsubscribes him, and nothing that a machine sends.

usage: unsubscribe.py PROGRAM
"""
import zlib

from box import FIXTURES, done, folder, new_home, ok, run, same
from lmtp import Daemon

NOW = "2026-11-24T12:00:00Z"
ANN, BOB = "ann@example.net", "bob@example.net"
BOUNCE = (FIXTURES / "postfix-unknown.eml").read_bytes()


def mail(to, more="", sender="ann@example.net", subject="unsubscribe", text="unsubscribe"):
    return ("%sReceived: from x.test (x.test [192.0.2.1])\n\tby mx.test (Postfix) with ESMTP id 4A2\n\tfor <x@y.test>; "
            "Mon, 23 Nov 2026 10:00:00 +0000\nFrom: %s\nTo: %s\nSubject: %s\nMessage-ID: <%d@x.test>\n\n%s\n"
            % (more, sender, to, subject, zlib.crc32(repr((to, more, sender, subject, text)).encode()), text)).encode()


class Box:
    def __init__(self, *settings):
        self.home = new_home()
        self.good("list", "add", "other", "--set", "bounce_domain=other.example.com", *settings)
        for name in ("news", "other"):
            self.good("subscriber", "add", "--list", name, "--now", "2026-10-01", ANN, BOB)
        self.path = {a: self.encode(a) for a in (ANN, BOB)}

    def good(self, *words, **more):
        got = run(*words, home=self.home, **more)
        return got if got.code == 0 else ok(False, " ".join(map(str, words)), got) or got

    def encode(self, address, form="unsubscribe", name="news", now="2024-01-01"):
        return self.good("verp", "encode", "--list", name, "--form", form, "--now", now, "--json", address).json()["return_path"]

    def deliver(self, to, raw):
        self.good("deliver", "--now", NOW, to, stdin=raw)

    def why(self, address=ANN, name="news"):
        return self.good("explain", "--json", "--now", NOW, "--list", name, address).json()

    def standing(self):
        return [self.why(a, name)["subscriber"]["status"] for name in ("news", "other") for a in (ANN, BOB)]


NOBODY = ["active"] * 4
ANN_LEFT = ["unsubscribed"] + ["active"] * 3


def test_pipe():
    box = Box()
    raw = mail("<%s>" % box.path[ANN])
    box.deliver(box.path[ANN], raw)
    same(box.standing(), ANN_LEFT, "pipe: he is unsubscribed, from that list and nobody else")
    why = box.why()
    fact = why["facts"][0]
    same((len(why["facts"]), fact["type"], fact["time"], fact["trust"], fact["return_path"], fact["evidence"], fact["effect"]),
         (1, "unsubscribe", "2026-11-23T10:00:00Z", "signed", box.path[ANN], True, "set"), "explain: when, by what, and that it is kept")
    same((why["decision"]["cause"], why["transitions"][0]["cause"]), (0, fact["id"]), "explain: it is the cause")
    text = box.good("explain", "--now", NOW, "--list", "news", ANN).text
    ok("why: unsubscribe on 2026-11-23 10:00 UTC: by mail to " + box.path[ANN] in text and
       "  2026-11-23 10:00 UTC  unsubscribe -> unsubscribed\n      by mail to " + box.path[ANN] + "; report 1, from pipe\n" in text,
       "explain: for people", text)
    same(box.good("explain", "--raw", fact["report"]).out, raw, "explain: the mail itself")
    same(box.good("report", "--unread", "--json").lines(), [], "report: it is nothing that could not be read")
    box.deliver(box.path[ANN], raw)
    same(len(box.why()["facts"]), 1, "again: known")
    same(box.good("store", "check", "--json").json()["judged_otherwise"], 0, "store check: he stands as his facts say")
    same(box.good("reclassify", "--json", "--apply", "--now", NOW).json()["changed"], 0, "reclassify: it stays what it was")
    same(box.standing(), ANN_LEFT, "and so does he")
    box.good("subscriber", "import", "--list", "news", "--resubscribe", "--now", NOW, "-", stdin=b"email\nann@example.net\n")
    same(box.standing(), NOBODY, "he comes back")
    box.deliver(box.path[ANN], raw)
    same(box.standing(), NOBODY, "and the old mail changes nothing")
    box.good("deliver", "--now", "2026-12-24T12:00:00Z", box.path[ANN], stdin=raw.replace(b"23 Nov", b"23 Dec").replace(b"Subject: ", b"Subject: 2 "))
    same(box.standing(), ANN_LEFT, "until he leaves again, by whatever address of his")


def test_senders():
    """Whoever sends it: the address is the right to."""
    to = Box().path[ANN]
    for name, raw in (
            ("somebody else", mail("x@y.test", sender="Carl <carl@example.org>")),
            ("nothing in it", b"\n"),
            ("no sender in the header", b"Subject: x\n\n"),
            ("a person's words", mail(to, subject="Re: Issue 12", text="Please take me off the list.\n\n> Hello Ann,\n> here is our news")),
            ("it says that nobody's machine sent it", mail(to, "Auto-Submitted: no\n")),
            ("it was sent from an account", mail(to, "Return-Path: <ann@example.net>\n"))):
        box = Box()
        box.deliver(box.path[ANN], raw)
        same(box.standing(), ANN_LEFT, "unsubscribes: " + name)


def test_machines():
    box = Box()
    path = box.path[ANN]
    cases = [
        ("a bounce", BOUNCE),
        ("the null sender", mail(path, "Return-Path: <>\n")),
        ("the null sender, as pipe(8) writes it", mail(path, "Return-Path: <MAILER-DAEMON>\n")),
        ("an auto-reply", mail(path, "Auto-Submitted: auto-replied\n")),
        ("a machine's", mail(path, "Auto-Submitted: auto-generated (rejected)\n")),
        ("an auto-reply without that line", mail(path, "X-Autoreply: yes\n", subject="Automatic reply: Goodbye",
                                                 text="I am out of the office until 5 January and will answer then.")),
    ]
    for name, raw in cases:
        box.deliver(path, raw)
        same(box.standing(), NOBODY, "changes nobody: " + name)
    for name, to in (("forged", path[:-25] + "aaaaa" + path[-20:]), ("the token of a return path", box.encode(ANN, "signed").replace("bounce-", "unsubscribe-")),
                     ("no token", "unsubscribe-1@bounces.example.com")):
        box.deliver(to, mail(to))
        same(box.standing(), NOBODY, "changes nobody: " + name)
    signed = box.encode(ANN, "signed", now="2026-11-20")
    box.deliver(signed, mail(signed, text="unsubscribe me"))
    same(box.standing(), NOBODY, "changes nobody: a person's words to a return path")
    box.deliver(path.replace("unsubscribe-", "bounce-"), mail("x@y.test"))
    same(box.standing(), NOBODY, "changes nobody: its token as a return path")
    box.deliver(signed, BOUNCE.replace(b"Return-Path: <bounce-unknown@bounce.test>", b"Return-Path: <%s>" % path.encode()))
    same(box.why()["facts"][-1]["kind"], "hard", "a bounce of mail that was sent from there is a bounce")
    same(box.standing()[0], "quarantined", "which names somebody else")


def test_lmtp():
    box = Box("--set", "mode=observe")
    d = Daemon(box.home, "--now", NOW)
    client = d.client()
    raw = mail("people@example.com")
    same([r[0] for r in client.mail([box.path[ANN], box.path[BOB]], raw, sender="")], [250, 250], "LMTP: the null sender, taken")
    same(box.standing(), NOBODY, "LMTP: and nobody is unsubscribed")
    same([r[0] for r in client.mail([box.path[ANN], box.encode(BOB, name="other")], mail("people@example.com", text="bye"),
                                    sender="who@x.test")], [250, 250], "LMTP: one mail for two")
    same(box.standing(), ["unsubscribed", "active", "active", "unsubscribed"], "LMTP: both are, where the list only observes, too")
    ok('kind=unsubscription subscriber=1 list=news trust=signed token=ok' in d.said(), "LMTP: the log says so", d.said())
    same(d.end(), 0, "LMTP: it ends well")
    got = box.good("reclassify", "--json", "--apply", "--now", NOW).json()
    same((got["changed"], got["moved"]), (0, 0), "reclassify: whoever it was that had no sender stays nobody")


def test_files():
    """Wherever mailboxes say that it came to: X-Original-To, Delivered-To, To."""
    top = folder()
    for name in ("X-Original-To", "Delivered-To", "To"):
        box = Box()
        head = "" if name == "To" else "%s: %s\n" % (name, box.path[ANN])
        raw = mail(box.path[ANN] if name == "To" else "undisclosed-recipients:;", "Return-Path: <ann@example.net>\n" + head)
        (top / name).mkdir()
        (top / name / "1.eml").write_bytes(raw)
        dry = box.good("ingest", "--dry-run", "--json", "--now", NOW, top / name).json()
        same((dry["unsubscriptions"], [(m["address"], m["after"]) for m in dry["moves"]]), (1, [(ANN, "unsubscribed")]), name + ": rehearsed")
        got = box.good("ingest", "--now", NOW, top / name)
        ok("read 1 message: 0 new reports, 0 duplicates, 1 unsubscription, 0 other mail\n" in got.text, name + ": told", got.text)
        same(box.standing(), ANN_LEFT, name + ": unsubscribed")
        again = box.good("ingest", "--json", "--now", NOW, top / name).json()
        same((again["duplicates"], again["unsubscriptions"]), (1, 0), name + ": again, nothing new")


def main():
    for test in (test_pipe, test_senders, test_machines, test_lmtp, test_files):
        test()
    done()


if __name__ == "__main__":
    main()
