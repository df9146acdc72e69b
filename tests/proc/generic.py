#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each format's families, read with that format switched off: what nobody here has seen yet is read so, too.

Over the labelled reports that BOUNCEBOX_CORPUS names (corpus.py): people's mail, not ours to publish.

usage: generic.py READ_WITHOUT    (BB_VERBOSE=1 names what is wrong)
"""
import collections
import json
import os
import re
import subprocess
import sys

from box import corpus_or_skip, done, ok
from scores import BOUNCES, Figures, labels

FORMATS = ("rfc3464", "postfix", "exim", "qmail", "sendmail", "opensmtpd", "courier", "dma")
POOLED = 85  # percent of kinds right
FAMILY, MESSAGES = 60, 5  # and of each family of so many messages
ELSEWHERE = 1  # hard for an address that the fields do not know: one report's words name another than its fields


def read(program, form, files):
    """Rows by path."""
    got = subprocess.run(
        [program, form], input="\n".join(files), stdout=subprocess.PIPE, text=True, errors="replace",
        env=dict(os.environ, BB_SOURCE_ROOT="/"), check=True,
    )  # fmt: skip
    rows = collections.defaultdict(list)
    for line in got.stdout.splitlines():
        row = json.loads(line)
        rows[row["source"]].append(row)
    return rows


def family(label):
    return re.sub(r"[-_.]?\d+.*$", "", label.id)


def measure(form, mine, rows, labelled):
    """The figures of one format's messages together, and those of each of its families."""
    all_of_it, families = Figures(), collections.defaultdict(Figures)
    for path in mine:
        for figures in (all_of_it, families[family(labelled[path])]):
            figures.add(labelled[path], rows[path])
    print("# %-10s %4d messages: seen %5.1f, recipients %5.1f, kind %5.1f, false hard %d, hard for others %d" % (
        form, len(mine), all_of_it.percent("seen", "bounces"), all_of_it.percent("sets", "bounces"),
        all_of_it.percent("kinds right", "kinds"), all_of_it.n["false hard"], all_of_it.n["hard for others"],
    ))  # fmt: skip
    return all_of_it, families


def main():
    corpus = corpus_or_skip()
    labelled = {str(corpus / "messages" / (i + ".eml")): label for i, label in labels(corpus / "labels.tsv").items()}
    whole = read(sys.argv[1], "-", list(labelled))
    pooled = collections.Counter()
    for form in FORMATS:
        mine = [p for p in labelled if labelled[p].bounce and any(r["format"] == form and r["kind"] in BOUNCES for r in whole[p])]
        figures, families = measure(form, mine, read(sys.argv[1], form, mine), labelled)
        weak = {n: f.percent("kinds right", "kinds") for n, f in families.items() if f.n["bounces"] >= MESSAGES}
        weak = {n: p for n, p in weak.items() if p < FAMILY}
        ok(not weak, "%s off: no family of %d messages is under %d" % (form, MESSAGES, FAMILY), weak)
        pooled.update(figures.n)
        ok(not figures.n["false hard"], "%s off: no false hard" % form, figures.wrong)
        figures.tell()
    reached = 100 * pooled["kinds right"] / max(1, pooled["kinds"])
    ok(pooled["hard for others"] <= ELSEWHERE, "nor hard for anybody else", pooled["hard for others"])
    ok(reached >= POOLED, "of all of them %d %% of the kinds are right: %.1f" % (POOLED, reached))
    done()


if __name__ == "__main__":
    main()
