/* SPDX-License-Identifier: MIT */
/*
 * Keyboard, mouse and their controller by ports 60 and 64, as Linux' i8042,
 * atkbd and psmouse talk to them.
 */
#include "device_rig.h"

#include <dev/devices.h>
#include <dev/ps2.h>
#include <screen/link.h>

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define FULL 0x01
#define AUX  0x20

static void *dev;

static int setup(void **state)
{
    rig_start();
    dev = ps2_class.create(&rig.m, NULL);
    assert_non_null(dev);
    return 0;
}

static int teardown(void **state)
{
    ps2_class.destroy(dev);
    rig_stop();
    return 0;
}

/* ---- a driver --------------------------------------------------------------------------- */

static void command(uint8_t val)
{
    rig_write(RANGE_PORT, 0x64, 1, val);
}

static void data(uint8_t val)
{
    rig_write(RANGE_PORT, 0x60, 1, val);
}

static uint8_t status(void)
{
    return (uint8_t)rig_read(RANGE_PORT, 0x64, 1);
}

/* -1: nothing is there. */
static int next(void)
{
    return (status() & FULL) != 0 ? (int)rig_read(RANGE_PORT, 0x60, 1) : -1;
}

static void expect(const char *bytes, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        assert_int_equal(next(), (uint8_t)bytes[i]);
    }
    assert_int_equal(next(), -1);
}

#define EXPECT(bytes) expect(bytes, sizeof(bytes) - 1)

static void mouse(uint8_t val)
{
    command(0xd4);
    data(val);
}

static void command_byte(uint8_t val)
{
    command(0x60);
    data(val);
}

static void key(int code, bool down)
{
    const struct screen_msg m = { .kind = SCREEN_KEY, .a = code, .b = down };

    ps2_input(dev, &m);
}

static void pointer(int x, int y)
{
    const struct screen_msg m = { .kind = SCREEN_POINTER, .x = x, .y = y,
                                  .w = 800, .h = 600 };

    ps2_input(dev, &m);
}

/* ---- controller --------------------------------------------------------------------------- */

static void controller_answers_its_commands(void **state)
{
    command(0xaa);
    EXPECT("\x55");
    assert_true((status() & 4) != 0);
    command(0xab);
    EXPECT("\0");
    command(0xa9);
    EXPECT("\0");
    command_byte(0x47);
    command(0x20);
    EXPECT("\x47");
    command(0xa7);
    command(0x20);
    EXPECT("\x67");
    command(0xa8);
    command(0x20);
    EXPECT("\x47");
    command(0x7f);
    data(0x5a);
    command(0x3f);
    EXPECT("\x5a");
    command(0xd0);
    assert_true((next() & 3) == 3);    /* no reset, A20 open */
}

/* What Linux does to find the mouse's port: i8042_check_aux(). */
static void loopback_of_the_mouse_port_is_marked(void **state)
{
    command_byte(0x03);
    rig.isa_edges[12] = 0;
    command(0xd3);
    data(0x5a);

    assert_int_equal(status() & (FULL | AUX), FULL | AUX);
    assert_int_equal(rig.isa_edges[12], 1);
    assert_int_equal(rig.isa_edges[1], 0);
    EXPECT("\x5a");
    assert_false(rig.isa[12]);
}

static void pulse_of_the_reset_line_resets(void **state)
{
    command(0xff);
    assert_int_equal(rig.resets, 0);
    command(0xfe);
    assert_int_equal(rig.resets, 1);
    command(0xd1);
    data(0x02);
    assert_int_equal(rig.resets, 2);
}

static void each_byte_has_its_interrupt(void **state)
{
    command_byte(0x41);
    rig.isa_edges[1] = 0;
    data(0xf2);

    assert_true(rig.isa[1]);
    assert_int_equal(rig.isa_edges[1], 1);
    EXPECT("\xfa\xab\x41");            /* translated */
    assert_int_equal(rig.isa_edges[1], 3);
    assert_false(rig.isa[1]);
}

static void masked_interrupts_do_not_come(void **state)
{
    command_byte(0x40);
    rig.isa_edges[1] = 0;
    key(KEY_A, true);
    assert_int_equal(rig.isa_edges[1], 0);
    EXPECT("\x1e");
}

/* ---- keyboard -------------------------------------------------------------------------------- */

