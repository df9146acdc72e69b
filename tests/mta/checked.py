# SPDX-License-Identifier: MIT
"""What tests of `postfix check` share: a real Postfix with lines of the test's own, a home, a name server, and the check run."""
import pwd
import re
import subprocess

from bed import box, told_once
from box import ok, until
from installed import WithService
from remote import Names

NEWS = next((u.pw_uid for u in pwd.getpwall() if u.pw_name == "news"), None)  # whose the home is, where nobody says otherwise
NAMES = {
    "bounces.example.com": {"MX": ["mx.example.org"], "TXT": ["v=spf1 mx -all"]},
    "example.com": {"MX": ["mx.example.org"], "TXT": ["v=spf1 mx -all", "something else"]},
    "_dmarc.example.com": {"TXT": ["v=DMARC1; p=quarantine"]},
    "_dmarc.mx.example.org": {"TXT": ["v=DMARC1; p=none"]},
}


class Checked(WithService):
    """main.cf and master.cf as built, with more behind them that can be changed."""

    lifetime = "5d"  # a bounce that lives shorter is a fault
    lasts = 280

    def __init__(self, main="", files=(), master="", names=None, owner=NEWS, **more):
        super().__init__(master, settings=main, files=files, **more)
        self.main, self.services = (self.etc / "main.cf").read_text(), (self.etc / "master.cf").read_text()
        self.owner = owner
        self.home = self.top / "home" / "box"
        self.dns = Names("127.0.0.1", dict(NAMES) if names is None else names, 0)
        self.resolver = "127.0.0.1:%d" % self.dns.socket.getsockname()[1]
        self.make_home()

    def make_home(self):
        box.keyed(self.home, self.owner)
        self.do("init")

    def do(self, *words, **more):
        got = box.run(*words, home=self.home, **more)
        if got.code:
            ok(False, "bouncebox " + " ".join(map(str, words)), got)
        return got

    # ---- changing ------------------------------------------------------------------------------------------

    def write(self, files):
        for name, text in dict(files).items():
            (self.etc / name).write_text(self.placed(text))

    def change(self, main="", master=""):
        """Lines instead of those that it was built with; none: as it was built."""
        (self.etc / "main.cf").write_text(told_once(self.main + self.placed(main)))
        (self.etc / "master.cf").write_text(self.services + self.placed(master if self.chroot else master.replace(" y ", " n ")))
        self._age()

    def shell(self, line):
        """A line that `check` says, typed as it stands, by somebody whose Postfix this is."""
        for name in ("postconf", "postmap", "postalias"):
            line = re.sub(r"^(\s*)%s " % name, r"\1%s -c %s " % (name, self.etc), line)
        if line.strip() == "postfix reload":
            return self.reload()
        done = subprocess.run(["sh", "-c", line], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
        return ok(done.returncode == 0, "typed: " + line[:100], done.stdout.decode())

    # ---- checking ------------------------------------------------------------------------------------------

    def check(self, *words, probe=False):
        words = list(words) + ([] if probe else ["--no-probe"])
        return box.run("postfix", "check", "--config-dir", self.etc, "--resolver", self.resolver, "--php", self.php(), *words, home=self.home)

    def php(self):
        """Of a machine whose PHP is as Debian has it."""
        folder = self.top / "php"
        if not folder.exists():
            (folder / "8.2" / "cli").mkdir(parents=True)
            (folder / "8.2" / "cli" / "php.ini").write_text(";sendmail_path =\n;mail.force_extra_parameters =\n")
        return folder

    def findings(self, *words, **more):
        got = self.check("--json", *words, **more)
        if not got.out:
            ok(False, "check " + " ".join(map(str, words)), got)
            return []
        return got.json()["findings"]

    def clean(self, name, *words, **more):
        """No fault and no warning, and the exit code says so."""
        def serious():
            return [f for f in self.findings(*words, **more) if f["level"] != "note"]

        found = [] if until(lambda: not serious(), 5) else serious()
        return ok(not found, name, "\n".join("%(check)s: %(seen)s" % f for f in found))
