/* SPDX-License-Identifier: MIT */
/*
 * When the machine's picture is drawn, what of it is told to the viewers'
 * process, and keys taken one after the other.  Starting that process is
 * host/screen_start.c's.  Covered by tests/unit/hvm-emu/test_host_screen.c.
 */
#include <host/screen_int.h>

#include <frame/loop.h>
#include <frame/machine.h>
#include <lib/log.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LOOK_NS  40000000u             /* between two looks at the picture */
#define KEY_NS   15000000u             /* between two keys, for a slow BIOS */
#define RETRY_NS 5000000u              /* the viewers' process has no room */

/* ---- to the viewers' process ----------------------------------------------------------- */

/* It died and is replaced: the socket stays, so an error is a full one. */
static bool tell(struct host_screen *s, const struct screen_msg *m)
{
    return screen_link_send(s->picture_fd, m) == 0;
}

static void tell_text(struct host_screen *s)
{
    uint8_t *cells = (uint8_t *)s->pixels + HOST_SCREEN_BYTES;
    uint32_t cols = 0, rows = 0;

    s->ops->text(s->arg, cells, &cols, &rows);
    if (cols != 0 && rows != 0) {
        struct screen_msg m = { .kind = SCREEN_TEXT, .w = (int32_t)cols,
                                .h = (int32_t)rows };

        tell(s, &m);
    }
}

static bool tell_mode(struct host_screen *s)
{
    struct screen_msg m = { .kind = SCREEN_MODE, .w = (int32_t)s->width,
                            .h = (int32_t)s->height };

    s->ops->draw(s->arg, s->drawn);
    memcpy(s->pixels, s->drawn, (size_t)s->width * s->height * 4);
    return tell(s, &m);
}

/* The smallest rectangle that has all differences; copied. */
static struct screen_rect copy_change(struct host_screen *s)
{
    struct screen_rect r = { 0 };
    size_t row_bytes = (size_t)s->width * 4;
    uint32_t y, left, right;

    for (y = 0; y < s->height; y++) {
        const uint32_t *from = s->drawn + (size_t)y * s->width;
        uint32_t *to = s->pixels + (size_t)y * s->width;

        if (memcmp(from, to, row_bytes) == 0) {
            continue;
        }
        for (left = 0; from[left] == to[left]; left++) {
        }
        for (right = s->width; from[right - 1] == to[right - 1]; right--) {
        }
        memcpy(to + left, from + left, (size_t)(right - left) * 4);
        r = screen_rect_join(r, (struct screen_rect){
                (int32_t)left, (int32_t)y, (int32_t)(right - left), 1 });
    }
    return r;
}

static void tell_change(struct host_screen *s)
{
    struct screen_msg m = { .kind = SCREEN_DIRTY };

    if (s->ops->changed(s->arg)) {
        s->ops->draw(s->arg, s->drawn);
        s->unsent = screen_rect_join(s->unsent, copy_change(s));
    }
    if (s->unsent.w != 0) {
        m.x = s->unsent.x;
        m.y = s->unsent.y;
        m.w = s->unsent.w;
        m.h = s->unsent.h;
        if (tell(s, &m)) {
            s->unsent = (struct screen_rect){ 0 };
        }
    }
}

static void answer_sync(struct host_screen *s)
{
    struct screen_msg m = { .kind = SCREEN_SYNCED, .a = s->sync_nr };

    tell_text(s);
    s->sync = !tell(s, &m);
}

/* ---- the picture -------------------------------------------------------------------------- */

static bool size_changed(struct host_screen *s)
{
    uint32_t width = 0, height = 0;

    if (s->ops != NULL) {
        s->ops->size(s->arg, &width, &height);
    }
    if (width > SCREEN_MAX_WIDTH || height > SCREEN_MAX_HEIGHT ||
        (uint64_t)width * height * 4 > HOST_SCREEN_BYTES || height == 0) {
        width = height = 0;
    }
    if (width == s->width && height == s->height) {
        return false;
    }
    s->width = width;
    s->height = height;
    return true;
}

