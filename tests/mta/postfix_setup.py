#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bouncebox postfix setup and undo, on configurations that nobody runs: written, shown, moved from mode to mode, refused,
and taken back byte for byte. postfix_modes.py has what becomes of mail.

usage: postfix_setup.py PROGRAM debian|hosting|gateway|host|refused
"""
import os
import pwd
import shutil
import subprocess
import sys
import time

from bed import PACKAGED, box, must_be_able
from box import KEY, done, folder, ok, run, same

# What the package's postinst writes behind main.cf.debian.
DEBIAN = """
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
myhostname = mail.example.net
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
mydestination = $myhostname, mail.example.net, localhost.example.net, , localhost
relayhost =
mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128
mailbox_size_limit = 0
recipient_delimiter = +
inet_interfaces = all
inet_protocols = all
"""
# Mailboxes of people at two domains, in dovecot; lists over several lines, with comments between; no line end at the end.
HOSTING = """
myhostname = mx.example.net
mydestination = localhost
alias_maps = hash:/etc/aliases
virtual_mailbox_domains =
    # customers
    texthash:@etc@/vdomains
    example.org
virtual_mailbox_maps =
        texthash:@etc@/vmailboxes,
# the old ones
        texthash:@etc@/old
virtual_alias_maps = texthash:@etc@/valiases
virtual_transport = lmtp:unix:private/dovecot-lmtp
virtual_mailbox_base = /var/vmail
virtual_uid_maps = static:5000
virtual_gid_maps = static:5000
dovecot_destination_recipient_limit = 1
transport_maps = texthash:@etc@/transport
smtpd_tls_security_level=may
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_recipient_restrictions = permit_mynetworks, permit_sasl_authenticated,
  reject_unauth_destination,
  check_policy_service unix:private/quota-status"""
HOSTING_MASTER = """
dovecot   unix  -       n       n       -       -       pipe
  flags=DRhu user=daemon:daemon argv=/usr/lib/dovecot/deliver -f ${sender} -d ${recipient}
submission inet n       -       y       -       -       smtpd
  -o syslog_name=postfix/submission
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject"""
# A gateway with amavis behind and greylisting before it.
GATEWAY = """
myhostname=gw.example.net
mydestination=
local_recipient_maps=
relay_domains=texthash:@etc@/relay_domains
relay_recipient_maps=texthash:@etc@/relay_recipients
transport_maps\t=\ttexthash:@etc@/transport
content_filter=smtp-amavis:[127.0.0.1]:10024
receive_override_options=no_address_mappings
smtpd_restriction_classes = greylist, strict
greylist = check_policy_service inet:127.0.0.1:10023
strict = reject_unknown_reverse_client_hostname
smtpd_recipient_restrictions =
    permit_mynetworks
    reject_unauth_destination
    check_recipient_access texthash:@etc@/greylisted
    greylist
smtpd_sender_restrictions = check_sender_access texthash:@etc@/senders
recipient_delimiter = +-
"""
GATEWAY_MASTER = """
smtp-amavis unix - - n - 2 smtp
    -o smtp_data_done_timeout=1200
    -o smtp_send_xforward_command=yes
127.0.0.1:10025 inet n - n - - smtpd
    -o content_filter=
    -o smtpd_recipient_restrictions=permit_mynetworks,reject
    -o mynetworks=127.0.0.0/8
