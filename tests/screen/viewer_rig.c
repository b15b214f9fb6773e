/* SPDX-License-Identifier: MIT */
/*
 * The viewers' process of a screen without a guest: shows a picture file,
 * prints what viewers do, one line each.  For tests on the host.
 *
 *   viewer_rig DIR WIDTH HEIGHT PICTURE.raw
 *
 * DIR becomes the VM's directory (vnc.password is read there, screen.sock and
 * screen.ports appear).  It ends with its standard input.
 */
#include <back/device.h>
#include <back/screen.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/log.h>
#include <screen/link.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct rig {
    struct screen screen;
    struct back back;
    uint32_t *pixels;
    int width, height;
};

static void tell(struct rig *r, enum screen_kind kind, int32_t a)
{
    struct screen_msg m = { .kind = kind, .w = r->width, .h = r->height,
                            .a = a };

    screen_link_send(r->screen.picture[0], &m);
}

static void on_picture(void *arg, uint32_t events)
{
    struct rig *r = arg;
    struct screen_msg m;

    while (screen_link_recv(r->screen.picture[0], &m) == 1) {
        if (m.kind == SCREEN_SYNC) {
            tell(r, SCREEN_MODE, 0);
            tell(r, SCREEN_SYNCED, m.a);
        } else if (m.kind == SCREEN_WATCH) {
            printf("watch %d\n", m.a);
        }
    }
}

static void on_input(void *arg, uint32_t events)
{
    static const char *const names[SCREEN_NR_KINDS] = {
        [SCREEN_KEY] = "key", [SCREEN_POINTER] = "pointer",
        [SCREEN_WHEEL] = "wheel", [SCREEN_RELEASE] = "release",
    };
    struct rig *r = arg;
    struct screen_msg m;

    while (screen_link_recv(r->screen.input[0], &m) == 1) {
        printf("%s %d %d %d %d\n", names[m.kind], m.a, m.b, m.x, m.y);
    }
}

static void on_stdin(void *arg, uint32_t events)
{
    struct rig *r = arg;
    char c;

    if (read(0, &c, 1) <= 0) {
        evloop_stop(r->back.loop, 0);
    }
}

static void read_picture(struct rig *r, const char *path)
{
    size_t want = (size_t)r->width * (size_t)r->height * 4;
    FILE *f = fopen(path, "re");

    if (f == NULL || fread(r->pixels, 1, want, f) != want) {
        fprintf(stderr, "viewer_rig: %s is not %zu bytes\n", path, want);
        exit(2);
    }
    fclose(f);
}

int main(int argc, char **argv)
{
    static struct rig r;
    struct screen_settings set = { .name = "rig", .listen = "127.0.0.1",
                                   .web = true, .memory_bytes = 8u << 20 };
    struct err e = ERR_INIT;

    if (argc != 5) {
        fprintf(stderr, "usage: viewer_rig DIR WIDTH HEIGHT PICTURE\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    log_init("viewer_rig", LOG_LVL_DEBUG, 0);
    r.width = atoi(argv[2]);
    r.height = atoi(argv[3]);
    snprintf(set.control_dir, sizeof(set.control_dir), "%s", argv[1]);
    r.back.domid = 1;
    r.back.loop = evloop_new();
    snprintf(r.back.empty_dir, sizeof(r.back.empty_dir), "%s/empty", argv[1]);
    if (screen_start(&r.screen, &r.back, &set, &e) != 0) {
        log_errval(&e);
        return 1;
    }
    r.pixels = screen_pixels_map(r.screen.pixels_fd, set.memory_bytes, true);
    read_picture(&r, argv[4]);
    evloop_add(r.back.loop, r.screen.picture[0], EPOLLIN, on_picture, &r);
    evloop_add(r.back.loop, r.screen.input[0], EPOLLIN, on_input, &r);
    evloop_add(r.back.loop, 0, EPOLLIN, on_stdin, &r);
    evloop_run(r.back.loop);
    screen_stop(&r.screen);
    return 0;
}
