/* SPDX-License-Identifier: MIT */
/*
 * Viewers through libvncserver, one thread, no deferral.  Covered by
 * tests/unit/pvdrv/test_screen.c.
 */
#include <screen/vnc.h>

#include <lib/log.h>
#include <screen/keys.h>

#include <ctype.h>
#include <errno.h>
#include <linux/input-event-codes.h>
#include <rfb/rfb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BLANK_WIDTH  640
#define BLANK_HEIGHT 480
#define MAX_WAIT_MS  5000              /* for a viewer that does not read */

struct vnc {
    struct vnc_config config;
    rfbScreenInfoPtr screen;
    char *passwords[2];
    unsigned int viewers;
    int buttons;                       /* pressed, as the guest was told */
    int shifts;                        /* Shift keys that viewers hold */
    bool caps;
};

/* ---- what the library says ---------------------------------------------------------------- */

/* Viewers may choose the words: printable ones only, and not many lines. */
static void say_error(const char *format, ...)
{
    static struct log_rate rate = LOG_RATE(10);
    char text[160];
    va_list args;
    char *c;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    for (c = text; *c != '\0'; c++) {
        *c = isprint((unsigned char)*c) ? *c : ' ';
    }
    log_guest(LOG_LVL_DEBUG, &rate, 0, "vnc: %s", text);
}

static void say_nothing(const char *format, ...)
{
}

/* ---- viewers ------------------------------------------------------------------------------- */

static struct vnc *of(rfbClientPtr cl)
{
    return cl->screen->screenData;
}

static void give(struct vnc *v, const struct screen_msg *m)
{
    v->config.input(v->config.arg, m);
}

static void give_key(struct vnc *v, unsigned int code, bool down)
{
    struct screen_msg m = { .kind = SCREEN_KEY, .a = (int32_t)code,
                            .b = down };

    give(v, &m);
}

static void follow_modifiers(struct vnc *v, unsigned int code, bool down)
{
    if (code == KEY_LEFTSHIFT || code == KEY_RIGHTSHIFT) {
        int bit = code == KEY_LEFTSHIFT ? 1 : 2;

        v->shifts = down ? v->shifts | bit : v->shifts & ~bit;
    } else if (code == KEY_CAPSLOCK && down) {
        v->caps = !v->caps;
    }
}

/* Viewers without a keyboard send "A" and no Shift: then it is made here. */
static bool lacks_shift(const struct vnc *v, uint32_t keysym)
{
    bool shift = false;

    return keysym < 0x80 && keys_of_char((char)keysym, &shift) != 0 &&
           shift && v->shifts == 0 && !(v->caps && isalpha((int)keysym));
}

static void on_key(rfbBool down, rfbKeySym keysym, rfbClientPtr cl)
{
    unsigned int code = keys_of_keysym(keysym);
    struct vnc *v = of(cl);
    bool make_shift;

    if (code == 0) {
        return;
    }
    follow_modifiers(v, code, down != 0);
    make_shift = down && lacks_shift(v, keysym);
    if (make_shift) {
        give_key(v, KEY_LEFTSHIFT, true);
    }
    give_key(v, code, down != 0);
    if (make_shift) {
        give_key(v, KEY_LEFTSHIFT, false);
    }
}

/* Bits of RFC 6143, 7.5.5; a wheel's step is a press of its bit. */
static void on_buttons(struct vnc *v, int mask)
{
    static const struct { int bit; int code; int wheel; } buttons[] = {
        { 1, BTN_LEFT, 0 }, { 2, BTN_MIDDLE, 0 }, { 4, BTN_RIGHT, 0 },
        { 8, 0, 1 }, { 16, 0, -1 },
    };
    size_t i;

    for (i = 0; i < sizeof(buttons) / sizeof(buttons[0]); i++) {
        bool now = (mask & buttons[i].bit) != 0;
        struct screen_msg m = { .kind = SCREEN_KEY, .a = buttons[i].code,
                                .b = now };

        if (now == ((v->buttons & buttons[i].bit) != 0)) {
            continue;
        }
        if (buttons[i].wheel != 0) {
            m.kind = SCREEN_WHEEL;
            m.a = buttons[i].wheel;
        }
        if (m.kind == SCREEN_KEY || now) {
            give(v, &m);
        }
    }
    v->buttons = mask;
}

static void on_pointer(int mask, int x, int y, rfbClientPtr cl)
{
    struct vnc *v = of(cl);
    struct screen_msg m = { .kind = SCREEN_POINTER, .x = x, .y = y,
                            .w = v->screen->width, .h = v->screen->height };

    if (screen_msg_valid(&m)) {
        give(v, &m);
    }
    on_buttons(v, mask);
}

static void on_gone(rfbClientPtr cl)
{
    static const struct screen_msg release = { .kind = SCREEN_RELEASE };
    struct vnc *v = of(cl);

    v->viewers--;
    v->buttons = v->shifts = 0;
    give(v, &release);
    if (v->viewers == 0) {
        v->config.watched(v->config.arg, false);
    }
}

static enum rfbNewClientAction on_new(rfbClientPtr cl)
{
    struct vnc *v = of(cl);

    if (v->viewers == VNC_MAX_VIEWERS) {
        return RFB_CLIENT_REFUSE;
    }
    cl->clientGoneHook = on_gone;
    if (v->viewers++ == 0) {
        v->config.watched(v->config.arg, true);
    }
    return RFB_CLIENT_ACCEPT;
}

/* ---- start --------------------------------------------------------------------------------- */

/* What it opens at its first use is opened now, not after confinement. */
static void warm_up(void)
{
    unsigned char challenge[16] = { 0 };
    char password[] = "warm up";

    rfbEncryptBytes(challenge, password);
}

