#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Servers of IMAP and POP3 that lie, babble, stop short, or cannot give a message: each is told, nothing of it is believed
beyond the protocol, and what is good comes in all the same.

usage: remote_hostile.py PROGRAM
"""
import contextlib
import re
import socket
import threading

from box import distinct_bounce, done, folder, new_home, ok, run, same

TOP = folder()
SECRET = TOP / "secret"
SECRET.write_text("secret\n")
SECRET.chmod(0o600)
CRLF = b"\r\n"


def bounce(number):
    return distinct_bounce(number).replace(b"\n", CRLF)


class Server:
    """One that answers as `script` says: a function from a line of the client to octets; None hangs up."""

    def __init__(self, greeting, script):
        self.greeting, self.script, self.heard = greeting, script, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                s, _ = self.listener.accept()
                threading.Thread(target=self.talk, args=(s,), daemon=True).start()

    def talk(self, s):
        with contextlib.suppress(OSError), s, s.makefile("rb") as lines:
            s.sendall(self.greeting)
            for line in lines if self.script else ():
                self.heard.append(line.rstrip().decode())
                said = self.script(line.rstrip().decode())
                if said is None:
                    return
                s.sendall(said)

    def end(self):
        self.listener.close()


# ---- IMAP ------------------------------------------------------------------------------------------------------------


class Imap(Server):
    """Three messages, UIDs 5, 7 and 9. `odd`: answers of its own to commands, by their beginning; {tag} is the tag."""

    def __init__(self, odd=None, messages=None):
        self.odd = odd or {}
        self.messages = messages or {5: bounce(5), 7: bounce(7), 9: bounce(9)}
        super().__init__(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\r\n", self.answer)

    def body(self, uid):
        raw = self.messages[uid]
        return b"* %d FETCH (UID %d INTERNALDATE \"23-Nov-2026 15:44:00 +0000\" BODY[]<0> {%d}\r\n%s)\r\n" % (uid, uid, len(raw), raw)

    def fetch(self, wanted):
        return b"".join(self.body(u) for u in wanted if u in self.messages)

    def answer(self, line):
        tag, _, command = line.partition(" ")
        for beginning, answer in self.odd.items():
            if command.startswith(beginning):
                said = answer(command) if callable(answer) else answer
                return said and said.replace(b"{tag}", tag.encode())
        said = b""
        if command.startswith("CAPABILITY"):
            said = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS MOVE\r\n"
        elif command.startswith(("SELECT", "EXAMINE")):
            said = b"* %d EXISTS\r\n* OK [UIDVALIDITY 77] fine\r\n" % len(self.messages)
        elif re.match(r"UID FETCH \d+:\* ", command):
            first = int(re.search(r"\d+", command).group())
            said = b"".join(b"* %d FETCH (UID %d RFC822.SIZE %d FLAGS ())\r\n" % (u, u, len(raw))
                            for u, raw in self.messages.items() if u >= first or u == max(self.messages))
        elif command.startswith("UID FETCH"):
            said = self.fetch(uids(command))
        return said + tag.encode() + b" OK done\r\n"


def uids(command):
    numbers = []
    for part in command.split()[2].split(","):
        first, _, last = part.partition(":")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def ingest(server, *words, home=None, scheme="imap"):
    url = "%s://joe@127.0.0.1:%d" % (scheme, server.port)
    return run("ingest", "--json", "--password-file", SECRET, *words, url, home=home or new_home())


def told(got, *keys):
    return tuple(got.json()[k] for k in keys) if got.out else str(got)


def test_honest():
    server, home = Imap(), new_home()
    same(told(ingest(server, home=home), "reports"), (3,), "a server that is none of these: three messages")
    same(told(ingest(server, home=home), "messages"), (0,), "and the last is not taken for a new one, as n:* has it")
    same(sum("BODY.PEEK[]" in line for line in server.heard), 1, "many small ones by one command")
    ok(not any("SELECT" in line or "STORE" in line for line in server.heard), "and the mailbox was opened to read only")
    server.end()


def test_one_that_is_not_given():
    """It costs only itself, and comes again: how far the mailbox was read does not pass it."""
    refuses, home = [True], new_home()

    def fetch(command):
        wanted = uids(command)
        if refuses[0] and 7 in wanted:
            return server.fetch([u for u in wanted if u < 7]) + b"{tag} NO [SERVERBUG] cannot read it\r\n"
        return server.fetch(wanted) + b"{tag} OK\r\n"

    server = Imap({"UID FETCH %s" % start: fetch for start in ("5,7", "5\x20(", "7\x20(", "9\x20(", "7,9")})
    got = ingest(server, home=home)
    ok(got.code == 74 and "UID=7" in got.said and "cannot read it" in got.said, "a message that the server does not give", got)
    same(told(got, "reports", "complete"), (2, False), "and the others")
    refuses[0] = False
    got = ingest(server, home=home)
    same((got.code, told(got, "messages", "reports", "duplicates")), (0, (2, 1, 1)), "it is given later: it comes in")
    same(told(ingest(server, home=home), "messages"), (0,), "and then all is read")
    server.end()


def test_given_as_nothing():
    """A message of some size that comes as nothing did not come, and is not deleted."""
    for nothing in (b"NIL", b"\"\"", b"{0}\r\n"):
        answer = b"* 7 FETCH (UID 7 BODY[]<0> " + nothing + b")\r\n{tag} OK\r\n"
        server = Imap({"UID FETCH 7 ": answer, "UID FETCH 5,7": lambda c: server.fetch([5, 9]) + answer})
        got = ingest(server, "--done", "delete")
        ok(got.code == 74 and "UID=7" in got.said and told(got, "reports") == (2,), "given as %s: told" % nothing, got)
        ok(any("EXPUNGE 5,9" in line for line in server.heard), "given as %s: not deleted" % nothing, server.heard)
        server.end()


def test_gone_meanwhile():
    def fetch(command):
        return server.fetch([u for u in uids(command) if u != 7]) + b"{tag} OK\r\n"

    server, home = Imap({"UID FETCH 5,7": fetch, "UID FETCH 7 ": b"{tag} OK\r\n"}), new_home()
    got = ingest(server, home=home)
    same((got.code, told(got, "reports")), (0, (2,)), "one that somebody else deleted is no trouble")
    del server.messages[7]
    same(told(ingest(server, home=home), "messages", "duplicates"), (1, 1), "what came before that was seen comes once more")
    same(told(ingest(server, home=home), "messages"), (0,), "and then all is read")
    server.end()


def test_out_of_order():
    def fetch(command):
        return server.fetch(reversed(uids(command))) + b"{tag} OK\r\n"

    server = Imap({"UID FETCH 5,7": fetch})
    same(told(ingest(server), "reports"), (3,), "messages in another order than asked for")
    server.end()


def test_talk_that_looks_like_answers():
    """What a message says is never taken for what the server says."""
    trap = b"Subject: x\r\n\r\nb5 OK done\r\n* BYE\r\n)\r\nb5 NO\r\n* 9 FETCH (UID 9 BODY[] {3}\r\nabc)\r\n+\r\n"
    server = Imap(messages={5: trap, 7: bounce(7)})
    got = ingest(server)
    same((got.code, told(got, "messages", "reports", "other_mail")), (0, (2, 1, 1)), "answers within a message are its text")
    server.end()


def test_babble():
    for name, odd, code in (
            ("no IMAP at all", {"CAPABILITY": b"HTTP/1.1 400 Bad Request\r\n"}, 75),
            ("an answer to another command", {"EXAMINE": b"b99 OK\r\n"}, 65),
            ("a line without end", {"EXAMINE": b"* " + b"x" * 200000}, 65),
            ("a literal that is larger than anything", {"UID FETCH 5,7": b"* 1 FETCH (UID 5 BODY[] {99999999999}\r\n"}, 65),
            ("a FETCH that is none", {"UID FETCH 5,7": b"* 1 FETCH (UID five)\r\n{tag} OK\r\n"}, 65),
            ("a FETCH without end", {"UID FETCH 5,7": b"* 1 FETCH (((((((((\r\n{tag} OK\r\n"}, 65),
            ("UID 0", {"UID FETCH 1:*": b"* 1 FETCH (UID 0 RFC822.SIZE 5)\r\n{tag} OK\r\n"}, 65),
            ("a flood", {"EXAMINE": b"* 1 EXISTS\r\n" * 300000 + b"{tag} NO\r\n"}, 66),
            ("a flood while messages are kept", {"UID FETCH 5,7": lambda c: b"* 1 FETCH (UID 5 BODY[] \"x\")\r\n" + b"* x\r\n" * (18 << 20)}, 65),
            ("BYE", {"EXAMINE": b"* BYE [UNAVAILABLE] come later\r\n"}, 75),
            ("a connection that ends", {"UID FETCH 5,7": lambda c: None}, 75),
            ("a refused list", {"UID FETCH 1:*": b"{tag} NO not now\r\n"}, 74),
            ("a mailbox that is not there", {"EXAMINE": b"{tag} NO no\r\n", "LIST": b"* LIST () NIL {99}\r\nx"}, 66),
    ):
        server = Imap(odd)
        if name == "no IMAP at all":
            server.greeting = b"HTTP/1.1 400 Bad Request\r\n" * 2
            server.script = None
        if code == 66 and "LIST" in odd:
            odd["LIST"] = lambda c: None
        got = ingest(server)
        ok(got.code == code and got.said.startswith("bouncebox ingest: imap://"), "%s: it is said" % name, got)
        ok("\x1b" not in got.said and not told(got, "reports")[0], "%s: and nothing is stored" % name, got)
        server.end()


def test_terminal():
    server = Imap({"EXAMINE": b"{tag} NO \x1b[2Jgone\x07\r\n", "LIST": b"* LIST () NIL \"\x1b[31mred\"\r\n{tag} OK\r\n"})
    got = ingest(server)
    ok(got.code == 66 and b"\x1b" not in got.err and b"\\x1b" in got.err.lower(), "what a terminal obeys is shown as text", got)
    server.end()


def test_put_away():
    """What the server refuses to take away is told, and met again."""
    home = new_home()
    server = Imap({"UID MOVE": b"{tag} NO [OVERQUOTA] full\r\n"})
    got = ingest(server, "--done", "move", "--into", "Done", home=home)
    ok(got.code == 74 and "full" in got.said, "a move that is refused is told", got)
    same(told(got, "reports"), (3,), "and all is stored")
    got = ingest(server, "--done", "move", "--into", "Done", home=home)
    same(told(got, "duplicates"), (3,), "and met again")
    del server.odd["UID MOVE"]
    same(ingest(server, "--done", "move", "--into", "Done", home=home).code, 0, "until it goes")
    ok(any(line.endswith('UID MOVE 5,7,9 "Done"') for line in server.heard), "all by one command", server.heard)
    server.end()
    server = Imap({"SELECT": b"* 3 EXISTS\r\n{tag} OK [READ-ONLY] look only\r\n"})
    got = ingest(server, "--done", "delete", home=home)
    ok(got.code == 77 and "only read" in got.said, "a mailbox that may only be read", got)
    server.end()


def test_refused_for_now():
    server = Imap({"AUTHENTICATE": b"{tag} NO [UNAVAILABLE] the directory is away\r\n"})
    got = ingest(server)
    ok(got.code == 75 and "directory" in got.said, "a login that is refused for now may be tried again", got)
    server.end()


def test_ways_to_log_in():
    """A password is given as it is, whatever else there is; TLS, or this machine, keeps it from others."""
    no = b"{tag} NO [AUTHENTICATIONFAILED] no\r\n"
    for offered, said, code in (
            (b"AUTH=GSSAPI AUTH=NTLM AUTH=PLAIN", "AUTHENTICATE PLAIN", 0),
            (b"AUTH=SCRAM-SHA-256 AUTH=CRAM-MD5 AUTH=LOGIN", "AUTHENTICATE LOGIN", 0),
            (b"", "LOGIN joe@example.net secret", 0),
            (b"AUTH=CRAM-MD5 LOGINDISABLED", "AUTHENTICATE CRAM-MD5", 77),
            (b"AUTH=GSSAPI LOGINDISABLED", "CAPABILITY", 77),
    ):
        capability = b"CAPABILITY IMAP4rev1 " + offered
        odd = {"CAPABILITY": b"* " + capability + b"\r\n{tag} OK\r\n", "AUTHENTICATE LOGIN": b"+ VXNlcm5hbWU6\r\n",
               "AUTHENTICATE CRAM": no, "AUTHENTICATE PLAIN": b"+ \r\n"}
        server = Imap(odd)
        server.greeting = b"* OK [" + capability + b"] hello\r\n"
        honest, rest = server.script, []

        def script(line, honest=honest, rest=rest):
            if rest:  # what stands behind AUTHENTICATE, in base64
                tag, left = rest.pop()
                if left:
                    rest.append((tag, left - 1))
                return tag + b" OK\r\n" if not left else b"+ UGFzc3dvcmQ6\r\n"
            if "AUTHENTICATE PLAIN" in line or "AUTHENTICATE LOGIN" in line:
                rest.append((line.split()[0].encode(), int("LOGIN" in line)))
            return honest(line)

        server.script = script
        got = run("ingest", "--json", "--password-file", SECRET, "imap://joe@example.net@127.0.0.1:%d" % server.port,
                  home=new_home())
        ok(got.code == code and any(said in line for line in server.heard), "%s: %s" % (offered.decode(), said), "%s\n%s" %
           (server.heard, got))
        server.end()


def test_token():
    server = Imap()
    server.greeting = b"* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] hello\r\n"
    server.odd["CAPABILITY"] = b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR\r\n{tag} OK\r\n"
    url = "imap://joe@127.0.0.1:%d" % server.port
    got = run("ingest", "--json", "--token-file", SECRET, url, home=new_home())
    same(told(got, "reports"), (3,), "an OAuth 2.0 token logs in")
    ok(any("AUTHENTICATE XOAUTH2" in line for line in server.heard), "by XOAUTH2", server.heard)
    server.end()


# ---- POP3 --------------------------------------------------------------------------------------------------------------


class Pop3(Server):
    """`odd` as above; None hangs up."""

    def __init__(self, odd=None, messages=None):
        self.odd = odd or {}
        self.messages = messages or {1: bounce(1), 2: bounce(2), 3: bounce(3)}
        super().__init__(b"+OK hello\r\n", self.answer)

    def answer(self, line):
        for beginning, answer in self.odd.items():
            if line.startswith(beginning):
                return answer
        if line.startswith("CAPA"):
            return b"+OK\r\nUSER\r\nUIDL\r\n.\r\n"
        if line == "LIST":
            return b"+OK\r\n" + b"".join(b"%d %d\r\n" % (n, len(raw)) for n, raw in self.messages.items()) + b".\r\n"
        if line == "UIDL":
            return b"+OK\r\n" + b"".join(b"%d name-%d\r\n" % (n, n) for n in self.messages) + b".\r\n"
        if line.startswith("RETR "):
            raw = self.messages[int(line[5:])]
            return b"+OK\r\n" + re.sub(rb"(?m)^\.", b"..", raw) + b".\r\n"
        return b"+OK\r\n"


def test_pop3():
    for name, odd, code, reports in (
            ("honest", {}, 0, 3),
            ("one that is not given", {"RETR 2": b"-ERR damaged\r\n"}, 74, 2),
            ("no UIDL", {"UIDL": b"-ERR unknown\r\n"}, 0, 3),
            ("no list", {"LIST": b"-ERR [SYS/TEMP] later\r\n"}, 74, 0),
            ("a list that is none", {"LIST": b"+OK\r\n1 many\r\n.\r\n"}, 65, 0),
            ("a list that goes back", {"LIST": b"+OK\r\n2 1\r\n1 1\r\n.\r\n"}, 65, 0),
            ("names with blanks", {"UIDL": b"+OK\r\n1 a b\r\n.\r\n"}, 65, 0),
            ("a line without end", {"LIST": b"+OK" + b"x" * 5000}, 65, 0),
            ("an answer that is none", {"RETR 1": b"* OK\r\n"}, 65, 0),
            ("a connection that ends", {"RETR 3": None}, 75, 2),
    ):
        server = Pop3(odd)
        got = ingest(server, scheme="pop3")
        same((got.code, told(got, "reports")), (code, (reports,)), "POP3: %s" % name)
        server.end()


def test_pop3_deletes():
    server, home = Pop3({"QUIT": b"-ERR disk full\r\n"}), new_home()
    got = ingest(server, "--done", "delete", home=home, scheme="pop3")
    ok(got.code == 74 and "disk full" in got.said and told(got, "reports") == (3,), "POP3: QUIT that is refused is told", got)
    server.end()
    server = Pop3({"DELE 2": b"-ERR no\r\n"})
    got = ingest(server, "--done", "delete", home=home, scheme="pop3")
    ok(got.code == 74 and told(got, "duplicates") == (3,), "POP3: DELE that is refused is told", got)
    server.end()
    dots = b"Subject: x\r\n\r\n.\r\n..\r\n.a\r\n"
    server = Pop3(messages={1: dots})
    ingest(server, home=home, scheme="pop3")
    server.end()
    got = run("ingest", "--json", "-", home=home, stdin=dots)
    same(told(got, "duplicates"), (1,), "POP3: dots come out as they went in")


def main():
    test_honest()
    test_one_that_is_not_given()
    test_given_as_nothing()
    test_gone_meanwhile()
    test_out_of_order()
    test_talk_that_looks_like_answers()
    test_babble()
    test_terminal()
    test_put_away()
    test_refused_for_now()
    test_ways_to_log_in()
    test_token()
    test_pop3()
    test_pop3_deletes()
    done()


if __name__ == "__main__":
    main()
