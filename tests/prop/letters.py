# SPDX-License-Identifier: MIT
"""Mail of every form, written by chance: nested parts, messages in messages, encodings, charsets, parameters, folds, encoded
words; most of it right, some of it with the slips that real mail has."""
import base64
import quopri
from email.header import Header
from urllib.parse import quote

WORDS = ["hello", "grüße", "宛先不明", "привет", "user@example.net", "=", "550 5.1.1 User unknown", "--", "From here", ".", " ", "tab\there",
         "a" * 90, "été", "€ 5", "-- ", "naïve café", ">From", "Subject: x", "(comment)", '"quoted"', "\\", "%41", "'", ";", "~{"]
CHARSETS = ["us-ascii", "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252", "koi8-r", "iso-2022-jp", "shift_jis", "gb18030", "big5", "euc-kr", "utf-16",
            "utf-7"]
ENDS = [b"\n", b"\n", b"\n", b"\r\n", b"\r\n", b"\r"]


def words(r, most=12, joint=" "):
    return joint.join(r.choice(WORDS) for _ in range(r.randrange(most)))


def in_some_charset(r, text):
    """(charset, bytes): one that has all of it."""
    for _ in range(9):
        charset = r.choice(CHARSETS)
        try:
            return charset, text.encode(charset)
        except UnicodeEncodeError:
            continue
    return "utf-8", text.encode()


# ---- header -------------------------------------------------------------------------------------------------------------


def folded(r, text):
    """At some of its blanks."""
    return "".join("\n" + r.choice((" ", "\t", "  ")) if c == " " and r.random() < 0.15 else c for c in text)


def encoded_words(r, text):
    charset = r.choice(["utf-8", "utf-8", "iso-2022-jp", "iso-8859-1", "koi8-r"])
    try:
        return Header(text, charset, maxlinelen=r.choice((40, 76))).encode()
    except UnicodeError:
        return Header(text, "utf-8").encode()


def unstructured(r):
    text = " ".join(w for w in words(r, 6).split() if w not in ("tab", "here"))
    if text.isascii() and r.random() < 0.7:
        return folded(r, text)
    return encoded_words(r, text) if r.random() < 0.95 else text


def sender(r):
    name = r.choice(["", "Ann", '"Mail, Delivery"', "(note)", "Mail Delivery System", encoded_words(r, "Grüße"), encoded_words(r, "宛先")])
    address = r.choice(["ann@example.com", "MAILER-DAEMON@example.net", "a.b+c@mx.example.org"])
    return folded(r, ("%s <%s>" % (name, address)).strip()) if name != "(note)" else address + " (note)"


def parameter(r, name, value):
    """As RFC 2045 or RFC 2231 has it."""
    how = r.randrange(5)
    if not value.isascii() or how == 4:
        charset = r.choice(["utf-8", "UTF-8"])
        return ";%s%s*=%s''%s" % (r.choice((" ", "\n ", "\n\t")), name, charset, quote(value.encode(), safe=""))
    if how == 3 and len(value) > 3:
        half = r.randrange(1, len(value))
        return ';\n %s*0="%s"; %s*1="%s"' % ((name, value[:half].replace("\\", "\\\\").replace('"', '\\"'), name,
                                            value[half:].replace("\\", "\\\\").replace('"', '\\"')))
    plain = value.isalnum() and how
    return ";%s%s=%s" % (r.choice((" ", "\n ", "\n\t", "")), name, value if plain else '"%s"' % value.replace("\\", "\\\\").replace('"', '\\"'))


def head(r, fields):
    out = b""
    for name, value in fields:
        case = r.choice((str, str, str, str.upper, str.lower))
        out += (case(name) + ":" + r.choice((" ", " ", " ", "", "  ", "\t")) + value + "\n").encode()
    return out

# ---- parts --------------------------------------------------------------------------------------------------------------


