/* SPDX-License-Identifier: MIT */
/*
 * vmctl console: this terminal and a guest's console, through the console
 * daemon's socket, or through the terminal that console/tty names when another
 * daemon serves it; of an HVM guest whose serial line is a pty, that line.
 * Tests: tests/boot/dom0/vmctl.sh, hvm-life.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <vmctl/cmd.h>

#define SOCKET_DIR     "/run/paravane/console"
#define DEFAULT_ESCAPE 0x1d            /* ^] */
#define APPEAR_MS      5000u

static int open_socket(unsigned int domid)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

    if (fd < 0) {
        return -errno;
    }
    snprintf(addr.sun_path, sizeof(addr.sun_path), SOCKET_DIR "/%u.sock",
             domid);
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
        rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

/* @what: a directory that the control domain alone writes. */
static int open_tty(struct ctl *c, unsigned int domid, const char *what)
{
    char path[64], *tty = NULL;
    int fd = -ENOENT;

    snprintf(path, sizeof(path), "/local/domain/%u/%s/tty", domid, what);
    if (xs_read(c->xs, XS_TXN_NONE, path, &tty, NULL) == 0 && *tty == '/') {
        fd = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
        fd = fd < 0 ? -errno : fd;
    }
    free(tty);
    return fd;
}

static int open_any(struct ctl *c, const struct dom *d)
{
    bool chosen = c->type != NULL, serial = false;
    int fd = -ENOENT;

    if (chosen ? strcmp(c->type, "serial") == 0 : dom_is_hvm(d)) {
        serial = chosen;
        fd = open_tty(c, d->domid, "serial/0");
    }
    if (fd < 0 && !serial) {
        fd = open_socket(d->domid);
    }
    return fd < 0 && !serial ? open_tty(c, d->domid, "console") : fd;
}

/* A daemon may need a moment for a domain that has just been made. */
static int open_console(struct ctl *c, const struct dom *d)
{
    struct timespec t = { .tv_nsec = 50 * 1000000 };
    int fd = -ENOENT;

    for (unsigned int ms = 0; ms < APPEAR_MS; ms += 50) {
        fd = open_any(c, d);
        if (fd >= 0) {
            break;
        }
        nanosleep(&t, NULL);
    }
    return fd;
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return false;
        }
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return true;
}

/* From @in to @out; false at the end of @in.  @escape < 0: none. */
static bool pump(int in, int out, int escape, bool *escaped)
{
    char buf[4096];
    ssize_t n = read(in, buf, sizeof(buf));
    const char *stop;

    if (n <= 0) {
        return n < 0 && errno == EINTR;
    }
    stop = escape < 0 ? NULL : memchr(buf, escape, (size_t)n);
    if (stop != NULL) {
        *escaped = true;
        n = stop - buf;
    }
    return write_all(out, buf, (size_t)n) && !*escaped;
}

static void relay(int fd, int escape)
{
    struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
                           { .fd = STDIN_FILENO, .events = POLLIN } };
    bool escaped = false;

    while (!escaped) {
        if (poll(p, 2, -1) < 0 && errno != EINTR) {
            return;
        }
        if (p[0].revents != 0 && !pump(fd, STDOUT_FILENO, -1, &escaped)) {
            return;                    /* the guest has ended */
        }
        if (p[1].revents != 0 && !pump(STDIN_FILENO, fd, escape, &escaped)) {
            p[1].fd = -1;              /* no more input: go on showing */
        }
    }
}

int console_attach(struct ctl *c, const struct dom *d, struct err *e)
{
    int escape = c->escape != 0 ? c->escape : DEFAULT_ESCAPE;
    bool terminal = isatty(STDIN_FILENO) == 1;
    struct termios before, raw;
    int fd = open_console(c, d);

    if (fd < 0 && c->type != NULL && strcmp(c->type, "serial") == 0) {
        return err_set(e, fd, ERR_STATE, "there is no serial line", d->name,
                       "it is not an HVM guest with <serial type='pty'>");
    }
    if (fd < 0) {
        return err_set(e, fd, ERR_FAILED, "cannot reach the console", d->name,
                       "no console daemon serves domain %u", d->domid);
    }
    if (terminal) {
        fprintf(stderr, "console of %s, leave it with ^%c\r\n", d->name,
                escape + '@');
        tcgetattr(STDIN_FILENO, &before);
        raw = before;
        cfmakeraw(&raw);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    relay(fd, escape);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
        fputc('\n', stderr);
    }
    close(fd);
    return 0;
}

int cmd_console(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct dom d;
    int rc = dom_find_live(c, argv[0], &d, e);

    if (rc == 0 && c->type != NULL && strcmp(c->type, "pv") != 0 &&
        strcmp(c->type, "serial") != 0) {
        rc = err_set(e, -EINVAL, ERR_USAGE, "not a type of console", c->type,
                     "--type is pv or serial");
    }
    if (rc == 0 && d.domid == 0) {
        rc = err_set(e, -EINVAL, ERR_UNSUPPORTED, "there is no console",
                     d.name, "the control domain has the machine's own");
    }
    return rc == 0 ? console_attach(c, &d, e) : rc;
}
