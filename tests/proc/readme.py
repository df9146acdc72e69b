#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What README.md shows of ./dev run, and of parse, is what they print: line by line, in order; [...] leaves lines out.

usage: readme.py PROGRAM
"""
import re
import subprocess

from box import PROGRAM, ROOT, done, ok, run


def shown(text, first):
    """The lines of the fenced block that begins with `first`, in runs that stand together in the output."""
    block = re.search(r"^```\n(%s.*?)^```$" % re.escape(first), text, re.M | re.S)
    parts = block.group(1).split("[...]\n") if block else []
    return [part.strip("\n") for part in parts if part.strip()]


def holds(runs, output, what):
    ok(runs, what + ": the README shows some")
    at = 0
    for lines in runs:
        found = output.find(lines, at)
        ok(found >= 0, "%s: %s" % (what, lines.splitlines()[0]), lines)
        at = max(found, at)


def main():
    readme = (ROOT / "README.md").read_text()
    demo = subprocess.run(["sh", ROOT / "tests/demo/run.sh", PROGRAM], stdout=subprocess.PIPE, text=True)
    ok(demo.returncode == 0, "the demonstration runs")
    ok("@@" not in readme, "nothing is left to be filled in")
    holds(shown(readme, "$ bouncebox ingest issue-1.mbox"), demo.stdout, "run")
    command, _, rest = shown(readme, "$ build/bouncebox parse")[0].partition("\n")
    holds([rest], run(*command.split()[2:], cwd=ROOT).text, "parse")
    done()


if __name__ == "__main__":
    main()
