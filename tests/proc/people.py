#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Subscribers one by one: added, shown, set by hand, explained, counted.

usage: people.py PROGRAM
"""
import json

from box import done, fixtures, new_home, ok, run, same
from return_paths import BOUNCE

NOW = "2026-11-20T12:00:00Z"
# words, exit code, what must be said
WRONG = [
    (("subscriber", "add", "--list", "news", "no-at-sign"), 64, "no @"),
    (("subscriber", "add", "--list", "news", "new@example.net", "bad@"), 64, "bad@"),
    (("subscriber", "add", "new@example.net"), 64, "--list"),
    (("subscriber", "add", "--list", "news", "--external-id", "7", "a@example.net", "b@example.net"), 64, "one address"),
    (("subscriber", "add", "--list", "news", "--external-id", "7" * 65, "new@example.net"), 65, "64"),
    (("subscriber", "add", "--list", "news", "--external-id", "7\x1b[31m", "new@example.net"), 65, "control"),
    (("subscriber", "add", "--list", "news", "--since", "2062-01-01", "new@example.net"), 64, "future"),
    (("subscriber", "add", "--list", "news", "--contact", "--resubscribe", "new@example.net"), 64, "one of the two"),
    (("subscriber", "show", "stranger@example.net"), 66, "on no list"),
    (("subscriber", "set", "ann@example.net"), 64, "--status"),
    (("subscriber", "set", "--status", "bouncy", "ann@example.net"), 64, "did you mean bounced?"),
    (("subscriber", "set", "--status", "active", "--until", "2026-12-01", "ann@example.net"), 64, "quarantine"),
    (("subscriber", "set", "--until", "2026-12-01", "ann@example.net"), 64, "quarantine"),
    (("subscriber", "set", "--status", "quarantined", "--until", "2026-11-01", "ann@example.net"), 64, "before"),
    (("subscriber", "set", "--status", "active", "--at", "2027-01-01", "ann@example.net"), 64, "future"),
    (("subscriber", "set", "--address", "bob@example.net", "ann@example.net"), 65, "another subscriber"),
    (("subscriber", "set", "--address", "nobody", "ann@example.net"), 64, "--address"),
    (("subscriber", "set", "--status", "active", "stranger@example.net"), 66, "on no list"),
    (("explain",), 64, "whom"),
    (("explain", "--raw", "77"), 66, "77"),
    (("explain", "--raw", "one"), 64, "number"),
    (("explain", "--raw", "1", "ann@example.net"), 64, "no subscriber"),
    (("report", "--top", "many"), 64, "number"),
    (("report", "--since", "soon"), 64, "no time"),
]


class Box:
    def __init__(self):
        self.home, self.number = new_home(), 0

    def do(self, *words, now=NOW, **more):
        return run(*words, "--now", now, home=self.home, **more)

    def good(self, *words, **more):
        got = self.do(*words, **more)
        ok(got.code == 0 and not got.said, " ".join(words[:5]), got)
        return got

    def standing(self, who, now=NOW):
        s = self.do("subscriber", "show", who, "--json", now=now).json()["subscribers"][0]
        return s["status"], s["until"]

    def bounce(self, address, date, hard=True, now=NOW):
        """A bounce to his signed return path; answers what ingest said."""
        self.number += 1
        path = self.do("verp", "encode", "--list", "news", address, "--json", now=now).json()["return_path"]
        mail = BOUNCE.format(path=path, address=address, number=self.number, date=date)
        if not hard:
            mail = mail.replace("550 5.1.1 User unknown", "452 4.2.2 Mailbox full").replace("Status: 5.1.1", "Status: 4.2.2")
        return self.do("ingest", "--json", "-", stdin=mail.encode(), now=now).json()

    def explain(self, who, now=NOW):
        return self.do("explain", who, "--json", now=now).json()


def test_add(box):
    got = box.good("subscriber", "add", "--list", "news", "--external-id", "4711", "Ann@Example.NET")
    ok("added" in got.text, "add: told", got)
    box.good("subscriber", "add", "--list", "news", "bob@example.net", "cid@example.net", "dan@example.net")
    got = box.good("subscriber", "add", "--list", "news", "ann@example.net")
    ok("there already" in got.text, "add: who is there stays", got)
    got = box.do("subscriber", "add", "--list", "news", "--external-id", "4711", "eve@example.net")
    ok(got.code == 65 and "external id" in got.said, "add: an id that somebody has", got)
    shown = box.good("subscriber", "show", "ANN@example.net", "--json").json()["subscribers"]
    same([(s["id"], s["address"], s["external_id"], s["status"], s["list"]) for s in shown],
         [(1, "Ann@Example.NET", "4711", "active", "news")], "show: as spelled, found in any case")
    got = box.do("subscriber", "show", "#2", "stranger@example.net", "bob@example.net")
    ok(got.code == 66 and got.text.count("bob@example.net") == 2 and "stranger" in got.said,
       "show: one stranger hides nobody", got)


def test_wrong(box):
    before = box.do("subscriber", "export", "--list", "news").text
    for words, code, says in WRONG:
        got = box.do(*words)
        ok(got.code == code and says in got.said, "%s: %d" % (" ".join(words)[:70], code), got)
    same(box.do("subscriber", "export", "--list", "news").text, before, "none of these changed anything")


def test_set(box):
    box.good("subscriber", "set", "--status", "quarantined", "--until", "2026-12-01", "--note", "on leave", "bob@example.net")
    same(box.standing("bob@example.net"), ("quarantined", "2026-12-01T00:00:00Z"), "set: quarantined until then")
    same(box.standing("bob@example.net", "2026-12-01"), ("active", ""), "set: and active from then on")
    got = box.good("subscriber", "set", "--status", "quarantined", "--until", "2026-12-01", "--note", "on leave", "bob@example.net")
    ok("already" in got.text, "set: the same again is told", got)
    box.good("subscriber", "set", "--status", "unsubscribed", "#2")
    same(box.standing("#2"), ("unsubscribed", ""), "set: named by our id")
    box.good("subscriber", "add", "--list", "news", "--resubscribe", "bob@example.net", now="2026-11-21")
    same(box.standing("#2", "2026-11-21"), ("active", ""), "add --resubscribe: active again")
    why = box.explain("#2", "2026-11-21")
    same([f["type"] for f in why["facts"]], ["set", "set", "subscribe"], "explain: each setting is a fact")
    ok("on leave" in [f["note"] for f in why["facts"]], "explain: with its note", why)
    box.good("list", "add", "weekly")
    box.good("subscriber", "add", "--list", "weekly", "bob@example.net")
    got = box.do("subscriber", "set", "--status", "active", "bob@example.net")
    ok(got.code == 64 and "2 lists" in got.said, "set: on two lists, one must be named", got)
    box.good("subscriber", "set", "--status", "bounced", "--list", "weekly", "bob@example.net")
    same([s["status"] for s in box.do("subscriber", "show", "bob@example.net", "--json", now="2026-11-21").json()["subscribers"]],
         ["active", "bounced"], "set: on that list alone")


def test_hard(box):
    ann = "ann@example.net"
    same(len(box.bounce(ann, "Fri, 20 Nov 2026 10:00:00 +0000")["moves"]), 1, "one hard bounce moves her")
    why = box.explain(ann)
    fact = why["facts"][0]
    same((why["decision"]["status"], why["decision"]["cause"], fact["effect"], fact["trust"], fact["rule"] != ""),
         ("bounced", 0, "removed", "signed", True), "explain: removed by that fact, vouched for, by a rule")
    same([(t["from"], t["to"], t["cause"] == fact["id"]) for t in why["transitions"]], [("active", "bounced", True)],
         "explain: the transition names its cause")
    text = box.good("explain", ann).text
    ok("hard bounce 1 of 1" in text and "550 5.1.1 User unknown" in text, "explain: for people", text)
    raw = box.good("explain", "--raw", str(fact["report"]))
    ok(b"Status: 5.1.1" in raw.out, "explain --raw: the message as it came", raw)
    box.good("subscriber", "set", "--address", "ann.new@example.net", "--note", "she wrote", ann)
    same(box.standing("#1"), ("active", ""), "a new address: what was said of the old one counts no more")
    same(box.do("subscriber", "show", ann).code, 66, "a new address: the old one names nobody")


def test_soft(box):
    dan = "dan@example.net"
    for day, now, want in (("01", "2026-11-01T12:00:00Z", ("quarantined", "2026-11-04T10:00:00Z")),
                           ("09", "2026-11-09T12:00:00Z", ("quarantined", "2026-11-15T10:00:00Z")),
                           ("20", NOW, ("bounced", ""))):
        box.bounce(dan, "Sun, %s Nov 2026 10:00:00 +0000" % day, hard=False, now=now)
        same(box.standing(dan, now), want, "soft of %s November: %s" % (day, want[0]))
    same([f["effect"] for f in box.explain(dan)["facts"]], ["quarantined", "quarantined", "removed"], "explain: one by one")
    same(box.standing(dan, "2027-11-20"), ("bounced", ""), "and removed he stays")


def test_moved_house(box):
    """What one home exports, another takes in: whoever is new stands as he stood, whoever is there as he stands."""
    csv = box.do("subscriber", "export", "--list", "news").out
    other = Box()
    other.do("subscriber", "add", "--list", "news", "dan@example.net")
    got = other.do("subscriber", "import", "--list", "news", "-", stdin=csv)
    ok(got.code == 0 and "3 added, 1 there already" in got.text, "moved house: taken in", got)
    want = {r["address"]: r["status"] for r in map(json.loads, box.do("subscriber", "export", "--list", "news", "--json").out.splitlines())}
    same(want.pop("dan@example.net"), "bounced", "moved house: he was bounced there")
    have = {r["address"]: r["status"] for r in map(json.loads, other.do("subscriber", "export", "--json").out.splitlines())}
    same(have.pop("dan@example.net"), "active", "moved house: he was there already, and stays as he is")
    same(have, want, "moved house: the others stand as they stood")
    rows = b"email,status,until\na@example.org,bounced,\nb@example.org,quarantined,2026-11-01\nc@example.org,quarantined,2026-12-24\n" \
           b"d@example.org,unsubscribed,\ne@example.org,blocklisted,\n"
    got = other.do("subscriber", "import", "--list", "news", "-", stdin=rows)
    ok(got.code == 65 and "a status that is none of ours" in got.text, "import: a status that is none is told", got)
    same([other.standing(x + "@example.org") for x in "abcd"],
         [("bounced", ""), ("active", ""), ("quarantined", "2026-12-24T00:00:00Z"), ("unsubscribed", "")], "import: with their statuses")
    same(other.explain("a@example.org")["facts"][0]["note"], "as imported", "import: explained")


def test_report(box):
    for path in fixtures()[:10]:
        box.do("ingest", path)
    all_of_it = box.good("report", "--json").json()
    for table in ("kinds", "reasons", "domains", "lists", "trusts"):
        same(sum(row["count"] for row in all_of_it[table]), all_of_it["recipients"], "report: %s add up" % table)
    mine = box.good("report", "--list", "news", "--json").json()
    same((mine["reports"], {r["name"]: r["count"] for r in mine["kinds"]}), (4, {"hard": 1, "soft": 3}), "report: of one list")
    same(mine["subscribers"], {"active": 3, "quarantined": 0, "bounced": 1, "complained": 0, "unsubscribed": 0},
         "report: how its subscribers stand")
    part = box.good("report", "--list", "news", "--since", "2026-11-09", "--until", "2026-11-20", "--json").json()
    same(part["reports"], 1, "report: of a span of time")
    ok("(nobody on a list)" in box.good("report", "--top", "1").text, "report: strangers are told as such")


def main():
    box = Box()
    for test in (test_add, test_wrong, test_set, test_hard, test_soft, test_moved_house, test_report):
        test(box)
    done()


if __name__ == "__main__":
    main()
