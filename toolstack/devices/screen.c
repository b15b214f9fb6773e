/* SPDX-License-Identifier: MIT */
/*
 * The frame buffer and the keyboard with its pointer, which a <graphics>
 * brings together.  The features that a front reads while it probes are
 * written here, before any back end runs.  The password goes into a file of
 * the VM's directory: a guest can read its back ends' keys.
 * Tests: tests/unit/toolstack/test_devices.c, tests/boot/dom0/screen.sh.
 */
#include <devices/screen.h>

#include <errno.h>
#include <fcntl.h>
#include <lib/err.h>
#include <stdio.h>
#include <store/device_entry.h>
#include <string.h>
#include <unistd.h>

/* A domain has one screen, or none; an HVM guest's is its device model's. */
size_t screen_nr(const struct domain_def *def)
{
    return devices_need_screend(def) ? 1 : 0;
}

bool screen_id(const struct domain_def *def, size_t i, struct device_id *id)
{
    id->devid = 0;
    id->front_kind = "vfb";
    id->back_kind = "vfb";
    return true;
}

bool keyboard_id(const struct domain_def *def, size_t i, struct device_id *id)
{
    id->devid = 0;
    id->front_kind = "vkbd";
    id->back_kind = "vkbd";
    return true;
}

int screen_write_password(const struct devices *d, const char *password,
                          struct err *e)
{
    size_t len = password == NULL ? 0 : strlen(password);
    char path[256];
    int fd, rc = 0;

    if (d->run_dir == NULL) {
        return password == NULL ? 0 : err_set(e, -EINVAL, ERR_FAILED,
                                              "cannot keep the password",
                                              NULL, "no run directory");
    }
    snprintf(path, sizeof(path), "%s/" SCREEN_PASSWORD_FILE, d->run_dir);
    if (password == NULL) {
        unlink(path);
        return 0;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, password, len) != (ssize_t)len) {
        rc = err_errno(e, -errno, "cannot keep the password", "%s", path);
    }
    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

struct screen_text {
    char domid[16], port[16], web[16], mib[16], width[16], height[16];
};

static void spell(const struct devices *d, struct screen_text *t)
{
    const struct graphics_def *g = def_screen(d->def);
    struct video_def v = def_screen_shape(d->def);

    snprintf(t->domid, sizeof(t->domid), "%u", d->domid);
    snprintf(t->port, sizeof(t->port), "%u", g->port);
    snprintf(t->web, sizeof(t->web), "%u", g->web_port);
    snprintf(t->mib, sizeof(t->mib), "%u", (v.vram_kib + 1023) / 1024);
    snprintf(t->width, sizeof(t->width), "%u", v.width);
    snprintf(t->height, sizeof(t->height), "%u", v.height);
}

int screen_attach(struct devices *d, size_t i, struct err *e)
{
    const struct graphics_def *g = def_screen(d->def);
    struct screen_text t;
    const struct device_key back[] = {
        { "frontend-id", t.domid }, { "online", "1" }, { "state", "1" },
        { "vnc", "1" }, { "vnc-listen", g->listen }, { "vnc-port", t.port },
        { "web", g->web ? "1" : "0" }, { "web-port", t.web },
        { "control", d->run_dir }, { "videoram", t.mib },
        { "width", t.width }, { "height", t.height },
        { "feature-resize", "1" }, { "request-update", "1" }, { NULL, NULL },
    };
    const struct device_key front[] = {
        { "backend-id", "0" }, { "state", "1" }, { NULL, NULL },
    };
    struct device_entry entry = { d->domid, 0, "vfb", "vfb", front, back };
    int rc = screen_write_password(d, g->passwd, e);

    spell(d, &t);
    return rc == 0 ? device_entry_create(d->xs, &entry, e) : rc;
}

int keyboard_attach(struct devices *d, size_t i, struct err *e)
{
    struct screen_text t;
    const struct device_key back[] = {
        { "frontend-id", t.domid }, { "online", "1" }, { "state", "1" },
        { "feature-abs-pointer", "1" }, { "width", t.width },
        { "height", t.height }, { NULL, NULL },
    };
    const struct device_key front[] = {
        { "backend-id", "0" }, { "state", "1" }, { NULL, NULL },
    };
    struct device_entry entry = { d->domid, 0, "vkbd", "vkbd", front, back };

    spell(d, &t);
    return device_entry_create(d->xs, &entry, e);
}
