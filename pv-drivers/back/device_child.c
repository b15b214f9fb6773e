/* SPDX-License-Identifier: MIT */
/*
 * Parent's side of a serving process.  Each start opens the image anew: its
 * lock then waits for the last I/O of a predecessor.  States are left to
 * device.c.  Exercised by the nested boots.
 */
#include <back/device_child.h>

#include <back/blk_serve.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/log.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RETRY_NS      100000000u
#define MAX_ATTEMPTS  100u         /* ten seconds */
#define STOP_MS       10000

/* ---- what the frontend wrote ------------------------------------------------------ */

static int read_protocol(struct device *d, struct err *e)
{
    char text[32];
    int rc = keys_read_text(d->back->xs, d->front, "protocol", text,
                            sizeof(text));

    if (rc == -ENOENT || (rc == 0 && strcmp(text, "x86_64-abi") == 0)) {
        return 0;
    }
    return err_set(e, -EPROTO, ERR_UNSUPPORTED, "cannot connect the disk",
                   d->front, "protocol \"%.24s\" is not x86_64-abi",
                   rc == 0 ? text : "?");
}

/* One page: "ring-ref"; more: "ring-ref0"... and "ring-page-order". */
static int read_refs(struct device *d, struct blk_config *c)
{
    struct xs *xs = d->back->xs;
    uint32_t order = 0, i;
    char key[24];
    int rc = keys_read_u32_or(xs, d->front, "ring-page-order", 4, 0, &order);

    if (rc != 0) {
        return rc;
    }
    c->nr_ring_pages = 1u << order;
    if (order == 0 && keys_read_u32(xs, d->front, "ring-ref", UINT32_MAX,
                                    &c->ring_refs[0]) == 0) {
        return 0;
    }
    for (i = 0; i < c->nr_ring_pages && rc == 0; i++) {
        snprintf(key, sizeof(key), "ring-ref%u", i);
        rc = keys_read_u32(xs, d->front, key, UINT32_MAX, &c->ring_refs[i]);
    }
    return rc;
}

static int read_ring(struct device *d, struct blk_serve *s, struct err *e)
{
    uint32_t persistent = 0;
    int rc = read_protocol(d, e);

    if (rc != 0) {
        return rc;
    }
    rc = read_refs(d, &s->config);
    if (rc == 0) {
        rc = keys_read_u32(d->back->xs, d->front, "event-channel", UINT32_MAX,
                           &s->remote_port);
    }
    if (rc == 0) {
        rc = keys_read_u32_or(d->back->xs, d->front, "feature-persistent", 1,
                              0, &persistent);
    }
    if (rc != 0) {
        return err_errno(e, rc, "cannot read the frontend's keys", "%s",
                         d->front);
    }
    s->config.persistent = persistent != 0;
    s->config.discard = d->discard;
    s->config.resume = d->resume;
    s->config.plain_io = d->back->plain_io;
    return 0;
}

/* ---- start --------------------------------------------------------------------------- */

static void publish_size(struct device *d, const struct blk_image *img)
{
    struct xs *xs = d->back->xs;

    keys_write_u64(xs, d->path, "sectors", img->sectors);
    keys_write_u64(xs, d->path, "sector-size", BLK_SECTOR_SIZE);
    keys_write_u64(xs, d->path, "physical-sector-size", img->physical_sector);
    keys_write_u64(xs, d->path, "info", (d->readonly ? 4u : 0u) |
                                        (d->cdrom ? 1u : 0u));
    if (d->discard) {
        keys_write_u64(xs, d->path, "discard-granularity",
                       img->discard_granularity);
        keys_write_u64(xs, d->path, "discard-alignment", 0);
    }
}

static void journal_path(const struct device *d, char *path, size_t size)
{
    snprintf(path, size, "%s/%u-%u.journal", d->back->run_dir, d->back->domid,
             d->vdev);
}

static int open_journal(struct device *d, struct err *e)
{
    char path[200];
    int fd;

    journal_path(d, path, sizeof(path));
    if (!d->resume) {
        unlink(path);
    }
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? err_errno(e, -errno, "cannot open the journal", "%s", path)
                  : fd;
}

static void on_control(void *arg, uint32_t events);

static int spawn(struct device *d, struct blk_serve *s, struct err *e)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return err_errno(e, -errno, "cannot start a serving process", "fork");
    }
    s->control_fd = pair[1];
    d->pid = fork();
    if (d->pid == 0) {
        blk_serve(s);
    }
    close(pair[1]);
    if (d->pid < 0) {
        d->pid = 0;
        close(pair[0]);
        return err_errno(e, -errno, "cannot start a serving process", "fork");
    }
    d->control_fd = pair[0];
    d->control_src = evloop_add(d->back->loop, pair[0], EPOLLIN, on_control,
                                d);
    return 0;
}

/* -EAGAIN: the image is still locked, by a predecessor or a stranger. */
static int try_start(struct device *d, struct err *e)
{
    struct blk_serve s = { .domid = d->back->domid, .vdev = d->vdev,
                           .empty_dir = d->back->empty_dir };
    int rc = read_ring(d, &s, e);

    if (rc != 0) {
        return rc;
    }
    rc = blk_image_open(&s.image, d->image_path, d->readonly, e);
    if (rc != 0) {
        return rc;
    }
    rc = blk_image_lock(&s.image);
    if (rc == 0) {
        publish_size(d, &s.image);
        s.journal_fd = open_journal(d, e);
        rc = s.journal_fd < 0 ? s.journal_fd : spawn(d, &s, e);
        if (s.journal_fd >= 0) {
            close(s.journal_fd);
        }
    } else {
        err_set(e, rc, ERR_STATE, "cannot lock the disk image", d->image_path,
                "another program uses it");
    }
    blk_image_close(&s.image);    /* the child has its own descriptor */
    return rc;
}

