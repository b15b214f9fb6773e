/* SPDX-License-Identifier: MIT */
/*
 * boot/qmp.h - what QEMU says of the machine beside its serial line.
 *
 * Owns    the socket to QEMU's monitor: was the machine reset, where are its
 *         CPUs now?
 * Tests   tests/unit/boot/test_qmp.c, every nested boot
 */
#ifndef BOOT_QMP_H
#define BOOT_QMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct qmp {
    int fd;                  /* -1: none */
    bool reset;              /* the guest's doing, since power-on */
    FILE *answer;            /* where the registers asked for go, or NULL */
    char line[32768];
    size_t len;
};

/* Returns the descriptor that QEMU is to inherit (it is close-on-exec here),
 * or -1 with errno. */
int qmp_open(struct qmp *q);
void qmp_close(struct qmp *q);

/* Was it reset?  Never blocks. */
bool qmp_was_reset(struct qmp *q);

/* Each CPU's registers to @log, while the machine runs; false: no answer in
 * @timeout_ms, or no monitor. */
bool qmp_log_registers(struct qmp *q, FILE *log, int timeout_ms);

#endif
