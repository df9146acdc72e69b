#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns the lists of words/*.words into the trie that phrases.c walks, as constant tables of C.

usage: words.py OUTPUT FILE...

A file is a list; its name is that of the list (words/doubts.words: BB_WORDS_DOUBTS). A line is a phrase; "[X]" says what
those below it mean, X being a constant of internal.h. Quotes keep a space at either end. "#" begins a comment line.
All phrases of all lists are in one trie, so that a text can be read once for all of them. It is entered behind the first
four signs of a phrase, which are looked up by a hash, or where these are not plain ASCII, behind the first two: most places
of a text go no further.
"""
import pathlib
import sys

PLACES = 1024
FOURS = 1 << 12
TYPOGRAPHIC = "\N{RIGHT SINGLE QUOTATION MARK}"


class Node:
    def __init__(self, byte=0):
        self.byte, self.children, self.ends, self.lists, self.number, self.tail = byte, {}, [], set(), 0, b""


def phrases(path):
    """(phrase as bytes, its sense) of one list."""
    sense = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            sense = line[1:-1]
            continue
        text = line[1:-1] if line.startswith('"') else line
        wrong = (
            "no [SENSE] above it" if sense is None
            else "shorter than two bytes" if len(text.encode()) < 2
            else "not in lower case" if text != text.lower()
            else "white space other than single spaces" if "  " in text or "\t" in text
            else "a space at its end needs quotes" if text == line and text != text.strip()
            else None
        )
        if wrong:
            sys.exit("%s:%d: %r: %s" % (path, number, line, wrong))
        yield text.replace(TYPOGRAPHIC, "'").encode(), sense


def grow(starts, name, text, sense):
    node = starts.setdefault(text[:2], Node(text[1]))
    node.lists.add(name)
    for byte in text[2:]:
        node = node.children.setdefault(byte, Node(byte))
        node.lists.add(name)
    if all(end[0] != name for end in node.ends):  # the first of two that are the same
        node.ends.append((name, sense))


def shorten(node, depth):
    """Signs that nothing branches off from become the tail of the node before them, where four are known."""
    while depth >= 4 and len(node.children) == 1 and not node.ends:
        (child,) = node.children.values()
        node.tail += bytes((child.byte,))
        node.children, node.ends = child.children, child.ends
    for child in node.children.values():
        shorten(child, depth + len(node.tail) + 1)


def numbered(roots):
    """The nodes, siblings side by side and what is below one of them close behind; [0] is nobody's."""
    nodes = [Node()]

    def put(siblings):
        for node in siblings:
            node.number = len(nodes)
            nodes.append(node)
        for node in siblings:
            put([node.children[byte] for byte in sorted(node.children)])

    put(roots)
    return nodes


def place(first, second):
    return (first * 37 + second) % PLACES


def mask(lists):
    return " | ".join("1U << BB_WORDS_" + name for name in sorted(lists)) or "0"


def is_plain(text):
    return all(0x20 <= byte < 0x80 for byte in text)


def four(text):
    """As in phrases.c."""
    return int.from_bytes(text[:4], "big")


def fours(starts):
    """The hash table of the nodes behind the first four signs of phrases, where these are plain ASCII."""
    slots = [(0, 0, 0)] * FOURS
    for key, second in starts.items():
        for third, node in second.children.items():
            for fourth, child in node.children.items():
                text = key + bytes((third, fourth))
                if not is_plain(text):
                    continue
                at = (four(text) * 0x9E3779B1 & 0xFFFFFFFF) >> 33 - FOURS.bit_length()
                while slots[at][0]:
                    at = (at + 1) % FOURS
                slots[at] = four(text), child.number, bool(second.ends or node.ends)
    if sum(1 for slot in slots if slot[0]) > FOURS / 2:
        sys.exit("words.py: FOURS is too small")
    return ["{0x%X, %d, %d}" % slot for slot in slots]


