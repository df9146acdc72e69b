#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Settings that are edited: each report is judged by what was in force at its time, so no edit changes anybody's past.

usage: policy.py PROGRAM
"""
from box import done, new_home, ok, run, same
from return_paths import BOUNCE

DAY = "Sun, %02d Nov 2026 10:00:00 +0000"


class Box:
    def __init__(self, *settings):
        self.home, self.number = new_home(), 0
        self.set(*settings)
        self.do("subscriber", "add", "--list", "news", "ann@example.net", "--since", "2026-01-01", day=1)

    def set(self, *settings):
        conf = self.home / "bouncebox.conf"
        kept = conf.read_text().partition("[list news]")[0]
        conf.write_text(kept + "[list news]\nbounce_domain = bounces.example.com\n" + "".join(s + "\n" for s in settings))

    def do(self, *words, day, **more):
        return run(*words, "--now", "2026-11-%02dT12:00:00Z" % day, home=self.home, **more)

    def bounce(self, day, kind="hard"):
        """A report made on that day and read on it. Answers how she stands."""
        self.number += 1
        path = self.do("verp", "encode", "--list", "news", "ann@example.net", "--json", day=day).json()["return_path"]
        mail = BOUNCE.format(path=path, address="ann@example.net", number=self.number, date=DAY % day)
        if kind == "soft":
            mail = mail.replace("550 5.1.1 User unknown", "452 4.2.2 Mailbox full").replace("Status: 5.1.1", "Status: 4.2.2")
        if kind == "delayed":
            mail = mail.replace("Action: failed", "Action: delayed").replace("550 5.1.1 User unknown", "451 4.4.1 try later") \
                .replace("Status: 5.1.1", "Status: 4.4.1")
        self.do("ingest", "-", day=day, stdin=mail.encode())
        return self.status(day)

    def status(self, day):
        return self.do("subscriber", "show", "#1", "--json", day=day).json()["subscribers"][0]["status"]


def test_limit():
    box = Box("hard_limit = 5")
    same(box.bounce(2), "quarantined", "hard_limit 5: one hard quarantines")
    box.set("hard_limit = 1")
    same(box.bounce(3, "delayed"), "quarantined", "hard_limit 1 from then on: what was before is not judged again")
    why = box.do("explain", "#1", day=3).text
    ok("hard bounce 1 of 5" in why, "explain tells by which limit it was judged", why)
    same(box.bounce(7, "delayed"), "active", "and the quarantine ends")
    same(box.bounce(8), "bounced", "a hard bounce from then on removes")
    same(box.do("store", "check", "--json", day=8).json()["judged_otherwise"], 0, "all follows from the facts")


def test_observe():
    box = Box("mode = observe")
    path = box.do("verp", "encode", "--list", "news", "ann@example.net", "--json", day=2).json()["return_path"]
    mail = BOUNCE.format(path=path, address="ann@example.net", number=50, date=DAY % 2).encode()
    for words in (("--dry-run",), ()):
        said = box.do("ingest", "--json", *words, "-", day=2, stdin=mail).json()
        same((said["moved"], said["would_move"]), (0, 1), "observe: nobody is moved, and who would be is counted " + " ".join(words))
    said = box.do("ingest", "-", day=2, stdin=mail.replace(b"<50@", b"<51@")).text
    ok("would move" in said and "ann@example.net" in said, "observe: and told", said)
    same(box.bounce(2), "active", "observe: nothing happens")
    box.set()
    same(box.bounce(3, "delayed"), "active", "enforcing: nobody falls for what happened before")
    same(box.bounce(4), "bounced", "enforcing: but from then on")


def test_before():
    """While nothing was reported there is no past to keep: an edit holds for all that comes, however old."""
    box = Box()
    box.set("return_path = plain", "accept_inferred = yes")
    mail = BOUNCE.format(path="x@y.example", address="ann@example.net", number=98, date=DAY % 1).encode()
    said = box.do("ingest", "--json", "-", day=9, stdin=mail).json()
    same((said["moved"], said["acted_on_nobody"]["not_vouched_for"]), (1, 0), "edited before the first report: it holds for older ones, too")
    box.set("return_path = plain")
    said = box.do("ingest", "--json", "-", day=10, stdin=mail.replace(b"<98@", b"<99@").replace(b"ann@", b"eve@")).json()
    box.do("subscriber", "add", "--list", "news", "eve@example.net", "--since", "2026-01-01", day=10)
    said = box.do("ingest", "--json", "-", day=10, stdin=mail.replace(b"<98@", b"<97@").replace(b"ann@", b"eve@")).json()
    same((said["moved"], said["acted_on_nobody"]["not_vouched_for"]), (1, 0), "edited behind it: what is older is judged, and counted, by then")


def test_trust():
    box = Box("return_path = plain")
    mail = BOUNCE.format(path="x@bounces.example.com", address="ann@example.net", number=99, date=DAY % 2).encode()
    box.do("ingest", "-", day=2, stdin=mail)
    same(box.status(2), "active", "accept_inferred no: a report that only names her does nothing")
    box.set("return_path = plain", "accept_inferred = yes")
    box.do("ingest", "-", day=3, stdin=mail.replace(b"<99@", b"<100@").replace(b"failed", b"delayed"))
    same(box.status(3), "active", "accept_inferred yes: not for what came before")


def test_reader():
    """A command that only reads sees an edit too, and keeps nothing of it."""
    box = Box("soft_limit = 3")
    for day in (2, 10):
        box.bounce(day, "soft")
    box.set("soft_limit = 1")
    ok("2 of 3" in box.do("explain", "#1", day=11).text, "explain: judged by the limit of then")
    same(box.status(11), "quarantined", "reading changes nothing")
    box.set("soft_limit = 3")
    same(box.bounce(12, "soft"), "bounced", "and an edit that was taken back before anything was written never was")


def main():
    for test in (test_limit, test_observe, test_before, test_trust, test_reader):
        test()
    done()


if __name__ == "__main__":
    main()
