#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual pages, as they were built beside the program: mandoc finds nothing wrong, and every command, option,
parameter and key of a rule stands in them.

usage: manual.py PROGRAM
"""
import re
import shutil
import subprocess
import sys

from box import PROGRAM, ROOT, done, folder, ok, run, same

MAN = PROGRAM.parent / "man"


def flat(text):
    """Words with one space between, quotes as typed."""
    for fine, plain in (("\u201c", '"'), ("\u201d", '"'), ("\u2018", "'"), ("\u2019", "'"), ("\u2010", "-"), ("\u2011", "-")):
        text = text.replace(fine, plain)
    return " ".join(text.split())


def shown(page):
    """As a reader sees it, wide enough that no word is divided."""
    got = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=500", str(page)], stdout=subprocess.PIPE)
    return re.sub(".\b", "", got.stdout.decode())


def test_lint(pages):
    for page in pages:
        got = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page.name], cwd=MAN, stdout=subprocess.PIPE, text=True)
        ok(got.returncode == 0 and not got.stdout, "mandoc finds nothing wrong with " + page.name, got.stdout)
        ok("@" not in re.sub(r"\S+@\S*|<@>|\\fB@\\fP|@ ", "", page.read_text()), page.name + " is filled")
    for page in pages:
        for name in re.findall(r"^\.Xr (bouncebox\S*) (\d)", page.read_text(), re.M):
            ok((MAN / ".".join(name)).exists(), "%s refers to %s(%s), which there is" % (page.name, *name))


def test_commands(table):
    whole = flat(shown(MAN / "bouncebox.1"))
    for c in table["commands"]:
        first, name = c["name"].split()[0], c["name"]
        ok(flat("%s %s" % (name, c["arguments"])) in whole and c["summary"] in whole, name + " stands in bouncebox(1)")
        page = MAN / ("bouncebox-%s.1" % first) if first != "help" else MAN / "bouncebox.1"
        text = flat(shown(page))
        missing = [o["name"] for o in c["options"]
                   if flat("--%s %s %s" % (o["name"], o["value"], o["help"])) not in text]
        same(missing, [], "%s: its options stand in %s" % (name, page.name))
        if first != "help":
            ok(flat(c["text"]) in text, "%s: what it does stands there" % name, text)
            ok(all(flat(e) in text for e in c["examples"].splitlines()), "%s: its examples stand there" % name)
    for o in table["common_options"]:
        ok(flat("--%s %s %s" % (o["name"], o["value"], o["help"])) in whole, "--%s stands in bouncebox(1)" % o["name"])
    for e in table["exit_codes"]:
        ok("%d %s" % (e["code"], e["meaning"]) in whole, "exit code %d stands in bouncebox(1)" % e["code"])


def test_parameters():
    text = flat(shown(MAN / "bouncebox.conf.5"))
    for p in run("config", "list", "--json").json()["parameters"]:
        default = "Default: %s." % (p["default"] or "empty")
        found = re.search(re.escape(p["name"]) + r" = .*?" + re.escape(p["help"]) + " " + re.escape(default), text)
        ok(found and p["values"] in found.group(0), p["name"] + " stands in bouncebox.conf(5)", text)


def test_rules():
    text = flat(shown(MAN / "bouncebox-rules.5"))
    readme = (ROOT / "rules" / "README.md").read_text()
    keys = [row.split("|")[1].strip(" `") for row in readme.split("## A rule")[1].split("\n## ")[0].splitlines()
            if row.startswith("| `")]
    ok(len(keys) > 10, "the table of keys is found", keys)
    for key in keys:
        ok(re.search(r"\b%s " % key, text), key + " stands in bouncebox-rules(5)")
    for heading in re.findall(r"^## (.*)", readme, re.M):
        ok(heading.upper() in text, "so does its section " + heading)
    readme = re.sub(r"^(```.*?^```|#.*?)$", ".", readme, flags=re.M | re.S)
    plain = flat(re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", readme).replace("`", "").replace("**", ""))
    said = [s for s in re.findall(r"[A-Z][^.|*#:\"]{40,}\.", plain) if s not in text]
    ok(len(said) == 0, "and every plain sentence", said)


def test_missing_page():
    """A command without a page stops the build, and so does a page without a command."""
    place = folder()
    made = [place / p.name for p in MAN.glob("bouncebox*.[15]")]
    for names, says in (([p for p in made if p.name != "bouncebox-verp.1"], "bouncebox-verp.1"),
                        (made + [place / "bouncebox-nothing.1"], "nothing")):
        got = subprocess.run([sys.executable, ROOT / "man" / "make.py", PROGRAM, *names], stderr=subprocess.PIPE, text=True)
        ok(got.returncode != 0 and says in got.stderr, "make.py: " + says, got)


def main():
    pages = sorted(MAN.glob("*.[15]"))
    ok(len(pages) >= 19, "the pages were built", pages)
    test_missing_page()
    if not shutil.which("mandoc"):
        ok(True, "read with mandoc # SKIP it is not installed")
        return done()
    test_lint(pages)
    test_commands(run("help", "--json").json())
    test_parameters()
    test_rules()
    done()


if __name__ == "__main__":
    main()
