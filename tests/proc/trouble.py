#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A disk that fills, a disk that can only be read, a clock that jumps back: a clear error or patience, nothing lost,
nothing doubled, and it goes on by itself. The disks are made in memory, in a mount namespace of our own; that takes root.

usage: trouble.py PROGRAM
"""
import contextlib
import os
import shutil
import subprocess

from box import distinct_bounce, done, fixtures, mbox, new_home, ok, run, same, skip, until, with_own_mounts
from follow import Follower, append, FROM, stored, TOP

COPIES = 8


def mailbox():
    raw = [p.read_bytes() for p in fixtures()]
    box = TOP / "many.mbox"
    box.write_bytes(b"".join(mbox([r.replace(b"Message-ID: <", b"Message-ID: <%d." % i, 1)
                                   .replace(b"Message-Id: <", b"Message-Id: <%d." % i, 1) for r in raw]) for i in range(COPIES)))
    return box


@contextlib.contextmanager
def disk(size):
    """A home on a disk of its own."""
    top = TOP / "disk"
    top.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", top], check=True)
    try:
        home = top / "box"
        shutil.copytree(new_home(), home)
        yield top, home
    finally:
        subprocess.run(["umount", "-l", top], check=True)


def remount(top, options):
    subprocess.run(["mount", "-o", "remount," + options, top], check=True)


def fill(top):
    """Not an octet is free."""
    with contextlib.suppress(OSError), open(top / "filler", "wb", buffering=0) as f:
        while True:
            f.write(bytes(4096))


def content(home):
    return run("report", "--json", home=home).json()


def test_full(box, want):
    with disk("900k") as (top, home):
        got = run("ingest", box, home=home)
        ok(got.code == 74 and "full" in got.said, "a disk that fills: it is said", got)
        there = content(home)["reports"]
        got = run("ingest", box, home=home)
        same(got.code, 74, "a disk that is full: said again")
        same(content(home)["reports"], there, "a disk that is full: what is there can be read, and is all of it")
        remount(top, "size=50m")
        got = run("ingest", box, home=home)
        same((got.code, content(home)), (0, want), "room again: everything is there once")
        same(run("store", "check", home=home).code, 0, "room again: and sound")


def test_full_deliver():
    with disk("900k") as (top, home):
        fill(top)
        same(run("deliver", "x@y", home=home, stdin=distinct_bounce(9)).code, 75, "a disk that is full: deliver says try again")
        (top / "filler").unlink()
        same(run("deliver", "x@y", home=home, stdin=distinct_bounce(9)).code, 0, "room again: deliver stores it")
        same(content(home)["reports"], 1, "room again: once")


def test_follower(box):
    """A follower meets a full disk, and goes on by itself."""
    with disk("900k") as (top, home):
        grows = TOP / "grows.mbox"
        shutil.copy(box, grows)
        follower = Follower(home, grows)
        ok(until(lambda: b"full" in (TOP / "follower.log").read_bytes()), "a follower on a full disk says it")
        append(grows, FROM + distinct_bounce(777) + b"\n")
        remount(top, "size=50m")
        count = COPIES * len(fixtures()) + 1
        ok(until(lambda: stored(home) == count), "room again: it goes on by itself", stored(home))
        same(follower.end(), 0, "and ends well")


def test_read_only(box):
    with disk("50m") as (top, home):
        remount(top, "ro")
        got = run("ingest", box, home=home)
        ok(got.code == 77 and str(home) in got.said, "a disk that can only be read: it is said", got)
        same(run("deliver", "x@y", home=home, stdin=distinct_bounce(1)).code, 75, "a disk that can only be read: deliver says try again")
        remount(top, "rw")
        same(run("ingest", box, home=home).code, 0, "writable again: it goes on")


def test_clock(box, want):
    home = new_home()
    for now in ("2026-11-25T12:00:00Z", "2026-11-24T12:00:00Z", "2026-11-26T12:00:00Z"):
        same(run("ingest", box, "--now", now, home=home).code, 0, "a clock that says " + now)
    same(content(home), want, "a clock that jumped a day back: everything is there once")
    same(run("store", "check", home=home).code, 0, "a clock that jumped: and sound")


def main():
    box, home = mailbox(), new_home()
    run("ingest", box, home=home)
    want = content(home)
    same(want["reports"], COPIES * len(fixtures()), "undisturbed")
    test_clock(box, want)
    if os.environ.get("BB_OWN_MOUNTS"):
        test_full(box, want)
        test_full_deliver()
        test_follower(box)
        test_read_only(box)
    else:
        skip("disks that fill or can only be read", "they take root and mount namespaces")
    done()


if __name__ == "__main__":
    with_own_mounts()
    main()
