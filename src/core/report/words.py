#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns the lists of words/*.words into the trie that phrases.c walks, as constant tables of C.

usage: words.py OUTPUT FILE...

A file is a list; its name is that of the list (words/doubts.words: BB_WORDS_DOUBTS). A line is a phrase; "[X]" says what
those below it mean, X being a constant of internal.h. Quotes keep a space at either end. "#" begins a comment line.
All phrases of all lists are in one trie, so that a text can be read once for several of them. It begins behind the first
two signs of a phrase, which are looked up by a hash: most places of a text go no further.
"""
import itertools
import pathlib
import sys

PLACES = 1024
FOURS = 1 << 16
TYPOGRAPHIC = "\N{RIGHT SINGLE QUOTATION MARK}"


class Node:
    def __init__(self, byte=0):
        self.byte, self.children, self.ends, self.lists, self.number = byte, {}, [], set(), 0


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


def numbered(roots):
    """The nodes level by level, so that siblings lie side by side; [0] is nobody's."""
    nodes, at = [Node()] + roots, 1
    for number, node in enumerate(nodes):
        node.number = number
    while at < len(nodes):
        for _, child in sorted(nodes[at].children.items()):
            child.number = len(nodes)
            nodes.append(child)
        at += 1
    return nodes


def place(first, second):
    return (first * 37 + second) % PLACES


def mask(lists):
    return " | ".join("1U << BB_WORDS_" + name for name in sorted(lists)) or "0"


def fours(texts):
    """A bit for each four bytes that a phrase of one list can begin with; white space but " " is not looked up."""
    bits = bytearray(FOURS // 8)
    for text in texts:
        known = text[:4]
        if any(not 0x20 <= b < 0x80 for b in known):
            continue
        for rest in itertools.product(range(32), repeat=4 - len(known)):
            bit = four(*(b & 31 for b in known), *rest)
            bits[bit // 8] |= 1 << bit % 8
    return "{%s}" % ",".join(map(str, bits))


def four(*bytes_):
    """As in phrases.c."""
    key = 0
    for byte in bytes_:
        key = key << 5 | byte
    return (key * 0x9E3779B1 & 0xFFFFFFFF) >> 32 - FOURS.bit_length() + 1


def alnum(byte):
    return " | BB_WORD_ALNUM" if byte < 0x80 and chr(byte).isalnum() else ""


def table(kind, name, rows, second=""):
    return "const %s %s[]%s = {\n%s\n};\n" % (kind, name, second, ",\n".join("    " + row for row in rows))


def first_bytes(starts):
    lists = [set() for _ in range(256)]
    for key, node in starts.items():
        for byte in {key[0], ord(chr(key[0]).upper()) if key[0] < 0x80 else key[0]}:
            lists[byte] |= node.lists
    lists[0xC2] |= lists[ord(" ")]  # a no-break space stands for a space, a typographic apostrophe for a plain one
    lists[0xE2] |= lists[ord("'")]
    for small, capital in ((0xD1, 0xD0), (0xCF, 0xCE)):  # letters whose first byte differs with their case
        lists[capital] |= lists[small]
    for space in b"\t\r\n":
        lists[space] |= lists[ord(" ")]
    return lists


def main(output, files):
    starts, texts = {}, {}
    for path in map(pathlib.Path, files):
        for text, sense in phrases(path):
            texts.setdefault(path.stem.upper(), []).append(text)
            grow(starts, path.stem.upper(), text, sense)
    keys = sorted(starts)
    nodes = numbered([starts[k] for k in keys])
    ends, node_rows = ["{0}"], []
    for node in nodes:
        children = [node.children[b] for b in sorted(node.children)]
        end = len(ends) if node.ends else 0
        for i, (name, sense) in enumerate(node.ends):
            ends.append("{BB_WORDS_%s, %d, %s}" % (name, i + 1 < len(node.ends), sense))
        first = children[0].number if children else 0
        node_rows.append("{%d, %d, %d, %d, %s}" % (first, end, len(children), node.byte, mask(node.lists)))
    heads, start_rows = [0] * PLACES, ["{0}"]
    for i, key in enumerate(keys, 1):
        at = place(*key)
        start_rows.append("{%d, %d, %d, %d, %s}" % (starts[key].number, heads[at], key[0], key[1], mask(starts[key].lists)))
        heads[at] = i
    if max(len(nodes), len(ends)) > 0xFFFF or max(len(n.children) for n in nodes) > 0xFF:
        sys.exit("words.py: there are more phrases than its tables hold")
    pathlib.Path(output).write_text(
        '/* Made by src/core/report/words.py. */\n#include "core/report/internal.h"\n\n'
        + table("uint16_t", "bb_word_first", [mask(lists) + alnum(i) for i, lists in enumerate(first_bytes(starts))])
        + table("uint16_t", "bb_word_heads", map(str, heads))
        + table("uint8_t", "bb_word_fours", ["[BB_WORDS_%s] = %s" % (n, fours(t)) for n, t in texts.items()],
                "[BB_WORD_FOURS / 8]")
        + table("bb_word_start", "bb_word_starts", start_rows)
        + table("bb_word_node", "bb_word_nodes", node_rows)
        + table("bb_word_end", "bb_word_ends", ends)
    )


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
