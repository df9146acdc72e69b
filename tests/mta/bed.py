# SPDX-License-Identifier: MIT
"""A Postfix of our own: Debian's configuration, in a folder and on ports of its own, gone at the end of the test.

The machine's Postfix, its configuration and its queue are neither read nor touched; only its programs are used.
"""
import atexit
import contextlib
import os
import pathlib
import pwd
import random
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "proc"))
import box  # noqa: E402
from box import skip_all, until  # noqa: E402

from remote import Names, Remote  # noqa: E402

PACKAGED = pathlib.Path("/usr/share/postfix")
WAIT = 25  # seconds for the queue to become empty; everything in it expires long before
# The domains whose mail goes to which server; those in the second column are what the DNS knows them by.
DOMAINS = [
    ("remote.test", "remote.test", "modern"), ("bücher.test", "xn--bcher-kva.test", "modern"),
    ("old.test", "old.test", "old"), ("alt-bücher.test", "xn--alt-bcher-u9a.test", "old"),
    ("refused.test", "refused.test", "nobody"),
]
MAIN_CF = """
config_directory = {etc}
queue_directory = {queue}
data_directory = {data}
maillog_file = {log}
maillog_file_prefixes = {top}
import_environment = MAIL_CONFIG TZ={tz} LANG=C
myhostname = mx.example.org
mydestination = $myhostname, localhost, example.org, example.net
# Nobody who connects is one of us: who hands in a bounce is a stranger.
mynetworks = {ours}
inet_interfaces = loopback-only
inet_protocols = {family}
smtpd_peername_lookup = no
alias_maps =
alias_database =
forward_path =
mail_spool_directory = {spool}
recipient_delimiter = +
# Seconds for what takes hours and days otherwise.
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
delay_warning_time = 1s
maximal_queue_lifetime = {lifetime}
bounce_queue_lifetime = {lifetime}
"""


def must_be_able(ipv6):
    """Says why not, and ends, where no Postfix can be started."""
    if ipv6:
        try:
            hold("::1").close()
        except OSError:
            skip_all("there is no ::1")
    if os.geteuid() != 0:
        skip_all("not root, and Postfix's master must be")
    if not shutil.which("postconf") or not (PACKAGED / "master.cf.dist").exists():
        skip_all("Debian's Postfix is not installed")
    for user in ("postfix", "news", "daemon"):
        try:
            pwd.getpwnam(user)
        except KeyError:
            skip_all("there is no user " + user)


def hold(host, port=0):
    """A port of ours. Nobody listens there, so that connections are refused, until somebody does who shares it:
    bound before sharing is allowed, it is no longer among those that the system hands out."""
    held = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    held.bind((host, port))
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return held


def port_of(held):
    return held.getsockname()[1]


def snapshot(folder):
    return sorted((str(p), p.lstat().st_mtime_ns, p.lstat().st_size) for p in pathlib.Path(folder).rglob("*"))


def told_once(text):
    """main.cf without what later lines of it say otherwise. Told twice, each of Postfix's programs complains, postlogd(8) to
    itself, too, and where there are more complaints than a socket holds it waits for ever."""
    entries = re.findall(r"^.*\n(?:[ \t]+\S.*\n)*", text, re.M)
    names = [re.match(r"\w+(?= *=)", entry) for entry in entries]
    last = {name[0]: i for i, name in enumerate(names) if name}
    return "".join(entry for i, entry in enumerate(entries) if not names[i] or last[names[i][0]] == i)


