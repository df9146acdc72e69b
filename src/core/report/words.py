#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns the lists of words/*.words into the trie that phrases.c walks, as constant tables of C.

usage: words.py OUTPUT FILE...

A file is a list; its name is that of the list (words/doubts.words: BB_WORDS_DOUBTS). A line is a phrase; "[X]" says what
those below it mean, X being a constant of internal.h. Quotes keep a space at either end. "#" begins a comment line.
All phrases of all lists are in one trie, so that a text can be read once for all of them. It is entered behind the first
four signs of a phrase, which are looked up by a hash, or where these are not plain ASCII, behind the first two. Most places
of a text do not get so far: a bit of their first four bytes says that no phrase begins so.
"""
import itertools
import pathlib
import sys

PLACES = 1024
FOURS = 1 << 12
FIRSTS = 1 << 15
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
            else "a space before what begins a word anyway" if text[0] == " " and text[1].isascii()
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


def hash_of(text, size):
    """As in phrases.c, too: one of so many."""
    return (four(text) * 0x9E3779B1 & 0xFFFFFFFF) >> 33 - size.bit_length()


def fours(starts):
    """The hash table of the nodes behind the first four signs of phrases, where these are plain ASCII."""
    slots = [(0, 0, 0)] * FOURS
    for key, second in starts.items():
        for third, node in second.children.items():
            for fourth, child in node.children.items():
                text = key + bytes((third, fourth))
                if not is_plain(text):
                    continue
                at = hash_of(text, FOURS)
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


def spellings(text):
    """What a text may have where a phrase goes on so, and how many bytes of the phrase it spells. Letters of two bytes may
    be capitals: Greek and Cyrillic ones may differ from these in their first byte, Cyrillic ones in both."""
    if text[:1] == b" ":
        for space in (b" ", b"\t", b"\r", b"\n", b"\xC2\xA0"):
            yield space, 1
            yield space, 0  # and another one
    elif text[:1] == b"'":
        yield from ((b"'", 1), (b"\xE2\x80\x99", 1))
    elif text[0] in (0xCF, 0xD1):
        yield from ((bytes((lead, text[1] ^ bit)), 2) for lead in (text[0], text[0] - 1) for bit in (0, 0x10))
    else:
        yield from ((text[:1], 1), (text[:1].upper(), 1))


def openings(text, n=4):
    """The low five bits of the first n bytes that a text may have where a phrase begins so: which are the same for small
    letters and capitals, of ASCII and of Latin-1."""
    if n <= 0:
        return {()}
    if not text:
        return set(itertools.product(range(32), repeat=n))
    return {
        (*(byte & 31 for byte in spelling), *rest)[:n]
        for spelling, used in spellings(text)
        for rest in openings(text[used:], n - len(spelling))
    }


def firsts(begun):
    """A bit for each hash of an opening, as in phrases.c."""
    bits = [0] * (FIRSTS // 32)
    for opening in set().union(*map(openings, begun)):
        at = hash_of(bytes(opening), FIRSTS)
        bits[at // 32] |= 1 << at % 32
    return ("0x%X" % word for word in bits)


def alnum(byte):
    return byte < 128 and chr(byte).isalnum()


def kinds(begun):
    """What a text's bytes are to those who look for phrases that begin so. Nearly no space begins one."""
    begins = {spelling[0] for text in begun for spelling, _ in spellings(text)} - set(b" \t\r\n")
    for byte in range(256):
        names = ["BB_BYTE_ALNUM"] * alnum(byte) + ["BB_BYTE_BEGINS"] * (byte in begins)
        yield " | ".join(names) or "0"


def sets(lists):
    """Each list alone, and all of them together, as bb_word_set."""
    for name, texts in sorted({"ALL": itertools.chain(*lists.values()), **lists}.items()):
        begun = {text[:5] for text in texts}  # the fourth byte may begin a letter of two
        wanted = mask(lists if name == "ALL" else {name})
        spaces = any(text[:1] == b" " for text in begun)
        row = name, wanted, spaces, ", ".join(kinds(begun)), ", ".join(firsts(begun))
        yield "[BB_WORDS_%s] = {%s, %d, {%s}, {%s}}" % row


def table(kind, name, rows):
    return "const %s %s[] = {\n%s\n};\n" % (kind, name, ",\n".join("    " + row for row in rows))


def main(output, files):
    starts, lists = {}, {}
    for path in map(pathlib.Path, files):
        name = path.stem.upper()
        for text, sense in phrases(path):
            grow(starts, name, text, sense)
            lists.setdefault(name, []).append(text)
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
        + table("bb_word_set", "bb_word_sets", sets(lists))
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
