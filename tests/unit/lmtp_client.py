#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Python's own LMTP client talks to the LMTP machine, and where Postfix's load generator is installed, that, too.

usage: lmtp_client.py LMTP-STDIO
"""
import json
import pathlib
import shutil
import smtplib
import socket
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "proc"))
from box import done, folder, same, skip  # noqa: E402

SERVER = sys.argv[1]


def spawn(end, log, beyond, size_max):
    return subprocess.Popen([SERVER, str(log), beyond, str(size_max)], stdin=end, stdout=end)


def talk(top):
    """One connection, as smtplib makes it."""
    log = top / "log"
    ours, theirs = socket.socketpair()
    with theirs:
        server = spawn(theirs, log, "refuse", 100000)
    client = smtplib.LMTP()
    client.sock = ours
    client.file = None
    same(client.getreply(), (220, b"lmtp.test LMTP bouncebox"), "the greeting")
    same(client.ehlo("x")[0], 250, "smtplib says LHLO")
    same(sorted(client.esmtp_features),
         ["8bitmime", "dsn", "enhancedstatuscodes", "pipelining", "size", "smtputf8"], "what is announced")
    same(client.esmtp_features["size"], "100000", "and the size")
    same(client.helo("x"), (500, b"5.5.1 This is LMTP: say LHLO"), "HELO is refused")
    same(client.verify("a@x"), (252, b"2.5.2 Not verified: try RCPT"), "VRFY")
    body = "Subject: x\r\n\r\n.\r\n..\r\n.x\r\n" + "y" * 5000 + "\r\n"
    refused = client.sendmail("", ["a@x", "unknown@x"], body, ["ENVID=a+2Bb"], ["ORCPT=rfc822;news+2Bu+3Dx@y"])
    same(refused, {"unknown@x": (550, b"5.1.1 Not a return path of ours")}, "a message for two, of whom one is none")
    try:
        same(client.sendmail("", ["full@x"], body), None, "a recipient who is full")
    except smtplib.SMTPDataError as error:
        same(error.smtp_code, 452, "a recipient who is full")
    try:
        client.sendmail("b@y", ["a@x"], "x" * 100001)
        same(True, False, "a message that is too large")
    except smtplib.SMTPSenderRefused as error:
        same((error.smtp_code, error.smtp_error), (552, b"5.3.4 Message too large"), "a message that is too large")
    same(client.quit(), (221, b"2.0.0 Bye"), "QUIT")
    same(server.wait(10), 0, "the server ends")
    first, second = map(json.loads, log.read_text().splitlines())
    same(first["body"], body, "the message, dots undone")
    same((first["sender"], first["envid"], first["declared"] > 5000), ("", "a+b", True), "its envelope")
    same(first["recipients"], [{"address": "a@x", "orcpt": "news+u=x@y", "orcpt_type": "rfc822", "notify": 0}],
         "its recipient")
    same(second["recipients"][0]["address"], "full@x", "the second message")


def load(top):
    """Postfix's smtp-source: many sessions, many recipients a message."""
    program = shutil.which("smtp-source") or shutil.which("smtp-source", path="/usr/sbin")
    if not program:
        return skip("smtp-source: 200 messages in 5 sessions", "it is not installed")
    log, listener = top / "load", socket.socket(socket.AF_UNIX)
    listener.bind(str(top / "socket"))
    listener.listen(50)
    servers = []

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                servers.append(spawn(connection, log, "cut", 3000))

    threading.Thread(target=accept, daemon=True).start()
    sent = subprocess.run([program, "-L", "-s", "5", "-m", "200", "-r", "3", "-N", "-l", "4000", "-f", "s@y", "-t", "r@x",
                           "unix:" + str(top / "socket")], capture_output=True, timeout=60)
    listener.close()
    same((sent.returncode, sent.stdout + sent.stderr), (0, b""), "smtp-source: 200 messages in 5 sessions")
    same({s.wait(10) for s in servers}, {0}, "every server ends")
    messages = [json.loads(line) for line in log.read_text().splitlines()]
    same((len(messages), {len(m["recipients"]) for m in messages}), (200, {3}), "all of them came, for three each")
    same({(m["cut"], len(m["body"])) for m in messages}, {(True, 3000)}, "and were cut where they were to be")


top = folder()
talk(top)
load(top)
done()
