#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every field of every row of messages, as the library gives them to ctypes, as one JSON array.

usage: fields.py MESSAGE...    LD_LIBRARY_PATH says where libbouncebox lies
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "examples"))
from parse import Error, Text, lib, rows  # noqa: E402


def said(row):
    out = {name: str(getattr(row, name)) for name, kind in row._fields_ if kind is Text}
    for number, name in enumerate(("kind", "reason", "action")):
        out[name] = lib.bouncebox_word(number, getattr(row, name)).decode()
    return dict(out, reply_code=row.reply_code, confidence=round(row.confidence, 2), date=row.date)


compiled = lib.bouncebox_rules_new(None, None, 0, Error())
print(json.dumps([said(row) for path in sys.argv[1:] for row in rows(compiled, pathlib.Path(path).read_bytes())]))
