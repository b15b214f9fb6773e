/* SPDX-License-Identifier: MIT */
/*
 * frontend/input.c - says each event of keyboard and pointer as it comes:
 * GUEST KEY code pressed, GUEST POS x y wheel, GUEST MOTION x y wheel.
 */
#include <domu/domu.h>
#include <lib/print.h>

#include "frontend.h"

static void say_key(const union xenkbd_in_event *ev)
{
    print("GUEST KEY %u %u\n", ev->key.keycode, ev->key.pressed);
}

static void say_position(const union xenkbd_in_event *ev)
{
    print("GUEST POS %d %d %d\n", ev->pos.abs_x, ev->pos.abs_y,
          ev->pos.rel_z);
}

static void say_motion(const union xenkbd_in_event *ev)
{
    print("GUEST MOTION %d %d %d\n", ev->motion.rel_x, ev->motion.rel_y,
          ev->motion.rel_z);
}

static const struct {
    uint8_t type;
    void (*say)(const union xenkbd_in_event *ev);
} events[] = {
    { XENKBD_TYPE_KEY,    say_key },
    { XENKBD_TYPE_POS,    say_position },
    { XENKBD_TYPE_MOTION, say_motion },
};

static void say(const union xenkbd_in_event *ev)
{
    unsigned int i;

    for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (ev->type == events[i].type) {
            events[i].say(ev);
        }
    }
}

bool input_say(struct input_front *in)
{
    union xenkbd_in_event ev;

    while (input_front_take(in, &ev)) {
        say(&ev);
    }
    return !in->broken;
}
