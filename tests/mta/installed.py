# SPDX-License-Identifier: MIT
"""A Postfix and a daemon beside it, set up word for word as the documents show it."""
import pwd
import re

from bed import Bed, box
from box import ROOT, ok
from lmtp import Daemon


def shown(document, heading):
    """The files that the section shows in its first block, by name."""
    text = (ROOT / document).read_text().partition("\n## %s\n" % heading)[2].partition("\n## ")[0]
    block = re.search(r"^```\n(.*?)^```$", text, re.M | re.S).group(1)
    parts = re.split(r"^# (?:/etc/postfix/)?([\w.]+).*\n", block, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


class WithService(Bed):
    """Debian's master.cf, and a service of ours behind it; chrooted as it comes, or not at all."""

    lifetime = "60s"  # what is put off must not expire meanwhile

    def __init__(self, service, **more):
        self.service = service
        super().__init__(**more)

    def _by_name(self, back):
        return False  # names are told by transport_maps here

    def _remotes(self):
        """The way to remote servers stands behind the README's in one parameter."""
        return re.sub("^transport_maps = .*\n", "", super()._remotes(), flags=re.M)

    def _master_cf(self):
        super()._master_cf()
        line = self.service if self.chroot else self.service.replace(" y ", " n ")
        with (self.etc / "master.cf").open("a") as f:
            f.write(line)


class Installed:
    """The bed, a home of the user news in it, with our key and the list news; the daemon when it is started."""

    kind = WithService

    def __init__(self, variant, files):
        self.conf = files.pop("bouncebox.conf")
        service = files.pop("master.cf")
        # This bed knows the way to remote servers by transport_maps, too.
        main = files.pop("main.cf").replace("transport_maps = ", "transport_maps = regexp:/etc/postfix/transport, ")
        self.bed = self.kind(service, chroot=variant == "chroot", settings=main, files=files)
        self.user = pwd.getpwnam("news")
        self.home = self.bed.top / "home" / "box"
        self.daemon, self.started = None, 0
        self._make_home()

    def _make_home(self):
        box.keyed(self.home, self.user.pw_uid)
        self.do("init")
        self.do("list", "add", "news", "--set", "bounce_domain=bounces.example.com")
        conf = self.home / "bouncebox.conf"
        ours = self.conf.replace("/var/spool/postfix", str(self.bed.queue)).replace("[serve]\n", "")
        conf.write_text(conf.read_text().replace("[serve]\n", "[serve]\n" + ours, 1))

    def do(self, *words, **more):
        got = box.run(*words, home=self.home, **more)
        if got.code:
            ok(False, "bouncebox " + " ".join(words), got)
        return got

    def paths_of(self, *addresses, words=("--list", "news")):
        got = self.do("verp", "encode", *words, "--json", *addresses)
        return {row["address"]: row["return_path"] for row in got.lines()}

    def start(self, *words):
        self.started += 1
        self.daemon = Daemon(self.home, *words, log=self.bed.top / ("serve%d.log" % self.started))
        return self.daemon
