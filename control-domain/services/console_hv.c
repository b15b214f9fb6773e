/* SPDX-License-Identifier: MIT */
/*
 * Copies the hypervisor's log ring to a file as it grows.  Covered by
 * tests/unit/services/test_console.c.
 */
#include <services/console_hv.h>

#include <lib/ctl.h>
#include <lib/evtchn.h>
#include <lib/log.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK      4096u
#define LOG_LIMIT  (1024u * 1024u)
#define MAX_ROUNDS 64                /* chunks per call */

/* The position: four bytes in a file of the run directory. */
static void load_index(struct console_hv *c, const char *run_dir)
{
    char path[192];

    snprintf(path, sizeof(path), "%s/hypervisor.index", run_dir);
    c->index_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (c->index_fd < 0 || pread(c->index_fd, &c->index, sizeof(c->index), 0) !=
        sizeof(c->index)) {
        c->index = 0;
    }
}

static void save_index(struct console_hv *c)
{
    if (c->index_fd >= 0 &&
        pwrite(c->index_fd, &c->index, sizeof(c->index), 0) < 0) {
        log_debug("the position in the hypervisor log was not saved");
    }
}

void console_hv_init(struct console_hv *c, struct hyp *hyp, int evtchn_fd,
                     const char *log_dir, const char *run_dir)
{
    char path[192];
    int rc;

    memset(c, 0, sizeof(*c));
    c->hyp = hyp;
    c->evtchn_fd = evtchn_fd;
    load_index(c, run_dir);
    snprintf(path, sizeof(path), "%s/hypervisor.log", log_dir);
    rc = console_log_open(&c->log, path, LOG_LIMIT);
    if (rc != 0) {
        log_warn("%s: %s", path, strerror(-rc));
    }
    if (evtchn_fd >= 0) {
        rc = evtchn_bind_virq(evtchn_fd, VIRQ_CON_RING, &c->port);
        if (rc != 0) {
            log_warn("the hypervisor's log is not followed: %s",
                     strerror(-rc));
            c->port = 0;
        }
    }
    console_hv_drain(c);
}

void console_hv_fini(struct console_hv *c)
{
    console_log_close(&c->log);
    if (c->index_fd >= 0) {
        close(c->index_fd);
    }
}

void console_hv_drain(struct console_hv *c)
{
    char chunk[CHUNK];
    int round, n;

    for (round = 0; round < MAX_ROUNDS; round++) {
        n = ctl_host_readconsole(c->hyp, chunk, sizeof(chunk), &c->index, 0);
        if (n <= 0) {
            return;
        }
        if (console_log_write(&c->log, chunk, (size_t)n) != 0) {
            log_debug("a part of the hypervisor's log was not written");
        }
        save_index(c);
    }
}