"""
# People with accounts; a parameter that is empty, and one that stands twice.
HOST = """
myhostname = host.example.net
mydomain = example.net
mydestination = $myhostname localhost.$mydomain localhost $mydomain example.org
mydestination = $myhostname localhost.$mydomain localhost $mydomain
alias_maps = texthash:@etc@/aliases
mailbox_command = /usr/bin/procmail -a "$EXTENSION"
transport_maps =
virtual_alias_maps = regexp:@etc@/catchall   
header_checks = regexp:@etc@/header_checks
local_recipient_maps = $alias_maps unix:passwd.byname
"""
TABLES = {
    "vdomains": "example.com virtual\n", "vmailboxes": "ann@example.org example.org/ann/\n", "old": "", "valiases": "ben@example.org ann@example.org\n",
    "transport": "example.edu smtp:[192.0.2.1]\n", "relay_domains": "example.com x\nexample.org x\n", "relay_recipients": "ann@example.org x\n",
    "greylisted": "example.org greylist\n", "senders": "example.edu REJECT\n", "aliases": "postmaster root\n", "catchall": "/@example\\.org$/ news@localhost\n",
    "header_checks": "/^X-Spam: yes/ HOLD\n",
}
SHAPES = {"debian": (DEBIAN, ""), "hosting": (HOSTING, HOSTING_MASTER), "gateway": (GATEWAY, GATEWAY_MASTER), "host": (HOST, "")}
# For a queue directory of our own, since `postfix check` looks at it.
PRIVATE = "queue_directory = @top@/queue\ndata_directory = @top@/data\n"
MODES = "lmtp", "mailbox", "plus", "canonical", "virtual", "pipe"
# A gateway has no local mailboxes, and the host's catch-all has taken every address.
REFUSED = {"gateway": ("mailbox", "plus", "canonical"), "host": ("plus",)}
LISTS = {
    "own": ["bounce_domain=bounces.example.com"],
    "shared": ["bounce_domain=example.org", "return_path=signed-verp", "return_path_base=newsletter"],
}


def snapshot(top):
    """Names, modes, owners, contents."""
    def look(path):
        st = path.lstat()
        return path.relative_to(top).as_posix(), oct(st.st_mode), st.st_uid, st.st_gid, path.read_bytes() if path.is_file() else None
    return sorted(look(path) for path in top.rglob("*"))


class Host:
    """Postfix's configuration in a folder of its own, and a home."""

    def __init__(self, shape, lists=None, more=""):
        main, master = SHAPES[shape]
        self.top = folder()
        self.top.chmod(0o755)
        self.etc, self.home = self.top / "etc", self.top / "box"
        self.etc.mkdir()
        self.write("main.cf", (PACKAGED / "main.cf.debian").read_text() + PRIVATE + more + main)
        self.write("master.cf", (PACKAGED / "master.cf.dist").read_text().rstrip("\n") + "\n" + master)
        for name, text in TABLES.items():
            self.write(name, text)
        (self.etc / "main.cf").chmod(0o640)
        os.chown(self.etc / "main.cf", 0, pwd.getpwnam("postfix").pw_gid)
        self.make_queue()
        self.deliver = self.top / "deliver"
        self.deliver.write_text("#!/bin/sh\nexit 75\n")
        self.deliver.chmod(0o755)
        self.make_home(LISTS if lists is None else lists)

    def write(self, name, text):
        (self.etc / name).write_text(text.replace("@etc@", str(self.etc)).replace("@top@", str(self.top)))

    def make_queue(self):
        postfix, postdrop = pwd.getpwnam("postfix").pw_uid, os.stat(shutil.which("postdrop")).st_gid
        (self.top / "queue").mkdir()
        (self.top / "data").mkdir(mode=0o700)
        os.chown(self.top / "data", postfix, 0)
        for name in "active bounce corrupt defer deferred flush hold incoming private saved trace".split():
            (self.top / "queue" / name).mkdir(mode=0o700)
            os.chown(self.top / "queue" / name, postfix, 0)
        for name, mode in (("public", 0o710), ("maildrop", 0o730)):
            (self.top / "queue" / name).mkdir()
            os.chown(self.top / "queue" / name, postfix, postdrop)
            (self.top / "queue" / name).chmod(mode)
        (self.top / "queue" / "pid").mkdir()

    def make_home(self, lists):
        news = pwd.getpwnam("news")
        self.home.mkdir(mode=0o700)
        os.chown(self.home, news.pw_uid, news.pw_gid)
        self.do("init")
        for name, settings in lists.items():
            self.do("list", "add", name, *(word for setting in settings for word in ("--set", setting)))

    def do(self, *words):
        got = run(*words, home=self.home)
        if got.code:
            ok(False, "bouncebox " + " ".join(map(str, words)), got)
        return got

    def postfix(self, word, *words):
        # What was written just now makes Postfix's programs wait, lest it is still being written.
        os.utime(self.etc / "main.cf", (time.time() - 60,) * 2)
        return run("postfix", word, "--config-dir", self.etc, *words, home=self.home)

    def setup(self, mode, *words):
        mailbox = () if "--mailbox" in words else ("--mailbox", "news")
        return self.postfix("setup", *(("--mode", mode) if mode else ()), *mailbox, "--maildir", self.top / "mail" / "box", "--deliver", self.deliver, *words)

    def value(self, name):
        got = subprocess.run(["postconf", "-c", self.etc, "-xh", name], capture_output=True, text=True)
        return got.stdout.strip()


