#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Refusals of servers that were written without sight of the rules (tests/unseen): none is called hard that is not, and
the kind stays as right as it was.

usage: refusals.py PROGRAM    (BB_VERBOSE=1 names what is wrong)
"""
import concurrent.futures
import csv
import json
import os

from box import ROOT, done, ok, run

# Percentages of at least so much.
SETS = {"replies.tsv": 98, "second/replies.tsv": 95, "second/traps.tsv": 96, "third/replies.tsv": 99, "fourth/replies.tsv": 90}


def kind_of(row):
    return json.loads(run("rules", "test", "--json", "--", row["reply"]).out.splitlines()[0])["kind"]


def main():
    for name, floor in SETS.items():
        with open(ROOT / "tests/unseen" / name, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            kinds = list(pool.map(kind_of, rows))
        wrong = [(row, kind) for row, kind in zip(rows, kinds) if kind not in row["kind"].split("|")]
        hard = [row["reply"] for row, kind in wrong if kind == "hard"]
        for row, kind in wrong if os.environ.get("BB_VERBOSE") else ():
            print("# %s, not %s: %s" % (row["kind"], kind, row["reply"]))
        right = 100 * (1 - len(wrong) / len(rows))
        ok(not hard, "%s: none is called hard that is not" % name, hard)
        ok(right >= floor, "%s: the right kind of at least %d" % (name, floor), "%.1f" % right)
    done()


if __name__ == "__main__":
    main()
