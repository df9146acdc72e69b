#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Return paths of every form: written, read back, and what comes back to them acts on whom they name and nobody else.

usage: return_paths.py PROGRAM
"""
from box import done, mbox, new_home, ok, run, same

NOW = "2026-11-20T09:00:00Z"
BOUNCE = """Return-Path: <>
Received: by mx.example.com (Postfix) id 4Z1; {date}
Date: {date}
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: {path}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{number}@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

<{address}>: host mx.example.net said: 550 5.1.1 User unknown

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b--
"""
LISTS = [("signed", ()), ("plain", ("--set", "return_path=plain")),
         ("verp", ("--set", "return_path=verp", "--set", "return_path_base=letter")),
         ("own", ("--set", "return_path=plain")),
         ("both", ("--set", "return_path=signed-verp", "--set", "return_path_base=letter")),
         ("takes", ("--set", "accept_mailing=yes"))]


class Box:
    def __init__(self):
        self.home, self.number = new_home(), 0
        for name, settings in LISTS:
            self.good("list", "add", name, "--set", "bounce_domain=%s.example.com" % name, *settings)
            for i, who in enumerate(("ann", "bob", "cid")):
                external = () if name == "own" else ("--external-id", str(1001 + i))
                self.good("subscriber", "add", "--list", name, *external, "%s@%s.example.net" % (who, name))

    def do(self, *words, **more):
        return run(*words, "--now", NOW, home=self.home, **more)

    def good(self, *words, **more):
        got = self.do(*words, **more)
        if got.code:
            ok(False, " ".join(words[:4]), got)
        return got

    def path(self, name, address, *more):
        return self.good("verp", "encode", "--list", name, address, *more, "--json").json()["return_path"]

    def mail(self, path, address, status="5.1.1"):
        self.number += 1
        text = BOUNCE.replace("5.1.1", status).replace("550", status[0] + "52")
        return text.format(path=path, address=address, number=self.number, date="Fri, 20 Nov 2026 10:00:00 +0000").encode()

    def bounce(self, *words):
        return self.do("ingest", "--json", "-", stdin=self.mail(*words)).json()

    def moved(self, path, address):
        return [m["address"] for m in self.bounce(path, address)["moves"]]


def test_forms(box):
    for name, _ in LISTS:
        ann, bob = ("%s@%s.example.net" % (who, name) for who in ("ann", "bob"))
        path = box.path(name, ann)
        ok(path.endswith("@%s.example.com" % name), name + ": written", path)
        read = box.good("verp", "decode", "--json", path).json()
        same((read["valid"], read["address"], read["list"]), (True, ann, name), name + ": read back")
        read = box.good("verp", "decode", "--json", path.upper()).json()
        same((read["valid"], read["address"]), (True, ann), name + ": in capitals too")
        if name in ("plain", "verp", "own"):
            same(box.moved(path, "stranger@example.org"), [], name + ": a bounce that names a stranger acts on nobody")
            same(box.moved(path, bob), [], name + ": nor does one that names another subscriber")
        same(box.moved(path, ann), [ann], name + ": a bounce to it acts on him alone")
    same(box.path("plain", "ann@plain.example.net"), "bounce-1001@plain.example.com", "plain: the operator's own id")
    same(box.path("verp", "ann@verp.example.net"), "letter+ann=verp.example.net@verp.example.com", "verp: as expected")
    same(box.path("both", "ann@both.example.net")[:27], "letter+ann=both.example.net="[:27], "signed-verp: readable")
    same(box.do("verp", "encode", "--list", "own", "--form", "xverp", "--all").code, 64, "a form that there is not")


QUOTED, LONG, FOREIGN = '"john doe"@%s.example.net', "a" * 50 + "@%s.example.net", "j\u00f8rn@%s.example.net"


def test_fallback(box):
    """Whom a form cannot hold gets a signed return path, and it acts like any."""
    for name in ("verp", "both"):
        for who in (QUOTED % name, LONG % name, FOREIGN % name):
            box.good("subscriber", "add", "--list", name, who)
            path = box.path(name, who)
            ok(path.startswith("bounce-a") and len(path.partition("@")[0]) == 40, name + ": signed for " + who, path)
            same(box.moved(path, who), [who], name + ": and acts on " + who)
    # Postfix makes them itself (sendmail -XV), and quotes the whole.
    box.good("subscriber", "add", "--list", "verp", '"jane doe"@verp.example.net')
    same(box.moved('"letter+jane doe=verp.example.net"@verp.example.com', '"jane doe"@verp.example.net'),
         ['"jane doe"@verp.example.net'], "verp: blanks within, as Postfix writes them, act")


def test_signed_verp(box):
    bob, cid = "bob@both.example.net", "cid@both.example.net"
    box.good("mailing", "add", "--list", "both", "eight")
    path = box.path("both", bob, "--mailing", "eight")
    read = box.good("verp", "decode", "--json", path).json()
    same([read[k] for k in ("valid", "form", "result", "victim", "address", "list")],
         [True, "signed-verp", "ok", bob, bob, "both"], "signed-verp: decoded")
    for what, forged in (("of his neighbour", path.replace("+bob=", "+cid=")), ("of another base", "x" + path),
                         ("of another domain", path.replace("both.example.com", "signed.example.com")),
                         ("altered", path[:60].replace("=a", "=ab", 1) + path[60:])):
        sums = box.bounce(forged, cid if "+cid" in forged else bob)
        same(sums["moves"], [], "signed-verp " + what + ": acts on nobody")
    sums = box.bounce(path.replace("+bob=", "+cid="), cid)
    same((sums["moves"], sums["acted_on_nobody"]["forged"]), ([], 1), "signed-verp of a neighbour: counted as forged")
    same(box.moved("letter+cid=both.example.net@both.example.com", cid), [], "without its tag: acts on nobody")
    local, domain = path.split("@")
    wrapped = "SRS0=HHHH=TT=%s=%s@forwarder.example.org" % (domain, local.upper())
    text = box.good("verp", "decode", wrapped).out.decode()
    ok("ours" in text and bob in text, "wrapped, in capitals and over-long: read", text)
    same(box.moved(wrapped, "prvs=x=bob@elsewhere.example.org"), [bob], "signed-verp: acts, though another is named")
    late = run("verp", "decode", "--json", path, "--now", "2027-01-01", home=box.home)
    same((late.code, late.json()["result"]), (65, "expired"), "signed-verp: expires")


def test_mailing_paths(box):
    for name, acts in (("signed", False), ("takes", True)):
        box.good("mailing", "add", "--list", name, "nine")
        who = "bob@%s.example.net" % name
        path = box.path(name, who, "--mailing", "nine", "--form", "mailing")
        read = box.good("verp", "decode", "--json", path).json()
        same([read[k] for k in ("form", "result", "address", "list")], ["mailing", "ok", who, name], "mailing: decoded")
        same(box.moved(path, who), [who] if acts else [], "mailing: acts where the list says so: " + name)
        same(box.moved(path.replace("+", "x+"), who), [], "mailing: no tag, no act: " + name)
    same(box.do("verp", "encode", "--list", "takes", "--form", "mailing", "--all").code, 64, "mailing: of which?")


def test_envid(box):
    bob = "bob@own.example.net"
    envid = box.path("own", bob, "--form", "envid")
    same(box.good("verp", "decode", "--json", envid).json()["address"], bob, "envid: read back")
    mail = BOUNCE.format(path="somebody@own.example.com", address=bob, number="e", date="Fri, 20 Nov 2026 10:00:00 +0000")
    mail = mail.replace("\n\nFinal-", "\nOriginal-Envelope-Id: " + envid + "\n\nFinal-")
    moves = box.do("ingest", "--json", "-", stdin=mail.encode()).json()["moves"]
    same([m["address"] for m in moves], [bob], "envid: a report that repeats it acts on him")


def test_surplus(box):
    path, who = box.path("takes", "cid@takes.example.net"), "cid@takes.example.net"
    sums = [box.bounce(path, who, "4.2.2") for _ in range(12)]
    same([s["reports"] for s in sums], [1] * 10 + [0] * 2, "one return path brings ten reports")
    same([s["counted_only"] for s in sums], [0] * 10 + [1] * 2, "further ones are counted")
    same(box.bounce(path, who)["reports"], 1, "but for its first hard bounce")
    same(box.good("explain", "--list", "takes", "--json", who).json()["counted_only"], 2, "explain tells how many")
    ok(b"2 reports more" in box.good("explain", "--list", "takes", who).out, "in words, too")


def test_surplus_rehearsed(box):
    """--dry-run counts what one return path may fill as storing does, with what is stored already."""
    who, other = "cid@signed.example.net", "ann@signed.example.net"
    path, elsewhere = box.path("signed", who), box.path("signed", other)

    def both(name, *mails):
        text = mbox(mails)
        dry, wet = (box.do("ingest", "--json", *words, "-", stdin=text).json() for words in (("--dry-run",), ()))
        same(dict(dry, dry_run=False), wet, "rehearsed: " + name)
        return wet["reports"], wet["counted_only"]

    def soft(n, to=path, about=who):
        return [box.mail(to, about, "4.2.2") for _ in range(n)]

    same(both("a few", *soft(4)), (4, 0), "four are stored")
    same(both("some more, and one about somebody else", *soft(8), box.mail(elsewhere, other, "4.2.2")), (7, 2), "six more, and another's")
    same(both("its first hard, among others", *soft(2), box.mail(path, who), box.mail(path, who)), (1, 3), "its first hard is")
    same(both("all in one", *soft(12, elsewhere, other)), (9, 3), "nine more, beside one that is stored")


def test_unsubscribe(box):
    path = box.path("both", "cid@both.example.net", "--form", "unsubscribe")
    ok(path.startswith("unsubscribe-a"), "unsubscribe: written", path)
    late = run("verp", "decode", "--json", path, "--now", "2099-01-01", home=box.home)
    same((late.code, late.json()["result"], late.json()["address"]), (0, "ok", "cid@both.example.net"), "never expires")
    same(box.do("verp", "decode", path.replace("unsubscribe-", "bounce-")).code, 65, "and is no return path")
    same(box.moved(path, "cid@both.example.net"), [], "a bounce to it acts on nobody")


def test_signed(box):
    bob, cid = "bob@signed.example.net", "cid@signed.example.net"
    path = box.path("signed", cid)
    forged = path[:39] + ("a" if path[39] != "a" else "b") + path[40:]
    got = box.do("verp", "decode", "--json", forged)
    same((got.code, got.json()["result"], got.json()["address"]), (65, "wrong MAC", ""), "forged: found out")
    sums = box.bounce(forged, cid)
    same((sums["moves"], sums["acted_on_nobody"]["forged"]), ([], 1), "forged: acts on nobody, and is counted")
    same(box.moved(box.path("plain", "cid@plain.example.net").replace("plain.", "signed."), cid), [],
         "an unsigned return path acts on nobody of a list that signs")
    sums = box.bounce("bounces@signed.example.com", bob)
    same((sums["moves"], sum(sums["acted_on_nobody"].values())), ([], 1), "a bounce that only names him acts on nobody")
    late = run("verp", "decode", "--json", path, "--now", "2027-01-01", home=box.home)
    same((late.code, late.json()["result"]), (65, "expired"), "expired after 30 days")
    at = run("verp", "decode", "--json", path, "--now", "2027-01-01", "--at", "2026-12-01", home=box.home)
    same((at.code, at.json()["result"]), (0, "ok"), "but not at the time that counts")
    box.good("key", "add")
    same(box.good("verp", "decode", "--json", path).json()["key"], 1, "a new key: the old one still verifies")
    same(box.good("verp", "decode", "--json", box.path("signed", bob)).json()["key"], 2, "a new key: it signs")
    box.good("key", "retire", "1")
    got = box.do("verp", "decode", "--json", path)
    same((got.code, got.json()["result"]), (65, "unknown key"), "a retired key verifies no more")


def test_mailings(box):
    box.good("mailing", "add", "--list", "signed", "seven")
    box.good("mailing", "add", "--list", "signed", "1")
    path = box.path("signed", "bob@signed.example.net", "--mailing", "seven")
    same(box.good("verp", "decode", "--json", path).json()["mailing"], 1, "a mailing by its name")
    path = box.path("signed", "bob@signed.example.net", "--mailing", "1")
    same(box.good("verp", "decode", "--json", path).json()["mailing"], 2, "a name that is a number is a name")
    path = box.path("signed", "bob@signed.example.net", "--mailing", "#1")
    same(box.good("verp", "decode", "--json", path).json()["mailing"], 1, "#1 is always a number")
    same(box.do("mailing", "add", "--list", "signed", "seven").code, 64, "a name stands once on a list")
    box.good("mailing", "add", "--list", "plain", "seven")
    same(box.do("mailing", "sent", "seven", "--all").code, 64, "on two lists, one must be named")
    said = box.good("mailing", "sent", "seven", "--list", "signed", "--all", "--json").json()
    same((said["recorded"], said["known"]), (2, 0), "who was removed is not sent to")
    got = box.do("mailing", "sent", "#1", "-", "--json", stdin=b"bob@signed.example.net\n\n#3\nstranger@example.org\n" + b"x" * 5000)
    same((got.code, got.json()["recorded"] + got.json()["known"], got.json()["missing"]), (66, 2, 2),
         "from standard input: strangers are told, the others recorded")


def main():
    box = Box()
    test_forms(box)
    test_signed(box)
    test_mailings(box)
    test_fallback(box)
    test_signed_verp(box)
    test_mailing_paths(box)
    test_unsubscribe(box)
    test_envid(box)
    test_surplus(box)
    test_surplus_rehearsed(box)
    done()


if __name__ == "__main__":
    main()
