#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What was stored is read again when rules grow: rehearsed first, appended and never changed. Unread mail is kept.

usage: reclassify.py PROGRAM
"""
import sqlite3

from box import FIXTURES, done, new_home, ok, run, same

NOW = "2026-11-25"
RULES = """
rule our-provider-means-a-full-mailbox
  kind    soft
  reason  mailboxfull
  words   "user unknown in virtual mailbox table"
  strength always
  sample  550 5.1.1 Recipient address rejected: User unknown in virtual mailbox table
  sample  user unknown in virtual mailbox table
"""
LETTER = b"From: Ann <ann@example.net>\nTo: news@example.com\nSubject: Thank\x1b[2Jyou\nDate: Tue, 24 Nov 2026 09:00:00 +0000\n\nI liked issue 12.\n"


def main():
    home = new_home()

    def do(*words, **more):
        return run(*words, "--now", NOW, home=home, **more)

    do("subscriber", "add", "--list", "news", "unknown@remote.test", "--since", "2026-01-01")
    path = do("verp", "encode", "--list", "news", "--json", "unknown@remote.test").json()["return_path"]
    raw = (FIXTURES / "postfix-unknown.eml").read_bytes().replace(b"bounce-unknown@bounce.test", path.encode())
    do("ingest", "-", stdin=raw)
    do("ingest", "-", stdin=LETTER)
    status = lambda: do("subscriber", "show", "#1", "--json").json()["subscribers"][0]["status"]  # noqa: E731
    same(status(), "bounced", "removed by a hard bounce")

    got = do("report", "--unread")
    ok(got.code == 0 and "[2Jyou" in got.text and "\x1b" not in got.text and "ann@example.net" in got.text and got.text.count("UTC") == 1,
       "unread mail is listed, harmlessly", got)
    unread = do("report", "--unread", "--json").lines()
    same([(u["from"], u["evidence"]) for u in unread], [("Ann <ann@example.net>", True)], "unread: for a machine")
    same(do("explain", "--raw", str(unread[0]["report"])).out, LETTER, "unread: kept as it came")

    got = do("reclassify", "--json").json()
    same((got["reports"], got["changed"], got["moves"], got["applied"]), (2, 0, [], False), "the same rules read the same")
    (home / "my.rules").write_text(RULES)
    tried = do("reclassify", "--rules", home / "my.rules", "--json").json()
    same(([(m["before"], m["after"]) for m in tried["moves"]], tried["applied"]), ([("bounced", "quarantined")], False),
         "rules that are not in force yet: who would move")
    got = do("reclassify", "--rules", home / "my.rules", "--apply")
    ok(got.code == 64 and "follows the configuration" in got.said, "and they are not applied", got)
    fresh = raw.replace(b"Message-ID: <", b"Message-ID: <again.").replace(b"Message-Id: <", b"Message-Id: <again.")
    for words, kind in (((), "hard"), (("--rules", home / "my.rules"), "soft")):
        got = do("ingest", "--dry-run", "--json", *words, "-", stdin=fresh).json()
        same([k for k in got["kinds"] if got["kinds"][k]], [kind], "new mail, rehearsed with rules that are not in force: %s" % kind)
    for words in ((), ("--follow",)):
        got = do("ingest", "--rules", home / "my.rules", *words, "-", stdin=fresh)
        ok(got.code == 64 and "follows the configuration" in got.said, "and it is not stored by them", got)
    conf = home / "bouncebox.conf"
    conf.write_text(conf.read_text().replace("#rules =", "rules = my.rules"))
    got = do("reclassify", "--json").json()
    same((got["changed"], [(m["before"], m["after"]) for m in got["moves"]], got["readings"]),
         (1, [("bounced", "quarantined")], [{"kind_before": "hard", "reason_before": "userunknown", "kind": "soft",
                                             "reason": "mailboxfull", "count": 1}]), "rehearsed: what would be")
    text = do("reclassify").text
    ok("--apply" in text and "hard, userunknown -> soft, mailboxfull" in text, "rehearsed: for people", text)
    same(status(), "bounced", "rehearsed: nothing was changed")
    same(do("reclassify", "--since", "2026-11-26", "--json").json()["reports"], 0, "only of a time")
    same(do("reclassify", "--unread", "--json").json()["reports"], 1, "only what was unread")
    got = do("reclassify", "--apply", "--json").json()
    same((got["changed"], len(got["moves"]), got["applied"]), (1, 1, True), "applied")
    why = do("explain", "#1", "--json").json()
    same([(f["kind"], f["rule"]) for f in why["facts"]], [("soft", "our-provider-means-a-full-mailbox")], "explained as it reads now")
    same(status() != "bounced", True, "and he stands accordingly")
    same(do("reclassify", "--apply", "--json").json()["changed"], 0, "again: nothing more")
    db = sqlite3.connect(home / "bouncebox.db")
    same(db.execute("SELECT number, current, rule FROM reading WHERE report = 1 ORDER BY number").fetchall(),
         [(0, 0, "user-unknown"), (1, 1, "our-provider-means-a-full-mailbox")], "the old reading is still there")
    same(do("store", "check").code, 0, "all is sound")
    done()


if __name__ == "__main__":
    main()
