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
          row a message before it answers (peers/lmtpd.c), against Dovecot's (peers/dovecot.py), against one session, and
          with 500 idle and 50 slow connections beside against none: ratios of messages a second
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
import threading
import time

from peers.dovecot import Dovecot, dovecot_can

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


def lmtp_tools(folder):
    load, yardstick = folder / "lmtp_load", folder / "lmtpd"
    for target, source, *more in ((load, "lmtp_load.c"), (yardstick, "peers/lmtpd.c", "-lsqlite3")):
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", target, HERE / source, *more], check=True)
    return load, yardstick


class Lmtp:
    """The servers, each begun anew with nothing stored for one measurement, and mail for them."""

    def __init__(self, program, folder):
        self.folder, self.runs = folder, 0
        self.mail = soak_mail(program)
        self.load, self.yardstick = lmtp_tools(folder)
        self.home, self.paths = self.mail.prepared(5000, folder)

    def box(self, bounces):
        path = self.mail.write_mailbox(bounces, self.paths, self.folder)
        named = self.folder / ("%d.mbox" % bounces)
        path.rename(named)
        return named

    def handed_to(self, socket, box, sessions):
        """Messages a second."""
        said = subprocess.run([self.load, "unix:%s" % socket, box, str(sessions)], stdout=subprocess.PIPE, check=True, text=True).stdout.split()
        return int(said[0]) / float(said[2])

    def ours(self, box, sessions=20, beside=None):
        from lmtp import Daemon
        self.runs += 1
        copy = self.folder / ("serve%d" % self.runs)
        shutil.copytree(self.home, copy)
        daemon = Daemon(copy, log=self.folder / "serve.log")
        held = beside(daemon) if beside else None
        rate = self.handed_to(daemon.socket, box, sessions)
        if held:
            held()
        daemon.end()
        shutil.rmtree(copy)
        return rate

    def rows(self, box):
        self.runs += 1
        at = self.folder / ("lmtpd%d" % self.runs)
        peer = subprocess.Popen([self.yardstick, at, str(at) + ".db"])
        while not at.exists():
            time.sleep(0.01)
        rate = self.handed_to(at, box, 20)
        peer.terminate()
        peer.wait()
        return rate

    def dovecot(self, box):
        self.runs += 1
        peer = Dovecot(self.folder / ("dovecot%d" % self.runs))
        rate = self.handed_to(peer.socket, box, 20)
        peer.end()
        return rate


def others(daemon):
    """500 connections that say nothing, and 50 that say one octet a second."""
    idle, stop = [daemon.client() for _ in range(500)], threading.Event()
    slow = [daemon.client(hello=False) for _ in range(50)]

    def drip():
        while not stop.wait(1):
            for client in slow:
                client.send("N")

    dripping = threading.Thread(target=drip)
    dripping.start()

    def end():
        stop.set()
        dripping.join()
        for client in idle + slow:
            client.close()
    return end


def in_turn(title, ours, theirs, pairs=PAIRS):
    """The median of the ratios of two rates, taken in turn."""
    rates = [(ours(), theirs()) for _ in range(pairs)]
    print(f"  {title:48}: {statistics.median(a / b for a, b in rates):8.4f}   ({rates[-1][0]:.0f} to {rates[-1][1]:.0f} a second, "
          "the last time)", flush=True)


def lmtp(program, folder):
    s = Lmtp(program, folder)
    many, some, few = s.box(20000), s.box(4000), s.box(2000)
    in_turn("lmtp, 20 sessions : one row each", lambda: s.ours(many), lambda: s.rows(many))
    in_turn("lmtp : 20 sessions to one", lambda: s.ours(many), lambda: s.ours(some, sessions=1), 3)
    in_turn("lmtp, 500 idle and 50 slow beside : without", lambda: s.ours(many, beside=others), lambda: s.ours(many), 5)
    why = dovecot_can()
    if why:
        print("  skipped: " + why)
    else:
        in_turn("lmtp, 20 sessions : Dovecot", lambda: s.ours(many), lambda: s.dovecot(few), 3)


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
