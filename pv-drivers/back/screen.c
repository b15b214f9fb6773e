/* SPDX-License-Identifier: MIT */
/*
 * Ports, sockets and the viewers' process of one VM, from their parent.
 * Exercised by the nested boots.
 */
#include <back/screen.h>

#include <back/device.h>
#include <back/serve.h>
#include <back/viewer.h>
#include <lib/err.h>
#include <lib/evloop.h>
#include <lib/log.h>
#include <screen/link.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RETRY_NS   500000000u
#define VNC_FIRST  5900u
#define WEB_FIRST  5700u
#define PORT_RANGE 100u
#define WEB_FILES  "/usr/share/novnc"

/* ---- ports ---------------------------------------------------------------------------------- */

/* Our own processes that hold it end with their parent, soon. */
static int bind_patiently(int fd, const struct addrinfo *a, bool patient)
{
    const struct timespec wait = { .tv_nsec = 50000000 };
    int i;

    for (i = 0; bind(fd, a->ai_addr, a->ai_addrlen) != 0; i++) {
        if (errno != EADDRINUSE || !patient || i == 40) {
            return -errno;
        }
        nanosleep(&wait, NULL);
    }
    return listen(fd, 16) != 0 ? -errno : 0;
}

/* A descriptor or -errno. */
static int listen_at(const char *address, uint32_t port, bool patient)
{
    const struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
        .ai_socktype = SOCK_STREAM,
    };
    struct addrinfo *a;
    char service[12];
    int fd, rc, one = 1;

    snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(address, service, &hints, &a) != 0) {
        return -EADDRNOTAVAIL;
    }
    fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    rc = fd < 0 ? -errno : 0;
    if (rc == 0) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        rc = bind_patiently(fd, a, patient);
    }
    freeaddrinfo(a);
    if (rc != 0 && fd >= 0) {
        close(fd);
    }
    return rc == 0 ? fd : rc;
}

/* @port: the one asked for, 0: @before if it is free, else the first free. */
static int listen_somewhere(const char *address, uint32_t port, int before,
                            uint32_t first, int *got)
{
    uint32_t i;
    int fd;

    if (port != 0 || before > 0) {
        *got = port != 0 ? (int)port : before;
        fd = listen_at(address, (uint32_t)*got, true);
        if (fd >= 0 || port != 0) {
            return fd;
        }
    }
    for (i = 0; i < PORT_RANGE; i++) {
        fd = listen_at(address, first + i, false);
        if (fd != -EADDRINUSE) {
            *got = (int)(first + i);
            return fd;
        }
    }
    return -EADDRINUSE;
}

/* ---- files of the VM on this host -------------------------------------------------------- */

static bool path_in(const struct screen *s, const char *file, char *path,
                    size_t size)
{
    int n = snprintf(path, size, "%s/%s", s->set.control_dir, file);

    return s->set.control_dir[0] != '\0' && n > 0 && (size_t)n < size;
}

/* A successor of this process shall be found where it was. */
static void read_ports(const struct screen *s, int *vnc, int *web)
{
    char path[200];
    FILE *f;

    *vnc = *web = 0;
    if (!path_in(s, "screen.ports", path, sizeof(path))) {
        return;
    }
    f = fopen(path, "re");
    if (f != NULL) {
        if (fscanf(f, "%d %d", vnc, web) != 2) {
            *vnc = *web = 0;
        }
        fclose(f);
    }
}

static void write_ports(const struct screen *s)
{
    char path[200];
    FILE *f;

    if (!path_in(s, "screen.ports", path, sizeof(path))) {
        return;
    }
    f = fopen(path, "we");
    if (f != NULL) {
        fprintf(f, "%d %d\n", s->vnc_port, s->web_port);
        fclose(f);
    }
}

/* False: there is none.  It is a file because guests can read the store. */
static bool read_password(const struct screen *s, char *text, size_t size)
{
    char path[200];
    bool has = false;
    FILE *f;

    if (!path_in(s, "vnc.password", path, sizeof(path))) {
        return false;
    }
    f = fopen(path, "re");
    if (f != NULL) {
        has = fgets(text, (int)size, f) != NULL;
        fclose(f);
        text[has ? strcspn(text, "\n") : 0] = '\0';
    }
    return has;
}

