#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""rules list, check and test: the program's own, and an operator's before them.

usage: rules.py PROGRAM
"""
from box import done, folder, new_home, ok, run, same

TOP = folder()
OWN = """
rule our-provider
  kind     soft
  reason   systemerror
  words    "blue moon"
  strength certain
  sample   550 5.1.1 User unknown under the blue moon
  sample   the blue moon shines
"""


def lost(*words):
    """What came near, by rule."""
    got = run("rules", "test", "--json", *words)
    rows = got.json()["runners_up"]
    ok(len(rows) <= 20 and all(r["rule"] and r["kind"] and r["reason"] and r["why"] for r in rows), "why not: %s" % words[-1], got)
    return {r["rule"]: r for r in reversed(rows)}


def test_runners_up(own):
    for words, rule, kind, why in (
            (("550 5.1.1 Mailbox full",), "status-x.1.1", "hard", "codes are asked only where no words are clear"),
            (("550 User unknown, mailbox full",), "user-unknown", "hard", "it is weaker: clear, not certain"),
            (("550 5.1.1 no such user here, account disabled",), "no-such-user", "hard",
             'its words are shorter: "no such user", not "account disabled"'),
            (("450 4.1.1 User unknown",), "user-unknown", "hard", "the winner's own kind: a temporary refusal is never hard"),
            (("--stage", "MAIL", "550 unknown user"), "user-unknown", "hard", "it is hard, and was said before the recipient was named"),
            (("--stage", "MAIL", "550"), "reply-550-data", "block", "its condition does not hold: stage DATA; here it is MAIL"),
            (("5.1.1",), "status-5.x.x", "block", "it is weaker: guess, not code"),
            (("--rules", own, "450 4.1.1 Blue moon, user unknown"), "user-unknown", "hard", "it is weaker: clear, not certain")):
        row = lost(*words).get(rule, {})
        same((row.get("kind"), row.get("why")), (kind, why), "why not %s: %s" % (rule, words[-1]))
    same(list(lost("xyzzy")), [], "why not: nobody came near")
    got = run("rules", "test", "450 4.1.1 User unknown")
    first, _, rest = got.text.partition("\nand not\n")
    ok(first.startswith("soft, userunknown\n  rule user-unknown, ") and first.count("\n") == 2, "why not: the winner comes first", got)
    ok(rest.startswith("  hard, userunknown by rule user-unknown:\n    the winner's own kind"), "why not: then the others", got)
    many = TOP / "many.rules"
    many.write_text("".join(OWN.replace("our-provider", "our-provider-%d" % i) for i in range(30)))
    got = run("rules", "test", "--rules", many, "--json", "the blue moon shines").json()
    same((got["rule"], len(got["runners_up"])), ("our-provider-0", 20), "why not: twenty are enough")
    same(got["runners_up"][0]["why"], "all else alike, it stands behind the winner: line 10, not 2", "why not: the first of them")
    ok("\n  nor 9 more\n" in run("rules", "test", "--rules", many, "the blue moon shines").text, "why not: and says that there are more")


def main():
    got = run("rules", "check")
    ok(got.code == 0 and "each fires its own rule" in got.text, "check: the program's own", got)
    rows = run("rules", "list", "--json").json()["rules"]
    ok(len(rows) > 100 and all(r["rule"] and r["kind"] and r["source"] and r["line"] for r in rows), "list: all of them, with their places")
    for words, want in (
            (("550 5.1.1 User unknown",), ("hard", "userunknown")), (("452 4.2.2 Mailbox full",), ("soft", "mailboxfull")),
            (("550 5.7.1 Message rejected as spam",), ("block", "spamdetected")), (("5.4.1",), ("hard", "userunknown")),
            (("--stage", "MAIL", "550 unknown user"), ("block", "rejected")), (("--stage", "rcpt", "550 unknown user"), ("hard", "userunknown"))):
        got = run("rules", "test", "--json", *words).json()
        same((got["kind"], got["reason"]), want, "test: " + " ".join(words))
    own = TOP / "own.rules"
    own.write_text(OWN)
    got = run("rules", "check", own)
    ok(got.code == 0 and "rules (1 of %s), " % own in got.text and "replaces" not in got.text, "check: rules of one's own", got)
    (TOP / "instead.rules").write_text("code 552 soft mailboxfull\n" + OWN.replace("our-provider", "user-unknown"))
    got = run("rules", "check", TOP / "instead.rules")
    ok(got.code == 0 and "instead.rules:1: reply-552 replaces the built-in" in got.text and "instead.rules:3: user-unknown replaces" in got.text,
       "check: those that stand in the place of built-in ones are named", got)
    got = run("rules", "check", "--json", TOP / "instead.rules").json()
    same((got["rules"], got["own"], got["replaced"]), (len(rows), 2, ["reply-552", "user-unknown"]), "check: for a machine")
    (TOP / "uneven.rules").write_text(OWN.replace('"blue moon"', '"blue moon" "moon full|blue" "moon|sun shines" "moon * full|blue" "red|white * green d"'))
    got = run("rules", "check", TOP / "uneven.rules")
    ok(got.code == 0 and 'uneven.rules:5: "moon full|blue" fires on "blue" alone; if not meant so: "moon * full|blue"\n' in got.text
       and '"moon|sun shines" fires on "moon" alone; if not meant so: "moon|sun * shines"\n' in got.text and got.text.count("alone") == 2,
       "check: literals that fire on less than they look like", got)
    got = run("rules", "check", "--json", TOP / "uneven.rules").json()
    same([(u["line"], u["fires_on"]) for u in got["uneven"]], [(5, "blue"), (5, "moon")], "check: and for a machine")
    (TOP / "nothing.rules").write_text(OWN.replace('"blue moon"', ""))
    got = run("rules", "check", TOP / "nothing.rules")
    ok(got.code == 78 and b'nothing.rules:5: "words" of what?' in got.err, "check: words that are none", got)
    same(run("rules", "check", "--rules", own).code, 64, "check: the file is an argument")
    got = run("rules", "test", "--rules", own, "--json", "550 5.1.1 User unknown under the blue moon").json()
    same((got["rule"], got["kind"]), ("our-provider", "soft"), "test: they come first")
    test_runners_up(own)
    home = new_home()
    (home / "bouncebox.conf").write_text((home / "bouncebox.conf").read_text().replace("#rules =", "rules = own.rules"))
    got = run("rules", "list", home=home)
    ok(got.code == 66 and "own.rules" in got.said, "the configuration names a file that is not there", got)
    got = run("config", "check", home=home)
    ok(got.code == 78 and "error: " in got.text and "own.rules" in got.text, "config check: it is not there", got)
    (home / "own.rules").write_text(OWN.replace("soft", "sotf"))
    got = run("config", "check", "--json", home=home)
    found = [f["text"] for f in got.json()["findings"] if f["level"] == "error"]
    ok(got.code == 78 and len(found) == 1 and "own.rules:3: no kind" in found[0], "config check: it is wrong, and where", got)
    (home / "own.rules").write_text(OWN)
    ok("own.rules" not in run("config", "check", home=home).text, "config check: it is right")
    same(run("rules", "list", "--json", home=home).json()["rules"][0]["rule"], "our-provider", "list: the configuration's first")
    for name, text, says in (("a word", OWN.replace("kind", "knid"), "bad.rules:3"), ("a kind", OWN.replace("soft", "sotf"), "bad.rules:3"),
                             ("a sample of another rule", OWN.replace("certain", "hint"), "bad.rules:7"),
                             ("and why", OWN.replace("certain", "hint"), "bad.rules '...'"), ("rubbish", "\x00\x01", "bad.rules:1")):
        (TOP / "bad.rules").write_text(text)
        got = run("rules", "check", TOP / "bad.rules")
        ok(got.code == 78 and says in got.said, "check: wrong: " + name, got)
    same(run("rules", "check", TOP / "none").code, 66, "check: no such file")
    same(run("rules", "test", "--stage", "LUNCH", "550").code, 64, "test: no such stage")
    same(run("rules", "test").code, 64, "test: of what?")
    done()


if __name__ == "__main__":
    main()
