#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The daemon's policy service over real sockets: what Postfix is answered at RCPT, and that nothing of ours stops mail.

usage: policy_service.py PROGRAM
"""
import os
import re
import signal
import socket
import time

from box import FIXTURES, done, new_home, ok, run, same, until
from lmtp import Client, Daemon, free_port

FULL = (FIXTURES / "postfix-full.eml").read_bytes()
NOW = "2026-11-24T12:00:00Z"
STRANGER = "198.51.100.9"


class Asker:
    """A connection to the policy service."""

    def __init__(self, where, seconds=30):
        self.s = socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET)
        self.s.settimeout(seconds)
        self.s.connect(where)
        self.f = self.s.makefile("rb")

    def send(self, recipient, sender="", client=STRANGER, state="RCPT", login="", **more):
        fields = dict(request="smtpd_access_policy", protocol_state=state, protocol_name="ESMTP", client_address=client,
                      helo_name="x", sender=sender, recipient=recipient, sasl_username=login, size="0")
        fields.update(more)
        self.raw("".join("%s=%s\n" % pair for pair in fields.items()) + "\n")

    def raw(self, data):
        self.s.sendall(data if isinstance(data, bytes) else data.encode())

    def reply(self):
        """The action; empty where the other side is gone."""
        try:
            line, end = self.f.readline(), self.f.readline()
        except ConnectionError:
            return ""
        return line.decode()[len("action="):].rstrip("\n") if end == b"\n" else ""

    def ask(self, recipient, *words, **more):
        self.send(recipient, *words, **more)
        return self.reply()

    def gone(self):
        try:
            return self.f.read() == b""
        except ConnectionError:
            return True

    def close(self):
        self.f.close()
        self.s.close()


def configure(home, **parameters):
    conf = home / "bouncebox.conf"
    text = re.sub(r"(?ms)^\[serve\]\n(\w+ = .*?\n)*", "", conf.read_text())
    conf.write_text(text + "[serve]\npolicy = unix:policy\n" + "".join("%s = %s\n" % pair for pair in parameters.items()))


def with_people(*people, **parameters):
    home = new_home()
    configure(home, **parameters)
    run("subscriber", "add", "--list", "news", *people, "--now", "2026-10-01", home=home)
    return home


def path_of(home, address, now="2026-11-20", *words):
    return run("verp", "encode", "--list", "news", "--json", "--now", now, *words, address, home=home).json()["return_path"]


def asker(home):
    return Asker(str(home / "policy"))


def altered(path, at=20):
    return path[:at] + ("a" if path[at] != "a" else "b") + path[at + 1:]


def refused(home):
    return {(r["cause"], r["hour"]): r["count"] for r in run("report", "--json", home=home).json()["refused"]}


# ---- return paths ----------------------------------------------------------------------------------------


def test_return_paths():
    home = with_people("ann@x.example", "bob@x.example")
    good, old, late = (path_of(home, "ann@x.example", day) for day in ("2026-11-20", "2026-10-01", "2026-10-22"))
    unsubscribe = path_of(home, "ann@x.example", "2026-11-20", "--form", "unsubscribe")
    token = unsubscribe[len("unsubscribe-"):]
    wrong = "550 5.7.1 not a return path of ours: its signature is wrong"
    unknown = "451 4.7.1 the key that signed this return path is not known here, try again later"
    d = Daemon(home, "--now", NOW)
    a = asker(home)
    rows = [
        ("genuine", good, "DUNNO"), ("in capitals", good.upper(), "DUNNO"), ("in BATV", "prvs=4711abcdef=" + good, "DUNNO"),
        ("altered", altered(good), wrong), ("altered, in BATV", "prvs=4711abcdef=" + altered(good), wrong),
        ("altered, in SRS", "SRS0=ab=cd=bounces.example.com=%s@forward.example" % altered(good).split("@")[0], wrong),
        ("another key", good.replace("bounce-aa", "bounce-ae"), unknown),
        ("expired", old, "550 5.7.1 this return path expired on 2026-10-31"), ("in the days of grace", late, "DUNNO"),
        ("an unsubscribe token as a return path", "bounce-" + token, wrong), ("unsubscribing", unsubscribe, "DUNNO"),
        ("a return path's token to unsubscribe", good.replace("bounce-", "unsubscribe-"), wrong),
        ("a number", "bounce-123456789@bounces.example.com", "DUNNO"), ("VERP", "news+a=b.example@bounces.example.com", "DUNNO"),
        ("altered, at another domain", altered(good).replace("bounces.", "other."), "DUNNO"),
        ("postmaster", "postmaster@bounces.example.com", "DUNNO"), ("no domain", "postmaster", "DUNNO"), ("nobody", "", "DUNNO"),
        ("anybody", "ann@x.example", "DUNNO"),
    ]
    for name, recipient, want in rows:
        same(a.ask(recipient), want, "%s: %s" % (name, want[:9]))
    same(a.ask(altered(good), "ann@x.example"), wrong, "whoever writes to it")
    same(a.ask(good, "ann@x.example"), "DUNNO", "a person may write to a return path")
    same([a.ask(altered(good), state=state) for state in ("MAIL", "DATA", "END-OF-MESSAGE", "")], ["DUNNO"] * 4, "only at RCPT")
    same(a.ask(altered(good), request="other"), "DUNNO", "only what smtpd asks")
    for _, recipient, _ in rows:
        a.send(recipient)
    same([a.reply() for _ in rows], [want for _, _, want in rows], "pipelined, and in order")
    a.close()
    c = d.client()
    same([r[0] for r in c.mail(altered(good), FULL)], [250], "by LMTP nothing is refused still")
    c.close()
    same(d.end(), 0, "it ends well")
    hour = "2026-11-24T12:00:00Z"
    same(refused(home), {("wrong MAC", hour): 11, ("expired", hour): 2, ("unknown key", hour): 2}, "what was refused is counted by the hour")
    text = run("report", home=home).text
    ok(re.search(r"11 +wrong MAC +11, from 2026-11-24 12:00 UTC on", text), "and report shows it", text)
    lines = [line for line in d.said().splitlines() if "event=refused" in line]
    ok(len(lines) == 15 and "client=" + STRANGER in lines[0] and 'cause="wrong MAC"' in lines[0], "a line for each in the log", lines[:1])
    ok("event=policy-connection" in d.said() and "requests=45 refused=15" in d.said(), "and one for the connection", d.said()[-600:])
    configure(home, return_path_senders="null")
    d = Daemon(home, "--now", NOW)
    a = asker(home)
    ok(a.ask(good, "ann@x.example").startswith("550 5.7.1 this address takes"), "return_path_senders = null: a person is refused")
    same((a.ask(good), a.ask(unsubscribe, "ann@x.example")), ("DUNNO", "DUNNO"), "but no report, and nobody who unsubscribes")
    configure(home)
    same(until(lambda: a.ask(good, "ann@x.example") == "DUNNO", 5), True, "the configuration is read again by itself")
    d.end()
    same(refused(home)[("sender", hour)] > 0, True, "this is counted, too")


def test_keys():
    home = with_people("ann@x.example")
    d = Daemon(home)
    a = asker(home)
    same(a.ask(path_of(home, "ann@x.example", "@%d" % time.time())), "DUNNO", "a key")
    run("key", "add", home=home)
    time.sleep(0.3)
    path = path_of(home, "ann@x.example", "@%d" % time.time())
    same(a.ask(path), "DUNNO", "a key that is a moment old is known at once")
    (home / "keys").rename(home / "away")
    time.sleep(2.1)
    same({a.ask(altered(path))[:3] for _ in range(5)}, {"550"}, "the keys are away: what was read goes on")
    time.sleep(2.1)
    a.ask(altered(path))
    same(d.said().count("event=policy text="), 1, "and that is told, once")
    d.end()
    d = Daemon(home, wait=False)
    ok(d.p.wait(20) == 78, "no daemon without keys")
    (home / "away").rename(home / "keys")


# ---- suppression -------------------------------------------------------------------------------------------


def test_suppression():
    people = ["%s@x.example" % who for who in ("ann", "left", "spam", "full", "dead", "hand")]
    home = with_people(*people, suppress_networks="127.0.0.0/8 [2001:db8::]/32", suppress_senders="@shop.example news@example.com relay")
    run("list", "add", "other", home=home)
    run("subscriber", "set", "--list", "news", "--status", "unsubscribed", "left@x.example", "--now", "2026-11-01", home=home)
    run("subscriber", "set", "--list", "news", "--status", "complained", "spam@x.example", "--now", "2026-11-01", home=home)
    run("subscriber", "set", "--list", "news", "--status", "bounced", "hand@x.example", "--now", "2026-11-02", home=home)
    d = Daemon(home, "--now", NOW)
    c = d.client()
    dead = (FIXTURES / "postfix-unknown.eml").read_bytes().replace(b"unknown@remote.test", b"dead@x.example")
    same([r[0] for r in c.mail(path_of(home, "dead@x.example"), dead)], [250], "a report")
    same([r[0] for r in c.mail(path_of(home, "full@x.example"), FULL.replace(b"full@remote.test", b"full@x.example"))], [250], "another")
    c.close()
    a = asker(home)
    answer = "550 5.7.1 suppressed by bouncebox: bounced on 2026-11-23 (there is no such user), list news"
    for name, who, more in (("from a network", "dead@x.example", dict(client="127.0.0.1")), ("from another", "Dead@X.Example", dict(client="2001:db8::5")),
                            ("from a sender", "dead@x.example", dict(sender="news@EXAMPLE.com")), ("from a domain", "dead@x.example", dict(sender="x@shop.example")),
                            ("from a login", "dead@x.example", dict(login="relay"))):
        same(a.ask(who, **more), answer, "bounced, %s: refused with reason and date" % name)
    for name, more in (("a stranger", {}), ("another sender", dict(sender="x@sub.shop.example")), ("another login", dict(login="relays"))):
        same(a.ask("dead@x.example", **more), "DUNNO", "bounced, but %s: passes" % name)
    local = dict(client="127.0.0.1")
    for who in ("ann", "left", "spam", "full", "nobody"):
        same(a.ask(who + "@x.example", **local), "DUNNO", "%s: passes" % who)
    ok("2026-11-02 (set by hand)" in a.ask("hand@x.example", **local), "set by hand: refused, and says so")
    run("subscriber", "add", "--list", "other", "dead@x.example", "--now", "2026-11-22", home=home)
    same(a.ask("dead@x.example", **local), answer, "on another list from before: refused still")
    run("subscriber", "add", "--list", "other", "hand@x.example", "--now", "2026-11-22", home=home)
    same(a.ask("hand@x.example", **local), "DUNNO", "who subscribed to another list since then passes")
    run("subscriber", "set", "--list", "news", "--status", "active", "dead@x.example", "--now", NOW, home=home)
    same(a.ask("dead@x.example", **local), "DUNNO", "who is active again passes at once")
    for _ in range(100):
        a.send("hand@x.example", **local)
    same({a.reply() for _ in range(100)}, {"DUNNO"}, "many in a row")
    d.end()
    same(sum(n for (cause, _), n in refused(home).items() if cause == "suppressed"), 7, "and is counted")
    ok("login=relay" in d.said(), "the log names who asked")


def test_check():
    home = with_people("ann@x.example", suppress_networks="127.0.0.1", return_path_senders="null")
    same(run("config", "check", "--json", home=home).json()["findings"], [], "config check: all is well")
    conf = home / "bouncebox.conf"
    conf.write_text(conf.read_text().replace("policy = unix:policy\n", ""))
    found = [f["text"] for f in run("config", "check", "--json", home=home).json()["findings"]]
    ok(len(found) == 2 and all("policy is not set" in text for text in found), "config check: nobody asks", found)
    d = Daemon(home)
    ok(not (home / "policy").exists(), "and the daemon has no such socket")
    same(d.end(), 0, "it ends well")


def test_trouble():
    home = with_people("ann@x.example", suppress_networks="127.0.0.1")
    run("subscriber", "set", "--list", "news", "--status", "bounced", "ann@x.example", "--now", "2026-11-02", home=home)
    forged = altered(path_of(home, "ann@x.example"))
    local = dict(client="127.0.0.1")
    d = Daemon(home, "--now", NOW)
    a = asker(home)
    same(a.ask("ann@x.example", **local)[:3], "550", "he is suppressed")
    time.sleep(1.3)  # until the store was closed
    for part in ("", "-wal", "-shm"):
        if (home / ("bouncebox.db" + part)).exists():
            (home / ("bouncebox.db" + part)).rename(home / ("away" + part))
    same(a.ask("ann@x.example", **local), "DUNNO", "no database: he passes")
    same(a.ask(forged)[:3], "550", "and return paths are judged as before")
    ok("there is no database" in d.said(), "it is told", d.said())
    for _ in range(3):
        a.ask("ann@x.example", **local)
    same(d.said().count("event=policy text="), 1, "once", )
    for part in ("", "-wal", "-shm"):
        if (home / ("away" + part)).exists():
            (home / ("away" + part)).rename(home / ("bouncebox.db" + part))
    same(a.ask("ann@x.example", **local)[:3], "550", "it is back: he is suppressed")
    d.p.send_signal(signal.SIGSTOP)
    a.send("ann@x.example", **local)
    d.p.send_signal(signal.SIGCONT)
    same(a.reply()[:3], "550", "it slept, and goes on")
    conf = home / "bouncebox.conf"
    before = conf.read_text()
    conf.write_text("nonsense\n")
    d.p.send_signal(signal.SIGHUP)
    until(lambda: "nothing is changed" in d.said())
    same((a.ask("ann@x.example", **local)[:3], a.ask(forged)[:3]), ("550", "550"), "a configuration that is wrong: the one before it goes on")
    conf.write_text(before.replace("policy = unix:policy", "policy = unix:other"))
    d.p.send_signal(signal.SIGHUP)
    ok(until(lambda: "that takes a restart" in d.said()), "another socket takes a restart")
    same(a.ask("ann@x.example", **local)[:3], "550", "and this one stays")
    same(d.end(), 0, "it ends well")
    ok(a.gone(), "and closes")
    ok(not (home / "policy").exists(), "the socket is gone")
    a.close()


# ---- sockets --------------------------------------------------------------------------------------------------


def test_garbage():
    home = with_people("ann@x.example")
    forged = altered(path_of(home, "ann@x.example"))
    d = Daemon(home, "--now", NOW)
    good = asker(home)
    for name, raw in (("no =", b"hello\n\n"), ("nothing", b"\n"), ("SMTP", b"EHLO x\r\n"), ("a long line", b"a=" + b"x" * 10000 + b"\n\n"),
                      ("too many lines", b"a=b\n" * 20000), ("octets", bytes(range(256)) * 50), ("NUL", b"\0" * 9000)):
        bad = asker(home)
        try:
            bad.raw(raw)
            ok(bad.gone(), "%s: sent away" % name)
        except OSError:
            ok(True, "%s: sent away" % name)
        bad.close()
        same(good.ask(forged)[:3], "550", "%s: others go on" % name)
    half = asker(home)
    half.raw(b"request=smtpd_access_policy\nprotocol_state=RCPT\nrecipient=" + forged.encode())
    half.s.shutdown(socket.SHUT_WR)
    ok(half.gone(), "half a request: no answer")
    hostile = "\x1b[31mx\r\xff\u202e\u0085 a=b\"@bounces.example.com"
    same(good.ask(hostile), "DUNNO", "hostile octets")
    same(good.ask(forged, sender=hostile, login="\x1b\t\x7f")[:3], "550", "and where it is refused")
    slow = asker(home)
    for octet in ("request=smtpd_access_policy\nprotocol_state=RCPT\nrecipient=%s\n\n" % forged).encode():
        slow.raw(bytes([octet]))
    same(slow.reply()[:3], "550", "octet by octet")
    d.end()
    ok(not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", d.said()), "the log has no control characters", ascii(d.said()))
    ok(all(re.fullmatch(r'(\w+=("([^"\\]|\\.)*"|[^ "=]*) ?)+', l) for l in d.said().splitlines()), "and each line reads as name=value", d.said())


def test_many():
    home = with_people("ann@x.example", connections="40")
    path = path_of(home, "ann@x.example")
    forged = altered(path)
    port = free_port()
    conf = home / "bouncebox.conf"
    conf.write_text(conf.read_text().replace("policy = unix:policy\n", "policy = unix:policy inet:127.0.0.1:%d\n" % port))
    d = Daemon(home, "--now", NOW)
    many = [asker(home) if i % 2 else Asker(("127.0.0.1", port)) for i in range(40)]
    for round_ in range(20):
        for a in many:
            a.send(forged if round_ % 2 else path)
        got = {a.reply()[:3] for a in many}
        if got != {"550" if round_ % 2 else "DUN"}:
            break
    same((round_, got), (19, {"550"}), "40 connections, by unix socket and TCP, each asked 20 times")
    late = Asker(str(home / "policy"), 0.5)
    late.send(path)
    try:
        said = late.reply()
    except OSError:
        said = "nothing"
    same(said, "nothing", "more than `connections` wait")
    c = d.client()
    same([r[0] for r in c.mail(path, FULL)], [250], "while LMTP has as many of its own")
    late = asker(home)
    many.pop().close()
    many.pop().close()
    same(late.ask(path), "DUNNO", "until one leaves")
    idle, lingering = many[0], many[1]
    lingering.raw("request=smtpd_access_policy\n")
    time.sleep(0.2)
    d.p.send_signal(signal.SIGTERM)
    ok(idle.gone(), "SIGTERM: who asks nothing is sent away")
    lingering.raw("protocol_state=RCPT\nrecipient=%s\n\n" % forged)
    same((lingering.reply()[:3], lingering.gone()), ("550", True), "a request that was begun is answered")
    c.close()
    same(d.p.wait(30), 0, "and it ends")
    same(sum(refused(home).values()), 401, "each was counted")


def test_upgrade():
    home = with_people("ann@x.example")
    forged = altered(path_of(home, "ann@x.example"))
    d = Daemon(home, "--now", NOW)
    a = asker(home)
    same(a.ask(forged)[:3], "550", "it is asked")
    d.p.send_signal(signal.SIGUSR2)
    ok(a.gone(), "SIGUSR2: who asks nothing is sent away")
    late = asker(home)
    same(late.ask(forged)[:3], "550", "who comes meanwhile is answered by the next one")
    ok(until(lambda: d.said().count("event=listening service=policy") == 2), "which has the same socket", d.said())
    same(d.end(), 0, "it ends well")
    same(sum(refused(home).values()), 2, "what either refused is counted")


for test in (test_return_paths, test_keys, test_suppression, test_check, test_trouble, test_garbage, test_many, test_upgrade):
    print("# " + test.__name__, flush=True)
    test()
done()
