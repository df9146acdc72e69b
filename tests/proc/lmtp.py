# SPDX-License-Identifier: MIT
"""What tests of the daemon share: the daemon, and a client that speaks LMTP as Postfix does: it reads one reply for each
recipient (smtplib reads one a message)."""
import atexit
import os
import re
import signal
import socket
import subprocess

from box import PROGRAM, until


class Client:
    """One connection. Replies are (code, text)."""

    def __init__(self, where, seconds=30, hello=True, greet=True):
        self.s = socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET6 if ":" in where[0] else socket.AF_INET)
        self.s.settimeout(seconds)
        self.s.connect(where)
        self.f = self.s.makefile("rb")
        self.greeting = self.reply() if greet else None
        self.features = self.do("LHLO client.test")[1] if hello else ""

    def send(self, data):
        self.s.sendall(data if isinstance(data, bytes) else data.encode())

    def reply(self):
        """Empty where the other side is gone."""
        lines = []
        while True:
            line = self.f.readline().decode("utf-8", "replace")
            lines.append(line[4:].rstrip("\r\n"))
            if line[3:4] != "-":
                return (int(line[:3]) if line else 0, "\n".join(lines))

    def do(self, line):
        self.send(line.encode() + b"\r\n")
        return self.reply()

    def begin(self, recipients, sender="", options=""):
        """MAIL, RCPT and DATA, pipelined; answers the codes of RCPT."""
        lines = ["MAIL FROM:<%s>%s" % (sender, options), *("RCPT TO:" + (r if r[0] == "<" else "<%s>" % r) for r in recipients), "DATA"]
        self.send("\r\n".join(lines) + "\r\n")
        self.reply()
        codes = [self.reply()[0] for _ in recipients]
        self.reply()
        return codes

    def mail(self, recipients, raw, **more):
        """The replies for the recipients."""
        if isinstance(recipients, str):
            recipients = [recipients]
        taken = self.begin(recipients, **more)
        self.send(stuffed(raw))
        return [self.reply() for code in taken if code == 250]

    def gone(self):
        return self.f.read() == b""

    def close(self):
        self.f.close()
        self.s.close()


def stuffed(raw):
    raw = re.sub(rb"\r?\n", b"\r\n", raw)
    raw = re.sub(rb"^\.", b"..", raw, flags=re.M)
    return raw + (b"" if raw.endswith(b"\r\n") or not raw else b"\r\n") + b".\r\n"


class Daemon:
    """bouncebox serve on a unix socket in the home, or where words say; its log is a file."""

    def __init__(self, home, *words, wait=True, before=(), log=None, program=PROGRAM, **more):
        self.home, self.log = home, log or home.parent / ("serve.%d.log" % id(self))
        self.socket = str(home / "lmtp")
        env = dict(os.environ, BOUNCEBOX_HOME=str(home), TZ="Asia/Kolkata")
        self.p = subprocess.Popen([*before, str(program), "serve", *map(str, words)], stderr=open(self.log, "ab"),
                                  stdin=subprocess.DEVNULL, env=env, **more)
        atexit.register(self.p.kill)
        if wait:
            until(lambda: self.p.poll() is not None or "event=listening" in self.said() or '"listening"' in self.said())

    def said(self):
        return self.log.read_text(errors="replace")

    def client(self, **more):
        return Client(self.socket, **more)

    def end(self, number=signal.SIGTERM):
        """Its exit code."""
        if self.p.poll() is None:
            self.p.send_signal(number)
        return self.p.wait(40)


def free_port(host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as s:
        s.bind((host, 0))
        return s.getsockname()[1]