def applied(host, mode, before):
    """Shown, written, written again."""
    was = snapshot(host.etc)
    shown = host.setup(mode, "--dry-run")
    same((shown.code, snapshot(host.etc) == was), (0, True), mode + ": a dry run changes nothing")
    ok("+++ %s/main.cf" % host.etc in shown.text and ">>> bouncebox" in shown.text, mode + ": and shows the change as a diff", shown)
    got = host.setup(mode, "--json")
    if not ok(got.code == 0, mode + ": setup", got):
        return
    said = got.json()
    same((said["mode"], said["dry_run"]), (mode, False), mode + ": it says what it did")
    grows = mode in ("mailbox", "plus", "canonical") and host.value("mailbox_size_limit") != "0" and not host.value("mailbox_command")
    same("mailbox_size_limit" in " ".join(said["notes"]), grows, mode + ": a mailbox file that may not grow as it needs is told of")
    ok(said["diff"] and said["diff"] in shown.text, mode + ": what was shown is what was done", said["diff"] + "\n----\n" + shown.text)
    now = snapshot(host.etc)
    again = host.setup(mode)
    same((again.code, snapshot(host.etc) == now), (0, True), mode + ": a second setup changes nothing")
    ok("nothing to do" in again.text, mode + ": and says so", again)
    unasked = host.setup(None)
    same(("nothing to do" in unasked.text, snapshot(host.etc) == now), (True, True), mode + ": nor does one that names no mode")
    backup = host.etc / "bouncebox" / "main.cf.before"
    same(backup.read_bytes(), dict((row[0], row[4]) for row in before)["main.cf"], mode + ": what was there before is kept")
    others = lambda rows: [row for row in rows if not row[0].startswith("bouncebox") and row[0] not in ("main.cf", "master.cf")]
    same(others(now) == others(before), True, mode + ": nobody else's file is touched")
    modes = lambda rows: [row[:4] for row in rows if row[0] in ("main.cf", "master.cf")]
    same(modes(now), modes(before), mode + ": owners and modes stay")


def test_shape(shape):
    host = Host(shape)
    before = snapshot(host.etc)
    modes = [mode for mode in MODES if mode not in REFUSED.get(shape, ())]
    for mode in REFUSED.get(shape, ()):
        refused("%s on %s" % (mode, shape), host.setup(mode), "use")
    values = {"transport_maps": host.value("transport_maps"), "virtual_alias_maps": host.value("virtual_alias_maps"),
              "smtpd_recipient_restrictions": host.value("smtpd_recipient_restrictions")}
    for mode in modes:
        applied(host, mode, before)
    for name, value in values.items():
        ok(host.value(name).endswith(value), "%s: what was there stands behind ours" % name, host.value(name))
    got = host.setup("lmtp", "--policy", "unix:%s/private/bouncebox-policy" % (host.top / "queue"))
    same(got.code, 0, "with a policy service")
    restrictions = host.value("smtpd_recipient_restrictions")
    ok(restrictions.startswith("bouncebox_policy"), "it is asked before anything permits", restrictions)
    same(host.value("bouncebox_policy"), "check_policy_service { unix:private/bouncebox-policy, timeout=5s, default_action=DUNNO }",
         "in a class of its own, with a time limit and a default")
    ok(("submission" in got.text) == (shape == "hosting"), "services that do not look at it are named", got)
    ok("bouncebox_policy" in host.value("smtpd_restriction_classes"), "which is a restriction class", host.value("smtpd_restriction_classes"))
    shown = host.postfix("undo", "--dry-run")
    ok(shown.code == 0 and "-# >>> bouncebox" in shown.text, "undo shows what it would do", shown)
    got = host.postfix("undo")
    same((got.code, "mailq" in got.text), (0, True), "undo, with a word about bounces that wait")
    same(snapshot(host.etc) == before, True, "byte for byte as before, owners and modes too")
    again = host.postfix("undo")
    ok(again.code == 0 and "nothing to take back" in again.text and "mailq" not in again.text, "a second undo has nothing to do", again)
    test_edits(host, before)


def test_edits(host, before):
    """What others write between setup and undo stays."""
    host.setup("lmtp", "--policy", "unix:%s/private/policy" % (host.top / "queue"))
    main, master = host.etc / "main.cf", host.etc / "master.cf"
    was = dict((row[0], row[4]) for row in before)["main.cf"].decode()
    text = main.read_text()
    main.write_text("# at the head\n" + text.replace("biff = no", "biff = yes") + "message_size_limit = 1000000\n")
    master.write_text(master.read_text() + "extra unix - - n - 1 smtp\n")
    got = host.postfix("undo")
    same(got.code, 0, "undo after others edited: " + got.said)
    end = "" if was.endswith("\n") else "\n"
    same(main.read_text(), "# at the head\n" + was.replace("biff = no", "biff = yes") + end + "message_size_limit = 1000000\n", "main.cf: takes out ours alone")
    ok(master.read_text().endswith("extra unix - - n - 1 smtp\n") and "bouncebox" not in master.read_text(), "master.cf: takes out ours alone")
    ok(not (host.etc / "bouncebox").exists(), "our folder is gone")


