/* SPDX-License-Identifier: MIT */
/*
 * core/vga.c - text mode console.
 */
#include <core/vga.h>

#include <lib/string.h>

#define COLS 80u
#define ROWS 25u
#define ATTR 0x0700u

static uint16_t *screen;
static unsigned int col, row;
static bool released;

void vga_init(void *text)
{
    screen = text;
    for (unsigned int i = 0; screen != NULL && row == 0 && col == 0 &&
                             i < COLS * ROWS; i++) {
        screen[i] = ATTR | ' ';
    }
}

static void new_line(void)
{
    col = 0;
    if (++row < ROWS) {
        return;
    }
    row = ROWS - 1;
    memmove(screen, screen + COLS, COLS * (ROWS - 1) * sizeof(*screen));
    for (unsigned int i = 0; i < COLS; i++) {
        screen[(ROWS - 1) * COLS + i] = ATTR | ' ';
    }
}

void vga_write(const char *s, size_t n)
{
    for (size_t i = 0; screen != NULL && !released && i < n; i++) {
        if (s[i] == '\n') {
            new_line();
        } else if (s[i] != '\r') {
            if (col == COLS) {
                new_line();
            }
            screen[row * COLS + col++] = ATTR | (uint8_t)s[i];
        }
    }
}

void vga_release(void)
{
    released = true;
}

void vga_reclaim(void)
{
    released = false;
}
