/* SPDX-License-Identifier: MIT */
/*
 * First requests of browsers.  A request is only looked at here (MSG_PEEK);
 * libvncserver reads it.  Covered by tests/unit/pvdrv/test_screen.c.
 */
#include <screen/web.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_NS 10000000000u
#define MAX_REQUEST 4096

static const char to_client[] =
    "HTTP/1.0 302 Found\r\nConnection: close\r\nContent-Length: 0\r\n"
    "Location: /vnc.html?autoconnect=1&resize=scale&reconnect=1\r\n\r\n";

void web_init(struct web *w, struct vnc *vnc)
{
    w->vnc = vnc;
    w->nr = 0;
}

void web_fini(struct web *w)
{
    while (w->nr > 0) {
        close(w->conns[--w->nr].fd);
    }
}

void web_adopt(struct web *w, int fd, uint64_t now_ns)
{
    if (w->nr == WEB_MAX) {
        close(fd);
        return;
    }
    w->conns[w->nr].fd = fd;
    w->conns[w->nr++].deadline_ns = now_ns + PATIENCE_NS;
}

unsigned int web_poll_fds(const struct web *w, struct pollfd *p)
{
    unsigned int i;

    for (i = 0; i < w->nr; i++) {
        p[i] = (struct pollfd){ .fd = w->conns[i].fd, .events = POLLIN };
    }
    return w->nr;
}

static void start_viewer(struct web *w, int fd)
{
    int one = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    vnc_adopt(w->vnc, fd);
}

/* The kernel keeps the few bytes for a reader that is there already. */
static void redirect(int fd)
{
    char request[MAX_REQUEST];

    if (read(fd, request, sizeof(request)) > 0 &&
        write(fd, to_client, sizeof(to_client) - 1) > 0) {
        shutdown(fd, SHUT_WR);
    }
    close(fd);
}

/* True: @fd was given to somebody or closed. */
static bool look(struct web *w, int fd)
{
    char text[MAX_REQUEST + 1];
    ssize_t n = recv(fd, text, MAX_REQUEST, MSG_PEEK | MSG_DONTWAIT);

    if (n == 0 || n == MAX_REQUEST) {
        close(fd);                     /* nothing, or more than anybody asks */
        return true;
    }
    if (n < 0) {
        return false;
    }
    text[n] = '\0';
    if (strstr(text, "\r\n\r\n") == NULL) {
        return false;
    }
    if (strncmp(text, "GET ", 4) != 0) {
        close(fd);
    } else if (strcasestr(text, "\r\nUpgrade: websocket") != NULL) {
        start_viewer(w, fd);
    } else if (strncmp(text, "GET / ", 6) == 0) {
        redirect(fd);
    } else {
        vnc_serve_file(w->vnc, fd);
    }
    return true;
}

void web_run(struct web *w, uint64_t now_ns)
{
    unsigned int i = 0;

    while (i < w->nr) {
        bool over = look(w, w->conns[i].fd);

        if (!over && now_ns >= w->conns[i].deadline_ns) {
            close(w->conns[i].fd);
            over = true;
        }
        if (over) {
            w->conns[i] = w->conns[--w->nr];
        } else {
            i++;
        }
    }
}
