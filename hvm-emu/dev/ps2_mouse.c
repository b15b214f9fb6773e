/* SPDX-License-Identifier: MIT */
/*
 * The mouse: commands and movement packets of three bytes, of four once the
 * guest has looked for a wheel (rates 200, 100, 80).
 * Covered by tests/unit/hvm-emu/test_ps2.c.
 */
#include <dev/ps2.h>

#include <linux/input-event-codes.h>
#include <string.h>

enum { ACK = 0xfa, RESEND = 0xfe, TEST_PASSED = 0xaa, ID_PLAIN = 0,
       ID_WHEEL = 3 };
#define BUTTONS 7u
#define FAR     4096                   /* movement is kept up to this */

static void say(struct ps2_mouse *m, uint8_t byte)
{
    ps2_queue_add(&m->q, &byte, 1);
}

/* ---- packets ----------------------------------------------------------------------------- */

static int32_t clamp(int64_t v, int32_t lowest, int32_t highest)
{
    return v < lowest ? lowest : v > highest ? highest : (int32_t)v;
}

/* Up to 255 a packet; the rest goes into the next. */
static bool send_packet(struct ps2_mouse *m)
{
    int32_t dx = clamp(m->dx, -256, 255), dy = clamp(m->dy, -256, 255);
    int32_t dz = clamp(m->dz, -8, 7);
    uint8_t p[4] = { (uint8_t)(8 | (m->buttons & BUTTONS)), (uint8_t)dx,
                     (uint8_t)dy, (uint8_t)dz };

    p[0] |= (uint8_t)((dx < 0 ? 0x10 : 0) | (dy < 0 ? 0x20 : 0));
    if (!ps2_queue_add(&m->q, p, m->id == ID_WHEEL ? 4 : 3)) {
        return false;
    }
    m->dx -= dx;
    m->dy -= dy;
    m->dz -= dz;
    m->told = m->buttons;
    return true;
}

static bool has_news(const struct ps2_mouse *m)
{
    return m->dx != 0 || m->dy != 0 || (m->dz != 0 && m->id == ID_WHEEL) ||
           m->buttons != m->told;
}

/* One packet at a time, so that what follows is joined. */
void ps2_mouse_tell(struct ps2_mouse *m)
{
    if (m->enabled && !m->remote && !m->wrap && m->q.len == 0 && has_news(m)) {
        send_packet(m);
    }
}

/* ---- the viewer -------------------------------------------------------------------------- */

void ps2_mouse_button(struct ps2_mouse *m, unsigned int code, bool down)
{
    static const struct { unsigned int code; uint8_t bit; } bits[] = {
        { BTN_LEFT, 1 }, { BTN_RIGHT, 2 }, { BTN_MIDDLE, 4 },
    };
    size_t i;

    for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        if (bits[i].code == code) {
            m->buttons = (uint8_t)(down ? m->buttons | bits[i].bit
                                        : m->buttons & ~bits[i].bit);
        }
    }
    ps2_mouse_tell(m);
}

/* Downwards is negative here. */
void ps2_mouse_moved(struct ps2_mouse *m, int32_t x, int32_t y)
{
    if (m->placed && m->enabled) {
        m->dx = clamp(m->dx + clamp((int64_t)x - m->x, -FAR, FAR), -FAR, FAR);
        m->dy = clamp(m->dy - clamp((int64_t)y - m->y, -FAR, FAR), -FAR, FAR);
    }
    m->x = x;
    m->y = y;
    m->placed = 1;
    ps2_mouse_tell(m);
}

/* Towards the user is positive here. */
void ps2_mouse_wheel(struct ps2_mouse *m, int32_t steps)
{
    if (m->enabled && m->id == ID_WHEEL) {
        m->dz = clamp(m->dz - clamp(steps, -FAR, FAR), -FAR, FAR);
    }
    ps2_mouse_tell(m);
}

/* ---- commands ---------------------------------------------------------------------------- */

static void defaults(struct ps2_mouse *m)
{
    m->command = m->enabled = m->remote = m->wrap = m->scale2 = 0;
    m->resolution = 2;
    m->rate = 100;
    m->rates[0] = m->rates[1] = 0;
    m->dx = m->dy = m->dz = 0;
}

void ps2_mouse_reset(struct ps2_mouse *m)
{
    memset(m, 0, sizeof(*m));
    defaults(m);
}

static void reset(struct ps2_mouse *m)
{
    static const uint8_t answer[] = { ACK, TEST_PASSED, ID_PLAIN };

    ps2_mouse_reset(m);
    ps2_queue_add(&m->q, answer, sizeof(answer));
}

static void status(struct ps2_mouse *m)
{
    uint8_t s[4] = { ACK, 0, m->resolution, m->rate };

    s[1] = (uint8_t)((m->remote ? 0x40 : 0) | (m->enabled ? 0x20 : 0) |
                     (m->scale2 ? 0x10 : 0) | (m->buttons & 1) << 2 |
                     (m->buttons & 4) >> 1 | (m->buttons & 2) >> 1);
    ps2_queue_add(&m->q, s, sizeof(s));
}

static void set_rate(struct ps2_mouse *m, uint8_t rate)
{
    if (m->rates[0] == 200 && m->rates[1] == 100 && rate == 80) {
        m->id = ID_WHEEL;
    }
    m->rates[0] = m->rates[1];
    m->rates[1] = rate;
    m->rate = rate;
}

/* The second byte of E8, F3. */
static bool take_argument(struct ps2_mouse *m, uint8_t val)
{
    uint8_t command = m->command;

    m->command = 0;
    if (command == 0xf3 && val < 0xe6) {
        set_rate(m, val);
    } else if (command == 0xe8 && val < 4) {
        m->resolution = val;
    } else {
        return false;
    }
    say(m, ACK);
    return true;
}

/* Bytes come back as they are, save reset and the end of it. */
static bool take_wrapped(struct ps2_mouse *m, uint8_t val)
{
    if (!m->wrap || val == 0xff || val == 0xec) {
        return false;
    }
    say(m, val);
    return true;
}

static void command(struct ps2_mouse *m, uint8_t val)
{
    const struct { uint8_t val; uint8_t *flag; uint8_t set; } flags[] = {
        { 0xe6, &m->scale2, 0 }, { 0xe7, &m->scale2, 1 },
        { 0xea, &m->remote, 0 }, { 0xec, &m->wrap, 0 }, { 0xee, &m->wrap, 1 },
        { 0xf0, &m->remote, 1 }, { 0xf4, &m->enabled, 1 },
        { 0xf5, &m->enabled, 0 }, { 0xe8, &m->command, 0xe8 },
        { 0xf3, &m->command, 0xf3 },
    };
    size_t i;

    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (flags[i].val == val) {
            *flags[i].flag = flags[i].set;
            say(m, ACK);
            return;
        }
    }
    say(m, RESEND);
}

void ps2_mouse_write(struct ps2_mouse *m, uint8_t val)
{
    if (take_argument(m, val) || take_wrapped(m, val)) {
        return;
    }
    switch (val) {
    case 0xe9:
        status(m);
        break;
    case 0xeb:                         /* a packet now */
        say(m, ACK);
        send_packet(m);
        break;
    case 0xf2:
        say(m, ACK);
        say(m, m->id);
        break;
    case 0xf6:
        defaults(m);
        say(m, ACK);
        break;
    case 0xff:
        reset(m);
        break;
    default:
        command(m, val);
        break;
    }
}
