#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every fixture, every frozen set and, where BOUNCEBOX_CORPUS says where it is, the corpus under valgrind: no byte is read
that is not ours or was never written, and nothing is left behind.

usage: valgrind.py PROGRAM
"""
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "proc"))
from box import PROGRAM, ROOT, corpus, done, ok, skip_all  # noqa: E402

FORMATS = ("json", "text", "sisimai")


def folders():
    if not corpus():
        print("# BOUNCEBOX_CORPUS is not set: without the corpus")
    return [ROOT / "tests/fixtures", ROOT / "tests/unseen"] + ([corpus() / "messages"] if corpus() else [])


def main():
    if not shutil.which("valgrind"):
        skip_all("valgrind is not installed")
    for folder in folders():
        for form in FORMATS:
            said = subprocess.run(["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite,possible",
                                   "--suppressions=%s" % pathlib.Path(__file__).with_name("valgrind.supp"), str(PROGRAM), "parse",
                                   "--format", form, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            ok(said.returncode == 0 and said.stdout.count(b"\n") > 50, "%s as %s" % (folder.name, form),
               "exit code %d, %d bytes\n%s" % (said.returncode, len(said.stdout), said.stderr[-3000:].decode("utf-8", "replace")))
    done()


main()