class Bed:
    """Postfix and two remote servers, one with DSN and SMTPUTF8 and one without, and a third that refuses connections.

    chroot: Debian's own master.cf, most of it chrooted, and names come from a name server (`names` is false where
    none can be had); otherwise nothing is chrooted and transport_maps names the servers.
    """

    ours = "192.0.2.0/24"  # who may send through us
    lifetime = "3s"  # of what cannot be handed over
    lasts = 120  # seconds, after which it ends by itself, should nobody be left to end it

    def __init__(self, chroot=False, ipv6=False, settings="", files=(), tz="UTC"):
        must_be_able(ipv6)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(1))
        self.top = box.folder()
        self.etc, self.queue, self.spool = self.top / "etc", self.top / "queue", self.top / "spool"
        self.log, self.vhosts = self.top / "maillog", self.top / "vhosts"
        self.host, self.chroot, self.tz, self.names, self.master = "::1" if ipv6 else "127.0.0.1", chroot, tz, None, None
        self.machine = snapshot("/etc/postfix")
        # Postfix would share its port with another that chose the same, and each would have half of the other's mail.
        self.held = hold(self.host)
        self.port = port_of(self.held)
        self._folders()
        routes = self._remotes()
        self._main_cf(ipv6, routes, settings, files)
        atexit.register(self.stop)
        self._master_cf()
        self.start()

    # ---- building -----------------------------------------------------------------------------------------

    def _folders(self):
        """What `postfix start` makes, without its look at what belongs to the machine's Postfix."""
        postfix, postdrop = pwd.getpwnam("postfix").pw_uid, os.stat(shutil.which("postdrop")).st_gid
        for name in "active bounce corrupt defer deferred flush hold incoming private saved trace".split():
            self._folder(self.queue / name, 0o700, postfix)
        self._folder(self.queue / "maildrop", 0o730, postfix, postdrop)
        self._folder(self.queue / "public", 0o710, postfix, postdrop)
        self._folder(self.queue / "pid", 0o755)
        self._folder(self.top / "data", 0o700, postfix)
        self._folder(self.spool, 0o1777)
        self._folder(self.vhosts, 0o755)
        self._folder(self.etc, 0o755)
        self.top.chmod(0o755)

    @staticmethod
    def _folder(path, mode, uid=0, gid=0):
        path.mkdir(parents=True)
        path.chmod(mode)
        os.chown(path, uid, gid)

    def give(self, path, uid):
        """A folder is that user's, made if it is not there."""
        path.mkdir(exist_ok=True)
        os.chown(path, uid, uid)

    def _remotes(self):
        """Starts the servers; answers what main.cf says of the way to them."""
        def back():
            return self.host, self.port

        if self.chroot and self._by_name(back):
            # Debian's way, but for the port: who serves a domain is what the name server says.
            return "smtp_tcp_port = %d\n" % self.modern.port
        self.modern, self.old = Remote(self.host, back=back), Remote(self.host, modern=False, back=back)
        self.nobody = hold(self.host)
        ports = {"modern": self.modern.port, "old": self.old.port, "nobody": port_of(self.nobody)}
        lines = ["/@%s$/ smtp:[%s]:%d\n" % (domain.replace(".", "\\."), self.host, ports[server])
                 for domain, _, server in DOMAINS]
        (self.etc / "transport").write_text("".join(lines))
        return "transport_maps = regexp:/etc/postfix/transport\ndisable_dns_lookups = yes\nsmtp_host_lookup = native\n"

    def _by_name(self, back):
        """Each server has a loopback address of its own, all of them one port; nobody listens at the third. The
        chrooted SMTP client reads the resolv.conf of the queue directory, and no other program that of ours."""
        for net in random.sample(range(256), 20):
            dns, modern, old, nobody = ("127.53.%d.%d" % (net, i) for i in (1, 2, 3, 4))
            addresses = {"modern": modern, "old": old, "nobody": nobody}
            names = {"mx-%s.test" % server: {"A": [address]} for server, address in addresses.items()}
            names.update((name, {"MX": ["mx-%s.test" % server]}) for _, name, server in DOMAINS)
            names["nullmx.test"] = {"MX": [""]}
            try:
                self.nobody = hold(nobody)
                port = port_of(self.nobody)
                self.modern, self.old = Remote(modern, port, back=back), Remote(old, port, modern=False, back=back)
                self.names = Names(dns, names)
                break
            except OSError as error:
                why = error
        if not self.names:
            print("# no name server of our own: %s" % why)
            return False
        chrooted = self.queue / "etc"
        chrooted.mkdir()
        (chrooted / "resolv.conf").write_text("nameserver %s\n" % dns)
        (chrooted / "nsswitch.conf").write_text("hosts: files dns\n")
        (chrooted / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
        if os.path.exists("/etc/services"):
            shutil.copy("/etc/services", chrooted)
        return True

    def _main_cf(self, ipv6, routes, settings, files):
        ours = MAIN_CF.format(etc=self.etc, queue=self.queue, data=self.top / "data", log=self.log, top=self.top,
                              spool=self.spool, family="ipv6" if ipv6 else "ipv4", tz=self.tz, ours=self.ours, lifetime=self.lifetime)
        text = (PACKAGED / "main.cf.debian").read_text() + ours + self.placed(routes + settings)
        (self.etc / "main.cf").write_text(told_once(text))
        for name, content in dict(files).items():
            (self.etc / name).write_text(content)
        self._age()
        for name in re.findall(r"hash:/etc/postfix/(\w+)", settings):
            self.command("postmap", "hash:%s" % (self.etc / name))

    def _age(self):
        """A configuration that was written just now, or in the future since somebody set the clock, makes Postfix wait, lest
        it is still being written."""
        for path in self.etc.iterdir():
            os.utime(path, (time.time() - 86400,) * 2)

    def placed(self, text):
        """A text written for a machine's own Postfix, for ours."""
        return text.replace("/etc/postfix", str(self.etc)).replace("/var/mail/vhosts", str(self.vhosts))

    def _master_cf(self):
        """Debian's, on our port; without chroots unless they are asked for."""
        lines = []
        for line in (PACKAGED / "master.cf.dist").read_text().splitlines():
            words = line.split()
            if line[:1].isalpha() and len(words) > 7:
                if words[:2] == ["smtp", "inet"]:
                    words[0] = "%s:%d" % ("[%s]" % self.host if ":" in self.host else self.host, self.port)
                if not self.chroot:
                    words[4] = "n"
                line = " ".join(words)
            lines.append(line)
        (self.etc / "master.cf").write_text("\n".join(lines) + "\n")

    # ---- running ------------------------------------------------------------------------------------------

    def start(self):
        self._age()
        directory = self.command("postconf", "-h", "daemon_directory").stdout.decode().split()[-1]
        # In a session of its own, since it signals its process group when it ends.
        self.master = subprocess.Popen([directory + "/master", "-c", str(self.etc), "-d", "-e", str(self.lasts)],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=open(self.top / "master.said", "wb"),
                                       start_new_session=True)
        if not until(lambda: self.master.poll() is not None or self._answers(), 30) or self.master.poll() is not None:
            print("Bail out! Postfix does not start (master: %s): %s" % (self.master.poll(), self.last_words()))
            sys.exit(1)

    def _answers(self):
        try:
            self.smtp().quit()
            return True
        except OSError:
            return False

    def smtp(self, source=None):
        return smtplib.SMTP(self.host, self.port, timeout=10, source_address=source and (source, 0))

    def has_daemon(self, home):
        """The daemon of that home will listen where Postfix looks."""
        conf = home / "bouncebox.conf"
        where = "listen = unix:%s/private/bouncebox\nsocket_user = postfix\n" % self.queue
        conf.write_text(conf.read_text().replace("[serve]\n", "[serve]\n" + where, 1))

    def set_up(self, home, *words):
        """By bouncebox itself, while Postfix runs, as people do."""
        before = self._reloads()
        got = box.run("postfix", "setup", "--config-dir", self.etc, *words, home=home)
        box.ok(got.code == 0 and until(lambda: self._reloads() > before), " ".join(["postfix setup", *map(str, words)]), got)

    def reload(self, *settings):
        """What changed in the configuration counts from here on; with settings for main.cf."""
        if settings:
            self.command("postconf", "-e", *settings)
        self._age()
        before = self._reloads()
        self.master.send_signal(signal.SIGHUP)
        until(lambda: self._reloads() > before, 10)

    def setting(self, name):
        return self.command("postconf", "-h", name).stdout.decode().strip()

    def _reloads(self):
        return self.log.read_text().count("reload -- version")

    def stop(self):
        if self.master and self.master.poll() is None:
            self.master.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.master.wait(5)
            # It has told its processes to end. Some take a second, and would write into a folder that is gone.
            if not until(self._group_gone, 0.1):
                os.killpg(self.master.pid, signal.SIGKILL)
            until(self._group_gone, 5)

    def kill(self):
        """All of it at once, as when the machine's power goes, but for the disk."""
        os.killpg(self.master.pid, signal.SIGKILL)
        self.master.wait()
        until(self._group_gone, 5)

    def _group_gone(self):
        self.master.poll()  # one that has ended and was not asked counts as there
        try:
            os.killpg(self.master.pid, 0)
            return False
        except ProcessLookupError:
            return True

    def command(self, name, *words, **more):
        """One of Postfix's commands, told where our configuration is."""
        option = "-C" if name == "sendmail" else "-c"
        return subprocess.run([shutil.which(name), option, str(self.etc), *map(str, words)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20, **more)

    def send(self, text, *words):
        sent = self.command("sendmail", "-i", *words, input=text.encode())
        if sent.returncode or sent.stdout:
            box.ok(False, "sendmail " + " ".join(words), "exit %d\n%s" % (sent.returncode, sent.stdout.decode()))

    def queued(self):
        """What is under way. From where mail comes to where it goes, and back, so that none slips by."""
        return [name for folder in ("maildrop", "incoming", "active", "deferred", "active", "incoming", "hold")
                for _, _, names in os.walk(self.queue / folder) for name in names]

    def flush(self):
        """All that waits is tried now. (What a queue manager that starts anew finds half done it leaves until somebody
        wakes it: new mail, or master every five minutes.)"""
        self.command("postkick", "public", "qmgr", "IDA")

    def settled(self):
        """Waits until all mail has gone where it goes, reports included."""
        def idle():
            return not self.queued() and not time.sleep(0.1) and not self.queued()

        return box.ok(until(idle, WAIT), "the queue is empty in the end", self.last_words())

    def ended(self):
        """Stops it, and sees to it that nothing is left and nothing of the machine's was touched."""
        self.stop()
        with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)) as probe:
            box.ok(probe.connect_ex((self.host, self.port)) != 0 and self._group_gone(), "Postfix is gone")
        box.same(snapshot("/etc/postfix"), self.machine, "the machine's /etc/postfix is as it was")

    def last_words(self):
        said = (self.top / "master.said").read_text(errors="replace")[-1500:]
        return said + (self.log.read_text(errors="replace")[-3500:] if self.log.exists() else "nothing in its log")
