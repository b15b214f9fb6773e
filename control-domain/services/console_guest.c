/* SPDX-License-Identifier: MIT */
/*
 * The course of console bytes between one guest and its watchers.  Which
 * guests there are is left to consoled.  Covered by
 * tests/unit/services/test_console.c.
 */
#include <services/console_guest.h>

#include <lib/err.h>
#include <lib/log.h>
#include <services/console_ring.h>
#include <services/console_view.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

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
    return 0;
}

void console_guest_fini(struct console_guest *g)
{
    console_view_free(g->view);
    console_log_close(&g->log);
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
        rc = console_log_write(&g->log, chunk, n);
        if (rc != 0) {
            glog_warn(&rate, g->domid, "console output not logged: %s",
                      strerror(-rc));
        }
        console_view_output(g->view, chunk, n);
        console_ring_consume(g->ring, n);
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
