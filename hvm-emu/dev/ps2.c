/* SPDX-License-Identifier: MIT */
/*
 * The 8042: one output buffer that keyboard, mouse and the controller itself
 * fill in turn, each with its own interrupt.  Scan codes are translated on
 * their way through.  Covered by tests/unit/hvm-emu/test_ps2.c.
 */
#include <dev/ps2.h>

#include <bus/irq.h>
#include <bus/range.h>
#include <dev/devices.h>
#include <host/screen.h>
#include <lib/err.h>
#include <screen/link.h>

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>

#define DATA_PORT    0x60u
#define COMMAND_PORT 0x64u
#define IRQ_KEYBOARD 1u
#define IRQ_MOUSE    12u

/* Status. */
#define FULL      0x01u
#define SYSTEM    0x04u
#define WAS_CMD   0x08u
#define UNLOCKED  0x10u
#define FROM_AUX  0x20u

/* Command byte. */
#define IRQ1_ON   0x01u
#define IRQ12_ON  0x02u
#define TESTED    0x04u
#define NO_KBD    0x10u
#define NO_AUX    0x20u
#define TRANSLATE 0x40u

struct ps2 {
    struct machine *m;
    struct host_screen *screen;
    struct ps2_keyboard kbd;
    struct ps2_mouse mouse;
    struct ps2_queue own, own_aux;     /* the controller's own answers */
    uint8_t ram[32];                   /* ram[0]: the command byte */
    uint8_t status, data, command;     /* command: its argument comes next */
    uint8_t break_seen;                /* translation: 0xf0 was taken */
    uint8_t pressed[(SCREEN_MAX_CODE + 8) / 8];
};

/* ---- output buffer ------------------------------------------------------------------------ */

static void set_lines(struct ps2 *d)
{
    bool full = (d->status & FULL) != 0, aux = (d->status & FROM_AUX) != 0;

    irq_isa(d->m, IRQ_KEYBOARD, full && !aux && (d->ram[0] & IRQ1_ON) != 0);
    irq_isa(d->m, IRQ_MOUSE, full && aux && (d->ram[0] & IRQ12_ON) != 0);
}

static void fill(struct ps2 *d, uint8_t byte, bool aux)
{
    d->data = byte;
    d->status = (uint8_t)((d->status & ~FROM_AUX) | FULL |
                          (aux ? FROM_AUX : 0));
}

/* The prefix of a release becomes bit 7 of the code. */
static bool fill_key(struct ps2 *d)
{
    while (d->kbd.q.len > 0) {
        uint8_t byte = ps2_queue_take(&d->kbd.q);

        if ((d->ram[0] & TRANSLATE) == 0) {
            fill(d, byte, false);
            return true;
        }
        if (byte == 0xf0) {
            d->break_seen = 0x80;
            continue;
        }
        fill(d, ps2_set1_of(byte) | d->break_seen, false);
        d->break_seen = 0;
        return true;
    }
    return false;
}

/* The next byte, if there is room for one. */
static void load(struct ps2 *d)
{
    if ((d->status & FULL) == 0) {
        if (d->own.len > 0) {
            fill(d, ps2_queue_take(&d->own), false);
        } else if (d->own_aux.len > 0) {
            fill(d, ps2_queue_take(&d->own_aux), true);
        } else if ((d->ram[0] & NO_KBD) == 0 && fill_key(d)) {
            /* done */
        } else if ((d->ram[0] & NO_AUX) == 0) {
            ps2_mouse_tell(&d->mouse);
            if (d->mouse.q.len > 0) {
                fill(d, ps2_queue_take(&d->mouse.q), true);
            }
        }
    }
    set_lines(d);
}

static uint8_t read_data(struct ps2 *d)
{
    uint8_t val = d->data;

    d->status &= (uint8_t)~FULL;
    set_lines(d);                      /* an edge between two bytes */
    load(d);
    return val;
}

/* ---- the controller's commands ------------------------------------------------------------- */

static void answer(struct ps2 *d, uint8_t byte)
{
    ps2_queue_add(&d->own, &byte, 1);
}

static void self_test(struct ps2 *d)
{
    d->status |= SYSTEM;
    d->ram[0] |= TESTED;
    answer(d, 0x55);
}