static void keyboard_answers_its_commands(void **state)
{
    static const struct { const char *in, *out; size_t n_in, n_out; } t[] = {
#define ROW(in, out) { in, out, sizeof(in) - 1, sizeof(out) - 1 }
        ROW("\xff", "\xfa\xaa"), ROW("\xf2", "\xfa\xab\x83"),
        ROW("\xee", "\xee"), ROW("\xed\x07", "\xfa\xfa"),
        ROW("\xf3\x00", "\xfa\xfa"), ROW("\xf5", "\xfa"),
        ROW("\xf4", "\xfa"), ROW("\xf6", "\xfa"),
        ROW("\xf0\x00", "\xfa\xfa\x02"), ROW("\xf0\x03", "\xfa\xfe"),
        ROW("\xf0\x01", "\xfa\xfa"), ROW("\xf0\x00", "\xfa\xfa\x01"),
        ROW("\xed\xf2", "\xfa\xfa\xab\x83"), ROW("\x12", "\xfe"),
#undef ROW
    };
    size_t i, k;

    command_byte(0x00);
    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        for (k = 0; k < t[i].n_in; k++) {
            data((uint8_t)t[i].in[k]);
        }
        expect(t[i].out, t[i].n_out);
    }
}

static void keys_have_the_codes_of_their_set(void **state)
{
    static const struct {
        int code;
        const char *two, *two_up, *one, *one_up;
    } t[] = {
        { KEY_ESC, "\x76", "\xf0\x76", "\x01", "\x81" },
        { KEY_A, "\x1c", "\xf0\x1c", "\x1e", "\x9e" },
        { KEY_ENTER, "\x5a", "\xf0\x5a", "\x1c", "\x9c" },
        { KEY_F7, "\x83", "\xf0\x83", "\x41", "\xc1" },
        { KEY_F12, "\x07", "\xf0\x07", "\x58", "\xd8" },
        { KEY_102ND, "\x61", "\xf0\x61", "\x56", "\xd6" },
        { KEY_UP, "\xe0\x75", "\xe0\xf0\x75", "\xe0\x48", "\xe0\xc8" },
        { KEY_DELETE, "\xe0\x71", "\xe0\xf0\x71", "\xe0\x53", "\xe0\xd3" },
        { KEY_RIGHTALT, "\xe0\x11", "\xe0\xf0\x11", "\xe0\x38", "\xe0\xb8" },
        { KEY_PAUSE, "\xe1\x14\x77\xe1\xf0\x14\xf0\x77", "",
          "\xe1\x1d\x45\xe1\x9d\xc5", "" },
        { KEY_BRIGHTNESSUP, "", "", "", "" },
    };
    size_t i;
    int translated;

    for (translated = 0; translated < 2; translated++) {
        command_byte(translated ? 0x40 : 0);
        for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
            const char *down = translated ? t[i].one : t[i].two;
            const char *up = translated ? t[i].one_up : t[i].two_up;

            key(t[i].code, true);
            expect(down, strlen(down));
            key(t[i].code, false);
            expect(up, strlen(up));
        }
    }
}

/* Every key of the table types the code that Linux knows it by. */
static void all_plain_keys_translate_to_their_own_number(void **state)
{
    int code;

    command_byte(0x40);
    for (code = 1; code <= KEY_F12; code++) {
        if (code == KEY_KPDOT + 1 || code == KEY_KPDOT + 2) {
            continue;                  /* 84, 85: no keys */
        }
        key(code, true);
        assert_int_equal(next(), code);
        key(code, false);
        assert_int_equal(next(), code | 0x80);
    }
}

static void full_keyboard_drops_whole_keys(void **state)
{
    int i, n = 0, last = 0, byte;

    command_byte(0x40);
    for (i = 0; i < 1000; i++) {
        key(KEY_RIGHT, true);
        key(KEY_RIGHT, false);
    }
    while ((byte = next()) >= 0) {
        assert_true(last == 0xe0 ? (byte & 0x7f) == 0x4d : byte == 0xe0);
        last = byte;
        n++;
    }
    assert_true(n > 0 && n <= (int)PS2_QUEUE + 1 && n % 2 == 0);
}

static void release_of_what_was_not_pressed_is_not_told(void **state)
{
    static const struct screen_msg release = { .kind = SCREEN_RELEASE };

    command_byte(0x40);
    key(KEY_B, false);
    EXPECT("");
    key(KEY_LEFTSHIFT, true);
    key(KEY_C, true);
    ps2_input(dev, &release);
    EXPECT("\x2a\x2e\xaa\xae");
    ps2_input(dev, &release);
    EXPECT("");
}

