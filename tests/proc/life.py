#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The whole life of an installation, from init to report, once under UTC and once in Kolkata: the same, word for word.

usage: life.py PROGRAM
"""
import csv
import io

from box import FIXTURES, KEY, done, folder, make_bounces, ok, run, same

ISSUES = [(1, "2026-10-26T09:00:00", "2026-10-27"), (2, "2026-11-05T09:00:00", "2026-11-06"),
          (3, "2026-11-20T09:00:00", "2026-11-21T12:00:00Z")]
END = "2026-11-21T12:00:00Z"


class Life:
    """One installation; everything it said is in `said`, its folder's name taken out."""

    def __init__(self, tz):
        self.tz, self.top, self.said = tz, folder(), []
        self.home = self.top / "box"
        self.home.mkdir(mode=0o700)
        (self.home / "keys").write_text(KEY)
        (self.home / "keys").chmod(0o600)

    def do(self, *words, **more):
        got = run(*words, home=self.home, tz=self.tz, **more)
        self.said.append((words, got.code, got.text.replace(str(self.top), "TOP"),
                          got.said.replace(str(self.top), "TOP")))
        return got

    def good(self, *words, **more):
        got = self.do(*words, **more)
        ok(got.code == 0 and not got.said, "%s: %s" % (self.tz, " ".join(map(str, words[:3])).replace(str(self.top), "")),
           got)
        return got

    def begin(self):
        self.good("init", "--now", "2026-10-01")
        self.good("list", "add", "news", "--set", "bounce_domain=bounces.example.com", "--now", "2026-10-01")
        readers = self.top / "readers.csv"
        readers.write_bytes(make_bounces("readers", FIXTURES))
        self.good("subscriber", "import", "--list", "news", readers, "--now", "2026-10-01")
        return len(readers.read_text().splitlines()) - 1

    def issue(self, number, sent, read):
        """The issue goes out and its bounces come back. Answers what ingest said."""
        self.good("mailing", "add", "--list", "news", "issue %d" % number, "--sent", sent + "Z", "--now", sent + "Z")
        self.good("mailing", "sent", str(number), "--all", "--now", sent + "Z")
        paths = self.top / "paths"
        paths.write_bytes(self.good("verp", "encode", "--list", "news", "--mailing", str(number), "--all",
                                    "--now", sent + "Z").out)
        box = self.top / ("issue-%d.mbox" % number)
        box.write_bytes(make_bounces("mailbox", FIXTURES, number, sent, paths))
        dry = self.do("ingest", "--dry-run", "--json", box, "--now", read).json()
        wet = self.good("ingest", "--json", box, "--now", read).json()
        ok(dry.pop("dry_run") is True and wet["dry_run"] is False, "%s: the rehearsal says that it is one" % self.tz)
        same(dry, {k: v for k, v in wet.items() if k != "dry_run"}, "%s: the rehearsal said what came" % self.tz)
        return wet

    def statuses(self):
        """Of everybody, by our reader's own id, as the export tells."""
        rows = csv.DictReader(io.StringIO(self.good("subscriber", "export", "--list", "news", "--now", END).text))
        return {row["external_id"]: row["status"] for row in rows}


def live(tz):
    life = Life(tz)
    readers = life.begin()
    sums = [life.issue(*issue) for issue in ISSUES]
    same(sums[0]["messages"], len(list(FIXTURES.glob("*.eml"))), tz + ": every bounce of the first issue is read")
    same([s["duplicates"] for s in sums], [0, 0, 0], tz + ": nothing of it was known")
    again = life.good("ingest", "--json", *sorted(life.top.glob("*.mbox")), "--now", END).json()
    same((again["reports"], again["duplicates"], again["moved"]), (0, sum(s["messages"] for s in sums), 0),
         tz + ": read again, all of it is known and nobody moves")
    status = life.statuses()
    same(len(status), readers, tz + ": everybody is in the export")
    for who, want in (("postfix-unknown", "bounced"), ("exim-full", "bounced"), ("postfix-dfull", "quarantined"),
                      ("sendmail-spam", "active"), ("courier-delay", "quarantined"), ("opensmtpd-tfull", "active"), ("quiet-00", "active")):
        same(status.get(who), want, "%s: %s is %s" % (tz, who, want))
    why = life.good("explain", "postfix-unknown@post.example", "--now", END).text
    ok("bounced" in why and "userunknown" in why, tz + ": explain names status and reason", why)
    ok("hard" in life.good("report", "--list", "news", "--now", END).text, tz + ": report tells kinds")
    life.good("list", "show", "news", "--now", END)
    life.good("mailing", "show", "--now", END)
    life.good("config", "show", "--now", END)
    life.good("config", "check", "--now", END)
    life.good("key", "list", "--now", END)
    return life


def main():
    utc, kolkata = live("UTC"), live("Asia/Kolkata")
    same(len(utc.said), len(kolkata.said), "as many commands in Kolkata as under UTC")
    for one, other in zip(utc.said, kolkata.said):
        name = " ".join(str(w).replace(str(utc.top), "") for w in one[0][:5])
        same(other[1:], one[1:], "the same in Kolkata: " + name)
    done()


if __name__ == "__main__":
    main()
