/* SPDX-License-Identifier: MIT
 *
 * Who we are: root becomes the owner of what it is about to open, before it opens it.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edge/os/os.h"

bool bb_os_is_user(const char *name)
{
    if (geteuid() == 0) return true;
    const struct passwd *me = getpwuid(geteuid());
    return me && strcmp(me->pw_name, name) == 0;
}

bool bb_os_become_owner(const char *folder, bool *became, bb_err *err)
{
    struct stat st;
    *became = false;
    if (stat(folder, &st) < 0) return bb_os_fail(err, BB_ENOINPUT, folder, "find it");
    if (geteuid() != 0 || st.st_uid == 0) return true;
    const struct passwd *owner = getpwuid(st.st_uid);
    bool groups = owner ? initgroups(owner->pw_name, st.st_gid) == 0 : setgroups(0, NULL) == 0;
    if (!groups || setgid(st.st_gid) < 0 || setuid(st.st_uid) < 0)
        return bb_os_fail(err, BB_EDENIED, folder, "become its owner");
    *became = true;
    return true;
}

bool bb_os_give(const char *path, const char *user, bb_err *err)
{
    const struct passwd *to = geteuid() == 0 ? getpwnam(user) : NULL;
    if (!to) return true;
    return chown(path, to->pw_uid, to->pw_gid) == 0 || bb_os_fail(err, BB_ECREATE, path, "give it to its user");
}
