/* SPDX-License-Identifier: MIT */
/*
 * services/console_hv.h - the hypervisor's own log, kept in a file.
 *
 * Owns    hypervisor.log and the position in the hypervisor's ring, which is
 *         remembered in the run directory: a restart neither repeats nor
 *         loses lines.  VIRQ_CON_RING says when there is more.
 * Tests   tests/unit/services/test_console.c
 */
#ifndef SERVICES_CONSOLE_HV_H
#define SERVICES_CONSOLE_HV_H

#include <services/console_log.h>

#include <stdint.h>

struct hyp;

struct console_hv {
    struct hyp *hyp;
    int evtchn_fd;
    uint32_t port;                /* 0: no virq, the log stays as it is */
    uint32_t index;
    int index_fd;
    struct console_log log;
};

/* @evtchn_fd < 0: do not bind.  Failures are logged; the daemon goes on. */
void console_hv_init(struct console_hv *c, struct hyp *hyp, int evtchn_fd,
                     const char *log_dir, const char *run_dir);
void console_hv_fini(struct console_hv *c);

/* Take what is there. */
void console_hv_drain(struct console_hv *c);

#endif
