/* SPDX-License-Identifier: MIT */
/*
 * The classes of frame buffers and keyboards: toolstack keys, features, the
 * frontends' keys.  Serving is left to fb_serve.c and input_serve.c, viewers
 * to screen.c.  Exercised by the nested boots.
 */
#include <back/screen_device.h>

#include <back/device_child.h>
#include <back/fb_serve.h>
#include <back/input_serve.h>
#include <back/screen.h>
#include <back/viewer.h>
#include <lib/err.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_MIB    8u
#define DEFAULT_WIDTH  800u
#define DEFAULT_HEIGHT 600u
#define PROTOCOL       "x86_64-abi"

static struct screen *screen_of(struct device *d)
{
    return d->back->shared;
}

/* Both ends of a picture and of the input are ready before any front. */
static int front_u32(struct device *d, const char *key, uint32_t *value,
                     struct err *e)
{
    int rc = keys_read_u32(d->back->xs, d->front, key, UINT32_MAX, value);

    return rc == 0 ? 0 : err_errno(e, rc, "cannot read the frontend's keys",
                                   "%s/%s", d->front, key);
}

/* Toolstack keys are ours: a number that is none is an error all the same. */
static int back_u32(struct device *d, const char *key, uint32_t max,
                    uint32_t def, uint32_t *value, struct err *e)
{
    int rc = keys_read_u32_or(d->back->xs, d->path, key, max, def, value);

    return rc == 0 ? 0 : err_errno(e, rc, "cannot read the device's keys",
                                   "%s/%s", d->path, key);
}

/* ---- frame buffer ---------------------------------------------------------------------------- */

static void back_text(struct device *d, const char *key, char *text,
                      size_t size, const char *def)
{
    if (keys_read_text(d->back->xs, d->path, key, text, size) != 0) {
        snprintf(text, size, "%s", def);
    }
}

static int fb_read(struct device *d, struct err *e)
{
    struct screen_settings set = { .web = true };
    uint32_t mib, web;
    char path[64];
    int rc;

    back_text(d, "control", set.control_dir, sizeof(set.control_dir), "");
    back_text(d, "vnc-listen", set.listen, sizeof(set.listen), "127.0.0.1");
    rc = back_u32(d, "vnc-port", 65535, 0, &set.vnc_port, e);
    if (rc == 0) {
        rc = back_u32(d, "web-port", 65535, 0, &set.web_port, e);
    }
    if (rc == 0) {
        rc = back_u32(d, "web", 1, 1, &web, e);
    }
    if (rc == 0) {
        rc = back_u32(d, "videoram", FB_LIMIT_MAX >> 20, DEFAULT_MIB, &mib, e);
    }
    if (rc != 0) {
        return rc;
    }
    set.web = web != 0;
    set.memory_bytes = (mib == 0 ? 1 : mib) << 20;
    snprintf(path, sizeof(path), "/local/domain/%u", d->back->domid);
    if (keys_read_text(d->back->xs, path, "name", set.name,
                       sizeof(set.name)) != 0) {
        snprintf(set.name, sizeof(set.name), "domain %u", d->back->domid);
    }
    return screen_start(screen_of(d), d->back, &set, e);
}

static void tell_ports(struct device *d)
{
    const struct screen *s = screen_of(d);
    char path[64];

    snprintf(path, sizeof(path), "/local/domain/%u/console", d->back->domid);
    keys_write_u64(d->back->xs, path, "vnc-port", (uint64_t)s->vnc_port);
    keys_write_text(d->back->xs, path, "vnc-listen", s->set.listen);
}

static int fb_offer(struct device *d, struct err *e)
{
    keys_write_u64(d->back->xs, d->path, "feature-resize", 1);
    keys_write_u64(d->back->xs, d->path, "request-update", 1);
    tell_ports(d);
    return 0;
}

