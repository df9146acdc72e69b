#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our reader of mail against Python's `email`: the same tree of types, the same decoded bytes in every leaf, the same
subject and sender. Over our fixtures, mail that a generator writes, and the messages of BOUNCEBOX_CORPUS where it is set.

Where the two differ, it must be for a reason that is known here and in docs/tolerances.md ("Beside Python's email").

usage: differential.py TREE [COUNT [SEED]]          BB_KEEP=FOLDER keeps what was generated
"""
import base64
import email
import email.errors
import email.header
import hashlib
import json
import os
import pathlib
import quopri
import random
import re
import subprocess
import sys
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "proc"))
from box import FIXTURES, ROOT, corpus, done, folder, ok  # noqa: E402
from letters import letter  # noqa: E402

TREE = sys.argv[1]
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 1500
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1
# Both put a child below these. Python reads anything of type message/ as a message, and we the header of headers only.
INSIDE = ("message/rfc822", "message/global", "message/partial")


def blank(text):
    """White space aside: the two fold and join differently, and both may."""
    return re.sub(r"\s+", " ", text).strip()


# ---- theirs ------------------------------------------------------------------------------------------------------------

NO_FIELD = "for it, a line that is no field ends the header"
CLOSED = "it takes the last line end off a multipart that is not closed"
UNCLOSED = ("CloseBoundaryNotFoundDefect", "StartBoundaryNotFoundDefect")


def hashed(data):
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def trimmed(raw):
    """Quoted-printable without white space at the ends of lines (RFC 2045 6.7 rule 3)."""
    return re.sub(rb"[ \t]+(?=[\r\n]|\Z)", b"", raw)


def joined(raw):
    """And without soft line breaks that end by CR."""
    return quopri.decodestring(re.sub(rb"=\r(?!\n)", b"", trimmed(raw)))


def forms(part, ends):
    """What the bytes of a leaf may be, by hash, and why: None is Python's own reading. `ends`: at the end of what nobody closed."""
    plain, how = part.get_payload(decode=True) or b"", str(part["Content-Transfer-Encoding"] or "").strip().lower()
    raw = (part._payload or "").encode("ascii", "surrogateescape") if how in ("quoted-printable", "base64") else b""  # as it came
    out = {hashed(plain): None}
    if how == "quoted-printable":
        out.setdefault(hashed(quopri.decodestring(trimmed(raw))), "it keeps white space at the ends of quoted-printable lines")
        out.setdefault(hashed(joined(raw)), "it does not join quoted-printable lines that end by CR")
    if how == "base64":
        pieces = re.findall(rb"[^=]+", re.sub(rb"[^A-Za-z0-9+/=]", b"", raw))
        whole = b"".join(base64.b64decode(p[:len(p) // 4 * 4] + (p[len(p) // 4 * 4:] + b"==")[:4] if len(p) % 4 > 1 else p[:len(p) // 4 * 4])
                         for p in pieces)
        out.setdefault(hashed(whole), "it stops at the padding of base64")
    if ends:
        for end in (b"\n", b"\r\n", b"\r"):
            out.setdefault(hashed(plain + end), CLOSED)
            out.setdefault(hashed(joined(raw + end)), CLOSED)
    return out


def headless(message):
    return any(type(d).__name__ == "MissingHeaderBodySeparatorDefect" for d in message.defects)


def encoded_message(message):
    how = str(message["Content-Transfer-Encoding"] or "").strip().lower()
    return message.get_content_type() in INSIDE and how in ("base64", "quoted-printable")


def their_parts(message, depth=0, ends=False):
    """(depth, type, what a leaf's bytes may be: by hash, or a reason why anything)"""
    kind = message.get_content_type()
    if message.is_multipart() and (kind.startswith("multipart/") or kind in INSIDE):
        yield depth, kind, None
        ends = ends or any(type(d).__name__ in UNCLOSED for d in message.defects)
        for child in message.get_payload():
            yield from their_parts(child, depth + 1, ends and child is message.get_payload()[-1])
    elif message.is_multipart() or kind.startswith(("multipart/", "message/")):
        yield depth, kind, None
    else:
        yield depth, kind, NO_FIELD if headless(message) else forms(message, ends)


def their_text(message, name):
    """The field as it stands there, encoded words decoded: addresses are not taken apart."""
    value, out = message[name], ""
    if isinstance(value, email.header.Header):  # raw 8-bit bytes
        value = "".join(bytes_.decode("ascii", "surrogateescape") if isinstance(bytes_, bytes) else bytes_
                        for bytes_, _ in value._chunks).encode("ascii", "surrogateescape").decode("utf-8", "replace")
    try:
        for piece, charset in email.header.decode_header(re.sub(r"\s+", " ", value or "")):
            out += piece if isinstance(piece, str) else piece.decode(charset or "ascii", "replace")
    except (LookupError, ValueError, email.errors.HeaderParseError) as error:
        return error
    return blank(out)


def theirs(raw):
    message = email.message_from_bytes(raw)
    return {"parts": list(their_parts(message)), "subject": their_text(message, "subject"), "from": their_text(message, "from"),
            "defects": {type(d).__name__ for part in message.walk() for d in part.defects},
            "encoded": any(map(encoded_message, message.walk()))}

# ---- ours --------------------------------------------------------------------------------------------------------------


def our_parts(parts):
    """As theirs are listed: nothing below headers, no bytes of what holds parts."""
    out, skip = [], None
    for i, p in enumerate(parts):
        if skip is not None and p["depth"] > skip:
            continue
        skip, kind = None, p["type"]
        holds = i + 1 < len(parts) and parts[i + 1]["depth"] > p["depth"]
        if holds and not kind.startswith("multipart/") and kind not in INSIDE:
            holds, skip = False, p["depth"]
        bare = holds or kind.startswith(("multipart/", "message/"))
        out.append((p["depth"], kind, None if bare else p["hash"]))
    return out


def ours(paths):
    out = {}
    for i in range(0, len(paths), 200):
        got = subprocess.run([TREE, *map(str, paths[i:i + 200])], stdout=subprocess.PIPE, check=True)
        for line in got.stdout.splitlines():
            row = json.loads(line)
            out[pathlib.Path(row["file"])] = {"parts": our_parts(row["parts"]), "subject": blank(row["subject"]), "from": blank(row["from"]),
                                              "truncated": row["truncated"]}
    return out

# ---- why they may differ -----------------------------------------------------------------------------------------------

SHAPES = [
    ("for it, an empty line or white space above the header ends the header", lambda raw, they: raw[:1] in b"\r\n \t"),
    ("it does not decode messages that are encoded", lambda raw, they: they["encoded"]),
    (NO_FIELD, lambda raw, they: they["defects"] & {"MissingHeaderBodySeparatorDefect", "FirstHeaderLineIsContinuationDefect"}),
    ("for it, an empty line above a message in a message ends its header",
     lambda raw, they: re.search(rb"(?i)\ncontent-type:\s*message/rfc822[^\n]*\n(?:[^\n]+\n)*(?:\r?\n){2}", raw)),
    ("it finds no parts where the boundary is not the announced one",
     lambda raw, they: they["defects"] & {"StartBoundaryNotFoundDefect", "NoBoundaryInMultipartDefect"}),
]


def shape(parts):
    return [part[:2] for part in parts]


def differences(path, raw, we, they):
    """(reason or None, note)"""
    known = next((reason for reason, holds in SHAPES if holds(raw, they)), None)
    for of in ("subject", "from"):
        if we[of] != they[of]:
            lost = isinstance(they[of], str) and "\ufffd" in they[of] and "\ufffd" not in we[of]
            yield known or (lost and "bytes whose charset nobody says are lost to it"), "%s: %s\n  ours   %r\n  theirs %r" % (path, of, we[of], they[of])
    if shape(we["parts"]) != shape(they["parts"]):
        yield known, "%s: parts\n  ours   %r\n  theirs %r" % (path, shape(we["parts"]), shape(they["parts"]))
        return
    for (_, kind, ours_), (_, _, may) in zip(we["parts"], they["parts"]):
        if (ours_ is None) != (may is None):
            yield None, "%s: %s: a leaf for one only" % (path, kind)
        elif isinstance(may, str):
            yield (may if not they["encoded"] else known), "%s: %s" % (path, kind)
        elif may and may.get(ours_, known or "") is not None:
            yield may.get(ours_, known), "%s: %s: other bytes" % (path, kind)


def generated(top):
    random_ = random.Random(SEED)
    for i in range(COUNT):
        path = top / ("%05d.eml" % i)
        path.write_bytes(letter(random_))
        yield path


def compare(what, paths):
    paths = list(paths)
    read, unexplained, reasons = ours(paths), [], {}
    for path in paths:
        raw = path.read_bytes()
        for reason, note in differences(path, raw, read[path], theirs(raw)):
            reasons[reason] = reasons.get(reason, 0) + 1
            if not reason:
                unexplained.append(note)
    for reason, count in sorted((r, c) for r, c in reasons.items() if r):
        print("# %5d  %s" % (count, reason))
    ok(not unexplained, "%s: %d messages" % (what, len(paths)), "\n".join(unexplained))


def main():
    warnings.simplefilter("ignore")
    keep = os.environ.get("BB_KEEP")
    compare("fixtures", sorted(FIXTURES.glob("*.eml")) + sorted((ROOT / "tests" / "golden" / "ordinary").glob("*.eml")))
    compare("generated", generated(pathlib.Path(keep) if keep else folder()))
    if corpus():
        compare("corpus", sorted((corpus() / "messages").rglob("*.eml")))
    done()


if __name__ == "__main__":
    main()
