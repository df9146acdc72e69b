#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where the phrases of words/ stand in texts: as the program finds them by tables of bits and a trie, and as they are
spelled out here, place by place. Over texts of phrases in any case, with any white space, cut and run together.

usage: phrases.py PHRASES [COUNT [SEED]]
"""
import pathlib
import random
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "proc"))
from box import ROOT, done, ok  # noqa: E402

REPORT = ROOT / "src" / "core" / "report"
sys.path.insert(0, str(REPORT))
from words import phrases  # noqa: E402

PHRASES = sys.argv[1]
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1
LISTS = [[text for text, _ in phrases(path)] for path in sorted((REPORT / "words").glob("*.words"))]
NOISE = (b" ", b".", b"-", b"[", b"a", b"9", b"\xD0", b"\xA0", b"\xE2")
SPACES = [b" "] * 6 + [b"\n", b"\t", b"\r\n", b"  ", b"\xC2\xA0", b" \xC2\xA0", b"\xC2\xA0\n "]


def tree(texts):
    root = {}
    for text in texts:
        node = root
        for byte in text:
            node = node.setdefault(byte, {})
        node["ends"] = True
    return root


def is_word(byte):
    return byte < 0x80 and chr(byte).isalnum()


def space(text, i):
    if text[i:i + 1] in (b" ", b"\t", b"\r", b"\n"):
        return 1
    return 2 if text[i:i + 2] == b"\xC2\xA0" else 0


def small(text, i):
    """The byte at i as it is in a small letter: of ASCII, or of Latin-1, Greek or Cyrillic, which have two."""
    if text[i] < 0x80:
        return ord(chr(text[i]).lower())
    begin = i if text[i] >= 0xC0 else i - 1
    first, second = (text[begin] if begin >= 0 else 0), text[begin + 1] if begin + 1 < len(text) else 0
    if (
        first == 0xC3 and 0x80 <= second <= 0x9E and second != 0x97
        or first == 0xCE and 0x91 <= second <= 0x9F
        or first == 0xD0 and 0x90 <= second <= 0x9F
    ):
        second += 0x20
    elif first == 0xCE and 0xA0 <= second <= 0xA9 or first == 0xD0 and 0xA0 <= second <= 0xAF:
        first, second = first + 1, second - 0x20
    elif first == 0xD0 and 0x80 <= second <= 0x8F:
        first, second = first + 1, second + 0x10
    return first if begin == i else second


def sign(text, i):
    """As phrases spell it, and where the next one begins."""
    if text[i:i + 3] == b"\xE2\x80\x99":
        return ord("'"), i + 3
    if not space(text, i):
        return small(text, i), i + 1
    while space(text, i):
        i += space(text, i)
    return ord(" "), i


def longest(text, at, node):
    end, i = at, at
    while i < len(text):
        byte, i = sign(text, i)
        node = node.get(byte)
        if not node:
            break
        end = i if "ends" in node else end
    return end - at


def places(text):
    """Where a phrase may begin: not within a word of ASCII, nor within a character, and of several spaces at the last."""
    for i, byte in enumerate(text):
        within = i and is_word(byte) and is_word(text[i - 1])
        if not within and not 0x80 <= byte < 0xC0 and not (space(text, i) and space(text, i + space(text, i))):
            yield i


def expected(text, trees):
    for i in places(text):
        yield from ((number, i, n) for number, root in enumerate(trees) if (n := longest(text, i, root)))


def spelled(random_, phrase):
    for letter in phrase.decode():
        if letter == " ":
            yield random_.choice(SPACES)
        elif letter == "'" and random_.random() < 0.4:
            yield "\N{RIGHT SINGLE QUOTATION MARK}".encode()
        elif random_.random() < 0.01:
            yield bytes((random_.randrange(256),))
        else:
            yield (letter.upper() if random_.random() < 0.15 else letter).encode()


def generated(random_, all_phrases):
    text = b""
    for _ in range(random_.randrange(1, 9)):
        piece = b"".join(spelled(random_, random_.choice(all_phrases)))
        if random_.random() < 0.3:
            piece = piece[random_.randrange(4):random_.randrange(1, len(piece) + 1)]
        noise = b"".join(random_.choice(NOISE) for _ in range(random_.randrange(5)))
        text += random_.choice((piece, piece, noise)) + random_.choice((b"", b" ", b"\n", b"  ", b"\xC2\xA0", b"."))
    return text


def found(line):
    return sorted(tuple(map(int, hit.split(","))) for hit in line.split())


def main():
    random_ = random.Random(SEED)
    trees, all_phrases = [tree(texts) for texts in LISTS], [text for texts in LISTS for text in texts]
    texts = [generated(random_, all_phrases) for _ in range(COUNT)] + [text + b" x" for text in all_phrases]
    stdin = "".join(text.hex() + "\n" for text in texts)
    lines = subprocess.run([PHRASES], input=stdin, capture_output=True, text=True, check=True).stdout.splitlines()
    wanted = [sorted(expected(text, trees)) for text in texts]
    for what, got in (("one list after the other", lines[0::2]), ("all lists at once", lines[1::2])):
        wrong = [
            "%r\n  found    %r\n  expected %r" % (text, found(line), hits)
            for text, line, hits in zip(texts, got, wanted) if found(line) != hits
        ]
        ok(len(got) == len(texts) and not wrong, "%s: %d texts, seed %d" % (what, len(texts), SEED), "\n".join(wrong))
    ok(sum(map(len, wanted)) > len(all_phrases), "the texts hold phrases")
    done()


if __name__ == "__main__":
    main()
