#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sums up a run of `meson test`: names what failed or was skipped, then "N passed, N failed[, N skipped]".

usage: count.py build/meson-logs/testlog.json

Counts checks (TAP lines), not programs. A program that crashed, timed out or broke its plan is
one failure more. Exits 1 when anything failed or nothing ran.
"""
import json
import re
import sys

CHECK = re.compile(r"(not )?ok\b *\d* *(?:- )?((?:[^#\\]|\\.)*)(?:# *(\w+)\S* *(.*))?$", re.IGNORECASE)
PLAN = re.compile(r"1\.\.(\d+) *(?:# *(?:SKIP\S*)? *(.*))?$", re.IGNORECASE)
FINE = ("OK", "SKIP", "EXPECTEDFAIL")


class Sum:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.telling = False

    def fail(self, test, what):
        self.failed += 1
        print("failed: %s: %s" % (test, what))

    def skip(self, test, what):
        self.skipped += 1
        print("skipped: %s: %s" % (test, what))

    def line(self, test, line):
        """One line of output; true when it is the plan."""
        plan, check = PLAN.match(line), CHECK.match(line)
        if plan and int(plan.group(1)) == 0:
            self.skip(test, plan.group(2) or "all of it")
        if not check:
            # What stands below a failed check says where and why.
            if self.telling and line.startswith("#"):
                print("  " + line)
            return bool(plan)
        self.telling = False
        bad, name, directive, why = check.groups()
        if (directive or "").upper() in ("SKIP", "TODO"):
            self.skip(test, "%s: %s" % (name.strip(), why))
        elif bad:
            self.fail(test, name.strip())
            self.telling = True
        else:
            self.passed += 1
        return False

    def program(self, entry):
        test, result, code = entry["name"], entry["result"], entry.get("returncode")
        before = self.failed
        # A list, not a generator: every line counts.
        planned = any([self.line(test, line) for line in entry.get("stdout", "").splitlines()])
        # Exit code 1 after a failed check says the same thing again; anything else is a failure of its own.
        explained = self.failed > before and result in ("FAIL", "ERROR") and code in (0, 1)
        if result not in FINE and not explained:
            self.fail(test, "%s (exit code %s)" % (result.lower(), code))
        elif not planned:
            self.fail(test, "no plan in its output: it ended early")

    def text(self):
        skipped = ", %d skipped" % self.skipped if self.skipped else ""
        return "%d passed, %d failed%s" % (self.passed, self.failed, skipped)


def main(path):
    total = Sum()
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            for line in log:
                total.program(json.loads(line))
    except OSError:
        print("no test ran")
    print(total.text(), flush=True)
    return 1 if total.failed or not (total.passed or total.skipped) else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