/* Bit 0 low is the CPU's reset line. */
static void pulse(struct ps2 *d, uint8_t val)
{
    if ((val & 1) == 0 && d->m->reset != NULL) {
        d->m->reset(d->m, "the keyboard controller");
    }
}

static void set_command_bits(struct ps2 *d, uint8_t clear, uint8_t set)
{
    d->ram[0] = (uint8_t)((d->ram[0] & ~clear) | set);
}

static void controller(struct ps2 *d, uint8_t val)
{
    d->status |= WAS_CMD;
    d->command = 0;
    if (val >= 0x20 && val < 0x40) {
        answer(d, d->ram[val & 0x1f]);
        return;
    }
    if ((val >= 0x60 && val < 0x80) || (val >= 0xd1 && val <= 0xd4)) {
        d->command = val;
        return;
    }
    if (val >= 0xf0) {
        pulse(d, val);
        return;
    }
    switch (val) {
    case 0xa7:
        set_command_bits(d, 0, NO_AUX);
        break;
    case 0xa8:
        set_command_bits(d, NO_AUX, 0);
        break;
    case 0xa9:                         /* test of the mouse's wires */
    case 0xab:                         /* of the keyboard's */
        answer(d, 0);
        break;
    case 0xaa:
        self_test(d);
        break;
    case 0xad:
        set_command_bits(d, 0, NO_KBD);
        break;
    case 0xae:
        set_command_bits(d, NO_KBD, 0);
        break;
    case 0xc0:                         /* input port: not locked */
        answer(d, 0x80);
        break;
    case 0xd0:                         /* output port: A20, no reset */
        answer(d, (uint8_t)(0xcf | ((d->status & FULL) != 0 ? 0x10 : 0)));
        break;
    default:                           /* dd, df: A20 is always open */
        break;
    }
}

static void write_data(struct ps2 *d, uint8_t val)
{
    uint8_t command = d->command;

    d->status &= (uint8_t)~WAS_CMD;
    d->command = 0;
    if (command >= 0x60 && command < 0x80) {
        d->ram[command & 0x1f] = val;
    } else if (command == 0xd1) {
        pulse(d, val);
    } else if (command == 0xd2) {
        answer(d, val);
    } else if (command == 0xd3) {
        ps2_queue_add(&d->own_aux, &val, 1);
    } else if (command == 0xd4) {
        ps2_mouse_write(&d->mouse, val);
    } else {
        set_command_bits(d, NO_KBD, 0);
        ps2_keyboard_write(&d->kbd, val);
    }
}

/* ---- ports ---------------------------------------------------------------------------------- */

static uint64_t on_read(void *dev, uint64_t off, unsigned int bytes)
{
    return read_data(dev);
}

static void on_write(void *dev, uint64_t off, unsigned int bytes, uint64_t val)
{
    write_data(dev, (uint8_t)val);
    load(dev);
}

static const struct range_ops data_ops = { on_read, on_write };

static uint64_t on_status(void *dev, uint64_t off, unsigned int bytes)
{
    struct ps2 *d = dev;

    return d->status;
}

static void on_command(void *dev, uint64_t off, unsigned int bytes,
                       uint64_t val)
{
    controller(dev, (uint8_t)val);
    load(dev);
}

static const struct range_ops command_ops = { on_status, on_command };

/* ---- viewers --------------------------------------------------------------------------------- */

static void press(struct ps2 *d, unsigned int code, bool down)
{
    uint8_t *byte = &d->pressed[code / 8], bit = (uint8_t)(1u << code % 8);

    if (!down && (*byte & bit) == 0) {
        return;
    }
    *byte = (uint8_t)(down ? *byte | bit : *byte & ~bit);
    if (code >= BTN_MOUSE && code < BTN_JOYSTICK) {
        ps2_mouse_button(&d->mouse, code, down);
    } else {
        ps2_keyboard_key(&d->kbd, code, down);
    }
}

static void release_all(struct ps2 *d)
{
    unsigned int code;

    for (code = 0; code <= SCREEN_MAX_CODE; code++) {
        press(d, code, false);
    }
}

