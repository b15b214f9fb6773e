/* SPDX-License-Identifier: MIT */
/*
 * back/input.h - keys and pointer of a guest.
 *
 * Owns    the shared page of one connection: events into its ring, with our
 *         position kept here; what waits while the ring is full; which keys
 *         the guest believes to be pressed.
 * Leaves  where events come from to input_serve.h.
 *
 * INV-IN1 nothing the guest writes into the page decides where we write:
 *         only how much.
 * INV-IN2 a key told pressed is told released, whatever was lost between.
 * ABI     xen/io/kbdif.h
 * Tests   tests/unit/pvdrv/test_input.c
 */
#ifndef BACK_INPUT_H
#define BACK_INPUT_H

#include <port/port.h>
#include <screen/link.h>

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/io/kbdif.h>

#define INPUT_QUEUE 256u

struct input_config {
    uint32_t page_ref;                 /* a grant */
    bool     absolute;                 /* "request-abs-pointer" */
    int32_t  width, height;            /* of the absolute axes */
};

struct input {
    struct input_config config;
    struct port *port;
    struct port_pages shared;          /* struct xenkbd_page */
    uint32_t in_prod;                  /* our position */
    bool begun;                        /* in_prod is known */
    union xenkbd_in_event queue[INPUT_QUEUE];
    uint32_t head, len;
    bool pressed[SCREEN_MAX_CODE + 1]; /* told, or in the queue */
    bool want[SCREEN_MAX_CODE + 1];    /* by the viewers */
    int32_t x, y;                      /* last position on the axes */
    bool placed;                       /* x and y are known */
    struct {
        uint64_t events, dropped;
    } stats;
};

int input_start(struct input *in, struct port *port,
                const struct input_config *config);
void input_stop(struct input *in);

/* Take one message of the viewers' server. */
void input_take(struct input *in, const struct screen_msg *m);

/* Move what waits into the ring, notify.  False: the ring is full. */
bool input_run(struct input *in);

/* Is there room for another message? */
bool input_room(const struct input *in);

#endif
