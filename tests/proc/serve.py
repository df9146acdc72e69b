#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The daemon, spoken to by LMTP: what is answered 250 is stored, once and as ingest would have stored it.

usage: serve.py PROGRAM
"""
import json
import os
import re
import signal
import socket
import smtplib
import stat
import threading
import time

from box import FIXTURES, distinct_bounce, done, fixtures, folder, new_home, ok, run, same, skip, until
from lmtp import Client, Daemon, free_port, stuffed

FULL = (FIXTURES / "postfix-full.eml").read_bytes()


def reports(home):
    return run("report", "--json", home=home).json()["reports"]


def with_people(count=1):
    """A home, and the return paths of its subscribers."""
    home = new_home()
    people = ["full@remote.test"] + ["p%d@remote.test" % i for i in range(1, count)]
    run("subscriber", "add", "--list", "news", *people, home=home)
    got = run("verp", "encode", "--list", "news", "--json", *people, home=home)
    return home, [row["return_path"] for row in got.lines()]


def numbered(i, raw=FULL):
    return raw.replace(b"Subject: ", b"Subject: (%d) " % i, 1)


def status(home, address="full@remote.test"):
    return run("explain", "--json", address, home=home).json()["subscriber"]["status"]


# ---- messages ------------------------------------------------------------------------------------------


def test_conversation():
    home, (path,) = with_people()
    d = Daemon(home)
    c = d.client()
    ok(c.greeting[0] == 220 and {"PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "SIZE"} <= set(c.features.split("\n")),
       "it greets, and says what it can", c.features)
    same(c.mail(path, FULL), [(250, "2.0.0 Stored")], "a report is taken")
    same(status(home), "quarantined", "and the subscriber moved")
    fact = run("explain", "--json", "full@remote.test", home=home).json()["facts"][0]
    same((fact["trust"], fact["source"]), ("signed", "lmtp"), "whom it is about, the envelope says")
    same([r[0] for r in c.mail(path, FULL)], [250], "the same again: 250")
    same(reports(home), 1, "and stored once")
    forged = path[:-30] + "aaaaa" + path[-25:]
    same([r[0] for r in c.mail([path, forged, "x@y", "bounce-1@bounces.example.com"], numbered(1))], [250] * 4,
         "several recipients, three of them wrong: each is answered by itself, and none refused")
    same(c.do("NOOP")[0], 250, "and the conversation goes on")
    got = run("explain", "--raw", str(fact["report"]), home=home)
    ok(got.out.replace(b"\r\n", b"\n") == FULL.replace(b"\r\n", b"\n"), "the raw message is kept, every octet of it")
    same(c.do("QUIT")[0], 221, "QUIT")
    ok(c.gone(), "and it is closed")
    same(d.end(), 0, "SIGTERM: exit code 0")
    ok(not (home / "lmtp").exists(), "and the socket is gone")
    lines = [l for l in d.said().splitlines() if "event=message" in l]
    same(len(lines), 6, "a line a message in its log")
    ok("result=stored kind=soft reason=mailboxfull" in lines[0] and "trust=signed" in lines[0] and "list=news" in lines[0], "which says what came of it", lines[0])
    ok("result=duplicate" in lines[1], "or that it was known", lines[1])
    ok("event=connection" in d.said() and "messages=3 stored=6" in d.said() and "end=quit" in d.said(), "and one a connection", d.said())


def test_as_ingest():
    """What comes by LMTP is what ingest makes of the same bytes."""
    home, other = new_home(), new_home()
    mails = [distinct_bounce(i) for i in range(len(fixtures()))]
    d = Daemon(home, "--now", "2026-11-25", "--list", "news")
    c = d.client()
    replies = [c.mail("x@y", raw) for raw in mails]
    same({r for (r,) in replies}, {(250, "2.0.0 Stored")}, "%d reports of six mail servers" % len(mails))
    d.end()
    place = folder()
    for i, raw in enumerate(mails):
        (place / ("%04d.eml" % i)).write_bytes(raw)
    run("ingest", "--list", "news", "--now", "2026-11-25", place, home=other)
    same(run("report", "--json", home=home).json(), run("report", "--json", home=other).json(), "the same sums as from ingest")


def test_shapes():
    home, (path,) = with_people()
    conf = (home / "bouncebox.conf").read_text()
    (home / "bouncebox.conf").write_text(conf.replace("[serve]\n", "[serve]\nmessage_size = 1\n", 1))
    d = Daemon(home)
    c = d.client()
    shapes = {
        "nothing": b"", "no header": b"\r\nx\r\n", "dots": b"Subject: x\r\n\r\n.\r\n..\r\n.x\r\n",
        "8 bits": "Subject: é\r\n\r\nüöä\r\n".encode(), "no UTF-8": b"Subject: \xe9\r\n\r\n\xfc\r\n", "NUL": b"Subject: a\0b\r\n\r\n\0\r\n",
        "a long line": b"Subject: x\r\n\r\n" + b"y" * 300000 + b"\r\n", "bare LF": b"Subject: x\n\n.\nMAIL FROM:<a@b>\n",
    }
    for name, raw in shapes.items():
        c.begin([path])
        c.send(raw.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n")
        same(c.reply()[0], 250, "taken: " + name)
    same([r[0] for r in c.mail("jörg@bücher.example", numbered(2), options=" BODY=8BITMIME SMTPUTF8")], [250], "SMTPUTF8")
    same([r[0] for r in c.mail("<x@y> ORCPT=rfc822;" + path, numbered(3))], [250], "ORCPT")
    facts = run("explain", "--json", "full@remote.test", home=home).json()["facts"]
    ok(any(f["trust"] == "signed" for f in facts), "which says whom it is about where RCPT does not", facts)
    big = numbered(4) + b"z" * 70 + (b"\r\n" + b"z" * 70) * 30000
    same([r[0] for r in c.mail(path, big)], [250], "what is larger than message_size is taken")
    ok("cut=yes" in d.said(), "and marked as cut")
    same(run("parse", "-", stdin=big[:1 << 20]).lines()[0]["kind"], "soft", "its beginning tells what there is to tell")
    c.send("".join("MAIL FROM:<>\r\nRCPT TO:<%s>\r\nRSET\r\n" % path for _ in range(20)) + "NOOP\r\n")
    same({c.reply()[0] for _ in range(61)}, {250}, "pipelined as far as it goes")
    same(c.do("MAIL FROM:<a@b> SIZE=99999999999")[0], 250, "a size that is announced is no reason to refuse")
    c.close()
    stranger = smtplib.LMTP(d.socket)
    stranger.sendmail("", ["x@y"], numbered(5))
    stranger.quit()
    same(d.end(), 0, "it ends well")
    same(run("store", "check", home=home).code, 0, "the store is sound")


# ---- sockets ---------------------------------------------------------------------------------------------


def test_sockets():
    home = new_home()
    port, port6 = free_port(), None
    words = ["--listen", "inet:127.0.0.1:%d" % port, "--listen", "unix:%s" % (home / "other")]
    try:
        port6 = free_port("::1")
        words += ["--listen", "inet:[::1]:%d" % port6]
    except OSError:
        skip("::1", "there is none")
    d = Daemon(home, *words)
    for where in [("127.0.0.1", port), str(home / "other")] + [("::1", port6)] * bool(port6):
        c = Client(where)
        same([r[0] for r in c.mail("x@y", distinct_bounce(len(str(where))))], [250], "by %s" % (where,))
        c.close()
    ok(not (home / "lmtp").exists(), "--listen takes the place of what is configured")
    same(stat.S_IMODE((home / "other").stat().st_mode), 0o660, "the socket's mode")
    second = Daemon(home, "--listen", "unix:other", wait=False)
    ok(second.p.wait(20) == 75 and "another program listens" in second.said(), "where one listens, a second one does not", second.said())
    third = Daemon(home, "--listen", "inet:127.0.0.1:%d" % port, wait=False)
    ok(third.p.wait(20) == 75 and "another program listens" in third.said(), "nor at its port", third.said())
    d.end(signal.SIGKILL)
    ok((home / "other").exists(), "killed, it leaves its socket")
    d = Daemon(home, "--listen", "unix:other")
    Client(str(home / "other")).close()
    same(d.end(signal.SIGINT), 0, "which the next one replaces; SIGINT ends it")
    (home / "file").write_text("x")
    for words, code, says in ((("unix:file",), 73, "no socket"), (("unix:no/where",), 73, "no/where"), (("tcp:1",), 78, "neither"),
                              (("inet:::1:25",), 78, "[::1]"), (("inet:127.0.0.1:99999",), 78, "HOST:PORT"),
                              (("unix:" + "x" * 200,), 78, "octets"), (("inet:no.such.host.invalid:25",), 78, "no.such.host")):
        bad = Daemon(home, "--listen", *words, wait=False)
        ok(bad.p.wait(20) == code and says in bad.said(), "--listen %.40s: %d" % (words[0], code), bad.said())
    same((home / "file").read_text(), "x", "what is no socket stays")
    bad = Daemon(folder() / "none", wait=False)
    same(bad.p.wait(20), 78, "no home: 78")


def test_json():
    home, (path,) = with_people()
    d = Daemon(home, "--json")
    c = d.client()
    c.mail(["\"a\\\"b c\"@y", path], FULL)
    c.do("QUIT")
    d.end()
    lines = [json.loads(line) for line in d.said().splitlines()]
    got = [l for l in lines if l["event"] == "message"]
    same(sorted((m["to"], m["result"]) for m in got), [('"a\\"b c"@y', "stored"), (path, "stored")], "--json: a document a line")
    ok(all(l["time"] and l["level"] and l["v"] == 1 for l in lines), "each with time and level")
    d = Daemon(home)
    c = Client(d.socket, hello=False)
    c.do("LHLO \u202e\u0085a b=c\"")
    c.mail("\xfc\u0085=x y@z", numbered(9), options=" SMTPUTF8")
    c.close()
    until(lambda: "event=connection" in d.said())
    d.end()
    ok(not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", d.said()), "what clients say is shown without control characters", ascii(d.said()))
    ok(all(re.fullmatch(r'(\w+=("([^"\\]|\\.)*"|[^ "=]*) ?)+', l) for l in d.said().splitlines()), "and each line reads as name=value", d.said())


# ---- life --------------------------------------------------------------------------------------------------


def test_stop():
    home, (path,) = with_people()
    d = Daemon(home)
    idle, busy = d.client(), d.client()
    busy.begin([path])
    busy.send(FULL[:500])
    time.sleep(0.2)
    d.p.send_signal(signal.SIGTERM)
    same((idle.reply()[0], idle.gone()), (421, True), "SIGTERM: who does nothing is sent away")
    until(lambda: not os.path.exists(d.socket))
    ok(not os.path.exists(d.socket) and d.p.poll() is None, "no new clients, and it waits for what is under way")
    busy.send(stuffed(FULL[500:]))
    same(busy.reply()[0], 250, "a message that was on its way is taken and answered")
    same(busy.reply()[0], 421, "and then that client is sent away")
    same((d.p.wait(20), reports(home)), (0, 1), "it ends by itself, and lost nothing")
    d = Daemon(home)
    c = d.client()
    c.begin([path])
    c.send(b"Subject: half")
    time.sleep(0.1)
    d.p.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    d.p.send_signal(signal.SIGTERM)
    same((d.p.wait(5), c.gone()), (0, True), "asked twice, it ends at once; who was not answered knows it")


def test_reload():
    home, (path,) = with_people()
    conf = home / "bouncebox.conf"
    before = conf.read_text()
    d = Daemon(home)
    c = d.client()
    (home / "my.rules").write_text("rule my-rule\n  kind block\n  reason policyviolation\n  words \"over quota\"\n  sample user is over quota, mailbox full\n  sample 552 they are over quota\n  strength always\n")
    conf.write_text(before.replace("[bouncebox]\n", "[bouncebox]\nrules = my.rules\n", 1).replace("[serve]\n", "[serve]\nerrors = 2\n", 1))
    d.p.send_signal(signal.SIGHUP)
    ok(until(lambda: "event=reload result=done" in d.said() or "level=error" in d.said()), "SIGHUP: read again", d.said())
    ok("event=reload result=done" in d.said(), "SIGHUP: done", d.said())
    same([r[0] for r in c.mail(path, FULL)], [250], "SIGHUP: connections go on")
    ok("rule=my-rule" in d.said(), "SIGHUP: new rules hold", d.said())
    late = d.client()
    late.do("X")
    late.do("X")
    same((late.reply()[0], late.gone()), (421, True), "SIGHUP: new limits hold for new clients")
    conf.write_text("nonsense\n")
    d.p.send_signal(signal.SIGHUP)
    ok(until(lambda: "nothing is changed" in d.said()), "a configuration that is wrong is told", d.said())
    same([r[0] for r in c.mail(path, numbered(1))], [250], "and the one before it goes on")
    time.sleep(0.7)  # until the store was closed
    same([r[0] for r in c.mail(path, numbered(2))], [250], "also when the store is opened again")
    conf.write_text(before)
    (home / "my.rules").write_text("nonsense")
    same((run("list", "add", "late", home=home).code, reports(home)), (0, 3), "other commands write meanwhile")
    d.p.send_signal(signal.SIGHUP)
    c.close()
    same(d.end(), 0, "it ends well")


def test_shared():
    """Other commands write while mail comes, and what they change counts at once."""
    home, (path,) = with_people()
    d = Daemon(home)
    stop, bad = threading.Event(), []

    def pour(k):
        c, i = d.client(), 0
        while not stop.is_set():
            i += 1
            bad.extend(r for r in c.mail("x%d@y" % k, numbered(1000 * k + i)) if r[0] != 250)
        c.close()

    threads = [threading.Thread(target=pour, args=(k,)) for k in (1, 2)]
    for t in threads:
        t.start()
    codes = [run("subscriber", "add", "--list", "news", "new%d@remote.test" % i, home=home).code for i in range(3)]
    made = run("verp", "encode", "--list", "news", "--json", "new0@remote.test", home=home).json()["return_path"]
    stop.set()
    for t in threads:
        t.join()
    same((codes, bad), ([0] * 3, []), "subscribers are added while mail keeps coming, and none is put off")
    c = d.client()
    same([r[0] for r in c.mail(made, numbered(7))], [250], "a return path that is minutes old")
    same(status(home, "new0@remote.test"), "quarantined", "is known")
    d.end()


def test_many():
    home, (path,) = with_people()
    conf = (home / "bouncebox.conf").read_text()
    (home / "bouncebox.conf").write_text(conf.replace("[serve]\n", "[serve]\nconnections = 230\ntimeout = 4s\ndata_timeout = 3s\n", 1))
    d = Daemon(home)
    idle = [d.client() for _ in range(200)]
    slow = [d.client() for _ in range(20)]
    for c in slow:
        c.begin([path])
        c.send(b"Subject: slow\r\n")
    begin = time.monotonic()
    quick = d.client()
    bad = [r for i in range(100) for r in quick.mail(path, numbered(i)) if r[0] != 250]
    ok(not bad, "200 idle clients and 20 slow ones disturb nobody", bad)
    begin = time.monotonic()
    trickling = True
    while trickling and time.monotonic() - begin < 12:
        try:
            for c in slow:
                c.send(b"x: y\r\n")
        except OSError:
            trickling = False
        time.sleep(0.2)
    ok(not trickling, "who sends a message drop by drop is sent away")
    until(lambda: d.said().count("end=timeout") >= 220, 15)
    same((idle[0].reply()[0], idle[0].gone()), (421, True), "who is silent is sent away, and told")
    room = [d.client(hello=False) for _ in range(230)]
    late = socket.socket(socket.AF_UNIX)
    late.connect(d.socket)
    late.settimeout(0.5)
    try:
        said = late.recv(10)
    except OSError:
        said = b""
    same(said, b"", "more than `connections` wait")
    room[0].close()
    late.settimeout(10)
    ok(late.recv(10).startswith(b"220"), "until one leaves")
    ok("level=warning event=connections" in d.said(), "and it is told")
    d.end()


def main():
    for test in (test_conversation, test_as_ingest, test_shapes, test_sockets, test_json, test_stop, test_reload, test_shared, test_many):
        print("# " + test.__name__, flush=True)
        test()
    done()


if __name__ == "__main__":
    main()
