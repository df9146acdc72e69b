#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Real bounces, made to be about other mail: what a newsletter's bounce mailbox would hold.

    make-bounces.py readers FIXTURES             the readers, as CSV for `bouncebox subscriber import`
    make-bounces.py mailbox FIXTURES ISSUE SENT RETURN_PATHS
                                                 the bounces of one issue as an mbox on standard output

The fixtures are bounces that six real MTAs wrote (tests/fixtures/mta). Only four things are changed, in every
place where they stand: the return path, the recipients, the Message-IDs and the dates. Each fixture
<mta>-<case> belongs to one reader, whose id on the list is that name; later reports on the same mail
(<mta>-<case>-2, ...) come back to the same return path. RETURN_PATHS is a file of lines
"<id on the list> <address> <return path>".
"""
import datetime as dt
import email.utils
import pathlib
import re
import sys

# Where the fixtures' recipients live, and where the readers do.
PROVIDERS = ["post.example", "inbox.example", "letterbox.example", "mail.example.net", "example.org"]
PECULIAR = {"nohost.test": "closed-shop.example", "refused.test": "asleep.example",
            "nullmx.test": "takes-no-mail.example", "badmx.test": "bad-mx.example"}
FAILING = re.compile(rb"[A-Za-z0-9.+_-]+@(?:remote|nohost|refused|nullmx|badmx)\.test")
DATE = re.compile(rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"
                  rb"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
QUIET = 40  # readers whose mail arrives

# Which cases bounce again on the second and third issue. Full mailboxes stay full for a while.
CASES = {1: re.compile(r"."), 2: re.compile(r"-(full|tfull|spam)$"), 3: re.compile(r"-(full|dfull|delay)$")}


def case_of(path):
    return re.sub(r"-\d+$", "", path.stem)


def reader_address(name, fixture):
    """The holder is whom the returned message was written to."""
    found = FAILING.search(fixture, fixture.rindex(b"\nTo: "))
    if not found:
        sys.exit(f"{name}: the demonstration needs a returned message to a .test address; "
                 "samples that you wrote belong in tests/golden/prose")
    to = found.group().decode()
    domain = to.split("@")[1]
    home = PECULIAR.get(domain) or PROVIDERS[sum(name.encode()) % len(PROVIDERS)]
    return to, f"{name}@{home}"


def fixtures(folder):
    return sorted(pathlib.Path(folder).glob("*.eml"))


def readers(folder):
    print("id,email,date")
    for path in fixtures(folder):
        if case_of(path) == path.stem:
            print(f"{path.stem},{reader_address(path.stem, path.read_bytes())[1]},2026-01-15")
    for n in range(QUIET):
        print(f"quiet-{n:02d},reader{n:02d}@{PROVIDERS[n % len(PROVIDERS)]},2026-01-15")


def shift_dates(mail, sent):
    """The first hop's date becomes the sending of the issue; every other date keeps its distance to it."""
    dates = [email.utils.parsedate_to_datetime(d.decode()) for d in DATE.findall(mail)]
    delta = sent - min(dates)

    def moved(match):
        text = match.group().decode()
        out = email.utils.format_datetime(email.utils.parsedate_to_datetime(text) + delta)
        return (out.replace("+0000", "GMT") if text.endswith("GMT") else out).encode()
    return DATE.sub(moved, mail), dates[0] + delta


def rewrite(name, mail, issue, sent, address, return_path):
    holder, _ = reader_address(name, mail)
    domain = holder.split("@")[1]
    home = address.split("@")[1]
    mail = re.sub(rb"bounce-[a-z]+@bounce\.test", return_path.encode(), mail)
    mail = mail.replace(holder.encode(), address.encode())
    mail = re.sub(rb"(?<![A-Za-z0-9.+_-])([a-z]+)@" + re.escape(domain.encode()),
                  lambda m: b"another-" + m.group(1) + b"@" + home.encode(), mail)
    mail = re.sub(rb"(?<![A-Za-z0-9-])((?:[a-z0-9-]+\.)*)" + re.escape(domain.encode()),
                  lambda m: m.group(1) + home.encode(), mail)
    mail = re.sub(rb"(?mi)^(Message-ID:\s*<|References:\s*<)([^>@]+)@",
                  lambda m: m.group(1) + m.group(2) + f".issue{issue}@".encode(), mail)
    return shift_dates(mail, sent)


def mailbox(folder, issue, sent, return_paths):
    who = {}
    for line in open(return_paths, encoding="utf-8"):
        reader, address, path = line.split()
        who[reader] = (address, path)
    out = sys.stdout.buffer
    for path in fixtures(folder):
        name = case_of(path)
        if not CASES[issue].search(name):
            continue
        mail, arrived = rewrite(name, path.read_bytes(), issue, sent, *who[name])
        out.write(f"From MAILER-DAEMON {arrived.strftime('%a %b %e %H:%M:%S %Y')}\n".encode())
        out.write(re.sub(rb"(?m)^(>*From )", rb">\1", mail.replace(b"\r\n", b"\n")))
        out.write(b"\n" if mail.endswith(b"\n") else b"\n\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["readers"] and len(sys.argv) == 3:
        readers(sys.argv[2])
    elif sys.argv[1:2] == ["mailbox"] and len(sys.argv) == 6:
        when = dt.datetime.fromisoformat(sys.argv[4]).replace(tzinfo=dt.timezone.utc)
        mailbox(sys.argv[2], int(sys.argv[3]), when, sys.argv[5])
    else:
        sys.exit(__doc__)
