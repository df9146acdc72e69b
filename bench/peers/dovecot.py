# SPDX-License-Identifier: MIT
"""Dovecot's LMTP server as a peer: an instance of our own in a folder, whose every recipient is one Maildir."""
import os
import pathlib
import pwd
import shutil
import subprocess
import time

CONF = """
base_dir = {top}/run
log_path = {top}/log
protocols = lmtp
ssl = no
default_internal_user = dovecot
default_login_user = dovenull
mail_location = maildir:{top}/mail
mail_fsync = always
first_valid_uid = 1
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={top}/mail allow_all_users=yes
}}
service lmtp {{
  process_limit = 100
  unix_listener {top}/lmtp {{
    mode = 0666
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


def dovecot_can():
    """Why it cannot be measured; None if it can."""
    if os.geteuid() != 0:
        return "Dovecot's LMTP server takes root"
    return None if shutil.which("dovecot") and pathlib.Path("/usr/lib/dovecot/lmtp").exists() else "dovecot-lmtpd is not installed"


class Dovecot:
    def __init__(self, top):
        user = pwd.getpwnam("daemon")
        top.mkdir()
        top.chmod(0o755)
        (top / "mail").mkdir()
        os.chown(top / "mail", user.pw_uid, user.pw_gid)
        (top / "conf").write_text(CONF.format(top=top, user=user.pw_uid, group=user.pw_gid))
        self.socket = top / "lmtp"
        self.p = subprocess.Popen(["dovecot", "-F", "-c", top / "conf"], stdin=subprocess.DEVNULL)
        patience = time.monotonic() + 20
        while not self.socket.exists():
            if self.p.poll() is not None or time.monotonic() > patience:
                raise SystemExit("bench: Dovecot does not start: %s" % (top / "log").read_text()[-1000:])
            time.sleep(0.01)

    def end(self):
        self.p.terminate()
        self.p.wait(20)