/* A front of 32 bits would have another page directory. */
static int check_protocol(struct device *d, struct err *e)
{
    char protocol[32];
    int rc = keys_read_text(d->back->xs, d->front, "protocol", protocol,
                            sizeof(protocol));

    if (rc == -ENOENT || (rc == 0 && strcmp(protocol, PROTOCOL) == 0)) {
        return 0;
    }
    return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED, "cannot serve the front",
                   d->front, "its protocol is not " PROTOCOL);
}

static void run_fb(void *arg, int control_fd)
{
    struct fb_serve *s = arg;

    s->control_fd = control_fd;
    fb_serve(s);
}

static int fb_begin(struct device *d, struct err *e)
{
    const struct screen *screen = screen_of(d);
    struct fb_serve s = { .domid = d->back->domid, .id = d->id,
                          .pixels_fd = screen->pixels_fd,
                          .link_fd = screen->picture[0],
                          .empty_dir = d->back->empty_dir };
    uint32_t frame, updates = 0;
    int rc = check_protocol(d, e);

    if (rc == 0) {
        rc = front_u32(d, "page-ref", &frame, e);
    }
    if (rc == 0) {
        rc = front_u32(d, "event-channel", &s.remote_port, e);
    }
    if (rc != 0) {
        return rc;
    }
    keys_read_u32_or(d->back->xs, d->front, "feature-update", 1, 0, &updates);
    s.config = (struct fb_config){
        .page_frame = frame, .limit_bytes = screen->set.memory_bytes,
        .pixel_bytes = screen->set.memory_bytes,
        .sends_updates = updates != 0,
    };
    return device_child_spawn(d, run_fb, &s, e);
}

static void fb_end(struct device *d)
{
    screen_off(screen_of(d));
}

static void fb_release(struct device *d, bool gone)
{
    screen_stop(screen_of(d));
}

const struct device_class fb_device_class = {
    .program = "paravane-screend", .type = "vfb", .noun = "frame buffer",
    .read = fb_read, .offer = fb_offer, .start = fb_begin, .end = fb_end,
    .release = fb_release, .sandbox = &fb_sandbox,
    .more_sandbox = &viewer_sandbox,
};

/* ---- keyboard and pointer ------------------------------------------------------------------ */

static int input_read(struct device *d, struct err *e)
{
    return screen_open_links(screen_of(d), e);
}

static int input_offer(struct device *d, struct err *e)
{
    keys_write_u64(d->back->xs, d->path, "feature-abs-pointer", 1);
    return 0;
}

static void run_input(void *arg, int control_fd)
{
    struct input_serve *s = arg;

    s->control_fd = control_fd;
    input_serve(s);
}

static int input_begin(struct device *d, struct err *e)
{
    struct input_serve s = { .domid = d->back->domid, .id = d->id,
                             .link_fd = screen_of(d)->input[0],
                             .empty_dir = d->back->empty_dir };
    uint32_t absolute = 0, width, height;
    int rc = front_u32(d, "page-gref", &s.config.page_ref, e);

    if (rc == 0) {
        rc = front_u32(d, "event-channel", &s.remote_port, e);
    }
    if (rc == 0) {
        rc = back_u32(d, "width", SCREEN_MAX_WIDTH, DEFAULT_WIDTH, &width, e);
    }
    if (rc == 0) {
        rc = back_u32(d, "height", SCREEN_MAX_HEIGHT, DEFAULT_HEIGHT, &height,
                      e);
    }
    if (rc != 0) {
        return rc;
    }
    keys_read_u32_or(d->back->xs, d->front, "request-abs-pointer", 1, 0,
                     &absolute);
    s.config.absolute = absolute != 0;
    s.config.width = (int32_t)width;
    s.config.height = (int32_t)height;
    return device_child_spawn(d, run_input, &s, e);
}

static void input_end(struct device *d)
{
}

static void input_release(struct device *d, bool gone)
{
}

const struct device_class input_device_class = {
    .program = "paravane-screend", .type = "vkbd", .noun = "keyboard",
    .read = input_read, .offer = input_offer, .start = input_begin,
    .end = input_end, .release = input_release, .sandbox = &input_sandbox,
};
