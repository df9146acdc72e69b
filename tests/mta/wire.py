#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real Postfix asks the policy machine and delivers to the LMTP machine, and does with each answer what the headers
in src/core/wire say it does.

usage: wire.py PROGRAM LMTP-STDIO POLICY-STDIO
"""
import json
import re
import subprocess
import sys
import threading

from bed import Bed, hold, port_of
from box import done, ok, same, until

# Three domains, whose servers do three things with what is too large; 20000 octets are.
BEYOND = ("cut", "defer", "refuse")
SETTINGS = """
relay_domains = cut.test defer.test refuse.test asked.test
relay_recipient_maps =
transport_maps = regexp:/etc/postfix/lmtp, regexp:/etc/postfix/transport
lmtp_destination_recipient_limit = 50
smtpd_client_restrictions =
smtpd_recipient_restrictions = check_recipient_access regexp:/etc/postfix/asked, permit
smtpd_restriction_classes = asked
asked = check_policy_service inet:127.0.0.1:%d
smtpd_relay_restrictions = permit_auth_destination, reject
"""
DOTS = "Subject: x\r\n\r\n.\r\n..\r\n.x\r\n\r\nend\r\n"
LARGE = "Subject: large\r\n\r\n" + ("y" * 70 + "\r\n") * 1000


class Server:
    """Listens, and gives each connection to a machine of its own."""

    def __init__(self, program, *words):
        self.held, self.program, self.words, self.log = hold("127.0.0.1"), program, words, None
        self.port = port_of(self.held)

    def start(self, log):
        self.log = log
        self.held.listen(20)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.held.accept()
            with connection:
                subprocess.Popen([self.program, str(self.log), *self.words], stdin=connection, stdout=connection)

    def logged(self):
        text = self.log.read_text() if self.log.exists() else ""
        return list(map(json.loads, text[:text.rfind("\n") + 1].splitlines()))  # the last line may still be written

    def messages(self, event="message"):
        return [m for m in self.logged() if m["event"] == event]


class Test:
    def __init__(self):
        self.servers = {beyond: Server(sys.argv[2], beyond, "20000") for beyond in BEYOND}
        self.policy = Server(sys.argv[3])
        routes = "".join("/@%s\\.test$/ lmtp:inet:[127.0.0.1]:%d\n" % (b, s.port) for b, s in self.servers.items())
        self.bed = Bed(settings=SETTINGS % self.policy.port,
                       files={"lmtp": routes, "asked": "/@asked\\.test$/ asked\n"})
        self.policy.start(self.bed.top / "policy")
        for beyond, server in self.servers.items():
            server.start(self.bed.top / ("lmtp-" + beyond))
        self.cut = self.servers["cut"]

    def send(self, sender, recipients, text, options=(), of_each=()):
        with self.bed.smtp() as client:
            client.sendmail(sender, recipients, text.encode(), options, of_each)

    def settled(self):
        """A message that is to be tried again within the second in which it was deferred may still be locked. Then the
        queue manager puts it aside for minutes, or until somebody knocks."""
        for _ in range(3):
            if until(lambda: not self.bed.queued(), 7):
                break
            self.bed.command("postkick", "public", "qmgr", "IDA")
        self.bed.settled()

    def said(self, address):
        """What Postfix wrote of deliveries to that address."""
        return re.findall(r"to=<%s>.* status=(\w+ .*)" % re.escape(address), self.bed.log.read_text())

    def test_delivery(self):
        path = "bounce-v2+user=example.net@cut.test"
        self.send("", [path, "unknown1@cut.test", "later@cut.test", "full@cut.test", "bad@cut.test", "b@cut.test"], DOTS)
        self.settled()
        got = self.cut.messages()
        of = {r["address"]: r for r in got[0]["recipients"]}
        same(sorted(of), sorted([path, "full@cut.test", "bad@cut.test", "b@cut.test"]),
             "one transaction has all that were taken")
        ok(got[0]["body"].endswith(".\r\n..\r\n.x\r\n\r\nend\r\n"), "dots come as they were", got[0]["body"])
        same((got[0]["sender"], got[0]["cut"]), ("", False), "from nobody, whole")
        same((of[path]["orcpt_type"], of[path]["orcpt"]), ("rfc822", path), "ORCPT is what the stranger said, xtext undone")
        for address, want in ((path, "sent (250 2.0.0 Stored)"), ("b@cut.test", "sent (250 2.0.0 Stored)")):
            same(self.said(address), [want], "%s: one reply, its own" % address)
        ok(self.said("unknown1@cut.test")[0].startswith("bounced"), "unknown: final", self.said("unknown1@cut.test"))
        ok(self.said("bad@cut.test")[0].startswith("bounced") and "554 5.6.0 Not wanted" in self.said("bad@cut.test")[0],
           "bad: final, after the data", self.said("bad@cut.test"))
        for address in ("later@cut.test", "full@cut.test"):
            tries = self.said(address)
            ok(len(tries) > 1 and tries[0].startswith("deferred"), "%s: tried again" % address, tries)

    def test_parameters(self):
        before = len(self.cut.messages())
        self.send("a@remote.test", ["ok@cut.test"], DOTS, ["RET=HDRS", "ENVID=a+2Bb"],
                  ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;x+2By+3Dz@q"])
        with self.bed.smtp() as client:
            client.ehlo()
            client.docmd("MAIL FROM:<> SMTPUTF8 BODY=8BITMIME")
            client.send("RCPT TO:<jörg@cut.test>\r\n".encode())
            client.getreply()
            client.data("Subject: ü\r\n\r\nü\r\n".encode())
        self.settled()
        first, second = self.cut.messages()[before:]
        same((first["envid"], first["ret"], first["sender"]), ("a+b", 2, "a@remote.test"), "RET and ENVID")
        same(first["recipients"], [{"address": "ok@cut.test", "orcpt": "x+y=z@q", "orcpt_type": "rfc822", "notify": 10}],
             "NOTIFY and ORCPT")
        same((second["smtputf8"], second["recipients"][0]["address"]), (True, "jörg@cut.test"), "SMTPUTF8")
        # Postfix 3.7 calls it rfc822, later ones utf-8; coded it is either way
        same(second["recipients"][0]["orcpt"], "jörg@cut.test", "and its ORCPT")

    def test_large(self):
        for beyond in BEYOND:
            self.send("", ["large@%s.test" % beyond], LARGE)
        self.settled()
        large = [m for m in self.cut.messages() if "Subject: large" in m["body"]]
        same([(m["cut"], len(m["body"]), m["size"] > 70000) for m in large], [(True, 20000, True)],
             "too large a bounce: cut, its first octets are here")
        deferred = self.said("large@defer.test")
        ok(len(deferred) > 1 and all("452 4.3.1" in line for line in deferred), "deferred: tried again until it expires", deferred)
        refused = self.said("large@refuse.test")
        ok(len(refused) == 1 and refused[0].startswith("bounced") and "size limit" in refused[0],
           "refused: Postfix gives up at once, without sending it", refused)
        same(self.servers["defer"].messages() + self.servers["refuse"].messages(), [], "and both are lost")

    def test_many(self):
        before = len(self.cut.messages())
        self.send("", ["n%d@cut.test" % i for i in range(120)], DOTS)
        self.settled()
        got = self.cut.messages()[before:]
        same(sorted(r["address"] for m in got for r in m["recipients"]), sorted("n%d@cut.test" % i for i in range(120)),
             "120 recipients: each came once, in %d transactions" % len(got))
        same(self.cut.messages("forgotten"), [], "no transaction was given up")

    def test_policy(self):
        with self.bed.smtp() as client:
            client.ehlo("client.test")
            client.mail("", ["SIZE=77"])
            path = "bounce-v2+user=example.net@asked.test"
            answers = [client.rcpt(who) for who in (path, "unknown@asked.test", "later@asked.test", path)]
        same([code for code, _ in answers], [250, 550, 450, 250], "policy: what is answered is done")
        ok(b"5.1.1" in answers[1][1] and b"Not a return path of ours" in answers[1][1], "with its text", answers[1])
        asked = self.policy.logged()
        same([q["recipient"] for q in asked], [path, "unknown@asked.test", "later@asked.test", path],
             "each recipient is asked about, as it was said")
        first = asked[0]
        same([first[name] for name in ("request", "protocol_state", "protocol_name", "client_address", "helo_name",
                                       "sender", "size", "server_address")],
             ["smtpd_access_policy", "RCPT", "ESMTP", "127.0.0.1", "client.test", "", 77, "127.0.0.1"],
             "with all that belongs to it")
        same((first["server_port"], len({q["instance"] for q in asked}), first["instance"] != ""),
             (self.bed.port, 1, True), "and the same instance for one message")

    def test_stays(self):
        complaint = re.compile(r"(?:lmtp|smtpd)\[\d+\]:.*(?:warning: (?!.*overriding earlier entry)|fatal|panic|lost connection|"
                               r"protocol error|conversation with).*", re.IGNORECASE)
        same(complaint.findall(self.bed.log.read_text()), [], "Postfix has nothing to complain of")


test = Test()
test.test_delivery()
test.test_parameters()
test.test_large()
test.test_many()
test.test_policy()
test.test_stays()
test.bed.ended()
done()
