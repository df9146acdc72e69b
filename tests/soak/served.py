#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The daemon for long: killed with -9 forty times under load, by senders that send again what was not answered; and 20,000
messages in one run, over which its memory stays flat.

usage: served.py PROGRAM [MESSAGES]
"""
import pathlib
import re
import sys
import threading
import time

from mail import MAILINGS, prepared, sources
from box import done, folder, ok, run, same
from lmtp import Daemon
from serve_trouble import killed, keys_of

MESSAGES = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
SENDERS, MEMORY = 20, 96 << 10  # KiB
TOP = folder()


def memory(pid):
    return int(re.search(r"RssAnon:\s+(\d+)", pathlib.Path("/proc/%d/status" % pid).read_text()).group(1))


def message(i, raws, paths):
    """A report like no other, and the return path that it comes to."""
    people = len(paths[0])
    _, address, path = paths[i // people % len(MAILINGS)][i % people]
    raw, reported = raws[i * 7919 % len(raws)]
    raw = re.sub(rb"(?mi)^(message-id:\s*<)", rb"\g<1>%d." % i, raw, count=1)
    raw = raw.replace(reported, address.encode()) if reported and b"@" in reported else raw
    return path, b"Received: by mx.example.com (Postfix) id %d; Tue, 10 Nov 2026 10:00:00 +0000\n" % i + raw


def test_flat():
    home, paths = prepared(MESSAGES // len(MAILINGS), TOP)
    raws = sources()
    d = Daemon(home, log=TOP / "flat.log")
    bad, seen, stop = [], [], threading.Event()

    def send(k):
        c = d.client(seconds=60)
        for i in range(k, MESSAGES, SENDERS):
            path, raw = message(i, raws, paths)
            bad.extend(r for r in c.mail(path, raw) if r[0] != 250)
        c.close()

    def watch():
        while not stop.wait(0.1):
            seen.append(memory(d.p.pid))

    watcher = threading.Thread(target=watch)
    senders = [threading.Thread(target=send, args=(k,)) for k in range(SENDERS)]
    begin = time.monotonic()
    for t in [watcher, *senders]:
        t.start()
    for t in senders:
        t.join()
    took = time.monotonic() - begin
    stop.set()
    watcher.join()
    third = len(seen) // 3
    print("# %d messages by %d clients in %.1f s; at most %d MiB of anonymous memory, in the first third %d"
          % (MESSAGES, SENDERS, took, max(seen) >> 10, max(seen[:third] or [0]) >> 10))
    same((bad, keys_of(home)), ([], (MESSAGES, MESSAGES)), "%d messages: each stored once" % MESSAGES)
    ok(max(seen) <= MEMORY, "memory is flat: at most %d MiB" % (MEMORY >> 10), max(seen))
    same(d.end(), 0, "it ends well")
    same(run("store", "check", "--json", home=home).json()["judged_otherwise"], 0, "each status follows from its facts")


def main():
    killed(MESSAGES, 40)
    test_flat()
    done()


if __name__ == "__main__":
    main()