static void try_again_later(struct device *d)
{
    evloop_timer_set(d->retry, RETRY_NS, 0);
}

static void start_or_retry(struct device *d)
{
    struct err e = ERR_INIT;
    int rc = try_start(d, &e);

    if (rc == 0) {
        return;
    }
    if (++d->attempts < MAX_ATTEMPTS && rc == -EAGAIN) {
        try_again_later(d);
        return;
    }
    d->connecting = false;
    device_fail(d, &e);
    device_set_state(d, XenbusStateClosing);
}

static void on_retry(void *arg)
{
    struct device *d = arg;

    if (d->connecting && d->pid == 0) {
        start_or_retry(d);
    }
}

void device_child_start(struct device *d)
{
    d->connecting = true;
    d->attempts = 0;
    start_or_retry(d);
}

/* ---- while it runs ---------------------------------------------------------------------- */

static void forget(struct device *d)
{
    evloop_del(d->control_src);
    if (d->control_fd >= 0) {
        close(d->control_fd);
    }
    d->control_src = NULL;
    d->control_fd = -1;
    if (d->pid > 0) {
        kill(d->pid, SIGKILL);
        waitpid(d->pid, NULL, 0);
    }
    d->pid = 0;
}

/* It died, or could not start yet: another one continues the journal. */
static void replace(struct device *d, const char *why)
{
    bool was_up = !d->connecting;

    forget(d);
    if (was_up) {
        d->attempts = 0;
        d->resume = true;
    }
    if (++d->attempts >= MAX_ATTEMPTS / 2) {
        struct err e = ERR_INIT;

        err_set(&e, -EIO, ERR_FAILED, "cannot serve the disk", d->path, "%s",
                why);
        d->connecting = false;
        device_fail(d, &e);
        device_set_state(d, XenbusStateClosing);
        return;
    }
    log_warn("d%u: disk %u: serving process ended (%s), another one starts",
             d->back->domid, d->vdev, why);
    d->connecting = true;
    try_again_later(d);
}

static void on_broken(struct device *d, const struct blk_serve_msg *m)
{
    struct err e = ERR_INIT;

    err_set(&e, -EPROTO, ERR_FAILED, "the frontend broke the ring", d->path,
            "%.100s", m->text);
    device_child_stop(d);
    device_fail(d, &e);
    device_set_state(d, XenbusStateClosing);
}

static void on_control(void *arg, uint32_t events)
{
    struct device *d = arg;
    struct blk_serve_msg m;
    ssize_t n = recv(d->control_fd, &m, sizeof(m), MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n != (ssize_t)sizeof(m)) {
        replace(d, "it died");
        return;
    }
    m.text[sizeof(m.text) - 1] = '\0';
    switch (m.kind) {
    case BLK_SERVE_UP:
        d->connecting = false;
        d->resume = true;         /* from now on a successor continues */
        log_info("d%u: disk %u served by process %d, %s", d->back->domid,
                 d->vdev, (int)d->pid, m.text);
        device_set_state(d, XenbusStateConnected);
        device_step(d);
        break;
    case BLK_SERVE_BROKEN:
        on_broken(d, &m);
        break;
    case BLK_SERVE_FAILED:
        replace(d, m.text);
        break;
    default:
        break;
    }
}

/* ---- stop ---------------------------------------------------------------------------------- */

static void log_stats(const struct device *d, const struct blk_serve_msg *m)
{
    log_info("d%u: disk %u: %llu requests, %llu sectors read, %llu written, "
             "%llu errors", d->back->domid, d->vdev,
             (unsigned long long)m->stats.requests,
             (unsigned long long)m->stats.sectors_read,
             (unsigned long long)m->stats.sectors_written,
             (unsigned long long)m->stats.errors);
}

void device_child_stop(struct device *d)
{
    struct pollfd p = { .fd = d->control_fd, .events = POLLIN };
    struct blk_serve_msg m = { .kind = 0 };

    d->connecting = false;
    evloop_timer_set(d->retry, 0, 0);
    if (d->pid > 0 && send(d->control_fd, "q", 1, MSG_NOSIGNAL) == 1) {
        while (m.kind != BLK_SERVE_DRAINED && poll(&p, 1, STOP_MS) == 1 &&
               recv(d->control_fd, &m, sizeof(m), 0) ==
               (ssize_t)sizeof(m)) {
        }
        if (m.kind == BLK_SERVE_DRAINED) {
            log_stats(d, &m);
        }
    }
    forget(d);
}

void device_child_end(struct device *d)
{
    char path[200];

    device_child_stop(d);
    journal_path(d, path, sizeof(path));
    unlink(path);
    d->resume = false;
}

int device_child_init(struct device *d)
{
    d->retry = evloop_timer(d->back->loop, on_retry, d);
    return d->retry == NULL ? -ENOMEM : 0;
}

void device_child_fini(struct device *d)
{
    evloop_del(d->retry);
    d->retry = NULL;
}
