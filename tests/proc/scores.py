# SPDX-License-Identifier: MIT
"""Labelled mail and what was read in it: labels.tsv beside a folder of messages, and figures over both.

A label names a message's kind (one for all its recipients, or one each; "a|b": either is right), its recipients (and
other spellings that will do), and whether it is a bounce. "unsure" counts for detection and recipients only.
"""
import collections
import csv
import os
import re

BOUNCES = ("hard", "soft", "block", "delayed")
OURS = {"feedback": "complaint", "success": "delivered", "none": "other"}  # what labels call our kinds

Label = collections.namedtuple("Label", "id family kinds recipients statuses bounce")


def plain(address):
    address = address.strip().lower().strip("<> ").rstrip(".")
    bare = re.fullmatch(r'"([\w!#$%&\'*+/=?^`{|}~.-]+)"@(.+)', address)
    return "%s@%s" % bare.groups() if bare and not re.search(r"^\.|\.\.|\.$", bare[1]) else address


def labels(path):
    """By id. Recipients are sets of spellings; kinds are sets, one a recipient or one alone."""
    found = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            kinds = [{OURS.get(k, k) for k in cell.split("|")} for cell in (row["kind"] or "unsure").split(",")]
            to = [{plain(a)} for a in (row["recipients"] or "").split(",") if a]
            for spellings, more in zip(to, (row.get("alt_recipients") or "").split(",")):
                spellings.update(plain(a) for a in more.split("|") if a)
            if len(kinds) == 1:
                kinds *= max(1, len(to))
            statuses = (row["status"] or "").split(",")
            bounce = row.get("is_bounce") or ("yes" if kinds[0] & set(BOUNCES) else "no")
            if bounce == "?" or (not row.get("is_bounce") and kinds == [{"unsure"}]):
                continue
            found[row["id"]] = Label(row["id"], row["source_repo"], kinds, to, statuses * len(kinds), bounce == "yes")
    return found


class Figures:
    """Counts, and the percentages made of them."""

    def __init__(self):
        self.n = collections.Counter()
        self.wrong = []  # (what is wrong, id)

    def note(self, what, label):
        self.wrong.append((what, label.id))

    def add(self, label, rows):
        """rows: what was read, a dictionary a recipient, as bouncebox parse writes them."""
        told = BOUNCES + ("delivered",) * (label.bounce and any("delivered" in k for k in label.kinds))  # so are notices of success
        said = [r for r in rows if r["kind"] in told]
        if label.bounce:
            self.n["bounces"] += 1
            self.n["seen"] += bool(said)
            if not said:
                self.note("not seen", label)
            self._recipients(label, said)
            return
        self.n["others"] += 1
        kinds = {r["kind"] for r in rows} or {"other"}
        right = not said and kinds & label.kinds[0]
        self.n["others right"] += bool(right)
        self.n["others acted upon"] += bool({"hard", "soft", "block"} & kinds)
        self.n["false hard"] += "hard" in kinds
        if not right:
            self.note("/".join(sorted(kinds)), label)

    def _recipients(self, label, said):
        left = {}
        for row in said:
            left.setdefault(plain(row["recipient"]), row)
        matched = [next((left.pop(a) for a in sorted(spellings) if a in left), None) for spellings in label.recipients]
        wrong = [row for address, row in left.items() if address and not any(address in s for s in label.recipients)]
        exact = not wrong and None not in matched
        self.n["sets"] += exact
        if not exact:
            self.note("recipients", label)
        self.n["hard for others"] += sum(row["kind"] == "hard" for row in wrong)
        for kinds, status, row in zip(label.kinds, label.statuses, matched or [said[0] if said else None]):
            self._kind(label, kinds, status, row)

    def _kind(self, label, kinds, status, row):
        if "unsure" in kinds:
            return
        kind = row["kind"] if row else None
        folded = {"soft" if k == "delayed" else k for k in kinds}
        right = ("soft" if kind == "delayed" else kind) in folded
        self.n["kinds"] += 1
        self.n["kinds right"] += right
        if row and not right:
            self.note("%s for %s" % (kind, "|".join(sorted(kinds))), label)
        self.n["false hard"] += kind == "hard" and "hard" not in kinds
        if kinds == {"delayed"}:
            self.n["delayed"] += 1
            self.n["delayed right"] += kind in ("delayed", None)
        if row and row["status"] and status:
            self.n["statuses"] += 1
            self.n["statuses right"] += row["status"] == status

    def tell(self):
        """Names what is wrong to somebody who asked for it."""
        if os.environ.get("BB_VERBOSE"):
            for what, name in sorted(self.wrong):
                print("#   %s: %s" % (what, name))

    def percent(self, part, whole):
        return 100 * self.n[part] / self.n[whole] if self.n[whole] else 100.0

    def table(self):
        return {
            "seen": self.percent("seen", "bounces"), "recipients": self.percent("sets", "bounces"),
            "kind": self.percent("kinds right", "kinds"), "delayed": self.percent("delayed right", "delayed"),
            "status": self.percent("statuses right", "statuses"), "others": self.percent("others right", "others"),
        }  # fmt: skip
