/* SPDX-License-Identifier: MIT */
/*
 * back/serve.h - what the serving processes of all device classes share.
 *
 * Owns    the first steps of a forked child (its name, its end with the
 *         parent, its descriptors) and the messages to the parent.
 * Tests   nested boots
 */
#ifndef BACK_SERVE_H
#define BACK_SERVE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

enum serve_kind {
    SERVE_UP = 1,                 /* connected and confined */
    SERVE_FAILED,                 /* could not start; text says why */
    SERVE_BROKEN,                 /* the guest's ring makes no sense */
    SERVE_DRAINED,                /* stopped as asked; text: the totals */
};

/* What a child sends on its control socket, whole. */
struct serve_msg {
    uint32_t kind;
    int32_t  errnum;
    char     text[200];
};

/* What its parent sends, whole. */
enum serve_order_kind {
    SERVE_STOP = 1,               /* finish what is in flight, then end */
    SERVE_SIZE,                   /* a disk has @sectors from now on */
};

/* "An order waits": for who sleeps where no descriptor wakes it. */
#define SERVE_NUDGE SIGURG            /* ignored unless asked for */

struct serve_order {
    uint32_t kind;
    uint32_t pad;
    uint64_t sectors;
};

/*
 * Name the process, make it end with its parent, close every descriptor but
 * standard error and @fds, which move to 3, 4...
 */
void serve_begin(const char *class_name, unsigned int id, int **fds,
                 unsigned int nr_fds);

void serve_say(int control_fd, enum serve_kind kind, int errnum,
               const char *text);

#endif
