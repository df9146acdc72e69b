#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reports that are told otherwise and say the same: encoded, folded, wrapped, with other line ends, in other charsets, under
more header, beside a disclaimer. Kinds, reasons and recipients must not change. All reports of ours are told in all of
these ways, and where BOUNCEBOX_CORPUS is set, so are those of the corpus.

usage: metamorphic.py PROGRAM [CHANGE...]          BB_KEEP=FOLDER keeps what was made
"""
import os
import pathlib
import re
import sys

from box import FIXTURES, corpus, done, folder, mbox, ok, run
from pieces import MESSAGES, Odd, apart, unix

STATUS = (b"message/delivery-status", b"message/global-delivery-status")
CHANGES = {}


def change(make):
    """A change is a function from a mail in pieces to bytes; its name is its own."""
    CHANGES[make.__name__] = make
    return make


# ---- line ends --------------------------------------------------------------------------------------------------------

def line_ends(end):
    return lambda raw: unix(raw).replace(b"\n", end)


RAW = {"lf": line_ends(b"\n"), "crlf": line_ends(b"\r\n"), "cr": line_ends(b"\r"), "crcrlf": line_ends(b"\r\r\n")}

# ---- encodings and charsets ---------------------------------------------------------------------------------------------


def leaves(mail, wanted):
    found = [p for p in mail.walk() if not p.children and wanted(p.kind)]
    if not found:
        raise Odd("no such part")
    return found


def encoded(wanted, how):
    def make(mail):
        for part in leaves(mail, wanted):
            part.encode(part.decoded(), how)
        return mail.bytes()
    return make


def in_charset(charset, how):
    def make(mail):
        for part in leaves(mail, lambda kind: kind.startswith(b"text/") and b"rfc822" not in kind):
            part.put_text(part.text(), charset, how)
        return mail.bytes()
    return make


for _how in (b"base64", b"quoted-printable", b"8bit"):
    _name = _how.decode().replace("-", "_")
    CHANGES["text_in_" + _name] = encoded(lambda kind: kind.startswith(b"text/"), _how)
    CHANGES["status_in_" + _name] = encoded(lambda kind: kind in STATUS, _how)
    if _how != b"8bit":
        CHANGES["returned_in_" + _name] = encoded(lambda kind: kind in MESSAGES, _how)
for _charset in ("utf-8", "iso-8859-1", "windows-1252", "utf-7", "utf-16", "utf-16le", "iso-2022-jp", "shift_jis", "gb18030", "koi8-r",
                 "big5", "euc-kr"):
    CHANGES["in_" + _charset] = in_charset(_charset, b"base64" if "16" in _charset else b"8bit")

# ---- header fields --------------------------------------------------------------------------------------------------------


def status_fields(mail, act):
    """The fields of delivery-status parts, that are not encoded, one text a block."""
    for part in mail.walk():
        if part.kind in STATUS and part.encoding() in (b"", b"7bit", b"8bit"):
            part.body = act(part.body)


def unfolded_text(text):
    return re.sub(rb"[ \t]*\n[ \t]+", b" ", text)


def folded_text(text, indent):
    """At every blank that is followed by something, but not in what begins the line of a name."""
    return re.sub(rb"(?<=[^\s]) (?=[^\s])", b"\n" + indent, text)


def folding(act):
    def make(mail):
        for part in mail.walk():
            part.head = [(name, act(value[:-1]) + b"\n") for name, value in part.head]
        status_fields(mail, act)
        return mail.bytes()
    return make


CHANGES["unfolded"] = folding(unfolded_text)
CHANGES["folded"] = folding(lambda text: folded_text(unfolded_text(text), b" "))
CHANGES["folded_by_tab"] = folding(lambda text: folded_text(unfolded_text(text), b"\t"))


def letter_case(act):
    def make(mail):
        for part in mail.walk():
            part.head = [(act(name), value) for name, value in part.head]
        status_fields(mail, lambda text: re.sub(rb"(?m)^[A-Za-z-]+:", lambda m: act(m.group()), text))
        return mail.bytes()
    return make


CHANGES["upper"], CHANGES["lower"], CHANGES["swapped"] = map(letter_case, (bytes.upper, bytes.lower, bytes.swapcase))

RECEIVED = [(b"Received", b" from relay%d.example.net (relay%d.example.net [192.0.2.%d])\n\tby mx%d.example.org (Postfix) with ESMTPS id"
             b" 4Xyz%d\n\tfor <news@example.org>; Tue, 24 Nov 2026 09:0%d:00 +0000 (UTC)\n" % ((i,) * 6)) for i in range(4)]


@change
def under_more_received(mail):
    mail.head[:0] = RECEIVED
    return mail.bytes()


@change
def under_filters(mail):
    """What filters add on the way to us, and what a mailbox does."""
    mail.head[:0] = [(b"X-Spam-Status", b" No, score=1.2 required=5.0 tests=FAILED_NOTHING\n\tautolearn=unavailable version=4.0.0\n"),
                     (b"X-Spam-Level", b" *\n"), (b"X-Virus-Scanned", b" clamav-milter 1.0.3 at mx.example.org\n"),
                     (b"Authentication-Results", b" mx.example.org;\n\tspf=fail (no such host) smtp.helo=relay1.example.net\n"),
                     (b"ARC-Seal", b" i=1; a=rsa-sha256; t=1700000000; cv=none; b=ZmFpbGVk\n")]
    return mail.bytes()


@change
def fields_turned(mail):
    """Header fields the other way around; those that say where the mail has been keep their order, and stay on top."""
    trace = [f for f in mail.head if f[0].lower() in (b"received", b"return-path", b"delivered-to", b"x-original-to")]
    names = [f[0].lower() for f in mail.head if f not in trace]
    if len(set(names)) != len(names):
        raise Odd("a field twice")
    mail.head = trace + [f for f in reversed(mail.head) if f not in trace]
    return mail.bytes()

# ---- parts --------------------------------------------------------------------------------------------------------------


@change
def in_another_multipart(mail):
    """As lists and filters do it, that add a part of their own: the report is one of two parts."""
    inner = mail.copy()
    inner.head = [f for f in mail.head if f[0].lower().startswith(b"content-")]
    outer = [f for f in mail.head if f not in inner.head and f[0].lower() != b"mime-version"]
    outer += [(b"MIME-Version", b" 1.0\n"), (b"Content-Type", b" multipart/mixed; boundary=\"=_wrapped\"\n")]
    mail.head = outer
    return mail.fields() + b"\n--=_wrapped\n" + inner.bytes() + b"\n--=_wrapped--\n"


def multiparts(mail):
    found = [p for p in mail.walk() if p.boundary]
    if not found:
        raise Odd("no multipart")
    return found


def with_boundaries(make_name):
    def make(mail):
        for i, part in enumerate(multiparts(mail)):
            old, part.boundary = part.boundary, make_name(i)
            value = part.get(b"Content-Type")
            part.put(b"Content-Type", re.sub(rb"(?i)(boundary=)(\"[^\"]*\"|[^\s;]+)", lambda m: m.group(1) + b'"' + part.boundary + b'"',
                                             value.strip(), count=1))
            if old in part.boundary:
                raise Odd("a boundary")
        return mail.bytes()
    return make


CHANGES["renamed_boundaries"] = with_boundaries(lambda i: b"----=_Part'()+_,-./:=?%d" % i)
CHANGES["boundaries_that_begin_alike"] = with_boundaries(lambda i: b"b" + b"b" * (len(b"ound") - i))


@change
def preamble_and_epilogue(mail):
    for part in multiparts(mail):
        part.preamble = b"This is a multi-part message in MIME format.\n\n"
        part.epilogue = b"\n-- \nThe part behind the parts, which programs leave out.\n"
    return mail.bytes()


@change
def spaces_behind_boundaries(mail):
    lines = [b"--" + p.boundary for p in multiparts(mail)]
    if any(a != b and b.startswith(a) for a in lines for b in lines):
        raise Odd("boundaries that begin alike")
    raw = mail.bytes()
    for line in lines:
        raw = re.sub(rb"(?m)^(" + re.escape(line) + rb"(?:--)?)[ \t]*$", rb"\1 \t", raw)
    return raw

# ---- words ----------------------------------------------------------------------------------------------------------------

# What companies put below their mail: "if it is not for you, tell the sender and delete it".
WORDS = {
    "german": """Diese E-Mail enthält vertrauliche und rechtlich geschützte Informationen. Wenn Sie nicht der richtige Adressat sind
