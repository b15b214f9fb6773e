/* SPDX-License-Identifier: MIT */
/*
 * The keyboard: commands, and keys as scan codes of set 1 or 2.  Linux' codes
 * of the first 88 keys are those of set 1; set 2 follows from the controller's
 * table, read backwards.  Covered by tests/unit/hvm-emu/test_ps2.c.
 */
#include <dev/ps2.h>

#include <linux/input-event-codes.h>
#include <string.h>

enum { ACK = 0xfa, RESEND = 0xfe, TEST_PASSED = 0xaa, ECHO = 0xee };

/* ---- queues -------------------------------------------------------------------------- */

void ps2_queue_reset(struct ps2_queue *q)
{
    q->head = q->len = 0;
}

bool ps2_queue_valid(const struct ps2_queue *q)
{
    return q->head < PS2_QUEUE && q->len <= PS2_QUEUE;
}

bool ps2_queue_add(struct ps2_queue *q, const uint8_t *bytes, unsigned int n)
{
    unsigned int i;

    if (q->len + n > PS2_QUEUE) {
        return false;
    }
    for (i = 0; i < n; i++) {
        q->bytes[(q->head + q->len++) % PS2_QUEUE] = bytes[i];
    }
    return true;
}

uint8_t ps2_queue_take(struct ps2_queue *q)
{
    uint8_t byte = 0;

    if (q->len > 0) {
        byte = q->bytes[q->head];
        q->head = (uint8_t)((q->head + 1) % PS2_QUEUE);
        q->len--;
    }
    return byte;
}

/* ---- scan codes ------------------------------------------------------------------------ */

/* Set 2 to set 1, by the controller; codes above 0x84 stay. */
static const uint8_t set1[0x85] = {
    0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58,
    0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
    0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a,
    0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
    0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c,
    0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e,
    0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
    0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60,
    0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
    0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e,
    0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b,
    0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
    0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45,
    0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
    0x80, 0x81, 0x82, 0x41, 0x54,
};

uint8_t ps2_set1_of(uint8_t set2)
{
    return set2 < sizeof(set1) ? set1[set2] : set2;
}

/* The last that gives @code: F7 is 0x83, SysRq 0x84. */
static uint8_t set2_of(uint8_t code)
{
    unsigned int i = sizeof(set1) - 1;

    while (i > 0 && set1[i] != code) {
        i--;
    }
    return (uint8_t)i;
}

/* Keys that came with the enhanced keyboard: 0xe0 and this. */
static const struct { uint16_t code; uint8_t set1; } extended[] = {
    { KEY_KPENTER, 0x1c }, { KEY_RIGHTCTRL, 0x1d }, { KEY_KPSLASH, 0x35 },
    { KEY_SYSRQ, 0x37 }, { KEY_RIGHTALT, 0x38 }, { KEY_HOME, 0x47 },
    { KEY_UP, 0x48 }, { KEY_PAGEUP, 0x49 }, { KEY_LEFT, 0x4b },
    { KEY_RIGHT, 0x4d }, { KEY_END, 0x4f }, { KEY_DOWN, 0x50 },
    { KEY_PAGEDOWN, 0x51 }, { KEY_INSERT, 0x52 }, { KEY_DELETE, 0x53 },
    { KEY_LEFTMETA, 0x5b }, { KEY_RIGHTMETA, 0x5c }, { KEY_COMPOSE, 0x5d },
    { KEY_POWER, 0x5e }, { KEY_SLEEP, 0x5f }, { KEY_WAKEUP, 0x63 },
};

/* The code of set 1, 0: no such key here. */
static uint8_t find(unsigned int code, bool *is_extended)
{
    size_t i;

    *is_extended = false;
    if (code <= KEY_KPDOT || (code >= KEY_102ND && code <= KEY_F12)) {
        return (uint8_t)code;
    }
    for (i = 0; i < sizeof(extended) / sizeof(extended[0]); i++) {
        if (extended[i].code == code) {
            *is_extended = true;
            return extended[i].set1;
        }
    }
    return 0;
}

