/* SPDX-License-Identifier: MIT */
/*
 * The verbs of a screen, through the local socket that its back end answers
 * (screen/control.h): where it is shown, a picture of it, keys.
 * Tests: tests/boot/dom0/screen.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <lib/buf.h>
#include <linux/input-event-codes.h>
#include <poll.h>
#include <screen/keys.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <vmctl/cmd.h>

#define SOCKET_FILE "screen.sock"
#define VNC_BASE    5900u
#define APPEAR_MS   10000u             /* a screen that is being started */
#define ANSWER_MS   20000
#define PNG_MAX     (256ul << 20)

struct screen_conn {
    struct dom dom;
    struct domain_def def;
    int fd;
    struct buf in;
};

/* ---- the socket ----------------------------------------------------------- */

static int connect_once(const char *dir)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd, rc;

    snprintf(a.sun_path, sizeof(a.sun_path), "%.80s/" SOCKET_FILE, dir);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
        rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

/* A domain that has just been created may need a moment. */
static int connect_patiently(const struct dom *d)
{
    struct timespec t = { .tv_nsec = 50 * 1000000 };
    struct rundir run;
    int fd = -ENOENT;

    rundir_init(&run, d->uuid);
    for (unsigned int ms = 0; fd < 0 && ms < APPEAR_MS; ms += 50) {
        fd = connect_once(run.path);
        if (fd < 0) {
            nanosleep(&t, NULL);
        }
    }
    return fd;
}

static void screen_close(struct screen_conn *s)
{
    if (s->fd >= 0) {
        close(s->fd);
    }
    buf_free(&s->in);
    def_fini(&s->def);
}

static int screen_open(struct ctl *c, const char *text, struct screen_conn *s,
                       struct err *e)
{
    int rc = dom_find_live(c, text, &s->dom, e);

    if (rc != 0) {
        return rc;
    }
    s->fd = -1;
    buf_init(&s->in, PNG_MAX);
    def_init(&s->def);
    rc = dom_def(&s->dom, &s->def, e);
    if (rc != 0) {
        screen_close(s);
        return rc;
    }
    if (def_screen(&s->def) == NULL) {
        rc = err_set(e, -ENOENT, ERR_STATE, "there is no screen", s->dom.name,
                     "its configuration has no <graphics type='vnc'>");
    } else {
        s->fd = connect_patiently(&s->dom);
        rc = s->fd >= 0 ? 0
             : err_set(e, s->fd, ERR_FAILED, "cannot reach the screen",
                       s->dom.name, "its back end does not answer: %s",
                       strerror(-s->fd));
    }
    if (rc != 0) {
        screen_close(s);
    }
    return rc;
}

/* More bytes into the buffer; 0 or -errno. */
static int read_more(struct screen_conn *s)
{
    struct pollfd p = { .fd = s->fd, .events = POLLIN };
    long got;

    if (poll(&p, 1, ANSWER_MS) <= 0) {
        return -ETIMEDOUT;
    }
    got = buf_read_fd(&s->in, s->fd, 65536);
    return got > 0 ? 0 : got == 0 ? -EPIPE : (int)got;
}

/* The answer's words after "ok"; what follows the line stays in the buffer. */
static int take_answer(struct screen_conn *s, char words[512], struct err *e)
{
    const char *end;
    size_t len;
    int rc = 0;

    while (rc == 0 && (s->in.len == 0 ||
                       memchr(s->in.data, '\n', s->in.len) == NULL)) {
        rc = read_more(s);
    }
    if (rc != 0) {
        return err_errno(e, rc, "the screen does not answer", "%s",
                         s->dom.name);
    }
    end = memchr(s->in.data, '\n', s->in.len);
    len = (size_t)(end - s->in.data);
    snprintf(words, 512, "%.*s", (int)len, s->in.data);
    buf_consume(&s->in, len + 1);
    if (strncmp(words, "ok", 2) != 0) {
        return err_set(e, -EIO, ERR_FAILED, "the screen refuses", s->dom.name,
                       "%s", strncmp(words, "error ", 6) == 0 ? words + 6
                                                              : words);
    }
    memmove(words, words + 2, strlen(words + 2) + 1);
    return 0;
}

static int ask(struct screen_conn *s, const char *line, char words[512],
               struct err *e)
{
    size_t len = strlen(line);

    if (send(s->fd, line, len, MSG_NOSIGNAL) != (ssize_t)len) {
        return err_errno(e, -errno, "cannot ask the screen", "%s",
                         s->dom.name);
    }
    return take_answer(s, words, e);
}

