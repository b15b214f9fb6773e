/* SPDX-License-Identifier: MIT */
/*
 * The storage daemon's life, from our side: its arguments, its management
 * protocol, its end.  What it may see is left to storaged_room.c, the chain of
 * files to qcow2.c.  Covered by tests/unit/pvdrv/test_qcow2.c.
 */
#include <back/storaged.h>

#include <back/qcow2.h>
#include <back/storaged_room.h>
#include <lib/err.h>
#include <lib/imglock.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS   5000
#define ANSWER_MS  10000
#define JSON_BYTES 8192u

/* ---- what it is told at its start ------------------------------------------------- */

/* Can the file be read past the page cache? */
static bool direct_works(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECT | O_NONBLOCK);

    if (fd < 0) {
        return false;
    }
    close(fd);
    return true;
}

/* The files are called /img/0... in its room: no path needs quoting. */
static int node(char *json, size_t size, const struct qcow2_chain *c,
                unsigned int i, bool readonly)
{
    const char *ro = readonly || i > 0 ? "true" : "false";
    struct stat st;
    bool block = fstat(c->files[i].fd, &st) == 0 && S_ISBLK(st.st_mode);
    int n = snprintf(json, size, "{\"driver\":\"%s\",%s\"read-only\":%s,"
                     "\"discard\":\"unmap\",\"file\":{\"driver\":\"%s\","
                     "\"filename\":\"/img/%u\",\"read-only\":%s,"
                     "\"aio\":\"threads\",\"discard\":\"unmap\","
                     "\"locking\":\"on\","
                     "\"cache\":{\"direct\":%s}}",
                     c->files[i].qcow2 ? "qcow2" : "raw",
                     i == 0 ? "\"node-name\":\"disk\"," : "", ro,
                     block ? "host_device" : "file", i, ro,
                     direct_works(c->files[i].path) ? "true" : "false");

    if (c->files[i].qcow2) {
        n += snprintf(json + n, size - (size_t)n, ",\"backing\":");
        n += i + 1 < c->nr
                 ? node(json + n, size - (size_t)n, c, i + 1, readonly)
                 : snprintf(json + n, size - (size_t)n, "null");
    }
    return n + snprintf(json + n, size - (size_t)n, "}");
}

static void exec_it(const struct storaged_config *c,
                    const struct qcow2_chain *chain, int listen_fd,
                    int monitor_fd)
{
    char json[JSON_BYTES], export[160], chardev[48];
    char *argv[] = {
        STORAGED_PROGRAM, "--blockdev", json, "--export", export,
        "--chardev", chardev, "--monitor", "m", NULL,
    };
    char *envp[] = { "LC_ALL=C", NULL };

    node(json, sizeof(json), chain, 0, c->readonly);
    snprintf(export, sizeof(export), "type=vhost-user-blk,id=e,node-name=disk,"
             "writable=%s,writethrough=on,addr.type=fd,addr.str=%d",
             c->readonly ? "off" : "on", listen_fd);
    snprintf(chardev, sizeof(chardev), "socket,id=m,fd=%d", monitor_fd);
    execve(argv[0], argv, envp);
}

/* ---- start --------------------------------------------------------------------------- */

/* A socket with a name for a moment: listening in the daemon, connected here. */
static int make_requests(const struct storaged_config *c, int *listening,
                         int *connected)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int rc;

    snprintf(a.sun_path, sizeof(a.sun_path), "%.80s/%u-%u.sock", c->run_dir,
             c->domid, c->vdev);
    unlink(a.sun_path);
    *listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *connected = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    rc = *listening < 0 || *connected < 0 ||
         bind(*listening, (struct sockaddr *)&a, sizeof(a)) != 0 ||
         listen(*listening, 1) != 0 ||
         connect(*connected, (struct sockaddr *)&a, sizeof(a)) != 0
             ? -errno : 0;
    unlink(a.sun_path);
    return rc;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

static pid_t spawn(const struct storaged_config *c,
                   const struct qcow2_chain *chain, int listen_fd,
                   int monitor_fd)
{
    pid_t parent = getpid(), pid = fork();

    if (pid == 0) {
        const int fds[] = { listen_fd, monitor_fd };

        if (storaged_enter_room(c->run_dir, chain, c->readonly, fds, 2,
                                parent) == 0) {
            exec_it(c, chain, listen_fd, monitor_fd);
        }
        dprintf(2, "storage daemon: cannot start: %s\n", strerror(errno));
        _exit(1);
    }
    return pid;
}

