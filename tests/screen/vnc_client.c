/* SPDX-License-Identifier: MIT */
/*
 * A VNC viewer without a window, over libvncclient: a test's eyes and hands.
 *
 *   vnc_client HOST PORT PASSWORD WORD...
 *     size WxH          wait until the screen has that size
 *     picture FILE      wait until it shows FILE (32 bits a pixel, the top
 *                       byte of each does not count)
 *     type TEXT         keys for these characters; "\n" is Return
 *     move X Y, click   the pointer and its left button
 *     say TEXT          print a line
 *
 * Status 0 when every word came true, 1 after VNC_SECONDS (120).
 */
#include <rfb/rfbclient.h>

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static const char *password;
static time_t deadline;

static char *give_password(rfbClient *c)
{
    return strdup(password);
}

static void quiet(const char *format, ...)
{
}

/* Hear the server for a while; ends the program when it is over. */
static void hear(rfbClient *c)
{
    int n = WaitForMessage(c, 100000);

    if (n < 0 || (n > 0 && !HandleRFBServerMessage(c))) {
        fprintf(stderr, "vnc_client: the connection ended\n");
        exit(1);
    }
    if (time(NULL) > deadline) {
        fprintf(stderr, "vnc_client: waited too long, screen is %dx%d\n",
                c->width, c->height);
        exit(1);
    }
}

static bool same(const rfbClient *c, const uint32_t *want, size_t n)
{
    const uint32_t *have = (const uint32_t *)(const void *)c->frameBuffer;
    size_t i;

    if (n != (size_t)c->width * (size_t)c->height) {
        return false;
    }
    for (i = 0; i < n; i++) {
        if (((have[i] ^ want[i]) & 0xffffff) != 0) {
            return false;
        }
    }
    return true;
}

static void wait_picture(rfbClient *c, const char *path)
{
    FILE *f = fopen(path, "re");
    uint32_t *want = malloc(64u << 20);
    size_t n;

    if (f == NULL || want == NULL) {
        perror(path);
        exit(2);
    }
    n = fread(want, 4, 16u << 20, f);
    fclose(f);
    while (!same(c, want, n)) {
        hear(c);
    }
    free(want);
}

static void wait_size(rfbClient *c, const char *text)
{
    int w = 0, h = 0;

    if (sscanf(text, "%dx%d", &w, &h) != 2) {
        exit(2);
    }
    while (c->width != w || c->height != h) {
        hear(c);
    }
}

static void press(rfbClient *c, uint32_t keysym)
{
    SendKeyEvent(c, keysym, TRUE);
    SendKeyEvent(c, keysym, FALSE);
}

static void type(rfbClient *c, const char *text)
{
    for (; *text != '\0'; text++) {
        if (text[0] == '\\' && text[1] == 'n') {
            press(c, XK_Return);
            text++;
        } else {
            press(c, (unsigned char)*text);
        }
    }
}

static void say(rfbClient *c, const char *text)
{
    printf("%s\n", text);
    fflush(stdout);
}

/*
 * The server hears everything before it hears the end, and then hangs up; to
 * hang up first would throw away what it has not read.
 */
static void leave(const rfbClient *c)
{
    struct pollfd p = { .fd = c->sock, .events = POLLIN };
    char rest[65536];

    shutdown(c->sock, SHUT_WR);
    while (poll(&p, 1, 30000) == 1 &&
           recv(c->sock, rest, sizeof(rest), 0) > 0) {
    }
}

static rfbClient *join(char **argv)
{
    rfbClient *c = rfbGetClient(8, 3, 4);

    rfbClientLog = quiet;
    c->GetPassword = give_password;
    c->canHandleNewFBSize = TRUE;
    c->format.redShift = 16;
    c->format.greenShift = 8;
    c->format.blueShift = 0;
    c->serverHost = strdup(argv[1]);
    c->serverPort = atoi(argv[2]);
    password = argv[3];
    if (!rfbInitClient(c, NULL, NULL)) {
        fprintf(stderr, "vnc_client: no connection to %s port %s\n", argv[1],
                argv[2]);
        exit(1);
    }
    return c;
}

static bool do_word(rfbClient *c, const char *word, const char *text)
{
    static const struct {
        const char *word;
        void (*run)(rfbClient *c, const char *text);
    } words[] = {
        { "size", wait_size }, { "picture", wait_picture },
        { "type", type }, { "say", say },
    };
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].word, word) == 0) {
            words[i].run(c, text);
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    const char *seconds = getenv("VNC_SECONDS");
    rfbClient *c;
    int i, x = 0, y = 0;

    if (argc < 4) {
        fprintf(stderr, "usage: vnc_client HOST PORT PASSWORD WORD...\n");
        return 2;
    }
    deadline = time(NULL) + (seconds != NULL ? atoi(seconds) : 120);
    c = join(argv);
    for (i = 4; i < argc; i++) {
        const char *word = argv[i];

        if (strcmp(word, "click") == 0) {
            SendPointerEvent(c, x, y, rfbButton1Mask);
            SendPointerEvent(c, x, y, 0);
        } else if (strcmp(word, "move") == 0 && i + 2 < argc) {
            x = atoi(argv[++i]);
            y = atoi(argv[++i]);
            SendPointerEvent(c, x, y, 0);
        } else if (i + 1 == argc || !do_word(c, word, argv[++i])) {
            fprintf(stderr, "vnc_client: what is %s?\n", word);
            return 2;
        }
    }
    leave(c);
    return 0;
}
