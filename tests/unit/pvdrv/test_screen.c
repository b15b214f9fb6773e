/* SPDX-License-Identifier: MIT */
/*
 * What shows a picture, on the host: messages and their ranges, the table of
 * keys, PNG files read back by libpng, the local socket, and a viewer
 * (libvncserver in this process, bytes of RFC 6143 from this file).
 */
#include <lib/buf.h>
#include <screen/control.h>
#include <screen/cp437.h>
#include <screen/keys.h>
#include <screen/link.h>
#include <screen/png.h>
#include <screen/vnc.h>
#include <screen/web.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <netinet/in.h>
#include <png.h>
#include <rfb/keysym.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- messages ----------------------------------------------------------------------- */

static void messages_out_of_range_are_not_received(void **state)
{
    static const struct { struct screen_msg m; bool ok; } t[] = {
        { { .kind = SCREEN_MODE, .w = 1, .h = 1 }, true },
        { { .kind = SCREEN_MODE, .w = 0, .h = 1 }, false },
        { { .kind = SCREEN_MODE, .w = SCREEN_MAX_WIDTH + 1, .h = 1 }, false },
        { { .kind = SCREEN_MODE, .w = -5, .h = 1 }, false },
        { { .kind = SCREEN_DIRTY, .x = 3, .y = 3, .w = 9, .h = 9 }, true },
        { { .kind = SCREEN_DIRTY, .x = 8190, .w = 9, .h = 9 }, false },
        { { .kind = SCREEN_DIRTY, .x = -1, .w = 9, .h = 9 }, false },
        { { .kind = SCREEN_DIRTY, .x = 0x7fffffff, .w = 9, .h = 9 }, false },
        { { .kind = SCREEN_KEY, .a = 30, .b = 1 }, true },
        { { .kind = SCREEN_KEY, .a = 0, .b = 1 }, false },
        { { .kind = SCREEN_KEY, .a = 0x300, .b = 1 }, false },
        { { .kind = SCREEN_KEY, .a = 30, .b = 2 }, false },
        { { .kind = SCREEN_POINTER, .x = 9, .y = 9, .w = 10, .h = 10 }, true },
        { { .kind = SCREEN_POINTER, .x = 10, .y = 9, .w = 10, .h = 10 },
          false },
        { { .kind = SCREEN_WHEEL, .a = -1 }, true },
        { { .kind = SCREEN_WHEEL, .a = 2 }, false },
        { { .kind = 0 }, false },
        { { .kind = SCREEN_NR_KINDS }, false },
        { { .kind = ~0u }, false },
    };
    struct screen_msg got;
    int fds[2];
    size_t i;

    assert_int_equal(screen_link_pair(fds), 0);
    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        assert_int_equal(screen_link_send(fds[0], &t[i].m), 0);
        assert_int_equal(screen_link_recv(fds[1], &got), t[i].ok ? 1 : 0);
    }
    assert_int_equal(write(fds[0], "short", 5), 5);
    assert_int_equal(screen_link_recv(fds[1], &got), 0);
    close(fds[0]);
    assert_int_equal(screen_link_recv(fds[1], &got), -EPIPE);
    close(fds[1]);
}

static void memory_of_a_picture_keeps_its_size(void **state)
{
    int fd = screen_pixels_create(8192);

    assert_true(fd >= 0);
    assert_int_not_equal(ftruncate(fd, 4096), 0);
    assert_int_not_equal(ftruncate(fd, 1 << 20), 0);
    close(fd);
}

/* ---- keys ---------------------------------------------------------------------------- */

