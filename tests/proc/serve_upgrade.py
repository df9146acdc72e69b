#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The daemon and whoever runs it: sockets handed to it, what it tells of its state, and another program put in its place
while mail comes.

usage: serve_upgrade.py PROGRAM
"""
import os
import re
import shutil
import signal
import socket
import threading

from box import PROGRAM, distinct_bounce as numbered, done, folder, ok, run, same, until
from lmtp import Client, Daemon
from serve import reports, with_people

# The id of the process must be told to it, and it is that of the shell.
AS_SYSTEMD = ("sh", "-c", 'LISTEN_PID=$$ WATCHDOG_PID=$$ exec "$@"', "sh")
SENDERS, MESSAGES, UPGRADES = 6, 60, 4
PER_PATH = 9 # more reports about one token are counted only


class Supervisor:
    """Opens sockets, and hears what the daemon says, as systemd does."""

    def __init__(self, top, *paths):
        self.said, self.sockets = [], []
        self.ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ear.bind(str(top / "notify"))
        self.ear.settimeout(0.1)
        for path in paths:
            s = socket.socket(socket.AF_UNIX if isinstance(path, str) else socket.AF_INET)
            s.bind(path)
            s.listen(64)
            self.sockets.append(s)
        self.env = {"NOTIFY_SOCKET": str(top / "notify"), "LISTEN_FDS": str(len(paths)), "WATCHDOG_USEC": "3000000"}

    def hears(self, word):
        def heard():
            try:
                self.said.append(self.ear.recv(4096).decode())
            except socket.timeout:
                pass
            return word in self.said
        return until(heard, 20)

    def place(self):
        """In the child: the sockets lie from 3 on."""
        high = [os.dup2(s.fileno(), 200 + i) for i, s in enumerate(self.sockets)]
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i, inheritable=True)
            os.close(fd)

    def start(self, home, *words):
        os.environ.update(self.env)
        try:
            return Daemon(home, *words, before=AS_SYSTEMD, preexec_fn=self.place, close_fds=False)
        finally:
            for name in self.env:
                del os.environ[name]


def test_handed_over():
    home, (path,) = with_people()
    s = Supervisor(home.parent, str(home / "lmtp"), ("127.0.0.1", 0), str(home / "nobody wants"))
    port = s.sockets[1].getsockname()[1]
    d = s.start(home, "--listen", "unix:lmtp", "--listen", "inet:127.0.0.1:%d" % port)
    ok(s.hears("READY=1"), "it says when it listens", d.said())
    for where in (str(home / "lmtp"), ("127.0.0.1", port)):
        c = Client(where)
        same([r[0] for r in c.mail(path, numbered(len(str(where))))], [250], "a socket that was handed to it takes mail: %s" % (where,))
        c.close()
    ok("are closed" in d.said(), "one that nobody named is told", d.said())
    ok(s.hears("WATCHDOG=1"), "it tells that it lives")
    s.said.clear()
    d.p.send_signal(signal.SIGHUP)
    ok(s.hears("RELOADING=1") and s.hears("READY=1"), "and that it reads its configuration again")
    same(d.end(), 0, "it ends")
    ok(s.hears("STOPPING=1"), "and tells that, too")
    ok((home / "lmtp").is_socket(), "a socket that somebody else made stays")
    again = Client(str(home / "lmtp"), hello=False, seconds=1, greet=False)
    ok(again, "and whoever connects waits for the next daemon")
    again.close()


def test_not_for_us():
    """Variables that are another process's change nothing."""
    home, (path,) = with_people()
    os.environ.update(LISTEN_FDS="2", LISTEN_PID="1", NOTIFY_SOCKET="nonsense")
    d = Daemon(home)
    for name in ("LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET"):
        del os.environ[name]
    same([r[0] for r in d.client().mail(path, numbered(1))], [250], "it listens as configured")
    same(d.end(), 0, "and ends")


def reading(fifo):
    """Once somebody waits at its other end."""
    def opened():
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return 0
    return until(opened)


def test_signals_wait():
    """Who asks for something before anybody hears him is heard later: it starts, or becomes another program, for a while."""
    home, (path,) = with_people()
    rules = home / "own.rules"
    os.mkfifo(rules) # whoever reads it waits for us
    conf = home / "bouncebox.conf"
    conf.write_text(conf.read_text().replace("#rules =", "rules = own.rules\n#rules =", 1))
    d = Daemon(home, wait=False)
    for number, event, count in ((signal.SIGHUP, "listening", 1), (signal.SIGUSR2, "reload", 1), (signal.SIGHUP, "listening", 2),
                                 (None, "reload", 2)):
        reader = reading(rules)
        if number:
            d.p.send_signal(number)
        if reader:
            os.close(reader)
        ok(until(lambda e=event, n=count: d.said().count("event=" + e) == n), "it waited: %s %d" % (event, count), d.said())
    same([r[0] for r in d.client().mail(path, numbered(1))], [250], "and it takes mail")
    same(d.end(), 0, "and ends")


def installed():
    """A copy of the programs, which can be replaced."""
    top = folder()
    for name in ("bouncebox", "bouncebox-serve"):
        shutil.copy(PROGRAM.with_name(name), top / name)
    return top


def replace(program, content=None):
    """As a package does: another file under the same name."""
    fresh = program.with_suffix(".new")
    if content is None:
        shutil.copy(program, fresh)
    else:
        fresh.write_text(content)
        fresh.chmod(0o755)
    fresh.rename(program)


def test_upgrade():
    home, paths = with_people(SENDERS * MESSAGES // PER_PATH)
    programs = installed()
    d = Daemon(home, program=programs / "bouncebox")
    begun, refused, again = d.said().count("event=listening"), [], []

    def handed(path, raw):
        """Whether it was answered 250. Who is sent away (421) or cut off comes again, as Postfix does."""
        try:
            c = d.client(seconds=30)
            codes = [r[0] for r in c.mail(path, raw)]
            c.close()
            return codes == [250]
        except ConnectionRefusedError as e:
            refused.append(e)
        except (OSError, ValueError):
            again.append(path)
        return False

    def send(k):
        for i in range(k, SENDERS * MESSAGES, SENDERS):
            until(lambda i=i: handed(paths[i // PER_PATH], numbered(i)))

    senders = [threading.Thread(target=send, args=(k,)) for k in range(SENDERS)]
    for t in senders:
        t.start()
    for i in range(UPGRADES):
        replace(programs / "bouncebox-serve")
        d.p.send_signal(signal.SIGUSR2)
        until(lambda i=i: d.said().count("event=listening") >= begun * (i + 2))
    for t in senders:
        t.join()
    same(d.said().count("event=listening"), begun * (UPGRADES + 1), "each upgrade starts the program anew")
    same(len(set(re.findall(r"listening.* pid=(\d+)", d.said()))), 1, "under the same process id")
    same(refused, [], "meanwhile nobody who connects is refused")
    same(reports(home), SENDERS * MESSAGES, "and every message is stored, and once (%d began anew)" % len(again))
    replace(programs / "bouncebox-serve", "#!/bin/sh\nexit 3\n")
    d.p.send_signal(signal.SIGUSR2)
    ok(until(lambda: "event=upgrade" in d.said().rpartition("listening")[2]), "a program that does not run is told")
    ok("exit code 3" in d.said(), "with what it said", d.said()[-500:])
    same([r[0] for r in d.client().mail(paths[0], numbered(9999))], [250], "and the daemon goes on")
    same(d.end(), 0, "until it is ended")


def main():
    test_handed_over()
    test_not_for_us()
    test_signals_wait()
    test_upgrade()
    done()


if __name__ == "__main__":
    main()
