/* SPDX-License-Identifier: MIT */
/*
 * Persistent definitions: one file of XML per domain, readable by root only,
 * replaced by rename.  Tests: tests/unit/toolstack/test_cli.sh.
 */
#include <config/defaults.h>
#include <config/xml_format.h>
#include <config/xml_parse.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmctl/cmd.h>

#define DEFAULT_DIR "/etc/vmctl/domains"
#define ROOM        512

static const char *directory(void)
{
    const char *dir = getenv("VMCTL_CONFIG_DIR");

    return dir != NULL && strlen(dir) < 256 ? dir : DEFAULT_DIR;
}

static void file_of(char path[ROOM], const char *name, const char *suffix)
{
    snprintf(path, ROOM, "%s/%s%s", directory(), name, suffix);
}

static int make_directory(void)
{
    char path[ROOM], *s = path;

    snprintf(path, sizeof(path), "%s", directory());
    while ((s = strchr(s + 1, '/')) != NULL) {
        *s = '\0';
        mkdir(path, 0755);
        *s = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -errno;
}

static int write_file(const char *path, const struct domain_def *def)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    bool bad;

    if (f == NULL) {
        return -errno;
    }
    xml_format(def, -1, f);
    bad = fflush(f) != 0 || fsync(fd) != 0 || ferror(f);
    return fclose(f) != 0 || bad ? -EIO : 0;
}

int defined_save(const struct domain_def *def, struct err *e)
{
    char path[ROOM], fresh[ROOM];
    int rc = make_directory();

    file_of(path, def->name, ".xml");
    file_of(fresh, def->name, ".new");
    if (rc == 0) {
        rc = write_file(fresh, def);
    }
    if (rc == 0 && rename(fresh, path) != 0) {
        rc = -errno;
    }
    if (rc != 0) {
        unlink(fresh);
        err_errno(e, rc, "cannot save the definition", "%s", path);
    }
    return rc;
}

int defined_load(const char *name, struct domain_def *def, struct err *e)
{
    char path[ROOM];
    struct diag dg;
    int rc;

    file_of(path, name, ".xml");
    if (strchr(name, '/') != NULL || access(path, F_OK) != 0) {
        return err_set(e, -ENOENT, ERR_NOT_FOUND, "no such definition", name,
                       "see: vmctl list --all");
    }
    diag_init(&dg, path, false);
    rc = xml_parse_file(path, def, &dg);
    if (rc == 0) {
        rc = defaults_fill(def);
    }
    diag_to_err(&dg, e);
    diag_fini(&dg);
    return rc;
}

int defined_remove(const char *name, struct err *e)
{
    char path[ROOM];

    file_of(path, name, ".xml");
    if (strchr(name, '/') != NULL || unlink(path) != 0) {
        return err_set(e, -ENOENT, ERR_NOT_FOUND, "no such definition", name,
                       "see: vmctl list --all");
    }
    return 0;
}

int defined_each(void (*fn)(const struct domain_def *def, void *arg),
                 void *arg)
{
    DIR *dir = opendir(directory());
    struct dirent *entry;

    if (dir == NULL) {
        return errno == ENOENT ? 0 : -errno;
    }
    while ((entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        struct domain_def def;
        char name[256];

        if (len <= 4 || strcmp(entry->d_name + len - 4, ".xml") != 0) {
            continue;
        }
        snprintf(name, sizeof(name), "%.*s", (int)len - 4, entry->d_name);
        def_init(&def);
        if (defined_load(name, &def, NULL) == 0) {
            fn(&def, arg);
        }
        def_fini(&def);
    }
    closedir(dir);
    return 0;
}
