#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mail that was written without sight of rules and code (tests/unseen): no ordinary mail acts, nobody is called hard who
is not, and the rest stays as right as it was. docs/accuracy-unseen.md tells which labels are thought wrong, and why.

usage: unseen.py PROGRAM    (BB_VERBOSE=1 names what is wrong)
"""
import collections
import json

from box import ROOT, done, ok, run
from scores import Figures, labels

# Percentages of at least so much: bounces seen, whole sets of recipients, kinds, delays, statuses, and kinds of the rest.
COLUMNS = ("seen", "recipients", "kind", "delayed", "status", "others")
REPORTS = {
    "reports/groupware": (99, 99, 99, 100, 99, 99),
    "reports/unix": (99, 99, 98, 100, 98, 99),
    "reports/languages": (99, 99, 99, 100, 99, 97),
    "reports/gateways": (97, 97, 95, 100, 99, 99),
    "second/reports": (99, 99, 96, 100, 95, 99),
    "third/reports": (96, 96, 97, 100, 99, 90),
    "fourth/reports": (99, 99, 92, 100, 99, 90),
}
ORDINARY = {"ordinary/talk": 99, "ordinary/mailbox": 99, "second/ordinary": 99, "third/ordinary": 95, "fourth/ordinary": 99}


def measure(folder):
    got = run("parse", "--format", "json", folder / "messages")
    rows = collections.defaultdict(list)
    for row in map(json.loads, got.out.splitlines()):
        rows[row["source"].partition("#")[0].rpartition("/")[2]].append(row)
    figures = Figures()
    for name, label in labels(folder / "labels.tsv").items():
        figures.add(label, rows[name])
    figures.tell()
    return figures


def main():
    print("# %-17s %s  false hard" % ("", "  ".join("%10s" % c for c in COLUMNS)))
    for name, least in REPORTS.items():
        figures = measure(ROOT / "tests" / "unseen" / name)
        table, wrong = figures.table(), figures.n["false hard"] + figures.n["hard for others"]
        print("# %-17s %s  %10d" % (name, "  ".join("%10.1f" % table[c] for c in COLUMNS), wrong))
        ok(wrong == 0, "%s: nobody is called hard who is not" % name, figures.wrong)
        for column, floor in zip(COLUMNS, least):
            ok(table[column] >= floor, "%s: %s at least %d" % (name, column, floor), "%.2f" % table[column])
    for name, floor in ORDINARY.items():
        figures = measure(ROOT / "tests" / "unseen" / name)
        others, acted = figures.percent("others right", "others"), figures.n["others acted upon"]
        print("# %-17s %d messages, %.1f of them the right kind, %d acted upon" % (name, figures.n["others"], others, acted))
        ok(acted == 0, "%s: no ordinary mail is hard, soft or a block" % name, figures.wrong)
        ok(others >= floor, "%s: the right kind of at least %d" % (name, floor), "%.2f" % others)
    done()


if __name__ == "__main__":
    main()
