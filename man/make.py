#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the manual pages (mdoc) of their hand-written frames (*.in), the program's own tables and rules/README.md.

usage: make.py PROGRAM PAGE...      each PAGE is a file to write; its name says which page it is
"""
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
RULES = HERE.parent / "rules" / "README.md"


# ---- text into mdoc ----------------------------------------------------------------------------------------

def escaped(text):
    """Text that means itself, wherever it stands in a line of text."""
    return text.replace("\\", "\\e").replace("--", "\\-\\-")


def line(text):
    """A line as it stands: what begins it is no macro."""
    return ("\\&" if text[:1] in (".", "'") else "") + escaped(text)


def prose(text):
    """Text to be filled, a line for each sentence."""
    return re.sub(r'(?<=[.!?:]) +(?=(\\f.)?["(]?[A-Z])', "\n", text)


def word(text):
    """One argument of a macro."""
    text = escaped(text).replace('"', '\\(dq')
    return '"%s"' % text if " " in text or text in ("|", ".", ",", ";", ":", "?", "!", "(", ")", "[", "]") else text


def paragraphs(text):
    return "\n.Pp\n".join("\n".join(prose(line(l)) for l in part.splitlines()) for part in text.strip("\n").split("\n\n"))


# ---- commands -----------------------------------------------------------------------------------------------

def lowered(sentence):
    return sentence[:1].lower() + sentence[1:]


def option(o):
    return "Fl -%s" % o["name"] + (" Ar %s" % word(o["value"]) if o["value"] else "")


def options(rows):
    if not rows:
        return ""
    items = [".It %s\n%s%s" % (option(o), prose(line(o["help"])), "; may be given again" if o["many"] else "") for o in rows]
    return "\n".join([".Bl -tag -width Ds", *items, ".El"])


def arguments(command):
    out = []
    for a in command["arguments"].split():
        optional = a.startswith("[") and a.endswith("]")
        out.append(".Op Ar %s" % word(a[1:-1]) if optional else ".Ar %s" % word(a))
    return out


def synopsis(command):
    lines = [".Nm bouncebox %s" % command["name"]]
    lines += [".Op %s%s" % (option(o), " ..." if o["many"] else "") for o in command["options"]]
    return "\n".join(lines + arguments(command))


def description(command, alone):
    parts = [] if alone else [".Ss " + command["name"]]
    parts.append(line(command["summary"]) + ".")
    if command["text"]:
        parts += [".Pp", paragraphs(command["text"])]
    if command["options"]:
        parts.append(options(command["options"]))
    return "\n".join(parts)


def examples(commands):
    return "\n".join(line(l[2:] if l.startswith("  ") else l) for c in commands for l in c["examples"].splitlines())


def of_word(table, first):
    return [c for c in table["commands"] if c["name"].split()[0] == first]


def command_page(table, first):
    mine = of_word(table, first)
    if not mine:
        raise SystemExit("make.py: there is no command " + first)
    return {"TITLE": "BOUNCEBOX-" + first.upper(), "NAME": "bouncebox-" + first,
            "SUMMARY": escaped("; ".join(lowered(c["summary"]) for c in mine)),
            "SYNOPSIS": "\n".join(map(synopsis, mine)),
            "DESCRIPTION": "\n".join(description(c, len(mine) == 1) for c in mine), "EXAMPLES": examples(mine)}


def first_words(table):
    return list(dict.fromkeys(c["name"].split()[0] for c in table["commands"] if c["name"] != "help"))


def main_page(table, pages):
    wanted, made = {"bouncebox-%s.1" % w for w in first_words(table)}, {p for p in pages if re.match(r"bouncebox-\w+\.1$", p)}
    if wanted != made:
        raise SystemExit("make.py: man/meson.build has not the pages of the commands: %s" % ", ".join(sorted(wanted ^ made)))
    items = []
    for c in table["commands"]:
        page = "" if c["name"] == "help" else "\nSee\n.Xr bouncebox-%s 1 ." % c["name"].split()[0]
        head = " ".join(["Ic", c["name"]] + [a[1:] for a in arguments(c)])
        items.append(".It %s\n%s.%s" % (head, line(c["summary"]), page))
    return {"COMMANDS": "\n".join([".Bl -tag -width Ds", *items, ".El"]),
            "COMMON_OPTIONS": options(table["common_options"]), "HELP_OPTIONS": options(of_word(table, "help")[0]["options"]),
            "EXITS": "\n".join([".Bl -tag -width Ds -compact", *(".It %d\n%s" % (e["code"], line(e["meaning"]))
                                                               for e in table["exit_codes"]), ".El"]),
            "PAGES": "\n".join(".Xr bouncebox-%s 1 ," % w for w in sorted(first_words(table)))}


# ---- parameters ------------------------------------------------------------------------------------------------

def parameter(p):
    takes = p["values"] if p["type"] in ("word", "boolean") else "%s (%s)" % (p["values"], p["range"])
    default = "Default: %s." % escaped(p["default"]) if p["default"] else "Default: empty."
    return ".It Ic %s No = %s\n%s\n%s" % (p["name"], word(takes), line(p["help"]), default)


def parameters(rows, section):
    return "\n".join([".Bl -tag -width Ds", *(parameter(p) for p in rows if p["section"] == section), ".El"])


# ---- rules/README.md ---------------------------------------------------------------------------------------------

def inline(text):
    """Markdown within a line: code and strong become bold, emphasis italic, a link its words."""
    text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text)
    out = []
    for piece in re.split(r"(`[^`]+`|\*\*.+?\*\*)", text):
        bold = re.fullmatch(r"`(.+)`|\*\*(.+)\*\*", piece)
        if bold:
            out.append("\\fB%s\\fP" % escaped((bold.group(1) or bold.group(2)).replace("`", "")))
        else:
            out.append(re.sub(r"(?<!\w)\*(\w[^*]*\w)\*(?!\w)", r"\\fI\1\\fP", escaped(piece)))
    out = "".join(out)
    return ("\\&" if out[:1] in (".", "'") else "") + out


def cells(row):
    return [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def table(rows):
    items = []
    for row in map(cells, rows[2:]):
        head, body = (row[:2], row[2:]) if len(row) > 2 else (row[:1], row[1:])
        items.append('.It "%s"\n%s' % ("  ".join(inline(h).replace('"', "\\(dq") for h in head), prose(inline(" ".join(body)))))
    return "\n".join([".Bl -tag -width Ds", *items, ".El"])


def list_items(lines):
    """The items of a list: (first line and what goes on, indent taken off)."""
    items = []
    for l in lines:
        if re.match(r"(\*|\d+\.) ", l):
            items.append([re.sub(r"^(\*|\d+\.) +", "", l)])
        else:
            items[-1].append(re.sub(r"^ {1,3}", "", l))
    return items


def listing(lines):
    kind = "-bullet" if lines[0].startswith("*") else "-enum"
    out = [".Bl %s" % kind]
    for item in list_items(lines):
        out += [".It", blocks(item)]
    return "\n".join(out + [".El"])


def take(lines, at, belongs):
    end = at + 1
    while end < len(lines) and belongs(lines[end]):
        end += 1
    return lines[at:end], end


def blocks(lines):
    """Markdown into mdoc, block after block."""
    out, at = [], 0
    while at < len(lines):
        l = lines[at]
        if not l.strip():
            at += 1
            if out and not re.match(r"\.(Sh|Pp)", out[-1]):
                out.append(".Pp")
        elif l.startswith("```"):
            end = lines.index("```", at + 1)
            out.append(".Bd -literal -offset indent\n%s\n.Ed" % "\n".join(map(line, lines[at + 1:end])))
            at = end + 1
        elif l.startswith("#"):
            out.append(".Sh " + l.lstrip("# ").upper())
            at += 1
        elif l.startswith("|"):
            rows, at = take(lines, at, lambda x: x.startswith("|"))
            out.append(table(rows))
        elif re.match(r"(\*|\d+\.) ", l):
            items, at = take(lines, at, lambda x: x.strip() and not x.startswith(("#", "|", "```")))
            out.append(listing(items))
        else:
            text, at = take(lines, at, lambda x: x.strip() and not re.match(r"#|\||```|\* |\d+\. ", x))
            out += [prose(inline(t)) for t in joined(text)]
    return "\n".join(tidy(out))


def joined(lines):
    """Lines of which none ends within code or bold."""
    out = []
    for l in lines:
        open_before = out and (out[-1].count("`") % 2 or out[-1].count("**") % 2)
        if open_before:
            out[-1] += " " + l
        else:
            out.append(l)
    return out


def tidy(out):
    """No empty paragraphs: before a section or list, behind a section, at the end."""
    kept = []
    for piece in out:
        if piece.startswith((".Sh", ".Bd", ".Bl")) and kept and kept[-1] == ".Pp":
            kept.pop()
        if piece == ".Pp" and (not kept or kept[-1].startswith(".Sh")):
            continue
        kept.append(piece)
    if kept and kept[-1] == ".Pp":
        kept.pop()
    return kept


def rules():
    return blocks(RULES.read_text().splitlines()[1:])


# ---- pages ---------------------------------------------------------------------------------------------------------

def asked(program, *words):
    return json.loads(subprocess.run([program, *words, "--json"], stdout=subprocess.PIPE, check=True).stdout)


def fill(frame, values):
    def value(match):
        return values[match.group(1)]
    lines = [l for l in (HERE / frame).read_text().splitlines() if not l.startswith('.\\" @')]
    return re.sub(r"@([A-Z_]+)@", value, "\n".join(lines) + "\n")


def main():
    program, files = sys.argv[1], [pathlib.Path(p) for p in sys.argv[2:]]
    commands, rows, names = asked(program, "help"), asked(program, "config", "list")["parameters"], [f.name for f in files]
    for file in files:
        if file.name == "bouncebox.1":
            text = fill("bouncebox.1.in", main_page(commands, names))
        elif file.name == "bouncebox.conf.5":
            text = fill("bouncebox.conf.5.in", {"HOME_PARAMETERS": parameters(rows, "bouncebox"),
                                                "SERVE_PARAMETERS": parameters(rows, "serve"),
                                                "LIST_PARAMETERS": parameters(rows, "policy")})
        elif file.name == "bouncebox-rules.5":
            text = fill("bouncebox-rules.5.in", {"RULES": rules()})
        else:
            text = fill("bouncebox-command.1.in", command_page(commands, file.name[len("bouncebox-"):-len(".1")]))
        file.write_text(text)


if __name__ == "__main__":
    main()
