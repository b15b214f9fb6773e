/* SPDX-License-Identifier: MIT */
/*
 * Looks for an image among the disks of all domains in the store, then at its
 * locks.  Files are compared by device and inode, host block devices by their
 * number, so another name of the same image changes nothing.  Covered by
 * tests/unit/toolstack/test_devices.c, tests/boot/dom0/locks.sh.
 */
#include <devices/claim.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/err.h>
#include <lib/imglock.h>
#include <stdio.h>
#include <stdlib.h>
#include <store/paths.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CLAIM_LOCK "/run/paravane-claim.lock"
#define TRIES      40                  /* of 50 ms: a back end on its way out */
#define BASE       "/local/domain/0/backend"

struct search {
    struct xs *xs;
    const struct disk_def *disk;
    unsigned int domid;
    struct stat st;
    unsigned int holder;               /* out */
    bool writes;                       /* out: the holder does */
};

int claim_begin(void)
{
    int fd = open(CLAIM_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

void claim_end(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

/* ---- other domains ------------------------------------------------------------ */

static bool same_file(const struct stat *a, const struct stat *b)
{
    if (S_ISBLK(a->st_mode) || S_ISBLK(b->st_mode)) {
        return S_ISBLK(a->st_mode) && S_ISBLK(b->st_mode) &&
               a->st_rdev == b->st_rdev;
    }
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static char *read_key(struct xs *xs, const char *dir, const char *key)
{
    char *value = NULL;

    if (xs_read(xs, XS_TXN_NONE, store_path("%.200s/%s", dir, key).s, &value,
                NULL) != 0) {
        return NULL;
    }
    return value;
}

/* Does the disk described in @dir exclude ours? */
static bool excludes(struct search *s, const char *dir)
{
    char *params = read_key(s->xs, dir, "params");
    char *mode = read_key(s->xs, dir, "mode");
    const char *path = params == NULL ? NULL : strchr(params, '/');
    struct stat st;
    bool hit = false;

    s->writes = mode != NULL && mode[0] == 'w';
    if (path != NULL && (s->writes || !s->disk->readonly) &&
        stat(path, &st) == 0) {
        hit = same_file(&st, &s->st);
    }
    free(params);
    free(mode);
    return hit;
}

static bool search_domain(struct search *s, const char *kind,
                          const char *domid)
{
    struct store_path base = store_path(BASE "/%s/%.16s", kind, domid);
    char **names;
    bool hit = false;
    size_t nr;

    if (xs_list(s->xs, XS_TXN_NONE, base.s, &names, &nr) != 0) {
        return false;
    }
    s->holder = (unsigned int)strtoul(domid, NULL, 10);
    for (size_t i = 0; i < nr && !hit; i++) {
        bool itself = s->holder == s->domid &&
                      strtoul(names[i], NULL, 10) == s->disk->vdev;

        hit = !itself &&
              excludes(s, store_path("%.180s/%.32s", base.s, names[i]).s);
    }
    free(names);
    return hit;
}

static bool search_kind(struct search *s, const char *kind)
{
    char **names;
    bool hit = false;
    size_t nr;

    if (xs_list(s->xs, XS_TXN_NONE, store_path(BASE "/%s", kind).s, &names,
                &nr) != 0) {
        return false;
    }
    for (size_t i = 0; i < nr && !hit; i++) {
        hit = search_domain(s, kind, names[i]);
    }
    free(names);
    return hit;
}

static int held_by_domain(struct search *s, struct err *e)
{
    char *name = read_key(s->xs, store_path(PATH_DOMAIN, s->holder).s, "name");
    int rc = err_set(e, -EBUSY, ERR_STATE, "the disk image is in use",
                     s->disk->source, "domain %u (%.64s) has it open for %s",
                     s->holder, name == NULL ? "?" : name,
                     s->writes ? "writing" : "reading");

    free(name);
    return rc;
}

/* ---- other programs --------------------------------------------------------------- */

static int test_lock(const struct disk_def *disk)
{
    int fd = open(disk->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int rc;

    if (fd < 0) {
        return 0;                      /* the back end says why not */
    }
    rc = imglock_test(fd, !disk->readonly);
    close(fd);
    return rc;
}

static int check_locks(const struct disk_def *disk, struct err *e)
{
    struct timespec t = { .tv_nsec = 50 * 1000000 };
    int rc = test_lock(disk);

    for (int i = 0; i < TRIES && rc == -EAGAIN; i++) {
        nanosleep(&t, NULL);
        rc = test_lock(disk);
    }
    if (rc == -EAGAIN) {
        return err_set(e, -EBUSY, ERR_STATE, "the disk image is in use",
                       disk->source, "another program has it open%s",
                       disk->readonly ? " for writing" : "");
    }
    return 0;
}

int claim_check(struct xs *xs, unsigned int domid, const struct disk_def *disk,
                struct err *e)
{
    struct search s = { .xs = xs, .disk = disk, .domid = domid };

    if (stat(disk->source, &s.st) != 0) {
        return 0;                      /* the back end says why not */
    }
    if (search_kind(&s, "qdisk") || search_kind(&s, "vbd")) {
        return held_by_domain(&s, e);
    }
    return check_locks(disk, e);
}
