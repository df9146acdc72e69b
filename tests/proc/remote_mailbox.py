#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mail that is taken from a real Dovecot by IMAP and POP3: TLS, logins, what is read again and what is not, what goes and
when, and connections that break.

usage: remote_mailbox.py PROGRAM
"""
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import threading

from box import PATIENCE, PROGRAM, distinct_bounce, done, fixtures, folder, mbox, new_home, ok, run, same, skip, until
from dovecot import Dovecot, PASSWORD, USER, has_ipv6

TOP = folder()
SECRET = TOP / "secret"
SECRET.write_text(PASSWORD + "\n")
SECRET.chmod(0o600)
WHO = USER.replace("@", "%40")


def imap(d, mailbox="INBOX", host="localhost", port=None, user=WHO):
    return "imap://%s@%s:%d/%s" % (user, host, port or d.imap, mailbox)


def pop3(d, host="localhost", port=None):
    return "pop3://%s@%s:%d" % (WHO, host, port or d.pop3)


def ingest(home, *words, **more):
    return run("ingest", "--json", "--password-file", SECRET, *words, home=home, **more)


def told(got, *keys):
    return tuple(got.json()[k] for k in keys) if got.out else str(got)


def stored(home):
    return run("report", "--json", home=home).json()["reports"]


def fill(d, n, start=0):
    d.empty()
    for i in range(start, start + n):
        d.deliver(distinct_bounce(i), i)


@contextlib.contextmanager
def held(home):
    """Another process has the database, so that nothing can be stored."""
    with open(home / "bouncebox.db-lock", "r+b") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


# ---- reading -----------------------------------------------------------------------------------------------------


def test_same_as_a_file(d):
    """The fixtures through the server say what they say from a file; reading them marks nothing."""
    raw = [p.read_bytes() for p in fixtures()]
    d.empty()
    for i, message in enumerate(raw):
        d.deliver(message.replace(b"\r\n", b"\n"), i)
    box = TOP / "same.mbox"
    box.write_bytes(mbox(raw))
    from_file, from_imap, from_pop3 = new_home(), new_home(), new_home()
    now = ("--now", "2026-12-01")
    want = run("ingest", "--json", box, *now, home=from_file).json()
    before = d.flags()
    dry = ingest(from_imap, "--dry-run", imap(d), *now)
    same(told(dry, "reports", "kinds"), (want["reports"], want["kinds"]), "a dry run says what would be")
    same((d.flags(), stored(from_imap)), (before, 0), "and changes nothing, here or there")
    same(told(ingest(from_imap, imap(d), *now), "reports", "kinds", "complete"), (want["reports"], want["kinds"], True),
         "IMAP: what a file gives")
    same(d.flags(), before, "IMAP: nothing is marked")
    same(told(ingest(from_pop3, pop3(d), *now), "reports", "kinds"), (want["reports"], want["kinds"]), "POP3: what a file gives")
    for home, url in ((from_imap, imap(d)), (from_pop3, pop3(d))):
        same(told(ingest(home, url), "messages"), (0,), "%s: what was read is not read again" % url[:4])
        d.deliver(distinct_bounce(5000), 5000)
        same(told(ingest(home, url), "messages", "reports"), (1, 1), "%s: but what came is" % url[:4])
        d.path("INBOX")
        for p in d.holds():
            if "M5000" in p.name:
                p.unlink()
    same(told(ingest(from_imap, box), "duplicates"), (len(raw),), "and the file has nothing new")
    got = run("parse", "--password-file", SECRET, imap(d), box)
    ok(got.code == 0 and len(got.lines()) == 2 * len(run("parse", box).lines()), "parse reads servers, too", got)
    ok(";UID=" in got.lines()[-1]["source"], "and says where it was", got.lines()[-1]["source"])


def test_validity(d):
    """A mailbox that was made anew has the same numbers for other messages."""
    home = new_home()
    fill(d, 5)
    same(told(ingest(home, imap(d)), "reports"), (5,), "5 messages")
    for name in ("dovecot-uidlist", "dovecot.index.log", "dovecot.index", "dovecot.index.cache"):
        with contextlib.suppress(FileNotFoundError):
            (d.mail / name).unlink()
    d.deliver(distinct_bounce(100), 100)
    same(told(ingest(home, imap(d)), "messages", "reports", "duplicates"), (6, 1, 5), "a new UIDVALIDITY: all is looked at again")


def test_names(d):
    home = new_home()
    for name in ("Sp&AOQ-ter", "a b"):
        d.maildir(name)
    d.deliver(distinct_bounce(1), 1, "Sp&AOQ-ter")
    d.deliver(distinct_bounce(2), 2, "a b")
    same(told(ingest(home, imap(d, "Sp\u00e4ter")), "reports"), (1,), "a mailbox with letters of other alphabets")
    same(told(ingest(home, imap(d, "a%20b")), "reports"), (1,), "and with a space")
    if has_ipv6():
        same(told(ingest(new_home(), imap(d, "a%20b", host="[::1]")), "reports"), (1,), "IPv6")
    else:
        skip("IPv6", "this machine has none")
    same(told(ingest(new_home(), imap(d, "a%20b", user=USER)), "reports"), (1,), "an @ in the user needs no %40")


def test_large(d):
    home = new_home()
    d.empty()
    raw = distinct_bounce(1) + b"x" * 75 + b"\n"
    d.deliver(raw + (b"y" * 75 + b"\n") * (30 * 1024 * 1024 // 76), 1)
    d.deliver(distinct_bounce(2), 2)
    d.deliver(distinct_bounce(3) + b".\n..\n" + b"z" * (66 << 20), 3)
    for url in (imap(d), pop3(d)):
        got = run("parse", "--password-file", SECRET, url)
        same([bool(r["truncated"]) for r in got.lines()], [False, False, True], "%s: 30 MB are whole, 66 MB are cut" % url[:4])
    same(told(ingest(home, imap(d)), "reports", "unreadable"), (3, 0), "and all are stored")


# ---- TLS and logins ------------------------------------------------------------------------------------------------


def test_tls(d):
    home = new_home()
    fill(d, 1)
    for scheme, port, plain in (("imaps", d.imaps, d.imap), ("pop3s", d.pop3s, d.pop3)):
        def url(host, scheme=scheme, port=port):
            return "%s://%s@%s:%d" % (scheme, WHO, host, port)
        same(ingest(home, "--ca", d.ca, url("localhost")).code, 0, "%s: a certificate that is vouched for" % scheme)
        got = ingest(home, url("localhost"))
        ok(got.code == 77 and "certificate" in got.said and "--ca" in got.said, "%s: one that nobody vouches for" % scheme, got)
        got = ingest(home, "--ca", d.ca, url("127.0.0.1"))
        ok(got.code == 77 and "certificate" in got.said, "%s: one for another name" % scheme, got)
        same(ingest(home, "--ca", d.ca, url("localhost", scheme[:4], plain)).code, 0, "%s: STARTTLS" % scheme[:4])
        got = ingest(home, "--ca", d.ca, url("127.0.0.1", scheme[:4], plain))
        ok(got.code == 77 and "certificate" in got.said, "%s: STARTTLS with the wrong name" % scheme[:4], got)
        got = ingest(home, url("localhost", scheme, plain))
        ok(got.code == 75 and "TLS" in got.said, "%s: a port without TLS" % scheme, got)
    got = ingest(home, "--ca", TOP / "none", imap(d))
    same(got.code, 66, "--ca with no file")
    got = ingest(home, "--ca", SECRET, "imaps://%s@localhost:%d" % (WHO, d.imaps))
    ok(got.code in (66, 77), "--ca with a file of something else", got)


def test_without_tls(d):
    """d has no TLS: a password goes there only where that is said."""
    home = new_home()
    got = ingest(home, "--ca", SECRET, imap(d))
    ok(got.code == 77 and "--no-tls" in got.said, "no TLS is offered: the password stays here", got)
    ok(USER not in d.log(), "and was not sent", d.log())
    same(ingest(home, "--no-tls", "--ca", SECRET, imap(d)).code, 0, "--no-tls: it may")


def test_logins(d):
    home = new_home()
    fill(d, 1)
    wrong = TOP / "wrong"
    wrong.write_text("wrong\n")
    wrong.chmod(0o600)
    for url in (imap(d), pop3(d)):
        got = run("ingest", "--password-file", wrong, url, home=home)
        ok(got.code == 77 and "login" in got.said, "%s: a wrong password" % url[:4], got)
    got = run("ingest", imap(d), home=home)
    ok(got.code == 64 and "--password-file" in got.said, "no password", got)
    got = run("ingest", "imap://joe:secret@localhost/", home=home)
    ok(got.code == 64 and "secret" not in got.said, "a password in the URL is refused, and not shown", got)
    got = run("ingest", "--password-file", wrong, "imap://localhost/", home=home)
    ok(got.code == 64 and "USER" in got.said, "nobody's mailbox", got)
    wrong.chmod(0o644)
    got = run("ingest", "--password-file", wrong, imap(d), home=home)
    ok(got.code == 78 and "600" in got.said, "a password that others can read", got)
    if os.geteuid() == 0:
        wrong.chmod(0o440)
        same(run("ingest", "--password-file", wrong, imap(d), home=home).code, 77, "as systemd hands it over, it is read")
    else:
        skip("as systemd hands it over, it is read", "only root has such files")
    env = dict(os.environ, BOUNCEBOX_PASSWORD=PASSWORD, BOUNCEBOX_HOME=str(home))
    got = subprocess.run([PROGRAM, "ingest", imap(d)], env=env, capture_output=True, timeout=PATIENCE)
    same(got.returncode, 0, "a password in the environment")
    quoted = PASSWORD.replace("\\", "\\\\").replace('"', '\\"')
    netrc = home / "netrc"
    netrc.write_text('machine elsewhere login %s password wrong # another\nmachine localhost login other password wrong\n'
                     'machine localhost\n  login %s\n  password "%s"\ndefault login x password y\n' % (USER, USER, quoted))
    netrc.chmod(0o600)
    same(run("ingest", imap(d), home=home).code, 0, "a password in the home's netrc")
    netrc.write_text("machine localhost secret\n")
    got = run("ingest", imap(d), home=home)
    ok(got.code == 78 and "netrc:1" in got.said and "secret" not in got.said, "a netrc that is none", got)


def test_mistakes(d):
    home = new_home()
    d.maildir("Old")
    for words, code, says in (
            ((imap(d, "Nowhere"),), 66, "Old"),
            (("--done", "move", "--into", "Nowhere", imap(d)), 66, "Old"),
            (("--done", "move", "--into", "INBOX", imap(d)), 64, "another"),
            (("--done", "move", "--into", "Old", imap(d), TOP), 64, "twice"),
            (("--done", "seen", pop3(d)), 64, "POP3"),
            (("--done", "delete", "--dry-run", imap(d)), 64, "dry-run"),
            (("--every", "5s", imap(d)), 64, "--follow"),
            (("imap://%s@localhost:1/" % WHO,), 75, "connect"),
            (("imap://%s@no-such-host.invalid/" % WHO,), 75, "no-such-host"),
            (("pop3://%s@localhost:%d/INBOX" % (WHO, d.pop3),), 64, "POP3"),
            (("imap://%s@local host/" % WHO,), 64, "URL"),
            (("imap://%s@localhost:99999/" % WHO,), 64, "URL"),
    ):
        got = ingest(home, *words)
        ok(got.code == code and says in got.said, " ".join(map(str, words)), got)
    same(d.names("Old"), [], "and nothing went anywhere")


# ---- what goes, and when -------------------------------------------------------------------------------------------


def test_done(d):
    home = new_home()
    d.maildir("Done")
    d.empty("Done")
    fill(d, 20)
    names = d.names()
    with held(home):
        got = ingest(home, "--done", "move", "--into", "Done", imap(d))
        ok(got.code == 75 and d.names() == names and not d.names("Done"), "imap: nothing happens to what is not stored", got)
        got = ingest(home, "--done", "delete", pop3(d))
        ok(got.code == 75 and d.names() == names, "pop3: nothing happens to what is not stored", got)
    same(told(ingest(home, "--done", "seen", imap(d)), "reports"), (20,), "seen: stored")
    ok(all(p.name.endswith("S") for p in d.holds()), "seen: and marked", d.holds())
    same(told(ingest(home, "--done", "seen", imap(d)), "messages"), (0,), "seen: once")
    c = d.client()
    c.select("INBOX")
    c.store("3", "-FLAGS", "\\Seen")
    c.logout()
    same(told(ingest(home, "--done", "seen", imap(d)), "messages", "duplicates"), (1, 1), "seen: one that lost its mark gets it again")
    same(told(ingest(home, "--done", "move", "--into", "Done", imap(d)), "duplicates"), (20,), "move: what was kept before")
    same((d.names(), len(d.names("Done"))), ([], 20), "move: moved")
    fill(d, 20, 100)
    same(told(ingest(home, "--done", "delete", imap(d)), "reports"), (20,), "delete: stored")
    same(d.names(), [], "delete: and gone")
    fill(d, 20, 200)
    same(told(ingest(home, "--done", "delete", pop3(d)), "reports"), (20,), "pop3 delete: stored")
    same(d.names(), [], "pop3 delete: and gone")
    same(stored(home), 60, "each once")


def test_plain_server():
    """A server that can neither MOVE nor expunge single messages."""
    home, d = new_home(), Dovecot("imap_capability = IMAP4rev1", tls=False)
    test_without_tls(d)
    d.maildir("Done")
    fill(d, 5)
    same(told(ingest(home, "--done", "move", "--into", "Done", imap(d)), "reports"), (5,), "without MOVE: stored")
    same((d.names(), len(d.names("Done"))), ([], 5), "without MOVE: moved by a copy")
    fill(d, 5, 10)
    same(told(ingest(home, "--done", "delete", imap(d)), "reports"), (5,), "without UIDPLUS: stored")
    same(d.names(), [], "without UIDPLUS: gone")
    fill(d, 3, 20)
    c = d.client()
    c.select("INBOX")
    c.store("1", "+FLAGS", "\\Deleted")
    d.deliver(distinct_bounce(30), 30)
    c.noop()
    c.shutdown()
    got = ingest(home, "--done", "delete", imap(d))
    ok(got.code == 74 and "UIDPLUS" in got.said and len(d.names()) == 4, "without UIDPLUS: nothing that others deleted goes", got)
    d.stop()


def kill_in_the_middle(d, home, words, gone):
    """Kills an ingest once some of the mail is away. Answers whether it was in the middle."""
    command = [str(PROGRAM), "ingest", "--json", "--password-file", str(SECRET), *map(str, words)]
    process = subprocess.Popen(command, env=dict(os.environ, BOUNCEBOX_HOME=str(home)), stdout=subprocess.DEVNULL)
    until(lambda: gone() or process.poll() is not None)
    process.kill()
    return process.wait() == -signal.SIGKILL


def test_killed(d):
    """1,000 messages, killed again and again: nothing is lost, nothing is there twice."""
    home, count = new_home(), 1000
    d.maildir("Done")
    d.empty("Done")
    fill(d, count)
    killed = 0
    for _ in range(3):
        before = len(d.names("Done"))
        killed += kill_in_the_middle(d, home, ("--done", "move", "--into", "Done", imap(d)), lambda: len(d.names("Done")) > before)
        until(lambda: len(d.names()) + len(d.names("Done")) == count)  # the server ends what it was told to do
        ok(stored(home) >= len(d.names("Done")), "killed: what was moved is stored", (stored(home), len(d.names("Done"))))
    ok(killed, "it was killed in the middle (%d times)" % killed)
    same(ingest(home, "--done", "move", "--into", "Done", imap(d)).code, 0, "and run again")
    moved = {p.read_bytes() for p in d.holds("Done")}
    same((d.names(), len(d.names("Done")), len(moved), stored(home)), ([], count, count, count),
         "everything is moved once, and stored once")
    same(run("store", "check", home=home).code, 0, "and the store is sound")


def test_killed_pop3(d):
    home, count = new_home(), 400
    fill(d, count)
    through = Cut(d.pop3, 900000, hold=True)
    ok(kill_in_the_middle(d, home, ("--done", "delete", pop3(d, port=through.own)),
                          lambda: through.held.is_set() and stored(home)), "POP3: killed in the middle")
    ok(stored(home) > 0 and len(d.names()) == count, "POP3 killed: without QUIT nothing is deleted", (stored(home), len(d.names())))
    until(lambda: ingest(home, "--done", "delete", pop3(d)).code == 0)  # until the server noticed, the mailbox is locked
    same((d.names(), stored(home)), ([], count), "and run again: everything is gone, and stored once")


# ---- connections that break ------------------------------------------------------------------------------------------


class Cut:
    """A proxy that breaks the connection off after so many octets from the server; or passes on no more, until the client
    is gone."""

    def __init__(self, port, octets, hold=False):
        self.port, self.left, self.hold, self.held, self.gone = port, octets, hold, threading.Event(), threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.own = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with self.listener, contextlib.suppress(OSError):
            here, _ = self.listener.accept()
            there = socket.create_connection(("127.0.0.1", self.port))
            threading.Thread(target=self.pump, args=(here, there), daemon=True).start()
            while self.left and (data := there.recv(min(self.left, 4096))):
                here.sendall(data)
                self.left -= len(data)
            self.held.set()
            if self.hold:
                self.gone.wait(PATIENCE)
            for s in (here, there):
                s.shutdown(socket.SHUT_RDWR)
                s.close()

    def pump(self, here, there):
        with contextlib.suppress(OSError):
            while data := here.recv(4096):
                there.sendall(data)
        self.gone.set()


def test_cut(d):
    home, count = new_home(), 300
    fill(d, count)
    for url in (imap, pop3):
        port = d.imap if url is imap else d.pop3
        home = new_home()
        for octets in (3, 150, 400, 20000, 600000):
            got = ingest(home, url(d, port=Cut(port, octets).own))
            ok(got.code == 75 and ("broke" in got.said or octets < 1000), "%s: cut after %d octets, it is said" % (url.__name__, octets), got)
        ok(0 < stored(home) < count, "%s: what came before is stored" % url.__name__, stored(home))
        same((ingest(home, url(d)).code, stored(home)), (0, count), "%s: run again, it is complete" % url.__name__)
    fill(d, count, 1000)
    home = new_home()
    got = ingest(home, "--done", "delete", imap(d, port=Cut(d.imap, 1000000).own))
    ok(len(d.names()) + stored(home) >= count, "cut while mail is deleted: what is gone is stored", got)
    same((ingest(home, "--done", "delete", imap(d)).code, stored(home), d.names()), (0, count, []), "run again, it is complete")


def test_follow(d):
    home, log = new_home(), TOP / "follower.log"
    fill(d, 3)
    command = [str(PROGRAM), "ingest", "--json", "--follow", "--every", "1s", "--done", "delete", "--password-file", str(SECRET),
               imap(d)]
    with open(log, "wb") as f:
        follower = subprocess.Popen(command, env=dict(os.environ, BOUNCEBOX_HOME=str(home)), stdout=f, stderr=f)
    ok(until(lambda: stored(home) == 3 and not d.names()), "a follower reads what is there", log.read_text())
    d.deliver(distinct_bounce(10), 10)
    ok(until(lambda: stored(home) == 4), "and what comes", log.read_text())
    same(run("list", "add", "another", home=home).code, 0, "other commands write meanwhile")
    d.stop()
    ok(until(lambda: "cannot connect" in log.read_text()), "a server that is away is told", log.read_text())
    d.start()
    d.deliver(distinct_bounce(11), 11)
    ok(until(lambda: stored(home) == 5), "and when it is back, it goes on", log.read_text())
    follower.send_signal(signal.SIGTERM)
    same(follower.wait(PATIENCE), 0, "SIGTERM ends it well")


def test_waiting(d):
    """A server that says nothing keeps nobody else from writing, and an end that is asked for is heard."""
    home = new_home()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = imap(d, port=silent.getsockname()[1])
        command = [str(PROGRAM), "ingest", "--follow", "--password-file", str(SECRET), url]
        process = subprocess.Popen(command, env=dict(os.environ, BOUNCEBOX_HOME=str(home)), stderr=subprocess.DEVNULL)
        connection, _ = silent.accept()
        same(run("list", "add", "another", home=home).code, 0, "a silent server: other commands write")
        process.terminate()
        same(process.wait(PATIENCE), 0, "a silent server: SIGTERM is heard")
        connection.close()


def main():
    d = Dovecot()
    test_same_as_a_file(d)
    test_validity(d)
    test_names(d)
    test_large(d)
    test_tls(d)
    test_logins(d)
    test_mistakes(d)
    test_done(d)
    test_plain_server()
    test_killed(d)
    test_killed_pop3(d)
    test_cut(d)
    test_waiting(d)
    test_follow(d)
    done()


if __name__ == "__main__":
    main()