def twos(starts):
    """A bit for the low five bits of the two bytes that a phrase of fewer than four signs begins with."""
    bits = bytearray(128)
    for key, node in starts.items():
        if node.ends or any(child.ends for child in node.children.values()):
            bits[(key[0] & 31) * 4 + (key[1] & 31) // 8] |= 1 << (key[1] & 7)
    return map(str, bits)


def spellings(byte):
    """The bytes that a text may have where a phrase has this one."""
    if byte == ord(" "):
        return b" \t\r\n\xC2"  # a no-break space, too
    if byte == ord("'"):
        return b"'\xE2"  # and a typographic apostrophe
    if byte >= 0x80:  # Greek and Cyrillic letters may differ in their first byte with their case
        return bytes((byte, byte - 1)) if byte in (0xCF, 0xD1) else bytes((byte,))
    return bytes({byte, ord(chr(byte).upper())})


def pairs(starts, lists):
    """For each first byte of a text a bit for each second byte with which a phrase of the lists may begin there."""
    bits = [bytearray(32) for _ in range(256)]
    for key in (key for key, node in starts.items() if node.lists & lists):
        for first in spellings(key[0]):
            seconds = spellings(key[1])
            if 0xC3 <= first <= 0xDF:
                seconds = range(256)  # letters of two bytes: they may be capitals
            elif first >= 0x80 > key[0]:
                seconds = b"\xA0\x80"  # of a no-break space, of a typographic apostrophe
            for second in seconds:
                bits[first][second // 8] |= 1 << second % 8
    return bits


def alnum(byte):
    return byte < 128 and chr(byte).isalnum()


def sets(starts):
    """Each list alone, and all of them together, as bb_word_set."""
    every = set().union(*(node.lists for node in starts.values()))
    named = {"ALL": every, **{name: {name} for name in every}}
    for name, lists in sorted(named.items()):
        rows = pairs(starts, lists)
        kinds = (alnum(byte) + 2 * any(row) for byte, row in enumerate(rows))
        bits = ("[%d] = {%s}" % (byte, ", ".join(map(str, row))) for byte, row in enumerate(rows) if any(row))
        yield "[BB_WORDS_%s] = {%s, {%s}, {%s}}" % (name, mask(lists), ", ".join(map(str, kinds)), ", ".join(bits))


def table(kind, name, rows):
    return "const %s %s[] = {\n%s\n};\n" % (kind, name, ",\n".join("    " + row for row in rows))


def main(output, files):
    starts = {}
    for path in map(pathlib.Path, files):
        for text, sense in phrases(path):
            grow(starts, path.stem.upper(), text, sense)
    keys = sorted(starts)
    for key in keys:
        shorten(starts[key], 2)
    nodes = numbered([starts[key] for key in keys])
    ends, node_rows, tails = ["{0}"], [], bytearray()
    for node in nodes:
        children = [node.children[b] for b in sorted(node.children)]
        end = len(ends) if node.ends else 0
        for i, (name, sense) in enumerate(node.ends):
            ends.append("{BB_WORDS_%s, %d, %s}" % (name, i + 1 < len(node.ends), sense))
        first = children[0].number if children else 0
        row = first, end, mask(node.lists), len(tails), len(node.tail), len(children), node.byte
        node_rows.append("{%d, %d, %s, %d, %d, %d, %d}" % row)
        tails += node.tail
    heads, start_rows = [0] * PLACES, ["{0}"]
    for i, key in enumerate(keys, 1):
        at = place(*key)
        start_rows.append("{%d, %d, %d, %d, %s}" % (starts[key].number, heads[at], key[0], key[1], mask(starts[key].lists)))
        heads[at] = i
    if max(len(nodes), len(ends), len(tails)) > 0xFFFF or max(len(n.children) for n in nodes) > 0xFF:
        sys.exit("words.py: there are more phrases than its tables hold")
    pathlib.Path(output).write_text(
        '/* Made by src/core/report/words.py. */\n#include "core/report/internal.h"\n\n'
        + table("bb_word_set", "bb_word_sets", sets(starts))
        + table("uint16_t", "bb_word_heads", map(str, heads))
        + table("bb_word_four", "bb_word_fours", fours(starts))
        + table("uint8_t", "bb_word_twos", twos(starts))
        + table("bb_word_start", "bb_word_starts", start_rows)
        + table("bb_word_node", "bb_word_nodes", node_rows)
        + table("uint8_t", "bb_word_tails", [", ".join(map(str, tails[i : i + 32])) for i in range(0, len(tails), 32)])
        + table("bb_word_end", "bb_word_ends", ends)
    )


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
