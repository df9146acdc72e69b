#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One line for each recipient that each message reports, through ctypes: python3 parse.py bounce.eml..."""
import ctypes
import sys
from ctypes import POINTER, c_char_p, c_double, c_int, c_int64, c_size_t, c_void_p


class Text(ctypes.Structure):
    _fields_ = [("bytes", c_void_p), ("length", c_size_t)]

    def __str__(self):
        return ctypes.string_at(self.bytes, self.length).decode()


class Row(ctypes.Structure):
    """bouncebox_row: used through the pointer that the library gives, since it may grow at its end."""

    _fields_ = [(name, c_int) for name in ("kind", "reason", "action", "reply_code")]
    _fields_ += [("confidence", c_double), ("date", c_int64)]
    _fields_ += [(name, Text) for name in (
        "recipient status command diagnostic remote_mta rule reporting_mta format return_path content_id "
        "original_message_id original_subject original_from original_list_id truncated").split()]


class Error(ctypes.Structure):
    _fields_ = [("code", c_int), ("text", ctypes.c_char * 512)]


lib = ctypes.CDLL("libbouncebox.so.0")
for name, answers, *takes in (
        ("bouncebox_word", c_char_p, c_int, c_int),
        ("bouncebox_rules_new", c_void_p, c_char_p, c_char_p, c_size_t, POINTER(Error)),
        ("bouncebox_rules_free", None, c_void_p),
        ("bouncebox_parse", c_void_p, c_void_p, c_char_p, c_size_t, c_void_p, POINTER(Error)),
        ("bouncebox_result_free", None, c_void_p),
        ("bouncebox_result_rows", c_size_t, c_void_p),
        ("bouncebox_result_row", POINTER(Row), c_void_p, c_size_t)):
    getattr(lib, name).restype, getattr(lib, name).argtypes = answers, takes
KIND, REASON = 0, 1


def rows(rules, message):
    """The rows of one message, with its result, which must outlive them."""
    error = Error()
    result = lib.bouncebox_parse(rules, message, len(message), None, error)
    if not result:
        raise MemoryError(error.text.decode())
    try:
        for i in range(lib.bouncebox_result_rows(result)):
            yield lib.bouncebox_result_row(result, i).contents
    finally:
        lib.bouncebox_result_free(result)


def main(paths):
    error = Error()
    rules = lib.bouncebox_rules_new(None, None, 0, error)
    if not rules:
        sys.exit(error.text.decode())
    for path in paths:
        with open(path, "rb") as file:
            for row in rows(rules, file.read()):
                print("%s: %s, %s, %.0f %% sure by %s: %s" % (
                    row.recipient, lib.bouncebox_word(KIND, row.kind).decode(),
                    lib.bouncebox_word(REASON, row.reason).decode(), row.confidence * 100, row.rule, row.diagnostic))
    lib.bouncebox_rules_free(rules)


if __name__ == "__main__":
    main(sys.argv[1:])