def refused(name, got, *words):
    ok(got.code in (64, 66, 78) and all(word in got.said for word in words), "refused: " + name, got)


def test_refused():
    """In clear words, and nothing is changed."""
    host = Host("host")
    before = snapshot(host.etc)

    def try_with(name, words, *told, mode="lmtp", main="", master=""):
        for file, text in (("main.cf", main), ("master.cf", master)):
            if text:
                with (host.etc / file).open("a") as f:
                    f.write(text.replace("@etc@", str(host.etc)))
        was = snapshot(host.etc)
        refused(name, host.setup(mode, *words), *told)
        same(snapshot(host.etc) == was, True, "nothing changed: " + name)
        for row in before:
            if row[0] in ("main.cf", "master.cf"):
                (host.etc / row[0]).write_bytes(row[4])

    try_with("a domain in two classes", [], "example.org", "virtual_mailbox_domains", "relay_domains",
             main="virtual_mailbox_domains = example.org\nrelay_domains = example.org\n")
    try_with("mail of the domain goes elsewhere", [], "bounces.example.com", "smtp:[192.0.2.1]", main="transport_maps = inline:{bounces.example.com=smtp:[192.0.2.1]}\n")
    try_with("a service of that name", [], "master.cf", "bouncebox-lmtp", master="bouncebox-lmtp unix - - n - - smtp\n")
    try_with("a class of that name", ["--policy", "inet:127.0.0.1:9"], "bouncebox_policy",
             main="smtpd_restriction_classes = bouncebox_policy\nbouncebox_policy = reject\n")
    try_with("canonical catch-all", [], "recipient_canonical_maps", "--mode canonical", main="recipient_canonical_maps = inline:{@example.org=x@example.net}\n")
    try_with("another delimiter", [], "recipient_delimiter", "--mode mailbox", mode="plus", main="recipient_delimiter = -\n")
    try_with("the base is somebody's", [], "newsletter@example.org", mode="plus", main="virtual_alias_maps = inline:{newsletter@example.org=news}\n")
    try_with("no local mailboxes", [], "mydestination", "--mailbox ADDRESS", mode="mailbox", main="mydestination =\n")
    try_with("local mail is handed on", [], "mailbox_transport", mode="canonical", main="mailbox_transport = lmtp:unix:private/dovecot\n")
    try_with("a policy service that chrooted programs cannot reach", ["--policy", "unix:/run/policy"], "private/bouncebox-policy")
    try_with("a line that Postfix cannot read", [], "%s/main.cf, line" % host.etc, main="nonsense\n")
    try_with("a mode that there is not", [], "did you mean mailbox?", mode="mailbx")
    refused("no such user", run("postfix", "setup", "--mode", "mailbox", "--mailbox", "no-such-user", "--config-dir", host.etc, home=host.home), "no-such-user")
    try_with("an address of nobody of this machine", ["--mailbox", "no-such-user@localhost"], "no such recipient", mode="mailbox")
    boxes = "virtual_mailbox_domains = boxes.example\nvirtual_mailbox_maps = inline:{known@boxes.example=known/}\n"
    try_with("an address of nobody with a virtual mailbox", ["--mailbox", "typo@boxes.example"], "no such recipient", mode="mailbox", main=boxes)
    for words in ("a b@localhost", "news@localhost\nx@y", "news,root@localhost", "|cat@localhost", "news@", "@localhost", "a@b@localhost"):
        try_with("no address: %r" % words, ["--mailbox", words], "--mailbox", mode="mailbox")
    for address in ("news@localhost", "elsewhere@example.com"):
        same(host.setup("mailbox", "--mailbox", address, "--dry-run").code, 0, "an address that Postfix takes, or another server: " + address)
    (host.etc / "main.cf").write_text((host.etc / "main.cf").read_text() + boxes + "recipient_delimiter = +\n")
    for address in ("known@boxes.example", "known+bounces@boxes.example", "news+bounces@localhost"):
        same(host.setup("mailbox", "--mailbox", address, "--dry-run").code, 0, "a mailbox that there is: " + address)
    (host.etc / "main.cf").write_bytes(dict((row[0], row[4]) for row in before)["main.cf"])
    refused("no such folder", run("postfix", "setup", "--config-dir", "/nonexistent", home=host.home), "main.cf")
    refused("no wrapper", run("postfix", "setup", "--mode", "pipe", "--deliver", "/nonexistent", "--config-dir", host.etc, home=host.home), "--deliver")
    (host.etc / "bouncebox").mkdir()
    (host.etc / "bouncebox" / "mine").write_text("x")
    refused("a folder of that name", host.setup("lmtp"), "did not write")
    shutil.rmtree(host.etc / "bouncebox")
    # Postfix itself says no, when all is written.
    (host.etc / "main.cf").write_text((host.etc / "main.cf").read_text().replace("/queue\n", "/no/such/folder\n"))
    was = snapshot(host.etc)
    got = host.setup("lmtp")
    ok(got.code != 0 and "nothing is changed" in got.said and "postfix" in got.said, "what Postfix does not take is taken back", got)
    same(snapshot(host.etc) == was, True, "and all is as it was")
    (host.etc / "main.cf").write_bytes(dict((row[0], row[4]) for row in before)["main.cf"])
    same(snapshot(host.etc) == before, True, "all is as before")
    test_listen(host)
    test_own_edited(host)
    empty = Host("debian", lists={"news": []})
    refused("no bounce domain", empty.setup("lmtp"), "bounce_domain")


