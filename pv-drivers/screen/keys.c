/* SPDX-License-Identifier: MIT */
/*
 * The table of keys.  Covered by tests/unit/pvdrv/test_screen.c.
 */
#include <screen/keys.h>

#include <screen/link.h>

#include <linux/input-event-codes.h>
#include <rfb/keysym.h>
#include <stdlib.h>
#include <strings.h>

struct key {
    const char *name;
    uint16_t code;
    uint32_t keysym;                   /* 0: the characters are its keysyms */
    char plain, shifted;
};

/* The first row of a code has its name; further rows are other words. */
static const struct key table[] = {
    { "1", KEY_1, 0, '1', '!' },
    { "2", KEY_2, 0, '2', '@' },
    { "3", KEY_3, 0, '3', '#' },
    { "4", KEY_4, 0, '4', '$' },
    { "5", KEY_5, 0, '5', '%' },
    { "6", KEY_6, 0, '6', '^' },
    { "7", KEY_7, 0, '7', '&' },
    { "8", KEY_8, 0, '8', '*' },
    { "9", KEY_9, 0, '9', '(' },
    { "0", KEY_0, 0, '0', ')' },
    { "a", KEY_A, 0, 'a', 'A' },
    { "b", KEY_B, 0, 'b', 'B' },
    { "c", KEY_C, 0, 'c', 'C' },
    { "d", KEY_D, 0, 'd', 'D' },
    { "e", KEY_E, 0, 'e', 'E' },
    { "f", KEY_F, 0, 'f', 'F' },
    { "g", KEY_G, 0, 'g', 'G' },
    { "h", KEY_H, 0, 'h', 'H' },
    { "i", KEY_I, 0, 'i', 'I' },
    { "j", KEY_J, 0, 'j', 'J' },
    { "k", KEY_K, 0, 'k', 'K' },
    { "l", KEY_L, 0, 'l', 'L' },
    { "m", KEY_M, 0, 'm', 'M' },
    { "n", KEY_N, 0, 'n', 'N' },
    { "o", KEY_O, 0, 'o', 'O' },
    { "p", KEY_P, 0, 'p', 'P' },
    { "q", KEY_Q, 0, 'q', 'Q' },
    { "r", KEY_R, 0, 'r', 'R' },
    { "s", KEY_S, 0, 's', 'S' },
    { "t", KEY_T, 0, 't', 'T' },
    { "u", KEY_U, 0, 'u', 'U' },
    { "v", KEY_V, 0, 'v', 'V' },
    { "w", KEY_W, 0, 'w', 'W' },
    { "x", KEY_X, 0, 'x', 'X' },
    { "y", KEY_Y, 0, 'y', 'Y' },
    { "z", KEY_Z, 0, 'z', 'Z' },
    { "minus", KEY_MINUS, 0, '-', '_' },
    { "equal", KEY_EQUAL, 0, '=', '+' },
    { "leftbrace", KEY_LEFTBRACE, 0, '[', '{' },
    { "rightbrace", KEY_RIGHTBRACE, 0, ']', '}' },
    { "semicolon", KEY_SEMICOLON, 0, ';', ':' },
    { "apostrophe", KEY_APOSTROPHE, 0, '\'', '"' },
    { "grave", KEY_GRAVE, 0, '`', '~' },
    { "backslash", KEY_BACKSLASH, 0, '\\', '|' },
    { "comma", KEY_COMMA, 0, ',', '<' },
    { "dot", KEY_DOT, 0, '.', '>' },
    { "slash", KEY_SLASH, 0, '/', '?' },
    { "space", KEY_SPACE, 0, ' ', 0 },
    { "enter", KEY_ENTER, XK_Return, '\n', 0 },
    { "tab", KEY_TAB, XK_Tab, '\t', 0 },
    { "esc", KEY_ESC, XK_Escape, 0, 0 },
    { "backspace", KEY_BACKSPACE, XK_BackSpace, 0, 0 },
    { "leftctrl", KEY_LEFTCTRL, XK_Control_L, 0, 0 },
    { "rightctrl", KEY_RIGHTCTRL, XK_Control_R, 0, 0 },
    { "leftshift", KEY_LEFTSHIFT, XK_Shift_L, 0, 0 },
    { "rightshift", KEY_RIGHTSHIFT, XK_Shift_R, 0, 0 },
    { "leftalt", KEY_LEFTALT, XK_Alt_L, 0, 0 },
    { "rightalt", KEY_RIGHTALT, XK_Alt_R, 0, 0 },
    { "leftmeta", KEY_LEFTMETA, XK_Super_L, 0, 0 },
    { "rightmeta", KEY_RIGHTMETA, XK_Super_R, 0, 0 },
    { "compose", KEY_COMPOSE, XK_Menu, 0, 0 },
    { "capslock", KEY_CAPSLOCK, XK_Caps_Lock, 0, 0 },
    { "numlock", KEY_NUMLOCK, XK_Num_Lock, 0, 0 },
    { "scrolllock", KEY_SCROLLLOCK, XK_Scroll_Lock, 0, 0 },
    { "sysrq", KEY_SYSRQ, XK_Print, 0, 0 },
    { "pause", KEY_PAUSE, XK_Pause, 0, 0 },
    { "insert", KEY_INSERT, XK_Insert, 0, 0 },
    { "delete", KEY_DELETE, XK_Delete, 0, 0 },
    { "home", KEY_HOME, XK_Home, 0, 0 },
    { "end", KEY_END, XK_End, 0, 0 },
    { "pageup", KEY_PAGEUP, XK_Page_Up, 0, 0 },
    { "pagedown", KEY_PAGEDOWN, XK_Page_Down, 0, 0 },
    { "left", KEY_LEFT, XK_Left, 0, 0 },
    { "right", KEY_RIGHT, XK_Right, 0, 0 },
    { "up", KEY_UP, XK_Up, 0, 0 },
    { "down", KEY_DOWN, XK_Down, 0, 0 },
    { "f1", KEY_F1, XK_F1, 0, 0 },
    { "f2", KEY_F2, XK_F2, 0, 0 },
    { "f3", KEY_F3, XK_F3, 0, 0 },
    { "f4", KEY_F4, XK_F4, 0, 0 },
    { "f5", KEY_F5, XK_F5, 0, 0 },
    { "f6", KEY_F6, XK_F6, 0, 0 },
    { "f7", KEY_F7, XK_F7, 0, 0 },
    { "f8", KEY_F8, XK_F8, 0, 0 },
    { "f9", KEY_F9, XK_F9, 0, 0 },
    { "f10", KEY_F10, XK_F10, 0, 0 },
    { "f11", KEY_F11, XK_F11, 0, 0 },
    { "f12", KEY_F12, XK_F12, 0, 0 },
    { "102nd", KEY_102ND, 0, 0, 0 },
    { "kp0", KEY_KP0, XK_KP_0, 0, 0 },
    { "kp1", KEY_KP1, XK_KP_1, 0, 0 },
    { "kp2", KEY_KP2, XK_KP_2, 0, 0 },
    { "kp3", KEY_KP3, XK_KP_3, 0, 0 },
    { "kp4", KEY_KP4, XK_KP_4, 0, 0 },
    { "kp5", KEY_KP5, XK_KP_5, 0, 0 },
    { "kp6", KEY_KP6, XK_KP_6, 0, 0 },
    { "kp7", KEY_KP7, XK_KP_7, 0, 0 },
    { "kp8", KEY_KP8, XK_KP_8, 0, 0 },
    { "kp9", KEY_KP9, XK_KP_9, 0, 0 },
    { "kpenter", KEY_KPENTER, XK_KP_Enter, 0, 0 },
    { "kpplus", KEY_KPPLUS, XK_KP_Add, 0, 0 },
    { "kpminus", KEY_KPMINUS, XK_KP_Subtract, 0, 0 },
    { "kpasterisk", KEY_KPASTERISK, XK_KP_Multiply, 0, 0 },
    { "kpslash", KEY_KPSLASH, XK_KP_Divide, 0, 0 },
    { "kpdot", KEY_KPDOT, XK_KP_Decimal, 0, 0 },
    { "ctrl", KEY_LEFTCTRL, 0, 0, 0 },
    { "shift", KEY_LEFTSHIFT, 0, 0, 0 },
    { "alt", KEY_LEFTALT, 0, 0, 0 },
    { "altgr", KEY_RIGHTALT, 0, 0, 0 },
    { "meta", KEY_LEFTMETA, 0, 0, 0 },
    { "super", KEY_LEFTMETA, 0, 0, 0 },
    { "del", KEY_DELETE, 0, 0, 0 },
    { "ins", KEY_INSERT, 0, 0, 0 },
    { "return", KEY_ENTER, 0, 0, 0 },
    { "escape", KEY_ESC, 0, 0, 0 },
    { "pgup", KEY_PAGEUP, 0, 0, 0 },
    { "pgdn", KEY_PAGEDOWN, 0, 0, 0 },
    { "print", KEY_SYSRQ, 0, 0, 0 },
    { NULL, KEY_TAB, XK_ISO_Left_Tab, 0, 0 },
    { NULL, KEY_LEFTMETA, XK_Meta_L, 0, 0 },
    { NULL, KEY_RIGHTMETA, XK_Meta_R, 0, 0 },
    { NULL, KEY_RIGHTALT, XK_Mode_switch, 0, 0 },
    { NULL, KEY_KP0, XK_KP_Insert, 0, 0 },
    { NULL, KEY_KP1, XK_KP_End, 0, 0 },
    { NULL, KEY_KP2, XK_KP_Down, 0, 0 },
    { NULL, KEY_KP3, XK_KP_Page_Down, 0, 0 },
    { NULL, KEY_KP4, XK_KP_Left, 0, 0 },
    { NULL, KEY_KP5, XK_KP_Begin, 0, 0 },
    { NULL, KEY_KP6, XK_KP_Right, 0, 0 },
    { NULL, KEY_KP7, XK_KP_Home, 0, 0 },
    { NULL, KEY_KP8, XK_KP_Up, 0, 0 },
    { NULL, KEY_KP9, XK_KP_Page_Up, 0, 0 },
    { NULL, KEY_KPDOT, XK_KP_Delete, 0, 0 },
    { NULL, KEY_SYSRQ, XK_Sys_Req, 0, 0 },
    { NULL, KEY_PAUSE, XK_Break, 0, 0 },
    { NULL, KEY_ENTER, XK_Linefeed, 0, 0 },
};