static void show(struct host_screen *s)
{
    static const struct screen_msg off = { .kind = SCREEN_OFF };

    s->untold = size_changed(s) || s->untold || s->sync;
    if (s->width == 0) {
        s->untold = s->untold && !tell(s, &off);
        s->sync = false;
        return;
    }
    if (s->untold) {
        s->untold = !tell_mode(s);
        s->unsent = (struct screen_rect){ 0 };
    } else {
        tell_change(s);
    }
    if (s->sync && !s->untold) {
        answer_sync(s);
    }
}

static void on_look(void *arg)
{
    struct host_screen *s = arg;

    show(s);
    if (s->sync || s->untold) {
        timer_set(&s->look, RETRY_NS);
    } else if (s->watched) {
        timer_set(&s->look, LOOK_NS);
    }
}

/* The end of the other side would be told for ever. */
static bool is_over(struct loop_watch **w, uint32_t events)
{
    if ((events & (EPOLLHUP | EPOLLERR)) == 0) {
        return false;
    }
    log_warn("the screen has lost its viewers' process");
    loop_unwatch(*w);
    *w = NULL;
    return true;
}

static void on_picture(void *arg, uint32_t events)
{
    struct host_screen *s = arg;
    struct screen_msg m;
    unsigned int i;

    if (is_over(&s->picture_watch, events)) {
        return;
    }
    for (i = 0; i < 64 && screen_link_recv(s->picture_fd, &m) == 1; i++) {
        if (m.kind == SCREEN_WATCH) {
            s->watched = m.a != 0;
        } else if (m.kind == SCREEN_SYNC) {
            s->sync = true;
            s->sync_nr = m.a;
        }
    }
    if (s->sync || s->watched) {
        on_look(s);
    }
}

/* ---- keys --------------------------------------------------------------------------------- */

/* A key is followed by a pause, in which the others wait in the socket. */
static void on_input(void *arg, uint32_t events)
{
    struct host_screen *s = arg;
    struct screen_msg m;
    unsigned int i;

    if (is_over(&s->input_watch, events)) {
        return;
    }
    for (i = 0; i < 64 && screen_link_recv(s->input_fd, &m) == 1; i++) {
        if (s->input != NULL) {
            s->input(s->input_arg, &m);
        }
        if (m.kind == SCREEN_KEY) {
            loop_watch_mod(s->input_watch, 0);
            timer_set(&s->key_pause, KEY_NS);
            return;
        }
    }
}

static void on_key_pause(void *arg)
{
    struct host_screen *s = arg;

    if (s->input_watch != NULL) {
        loop_watch_mod(s->input_watch, EPOLLIN);
        on_input(s, EPOLLIN);
    }
}

/* ---- set-up ------------------------------------------------------------------------------- */

int host_screen_serve(struct machine *m, struct host_screen *s,
                      int picture_fd, int input_fd, uint32_t *pixels)
{
    s->picture_fd = picture_fd;
    s->input_fd = input_fd;
    s->pixels = pixels;
    s->drawn = malloc(HOST_SCREEN_BYTES);
    if (s->drawn == NULL) {
        return -ENOMEM;
    }
    timer_init(m, &s->look, on_look, s);
    timer_init(m, &s->key_pause, on_key_pause, s);
    s->picture_watch = loop_watch(m, picture_fd, EPOLLIN, on_picture, s);
    s->input_watch = loop_watch(m, input_fd, EPOLLIN, on_input, s);
    return s->picture_watch != NULL && s->input_watch != NULL ? 0 : -ENOMEM;
}

void host_screen_source(struct host_screen *s,
                        const struct host_screen_ops *ops, void *arg)
{
    if (s != NULL) {
        s->ops = ops;
        s->arg = arg;
    }
}

void host_screen_sink(struct host_screen *s,
                      void (*input)(void *arg, const struct screen_msg *m),
                      void *arg)
{
    if (s != NULL) {
        s->input = input;
        s->input_arg = arg;
    }
}