static int listen_locally(struct screen *s)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    mode_t mask;
    int fd, rc;

    if (!path_in(s, "screen.sock", a.sun_path, sizeof(a.sun_path))) {
        return -1;
    }
    unlink(a.sun_path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    mask = umask(0177);
    rc = bind(fd, (const struct sockaddr *)&a, sizeof(a));
    umask(mask);
    if (rc != 0 || listen(fd, 4) != 0) {
        log_warn("%s: %s", a.sun_path, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- the viewers' process ----------------------------------------------------------------- */

static void be_viewer(struct screen *s, int control_fd)
{
    static char password[64], title[128];
    struct viewer v = {
        .domid = s->back->domid, .name = title,
        .web_root = s->web_fd >= 0 ? WEB_FILES : NULL,
        .empty_dir = s->back->empty_dir,
        .vnc_port = s->vnc_port, .web_port = s->web_port,
        .vnc_fd = s->vnc_fd, .web_fd = s->web_fd, .ctl_fd = s->ctl_fd,
        .pixels_fd = s->pixels_fd, .pixel_bytes = s->set.memory_bytes,
        .picture_fd = s->picture[1], .input_fd = s->input[1],
        .control_fd = control_fd,
    };

    if (read_password(s, password, sizeof(password))) {
        v.password = password;
    }
    snprintf(title, sizeof(title), "%s - Paravane", s->set.name);
    viewer_run(&v);
}

static void on_viewer(void *arg, uint32_t events);

static int spawn(struct screen *s)
{
    int pair[2];
    long pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return -errno;
    }
    pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
    if (pid < 0) {                     /* without rights: an ordinary child */
        pid = fork();
    }
    if (pid == 0) {
        be_viewer(s, pair[1]);
        _exit(1);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return -EAGAIN;
    }
    s->pid = (pid_t)pid;
    s->control_fd = pair[0];
    s->control_src = evloop_add(s->back->loop, pair[0], EPOLLIN, on_viewer, s);
    return 0;
}

static void forget(struct screen *s)
{
    if (s->pid > 0) {
        evloop_del(s->control_src);
        close(s->control_fd);
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
    }
    s->pid = 0;
}

static void on_retry(void *arg)
{
    struct screen *s = arg;

    if (s->pid == 0 && spawn(s) != 0) {
        evloop_timer_set(s->retry, RETRY_NS, 0);
    }
}

/* It said that it is up, or why it is not, or it died. */
static void on_viewer(void *arg, uint32_t events)
{
    struct screen *s = arg;
    struct serve_msg m;
    ssize_t n = recv(s->control_fd, &m, sizeof(m), MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n == (ssize_t)sizeof(m)) {
        m.text[sizeof(m.text) - 1] = '\0';
        log_info("d%u: screen at %s port %d, web %d: %s", s->back->domid,
                 s->set.listen, s->vnc_port, s->web_port, m.text);
        if (m.kind == SERVE_UP) {
            return;
        }
    }
    log_warn("d%u: the viewers' process ended, another one starts",
             s->back->domid);
    forget(s);
    evloop_timer_set(s->retry, RETRY_NS, 0);
}

/* ---- all of it ------------------------------------------------------------------------------- */

int screen_open_links(struct screen *s, struct err *e)
{
    int rc = 0;

    if (s->picture[0] > 0) {
        return 0;
    }
    rc = screen_link_pair(s->picture);
    if (rc == 0) {
        rc = screen_link_pair(s->input);
    }
    return rc == 0 ? 0 : err_errno(e, rc, "cannot start the screen",
                                   "sockets");
}

static int open_ports(struct screen *s, struct err *e)
{
    int vnc, web;

    read_ports(s, &vnc, &web);
    s->web_fd = -1;
    s->vnc_fd = listen_somewhere(s->set.listen, s->set.vnc_port, vnc,
                                 VNC_FIRST, &s->vnc_port);
    if (s->vnc_fd < 0) {
        return err_errno(e, s->vnc_fd, "cannot listen for VNC", "%s port %u",
                         s->set.listen, s->set.vnc_port);
    }
    if (s->set.web && access(WEB_FILES "/vnc.html", R_OK) == 0) {
        s->web_fd = listen_somewhere(s->set.listen, s->set.web_port, web,
                                     WEB_FIRST, &s->web_port);
        if (s->web_fd < 0) {
            log_warn("d%u: no port for the web client: %s", s->back->domid,
                     strerror(-s->web_fd));
            s->web_fd = -1;
        }
    }
    if (s->web_fd < 0) {
        s->web_port = 0;
    }
    write_ports(s);
    return 0;
}

static int open_pixels(struct screen *s, struct err *e)
{
    s->pixels_fd = screen_pixels_create((size_t)s->set.memory_bytes +
                                        SCREEN_TEXT_MAX);
    return s->pixels_fd >= 0 ? 0 : err_errno(e, s->pixels_fd,
                                             "cannot start the screen",
                                             "%u bytes of picture",
                                             s->set.memory_bytes);
}

int screen_prepare(struct screen *s, struct back *back,
                   const struct screen_settings *set, struct err *e)
{
    int rc;

    s->set = *set;
    s->back = back;
    rc = screen_open_links(s, e);
    if (rc == 0) {
        rc = open_pixels(s, e);
    }
    if (rc == 0) {
        rc = open_ports(s, e);
        if (rc != 0) {
            close(s->pixels_fd);
        }
    }
    if (rc == 0) {
        s->ctl_fd = listen_locally(s);
    }
    return rc;
}

void screen_serve(struct screen *s)
{
    s->retry = evloop_timer(s->back->loop, on_retry, s);
    s->started = true;
    on_retry(s);
}

int screen_start(struct screen *s, struct back *back,
                 const struct screen_settings *set, struct err *e)
{
    int rc = s->started ? 0 : screen_prepare(s, back, set, e);

    if (rc == 0 && !s->started) {
        screen_serve(s);
    }
    return rc;
}

void screen_stop(struct screen *s)
{
    if (!s->started) {
        return;
    }
    forget(s);
    evloop_del(s->retry);
    close(s->vnc_fd);
    close(s->pixels_fd);
    if (s->web_fd >= 0) {
        close(s->web_fd);
    }
    if (s->ctl_fd >= 0) {
        close(s->ctl_fd);
    }
    s->started = false;
}

void screen_off(struct screen *s)
{
    static const struct screen_msg off = { .kind = SCREEN_OFF };

    if (s->started) {
        screen_link_send(s->picture[0], &off);
    }
}