oder diese E-Mail irrtümlich erhalten haben, informieren Sie bitte den Absender und vernichten Sie diese E-Mail.
Das unerlaubte Kopieren sowie die unbefugte Weitergabe dieser E-Mail sind nicht gestattet.
""",
    "japanese": """━━━━━━━━━━━━━━━━━━━━━━━━
株式会社サンプル　情報システム部
〒100-0001　東京都千代田区千代田1-1
電話: 03-0000-0000
━━━━━━━━━━━━━━━━━━━━━━━━
""",
    "english": """This message and any attachments are confidential and intended solely for the addressee. If you have received
it in error, please notify the sender and delete it. The company accepts no liability for its content.
""",
    "french": """Ce message est confidentiel et destiné exclusivement à son destinataire. Si vous l'avez reçu par erreur, merci d'en avertir
immédiatement l'expéditeur et de le détruire. Pensez à l'environnement avant d'imprimer ce courriel.
""",
    "spanish": """Este mensaje es confidencial y va dirigido únicamente a su destinatario. Si lo ha recibido por error, le rogamos que lo
notifique al remitente y lo elimine. No está permitida su copia ni su distribución.
""",
    "portuguese": """Esta mensagem é confidencial e destina-se apenas ao seu destinatário. Se a recebeu por engano, por favor avise o remetente e
apague-a. É proibida a sua divulgação.
""",
    "italian": """Questo messaggio è riservato e destinato esclusivamente al destinatario. Chi lo avesse ricevuto per errore è pregato di
informare il mittente e di cancellarlo. Ne è vietata la diffusione.
""",
    "dutch": """Dit bericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde. Als u het ten onrechte hebt ontvangen, neem dan
