/* SPDX-License-Identifier: MIT */
/*
 * dev/ps2.h - keyboard and mouse behind an 8042 controller.
 *
 * Owns    ports 60 and 64, IRQ 1 and 12; scan code sets 1 and 2; a mouse of
 *         three buttons with a wheel.
 * Leaves  which keys people press to host/screen, the A20 gate (always open)
 *         to nobody, the reset to machine.reset.
 * Source  IBM PS/2 Hardware Interface Technical Reference: keyboard and
 *         auxiliary device controller; Linux' input-event-codes.h
 *
 * INV-PS1 a queue holds at most PS2_QUEUE bytes; what does not fit whole is
 *         dropped whole.
 * Tests   tests/unit/hvm-emu/test_ps2.c, tests/fuzz/fuzz_ps2.c
 */
#ifndef DEV_PS2_H
#define DEV_PS2_H

#include <stdbool.h>
#include <stdint.h>

#define PS2_QUEUE 64u

struct device_class;
struct screen_msg;

struct ps2_queue {
    uint8_t bytes[PS2_QUEUE];
    uint8_t head, len;
};

struct ps2_keyboard {
    struct ps2_queue q;
    uint8_t command;                   /* whose argument comes next, or 0 */
    uint8_t enabled, leds, set;        /* set: 1 or 2 */
};

struct ps2_mouse {
    struct ps2_queue q;
    uint8_t command;
    uint8_t enabled, remote, wrap, scale2, resolution, rate, id;
    uint8_t rates[2];                  /* the two before: how a wheel is found */
    uint8_t buttons, told;
    int32_t dx, dy, dz;                /* not told yet */
    int32_t x, y, placed;              /* where the viewer's pointer was */
};

void ps2_queue_reset(struct ps2_queue *q);
/* INV-PS1; false: there was no room. */
bool ps2_queue_add(struct ps2_queue *q, const uint8_t *bytes, unsigned int n);
uint8_t ps2_queue_take(struct ps2_queue *q);
bool ps2_queue_valid(const struct ps2_queue *q);

/* ps2_keyboard.c */
void ps2_keyboard_reset(struct ps2_keyboard *k);
void ps2_keyboard_write(struct ps2_keyboard *k, uint8_t val);
/* @code: of Linux. */
void ps2_keyboard_key(struct ps2_keyboard *k, unsigned int code, bool down);
/* A byte of set 2 as the controller translates it to set 1. */
uint8_t ps2_set1_of(uint8_t set2);

/* ps2_mouse.c */
void ps2_mouse_reset(struct ps2_mouse *m);
void ps2_mouse_write(struct ps2_mouse *m, uint8_t val);
void ps2_mouse_button(struct ps2_mouse *m, unsigned int code, bool down);
void ps2_mouse_moved(struct ps2_mouse *m, int32_t x, int32_t y);
void ps2_mouse_wheel(struct ps2_mouse *m, int32_t steps);
/* More to tell, and room to tell it: call when a byte was taken. */
void ps2_mouse_tell(struct ps2_mouse *m);

/* What a viewer did; @dev is what create() of the class returned. */
void ps2_input(void *dev, const struct screen_msg *msg);

extern const struct device_class ps2_class;

#endif