static void set_up(struct vnc *v)
{
    rfbScreenInfoPtr s = v->screen;

    s->screenData = v;
    s->desktopName = v->config.name;
    s->alwaysShared = TRUE;
    s->dontDisconnect = TRUE;
    s->cursor = NULL;
    s->port = 0;
    s->ipv6port = 0;
    s->autoPort = FALSE;
    s->deferUpdateTime = 0;
    s->deferPtrUpdateTime = 0;
    s->maxClientWait = MAX_WAIT_MS;
    s->kbdAddEvent = on_key;
    s->ptrAddEvent = on_pointer;
    s->newClientHook = on_new;
    if (v->config.password != NULL) {
        v->passwords[0] = strdup(v->config.password);
        s->authPasswdData = v->passwords;
        s->passwordCheck = rfbCheckPasswordByList;
    }
}

/*
 * Connections are handed over one by one: a listener that nobody reaches.  The
 * library looks at both of its listeners without asking whether they exist.
 */
static void set_up_files(struct vnc *v)
{
    v->screen->httpInitDone = TRUE;
    if (v->config.web_root != NULL) {
        v->screen->httpDir = strdup(v->config.web_root);
        v->screen->httpListenSock = eventfd(0, EFD_CLOEXEC);
        v->screen->httpListen6Sock = v->screen->httpListenSock;
    }
}

struct vnc *vnc_new(const struct vnc_config *config)
{
    struct vnc *v = calloc(1, sizeof(*v));

    rfbLog = say_nothing;
    rfbErr = say_error;
    rfbMaxClientWait = MAX_WAIT_MS;
    if (v == NULL) {
        return NULL;
    }
    v->config = *config;
    v->screen = rfbGetScreen(NULL, NULL, BLANK_WIDTH, BLANK_HEIGHT, 8, 3, 4);
    if (v->screen == NULL) {
        free(v);
        return NULL;
    }
    set_up(v);
    v->screen->frameBuffer = calloc(BLANK_WIDTH * BLANK_HEIGHT, 4);
    set_up_files(v);
    rfbInitServer(v->screen);
    warm_up();
    return v;
}

void vnc_free(struct vnc *v)
{
    rfbClientIteratorPtr it = rfbGetClientIterator(v->screen);
    rfbClientPtr cl;

    while ((cl = rfbClientIteratorNext(it)) != NULL) {
        rfbCloseClient(cl);
        rfbClientConnectionGone(cl);
    }
    rfbReleaseClientIterator(it);
    if (v->config.web_root != NULL) {
        close(v->screen->httpListenSock);
        v->screen->httpListenSock = v->screen->httpListen6Sock = -1;
        free(v->screen->httpDir);
        v->screen->httpDir = NULL;
    }
    free(v->screen->frameBuffer);
    v->screen->frameBuffer = NULL;
    rfbScreenCleanup(v->screen);
    free(v->passwords[0]);
    free(v);
}

/* ---- picture ------------------------------------------------------------------------------- */

int vnc_mode(struct vnc *v, int32_t width, int32_t height)
{
    char *old = v->screen->frameBuffer;
    char *new = calloc((size_t)width * (size_t)height, 4);

    if (new == NULL) {
        return -ENOMEM;
    }
    rfbNewFramebuffer(v->screen, new, width, height, 8, 3, 4);
    rfbMarkRectAsModified(v->screen, 0, 0, width, height);
    free(old);
    return 0;
}

/* The library's own order of colours is the other way round. */
static void copy_row(uint32_t *to, const volatile uint32_t *from, int32_t n)
{
    int32_t i;

    for (i = 0; i < n; i++) {
        uint32_t p = from[i];

        to[i] = (p & 0xff00) | (p >> 16 & 0xff) | (p & 0xff) << 16;
    }
}

void vnc_update(struct vnc *v, const uint32_t *pixels, struct screen_rect r)
{
    int32_t width = v->screen->width, y;

    r = screen_rect_clip(r.x, r.y, r.w, r.h, width, v->screen->height);
    for (y = r.y; y < r.y + r.h; y++) {
        size_t at = (size_t)y * (size_t)width + (size_t)r.x;

        copy_row((uint32_t *)(void *)v->screen->frameBuffer + at, pixels + at,
                 r.w);
    }
    if (r.w != 0) {
        rfbMarkRectAsModified(v->screen, r.x, r.y, r.x + r.w, r.y + r.h);
    }
}

void vnc_size(const struct vnc *v, int32_t *width, int32_t *height)
{
    *width = v->screen->width;
    *height = v->screen->height;
}

/* ---- connections --------------------------------------------------------------------------- */

void vnc_adopt(struct vnc *v, int fd)
{
    rfbNewClientConnection(v->screen, fd);
}

void vnc_serve_file(struct vnc *v, int fd)
{
    if (v->config.web_root == NULL) {
        close(fd);
        return;
    }
    v->screen->httpSock = fd;
    rfbHttpCheckFds(v->screen);
    if (v->screen->httpSock >= 0) {
        close(v->screen->httpSock);
        v->screen->httpSock = -1;
    }
}

unsigned int vnc_poll_fds(struct vnc *v, struct pollfd *p)
{
    rfbClientIteratorPtr it = rfbGetClientIterator(v->screen);
    unsigned int n = 0;
    rfbClientPtr cl;

    while ((cl = rfbClientIteratorNext(it)) != NULL && n < VNC_MAX_VIEWERS) {
        if (cl->sock >= 0) {
            p[n++] = (struct pollfd){ .fd = cl->sock, .events = POLLIN };
        }
    }
    rfbReleaseClientIterator(it);
    return n;
}

void vnc_run(struct vnc *v)
{
    rfbProcessEvents(v->screen, 0);
}

unsigned int vnc_viewers(const struct vnc *v)
{
    return v->viewers;
}
