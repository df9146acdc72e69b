#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns a folder of text files into one C source, so that the program carries them.

usage: embed.py rules|migrations FOLDER OUTPUT DEPFILE

rules       *.rules in name order, as declared in src/core/classify/classify.h
migrations  NNNN_name.sql, numbered from 0001 without a gap, as declared in src/edge/store/migrations.h

The depfile names the folder too, so that a file added or removed is noticed. Bytes become character
constants: C promises no string literal longer than 4095 characters.
"""
import pathlib
import re
import sys


def c_char(byte):
    if chr(byte) in "'\\":
        return "'\\%c'" % byte
    return "'%c'" % byte if 0x20 <= byte < 0x7F else "'\\%o'" % byte


def c_array(declaration, data):
    """The bytes and a NUL behind them."""
    chars = [c_char(b) for b in data] + ["'\\0'"]
    rows = [",".join(chars[i : i + 24]) for i in range(0, len(chars), 24)]
    return "%s[] = {\n%s};\n" % (declaration, ",\n".join(rows))


def c_table(declaration, rows):
    """An array of rows; C has no empty array, so that of nothing has one row that its count leaves out."""
    body = ",\n".join("    " + r for r in rows) or "    {0}"
    name = re.search(r"(\w+)\[\]", declaration).group(1)
    return "%s = {\n%s\n};\nconst size_t %s_count = %d;\n" % (declaration, body, name, len(rows))


def rules(files):
    rows, at = [], 0
    for f in files:
        n = f.stat().st_size
        rows.append('{"built in: %s", {bb_rules_builtin_text + %d, %d}}' % (f.name, at, n))
        at += n
    return "core/classify/classify.h", c_table("const bb_rule_source bb_rules_builtin[]", rows)


def migrations(files):
    rows = []
    for i, f in enumerate(files):
        name = re.fullmatch(r"%04d_([a-z0-9_]+)\.sql" % (i + 1), f.name)
        if not name:
            sys.exit("%s: expected here: %04d_name.sql" % (f, i + 1))
        rows.append('{%d, "%s", file_%d}' % (i + 1, name.group(1), i))
    return "edge/store/migrations.h", c_table("const struct bb_migration bb_migrations[]", rows)


KINDS = {"rules": ("[!.]*.rules", rules), "migrations": ("[!.]*.sql", migrations)}


def main(kind, folder, output, depfile):
    pattern, table = KINDS[kind]
    folder = pathlib.Path(folder)
    files = sorted(folder.glob(pattern))
    texts = []
    for f in files:
        texts.append(f.read_bytes())
        if b"\0" in texts[-1]:
            sys.exit("%s: a NUL byte in a text" % f)
    header, rows = table(files)
    arrays = "".join(c_array("static const char file_%d" % i, t) for i, t in enumerate(texts))
    if kind == "rules":
        arrays = c_array("const char bb_rules_builtin_text", b"".join(texts))
    source = '/* Made by src/embed.py from %s. */\n#include "%s"\n\n#include <stddef.h>\n\n' % (folder.name, header)
    pathlib.Path(output).write_text(source + arrays + rows)
    # In a depfile only spaces need care.
    names = " ".join(str(p).replace(" ", "\\ ") for p in [folder] + files)
    pathlib.Path(depfile).write_text("%s: %s\n" % (output, names))


if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[1] not in KINDS:
        sys.exit(__doc__)
    main(*sys.argv[1:])
