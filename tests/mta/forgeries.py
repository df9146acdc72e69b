#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Forged reports by real SMTP: Postfix's smtpd asks the policy service, its lmtp(8) hands what is let in to the daemon, and
nobody is changed. Then right return paths with somebody else's text: they touch their holder alone, and softly. Then
genuine ones: all are taken and counted once.

usage: forgeries.py PROGRAM [NUMBER]          so many forged, and so many genuine; BB_SEED repeats the choices
"""
import base64
import hashlib
import os
import random
import re
import socket
import sqlite3
import sys
import threading
import time

from installed import Installed, WithService, shown
from box import FIXTURES, KEY, done, ok, same, until
from lmtp import stuffed

SESSIONS, AT_ONCE = 8, 4  # sessions side by side; recipients of one forged message
SECRET = bytes.fromhex(KEY.split()[1])
DOMAIN, TODAY = "bounces.example.com", int(time.time() // 86400)
REPORT = (FIXTURES / "postfix-unknown.eml").read_bytes()
# No client is slowed down for its mistakes here: a forger would be.
SETTINGS = """
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000000
smtpd_hard_error_limit = 1000000
smtpd_client_connection_count_limit = 0
maximal_queue_lifetime = 1d
bounce_queue_lifetime = 1d
delay_warning_time = 0
"""
RETURN_PATH, UNSUBSCRIBE, ENVELOPE_ID, TAG = 0, 1, 3, 4


class Busy(WithService):
    lasts = 600


# ---- tokens: docs/return-paths.md, written once more ---------------------------------------------------------


def text_of(raw):
    return "a" + base64.b32encode(raw).decode().lower().rstrip("=")


def mac(fields, purpose, bound=b""):
    return hashlib.blake2b(bytes([purpose]) + b"a" + fields + bound, digest_size=32, key=SECRET).digest()[:8]


def fields_of(day, mailing, subscriber=None):
    out = b"\1" + day.to_bytes(2, "big") + mailing.to_bytes(4, "big")
    return out if subscriber is None else out + subscriber.to_bytes(5, "big")


def token(subscriber, day=TODAY - 2, mailing=0, purpose=RETURN_PATH):
    fields = fields_of(day, mailing, subscriber)
    return fields + mac(fields, purpose)


def bounce(raw):
    return "bounce-%s@%s" % (text_of(raw), DOMAIN)


def signed_verp(base, address, domain, as_if=None):
    """A tag is bound to what stands around it; as_if: it is put into another return path than it was made for."""
    fields = fields_of(TODAY - 2, 0)
    bound = "\0".join((base, address, domain)).encode()
    tag = text_of(fields + mac(fields, TAG, bound))
    base, domain = as_if or (base, domain)
    return "%s+%s=%s@%s" % (base, address.replace("@", "="), tag, domain)


# ---- forgeries: of a victim's genuine token each makes a return path and what it is to be answered -----------


def flipped(raw, choice):
    bits = int.from_bytes(raw, "big")
    for bit in choice.sample(range(160), choice.randint(1, 3)):
        bits ^= 1 << bit
    out = bits.to_bytes(20, "big")
    return bounce(out), 550 if out[0] == raw[0] else 451


def damaged(raw, choice):
    """No return path any more, so that nothing can be told from it; only with 25 characters it would be a mailing's."""
    local = text_of(raw)
    local = local[:choice.randint(1, 32)] if choice.random() < 0.5 else local + "a"
    return "bounce-%s@%s" % (local, DOMAIN), 550 if len(local) == 25 else 250


FORGERIES = {
    "a MAC made up": lambda who, raw, choice: (bounce(raw[:12] + choice.randbytes(8)), 550),
    "another's id": lambda who, raw, choice: (bounce(raw[:7] + (who + 1).to_bytes(5, "big") + raw[12:]), 550),
    "another mailing": lambda who, raw, choice: (bounce(raw[:3] + choice.randbytes(4) + raw[7:]), 550),
    "a younger day": lambda who, raw, choice: (bounce(raw[:1] + TODAY.to_bytes(2, "big") + raw[3:]), 550),
    "expired": lambda who, raw, choice: (bounce(token(who, TODAY - choice.randint(37, 500))), 550),
    "an unsubscribe token": lambda who, raw, choice: (bounce(token(who, purpose=UNSUBSCRIBE)), 550),
    "an envelope id": lambda who, raw, choice: (bounce(token(who, purpose=ENVELOPE_ID)), 550),
    "to unsubscribe": lambda who, raw, choice: (bounce(raw).replace("bounce-", "unsubscribe-"), 550),
    "another list's tag": lambda who, raw, choice: (signed_verp("other", address_of(who), "others.example.com", ("news", DOMAIN)), 550),
    "another's tag": lambda who, raw, choice: (signed_verp("news", address_of(who + 1), DOMAIN).replace("v%d=" % (who + 1), "v%d=" % who), 550),
    "bit flips": lambda who, raw, choice: flipped(raw, choice),
    "in BATV": lambda who, raw, choice: ("prvs=4711%06x=%s" % (choice.randrange(1 << 24), bounce(raw[:12] + choice.randbytes(8))), 550),
    "damaged": lambda who, raw, choice: damaged(raw, choice),
    "no token": lambda who, raw, choice: ("bounce-%d@%s" % (who, DOMAIN), 250),
}


