/* SPDX-License-Identifier: MIT */
/*
 * The viewers' process of a machine: the one screen of this process, its
 * options, and a small process between, which may still make processes when
 * this one may not.  It holds what viewers need and nothing of the guest, and
 * ends with this one.  Exercised by the nested boots (hvm).
 *
 * --vnc listen=ADDRESS,port=N,web=0|1,web-port=N,dir=DIR,empty=DIR,name=TEXT
 *   port 0: the first free one; dir: of the VM on this host (screen.sock,
 *   screen.ports, vnc.password); name is last and may have commas.
 */
#include <host/screen_int.h>

#include <back/device.h>
#include <back/screen.h>
#include <back/serve.h>
#include <frame/config.h>
#include <frame/machine.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/log.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- options ------------------------------------------------------------------------------ */

struct option_value {
    const char *name;
    char *text;
    size_t size;
    uint32_t *number;
    uint32_t most;
};

static int set_option(const struct option_value *o, const char *value,
                      size_t len)
{
    char text[16], *end;
    unsigned long n;

    if (o->text != NULL) {
        if (len >= o->size) {
            return -EINVAL;
        }
        memcpy(o->text, value, len);
        o->text[len] = '\0';
        return 0;
    }
    snprintf(text, sizeof(text), "%.*s", (int)(len < 16 ? len : 15), value);
    n = strtoul(text, &end, 10);
    if (len == 0 || *end != '\0' || n > o->most) {
        return -EINVAL;
    }
    *o->number = (uint32_t)n;
    return 0;
}

static int parse_one(const struct option_value *all, const char **at)
{
    size_t name_len = strcspn(*at, "=,"), len;
    const char *value = *at + name_len + 1;

    for (; all->name != NULL; all++) {
        if (strlen(all->name) == name_len && (*at)[name_len] == '=' &&
            strncmp(all->name, *at, name_len) == 0) {
            len = strcmp(all->name, "name") == 0 ? strlen(value)
                                                 : strcspn(value, ",");
            *at = value[len] == ',' ? value + len + 1 : value + len;
            return set_option(all, value, len);
        }
    }
    return -EINVAL;
}

static int parse(const char *text, struct screen_settings *set,
                 struct back *back, struct err *e)
{
    uint32_t web = 1;
    const struct option_value all[] = {
        { "listen", set->listen, sizeof(set->listen), NULL, 0 },
        { "port", NULL, 0, &set->vnc_port, 65535 },
        { "web", NULL, 0, &web, 1 },
        { "web-port", NULL, 0, &set->web_port, 65535 },
        { "dir", set->control_dir, sizeof(set->control_dir), NULL, 0 },
        { "empty", back->empty_dir, sizeof(back->empty_dir), NULL, 0 },
        { "name", set->name, sizeof(set->name), NULL, 0 },
        { NULL, NULL, 0, NULL, 0 },
    };
    const char *at = text;

    while (*at != '\0') {
        if (parse_one(all, &at) != 0) {
            return err_set(e, -EINVAL, ERR_USAGE, "--vnc makes no sense", text,
                           "at '%s'", at);
        }
    }
    set->web = web != 0;
    return 0;
}

/* ---- the process between ------------------------------------------------------------------ */

static void on_parent(void *arg, uint32_t events)
{
    _exit(0);
}

static void be_keeper(struct screen *s, struct back *back, int parent_fd)
{
    static const int none = -1;
    int *fds[10], *const all[] = {
        &parent_fd, &s->vnc_fd, &s->web_fd, &s->ctl_fd, &s->pixels_fd,
        &s->picture[0], &s->picture[1], &s->input[0], &s->input[1],
    };
    unsigned int i, nr = 0;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (*all[i] > none) {
            fds[nr++] = all[i];
        }
    }
    serve_begin("hvm-screen", back->domid, fds, nr);
    back->loop = evloop_new();
    if (back->loop == NULL ||
        evloop_add(back->loop, parent_fd, EPOLLIN, on_parent, s) == NULL) {
        _exit(1);
    }
    screen_serve(s);
    evloop_run(back->loop);
    _exit(0);
}

/* Our end of @pair stays open: its closing is the end of the other. */
static int start_keeper(struct screen *s, struct back *back)
{
    int pair[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return -errno;
    }
    pid = fork();
    if (pid == 0) {
        be_keeper(s, back, pair[1]);
    }
    close(pair[1]);
    close(s->vnc_fd);
    close(s->picture[1]);
    close(s->input[1]);
    if (s->web_fd >= 0) {
        close(s->web_fd);
    }
    if (s->ctl_fd >= 0) {
        close(s->ctl_fd);
    }
    if (pid < 0) {
        close(pair[0]);
        return -EAGAIN;
    }
    return 0;
}

/* ---- set-up ------------------------------------------------------------------------------- */

static int start(struct machine *m, struct host_screen *s, struct err *e)
{
    static struct screen screen;
    static struct back back;
    struct screen_settings set = { .listen = "127.0.0.1",
                                   .memory_bytes = HOST_SCREEN_BYTES };
    uint32_t *pixels;
    int rc;

    back = (struct back){ .domid = m->domid };
    snprintf(back.empty_dir, sizeof(back.empty_dir), "/run/paravane/blk/empty");
    snprintf(set.name, sizeof(set.name), "domain %u", m->domid);
    rc = parse(m->config->vnc, &set, &back, e);
    if (rc == 0) {
        rc = screen_prepare(&screen, &back, &set, e);
    }
    if (rc != 0) {
        return rc;
    }
    pixels = screen_pixels_map(screen.pixels_fd,
                               HOST_SCREEN_BYTES + SCREEN_TEXT_MAX, true);
    rc = pixels == NULL ? -errno : start_keeper(&screen, &back);
    close(screen.pixels_fd);
    if (rc == 0) {
        rc = host_screen_serve(m, s, screen.picture[0], screen.input[0],
                               pixels);
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot start the screen",
                                   "its process");
}

int host_screen_get(struct machine *m, struct host_screen **s, struct err *e)
{
    static struct host_screen screen;
    static bool started;
    int rc;

    *s = NULL;
    if (m->config->vnc == NULL) {
        return 0;
    }
    if (!started) {
        rc = start(m, &screen, e);
        if (rc != 0) {
            return rc;
        }
        started = true;
    }
    *s = &screen;
    return 0;
}