int storaged_start(struct storaged *s, const struct storaged_config *c,
                   struct err *e)
{
    int listening = -1, monitor[2] = { -1, -1 };
    struct qcow2_chain *chain = calloc(1, sizeof(*chain));
    int rc = chain == NULL ? -ENOMEM : 0;

    memset(s, 0, sizeof(*s));
    s->request_fd = s->monitor_fd = -1;
    s->open = true;
    if (rc == 0) {
        rc = qcow2_open(chain, c->image, e);
    }
    if (rc == 0) {                     /* the daemon takes the lock itself */
        rc = imglock_test(chain->files[0].fd, !c->readonly);
        rc = rc == 0 ? 0 : err_set(e, rc, ERR_STATE, "cannot lock the disk "
                                   "image", c->image, "another program uses "
                                   "it");
    }
    if (rc != 0) {
        if (chain != NULL) {
            qcow2_close(chain);
        }
        free(chain);
        return rc;
    }
    s->bytes = chain->files[0].bytes;
    rc = make_requests(c, &listening, &s->request_fd);
    if (rc == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
                              monitor) != 0) {
        rc = -errno;
    }
    if (rc == 0) {
        s->monitor_fd = monitor[0];
        s->pid = spawn(c, chain, listening, monitor[1]);
        rc = s->pid > 0 ? 0 : -EAGAIN;
    }
    close_fd(&listening);
    close_fd(&monitor[1]);
    qcow2_close(chain);
    free(chain);
    if (rc != 0) {
        storaged_stop(s, false);
        return err_errno(e, rc, "cannot start the storage daemon", "%s",
                         c->image);
    }
    return 0;
}

/* ---- end ---------------------------------------------------------------------------------- */

static bool ended(struct storaged *s, int timeout_ms)
{
    for (int ms = 0; ; ms += 10) {
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid) {
            return true;
        }
        if (ms >= timeout_ms) {
            return false;
        }
        poll(NULL, 0, 10);
    }
}

void storaged_stop(struct storaged *s, bool gracefully)
{
    if (!s->open) {
        return;
    }
    close_fd(&s->request_fd);
    if (s->pid > 0) {
        if (gracefully) {
            kill(s->pid, SIGTERM);
        }
        if (!gracefully || !ended(s, GRACE_MS)) {
            kill(s->pid, SIGKILL);
            waitpid(s->pid, NULL, 0);  /* all its threads, all their I/O */
        }
    }
    s->pid = 0;
    close_fd(&s->monitor_fd);
    s->greeted = s->open = false;
}

/* ---- management --------------------------------------------------------------------------- */

/* One line of the monitor; the daemon is not trusted with its length. */
static int read_line(struct storaged *s, char *line, size_t size)
{
    struct pollfd p = { .fd = s->monitor_fd, .events = POLLIN };
    size_t n = 0;

    while (n < size - 1 && poll(&p, 1, ANSWER_MS) == 1 &&
           read(s->monitor_fd, line + n, 1) == 1) {
        if (line[n++] == '\n') {
            line[n] = '\0';
            return 0;
        }
    }
    return -EIO;
}

/* Send a command; events in between are skipped.  The error in @line. */
static int command(struct storaged *s, const char *text, char *line,
                   size_t size)
{
    size_t len = strlen(text);

    if (send(s->monitor_fd, text, len, MSG_NOSIGNAL) != (ssize_t)len) {
        return -EPIPE;
    }
    for (int i = 0; i < 64 && read_line(s, line, size) == 0; i++) {
        if (strncmp(line, "{\"return\"", 9) == 0) {
            return 0;
        }
        if (strncmp(line, "{\"error\"", 8) == 0) {
            return -EINVAL;
        }
    }
    snprintf(line, size, "no answer");
    return -EIO;
}

int storaged_resize(struct storaged *s, uint64_t bytes, struct err *e)
{
    char line[2048], text[160];
    int rc = 0;

    if (!s->greeted) {
        rc = command(s, "{\"execute\":\"qmp_capabilities\"}\n", line,
                     sizeof(line));
        s->greeted = rc == 0;
    }
    snprintf(text, sizeof(text), "{\"execute\":\"block_resize\",\"arguments\":"
             "{\"node-name\":\"disk\",\"size\":%llu}}\n",
             (unsigned long long)bytes);
    if (rc == 0) {
        rc = command(s, text, line, sizeof(line));
    }
    if (rc != 0) {
        line[strcspn(line, "\r\n")] = '\0';
        return err_set(e, rc, ERR_FAILED, "the storage daemon refuses the "
                       "size", NULL, "%.180s", line);
    }
    s->bytes = bytes;
    return 0;
}