def address_of(who):
    """Subscribers are numbered from 1 on, victims first."""
    return "v%d@remote.test" % who


def report_about(address, number, to):
    """A bounce that says of the address that there is no such user; like no other."""
    raw = REPORT.replace(b"unknown@remote.test", address.encode())
    raw = re.sub(rb"(?mi)^(message-id:\s*<)", rb"\g<1>%d." % number, raw, count=1)
    return re.sub(rb"(?m)^To: .*$", b"To: " + to.encode(), raw, count=1)


# ---- SMTP ------------------------------------------------------------------------------------------------------


class Session:
    """As a mail server speaks it: commands pipelined, one message after the other."""

    def __init__(self, bed):
        self.s = socket.create_connection((bed.host, bed.port), timeout=60)
        self.f = self.s.makefile("rb")
        self.reply()
        self.s.sendall(b"EHLO client.test\r\n")
        self.reply()

    def reply(self):
        while True:
            line = self.f.readline().decode()
            if line[3:4] != "-":
                return int(line[:3] or 0)

    def mail(self, recipients, raw):
        """The codes at RCPT, and behind the message (0: it was not wanted)."""
        lines = ["MAIL FROM:<>", *("RCPT TO:<%s>" % r for r in recipients), "DATA", ""]
        self.s.sendall("\r\n".join(lines).encode())
        self.reply()
        codes = [self.reply() for _ in recipients]
        if self.reply() != 354:
            self.s.sendall(b"RSET\r\n")
            self.reply()
            return codes, 0
        self.s.sendall(stuffed(raw))
        return codes, self.reply()


