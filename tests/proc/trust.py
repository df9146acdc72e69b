#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trust "local": a notice of our own Postfix needs no return path, where Postfix hands it over; nowhere else, and nothing
that somebody sent.

usage: trust.py PROGRAM
"""
import signal

from box import FIXTURES, done, folder, new_home, ok, run, same, until
from lmtp import Client, Daemon, free_port

NOW = "2026-11-24T12:00:00Z"
HOST = "mta.local.test"  # what the Postfix called itself that wrote the fixtures
BACK = "bounce-unknown@bounce.test"  # its return path: a number of nobody's
RAW = (FIXTURES / "postfix-unknown.eml").read_bytes().replace(b"\r\n", b"\n").replace(BACK.encode(), b"news@local.test")
OWN = b"Received: by mta.local.test (Postfix)\n\tid 1DE66AEA77F; Mon, 23 Nov 2026 16:05:28 +0000 (UTC)\n"
SMTPD = b"Received: from mta.local.test (x.test [192.0.2.1])\n\tby mta.local.test (Postfix) with ESMTP id 4A2\n" \
        b"\tfor <news@local.test>; Mon, 23 Nov 2026 16:05:29 +0000 (UTC)\n"
PICKUP = OWN.replace(b"(Postfix)", b"(Postfix, from userid 1000)")
PEOPLE = ["unknown@remote.test", "ann@example.net"]
assert OWN in RAW

HARD = ("bounced", [("hard", "local")])
DOUBTED = ("active", [("hard", "inferred")])


def failing(status, why):
    """The same notice, of another failure."""
    raw = RAW.replace(b"Status: 5.1.1", b"Status: " + status)
    said = raw.index(b"Diagnostic-Code:")
    end = raw.index(b"\n\n", said)
    told = raw.index(b"<unknown@remote.test>: ")
    return raw[:told] + b"<unknown@remote.test>: " + why + b"\n" + raw[raw.index(b"\n\n", told):said] + b"Diagnostic-Code: X-Postfix; " + why + raw[end:]


# What is handed over; how the subscriber stands then, and what is known of him.
CASES = [
    ("a notice of our own", RAW, HARD),
    ("a mailbox that stayed full for days", failing(b"4.2.2", b"452 4.2.2 Mailbox full (in reply to end of DATA command)"), ("quarantined", [("soft", "local")])),
    ("a loop, which anybody's Delivered-To makes", failing(b"5.4.6", b"mail forwarding loop for unknown@remote.test"),
     ("active", [("soft", "inferred")])),
    ("a quota, which anybody's large message exceeds",
     failing(b"5.2.2", b"552 5.2.2 Message exceeds remaining quota (in reply to end of DATA command)"), ("active", [("soft", "inferred")])),
    ("a quota that is exceeded already", failing(b"5.2.2", b"552 5.2.2 Mailbox full (in reply to RCPT TO command)"),
     ("quarantined", [("soft", "local")])),
    ("passed on by an alias of ours", RAW.replace(OWN, OWN.replace(b"1DE6", b"2DE6") + OWN), HARD),
    ("with what pipe(8) writes above it", b"X-Original-To: news@local.test\nDelivered-To: news@local.test\n" + RAW, HARD),
    ("a stranger sent it, word for word", RAW.replace(OWN, SMTPD + OWN), DOUBTED),
    ("a stranger sent it to an alias of ours", RAW.replace(OWN, OWN + SMTPD + OWN), DOUBTED),
    ("somebody of this machine sent it", RAW.replace(OWN, PICKUP), DOUBTED),
    ("and under a line of his own", RAW.replace(OWN, PICKUP + OWN), DOUBTED),
    ("another host's", RAW.replace(OWN, OWN.replace(b"by mta.local.test", b"by mx.local.test")), DOUBTED),
    ("no trace of where it was", RAW.replace(OWN, b""), DOUBTED),
    ("the address that its sender gave it (ORCPT), and not where it went",
     RAW.replace(b"Final-Recipient: rfc822; unknown@remote.test", b"Final-Recipient: rfc822; alias@local.test"),
     ("active", [("hard", "inferred")])),
]


def home_of(own=HOST):
    home = new_home()
    conf = home / "bouncebox.conf"
    conf.write_text(conf.read_text().replace("#own_hosts =", "own_hosts = other.test " + own, 1))
    run("subscriber", "add", "--list", "news", "--now", "2026-10-01", *PEOPLE, home=home)
    return home


def standing(home, address=PEOPLE[0]):
    shown = run("explain", "--json", "--now", NOW, address, home=home).json()
    return (shown["subscriber"]["status"], [(f["kind"], f["trust"]) for f in shown["facts"]])


def test_handed_over():
    for name, raw, want in CASES:
        home = home_of()
        same(run("deliver", "--now", NOW, "news@local.test", home=home, stdin=raw).code, 0, "pipe: taken: " + name)
        same(standing(home), want, "pipe: " + name)
        home = home_of()
        d = Daemon(home, "--now", NOW)
        with_client = d.client()
        same([r[0] for r in with_client.mail("news@local.test", raw)], [250], "LMTP: taken: " + name)
        same(standing(home), want, "LMTP: " + name)
        ok("trust=" + want[1][0][1] in d.said(), "LMTP: the log says who vouches", d.said())
        same(d.end(), 0, "LMTP: it ends well")


def test_hosts():
    for own, want in (("MTA.Local.Test", HARD), ("", DOUBTED), ("local.test", DOUBTED), ("x.mta.local.test", DOUBTED)):
        home = home_of(own)
        run("deliver", "--now", NOW, "news@local.test", home=home, stdin=RAW)
        same(standing(home), want, "own_hosts = %s" % own)


def test_files():
    """Nobody knows who wrote the topmost line of a file."""
    home, top = home_of(), folder()
    (top / "one.eml").write_bytes(RAW)
    for sub in ("new", "cur", "tmp"):
        (top / "maildir" / sub).mkdir(parents=True)
    (top / "maildir" / "new" / "1").write_bytes(RAW.replace(b"Subject: ", b"Subject: 2 "))
    (top / "mbox").write_bytes(b"From MAILER-DAEMON Mon Nov 23 16:05:28 2026\n" + RAW.replace(b"Subject: ", b"Subject: 3 ") + b"\n")
    got = run("ingest", "--now", NOW, "--json", top / "one.eml", top / "maildir", top / "mbox", home=home)
    same((got.code, got.json()["reports"], got.json()["acted_on_nobody"]["not_vouched_for"]), (0, 3, 3), "ingest: three reports")
    same(standing(home), ("active", [("hard", "inferred")] * 3), "ingest: of files nobody vouches")
    same(run("ingest", "--now", NOW, "-", home=home, stdin=RAW.replace(b"Subject: ", b"Subject: 4 ")).code, 0, "ingest: standard input")
    same(standing(home)[0], "active", "ingest: nor of standard input")
    got = run("reclassify", "--apply", "--json", "--now", NOW, home=home)
    same((got.code, standing(home)[0]), (0, "active"), "reclassify: nor of what was stored")


def test_doors():
    """Where anybody of the machine can connect, anybody can write such a line."""
    home, port = home_of(), free_port()
    port_too = "inet:127.0.0.1:%d" % port
    for listen, mode, upgraded, want in (("unix:lmtp", "0600", False, HARD), ("unix:lmtp", "0666", False, DOUBTED),
                                         (port_too, "0600", False, DOUBTED), ("unix:lmtp", "0660", True, HARD)):
        home = home_of()
        conf = home / "bouncebox.conf"
        conf.write_text(conf.read_text().replace("#socket_mode = 0660", "socket_mode = " + mode))
        d = Daemon(home, "--now", NOW, "--listen", listen)
        if upgraded:
            d.p.send_signal(signal.SIGUSR2)
            until(lambda d=d: d.said().count("event=listening") == 2)
        client = d.client() if listen.startswith("unix") else Client(("127.0.0.1", port))
        same([r[0] for r in client.mail("news@local.test", RAW)], [250], "%s, %s: taken" % (listen[:4], mode))
        same(standing(home), want, "%s, %s: what is believed" % (listen[:4], mode))
        d.end()


def test_what_it_returns():
    """What a stranger wrote into a message of his is in our notice of it, and is no word of ours."""
    inner = RAW.partition(b"\n\n")[2]
    report = b"From: x@x.test\nTo: alias@local.test\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n" \
             b"Content-Type: multipart/report; report-type=delivery-status;\n boundary=\"0ADF4AEA772.1795449928/mta.local.test\"\n\n" + inner
    head = RAW.partition(b"\n\n")[0].replace(b"0ADF4AEA772.1795449928/mta.local.test", b"OUTER.1/mta.local.test")
    notice = head + b"\n\n--OUTER.1/mta.local.test\nContent-Type: text/plain\n\nThis is the mail system at host mta.local.test.\n\n" \
        b"<full@elsewhere.test>: host mx[192.0.2.2] said: 550 5.1.1 User unknown\n\n--OUTER.1/mta.local.test\n" \
        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mta.local.test\n\n" \
        b"Final-Recipient: rfc822; full@elsewhere.test\nOriginal-Recipient: rfc822;alias@local.test\nAction: failed\nStatus: 5.1.1\n\n" \
        b"--OUTER.1/mta.local.test\nContent-Type: message/rfc822\n\n" + report + b"\n--OUTER.1/mta.local.test--\n"
    home = home_of()
    same(run("deliver", "--now", NOW, "news@local.test", home=home, stdin=notice).code, 0, "a forged report within our notice: taken")
    same(standing(home), ("active", []), "and nothing of it is about anybody")


def test_paths():
    """What an unsigned return path says, our own server may confirm; and it says nothing of others."""
    home = home_of()
    run("list", "add", "verp", "--set", "bounce_domain=bounces.example.com", "--set", "return_path=verp", home=home)
    run("subscriber", "add", "--list", "verp", "--now", "2026-10-01", "unknown@remote.test", "bob@example.net", home=home)
    for number, (who, want) in enumerate((("bob=example.net", [("hard", "none")]), ("unknown=remote.test", [("hard", "local")]))):
        raw = RAW.replace(b"Subject: ", b"Subject: %d " % number)
        run("deliver", "--now", NOW, "n+%s@bounces.example.com" % who, home=home, stdin=raw)
        address = who.replace("=", "@")
        shown = run("explain", "--json", "--list", "verp", address, home=home).json()
        same([(f["kind"], f["trust"]) for f in shown["facts"]], want, "verp: " + address)


def main():
    for test in (test_handed_over, test_hosts, test_files, test_doors, test_what_it_returns, test_paths):
        test()
    done()


if __name__ == "__main__":
    main()
