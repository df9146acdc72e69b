# SPDX-License-Identifier: MIT
"""A Dovecot of our own: its configuration, folders, ports and certificates; started by the test, ended with it."""
import atexit
import grp
import imaplib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time

from box import PATIENCE, folder, skip_all, until

USER, PASSWORD = "joe@example.net", "se cret\"\\"
DOVECOT = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


def free_ports(n):
    """On 127.0.0.1; kept apart from each other by being bound at the same time."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_certificates(top):
    """An authority, and a server called localhost that it vouches for. Not the addresses: those are the wrong name."""
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", top / "ca.key", "-out", top / "ca.pem", "-days", "3650",
            "-subj", "/CN=an authority")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", top / "key.pem", "-out", top / "request.pem", "-subj",
            "/CN=localhost")
    (top / "names").write_text("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", top / "request.pem", "-CA", top / "ca.pem", "-CAkey", top / "ca.key", "-CAcreateserial",
            "-days", "3650", "-extfile", top / "names", "-out", top / "cert.pem")


class Dovecot:
    def __init__(self, *settings, tls=True):
        if not DOVECOT or not os.path.exists("/usr/lib/dovecot/imap") or not os.path.exists("/usr/lib/dovecot/pop3"):
            skip_all("dovecot-imapd and dovecot-pop3d are not installed")
        self.top = folder()
        self.top.chmod(0o755)  # its processes are other users
        self.imap, self.imaps, self.pop3, self.pop3s = free_ports(4)
        self.ca = self.top / "ca.pem"
        self.delivered = 0
        self.mail = self.top / "mail"
        self.mail.mkdir()
        for name in ("run", "state"):
            (self.top / name).mkdir(mode=0o755)
        if tls:
            make_certificates(self.top)
        (self.top / "users").write_text("%s:{PLAIN}%s\n" % (USER, PASSWORD))
        self.owner = pwd.getpwnam("mail") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        (self.top / "dovecot.conf").write_text(self.configuration(tls) + "\n".join(settings) + "\n")
        self.maildir("INBOX")
        atexit.register(self.stop)
        self.start()

    def configuration(self, tls):
        top, me = self.top, self.owner.pw_name
        ours = "" if os.geteuid() == 0 else """
default_internal_user = %s
default_internal_group = %s
default_login_user = %s
service anvil {
  chroot =
}
service stats {
  chroot =
}
""" % (me, grp.getgrgid(self.owner.pw_gid).gr_name, me)
        ports = "".join("service %s-login {\n  chroot =\n  inet_listener %s {\n    port = %d\n  }\n  inet_listener %ss {\n"
                        "    port = %d\n    ssl = %s\n  }\n}\n" % (p, p, plain, p, tls_port if tls else 0, "yes" if tls else "no")
                        for p, plain, tls_port in (("imap", self.imap, self.imaps), ("pop3", self.pop3, self.pop3s)))
        certificate = "ssl_cert = <%s/cert.pem\nssl_key = <%s/key.pem\n" % (top, top) if tls else ""
        return """base_dir = %s/run
state_dir = %s/state
log_path = %s/log
protocols = imap pop3
listen = 127.0.0.1%s
ssl = %s
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:%s/mail
mail_uid = %s
mail_gid = %d
first_valid_uid = 1
first_valid_gid = 1
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = passwd-file
  args = %s/users
}
userdb {
  driver = static
  args = uid=%d gid=%d home=%s
}
""" % (top, top, top, ", ::1" if has_ipv6() else "", "yes" if tls else "no", top, me, self.owner.pw_gid, top,
       self.owner.pw_uid, self.owner.pw_gid, top) + ours + certificate + ports

    def start(self):
        self.process = subprocess.Popen([DOVECOT, "-F", "-c", self.top / "dovecot.conf"], stderr=subprocess.PIPE)
        if not until(self.answers):
            raise SystemExit("Dovecot does not start: %s%s" % (self.process.poll(), self.log()))

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.imap), 5) as s:
                s.settimeout(5)
                return s.recv(4) == b"* OK"
        except OSError:
            return False

    def log(self):
        log = self.top / "log"
        return log.read_text() if log.exists() else ""

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stderr.close()

    # ---- its mailboxes, as files

    def path(self, name):
        return self.mail if name == "INBOX" else self.mail / ("." + name)

    def maildir(self, name):
        for part in ("cur", "new", "tmp"):
            (self.path(name) / part).mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            for path in (self.mail, *self.mail.rglob("*")):
                os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def deliver(self, raw, number, name="INBOX"):
        self.delivered += 1  # a name is never used again, as Maildir demands
        tmp = self.path(name) / "tmp" / ("%d.test" % number)
        tmp.write_bytes(raw)
        os.chown(tmp, self.owner.pw_uid, self.owner.pw_gid)
        os.rename(tmp, self.path(name) / "new" / ("%d.M%dP%d.test" % (1790000000 + number, number, self.delivered)))

    def holds(self, name="INBOX"):
        """The files of its messages."""
        return sorted(p for part in ("cur", "new") for p in (self.path(name) / part).iterdir())

    def names(self, name="INBOX"):
        """Of its messages, whatever their flags."""
        return sorted(p.name.partition(":")[0].partition(",")[0] for p in self.holds(name))

    def empty(self, name="INBOX"):
        for p in self.holds(name):
            p.unlink()

    def client(self):
        c = imaplib.IMAP4("127.0.0.1", self.imap)
        c.login(USER, PASSWORD)
        return c

    def flags(self):
        c = self.client()
        c.select("INBOX", readonly=True)
        told = sorted(c.fetch("1:*", "(FLAGS)")[1])
        c.logout()
        return told
