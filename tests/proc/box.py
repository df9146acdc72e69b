# SPDX-License-Identifier: MIT
"""What the tests of the built program share: TAP, throw-away folders, running bouncebox, our fixtures."""
import atexit
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIXTURES = ROOT / "tests" / "fixtures" / "mta"
MAKE_BOUNCES = ROOT / "tests" / "demo" / "make-bounces.py"
PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "bouncebox").resolve()
# A key that everybody knows, so that every run makes the same return paths.
KEY = "1 %s 2026-01-01T00:00:00Z active\n" % ("5a" * 32)
PATIENCE = 20  # seconds; every wait ends as soon as it can

_count = _failed = 0


def ok(holds, name, note=""):
    """One check. Answers whether it holds."""
    global _count, _failed
    _count += 1
    _failed += not holds
    print("%sok %d - %s" % ("" if holds else "not ", _count, name.replace("#", "\\#")), flush=True)
    if not holds:
        for line in str(note).splitlines()[:40]:
            print("#   " + line[:400])
    return bool(holds)


def skip(name, why):
    """A check that this machine cannot make."""
    global _count
    _count += 1
    print("ok %d - %s # SKIP %s" % (_count, name, why), flush=True)


def skip_all(why):
    """The whole test, and its end."""
    print("1..0 # SKIP " + why)
    sys.exit(0)


def same(got, want, name):
    return ok(got == want, name, "got:  %r\nwant: %r" % (got, want))


def done():
    print("1..%d" % _count)
    sys.exit(1 if _failed else 0)


def until(holds, seconds=PATIENCE):
    """Asks until it holds, and answers what it said last."""
    end = time.monotonic() + seconds
    while not (answer := holds()) and time.monotonic() < end:
        time.sleep(0.02)
    return answer


def folder():
    """A folder of its own, gone at the end."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="bouncebox-proc."))
    atexit.register(shutil.rmtree, path, True)
    return path


class Done:
    """How a run ended."""

    def __init__(self, completed):
        self.code, self.out, self.err = completed.returncode, completed.stdout or b"", completed.stderr or b""
        self.text = self.out.decode("utf-8", "replace")
        self.said = self.err.decode("utf-8", "replace")

    def lines(self):
        """JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return "exit %s\n%s\n%s" % (self.code, self.text[-2000:], self.said[-4000:])


def run(*words, home=None, stdin=b"", tz="UTC", **more):
    """Runs bouncebox. Keywords beyond these go to subprocess.run."""
    env = {k: v for k, v in os.environ.items() if k not in ("BOUNCEBOX_HOME", "TZ")}
    env["TZ"] = tz
    if home:
        env["BOUNCEBOX_HOME"] = str(home)
    if "stdout" not in more:
        more["stdout"] = subprocess.PIPE
    if "stdin" not in more:
        more["input"] = stdin
    return Done(subprocess.run([str(PROGRAM), *map(str, words)], stderr=subprocess.PIPE, env=env, timeout=55, **more))


def keyed(home, owner=None):
    """A folder for a home, with our key in it and nothing else yet; that user's, with the folder around it, if one is named."""
    home.parent.mkdir(exist_ok=True)
    home.mkdir(mode=0o700)
    (home / "keys").write_text(KEY)
    (home / "keys").chmod(0o600)
    for path in (home.parent, home, home / "keys") if owner is not None else ():
        os.chown(path, owner, owner)


def new_home(now="2026-10-01"):
    """A home with our key and the list news."""
    home = folder() / "box"
    keyed(home)
    for words in (("init",), ("list", "add", "news", "--set", "bounce_domain=bounces.example.com")):
        made = run(*words, "--now", now, home=home)
        if made.code:
            raise SystemExit("no home: %s" % made)
    return home


def make_bounces(*words):
    return subprocess.run([sys.executable, MAKE_BOUNCES, *map(str, words)], stdout=subprocess.PIPE, check=True).stdout


def corpus():
    """The folder of labelled reports that are people's mail and not ours to publish; None where it is not named."""
    named = os.environ.get("BOUNCEBOX_CORPUS")
    return pathlib.Path(named).resolve() if named else None


def corpus_or_skip():
    return corpus() or skip_all("BOUNCEBOX_CORPUS is not set")


def fixtures():
    return sorted(FIXTURES.glob("*.eml"))


def distinct_bounce(number):
    """A bounce like no other."""
    raw = fixtures()[number % len(fixtures())].read_bytes().replace(b"\r\n", b"\n")
    return raw.replace(b"Message-ID: <", b"Message-ID: <n%d." % number, 1).replace(b"Message-Id: <", b"Message-Id: <n%d." % number, 1) \
        .replace(b"Subject: ", b"Subject: (%d) " % number, 1)


def mbox(messages, quoting="mboxrd"):
    """The messages as an mbox, LF line ends; mboxrd quotes lines that are quoted already, mboxo does not."""
    out = []
    for raw in messages:
        lines = raw.replace(b"\r\n", b"\n").split(b"\n")
        if lines[-1] == b"":
            lines.pop()
        for i, line in enumerate(lines):
            bare = line.lstrip(b">") if quoting == "mboxrd" else line
            if bare.startswith(b"From "):
                lines[i] = b">" + line
        out.append(b"From MAILER-DAEMON Tue Nov 24 09:00:00 2026\n" + b"\n".join(lines) + b"\n\n")
    return b"".join(out)


def with_own_mounts():
    """Starts the test again where it may mount file systems that nobody else sees; goes on as it is where it may not."""
    may = os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
                                               stderr=subprocess.DEVNULL).returncode == 0
    if may and not os.environ.get("BB_OWN_MOUNTS"):
        os.execvpe("unshare", ["unshare", "--mount", sys.executable, *sys.argv], dict(os.environ, BB_OWN_MOUNTS="1"))