def encoded(r, data):
    how = r.choice(["7bit", "8bit", "base64", "base64", "quoted-printable", "quoted-printable", "", "binary"])
    if how == "base64":
        data = base64.encodebytes(data)
        if r.random() < 0.1:
            data = data.replace(b"\n", b"\n\n")
    elif how == "quoted-printable":
        data = quopri.encodestring(data, quotetabs=r.random() < 0.2)
        if r.random() < 0.2:
            data = data.replace(b"=\n", b"= \t\n")
    return how, data


def leaf(r, fields):
    kind = r.choice(["text/plain", "text/plain", "text/html", "application/octet-stream", "image/png", "message/delivery-status", "TEXT/PLAIN"])
    if kind == "message/delivery-status":
        body = b"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; a@example.net\nAction: failed\nStatus: 5.1.1\n"
        return head(r, fields + [("Content-Type", kind)]) + b"\n" + body
    charset, data = in_some_charset(r, words(r, 40, r.choice((" ", "\n", " \n"))) + r.choice(("", "\n", "\n\n")))
    if not kind.lower().startswith("text/"):
        data = r.randbytes(r.randrange(200)).replace(b"\r", b"")  # it would make a line end of what stands behind
    how, body = encoded(r, data)
    if how not in ("base64", "quoted-printable") and (charset == "utf-16" or kind[0] in "ai"):
        how, body = "base64", base64.encodebytes(data)
    value = kind
    if kind.lower().startswith("text/") and r.random() < 0.9:
        value += parameter(r, "charset", charset)
    if r.random() < 0.3:
        value += parameter(r, "name", r.choice(["file.txt", "grüße.txt", 'a "b".txt', "x;y.txt", "宛先.txt", "a=b.txt"]))
    more = [("Content-Type", value)] + ([("Content-Transfer-Encoding", r.choice((how, how, how.upper())))] if how else [])
    if r.random() < 0.05:
        more = more[1:]
    return head(r, fields + more) + b"\n" + body


BOUNDARIES = ["b%d", "=_b%d", "----=_Part_%d.1", "b %d x", "'()+_,-./:=?%d", "%d", "b%d--", "a" * 60 + "%d"]


def multipart(r, fields, depth):
    boundary = r.choice(BOUNDARIES) % r.randrange(10**6)
    kind = r.choice(["mixed", "mixed", "alternative", "report", "related", "digest"])
    value = "multipart/" + kind + parameter(r, "boundary", boundary)
    if kind == "report":
        value += parameter(r, "report-type", "delivery-status")
    line = b"--" + boundary.encode()
    out = head(r, fields + [("Content-Type", value)]) + b"\n" + r.choice((b"", b"This is a preamble.\n", b"\n"))
    for _ in range(r.choice((0, 1, 1, 2, 2, 3))):
        blank = r.choice((b"", b"", b"", b" ", b"\t"))
        inner = message(r, depth + 1) if kind == "digest" and r.random() < 0.5 else b""
        out += line + blank + b"\n" + (b"\n" + inner if inner else entity(r, [], depth + 1)) + b"\n"
    slip = r.random()
    return out + (b"" if slip < 0.05 else line + b"--\n") + r.choice((b"", b"", b"An epilogue.\n"))


def entity(r, fields, depth):
    what = r.random() if depth < 5 else 1
    if what < 0.35:
        return multipart(r, fields, depth)
    if what < 0.45:
        return head(r, fields + [("Content-Type", "message/rfc822")]) + b"\n" + message(r, depth + 1)
    if what < 0.5:
        return head(r, fields + [("Content-Type", "text/rfc822-headers")]) + b"\n" + head(r, [("Subject", "x"), ("From", sender(r))])
    return leaf(r, fields)


def message(r, depth):
    fields = [("Received", "from a by b;\n\tTue, 24 Nov 2026 09:00:00 +0000")] * r.randrange(3)
    fields += [("From", sender(r)), ("To", "news@example.com"), ("Subject", unstructured(r)), ("MIME-Version", "1.0")]
    if r.random() < 0.2:
        fields.insert(r.randrange(len(fields)), ("X-Note", folded(r, words(r, 8).replace("\t", " "))))
    return entity(r, fields, depth)


def letter(r):
    return message(r, 0).replace(b"\n", r.choice(ENDS))
