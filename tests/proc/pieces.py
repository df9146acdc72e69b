# SPDX-License-Identifier: MIT
"""Mail taken apart and put together again, byte for byte, by those who change it in one place. It takes only what is in
order: what mail really looks like is the reader's business, not this one's."""
import base64
import binascii
import copy
import quopri
import re

FIELD = re.compile(rb"([!-9;-~]+)(:)((?:.*(?:\n[ \t]+.*[^ \t\n].*)*)\n)")
NAMED = {"": "ascii", "us-ascii": "ascii", "iso-2022-jp": "iso2022_jp", "shift_jis": "cp932", "iso-8859-1": "cp1252"}
MESSAGES = (b"message/rfc822", b"message/global")


class Odd(Exception):
    """Not in order, or not to be changed so."""


class Part:
    """head: its fields as (name, value with its line end); children where it is a multipart, else body."""

    def __init__(self, raw, kind=b"text/plain"):
        head, empty, self.body = (b"", b"\n", raw[1:]) if raw.startswith(b"\n") else raw.partition(b"\n\n")
        if not empty:
            raise Odd("no body")
        head = head + b"\n" if head else b""
        found = [(m.group(1), m.group(3), m.end()) for m in FIELD.finditer(head)]
        self.head = [(name, value) for name, value, _ in found]
        if self.fields() != head:
            raise Odd("a line that is no field")
        self.children, self.boundary = [], b""
        self.kind = (re.split(rb"[;\s]", self.get(b"Content-Type").strip(), maxsplit=1)[0] or kind).lower().strip(b"\"'")
        if self.kind.startswith(b"multipart/"):
            self._divide()

    def _divide(self):
        self.boundary = self.parameter(b"boundary")
        if not self.boundary:
            raise Odd("no boundary")
        line = re.compile(rb"(?:\A|\n)--" + re.escape(self.boundary) + rb"(--)?[ \t]*(?:\n|\Z)")
        places = list(line.finditer(b"\n" + self.body))
        # Two delimiters may share a line end; the regular expression finds one of them then.
        text = b"\n" + self.body
        if len(places) < 2 or not places[-1].group(1) or any(p.group(1) for p in places[:-1]):
            raise Odd("boundaries")
        self.preamble, self.epilogue = text[1:places[0].start() + 1], text[places[-1].end():]
        inner = b"message/rfc822" if self.kind == b"multipart/digest" else b"text/plain"
        self.children = [Part(text[a.end():b.start()], inner) for a, b in zip(places, places[1:])]

    def get(self, name):
        for each, value in self.head:
            if each.lower() == name.lower():
                return value
        return b""

    def put(self, name, value):
        """In its place where it is there, else last."""
        value = b" " + value + b"\n"
        for i, (each, _) in enumerate(self.head):
            if each.lower() == name.lower():
                self.head[i] = (each, value)
                return
        self.head.append((name, value))

    def parameter(self, name):
        found = re.search(rb";\s*" + name + rb"=(?:\"([^\"\\]*)\"|([^\s;\"]+))", self.get(b"Content-Type"), re.I)
        return (found.group(1) or found.group(2) or b"").rstrip() if found else b""

    def fields(self):
        return b"".join(name + b":" + value for name, value in self.head)

    def bytes(self):
        if not self.boundary:
            return self.fields() + b"\n" + self.body
        line = b"--" + self.boundary
        inside = b"".join(line + b"\n" + child.bytes() + b"\n" for child in self.children)
        return self.fields() + b"\n" + self.preamble + inside + line + b"--\n" + self.epilogue

    def walk(self):
        """Every part of the mail itself; what stands in a message inside is not among them."""
        yield self
        for child in self.children:
            yield from child.walk()

    def copy(self):
        return copy.deepcopy(self)

    # ---- content ------------------------------------------------------------------------------------------------

    def encoding(self):
        return re.split(rb"[;\s(]", self.get(b"Content-Transfer-Encoding").strip().lower(), maxsplit=1)[0]

    def decoded(self):
        how = self.encoding()
        try:
            if how == b"base64":
                return base64.b64decode(re.sub(rb"\s", b"", self.body), validate=True).replace(b"\r\n", b"\n")
        except binascii.Error:
            raise Odd("broken base64") from None
        if how == b"quoted-printable":
            return quopri.decodestring(self.body)
        if how in (b"", b"7bit", b"8bit", b"binary"):
            return self.body
        raise Odd("an encoding")

    def encode(self, data, how):
        """The part holds these bytes from now on."""
        if how == b"base64":
            self.body = base64.encodebytes(data)
        elif how == b"quoted-printable":
            self.body = b"\n".join(map(_quoted, data.split(b"\n")))
        else:
            self.body = data
        self.put(b"Content-Transfer-Encoding", how)

    def text(self):
        name = self.parameter(b"charset").decode("ascii", "replace").lower()
        try:
            return self.decoded().decode(NAMED.get(name, name))
        except (LookupError, ValueError):
            raise Odd("a charset") from None

    def put_text(self, text, charset, how):
        try:
            data = text.encode(charset)
        except (LookupError, ValueError):
            raise Odd("not in " + charset) from None
        self.put(b"Content-Type", self.kind + b"; charset=" + charset.encode())
        self.encode(data, how)


def _quoted(line):
    """One line, soft breaks in it."""
    whole = b"".join(b"=%02X" % c if c == 0x3D or c > 0x7E or (c < 0x20 and c != 9) else bytes([c]) for c in line)
    if whole.endswith((b" ", b"\t")):
        whole = whole[:-1] + b"=%02X" % whole[-1]
    out = []
    while len(whole) > 76:
        cut = 75
        while b"=" in whole[cut - 2:cut]:
            cut -= 1
        out.append(whole[:cut] + b"=")
        whole = whole[cut:]
    return b"\n".join(out + [whole])


def unix(raw):
    return raw.replace(b"\r\n", b"\n")


def apart(raw):
    """The mail in pieces; Odd where it cannot be put together again as it was."""
    if raw[:1] in b"\r\n" or raw.startswith(b"From "):
        raise Odd("a line before the header")
    mail = Part(unix(raw))
    if mail.bytes() != unix(raw):
        raise Odd("not the same again")
    return mail
