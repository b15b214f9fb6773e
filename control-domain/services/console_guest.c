/* SPDX-License-Identifier: MIT */
/*
 * The course of console bytes between one guest and its watchers.  Which
 * guests there are is left to consoled.  Covered by
 * tests/unit/services/test_console.c.
 */
#include <services/console_guest.h>

#include <lib/err.h>
#include <lib/log.h>
#include <lib/xen_abi.h>
#include <services/console_ring.h>
#include <services/console_view.h>

#include <xen/io/console.h>

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 2048u

static size_t take_input(void *arg, const char *data, size_t len)
{
    struct console_guest *g = arg;
    size_t taken;

    if (g->ring == NULL) {
        return len;               /* nobody will ever read it */
    }
    taken = console_ring_put(g->ring, data, len);
    if (taken > 0) {
        g->notify(g->notify_arg);
    }
    return taken;
}

/* ---- the mark: exactly once into the log ----------------------------------------- */

static void mark_open(struct console_guest *g, const char *socket_path)
{
    int fd;
    void *p;

    snprintf(g->mark_path, sizeof(g->mark_path), "%.120s.mark", socket_path);
    fd = open(g->mark_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return;
    }
    if (ftruncate(fd, sizeof(*g->mark)) == 0) {
        p = mmap(NULL, sizeof(*g->mark), PROT_READ | PROT_WRITE, MAP_SHARED,
                 fd, 0);
        g->mark = p != MAP_FAILED ? p : NULL;
    }
    close(fd);
}

static void mark_close(struct console_guest *g)
{
    if (g->mark != NULL) {
        munmap(g->mark, sizeof(*g->mark));
        unlink(g->mark_path);
        g->mark = NULL;
    }
}

static void mark_set(struct console_guest *g)
{
    if (g->mark == NULL) {
        return;
    }
    __atomic_store_n(&g->mark->valid, 0, __ATOMIC_RELEASE);
    g->mark->log_inode = g->log.inode;
    g->mark->log_size = g->log.size;
    g->mark->out_cons = g->ring->out_cons;
    __atomic_store_n(&g->mark->valid, 1, __ATOMIC_RELEASE);
}

static void mark_clear(struct console_guest *g)
{
    if (g->mark != NULL) {
        __atomic_store_n(&g->mark->valid, 0, __ATOMIC_RELEASE);
    }
}

void console_guest_attach(struct console_guest *g,
                          struct xencons_interface *ring)
{
    struct console_mark *m = g->mark;
    uint64_t grown;

    g->ring = ring;
    if (ring == NULL || m == NULL || m->valid != 1 ||
        m->log_inode != g->log.inode || m->out_cons != ring->out_cons ||
        g->log.size < m->log_size) {
        return;
    }
    grown = g->log.size - m->log_size;
    if (grown <= CHUNK) {
        console_ring_consume(ring, grown);
    }
    mark_clear(g);
}

/* New viewers of a new daemon see what the old one had logged. */
static void recall(struct console_guest *g)
{
    char chunk[CHUNK];
    int fd = open(g->log.path, O_RDONLY | O_CLOEXEC);
    off_t at = g->log.size > CONSOLE_RECENT_BYTES
               ? (off_t)(g->log.size - CONSOLE_RECENT_BYTES) : 0;
    ssize_t n;

    if (fd < 0) {
        return;
    }
    while ((n = pread(fd, chunk, sizeof(chunk), at)) > 0) {
        console_view_remember(g->view, chunk, (size_t)n);
        at += n;
    }
    close(fd);
}

int console_guest_init(struct console_guest *g, struct evloop *loop,
                       unsigned int domid, const char *log_path,
                       const char *socket_path, struct err *e)
{
    int rc;

    memset(g, 0, sizeof(*g));
    g->domid = domid;
    g->budget = CONSOLE_PERIOD_BYTES;
    rc = console_log_open(&g->log, log_path, CONSOLE_LOG_LIMIT);
    if (rc != 0) {
        return err_errno(e, rc, "cannot open the console log", "%s",
                         log_path);
    }
    g->view = console_view_new(loop, socket_path, take_input, g, e);
    if (g->view == NULL) {
        console_log_close(&g->log);
        return -(e != NULL && e->errnum != 0 ? e->errnum : 5);
    }
    mark_open(g, socket_path);
    recall(g);
    return 0;
}

void console_guest_fini(struct console_guest *g)
{
    console_view_free(g->view);
    console_log_close(&g->log);
    mark_close(g);
    g->view = NULL;
    g->ring = NULL;
}

bool console_guest_run(struct console_guest *g)
{
    static struct log_rate rate = LOG_RATE(5);
    char chunk[CHUNK];
    bool moved = false, drained = false;
    size_t n;
    int rc;

    if (g->ring == NULL) {
        return true;
    }
    while (g->budget > 0) {
        n = console_ring_peek(g->ring, chunk,
                              g->budget < CHUNK ? g->budget : CHUNK);
        drained = n == 0;
        if (drained) {
            break;
        }
        rc = console_log_make_room(&g->log, n);
        if (rc == 0) {
            mark_set(g);
            rc = console_log_write(&g->log, chunk, n);
        }
        if (rc != 0) {
            glog_warn(&rate, g->domid, "console output not logged: %s",
                      strerror(-rc));
        }
        console_view_output(g->view, chunk, n);
        console_ring_consume(g->ring, n);
        mark_clear(g);
        g->budget -= (uint32_t)n;
        moved = true;
    }
    if (moved) {
        g->notify(g->notify_arg);
    }
    console_view_resume(g->view);
    return drained;
}

void console_guest_refill(struct console_guest *g)
{
    g->budget = CONSOLE_PERIOD_BYTES;
}

void console_guest_file_name(const char *name, char *out, size_t size)
{
    size_t i;

    for (i = 0; i + 1 < size && name[i] != '\0'; i++) {
        bool plain = isalnum((unsigned char)name[i]) ||
                     strchr("-_+.:@", name[i]) != NULL;

        out[i] = plain && !(i == 0 && name[i] == '.') ? name[i] : '_';
    }
    out[i] = '\0';
}
