#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command line: help for everything, near words, exit codes, and output that cannot be written.

usage: words.py PROGRAM
"""
import os
import re
import subprocess

from box import FIXTURES, PROGRAM, ROOT, done, fixtures, new_home, ok, run, same

# words, exit code, what standard error must say
WRONG = [
    ((), 64, "help"),
    (("parze",), 64, "did you mean parse?"),
    (("list",), 64, "add"),
    (("list", "shwo"), 64, "did you mean show?"),
    (("mailing", "sned", "x"), 64, "there are: add, show, sent"),
    (("parse", "--formt", "text"), 64, "did you mean --format?"),
    (("parse", "--format", "xml", "-"), 64, "json, text and sisimai"),
    (("parse", "--format"), 64, "wants a value"),
    (("parse", "--json=1", "-"), 64, "takes no value"),
    (("parse", "--rules", "a", "--rules", "b", "-"), 64, "given twice"),
    (("parse", "-x"), 64, "no option -x"),
    (("parse", "--now", "yesterday", "-"), 64, "no time"),
    (("init", "too", "many"), 64, "too many"),
    (("key", "retire"), 64, "missing"),
    (("key", "retire", "one"), 64, "number"),
    (("key", "retire", "1"), 64, ""),
    (("key", "retire", "9"), 66, ""),
    (("help", "nothing"), 64, "no command"),
    (("ingest", "--list", "nwes", str(FIXTURES)), 66, "did you mean news?"),
    (("list", "show", "nwes"), 66, "did you mean news?"),
    (("list", "add", "news"), 64, "already"),
    (("list", "add", "no/slash"), 64, "letters"),
    (("list", "add", "other", "--set", "soft_limt=3"), 64, "soft_limit"),
    (("list", "add", "other", "--set", "soft_limit"), 64, "NAME=VALUE"),
    (("mailing", "add", "issue"), 64, "--list"),
    (("mailing", "add", "#1", "--list", "news"), 64, "begin with #"),
    (("mailing", "sent", "12", "--all"), 66, "no mailing"),
    (("verp", "encode", "--all"), 64, "--list"),
    (("verp", "encode", "--list", "news"), 64, "who?"),
    (("verp", "encode", "--list", "news", "--all", "a@example.net"), 64, "not both"),
    (("verp", "encode", "--list", "news", "--all", "--form", "singed"), 64, "did you mean signed?"),
    (("verp", "encode", "--list", "news", "--all", "--form", "verp"), 78, "return_path_base"),
    (("verp", "encode", "--list", "news", "a@example.net"), 66, "not on the list"),
    (("verp", "decode", "hello@example.net"), 65, ""),
    (("verp", "decode", "bounce-aa5isyaaaaagaab23zukzseqiq44pvmfl@bounces.example.com"), 65, ""),
    (("explain", "stranger@example.net"), 66, "stranger@example.net"),
    (("subscriber", "show", "#77"), 66, "77"),
]


def commands():
    return [m.group(1) for m in re.finditer(r"^  ([a-z]+(?: [a-z]+)?)(?= |$)", run("help").text.split("options of")[0], re.M)]


def test_help():
    names = commands()
    ok(len(names) > 20, "help lists the commands", names)
    documented = (ROOT / "docs" / "commands.md").read_text()
    for name in names:
        got = run(*name.split(), "--help")
        ok(got.code == 0 and got.text.startswith("usage: bouncebox " + name) and "\nexamples\n  " in got.text,
           name + " --help has a usage and examples", got)
        same(run("help", *name.split()).text, got.text, "help %s says the same" % name)
        ok("\n## `%s" % name in documented, name + " has its section in docs/commands.md")
        for option in re.findall(r"^  --([a-z-]+)", got.text.split("options of every")[0], re.M):
            ok("--" + option in documented, "%s --%s stands in docs/commands.md" % (name, option))
    ok(re.fullmatch(r"bouncebox \d+\.\d+\.\d+\n", run("--version").text), "--version")


def test_wrong():
    home = new_home()
    for words, code, says in WRONG:
        got = run(*words, home=home)
        ok(got.code == code and says in got.said and (got.said or not says), "%s: %d" % (" ".join(words) or "nothing", code), got)


def test_options():
    """Wherever an option stands, and however its value is written."""
    one = str(fixtures()[0])
    want = run("parse", "--format", "text", one).out
    for words in (("parse", one, "--format", "text"), ("parse", "--format=text", one), ("parse", "--format", "text", "--", one)):
        same(run(*words).out, want, " ".join(words[:-1]).replace(one, "FILE"))
    got = run("--json", "--home", new_home(), "list", "show")
    same((got.code, [l["list"] for l in got.json()["lists"]]), (0, ["news"]), "common options before the command")


def test_output():
    """What cannot be written is an error, and what was to be stored is stored all the same."""
    home, box = new_home(), str(FIXTURES)
    for words in (("parse", box), ("help",), ("list", "show"), ("config", "sample")):
        with open("/dev/full", "wb") as full:
            got = run(*words, home=home, stdout=full)
        ok(got.code == 74 and "standard output" in got.said, "/dev/full: " + words[0], got)
        closed = subprocess.run(["sh", "-c", '"$0" "$@" >&-', str(PROGRAM), *words], stderr=subprocess.PIPE,
                                env=dict(os.environ, BOUNCEBOX_HOME=str(home)))
        ok(closed.returncode == 74, "a closed standard output: " + words[0], closed)
    with open("/dev/full", "wb") as full:
        ok(run("ingest", "--now", "2026-11-25", box, home=home, stdout=full).code == 74, "/dev/full: ingest says it")
    again = run("ingest", "--json", "--now", "2026-11-25", box, home=home).json()
    same(again["duplicates"], len(fixtures()), "/dev/full: ingest stored everything before it")
    reader = subprocess.Popen([str(PROGRAM), "parse", box, box, box], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    reader.stdout.readline()
    reader.stdout.close()
    said = reader.stderr.read()
    ok(reader.wait() == 0 and not said, "a reader that has read enough ends it without noise", (reader.returncode, said))
    closed = subprocess.run(["sh", "-c", '"$0" parse - <&-', str(PROGRAM)], capture_output=True)
    ok(closed.returncode in (66, 74), "a closed standard input", closed)


def main():
    for test in (test_help, test_wrong, test_options, test_output):
        test()
    done()


if __name__ == "__main__":
    main()
