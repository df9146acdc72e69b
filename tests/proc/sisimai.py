#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""parse --format sisimai: the keys that Sisimai prints, and where both say something plain, the same.

usage: sisimai.py PROGRAM
"""
import json
import re
import subprocess

from box import FIXTURES, done, fixtures, ok, run, same

# As Sisimai 5 has them. Sisimai 4 has softbounce where 5 has hardbounce.
KEYS = """action addresser alias catch deliverystatus destination diagnosticcode diagnostictype feedbacktype hardbounce lhost
listid messageid origin reason recipient replycode rhost senderdomain smtpagent smtpcommand subject timestamp
timezoneoffset token""".split()
THEIRS = "use Sisimai; print map { \"$_\\n\" } grep { defined } map { Sisimai->dump($_) } @ARGV"
ORDINARY = b"From: ann@example.net\nTo: news@example.com\nSubject: hello\n\nI liked the last issue.\n"
COMPLAINT = b"""From: fbl@example.net
To: abuse@example.com
Subject: FW: issue 12
Date: Mon, 23 Nov 2026 16:05:28 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b

An email abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: x/1
Version: 1
Original-Rcpt-To: <ann@example.net>

--b
Content-Type: message/rfc822

From: News <news@example.com>
To: ann@example.net
Subject: issue 12
Message-ID: <12@example.com>
List-Id: <news.example.com>

text
--b--
"""


def parse(*words, stdin=b""):
    got = run("parse", "--format", "sisimai", *words, stdin=stdin)
    ok(got.code == 0 and not got.said, "parse --format sisimai %s" % " ".join(map(str, words[:2])), got)
    return got.lines()


def test_ours():
    ours, plain = parse(FIXTURES), run("parse", FIXTURES).lines()
    ok(all(list(o) == KEYS for o in ours), "every object has every key, in one order")
    same([(o["origin"], o["reason"].replace("blocked", "greylisted"), o["deliverystatus"], o["smtpcommand"]) for o in ours],
         [(p["source"], p["reason"].replace("blocked", "greylisted"), p["status"], p["command"]) for p in plain],
         "an object where parse has one, of the same words")
    same([o["hardbounce"] for o in ours], [int(p["kind"] == "hard") for p in plain], "hardbounce is the kind")
    same(len({o["token"] for o in ours}), len(ours), "a token is one report's about one recipient")
    same([o["token"] for o in parse(FIXTURES)], [o["token"] for o in ours], "and the same when it is read again")


def test_kinds():
    same(parse("-", stdin=ORDINARY), [], "ordinary mail has none")
    got = parse("-", stdin=COMPLAINT)
    same([(o["feedbacktype"], o["reason"], o["recipient"], o["destination"], o["listid"] != "", o["messageid"], o["hardbounce"])
          for o in got], [("abuse", "feedback", "ann@example.net", "example.net", True, "12@example.com", 0)], "a complaint")
    same((got[0]["addresser"], got[0]["senderdomain"], got[0]["replycode"], got[0]["catch"], got[0]["timezoneoffset"]),
         ("news@example.com", "example.com", "", None, "+0000"), "empty where nothing is known")
    prose = FIXTURES.parents[1] / "golden" / "prose"
    same({o["smtpagent"] for o in parse(*sorted(prose.glob("ses-*.eml")))}, {"AmazonSES"}, "a notification of Amazon's has their name for it")


def theirs():
    """What Sisimai says of our fixtures; None where it is missing."""
    try:
        got = subprocess.run(["perl", "-e", THEIRS, *map(str, fixtures())], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        return None
    return [r for line in got.stdout.splitlines() for r in json.loads(line)] if got.returncode == 0 else None


def test_theirs():
    told = theirs()
    if told is None:
        print("# Sisimai (libsisimai-perl) is not here: not compared", flush=True)
        return ok(True, "compared with Sisimai # SKIP it is not installed")
    ours = {(o["origin"], o["recipient"]): o for o in parse(*fixtures())}
    ok(len(told) > 90, "Sisimai reads most of them", len(told))
    same({tuple(sorted(set(t) - {"softbounce"} | {"hardbounce"})) for t in told}, {tuple(KEYS)}, "its keys are ours")
    pairs = [(t, ours.get((t["origin"], t["recipient"]))) for t in told]
    same([t["origin"] for t, o in pairs if not o], [], "each recipient that it names, we name")
    for key in ("destination", "subject", "messageid", "senderdomain", "addresser", "timezoneoffset"):
        same([(t["origin"], t[key], o[key]) for t, o in pairs if t["messageid"] and t[key] != o[key]], [], key)
    # Of several recipients it gives all the last one's words; x.0.x are statuses that it makes up.
    alone = [(t, o) for t, o in pairs if "multi.eml" not in t["origin"]]
    for key in ("replycode", "smtpcommand"):
        same([(t["origin"], t[key], o[key]) for t, o in alone if t[key] and "sendmail" not in t["origin"] and t[key] != o[key]],
             [], key + ", where it knows one")
    same([(t["origin"], t["deliverystatus"], o["deliverystatus"]) for t, o in alone
          if re.search(r"/(postfix|exim|courier)", t["origin"]) and ".0." not in t["deliverystatus"]
          and t["deliverystatus"] != o["deliverystatus"]], [], "deliverystatus, where it says something")
    same([(t["origin"], o["rhost"]) for t, o in alone if t["rhost"].startswith("mx.remote") and t["rhost"] != o["rhost"]],
         [], "rhost, where another host refused")
    kinds = [(t["origin"], t["action"], o["action"]) for t, o in pairs if t["action"] and "opensmtpd" not in t["origin"]]
    same([k for k in kinds if k[1] != k[2]], [], "action")


def main():
    for test in (test_ours, test_kinds, test_theirs):
        test()
    done()


if __name__ == "__main__":
    main()
