#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the test of threads over all fixtures, and says in TAP how it went.

usage: threads.py PROGRAM [tsan]    tsan: the program was built with the thread sanitizer
"""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def main(program, sanitized):
    paths = sorted((HERE.parent / "fixtures" / "mta").glob("*.eml")) + [HERE / "charsets.eml"]
    env = {**os.environ, "TSAN_OPTIONS": "suppressions=%s" % (HERE / "tsan.supp")}
    ran = subprocess.run([program, *paths], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    name = "eight threads read %d messages%s" % (len(paths), " under the thread sanitizer" if sanitized else "")
    # Some kernels lay out memory as the sanitizer cannot bear; that says nothing of ours.
    if sanitized and "unexpected memory mapping" in ran.stdout:
        print("1..0 # SKIP the thread sanitizer does not run on this kernel")
        return 0
    good = ran.returncode == 0 and "%d messages, 8 threads, 0 differ" % len(paths) in ran.stdout
    print("%sok 1 - %s, and get what one gets\n1..1" % ("" if good else "not ", name))
    if not good:
        print("\n".join("#   " + line for line in ran.stdout.splitlines()[:60]))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], len(sys.argv) > 2))
