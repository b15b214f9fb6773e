/* SPDX-License-Identifier: MIT */
/*
 * Managed save files: one per defined domain, readable by root only.
 * Tests: tests/boot/dom0/save.sh.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmctl/saved.h>

static const char *directory(void)
{
    const char *dir = getenv("VMCTL_SAVE_DIR");

    return dir != NULL && strlen(dir) < 256 ? dir : "/var/lib/vmctl/save";
}

static void file_of(const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s.save", directory(), name);
}

static int make_directory(void)
{
    char path[512], *s = path;

    snprintf(path, sizeof(path), "%s", directory());
    while ((s = strchr(s + 1, '/')) != NULL) {
        *s = '\0';
        mkdir(path, 0755);
        *s = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -errno;
}

int saved_path(const struct dom *d, char path[PATH_MAX], struct err *e)
{
    int rc;

    if (!d->defined) {
        return err_set(e, -EINVAL, ERR_STATE, "cannot keep a save of the "
                       "domain", d->name, "it is not defined: nothing would "
                       "start it again; name a file");
    }
    rc = make_directory();
    file_of(d->name, path);
    return rc == 0 ? 0 : err_errno(e, rc, "cannot make the directory", "%s",
                                   directory());
}

bool saved_find(const char *name, char path[PATH_MAX])
{
    if (strchr(name, '/') != NULL) {
        return false;
    }
    file_of(name, path);
    return access(path, F_OK) == 0;
}