/* ---- where ------------------------------------------------------------------ */

struct place {
    const char *address;               /* as configured */
    unsigned int vnc, web, viewers;
    int width, height;
};

static int find_place(struct screen_conn *s, struct place *p, struct err *e)
{
    char words[512];
    int rc = ask(s, "info\n", words, e);

    p->address = def_screen(&s->def)->listen;
    if (rc == 0 && sscanf(words, " vnc=%u web=%u size=%dx%d viewers=%u",
                          &p->vnc, &p->web, &p->width, &p->height,
                          &p->viewers) != 5) {
        rc = err_set(e, -EPROTO, ERR_FAILED, "the screen answers nonsense",
                     s->dom.name, "%s", words);
    }
    return rc;
}

/* Where a viewer on this machine goes: "all addresses" is none. */
static void spell_host(const char *address, char host[80])
{
    if (strcmp(address, "0.0.0.0") == 0) {
        address = "127.0.0.1";
    } else if (strcmp(address, "::") == 0) {
        address = "::1";
    }
    snprintf(host, 80, strchr(address, ':') != NULL ? "[%s]" : "%s", address);
}

static void print_place(struct ctl *c, const struct screen_conn *s,
                        const struct place *p)
{
    char host[80], url[128] = "";
    json_object *o;

    spell_host(p->address, host);
    if (p->web != 0) {
        snprintf(url, sizeof(url), "http://%s:%u/", host, p->web);
    }
    if (c->json) {
        o = out_object("Screen");
        out_add(o, "name", s->dom.name);
        out_add(o, "listen", p->address);
        out_add_u64(o, "port", p->vnc);
        out_add(o, "web", url);
        out_add_u64(o, "width", (uint64_t)p->width);
        out_add_u64(o, "height", (uint64_t)p->height);
        out_add_u64(o, "viewers", p->viewers);
        out_json(o);
    } else if (c->web) {
        printf("%s\n", url);
    } else {
        printf("%s:%u\n", p->address, p->vnc - VNC_BASE);
    }
}

static int show_place(struct ctl *c, const char *domain, struct place *p,
                      bool print, char host[80], struct err *e)
{
    struct screen_conn s;
    int rc = screen_open(c, domain, &s, e);

    if (rc != 0) {
        return rc;
    }
    rc = find_place(&s, p, e);
    if (rc == 0 && c->web && p->web == 0) {
        rc = err_set(e, -ENOENT, ERR_STATE, "there is no web client",
                     s.dom.name, "install noVNC's files (package novnc)");
    }
    if (rc == 0 && print) {
        print_place(c, &s, p);
    }
    if (rc == 0) {
        spell_host(p->address, host);
    }
    screen_close(&s);
    return rc;
}

int cmd_vncdisplay(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct place p;
    char host[80];

    return show_place(c, argv[0], &p, true, host, e);
}

/* Viewers that Debian has; all take HOST::PORT. */
static int run_viewer(const char *host, unsigned int port, struct err *e)
{
    const char *const viewers[] = { getenv("VMCTL_VIEWER"), "xtigervncviewer",
                                    "vncviewer", "xtightvncviewer",
                                    "gvncviewer" };
    char target[112];

    snprintf(target, sizeof(target), "%s::%u", host, port);
    for (size_t i = 0; i < sizeof(viewers) / sizeof(viewers[0]); i++) {
        if (viewers[i] != NULL) {
            execlp(viewers[i], viewers[i], target, NULL);
        }
    }
    return err_set(e, -ENOENT, ERR_FAILED, "cannot run a VNC viewer", target,
                   "none is installed (package tigervnc-viewer), or use "
                   "--web");
}

int cmd_vnc(struct ctl *c, int argc, char **argv, struct err *e)
{
    bool only_print = c->web || c->json;
    struct place p;
    char host[80];
    int rc = show_place(c, argv[0], &p, only_print, host, e);

    return rc != 0 || only_print ? rc : run_viewer(host, p.vnc, e);
}

/* ---- a picture ---------------------------------------------------------------- */

static int save(const struct screen_conn *s, size_t len, const char *path,
                    struct err *e)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdout : fopen(path, "we");
    bool bad;

    if (f == NULL) {
        return err_errno(e, -errno, "cannot write", "%s", path);
    }
    bad = fwrite(s->in.data, 1, len, f) != len;
    bad = (standard ? fflush(f) : fclose(f)) != 0 || bad;
    return bad ? err_errno(e, -EIO, "cannot write", "%s", path) : 0;
}

