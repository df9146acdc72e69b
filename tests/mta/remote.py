# SPDX-License-Identifier: MIT
"""The other side: an SMTP server that refuses as the recipient's local part says, and a name server that knows it."""
import asyncio
import email.utils
import pathlib
import smtplib
import socket
import struct
import threading

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "mta"

# What the server answers to RCPT, by local part; %s is the address.
AT_RCPT = {
    "unknown": "550 5.1.1 <%s>: Recipient address rejected: User unknown in virtual mailbox table",
    '"un known"': "550 5.1.1 <%s>: Recipient address rejected: User unknown in virtual mailbox table",
    "jörg": "550 5.1.1 <%s>: Recipient address rejected: User unknown in virtual mailbox table",
    "full": "552 5.2.2 <%s>: user is over quota, mailbox full",
    "tfull": "452 4.2.2 <%s>: Mailbox full, try again later",
    "over": "450 4.2.2 <%s>: Mailbox is over its quota",
    "policy": "550 5.7.1 <%s>: Message rejected due to local policy",
    "noenh": "550 No such user here",
    "multiline": "550-5.1.1 The email account that you tried to reach does not exist.\r\n"
                 "550 5.1.1 https://support.example/?p=NoSuchUser <%s>",
    "grey": "451 4.7.1 <%s>: Greylisting in action, please come back later",
    "patient": "451 4.7.1 <%s>: Greylisting in action, please come back later",  # the first time only
}
# And to the end of DATA.
AT_DATA = {
    "spam": "554 5.7.1 Message contains spam or virus (content rejected)",
    "dfull": "552 5.2.2 Quota exceeded (mailbox for user is full)",
}
EXIM = """Received: from mail by mx.remote.test with local (Exim 4.96) id 1t0000-000000-00; {date}
X-Failed-Recipients: {address}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.remote.test>
To: {sender}
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1t0000-000000-00@mx.remote.test>
Date: {date}

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {address}
    host inner.remote.test [192.0.2.9]
    SMTP error from remote mail server after RCPT TO:<{address}>:
    550 5.1.1 <{address}>: User unknown
"""
AWAY = """From: {address}
To: {sender}
Subject: Out of office
Auto-Submitted: auto-replied (vacation)
Message-Id: <away@mx.remote.test>
Date: {date}

I am away until Monday, and answer your mail then.
"""


def written_by(fixture, about, to):
    """What another make of server wrote once, about somebody else."""
    return (FIXTURES / fixture).read_text().replace(about, "{address}").replace(to, "{sender}")


# What a server that took a mail sends back afterwards, by local part.
LATER = {
    "later": EXIM,
    "gone": written_by("sendmail-unknown.eml", "unknown@remote.test", "bounce-unknown@bounce.test"),
    "slow": written_by("courier-delay.eml", "grey@remote.test", "bounce-delay@bounce.test"),
    "away": AWAY,
}


class Remote:
    """A server in a thread of its own. `mails` holds what it took: (sender, recipients, bytes)."""

    def __init__(self, host, port=0, modern=True, back=None):
        """modern: it offers DSN and SMTPUTF8. back: answers (host, port), where what is refused later is sent."""
        self.modern, self.back, self.mails, self.seen = modern, back, [], set()
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.session, host, port, limit=1 << 22))
        self.port = self.server.sockets[0].getsockname()[1]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def at_rcpt(self, address):
        local = address.rsplit("@", 1)[0].partition("+")[0]
        if local == "patient" and address in self.seen:
            return ""
        self.seen.add(address)
        answer = AT_RCPT.get(local, "")
        return answer % address if "%s" in answer else answer

    async def session(self, reader, writer):
        def say(line):
            writer.write(line.encode() + b"\r\n")

        sender, recipients = "", []
        say("220 mx.remote.test ESMTP")
        while line := (await reader.readline()).decode("utf-8", "replace").rstrip("\r\n"):
            verb, address = line[:4].upper(), line.partition("<")[2].partition(">")[0]
            if verb == "EHLO":
                say("250-mx.remote.test\r\n250-PIPELINING\r\n250-8BITMIME")
                say(("250-DSN\r\n250-SMTPUTF8\r\n" if self.modern else "") + "250 ENHANCEDSTATUSCODES")
            elif verb in ("HELO", "NOOP", "RSET"):
                say("250 2.0.0 Ok")
            elif verb == "MAIL":
                sender, recipients = address, []
                say("250 2.1.0 Ok")
            elif verb == "RCPT":
                refusal = self.at_rcpt(address)
                if not refusal:
                    recipients.append(address)
                say(refusal or "250 2.1.5 Ok")
            elif verb == "DATA" and not recipients:
                say("554 5.5.1 No valid recipients")
            elif verb == "DATA":
                say("354 End data with <CR><LF>.<CR><LF>")
                await writer.drain()
                say(await self.take(sender, recipients, await self.data(reader)))
            elif verb == "QUIT":
                say("221 2.0.0 Bye")
                break
            else:
                say("502 5.5.2 Command not recognized")
            await writer.drain()
        writer.close()

    @staticmethod
    async def data(reader):
        lines = []
        while (line := await reader.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    async def take(self, sender, recipients, data):
        local = recipients[0].rsplit("@", 1)[0]
        if local in AT_DATA:
            return AT_DATA[local]
        self.mails.append((sender, recipients, data))
        if local in LATER:
            # Handed back before this mail is taken: while it is on its way, one of the two stands in Postfix's queue.
            await self.loop.run_in_executor(None, self.answer_later, sender, recipients[0], local)
        return "250 2.0.0 Ok"

    def answer_later(self, sender, address, what="later"):
        text = LATER[what]
        for name, value in (("{date}", email.utils.formatdate()), ("{sender}", sender), ("{address}", address)):
            text = text.replace(name, value)
        with smtplib.SMTP(*self.back(), timeout=10) as smtp:
            smtp.sendmail("", [sender], text)


class Names:
    """A name server at HOST for the names it is told: {name: {"A": [ADDRESS], "MX": [HOST or ""], "TXT": [TEXT]}}."""
    TYPES = {1: "A", 15: "MX", 16: "TXT"}

    def __init__(self, host, names, port=53):
        self.names = names
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, client = self.socket.recvfrom(4096)
            self.socket.sendto(self.answer(query), client)

    @staticmethod
    def wire(name):
        return b"".join(bytes([len(label)]) + label for label in name.encode().split(b".") if label) + b"\0"

    def data(self, kind, value):
        if kind == "A":
            return socket.inet_aton(value)
        if kind == "MX":
            return struct.pack(">H", 10 if value else 0) + self.wire(value)
        # Strings of 255 octets at most.
        return b"".join(bytes([len(part)]) + part for part in (value[i:i + 255].encode() for i in range(0, len(value), 255)))

    def answer(self, query):
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]])
            at += query[at] + 1
        asked = self.names.get(b".".join(labels).decode("latin-1").lower())
        kind = self.TYPES.get(struct.unpack(">H", query[at + 1:at + 3])[0])
        records = []
        for value in (asked or {}).get(kind, []):
            data = self.data(kind, value)
            # The name is that of the question (a pointer to it), class IN, a minute of life.
            records.append(b"\xc0\x0c" + query[at + 1:at + 5] + struct.pack(">IH", 60, len(data)) + data)
        # Authoritative, recursion available; NXDOMAIN for a name it was not told.
        flags = 0x8580 | (0 if asked is not None else 3)
        return query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0) + query[12:at + 5] + b"".join(records)