void ps2_input(void *dev, const struct screen_msg *msg)
{
    struct ps2 *d = dev;

    if (msg->kind == SCREEN_KEY && msg->a >= 0 &&
        (uint32_t)msg->a <= SCREEN_MAX_CODE) {
        press(d, (unsigned int)msg->a, msg->b != 0);
    } else if (msg->kind == SCREEN_POINTER) {
        ps2_mouse_moved(&d->mouse, msg->x, msg->y);
    } else if (msg->kind == SCREEN_WHEEL) {
        ps2_mouse_wheel(&d->mouse, msg->a);
    } else if (msg->kind == SCREEN_RELEASE) {
        release_all(d);
    }
    load(d);
}

/* ---- the device ------------------------------------------------------------------------------ */

static void ps2_reset(void *dev)
{
    struct ps2 *d = dev;

    ps2_keyboard_reset(&d->kbd);
    ps2_mouse_reset(&d->mouse);
    ps2_queue_reset(&d->own);
    ps2_queue_reset(&d->own_aux);
    memset(d->ram, 0, sizeof(d->ram));
    memset(d->pressed, 0, sizeof(d->pressed));
    d->ram[0] = IRQ1_ON | IRQ12_ON;
    d->status = WAS_CMD | UNLOCKED;
    d->data = d->command = d->break_seen = 0;
    set_lines(d);
}

static void ps2_destroy(void *dev)
{
    struct ps2 *d = dev;

    host_screen_sink(d->screen, NULL, NULL);
    free(d);
}

static void *ps2_create(struct machine *m, struct err *e)
{
    struct ps2 *d = calloc(1, sizeof(*d));
    int rc = d == NULL ? -ENOMEM : 0;

    if (rc == 0) {
        d->m = m;
        rc = range_add(m, RANGE_PORT, DATA_PORT, 1, &data_ops, d);
    }
    if (rc == 0) {
        rc = range_add(m, RANGE_PORT, COMMAND_PORT, 1, &command_ops, d);
    }
    if (rc != 0) {
        err_errno(e, rc, "cannot make the keyboard", "its ports");
        free(d);
        return NULL;
    }
    ps2_reset(d);
    if (host_screen_get(m, &d->screen, e) != 0) {
        free(d);
        return NULL;
    }
    host_screen_sink(d->screen, ps2_input, d);
    return d;
}

static int ps2_check(void *dev)
{
    struct ps2 *d = dev;
    bool good = ps2_queue_valid(&d->kbd.q) && ps2_queue_valid(&d->mouse.q) &&
                ps2_queue_valid(&d->own) && ps2_queue_valid(&d->own_aux);

    /* No key is held across: its viewer may be gone. */
    memset(d->pressed, 0, sizeof(d->pressed));
    d->mouse.placed = 0;
    return good ? 0 : -EINVAL;
}

static const struct state_field fields[] = {
#define QUEUE(q) STATE_ARRAY(struct ps2, q.bytes), \
    STATE_FIELD(struct ps2, q.head), STATE_FIELD(struct ps2, q.len)
    QUEUE(kbd.q), QUEUE(mouse.q), QUEUE(own), QUEUE(own_aux),
#undef QUEUE
    STATE_FIELD(struct ps2, kbd.command),
    STATE_FIELD(struct ps2, kbd.enabled),
    STATE_FIELD(struct ps2, kbd.leds),
    STATE_FIELD(struct ps2, kbd.set),
    STATE_FIELD(struct ps2, mouse.command),
    STATE_FIELD(struct ps2, mouse.enabled),
    STATE_FIELD(struct ps2, mouse.remote),
    STATE_FIELD(struct ps2, mouse.wrap),
    STATE_FIELD(struct ps2, mouse.scale2),
    STATE_FIELD(struct ps2, mouse.resolution),
    STATE_FIELD(struct ps2, mouse.rate),
    STATE_FIELD(struct ps2, mouse.id),
    STATE_ARRAY(struct ps2, mouse.rates),
    STATE_ARRAY(struct ps2, ram),
    STATE_FIELD(struct ps2, status),
    STATE_FIELD(struct ps2, data),
    STATE_FIELD(struct ps2, command),
    STATE_FIELD(struct ps2, break_seen),
};

static const struct state_table ps2_state = {
    .version = 1, STATE_ROWS(fields), .check = ps2_check,
};

const struct device_class ps2_class = {
    .name = "ps2", .create = ps2_create, .reset = ps2_reset,
    .destroy = ps2_destroy, .state = &ps2_state,
};
