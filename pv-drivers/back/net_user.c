/* SPDX-License-Identifier: MIT */
/*
 * The process behind a card in user mode: paravane-slirpd, beside this
 * program, at the other end of a packet socket.  Exercised by the nested boots.
 */
#include <back/net_user.h>

#include <back/device.h>
#include <lib/err.h>
#include <lib/log.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET_ROOM (4 << 20)      /* more than a TCP window of libslirp */

static void program(char path[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 32);
    char *slash;

    path[len > 0 ? len : 0] = '\0';
    slash = strrchr(path, '/');
    strcpy(slash == NULL ? path : slash + 1, "paravane-slirpd");
}

/* In the child. */
static void become_slirpd(struct device *d, const char *path, int fd)
{
    char domid[16], mtu[16];
    sigset_t none;

    snprintf(domid, sizeof(domid), "%u", d->back->domid);
    snprintf(mtu, sizeof(mtu), "%u", d->net.mtu);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(fd, 3) == 3) {
        syscall(SYS_close_range, 4u, ~0u, 0u);
        execl(path, "paravane-slirpd", "--domid", domid, "--mtu", mtu,
              "--empty-dir", d->back->empty_dir, (char *)NULL);
    }
    _exit(127);
}

static void make_room(int fd)
{
    int room = SOCKET_ROOM;

    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) != 0) {
        log_warn("user-mode networking has a small buffer only");
    }
}

static int spawn(struct device *d, struct err *e)
{
    char path[PATH_MAX];
    int pair[2], rc = 0;

    program(path);
    if (access(path, X_OK) != 0) {
        return err_errno(e, -errno, "cannot start user-mode networking", "%s",
                         path);
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   pair) != 0) {
        return err_errno(e, -errno, "cannot start user-mode networking",
                         "socket");
    }
    make_room(pair[0]);
    make_room(pair[1]);
    d->net.slirp = fork();
    if (d->net.slirp == 0) {
        become_slirpd(d, path, pair[1]);
    }
    close(pair[1]);
    if (d->net.slirp < 0) {
        rc = err_errno(e, -errno, "cannot start user-mode networking", "fork");
        d->net.slirp = 0;
        close(pair[0]);
        return rc;
    }
    d->net.fds[0] = pair[0];
    d->net.nr_fds = 1;
    return 0;
}

int net_user_start(struct device *d, struct err *e)
{
    if (d->net.slirp > 0 && waitpid(d->net.slirp, NULL, WNOHANG) == 0) {
        return 0;
    }
    d->net.slirp = 0;
    net_user_stop(d);
    return spawn(d, e);
}

void net_user_stop(struct device *d)
{
    if (d->net.slirp > 0) {
        kill(d->net.slirp, SIGKILL);
        waitpid(d->net.slirp, NULL, 0);
    }
    d->net.slirp = 0;
    if (d->net.nr_fds > 0) {
        close(d->net.fds[0]);
        d->net.nr_fds = 0;
    }
}
