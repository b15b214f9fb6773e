/* SPDX-License-Identifier: MIT */
/*
 * Sets up loop devices (linux/loop.h, LOOP_CONFIGURE).  Another process may
 * take the free device first: then the next one is asked for.
 * Tests: tests/boot/dom0/vmctl.sh.
 */
#include <devices/loop.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/err.h>
#include <lib/imglock.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 16

static int free_device(void)
{
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    char name[32];
    int nr, fd;

    if (control < 0) {
        return -errno;
    }
    nr = ioctl(control, LOOP_CTL_GET_FREE);
    fd = nr < 0 ? -errno : 0;
    close(control);
    if (nr < 0) {
        return fd;
    }
    snprintf(name, sizeof(name), "/dev/loop%d", nr);
    fd = open(name, O_RDWR | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int configure(int loop, int file, bool readonly)
{
    struct loop_config config = {
        .fd = (__u32)file,
        .info.lo_flags = LO_FLAGS_AUTOCLEAR |
                         (readonly ? LO_FLAGS_READ_ONLY : 0),
    };

    return ioctl(loop, LOOP_CONFIGURE, &config) == 0 ? 0 : -errno;
}

static int attach(int file, bool readonly)
{
    int rc = -EBUSY;

    for (int i = 0; i < TRIES && rc == -EBUSY; i++) {
        int loop = free_device();

        if (loop < 0) {
            return loop;
        }
        rc = configure(loop, file, readonly);
        if (rc == 0) {
            return loop;
        }
        close(loop);
    }
    return rc;
}

int loop_attach(const char *path, bool readonly, dev_t *dev, struct err *e)
{
    int file = open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    struct stat st;
    int fd;

    if (file < 0) {
        return err_set(e, -errno, ERR_CONFIG, "cannot open the disk image",
                       path, "%s", strerror(errno));
    }
    /* The loop device keeps this open file, and with it the lock. */
    fd = imglock_take(file, !readonly);
    if (fd == -EAGAIN) {
        close(file);
        return err_set(e, -EBUSY, ERR_STATE, "the disk image is in use", path,
                       "another program has it open");
    }
    if (fd == 0) {
        fd = attach(file, readonly);
    }
    close(file);
    if (fd >= 0 && fstat(fd, &st) != 0) {
        int rc = -errno;

        close(fd);
        fd = rc;
    }
    if (fd < 0) {
        return err_errno(e, fd, "cannot set up a loop device", "%s", path);
    }
    *dev = st.st_rdev;
    return fd;
}