/* ---- mouse ------------------------------------------------------------------------------------- */

static void mouse_answers_its_commands(void **state)
{
    static const struct { const char *in, *out; size_t n_in, n_out; } t[] = {
#define ROW(in, out) { in, out, sizeof(in) - 1, sizeof(out) - 1 }
        ROW("\xff", "\xfa\xaa\x00"), ROW("\xf2", "\xfa\x00"),
        ROW("\xe8\x03", "\xfa\xfa"), ROW("\xf3\x28", "\xfa\xfa"),
        ROW("\xe9", "\xfa\x00\x03\x28"), ROW("\xe7\xf4", "\xfa\xfa"),
        ROW("\xe9", "\xfa\x30\x03\x28"), ROW("\xeb", "\xfa\x08\x00\x00"),
        ROW("\xee\x55\xec", "\xfa\x55\xfa"), ROW("\xf6", "\xfa"),
        ROW("\xe9", "\xfa\x00\x02\x64"), ROW("\x01", "\xfe"),
        ROW("\xf3\xc8\xf3\x64\xf3\x50\xf2", "\xfa\xfa\xfa\xfa\xfa\xfa\xfa\x03"),
        ROW("\xeb", "\xfa\x08\x00\x00\x00"), ROW("\xff", "\xfa\xaa\x00"),
#undef ROW
    };
    size_t i, k;

    for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        for (k = 0; k < t[i].n_in; k++) {
            mouse((uint8_t)t[i].in[k]);
        }
        assert_true((status() & AUX) != 0);
        expect(t[i].out, t[i].n_out);
    }
}

static void movement_is_told_in_steps_that_fit(void **state)
{
    pointer(10, 10);
    mouse(0xf4);
    EXPECT("\xfa");
    pointer(13, 12);
    EXPECT("\x28\x03\xfe");            /* right, down */
    pointer(413, 12);
    EXPECT("\x08\xff\x00" "\x08\x91\x00");
    pointer(412, 2);
    EXPECT("\x18\xff\x0a");
}

static void buttons_and_wheel_are_told(void **state)
{
    static const struct screen_msg up = { .kind = SCREEN_WHEEL, .a = 1 };

    mouse(0xf4);
    EXPECT("\xfa");
    key(BTN_LEFT, true);
    EXPECT("\x09\x00\x00");
    key(BTN_MIDDLE, true);
    EXPECT("\x0d\x00\x00");
    key(BTN_LEFT, false);
    EXPECT("\x0c\x00\x00");
    ps2_input(dev, &up);
    EXPECT("");                        /* nobody asked for a wheel */
    key(BTN_MIDDLE, false);
    EXPECT("\x08\x00\x00");
    mouse(0xf3), mouse(200), mouse(0xf3), mouse(100), mouse(0xf3), mouse(80);
    EXPECT("\xfa\xfa\xfa\xfa\xfa\xfa");
    ps2_input(dev, &up);
    EXPECT("\x08\x00\x00\xff");
}

static void silent_mouse_keeps_no_movement(void **state)
{
    pointer(0, 0);
    pointer(100, 100);
    mouse(0xf4);
    EXPECT("\xfa");
}

static void state_with_impossible_queues_is_refused(void **state)
{
    const struct state_table *t = ps2_class.state;
    unsigned int i;

    assert_int_equal(t->check(dev), 0);
    for (i = 0; i < t->nr_fields; i++) {
        if (strstr(t->fields[i].name, "head") != NULL) {
            ((uint8_t *)dev)[t->fields[i].offset] = 200;
            assert_true(t->check(dev) < 0);
            ((uint8_t *)dev)[t->fields[i].offset] = 0;
        }
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(controller_answers_its_commands),
        T(loopback_of_the_mouse_port_is_marked),
        T(pulse_of_the_reset_line_resets),
        T(each_byte_has_its_interrupt),
        T(masked_interrupts_do_not_come),
        T(keyboard_answers_its_commands),
        T(keys_have_the_codes_of_their_set),
        T(all_plain_keys_translate_to_their_own_number),
        T(full_keyboard_drops_whole_keys),
        T(release_of_what_was_not_pressed_is_not_told),
        T(mouse_answers_its_commands),
        T(movement_is_told_in_steps_that_fit),
        T(buttons_and_wheel_are_told),
        T(silent_mouse_keeps_no_movement),
        T(state_with_impossible_queues_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
