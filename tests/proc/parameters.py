#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""config list: what it says of each parameter is what the configuration takes.

usage: parameters.py PROGRAM
"""
import re

from box import ROOT, done, new_home, ok, run, same

KEYS = ["name", "section", "type", "default", "range", "min", "max", "words", "values", "help"]


def parameters():
    got = run("config", "list", "--json")
    ok(got.code == 0, "config list needs no home", got)
    return got.json()["parameters"]


def takes(home, p, value):
    (home / "bouncebox.conf").write_text("[%s]\n%s = %s\n" % (p["section"], p["name"], value))
    got = run("config", "show", home=home)
    return got.code == 0 or not ok(got.code == 78, "a wrong value is a wrong configuration", got)


def test_table(rows):
    table = re.findall(r'^    \{"(\w+)", (?:HOME|SERVE|LIST)\(', (ROOT / "src/edge/conf/params.c").read_text(), re.M)
    same([p["name"] for p in rows], table, "all of them, in the order of the table")
    ok(all(list(p) == KEYS for p in rows), "each with every key")
    ok(all(p["help"] and p["values"] and p["range"] for p in rows), "each with help, values and range")
    text = run("config", "list").text
    for p in rows:
        ok("\n  %s =%s\n      %s\n" % (p["name"], p["default"] and " " + p["default"], p["help"]) in text,
           p["name"] + " for people", text)
    sample = run("config", "sample").text
    same([p["name"] for p in rows if "\n#%s =%s\n" % (p["name"], p["default"] and " " + p["default"]) not in sample], [],
         "config sample has the same defaults")


def test_ranges(rows):
    """Both ends of a range are taken, what lies beyond is not."""
    home = new_home()
    for p in rows:
        if p["type"] in ("integer", "number", "time"):
            low, high = p["min"], p["max"]
            same([takes(home, p, v) for v in (low, high)], [True, True], p["name"] + ": its bounds are taken")
            same([takes(home, p, v) for v in (low - 1, high + 1)], [False, False], p["name"] + ": not what is beyond")
        elif p["words"]:
            same([takes(home, p, w) for w in p["words"] + ["else"]], [True] * len(p["words"]) + [False], p["name"] + ": its words")
        elif p["type"] == "boolean":
            same([takes(home, p, w) for w in ("yes", "no", "perhaps")], [True, True, False], p["name"] + ": yes or no")
        else:
            same((takes(home, p, "x" * (p["max"] + 1)), p["min"] > 0 and takes(home, p, "")), (False, False), p["name"] + ": octets")
        ok(takes(home, p, p["default"]) or p["min"], p["name"] + ": its default is taken")
    ok(re.fullmatch(r"(\d+[smhd]|0) to \d+[smhd]", [p for p in rows if p["name"] == "quarantine"][0]["range"]), "times are written as times")


def main():
    rows = parameters()
    test_table(rows)
    test_ranges(rows)
    done()


if __name__ == "__main__":
    main()