def test_listen(host):
    """Where the daemon listens, as Postfix names it; where Postfix cannot go, it is told."""
    conf = host.home / "bouncebox.conf"
    text = conf.read_text()
    queue = host.top / "queue"
    for listen, protocols, to, told in (("unix:%s/private/other" % queue, "all", "unix:private/other", False),
                                        ("unix:lmtp inet:127.0.0.1:2424", "all", "inet:[127.0.0.1]:2424", False),
                                        ("inet:0.0.0.0:2424", "ipv4", "inet:[127.0.0.1]:2424", False),
                                        ("inet:[::1]:2424", "all", "inet:[::1]:2424", False),
                                        ("inet:[::1]:2424", "ipv4", "unix:private/bouncebox", True),
                                        ("unix:lmtp", "all", "unix:private/bouncebox", True)):
        conf.write_text(text.replace("[serve]\n", "[serve]\nlisten = %s\n" % listen, 1))
        main = (host.etc / "main.cf").read_text()
        (host.etc / "main.cf").write_text(main + "inet_protocols = %s\n" % protocols)
        got = host.setup("lmtp", "--dry-run")
        (host.etc / "main.cf").write_text(main)
        ok("  bouncebox-lmtp:%s\n" % to in got.text, "listen = %s, %s: %s" % (listen, protocols, to), got)
        same("does not listen where Postfix will look" in got.text, told, "listen = %s, %s: told" % (listen, protocols))
    conf.write_text(text)


def test_own_edited(host):
    """What others wrote into what is ours is never lost."""
    same(host.setup("lmtp").code, 0, "set up")
    for name, edit in (("bouncebox/transport", lambda text: text + "/x/ y\n"),
                       ("main.cf", lambda text: text.replace("# <<< bouncebox", "transport_retry_time = 60s\n# <<< bouncebox")),
                       ("main.cf", lambda text: text.replace("# <<< bouncebox\n", "")),
                       ("master.cf", lambda text: text.replace("- 20 lmtp", "- 5 lmtp"))):
        path = host.etc / name
        text = path.read_text()
        path.write_text(edit(text))
        was = snapshot(host.etc)
        for word in ("setup", "undo"):
            got = host.postfix(word)
            refused("%s: %s was edited" % (word, name), got, name, "edited")
            ok("/" in name or "@@" in got.text, "and shown", got)
        same(snapshot(host.etc) == was, True, "nothing changed")
        path.write_text(text)
    same(host.postfix("undo").code, 0, "mended, it is taken back")
    test_broken_off(host)


def test_broken_off(host):
    """A setup that was killed: before main.cf was written, and behind it. The next goes on, and undo takes all back."""
    before = snapshot(host.etc)
    for word in ("setup", "undo"):
        for late in (False, True):
            host.setup("lmtp")
            first = {p.name: p.read_bytes() for p in (host.etc / "bouncebox").iterdir()}
            main = (host.etc / "main.cf").read_bytes()
            host.setup("mailbox")
            for name, content in first.items():
                path = host.etc / "bouncebox" / name
                if name == "written":
                    path.write_bytes(content + path.read_bytes())
                elif not path.exists():
                    path.write_bytes(content)
            if not late:
                (host.etc / "main.cf").write_bytes(main)
            got = host.setup("mailbox") if word == "setup" else host.postfix("undo")
            same(got.code, 0, "broken off %s main.cf was written: %s goes on %s" % ("behind" if late else "before", word, got.said))
            host.postfix("undo")
            same(snapshot(host.etc) == before, True, "and all can be taken back")


def main():
    must_be_able(False)
    what = sys.argv[2]
    if what == "refused":
        test_refused()
    else:
        test_shape(what)
    done()


main()