static void keys_have_names_keysyms_and_characters(void **state)
{
    bool shift = true;

    assert_int_equal(keys_of_keysym('a'), KEY_A);
    assert_int_equal(keys_of_keysym('A'), KEY_A);
    assert_int_equal(keys_of_keysym(XK_Return), KEY_ENTER);
    assert_int_equal(keys_of_keysym(XK_F12), KEY_F12);
    assert_int_equal(keys_of_keysym(XK_KP_Home), KEY_KP7);
    assert_int_equal(keys_of_keysym(XK_ISO_Left_Tab), KEY_TAB);
    assert_int_equal(keys_of_keysym(0), 0);
    assert_int_equal(keys_of_keysym(0xffffffff), 0);
    assert_int_equal(keys_of_name("KEY_LEFTCTRL"), KEY_LEFTCTRL);
    assert_int_equal(keys_of_name("ctrl"), KEY_LEFTCTRL);
    assert_int_equal(keys_of_name("Enter"), KEY_ENTER);
    assert_int_equal(keys_of_name("0x1e"), KEY_A);
    assert_int_equal(keys_of_name("30"), KEY_A);
    assert_int_equal(keys_of_name("7"), KEY_7);
    assert_int_equal(keys_of_name("nonsense"), 0);
    assert_int_equal(keys_of_name(""), 0);
    assert_int_equal(keys_of_name("99999"), 0);
    assert_int_equal(keys_of_char('x', &shift), KEY_X);
    assert_false(shift);
    assert_int_equal(keys_of_char('~', &shift), KEY_GRAVE);
    assert_true(shift);
    assert_int_equal(keys_of_char('\x01', &shift), 0);
}

/* Every printable character of the US layout can be typed. */
static void every_ascii_character_has_a_key(void **state)
{
    bool shift;
    int c;

    for (c = ' '; c < 127; c++) {
        assert_int_not_equal(keys_of_char((char)c, &shift), 0);
    }
}

/* ---- PNG ------------------------------------------------------------------------------- */

static void picture_is_read_back_from_its_png(void **state)
{
    png_image image = { .version = PNG_IMAGE_VERSION };
    struct buf png = BUF_INIT;
    uint32_t pixels[7 * 5], got[7 * 5];
    int i;

    for (i = 0; i < 35; i++) {
        pixels[i] = (uint32_t)i * 0x010307 + 0x10;
    }
    assert_int_equal(png_of_pixels(pixels, 7, 5, &png), 0);
    assert_true(png_image_begin_read_from_memory(&image, png.data, png.len));
    assert_int_equal(image.width, 7);
    assert_int_equal(image.height, 5);
    image.format = PNG_FORMAT_BGRA;
    assert_true(png_image_finish_read(&image, NULL, got, 0, NULL));
    for (i = 0; i < 35; i++) {
        assert_int_equal(got[i], pixels[i] | 0xff000000);
    }
    buf_free(&png);
}

static void png_without_room_fails_cleanly(void **state)
{
    static uint32_t pixels[64 * 64];
    struct buf png;

    buf_init(&png, 40);
    assert_int_equal(png_of_pixels(pixels, 64, 64, &png), -ENOSPC);
    buf_free(&png);
}

/* ---- the local socket ---------------------------------------------------------------- */

struct asked {
    unsigned int codes[CONTROL_MAX_KEYS], nr;
    int screenshots;
};

static void on_info(void *arg, struct buf *out)
{
    buf_adds(out, "ok here\n");
}

static const char *on_keys(void *arg, const unsigned int *codes,
                           unsigned int nr)
{
    struct asked *a = arg;

    memcpy(a->codes, codes, nr * sizeof(codes[0]));
    a->nr = nr;
    return NULL;
}

static const char *on_screenshot(void *arg)
{
    ((struct asked *)arg)->screenshots++;
    return NULL;
}

static const struct control_ops ops = {
    .info = on_info, .keys = on_keys, .screenshot = on_screenshot,
};

static void ask(struct control *c, int fd, const char *line, char *reply,
                size_t size)
{
    ssize_t n;

    assert_int_equal(write(fd, line, strlen(line)), strlen(line));
    control_run(c, 0);
    n = recv(fd, reply, size - 1, MSG_DONTWAIT);
    reply[n > 0 ? n : 0] = '\0';
}

