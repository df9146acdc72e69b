#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures bouncebox against yardsticks on the same machine, in the same run.

    bench.py PROGRAM [accuracy] [parse] [rules] [start] [ingest] [lmtp] [import]      all of them without a name

accuracy  what the program says of labelled reports, beside what other parsers say. The reports are people's
          mail and not ours to publish: BOUNCEBOX_CORPUS names the folder that holds them and their scorer
          (`measure`); without it this is skipped.
parse     CPU seconds for an mbox, against GMime (a library's bare parse), Sisimai and grep
rules     CPU seconds for an mbox with three times the rules (twice as many of an operator's before the built-in ones),
          against the built-in ones alone
start     CPU seconds for one message, the start of the process included, against Sisimai
ingest    seconds for 20,000 bounces about 5,000 subscribers, read, judged and durable, against one row a bounce into
          SQLite, as durable (peers/sqlite.c): the ratio is that of bounces to rows a second
lmtp      the same bounces handed to the daemon by 20 sessions (lmtp_load.c), against a server that only commits one
          row a message before it answers (peers/lmtpd.c): the ratio of messages a second
import    seconds and memory for a million subscribers

A machine drifts by a third within minutes, so every figure is a ratio of two runs taken in turn: the median of
seven pairs.
"""
import json
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "tests/fixtures/mta"
PAIRS = 7
QUOTE = re.compile(rb"^(>*From )", re.M)


def messages():
    """What is parsed: the corpus where it is there, else our fixtures."""
    corpus = os.environ.get("BOUNCEBOX_CORPUS")
    return sorted((pathlib.Path(corpus) / "messages" if corpus else FIXTURES).rglob("*.eml"))


def make_mbox(path, files, times):
    out = []
    for file in files:
        body = file.read_bytes().replace(b"\r\n", b"\n")
        if body.startswith(b"From "):
            body = body.partition(b"\n")[2]
        out.append(b"From MAILER-DAEMON Thu Jan  1 00:00:00 2015\n" + QUOTE.sub(rb">\1", body) + b"\n\n")
    with open(path, "wb") as mbox:
        for _ in range(times):
            mbox.writelines(out)
    return len(out) * times


def cpu(command):
    """CPU seconds, user and system, of one run. Into a file: grep that writes to /dev/null ends at its first match."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile() as out:
        subprocess.run(command, stdout=out, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def against(what, ours, theirs, pairs=PAIRS):
    cpu(ours), cpu(theirs)  # both warm
    seconds = [(cpu(ours), cpu(theirs)) for _ in range(pairs)]
    ratio = statistics.median(a / b for a, b in seconds)
    print(f"  {what:<36} {ratio:8.4f}   (ours {statistics.median(a for a, _ in seconds):.4f} s, "
          f"theirs {statistics.median(b for _, b in seconds):.4f} s)", flush=True)


def gmime(folder):
    """Built here, because Debian packages the library alone. None where it is missing."""
    program = folder / "gmime"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gmime-3.0"], capture_output=True, text=True)
    if flags.returncode:
        return None
    subprocess.run(["cc", "-O2", "-o", program, HERE / "peers/gmime.c", *flags.stdout.split()], check=True)
    return program


def sisimai():
    found = subprocess.run(["perl", "-MSisimai", "-e", "1"], capture_output=True)
    return ["perl", HERE / "peers/sisimai.pl"] if found.returncode == 0 else None


def accuracy(program, _):
    corpus = os.environ.get("BOUNCEBOX_CORPUS")
    if not corpus:
        print("  skipped: BOUNCEBOX_CORPUS is not set")
        return
    subprocess.run([pathlib.Path(corpus) / "measure", "--bouncebox", program], check=True)


def parse(program, folder):
    big, small = folder / "big.mbox", folder / "small.mbox"
    n = make_mbox(big, messages(), 25)
    few = make_mbox(small, messages(), 2)
    print(f"  {n} messages, {big.stat().st_size / 1e6:.1f} MB; against Sisimai {few} of them")
    peer = gmime(folder)
    if peer:
        against("parse and classify : GMime's parse", [program, "parse", big], [peer, big])
    against("parse and classify : grep -c", [program, "parse", big], ["grep", "-c", "^From ", big])
    if sisimai():
        against("parse and classify : Sisimai", [program, "parse", small], [*sisimai(), small], 3)


def own_rules(path, n):
    """An operator's n rules, whose words are as people write them, and begin as those of other rules do."""
    begin = ("your message", "mailbox of", "the account", "this domain", "mail from", "we do not", "delivery to", "user has",
             "service for", "access from", "policy on", "message was", "recipient is", "sender not", "too many", "temporary")
    middle = ("accepted", "archived", "deferred", "declined", "discarded", "filtered", "forwarded", "held", "listed", "locked",
              "migrated", "parked", "quarantined", "queued", "redirected", "removed", "retired", "returned", "reviewed", "scored")
    end = ("by office", "on cluster", "at gateway", "in region", "for tenant", "under contract", "per agreement", "since audit")
    kinds = ("soft systemerror", "block policyviolation", "block rejected", "hard userunknown")
    with open(path, "w") as out:
        for i in range(n):
            kind, reason = kinds[i % len(kinds)].split()
            words = ["%s %s %s %d" % (begin[(i + k) % len(begin)], middle[(i // 3 + k) % len(middle)], end[(i // 7 + k) % len(end)], i)
                     for k in range(16)]
            words[3] = words[3].replace(" ", " * ", 1)
            out.write("rule own-%d\n  kind %s\n  reason %s\n  words %s\n" % (i, kind, reason, " ".join('"%s"' % w for w in words)))
            out.write("  sample 550 %s\n  sample 550 so %s\n" % (words[0], words[1]))
            out.write("code 5.%d.%d %s %s\n" % (8 + i // 900, 100 + i % 900, kind, reason))


def rules(program, folder):
    listed = subprocess.run([program, "rules", "list", "--json"], stdout=subprocess.PIPE, check=True)
    count, words = len(json.loads(listed.stdout)["rules"]), folder / "own.rules"
    own_rules(words, count)  # each with a line of the table of codes: twice as many
    big = folder / "big.mbox"
    n = make_mbox(big, messages(), 25)
    print(f"  {n} messages; {count} rules, and {2 * count} more before them")
    against("three times the rules : built in", [program, "parse", "--rules", words, big], [program, "parse", big])


def start(program, folder):
    one = folder / "one.mbox"
    make_mbox(one, messages()[:1], 1)
    if sisimai():
        against("one message, a fresh process : Sisimai", [program, "parse", one], [*sisimai(), one])
    else:
        print("  skipped: Sisimai is not installed")


def took(command, **more):
    """Seconds on the wall: waiting for the disk counts."""
    begin = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, **more)
    return time.monotonic() - begin


def soak_mail(program):
    """The generator of tests/soak, which runs the program that it is told."""
    sys.path.insert(0, str(HERE.parent / "tests/soak"))
    sys.path.insert(0, str(HERE.parent / "tests/proc"))
    sys.argv = [sys.argv[0], str(program)]
    import mail
    return mail


def ingest(program, folder):
    bounces, rows = 20000, 100000
    mail, yardstick = soak_mail(program), folder / "sqlite"
    subprocess.run(["cc", "-O2", "-o", yardstick, HERE / "peers/sqlite.c", "-lsqlite3"], check=True)
    home, paths = mail.prepared(bounces // 4, folder)
    box = mail.write_mailbox(bounces, paths, folder)
    ratios = []
    for i in range(PAIRS):
        copy = folder / ("home%d" % i)
        shutil.copytree(home, copy)
        ours = took([program, "ingest", "--now", "2026-11-25", box], env=dict(os.environ, BOUNCEBOX_HOME=str(copy)))
        theirs = took([yardstick, folder / ("rows%d.db" % i), str(rows)])
        ratios.append((bounces / ours) / (rows / theirs))
        shutil.rmtree(copy)
        (folder / ("rows%d.db" % i)).unlink()
    print(f"  ingest, bounces to rows a second : SQLite {statistics.median(ratios):8.4f}   (ours {bounces / ours:.0f} a second, "
          f"theirs {rows / theirs:.0f}, the last time)", flush=True)


def lmtp(program, folder):
    bounces, sessions = 20000, "20"
    mail, load, yardstick = soak_mail(program), folder / "lmtp_load", folder / "lmtpd"
    from lmtp import Daemon
    for target, source, *more in ((load, "lmtp_load.c"), (yardstick, "peers/lmtpd.c", "-lsqlite3")):
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", target, HERE / source, *more], check=True)
    home, paths = mail.prepared(bounces // 4, folder)
    box = mail.write_mailbox(bounces, paths, folder)

    def handed_to(socket):
        said = subprocess.run([load, "unix:%s" % socket, box, sessions], stdout=subprocess.PIPE, check=True, text=True).stdout
        return float(said.split()[2])

    ratios = []
    for i in range(PAIRS):
        copy, theirs_at = folder / ("serve%d" % i), folder / ("lmtpd%d" % i)
        shutil.copytree(home, copy)
        daemon = Daemon(copy, log=folder / "serve.log")
        ours = handed_to(daemon.socket)
        daemon.end()
        peer = subprocess.Popen([yardstick, theirs_at, folder / ("lmtpd%d.db" % i)])
        while not theirs_at.exists():
            time.sleep(0.01)
        theirs = handed_to(theirs_at)
        peer.terminate()
        peer.wait()
        ratios.append(theirs / ours)
        shutil.rmtree(copy)
    print(f"  lmtp, messages a second : one row each {statistics.median(ratios):8.4f}   (ours {bounces / ours:.0f} a second, "
          f"theirs {bounces / theirs:.0f}, the last time)", flush=True)


def import_(program, folder):
    people, home = folder / "people.csv", folder / "importing"
    with open(people, "w") as out:
        out.write("id,email\n")
        out.writelines("%d,reader%d@d%d.example.org\n" % (i, i, i % 997) for i in range(1000000))
    env = dict(os.environ, BOUNCEBOX_HOME=str(home))
    for words in (("init",), ("list", "add", "news")):
        subprocess.run([program, *words], stdout=subprocess.DEVNULL, check=True, env=env)
    job = subprocess.Popen([program, "subscriber", "import", "--list", "news", people], stdout=subprocess.DEVNULL, env=env)
    begin, most = time.monotonic(), 0
    while job.poll() is None:
        try:
            found = re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{job.pid}/status").read_text())
            most = max(most, int(found[1]) if found else 0)
        except OSError:
            pass
        time.sleep(0.01)
    print(f"  a million subscribers: {time.monotonic() - begin:.1f} s, at most {most >> 10} MiB of anonymous memory", flush=True)


MEASURES = {"accuracy": accuracy, "parse": parse, "rules": rules, "start": start, "ingest": ingest, "lmtp": lmtp, "import": import_}


def main():
    program, wanted = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:] or list(MEASURES)
    unknown = [name for name in wanted if name not in MEASURES]
    if unknown:
        sys.exit(f"bench: no such measure: {', '.join(unknown)} (there are: {', '.join(MEASURES)})")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bouncebox-bench."))
    try:
        for name in wanted:
            print(f"== {name}", flush=True)
            MEASURES[name](program, folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main()