contact op met de afzender en verwijder het. Verspreiding is niet toegestaan.
""",
    "polish": """Ta wiadomość jest poufna i przeznaczona wyłącznie dla adresata. Jeśli otrzymali ją Państwo przez pomyłkę, prosimy
powiadomić nadawcę i ją usunąć. Jej rozpowszechnianie jest zabronione.
""",
    "russian": """Это сообщение конфиденциально и предназначено только для адресата. Если вы получили его по ошибке, пожалуйста,
сообщите об этом отправителю и удалите его. Распространение запрещено.
""",
    "chinese": """本邮件及其附件含有保密信息，仅限于发送给收件人。如果您错收了本邮件，请立即通知发件人并删除本邮件。禁止任何其他人使用。
""",
}


def said_beside(words, in_front):
    """Another paragraph before or behind the first human text."""
    def make(mail):
        part = leaves(mail, lambda kind: kind == b"text/plain")[0]
        text = part.text()
        if text.lstrip().startswith("{"):
            raise Odd("JSON, which no words stand beside")
        how = part.encoding() if part.encoding() in (b"base64", b"quoted-printable") else b"8bit"
        part.put_text(words + "\n" + text if in_front else text.rstrip("\n") + "\n\n" + words, "utf-8", how)
        return mail.bytes()
    return make


for _name, _words in WORDS.items():
    CHANGES["behind_%s_words" % _name] = said_beside(_words, True)
    CHANGES["before_%s_words" % _name] = said_beside(_words, False)

# ---- what must stay ---------------------------------------------------------------------------------------------------------


def sources():
    """(name, raw bytes)"""
    out = [(p.stem, p) for p in sorted(FIXTURES.glob("*.eml"))]
    if corpus():
        top = corpus() / "messages"
        out += [("_".join(p.relative_to(top).with_suffix("").parts), p) for p in sorted(top.rglob("*.eml"))]
    return [(name, path.read_bytes()) for name, path in out]


def read(top):
    """The rows of each message, by its name."""
    got, out = run("parse", top), {}
    if got.code or got.said:
        raise SystemExit("not read: %s" % got)
    for row in got.lines():
        name = row["source"].rpartition("/")[2].partition("#")[0].removesuffix(".eml")
        out.setdefault(name, []).append(row)
    return out


def said(row):
    return row["kind"], row["reason"], row["recipient"]


def rows(top):
    """What each message says: by its name, kinds, reasons and recipients in order."""
    return {name: list(map(said, of)) for name, of in read(top).items()}


def write(top, name, each):
    made = top / name
    made.mkdir()
    for stem, raw in each:
        (made / (stem + ".eml")).write_bytes(raw)
    return made


def changed(make, mails):
    out = []
    for stem, mail in mails:
        try:
            out.append((stem, make(mail.copy())))
        except Odd:
            continue
    return out


def compare(name, got, want):
    note = ["%s: %s was %s" % (stem, got.get(stem), want[stem]) for stem in sorted(got) if got[stem] != want[stem]]
    ok(not note, "%s: %d messages say the same" % (name, len(got)), "\n".join(note))


def test_mbox(top, raws, want):
    """Quoted and unquoted again."""
    for quoting in ("mboxrd", "mboxo"):
        box = top / (quoting + ".mbox")
        box.write_bytes(mbox([raw for _, raw in raws], quoting))
        got = run("parse", box)
        numbered = {}
        for row in got.lines():
            number = int(row["source"].rpartition("#")[2] or 1)
            numbered.setdefault(number, []).append(said(row))
        compare("through " + quoting, {raws[n - 1][0]: v for n, v in numbered.items()}, want)


def main():
    keep = os.environ.get("BB_KEEP")
    top, only = pathlib.Path(keep) if keep else folder(), sys.argv[2:]
    raws, mails = sources(), []
    for stem, raw in raws:
        try:
            mails.append((stem, apart(raw)))
        except Odd:
            continue
    as_it_is = read(write(top, "as_it_is", raws))
    want = {stem: list(map(said, of)) for stem, of in as_it_is.items()}
    # A list manager is known by what it says first, and by little else: nothing is put before that.
    first_words = {stem for stem, of in as_it_is.items() if any(row["format"] == "list" for row in of)}
    ok(len(mails) > 0.8 * len(raws) and len(want) == len(raws), "%d messages, of which %d are in order" % (len(raws), len(mails)))
    for name, make in RAW.items():
        if not only or name in only:
            several = [stem for stem, raw in raws if raw.startswith(b"From ")] if name == "cr" else []  # no mbox is such
            compare(name, rows(write(top, name, [(stem, make(raw)) for stem, raw in raws if stem not in several])), want)
    for name, make in CHANGES.items():
        meant = [(stem, mail) for stem, mail in mails if not (name.startswith("behind_") and stem in first_words)]
        made = changed(make, meant) if not only or name in only else []
        if made:
            compare(name, rows(write(top, name, made)), want)
    if not only or "mbox" in only:
        test_mbox(top, [(stem, raw) for stem, raw in raws if not raw.startswith(b"From ")], want)
    done()


if __name__ == "__main__":
    main()