#define NR (sizeof(table) / sizeof(table[0]))

/* Keysyms below 0x100 are Latin-1 characters. */
unsigned int keys_of_keysym(uint32_t keysym)
{
    bool shift;
    size_t i;

    if (keysym < 0x80) {
        return keys_of_char((char)keysym, &shift);
    }
    for (i = 0; i < NR; i++) {
        if (table[i].keysym == keysym) {
            return table[i].code;
        }
    }
    return 0;
}

static unsigned int number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 0);

    return *text >= '0' && *text <= '9' && *end == '\0' &&
           value <= SCREEN_MAX_CODE ? (unsigned int)value : 0;
}

/* A single digit is the key with that digit. */
unsigned int keys_of_name(const char *name)
{
    size_t i;

    if (strncasecmp(name, "KEY_", 4) == 0) {
        name += 4;
    }
    for (i = 0; i < NR; i++) {
        if (table[i].name != NULL && strcasecmp(table[i].name, name) == 0) {
            return table[i].code;
        }
    }
    return number(name);
}

unsigned int keys_of_char(char c, bool *shift)
{
    size_t i;

    if (c == '\0') {
        return 0;
    }
    for (i = 0; i < NR; i++) {
        if (table[i].plain == c || table[i].shifted == c) {
            *shift = table[i].shifted == c;
            return table[i].code;
        }
    }
    return 0;
}