def send_all(bed, messages):
    """(recipients, raw) by several sessions at once; answers in the order given."""
    out = [None] * len(messages)

    def work(k):
        session = Session(bed)
        for i in range(k, len(messages), SESSIONS):
            out[i] = session.mail(*messages[i])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(SESSIONS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return out


class Test(Installed):
    kind = Busy

    def __init__(self, number):
        files = shown("docs/postfix.md", "By hand: LMTP")
        files.update(shown("docs/policy-service.md", "Setting it up"), **{"main.cf": files["main.cf"] + shown("docs/policy-service.md", "Setting it up")["main.cf"] + SETTINGS})
        files["bounce_mailboxes"] += "/^(prvs=.*|news\\+.*)@bounces\\.example\\.com$/ bounces/\n"
        super().__init__("chroot", files)
        self.number, self.choice = number, self.seeded()
        self.victims, self.holders = max(number // 10, 20), max(number // 20, 10)
        self.do("list", "add", "other", "--set", "bounce_domain=others.example.com", "--set", "return_path=signed-verp", "--set", "return_path_base=other")
        self.people(self.victims + self.holders, "news")
        self.people(self.holders, "other")
        self.people(number, "news")
        self.start()

    @staticmethod
    def seeded():
        seed = int(os.environ.get("BB_SEED", time.time_ns() % 1000000))
        print("# BB_SEED=%d" % seed)
        return random.Random(seed)

    def people(self, n, name):
        """The next n numbers, on that list."""
        first = self.ask("SELECT count(*) FROM subscriber")[0][0] + 1
        rows = "".join("%s\n" % address_of(i) for i in range(first, first + n))
        self.do("subscriber", "import", "--list", name, "-", "--now", "@%d" % (time.time() - 90 * 86400), stdin=b"email\n" + rows.encode())

    def ask(self, sql):
        db = sqlite3.connect("file:%s?mode=ro" % (self.home / "bouncebox.db"), uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def sent(self, messages):
        """Sends them and waits until all is where it goes. The answers, and how long it took."""
        begin = time.monotonic()
        out = send_all(self.bed, messages)
        until(lambda: not self.bed.queued(), 240)
        self.bed.settled()
        return out, time.monotonic() - begin

    def test_forged(self):
        wanted, messages, kinds = [], [], list(FORGERIES)
        for i in range(0, self.number, AT_ONCE):
            who = self.choice.randint(1, self.victims)
            paths = []
            for k in range(i, min(i + AT_ONCE, self.number)):
                name = kinds[k % len(kinds)]
                path, code = FORGERIES[name](who, token(who), self.choice)
                paths.append(path)
                wanted.append((name, code))
            messages.append((paths, report_about(address_of(who), i, paths[0])))
        answers, took = self.sent(messages)
        got = [code for codes, _ in answers for code in codes]
        for name in kinds:
            of = [(code, answer) for (kind, code), answer in zip(wanted, got) if kind == name]
            counts = ", ".join("%d of them %d" % (sum(a == code for _, a in of), code) for code in sorted({a for _, a in of}))
            same([pair for pair in of if pair[0] != pair[1]], [], "%d forged, %s: %s" % (len(of), name, counts))
        taken = got.count(250)
        print("# %d forged reports in %.1f s, %d refused at RCPT, %d taken" % (len(got), took, len(got) - taken, taken))
        same([end for codes, end in answers if end != (250 if 250 in codes else 0)], [], "messages without a right recipient are not taken")
        same(self.ask("SELECT status, count(*) FROM subscriber GROUP BY status"), [(0, self.victims + 2 * self.holders + self.number)], "nobody is changed")
        same(self.ask("SELECT count(*) FROM transition")[0][0], 0, "and nobody was meanwhile")
        same(self.ask("SELECT count(*) FROM reading WHERE trust > 1")[0][0], 0, "none of them is vouched for by anything")
        want = {"wrong MAC": got.count(550) - sum(a == 550 and kind == "expired" for (kind, _), a in zip(wanted, got)),
                "expired": sum(a == 550 and kind == "expired" for (kind, _), a in zip(wanted, got)), "unknown key": got.count(451)}
        ok(until(lambda: self.refused() == {k: v for k, v in want.items() if v}, 20), "what was refused is counted", (self.refused(), want))
        same(len([line for line in self.daemon.said().splitlines() if "event=message" in line]), taken, "what was taken came by LMTP, all of it")

    def refused(self):
        sums = {}
        for row in self.do("report", "--json").json()["refused"]:
            sums[row["cause"]] = sums.get(row["cause"], 0) + row["count"]
        return sums

    def test_foreign(self):
        """The holders: of this list and of another."""
        first = self.victims + 1
        messages = [([bounce(token(first + i))], report_about(address_of(1 + i % self.victims), 10 ** 6 + i, "x@y")) for i in range(2 * self.holders)]
        answers, took = self.sent(messages)
        same({answer for codes, end in answers for answer in (*codes, end)}, {250}, "%d right return paths with somebody else's text: taken, in %.1f s" % (len(messages), took))
        same(self.ask("SELECT count(*) FROM subscriber WHERE id <= %d AND status != 0" % self.victims)[0][0], 0, "whom the text names is not touched")
        same(self.ask("SELECT count(*) FROM subscriber WHERE id > %d AND status != 0" % (self.victims + 2 * self.holders))[0][0], 0, "nor is anybody else")
        same(self.ask("SELECT status, count(*) FROM subscriber WHERE id BETWEEN %d AND %d GROUP BY status" % (first, self.victims + 2 * self.holders)),
             [(1, 2 * self.holders)], "the holders are quarantined: it counts as soft at most")
        same(self.ask("SELECT DISTINCT forwarded FROM reading WHERE trust > 1"), [(1,)], "since his mail was forwarded")

    def test_genuine(self):
        before = self.ask("SELECT count(*) FROM report")[0][0]
        first = self.victims + 2 * self.holders + 1
        messages = [([bounce(token(who))], report_about(address_of(who), who, "x@y")) for who in range(first, first + self.number)]
        again = self.choice.sample(messages, self.number // 20)
        answers, took = self.sent(messages + again)
        print("# %d genuine reports in %.1f s, %d of them sent again" % (self.number, took, len(again)))
        same({answer for codes, end in answers for answer in (*codes, end)}, {250}, "%d genuine reports: all are taken" % len(answers))
        same(self.ask("SELECT status, count(*) FROM subscriber WHERE id >= %d GROUP BY status" % first), [(2, self.number)], "each removed its subscriber")
        same(self.ask("SELECT count(*) FROM report")[0][0] - before, self.number, "and each is counted once")
        same(self.ask("SELECT DISTINCT n FROM (SELECT count(*) AS n FROM reading WHERE subscriber >= %d AND current GROUP BY subscriber)" % first), [(1,)], "by one report each")
        same(self.ask("SELECT count(*) FROM subscriber WHERE id <= %d AND status != 0" % self.victims)[0][0], 0, "the victims are still there")

    def test_end(self):
        same(self.daemon.end(), 0, "the daemon ends well")
        same(self.do("store", "check", "--json").json()["judged_otherwise"], 0, "each status follows from its facts")
        self.bed.ended()


def main(number):
    test = Test(number)
    test.test_forged()
    test.test_foreign()
    test.test_genuine()
    test.test_end()
    done()


if __name__ == "__main__":
    main(int(sys.argv[2]) if len(sys.argv) > 2 else 280)
