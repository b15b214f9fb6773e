/* SPDX-License-Identifier: MIT */
/* The host's end of a serial line.
 * Tests: tests/unit/hvm-emu/frame/test_chipset.c. */
#include <host/serial.h>

#include <lib/err.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static int open_pty(struct serial *s)
{
    struct termios t;

    s->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (s->fd < 0 || grantpt(s->fd) != 0 || unlockpt(s->fd) != 0 ||
        ptsname_r(s->fd, s->name, sizeof(s->name)) != 0) {
        return -errno;
    }
    s->slave_fd = open(s->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (s->slave_fd < 0 || tcgetattr(s->slave_fd, &t) != 0) {
        return -errno;
    }
    cfmakeraw(&t);
    s->input = true;
    return tcsetattr(s->slave_fd, TCSANOW, &t) != 0 ? -errno : 0;
}

static int open_file(struct serial *s, const char *path)
{
    s->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY |
                 O_CLOEXEC, 0600);
    if (s->fd >= 0) {
        off_t end = lseek(s->fd, 0, SEEK_END);

        s->written = end > 0 ? (uint64_t)end : 0;
    }
    return s->fd < 0 ? -errno : 0;
}

int serial_open(struct serial *s, const char *what, struct err *e)
{
    int rc = 0;

    memset(s, 0, sizeof(*s));
    s->fd = s->slave_fd = -1;
    if (what != NULL) {
        rc = strcmp(what, "pty") == 0 ? open_pty(s) : open_file(s, what);
    }
    if (rc != 0) {
        serial_close(s);
        return err_errno(e, rc, "cannot open the serial line", "%s", what);
    }
    return 0;
}

void serial_close(struct serial *s)
{
    if (s->fd >= 0) {
        close(s->fd);
    }
    if (s->slave_fd >= 0) {
        close(s->slave_fd);
    }
    s->fd = s->slave_fd = -1;
}

void serial_put(struct serial *s, uint8_t byte)
{
    if (s->fd < 0) {
        return;
    }
    if (!s->input && s->written >= SERIAL_FILE_MAX) {
        s->written = ftruncate(s->fd, 0) == 0 ? 0 : s->written;
    }
    if (write(s->fd, &byte, 1) == 1) {
        s->written++;
    } else {
        s->lost++;
    }
}

size_t serial_get(struct serial *s, uint8_t *buf, size_t max)
{
    ssize_t n = s->fd >= 0 && s->input ? read(s->fd, buf, max) : 0;

    return n > 0 ? (size_t)n : 0;
}
