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

bool bb_os_has_user(const char *name)
{
    return getpwnam(name) != NULL;
}

bool bb_os_is_user(const char *name)
{
    if (geteuid() == 0) return true;
    const struct passwd *me = getpwuid(geteuid());
    return me && strcmp(me->pw_name, name) == 0;
}

/* Groups first, while we may. */
static bool set_groups(const struct stat *st)
{
    const struct passwd *owner = getpwuid(st->st_uid);
    return owner ? initgroups(owner->pw_name, st->st_gid) == 0 : setgroups(0, NULL) == 0;
}

/* For good or for a while, as the two calls are. */
static bool take_over(const char *folder, int (*set_group)(gid_t), int (*set_user)(uid_t), bool *became, bb_err *err)
{
    struct stat st;
    *became = false;
    if (stat(folder, &st) < 0) return bb_os_fail(err, BB_ENOINPUT, folder, "find it");
    if (geteuid() != 0 || st.st_uid == 0) return true;
    if (!set_groups(&st) || set_group(st.st_gid) < 0 || set_user(st.st_uid) < 0)
        return bb_os_fail(err, BB_EDENIED, folder, "become its owner");
    *became = true;
    return true;
}

bool bb_os_become_owner(const char *folder, bool *became, bb_err *err)
{
    return take_over(folder, setgid, setuid, became, err);
}

bool bb_os_act_as_owner(const char *folder, bool *became, bb_err *err)
{
    return take_over(folder, setegid, seteuid, became, err);
}

bool bb_os_act_as_root(bb_err *err)
{
    if (getuid() != 0 || geteuid() == 0) return true;
    if (seteuid(0) == 0 && setegid(0) == 0 && setgroups(0, NULL) == 0) return true;
    return bb_os_fail(err, BB_EDENIED, "root", "be root again");
}

bool bb_os_give(const char *path, const char *user, bb_err *err)
{
    const struct passwd *to = geteuid() == 0 ? getpwnam(user) : NULL;
    if (!to) return true;
    return chown(path, to->pw_uid, to->pw_gid) == 0 || bb_os_fail(err, BB_ECREATE, path, "give it to its user");
}
