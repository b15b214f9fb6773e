/* SPDX-License-Identifier: MIT */
/*
 * The run directory: exclusive by mkdir(), the name exclusive by symlink(),
 * the worker exclusive by flock().  A process that dies leaves the directory,
 * and the next worker finds all it needs in it.
 * Tests: tests/unit/toolstack/test_lifecycle.c.
 */
#include <config/defaults.h>
#include <config/xml_format.h>
#include <config/xml_parse.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/err.h>
#include <lifecycle/rundir.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>

#define PATH_ROOM 256

const char *rundir_root(void)
{
    const char *root = getenv("VMCTL_RUN_DIR");

    return root != NULL && strlen(root) < 64 ? root : "/run/vmctl";
}

static void name_path(char out[PATH_ROOM], const char *name)
{
    snprintf(out, PATH_ROOM, "%s/names/%s", rundir_root(), name);
}

static void file_path(const struct rundir *r, const char *file,
                      char out[PATH_ROOM])
{
    snprintf(out, PATH_ROOM, "%s/%s", r->path, file);
}

void rundir_init(struct rundir *r, const uint8_t uuid[16])
{
    uuid_unparse_lower(uuid, r->uuid);
    snprintf(r->path, sizeof(r->path), "%s/domains/%s", rundir_root(),
             r->uuid);
    r->lock = -1;
}

static int make_parents(void)
{
    static const char *const dirs[] = { "", "/domains", "/names" };

    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        char path[PATH_ROOM];

        snprintf(path, sizeof(path), "%s%s", rundir_root(), dirs[i]);
        if (mkdir(path, 0711) != 0 && errno != EEXIST) {
            return -errno;
        }
    }
    return 0;
}

static int in_use(struct err *e, const char *what, const char *which)
{
    return err_set(e, -EEXIST, ERR_STATE, what, which,
                   "a domain of this identity runs already");
}

int rundir_create(struct rundir *r, const struct domain_def *def,
                  struct err *e)
{
    char link[PATH_ROOM];
    int rc = make_parents();

    rundir_init(r, def->uuid);
    if (rc != 0) {
        return err_errno(e, rc, "cannot make a run directory", "%s",
                         rundir_root());
    }
    if (mkdir(r->path, 0700) != 0) {
        return errno == EEXIST ? in_use(e, "the UUID is in use", r->uuid)
                               : err_errno(e, -errno, "cannot make a run "
                                           "directory", "%s", r->path);
    }
    name_path(link, def->name);
    if (symlink(r->uuid, link) != 0) {
        rc = errno == EEXIST ? in_use(e, "the name is in use", def->name)
                             : err_errno(e, -errno, "cannot register the "
                                         "name", "%s", def->name);
        rmdir(r->path);
        return rc;
    }
    rc = rundir_lock(r);
    if (rc != 0) {
        rundir_remove(r, def->name);
        return err_errno(e, rc, "cannot lock the run directory", "%s",
                         r->path);
    }
    return 0;
}

static int save_domid(const struct rundir *r, int domid, struct err *e)
{
    char text[16];
    int rc;

    snprintf(text, sizeof(text), "%d\n", domid);
    rc = rundir_write(r, "domid", domid < 0 ? NULL : text);
    return rc == 0 ? 0 : err_errno(e, rc, "cannot write", "%s", r->path);
}

int rundir_save(const struct rundir *r, const struct domain_def *def,
                int domid, struct err *e)
{
    char path[PATH_ROOM], fresh[PATH_ROOM];
    FILE *f;
    int bad;

    file_path(r, "live.xml", path);
    file_path(r, "live.new", fresh);
    f = fopen(fresh, "we");
    if (f == NULL) {
        return err_errno(e, -errno, "cannot write", "%s", fresh);
    }
    xml_format(def, domid, f);
    bad = ferror(f);
    if ((fclose(f) != 0 || bad) || rename(fresh, path) != 0) {
        int rc = errno == 0 ? -EIO : -errno;

        unlink(fresh);
        return err_errno(e, rc, "cannot write", "%s", path);
    }
    return save_domid(r, domid, e);
}

bool rundir_domid(const struct rundir *r, unsigned int *domid)
{
    char text[16];

    return rundir_read(r, "domid", text, sizeof(text)) == 0 &&
           sscanf(text, "%u", domid) == 1;
}

int rundir_load(const struct rundir *r, struct domain_def *def, struct err *e)
{
    char path[PATH_ROOM];
    struct diag dg;
    int rc;

    file_path(r, "live.xml", path);
    if (access(path, F_OK) != 0) {
        return err_set(e, -ENOENT, ERR_NOT_FOUND, "no such running domain",
                       r->uuid, "it was not started by vmctl");
    }
    diag_init(&dg, path, false);
    rc = xml_parse_file(path, def, &dg);
    diag_to_err(&dg, e);
    diag_fini(&dg);
    return rc == 0 ? defaults_fill(def) : rc;
}