/* What follows @line's answer: @len bytes at the beginning of the buffer. */
static int fetch(struct screen_conn *s, const char *line, size_t *len,
                 struct err *e)
{
    char words[512];
    int rc = ask(s, line, words, e);

    if (rc != 0) {
        return rc;
    }
    *len = strtoul(words, NULL, 10);
    while (rc == 0 && s->in.len < *len && *len <= PNG_MAX) {
        rc = read_more(s);
    }
    if (rc == 0 && (*len == 0 || *len > PNG_MAX)) {
        rc = -EPROTO;
    }
    return rc == 0 ? 0 : err_errno(e, rc, "the picture did not come whole",
                                   "%s", s->dom.name);
}

int cmd_screenshot(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct screen_conn s;
    size_t len = 0;
    int rc = screen_open(c, argv[0], &s, e);

    if (rc != 0) {
        return rc;
    }
    rc = fetch(&s, "screenshot\n", &len, e);
    if (rc == 0) {
        rc = save(&s, len, argv[1], e);
    }
    if (rc == 0 && strcmp(argv[1], "-") != 0) {
        out_action(c, &s.dom, "screenshot", "screen saved");
    }
    screen_close(&s);
    return rc;
}

int cmd_screentext(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct screen_conn s;
    size_t len = 0;
    int rc = screen_open(c, argv[0], &s, e);

    if (rc != 0) {
        return rc;
    }
    rc = fetch(&s, "text\n", &len, e);
    if (rc == 0) {
        rc = save(&s, len, "-", e);
    }
    screen_close(&s);
    return rc;
}

/* ---- keys ------------------------------------------------------------------------ */

static int press(struct screen_conn *s, const unsigned int *codes,
                 unsigned int nr, struct err *e)
{
    char line[256] = "keys", words[512];
    size_t at = 4;

    for (unsigned int i = 0; i < nr; i++) {
        at += (size_t)snprintf(line + at, sizeof(line) - at, " %u", codes[i]);
    }
    snprintf(line + at, sizeof(line) - at, "\n");
    return ask(s, line, words, e);
}

static int press_named(struct screen_conn *s, int argc, char **argv,
                       struct err *e)
{
    unsigned int codes[16];

    for (int i = 0; i < argc; i++) {
        codes[i] = keys_of_name(argv[i]);
        if (codes[i] == 0) {
            return err_set(e, -EINVAL, ERR_USAGE, "no such key", argv[i],
                           "a Linux name (KEY_ENTER, enter, leftctrl) or a "
                           "number");
        }
    }
    return argc == 0 ? 0 : press(s, codes, (unsigned int)argc, e);
}

/* "\n" and "\t" as people write them on a command line. */
static char next_char(const char **text)
{
    const char *t = *text;

    if (t[0] == '\\' && (t[1] == 'n' || t[1] == 't' || t[1] == '\\')) {
        *text += 2;
        return t[1] == 'n' ? '\n' : t[1] == 't' ? '\t' : '\\';
    }
    *text += 1;
    return t[0];
}

static int type_text(struct screen_conn *s, const char *text, struct err *e)
{
    int rc = 0;

    while (rc == 0 && *text != '\0') {
        unsigned int codes[2] = { KEY_LEFTSHIFT };
        bool shift = false;
        char c = next_char(&text);

        codes[1] = keys_of_char(c, &shift);
        if (codes[1] == 0) {
            return err_set(e, -EINVAL, ERR_USAGE, "no key types this",
                           s->dom.name, "byte 0x%02x is not on the US layout",
                           (unsigned char)c);
        }
        rc = press(s, shift ? codes : codes + 1, shift ? 2 : 1, e);
    }
    return rc;
}

int cmd_send_key(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct screen_conn s;
    int rc;

    if (argc == 1 && c->text == NULL) {
        return err_set(e, -EINVAL, ERR_USAGE, "no key given", "send-key",
                       "usage: vmctl send-key DOMAIN KEY... or --text TEXT");
    }
    rc = screen_open(c, argv[0], &s, e);
    if (rc != 0) {
        return rc;
    }
    rc = press_named(&s, argc - 1, argv + 1, e);
    if (rc == 0 && c->text != NULL) {
        rc = type_text(&s, c->text, e);
    }
    if (rc == 0) {
        out_action(c, &s.dom, "send-key", "keys sent");
    }
    screen_close(&s);
    return rc;
}
