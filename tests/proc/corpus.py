#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Labelled reports that are people's mail and not ours to publish: read without a crash, a limit or a worse score than
was reached once. BOUNCEBOX_CORPUS names the folder that holds them, their labels and their scorer (`measure`).

usage: corpus.py PROGRAM
"""
import subprocess
import sys

from box import PROGRAM, corpus_or_skip, done, ok, run, same

# Columns of the scorer: percentages of at least so much, counts of at most so many. FH and FHw are false removals.
LEAST = {"detP": 99.5, "detR": 99.5, "rcpF1": 99.5, "set": 99.0, "act3": 98.5, "hardR": 98.5, "reason": 92.4, "fam": 95.5, "status": 99.0}
MOST = {"FH": 0, "FHw": 0, "crash": 0}


def score(corpus):
    """The scorer's row, by column."""
    got = subprocess.run([sys.executable, corpus / "measure", "--bouncebox", PROGRAM], stdout=subprocess.PIPE, text=True)
    rows = [line.split() for line in got.stdout.splitlines()]
    heads = [r for r in rows if r[:1] == ["results"]]
    ours = [r for r in rows if r and r[0].startswith("bouncebox-")]
    return dict(zip(heads[-1], ours[-1])) if got.returncode == 0 and heads and ours else {}


def main():
    corpus = corpus_or_skip()
    files = sorted((corpus / "messages").rglob("*.eml"))
    got = run("parse", corpus / "messages")
    rows = got.lines() if ok(got.code == 0 and not got.said, "all of them are read", got) else []
    same(len({r["source"].partition("#")[0] for r in rows}), len(files), "a record each, at least")
    cut = {r["source"] for r in rows if r["truncated"]}
    ok(len(cut) <= 1, "hardly any meets a limit, and says so", cut)  # a picture that claims to be text
    figures = score(corpus)
    for column, least in LEAST.items():
        ok(float(figures.get(column, 0)) >= least, "%s is at least %s" % (column, least), figures)
    for column, most in MOST.items():
        ok(float(figures.get(column, 1e9)) <= most, "%s is at most %s" % (column, most), figures)
    done()


if __name__ == "__main__":
    main()
