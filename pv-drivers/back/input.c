/* SPDX-License-Identifier: MIT */
/*
 * Key and pointer events for a guest's ring.  Covered by
 * tests/unit/pvdrv/test_input.c.
 */
#include <back/input.h>

#include <assert.h>
#include <string.h>

static_assert(sizeof(union xenkbd_in_event) == XENKBD_IN_EVENT_SIZE, "ABI");
static_assert(sizeof(struct xenkbd_page) == 16, "ABI");

static struct xenkbd_page *shared(const struct input *in)
{
    return in->shared.addr;
}

int input_start(struct input *in, struct port *port,
                const struct input_config *config)
{
    memset(in, 0, sizeof(*in));
    in->config = *config;
    in->port = port;
    return port_map(port, &config->page_ref, 1, true, &in->shared);
}

void input_stop(struct input *in)
{
    port_unmap(in->port, &in->shared);
}

/* ---- queue -------------------------------------------------------------------------------- */

static union xenkbd_in_event *at(struct input *in, uint32_t i)
{
    return &in->queue[(in->head + i) % INPUT_QUEUE];
}

static bool push(struct input *in, const union xenkbd_in_event *ev)
{
    if (in->len == INPUT_QUEUE) {
        in->stats.dropped++;
        return false;
    }
    *at(in, in->len++) = *ev;
    return true;
}

/* A pointer that has not moved in the guest's eyes yet moves on. */
static bool merge_position(struct input *in, const union xenkbd_in_event *ev)
{
    union xenkbd_in_event *last;

    if (in->len == 0) {
        return false;
    }
    last = at(in, in->len - 1);
    if (last->type != XENKBD_TYPE_POS || last->pos.rel_z != 0 ||
        ev->pos.rel_z != 0) {
        return false;
    }
    *last = *ev;
    return true;
}

static bool push_key(struct input *in, int32_t code, bool down)
{
    union xenkbd_in_event ev;

    memset(&ev, 0, sizeof(ev));
    ev.key.type = XENKBD_TYPE_KEY;
    ev.key.pressed = down;
    ev.key.keycode = (uint32_t)code;
    return push(in, &ev);
}

static void push_motion(struct input *in, int32_t dx, int32_t dy, int32_t dz)
{
    union xenkbd_in_event ev;

    memset(&ev, 0, sizeof(ev));
    if (in->config.absolute) {
        ev.pos.type = XENKBD_TYPE_POS;
        ev.pos.abs_x = in->x;
        ev.pos.abs_y = in->y;
        ev.pos.rel_z = dz;
        if (merge_position(in, &ev)) {
            return;
        }
    } else {
        ev.motion.type = XENKBD_TYPE_MOTION;
        ev.motion.rel_x = dx;
        ev.motion.rel_y = dy;
        ev.motion.rel_z = dz;
    }
    push(in, &ev);
}

/* ---- messages ----------------------------------------------------------------------------- */

static void take_key(struct input *in, const struct screen_msg *m)
{
    bool down = m->b != 0;

    in->want[m->a] = down;
    if (!down && !in->pressed[m->a]) {
        return;
    }
    if (push_key(in, m->a, down)) {
        in->pressed[m->a] = down;
    }
}

/* From a picture of w by h to the axes the front was told. */
static int32_t on_axis(int32_t v, int32_t size, int32_t axis)
{
    return size == axis || size < 2 ? v
           : (int32_t)((int64_t)v * (axis - 1) / (size - 1));
}

static void take_pointer(struct input *in, const struct screen_msg *m)
{
    int32_t x = on_axis(m->x, m->w, in->config.width);
    int32_t y = on_axis(m->y, m->h, in->config.height);
    int32_t dx = in->placed ? x - in->x : 0, dy = in->placed ? y - in->y : 0;
    bool first = !in->placed;

    in->x = x;
    in->y = y;
    in->placed = true;
    if (dx != 0 || dy != 0 || (first && in->config.absolute)) {
        push_motion(in, dx, dy, 0);
    }
}

/* Linux turns the sign back. */
static void take_wheel(struct input *in, const struct screen_msg *m)
{
    push_motion(in, 0, 0, -m->a);
}

static void take_release(struct input *in, const struct screen_msg *m)
{
    memset(in->want, 0, sizeof(in->want));
}

/* INV-IN2: releases that got lost, as far as there is room. */
static void settle(struct input *in)
{
    int32_t code;

    for (code = 1; code <= (int32_t)SCREEN_MAX_CODE; code++) {
        if (in->pressed[code] && !in->want[code] &&
            in->len < INPUT_QUEUE && push_key(in, code, false)) {
            in->pressed[code] = false;
        }
    }
}

void input_take(struct input *in, const struct screen_msg *m)
{
    static void (*const take[SCREEN_NR_KINDS])(struct input *,
                                               const struct screen_msg *) = {
        [SCREEN_KEY] = take_key, [SCREEN_POINTER] = take_pointer,
        [SCREEN_WHEEL] = take_wheel, [SCREEN_RELEASE] = take_release,
    };

    if (m->kind < SCREEN_NR_KINDS && take[m->kind] != NULL) {
        take[m->kind](in, m);
    }
}

bool input_room(const struct input *in)
{
    return in->len + 16 < INPUT_QUEUE;
}

/* ---- the ring ------------------------------------------------------------------------------ */

/* Words, because the guest may look at any time; it sees them after in_prod. */
static void write_slot(struct xenkbd_page *page, uint32_t i,
                       const union xenkbd_in_event *ev)
{
    volatile uint32_t *to =
        (volatile uint32_t *)&XENKBD_IN_RING_REF(page, i);
    uint32_t words[XENKBD_IN_EVENT_SIZE / sizeof(uint32_t)];
    size_t k;

    memcpy(words, ev, sizeof(words));
    for (k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
        to[k] = words[k];
    }
}

/* No message is defined in the other direction: they are skipped. */
static void skip_answers(struct xenkbd_page *page)
{
    uint32_t prod = __atomic_load_n(&page->out_prod, __ATOMIC_RELAXED);

    __atomic_store_n(&page->out_cons, prod, __ATOMIC_RELAXED);
}

bool input_run(struct input *in)
{
    struct xenkbd_page *page = shared(in);
    uint32_t cons = __atomic_load_n(&page->in_cons, __ATOMIC_ACQUIRE);
    uint32_t used, before;

    if (!in->begun) {                  /* a predecessor's position */
        in->in_prod = __atomic_load_n(&page->in_prod, __ATOMIC_RELAXED);
        in->begun = true;
    }
    before = in->in_prod;
    used = in->in_prod - cons;
    skip_answers(page);
    settle(in);
    /* INV-IN1: a position that makes no sense leaves no room. */
    while (in->len > 0 && used < XENKBD_IN_RING_LEN) {
        write_slot(page, in->in_prod, at(in, 0));
        in->head = (in->head + 1) % INPUT_QUEUE;
        in->len--;
        in->in_prod++;
        used++;
        in->stats.events++;
    }
    if (in->in_prod != before) {
        __atomic_store_n(&page->in_prod, in->in_prod, __ATOMIC_RELEASE);
        port_notify(in->port);
    }
    return in->len == 0;
}
