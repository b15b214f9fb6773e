/* SPDX-License-Identifier: MIT */
/*
 * restore: starting, by a worker, from a file that was checked here from its
 * first byte to its last.
 * Tests: tests/boot/dom0/save.sh, tests/unit/toolstack/test_cli.sh.
 */
#include <config/defaults.h>
#include <config/xml_parse.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/buf.h>
#include <save/check.h>
#include <save/file.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vmctl/cmd.h>
#include <vmctl/saved.h>

static void name_file(struct err *e, const char *path)
{
    char which[sizeof(e->which)];

    snprintf(which, sizeof(which), "%.100s%s%.80s", path,
             e->which[0] == '\0' ? "" : ", ", e->which);
    memcpy(e->which, which, sizeof(which));
}

/* An image that was written since holds other data than the guest believes. */
static int check_disk(const char *text, const char *path, const struct stat *f,
                      struct err *e)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return err_set(e, -errno, ERR_CONFIG, "cannot restore: a disk is "
                       "missing", path, "%s", strerror(errno));
    }
    if (strtoll(text, NULL, 10) != st.st_size) {
        return err_set(e, -EINVAL, ERR_STATE, "cannot restore: a disk has "
                       "changed", path, "its size was %s; --force restores "
                       "all the same", text);
    }
    if (st.st_mtim.tv_sec > f->st_mtim.tv_sec ||
        (st.st_mtim.tv_sec == f->st_mtim.tv_sec &&
         st.st_mtim.tv_nsec > f->st_mtim.tv_nsec)) {
        return err_set(e, -EINVAL, ERR_STATE, "cannot restore: a disk has "
                       "changed", path, "it was written after the save; "
                       "--force restores all the same");
    }
    return 0;
}

static int check_disks(const struct buf *disks, int fd, struct err *e)
{
    const char *at = disks->data, *end = at + disks->len;
    struct stat st;
    int rc = fstat(fd, &st) == 0 ? 0 : -errno;

    while (rc == 0 && at != NULL && at < end) {
        const char *size = save_text_next(at, end);
        const char *path = size == NULL ? NULL : save_text_next(size, end);

        if (path == NULL) {
            return -EINVAL;
        }
        rc = check_disk(size, path, &st, e);
        at = save_text_next(path, end);
    }
    return rc;
}

/* Everything in it, and what is needed before the domain is built. */
static int read_file(int fd, char **xml, struct buf *disks, struct err *e)
{
    struct save_state state = { .xml = NULL };
    struct save_reader r;
    int rc = save_reader_init(&r, save_file_get, &fd, true, e);

    while (rc == 0 && (rc = save_reader_next(&r, e)) > 0) {
        int type = save_check(&state, &r, e);

        rc = type < 0 ? type : 0;
        if (type == SAVE_DISKS) {
            rc = buf_add(disks, r.body, r.len);
        }
    }
    rc = rc == 0 ? save_check_complete(&state, e) : rc;
    if (rc == 0) {
        *xml = state.xml;
        state.xml = NULL;
    }
    save_reader_fini(&r);
    save_state_fini(&state);
    return rc;
}

static int parse_xml(const char *xml, struct domain_def *def, struct err *e)
{
    struct diag dg;
    int rc;

    diag_init(&dg, "XML of the save file", false);
    rc = xml_parse_memory(xml, strlen(xml), def, &dg);
    if (rc == 0) {
        rc = defaults_fill(def);
    }
    diag_to_err(&dg, e);
    diag_fini(&dg);
    return rc;
}

static int restore_fd(struct ctl *c, int fd, const uint8_t *uuid,
                      struct err *e)
{
    struct domain_def def;
    struct buf disks = BUF_INIT;
    char *xml = NULL;
    int rc = read_file(fd, &xml, &disks, e);

    def_init(&def);
    if (rc == 0) {
        rc = parse_xml(xml, &def, e);
    }
    if (rc == 0 && uuid != NULL && memcmp(uuid, def.uuid, 16) != 0) {
        rc = err_set(e, -EINVAL, ERR_STATE, "cannot restore", def.name,
                     "the save file is of another domain");
    }
    if (rc == 0 && !c->force) {
        rc = check_disks(&disks, fd, e);
    }
    if (rc == 0 && lseek(fd, 0, SEEK_SET) != 0) {
        rc = err_errno(e, -errno, "cannot read the save file", NULL);
    }
    if (rc == 0) {
        rc = start_def(c, &def, fd, e);
    }
    def_fini(&def);
    buf_free(&disks);
    free(xml);
    return rc;
}

int restore_from(struct ctl *c, const char *path, const uint8_t *uuid,
                 struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

    if (fd < 0) {
        return err_set(e, -errno, ERR_CONFIG, "cannot open the save file",
                       path, "%s", strerror(errno));
    }
    rc = restore_fd(c, fd, uuid, e);
    if (rc != 0 && e->class == ERR_CONFIG) {
        name_file(e, path);
    }
    close(fd);
    return rc;
}

int cmd_restore(struct ctl *c, int argc, char **argv, struct err *e)
{
    return restore_from(c, argv[0], NULL, e);
}
