#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Completion as bash and zsh do it: commands, options, values, names of lists; and help --json, which it is held against.

usage: completion.py PROGRAM
"""
import os
import re
import shutil
import subprocess

from box import PROGRAM, done, folder, new_home, ok, run, same

ASK = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_bouncebox
printf '%s\n' "${COMPREPLY[@]}"
"""
# Where zsh's own functions would stand, what they were given is printed.
ZSH = r"""
_arguments() { print -r -- arguments "${(j:|:)@}" }
_describe() { print -r -- describe ${(P)2} }
compadd() { print -r -- compadd "$@" }
words=("$@[2,-1]"); CURRENT=$#words
source "$1"
"""
STATUSES = ["active", "bounced", "complained", "quarantined", "unsubscribed"]


def shell(name):
    path = folder() / name
    got = run("help", "--completion", name)
    ok(got.code == 0 and not got.said, "help --completion " + name, got)
    path.write_text(got.text)
    return path


def test_tables(table):
    names = [c["name"] for c in table["commands"]]
    text = run("help").text
    ok(len(names) > 25 and all(re.search(r"^  %s\b" % n, text, re.M) for n in names), "help --json has the commands of help", names)
    listed = run("help", "list", "--json").json()
    same([c["name"] for c in listed["commands"]], [n for n in names if n.startswith("list ")], "of one first word")
    one = run("help", "--json", "parse").json()["commands"]
    same([(c["name"], [o["name"] for o in c["options"]]) for c in one], [("parse", ["format", "password-file", "token-file", "ca", "no-tls", "rules"])], "of one command")
    got = run("help", "--completion", "fish")
    ok(got.code == 64 and "bash and zsh" in got.said, "a shell that we do not know", got)
    same(run("help", "--completion", "bash", "list").code, 64, "completion is of all commands")


class Bash:
    def __init__(self, script, home):
        self.script, self.home = script, home

    def __call__(self, *words, home=True, cwd=None):
        env = {k: v for k, v in os.environ.items() if k != "BOUNCEBOX_HOME"}
        if home:
            env["BOUNCEBOX_HOME"] = str(self.home)
        got = subprocess.run(["bash", "-c", ASK, "bash", str(self.script), str(PROGRAM), *map(str, words)], env=env, cwd=cwd,
                             capture_output=True, text=True)
        if got.stderr or got.returncode:
            ok(False, "bash is silent: " + " ".join(map(str, words)), got)
        return [line for line in got.stdout.split("\n") if line]


def test_commands(bash, table):
    names = [c["name"] for c in table["commands"]]
    firsts = sorted({n.split()[0] for n in names})
    same(bash(""), firsts, "bash: commands")
    same(bash("su"), ["subscriber"], "bash: that begin with it")
    for first in {n.split()[0] for n in names if " " in n}:
        same(bash(first, ""), sorted(n.split()[1] for n in names if n.startswith(first + " ")), "bash: second words of " + first)
    same(bash("--json", "key", "r"), ["retire"], "bash: behind an option")
    same(bash("--home", "parse", "ex"), ["explain"], "bash: a value is no command")
    same(bash("nothing", ""), [], "bash: nothing behind what is none")
    same(bash("help", "conf"), ["config"], "bash: commands behind help")


def test_options(bash, table):
    common = ["--" + o["name"] for o in table["common_options"]]
    for c in table["commands"]:
        same(bash(*c["name"].split(), "-"), sorted(common + ["--" + o["name"] for o in c["options"]]), "bash: options of " + c["name"])
    same(bash("--"), sorted(common), "bash: options before a command")
    same(bash("parse", "--", "--f"), [], "bash: none behind --")
    same(bash("parse", "--format", ""), ["json", "sisimai", "text"], "bash: values")
    same(bash("parse", "--format", "=", "t"), ["text"], "bash: values behind =")
    same(bash("parse", "--format", "="), ["json", "sisimai", "text"], "bash: values, = just typed")
    same(bash("subscriber", "set", "--status", ""), STATUSES, "bash: statuses")
    ok("soft_limit=" in bash("list", "add", "--set", "soft"), "bash: parameters of a list")
    ok("database=" not in bash("list", "add", "--set", ""), "bash: and not those of the home")
    same(bash("ingest", "--now", ""), [], "bash: nothing where nothing is known")
    names = {"--" + o["name"] for c in table["commands"] for o in c["options"]} | set(common)
    told = set(re.findall(r"^    (--[a-z-]+)\) printf", bash.script.read_text(), re.M))
    same(told - names, set(), "bash: values are of options that there are")
    place = folder()
    (place / "a box.mbox").write_text("")
    (place / "b").mkdir()
    same(sorted(bash("parse", "", cwd=place)), ["a box.mbox", "b"], "bash: files, spaces and all")


def test_lists(bash):
    run("list", "add", "weekly.x", home=bash.home)
    same(bash("report", "--list", ""), ["news", "weekly.x"], "bash: names of lists")
    same(bash("list", "show", "we"), ["weekly.x"], "bash: as an argument")
    same(bash("report", "--list", "=", "n"), ["news"], "bash: behind =")
    same(bash("--home", bash.home, "report", "--list", "", home=False), ["news", "weekly.x"], "bash: of the home that the line names")
    same(bash("--home", "=", bash.home, "report", "--list", "", home=False), ["news", "weekly.x"], "bash: also with =")
    same(bash("--home", "/nonexistent", "report", "--list", ""), [], "bash: silently none where there is no home")
    (bash.home / "bouncebox.conf").write_text("[nonsense\n")
    same(bash("report", "--list", ""), [], "bash: nor where it is broken")


def test_zsh(table):
    if not shutil.which("zsh"):
        return ok(True, "zsh # SKIP it is not installed")
    script = shell("zsh")
    same(subprocess.run(["zsh", "-n", script], capture_output=True).stderr, b"", "zsh: its syntax")

    def zsh(*words):
        got = subprocess.run(["zsh", "-f", "-c", ZSH, "zsh", str(script), "bouncebox", *words], capture_output=True, text=True)
        return got.stdout if not got.stderr else "failed: " + got.stderr

    firsts = zsh("")
    for c in table["commands"]:
        words = c["name"].split()
        ok(words[0] + ":" in firsts, "zsh: first word of " + c["name"], firsts)
        if len(words) == 2:
            seconds = zsh(words[0], "")
            ok(words[1] + ":" in seconds, "zsh: second word of " + c["name"], seconds)
        told = zsh(*words, "")
        missing = [o["name"] for o in c["options"] + table["common_options"] if "--%s[" % o["name"] not in told]
        ok(told.startswith("arguments ") and not missing, "zsh: options of " + c["name"], (missing, told))


def main():
    table, bash = run("help", "--json").json(), Bash(shell("bash"), new_home())
    got = subprocess.run(["bash", "-c", 'source "$1" && complete -p bouncebox', "bash", bash.script], capture_output=True, text=True)
    same((got.stdout.strip(), got.stderr), ("complete -F _bouncebox bouncebox", ""), "bash: complete -p")
    test_tables(table)
    test_commands(bash, table)
    test_options(bash, table)
    test_lists(bash)
    test_zsh(table)
    done()


if __name__ == "__main__":
    main()