static void questions_are_answered_by_table(void **state)
{
    static const char *const t[][2] = {
        { "info\n", "ok here\n" }, { "keys 29 56 111\n", "ok\n" },
        { "keys 0\n", "error no such key code\n" },
        { "keys 768\n", "error no such key code\n" },
        { "keys x\n", "error no such key code\n" },
        { "keys 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n",
          "error too many keys at once\n" },
        { "frobnicate\n", "error no such request\n" },
        { "\n", "error no such request\n" }, { "inf", "" },
        { "o\ninfo\n", "ok here\nok here\n" },
    };
    struct asked asked = { .nr = 0 };
    struct control c;
    char reply[200];
    int pair[2];
    size_t i;

    control_init(&c, &ops, &asked);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
                                pair), 0);
    control_adopt(&c, pair[0]);
    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        ask(&c, pair[1], t[i][0], reply, sizeof(reply));
        assert_string_equal(reply, t[i][1]);
    }
    assert_int_equal(asked.nr, 3);
    assert_int_equal(asked.codes[2], 111);
    close(pair[1]);
    control_run(&c, 0);
    assert_int_equal(c.conns[0].fd, -1);
    control_fini(&c);
}

static void screenshot_comes_or_times_out(void **state)
{
    struct asked asked = { .nr = 0 };
    struct buf png = BUF_INIT;
    struct control c;
    char reply[200];
    int pair[2];

    control_init(&c, &ops, &asked);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
                                pair), 0);
    control_adopt(&c, pair[0]);
    ask(&c, pair[1], "screenshot\n", reply, sizeof(reply));
    assert_string_equal(reply, "");
    assert_true(control_waits(&c));
    buf_adds(&png, "PICTURE");
    control_screenshot(&c, &png, NULL);
    ask(&c, pair[1], "", reply, sizeof(reply));
    assert_string_equal(reply, "ok 7\nPICTURE");
    ask(&c, pair[1], "screenshot\n", reply, sizeof(reply));
    control_run(&c, 3600000000000u);
    ask(&c, pair[1], "", reply, sizeof(reply));
    assert_string_equal(reply,
                        "error the guest's frame buffer does not answer\n");
    assert_int_equal(asked.screenshots, 2);
    buf_free(&png);
    control_fini(&c);
    close(pair[1]);
}

/* Who waits for text does not get a picture. */
static void text_comes_to_those_who_asked_for_it(void **state)
{
    struct asked asked = { .nr = 0 };
    struct buf body = BUF_INIT;
    struct control c;
    char reply[200];
    int pair[2];

    control_init(&c, &ops, &asked);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
                                pair), 0);
    control_adopt(&c, pair[0]);
    buf_adds(&body, "Hi\n");
    ask(&c, pair[1], "text\n", reply, sizeof(reply));
    control_screenshot(&c, &body, NULL);
    ask(&c, pair[1], "", reply, sizeof(reply));
    assert_string_equal(reply, "");
    control_text(&c, &body, NULL);
    ask(&c, pair[1], "", reply, sizeof(reply));
    assert_string_equal(reply, "ok 3\nHi\n");
    ask(&c, pair[1], "text\n", reply, sizeof(reply));
    control_text(&c, NULL, "no text");
    ask(&c, pair[1], "", reply, sizeof(reply));
    assert_string_equal(reply, "error no text\n");
    buf_free(&body);
    control_fini(&c);
    close(pair[1]);
}

static void characters_become_lines_without_blanks_at_their_ends(void **state)
{
    static const uint8_t cells[] = { 0xc9, 0xcd, 0xbb, ' ', ' ',
                                     'a', 0, 'b', 0xb3, ' ',
                                     ' ', ' ', ' ', ' ', ' ',
                                     0x02, 0xe1, 0x7f, 0xff, 'z' };
    struct buf out = BUF_INIT;

    assert_int_equal(cp437_lines(cells, 5, 4, &out), 0);

    assert_string_equal(out.data, "\u2554\u2550\u2557\na b\u2502\n\n"
                                  "\u263b\u00df\u2302 z\n");
    buf_free(&out);
}

static void long_lines_end_the_connection(void **state)
{
    struct asked asked = { .nr = 0 };
    char text[3000], c1;
    struct control c;
    int pair[2];

    control_init(&c, &ops, &asked);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
                                pair), 0);
    control_adopt(&c, pair[0]);
    memset(text, 'x', sizeof(text));
    assert_int_equal(write(pair[1], text, sizeof(text)), sizeof(text));
    control_run(&c, 0);
    control_run(&c, 0);
    assert_true(read(pair[1], &c1, 1) <= 0 && errno != EAGAIN);
    control_fini(&c);
    close(pair[1]);
}