/* Pause has no release; it says both at once. */
static void pause_key(struct ps2_keyboard *k, bool down)
{
    static const uint8_t one[] = { 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5 };
    static const uint8_t two[] = { 0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0,
                                   0x77 };

    if (down && k->set == 1) {
        ps2_queue_add(&k->q, one, sizeof(one));
    } else if (down) {
        ps2_queue_add(&k->q, two, sizeof(two));
    }
}

void ps2_keyboard_key(struct ps2_keyboard *k, unsigned int code, bool down)
{
    uint8_t bytes[3], scan;
    unsigned int n = 0;
    bool is_extended;

    if (!k->enabled) {
        return;
    }
    if (code == KEY_PAUSE) {
        pause_key(k, down);
        return;
    }
    scan = find(code, &is_extended);
    if (scan == 0) {
        return;
    }
    if (is_extended) {
        bytes[n++] = 0xe0;
    }
    if (k->set == 1) {
        bytes[n++] = (uint8_t)(scan | (down ? 0 : 0x80));
    } else {
        if (!down) {
            bytes[n++] = 0xf0;
        }
        bytes[n++] = set2_of(scan);
    }
    ps2_queue_add(&k->q, bytes, n);
}

/* ---- commands ---------------------------------------------------------------------------- */

static void say(struct ps2_keyboard *k, uint8_t byte)
{
    ps2_queue_add(&k->q, &byte, 1);
}

static void defaults(struct ps2_keyboard *k)
{
    k->leds = 0;
    k->set = 2;
    k->command = 0;
}

void ps2_keyboard_reset(struct ps2_keyboard *k)
{
    memset(k, 0, sizeof(*k));
    defaults(k);
    k->enabled = 1;
}

static void identify(struct ps2_keyboard *k)
{
    static const uint8_t id[] = { ACK, 0xab, 0x83 };

    ps2_queue_add(&k->q, id, sizeof(id));
}

/* What the guest had not read is gone with a reset. */
static void reset(struct ps2_keyboard *k)
{
    static const uint8_t answer[] = { ACK, TEST_PASSED };

    ps2_keyboard_reset(k);
    ps2_queue_add(&k->q, answer, sizeof(answer));
}

static void begin_argument(struct ps2_keyboard *k, uint8_t command)
{
    k->command = command;
    say(k, ACK);
}

static void set_codes(struct ps2_keyboard *k, uint8_t val)
{
    if (val == 0) {
        say(k, ACK);
        say(k, k->set);
    } else if (val <= 2) {
        k->set = val;
        say(k, ACK);
    } else {
        say(k, RESEND);
    }
}

/* The second byte of ED, F0, F3. */
static bool take_argument(struct ps2_keyboard *k, uint8_t val)
{
    uint8_t command = k->command;

    k->command = 0;
    if (command == 0 || val >= 0xed) {  /* a new command instead */
        return false;
    }
    if (command == 0xf0) {
        set_codes(k, val);
        return true;
    }
    if (command == 0xed) {
        k->leds = val & 7;
    }
    say(k, ACK);
    return true;
}

static void command(struct ps2_keyboard *k, uint8_t val)
{
    switch (val) {
    case 0xed:                         /* lamps */
    case 0xf0:                         /* scan code set */
    case 0xf3:                         /* repetition */
        begin_argument(k, val);
        break;
    case 0xee:
        say(k, ECHO);
        break;
    case 0xf2:
        identify(k);
        break;
    case 0xf4:
        k->enabled = 1;
        say(k, ACK);
        break;
    case 0xf5:
    case 0xf6:
        defaults(k);
        k->enabled = val == 0xf6;
        say(k, ACK);
        break;
    case 0xff:
        reset(k);
        break;
    default:                           /* f7..fd are of set 3 */
        say(k, val == 0x00 || (val >= 0xf7 && val <= 0xfd) ? ACK : RESEND);
        break;
    }
}

void ps2_keyboard_write(struct ps2_keyboard *k, uint8_t val)
{
    if (!take_argument(k, val)) {
        command(k, val);
    }
}
