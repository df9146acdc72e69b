#!/bin/sh
# SPDX-License-Identifier: MIT
# The main job, end to end, on real bounces, in a throw-away folder.
#
# usage: run.sh PROGRAM
#
# Three issues of a newsletter go out; the bounces that come back were written by six real MTAs
# (tests/fixtures/mta) and carry our signed return paths. The same bounces untouched go to a second list.
# KEEP=1 leaves the folder behind.
set -eu

program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
fixtures=$(cd "$here/../fixtures/mta" && pwd)
top=$(cd "$here/../.." && pwd)
home=$(mktemp -d "${TMPDIR:-/tmp}/bouncebox-demo.XXXXXX")
[ -n "${KEEP:-}" ] || trap 'rm -rf "$home"' EXIT
trap 'exit 130' INT TERM
cd "$home"
export BOUNCEBOX_HOME=box

say() { printf '\n== %s\n' "$*"; }
# Shows the command as a person would type it, then runs it.
run() {
    printf '\n$ bouncebox'
    for word; do
        word=${word#"$top"/}
        case $word in *[!A-Za-z0-9@._=/:+-]*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
    done
    printf '\n'
    "$program" "$@"
}
make_bounces() { python3 "$here/make-bounces.py" "$@"; }

# One issue: send it (on paper), and let its bounces come back a day later.
issue() { # number sent read
    "$program" mailing add --list news "issue $1" --sent "$2Z" >/dev/null --now "$2Z"
    "$program" mailing sent "$1" --all --now "$2Z" >/dev/null
    "$program" verp encode --list news --mailing "$1" --all --now "$2Z" >return-paths
    make_bounces mailbox "$fixtures" "$1" "$2" return-paths >"issue-$1.mbox"
    run ingest "issue-$1.mbox" --now "$3"
}
# Seven readers whose stories differ.
readers() { # now
    run subscriber show postfix-unknown@post.example exim-full@post.example postfix-dfull@inbox.example \
        opensmtpd-tfull@letterbox.example sendmail-spam@mail.example.net courier-delay@mail.example.net \
        reader00@post.example --list news --now "$1"
}

say 'A home, two lists, 119 readers'
run init
run list add news --set bounce_domain=bounces.example.com
run list add originals
make_bounces readers "$fixtures" >readers.csv
run subscriber import --list news readers.csv --now 2026-10-01
say 'Before: everybody is active'
readers 2026-10-01

say 'Three issues go out and their bounces come back'
issue 1 2026-10-26T09:00:00 2026-10-27
issue 2 2026-11-05T09:00:00 2026-11-06
issue 3 2026-11-20T09:00:00 2026-11-21T12:00:00Z

say 'After: the same readers'
readers 2026-11-21T12:00:00Z
run list show news --now 2026-11-21T12:00:00Z

say 'The untouched originals: nobody vouches for them, so they act on nobody'
{
    echo email
    python3 - "$fixtures" <<'PY'
import pathlib, re, sys
text = b"".join(p.read_bytes() for p in pathlib.Path(sys.argv[1]).glob("*.eml"))
for a in sorted(set(re.findall(rb"[a-z]+@(?:remote|nohost|refused|nullmx|badmx)\.test", text))):
    print(a.decode())
PY
} >originals.csv
run subscriber import --list originals originals.csv --now 2026-11-01
run ingest --list originals "$fixtures" --now 2026-11-24
run list show originals --now 2026-11-24

say 'How are we doing'
run report --list news --now 2026-11-24

say 'Why: removed for one hard bounce'
run explain postfix-unknown@post.example --now 2026-11-21T12:00:00Z
say 'Why: removed for three soft bounces within 30 days'
run explain exim-full@post.example --now 2026-11-21T12:00:00Z
say 'Why: in quarantine'
run explain postfix-dfull@inbox.example --now 2026-11-21T12:00:00Z

say 'What to type next'
cat <<NEXT
  build/bouncebox help                         all commands
  build/bouncebox parse ~/some-bounces.mbox    what your own bounces say; touches nothing
  build/bouncebox init --home ~/box            a home of your own, then: list add, subscriber import, ingest
  KEEP=1 ./dev run                             keeps this demonstration's folder, to look around in
NEXT
[ -z "${KEEP:-}" ] || echo "  kept: BOUNCEBOX_HOME=$home/box"