/* ---- a viewer ----------------------------------------------------------------------------- */

struct seen {
    struct screen_msg msgs[64];
    unsigned int nr;
    bool watched;
};

static void on_input(void *arg, const struct screen_msg *m)
{
    struct seen *s = arg;

    assert_true(screen_msg_valid(m));
    assert_true(s->nr < 64);
    s->msgs[s->nr++] = *m;
}

static void on_watched(void *arg, bool yes)
{
    ((struct seen *)arg)->watched = yes;
}

/* Two ends of a connection over the loopback. */
static void tcp_pair(int pair[2])
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(a);
    int l = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(l, 1), 0);
    assert_int_equal(getsockname(l, (struct sockaddr *)&a, &len), 0);
    pair[1] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(pair[1], (struct sockaddr *)&a, sizeof(a)), 0);
    pair[0] = accept4(l, NULL, NULL, SOCK_NONBLOCK);
    assert_true(pair[0] >= 0);
    close(l);
}

static void get(struct vnc *v, int fd, void *to, size_t n)
{
    size_t have = 0;
    int i;

    for (i = 0; i < 10000 && have < n; i++) {
        ssize_t got;

        vnc_run(v);
        got = recv(fd, (char *)to + have, n - have, MSG_DONTWAIT);
        have += got > 0 ? (size_t)got : 0;
        if (got <= 0) {
            usleep(1000);
        }
    }
    assert_int_equal(have, n);
}

static void put(int fd, const void *from, size_t n)
{
    assert_int_equal(write(fd, from, n), n);
}

/* Run until @nr events have come; a busy machine may take a while. */
static void hear(struct vnc *v, const struct seen *s, unsigned int nr)
{
    int i;

    for (i = 0; i < 5000 && s->nr < nr; i++) {
        vnc_run(v);
        usleep(1000);
    }
    assert_int_equal(s->nr, nr);
}

/* Wait until something can be read, without reading it. */
static void wait_bytes(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    assert_int_equal(poll(&p, 1, 10000), 1);
}

/* RFC 6143: version 3.8, no security, shared, then the server's size. */
static void shake_hands(struct vnc *v, int fd, uint16_t *w, uint16_t *h)
{
    uint8_t b[64];
    uint32_t len;
    char name[64];

    get(v, fd, b, 12);
    put(fd, "RFB 003.008\n", 12);
    get(v, fd, b, 2);
    assert_int_equal(b[1], 1);
    put(fd, "\x01", 1);
    get(v, fd, b, 4);
    put(fd, "\x01", 1);
    get(v, fd, b, 24);
    *w = (uint16_t)(b[0] << 8 | b[1]);
    *h = (uint16_t)(b[2] << 8 | b[3]);
    len = b[23];
    get(v, fd, name, len);
}

static struct vnc *server(struct seen *s)
{
    const struct vnc_config c = { .name = "test", .input = on_input,
                                  .watched = on_watched, .arg = s };
    struct vnc *v = vnc_new(&c);

    assert_non_null(v);
    return v;
}