static int open_lock(const struct rundir *r, int flags)
{
    char path[PATH_ROOM];

    file_path(r, "lock", path);
    return open(path, O_RDWR | O_CLOEXEC | flags, 0600);
}

int rundir_lock(struct rundir *r)
{
    int fd = open_lock(r, O_CREAT);

    if (fd < 0) {
        return -errno;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return -EBUSY;
    }
    if (!rundir_exists(r)) {           /* removed while we waited */
        close(fd);
        return -ENOENT;
    }
    r->lock = fd;
    return 0;
}

int rundir_change_lock(const struct rundir *r, unsigned int timeout_ms)
{
    struct timespec t = { .tv_nsec = 20 * 1000000 };
    char path[PATH_ROOM];
    int fd;

    file_path(r, "change", path);
    fd = open(path, O_RDWR | O_CLOEXEC | O_CREAT, 0600);
    if (fd < 0) {
        return -errno;
    }
    for (unsigned int ms = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; ms += 20) {
        if (ms >= timeout_ms) {
            close(fd);
            return -EBUSY;
        }
        nanosleep(&t, NULL);
    }
    if (access(path, F_OK) != 0) {     /* the VM ended while we waited */
        close(fd);
        return -ENOENT;
    }
    return fd;
}

bool rundir_has_worker(const struct rundir *r)
{
    int fd = open_lock(r, 0);
    bool held;

    if (fd < 0) {
        return false;
    }
    held = flock(fd, LOCK_EX | LOCK_NB) != 0;
    close(fd);
    return held;
}

bool rundir_exists(const struct rundir *r)
{
    struct stat st;

    return stat(r->path, &st) == 0;
}

void rundir_unlock(struct rundir *r)
{
    if (r->lock >= 0) {
        close(r->lock);
        r->lock = -1;
    }
}

/* By the lock, which is made once; the directory changes all the time. */
unsigned int rundir_age(const struct rundir *r)
{
    char path[PATH_ROOM];
    struct stat st;
    time_t now = time(NULL);

    file_path(r, "lock", path);
    if ((stat(path, &st) != 0 && stat(r->path, &st) != 0) ||
        st.st_mtime > now) {
        return 0;
    }
    return (unsigned int)(now - st.st_mtime);
}

/* Whatever parts of the VM left here; the lock goes last. */
static void remove_files(const struct rundir *r)
{
    char path[PATH_ROOM * 2];
    DIR *dir = opendir(r->path);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, "lock") != 0) {
            snprintf(path, sizeof(path), "%s/%s", r->path, entry->d_name);
            unlink(path);              /* fails for "." and ".." */
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    snprintf(path, sizeof(path), "%s/lock", r->path);
    unlink(path);
}

void rundir_remove(struct rundir *r, const char *name)
{
    char path[PATH_ROOM], target[64] = "";

    if (name != NULL) {
        name_path(path, name);
        if (readlink(path, target, sizeof(target) - 1) > 0 &&
            strcmp(target, r->uuid) == 0) {
            unlink(path);
        }
    }
    remove_files(r);
    rmdir(r->path);
    rundir_unlock(r);
}

int rundir_write(const struct rundir *r, const char *file, const char *text)
{
    char path[PATH_ROOM];
    size_t len = text == NULL ? 0 : strlen(text);
    int fd, rc;

    file_path(r, file, path);
    if (text == NULL) {
        return unlink(path) == 0 || errno == ENOENT ? 0 : -errno;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -errno;
    }
    rc = write(fd, text, len) == (ssize_t)len ? 0 : -EIO;
    close(fd);
    return rc;
}

int rundir_read(const struct rundir *r, const char *file, char *buf,
                size_t room)
{
    char path[PATH_ROOM];
    ssize_t len;
    int fd;

    file_path(r, file, path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    len = read(fd, buf, room - 1);
    close(fd);
    if (len < 0) {
        return -EIO;
    }
    buf[len] = '\0';
    return 0;
}

int rundir_each(void (*fn)(const char *uuid, void *arg), void *arg)
{
    char path[PATH_ROOM];
    struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof(path), "%s/domains", rundir_root());
    dir = opendir(path);
    if (dir == NULL) {
        return errno == ENOENT ? 0 : -errno;
    }
    while ((entry = readdir(dir)) != NULL) {
        uuid_t uuid;

        if (uuid_parse(entry->d_name, uuid) == 0) {
            fn(entry->d_name, arg);
        }
    }
    closedir(dir);
    return 0;
}