static void viewer_sees_pixels_and_its_keys_come_back(void **state)
{
    static const uint8_t want[] = { 3, 0, 0, 0, 0, 0, 0, 16, 0, 8 };
    static const uint8_t key_a[] = { 4, 1, 0, 0, 0, 0, 0, 'A',
                                     4, 0, 0, 0, 0, 0, 0, 'A' };
    static const uint8_t click[] = { 5, 1, 0, 5, 0, 6, 5, 0, 0, 5, 0, 6,
                                     5, 8, 0, 5, 0, 6, 5, 0, 0, 5, 0, 6 };
    static const int32_t codes[] = { KEY_LEFTSHIFT, KEY_A, KEY_LEFTSHIFT,
                                     KEY_A };
    struct seen s = { .nr = 0 };
    struct vnc *v = server(&s);
    uint32_t pixels[16 * 8], got[16 * 8];
    uint8_t head[4 + 12];
    uint16_t w, h;
    int fds[2], i;

    assert_int_equal(vnc_mode(v, 16, 8), 0);
    for (i = 0; i < 128; i++) {
        pixels[i] = (uint32_t)i * 0x20103;
    }
    vnc_update(v, pixels, (struct screen_rect){ -5, -5, 100, 100 });
    tcp_pair(fds);
    vnc_adopt(v, fds[0]);
    shake_hands(v, fds[1], &w, &h);
    assert_int_equal(w, 16);
    assert_int_equal(h, 8);
    assert_true(s.watched);
    put(fds[1], want, sizeof(want));
    get(v, fds[1], head, sizeof(head));
    get(v, fds[1], got, sizeof(got));
    for (i = 0; i < 128; i++) {        /* the library's order of colours */
        uint32_t p = got[i];

        assert_int_equal((p & 0xff00) | (p >> 16 & 0xff) | (p & 0xff) << 16,
                         pixels[i] & 0xffffff);
    }
    put(fds[1], key_a, sizeof(key_a));
    hear(v, &s, 4);
    for (i = 0; i < 4; i++) {
        assert_int_equal(s.msgs[i].a, codes[i]);
    }
    s.nr = 0;
    put(fds[1], click, sizeof(click));
    hear(v, &s, 7);                    /* four positions, two buttons, wheel */
    assert_int_equal(s.msgs[1].a, BTN_LEFT);
    assert_int_equal(s.msgs[5].kind, SCREEN_WHEEL);
    assert_int_equal(s.msgs[5].a, 1);
    close(fds[1]);
    hear(v, &s, 8);
    assert_false(s.watched);
    assert_int_equal(vnc_viewers(v), 0);
    assert_int_equal(s.msgs[s.nr - 1].kind, SCREEN_RELEASE);
    vnc_free(v);
}

static void browsers_without_a_whole_request_wait_and_go(void **state)
{
    struct seen s = { .nr = 0 };
    struct vnc *v = server(&s);
    struct web web;
    char reply[300];
    int fds[2], i;
    ssize_t n;

    web_init(&web, v);
    tcp_pair(fds);
    web_adopt(&web, fds[0], 0);
    put(fds[1], "GET / HTTP/1.1\r\n", 16);
    wait_bytes(fds[0]);
    web_run(&web, 1);
    assert_int_equal(web.nr, 1);
    put(fds[1], "Host: x\r\n\r\n", 11);
    for (i = 0; i < 5000 && web.nr > 0; i++) {
        usleep(1000);
        web_run(&web, 2);
    }
    n = recv(fds[1], reply, sizeof(reply) - 1, 0);
    assert_true(n > 0);
    reply[n] = '\0';
    assert_non_null(strstr(reply, "302 Found"));
    close(fds[1]);

    tcp_pair(fds);
    web_adopt(&web, fds[0], 0);
    web_run(&web, 9999999999u);
    assert_int_equal(web.nr, 1);
    web_run(&web, 10000000000u);
    assert_int_equal(web.nr, 0);
    assert_int_equal(recv(fds[1], reply, sizeof(reply), 0), 0);
    close(fds[1]);
    web_fini(&web);
    vnc_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_out_of_range_are_not_received),
        cmocka_unit_test(memory_of_a_picture_keeps_its_size),
        cmocka_unit_test(keys_have_names_keysyms_and_characters),
        cmocka_unit_test(every_ascii_character_has_a_key),
        cmocka_unit_test(picture_is_read_back_from_its_png),
        cmocka_unit_test(png_without_room_fails_cleanly),
        cmocka_unit_test(questions_are_answered_by_table),
        cmocka_unit_test(screenshot_comes_or_times_out),
        cmocka_unit_test(text_comes_to_those_who_asked_for_it),
        cmocka_unit_test(
            characters_become_lines_without_blanks_at_their_ends),
        cmocka_unit_test(long_lines_end_the_connection),
        cmocka_unit_test(viewer_sees_pixels_and_its_keys_come_back),
        cmocka_unit_test(browsers_without_a_whole_request_wait_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
