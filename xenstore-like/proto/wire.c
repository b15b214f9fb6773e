/* SPDX-License-Identifier: MIT */
/*
 * Names, numbers and strings of the store's messages.  What a request means
 * is up to server/; what a path may contain is in path.c.
 * Tests: tests/unit/store/test_parts.c, tests/fuzz/fuzz_store_wire.c
 */
#include <proto/wire.h>

#include <string.h>

static const char *const type_names[XS_TYPE_COUNT] = {
    [XS_CONTROL]              = "CONTROL",
    [XS_DIRECTORY]            = "DIRECTORY",
    [XS_READ]                 = "READ",
    [XS_GET_PERMS]            = "GET_PERMS",
    [XS_WATCH]                = "WATCH",
    [XS_UNWATCH]              = "UNWATCH",
    [XS_TRANSACTION_START]    = "TRANSACTION_START",
    [XS_TRANSACTION_END]      = "TRANSACTION_END",
    [XS_INTRODUCE]            = "INTRODUCE",
    [XS_RELEASE]              = "RELEASE",
    [XS_GET_DOMAIN_PATH]      = "GET_DOMAIN_PATH",
    [XS_WRITE]                = "WRITE",
    [XS_MKDIR]                = "MKDIR",
    [XS_RM]                   = "RM",
    [XS_SET_PERMS]            = "SET_PERMS",
    [XS_WATCH_EVENT]          = "WATCH_EVENT",
    [XS_ERROR]                = "ERROR",
    [XS_IS_DOMAIN_INTRODUCED] = "IS_DOMAIN_INTRODUCED",
    [XS_RESUME]               = "RESUME",
    [XS_SET_TARGET]           = "SET_TARGET",
    [XS_RESET_WATCHES]        = "RESET_WATCHES",
    [XS_DIRECTORY_PART]       = "DIRECTORY_PART",
};

#define NR_ERRORS (sizeof(xsd_errors) / sizeof(xsd_errors[0]))

const char *wire_type_name(uint32_t type)
{
    if (type >= XS_TYPE_COUNT || type_names[type] == NULL) {
        return "?";
    }
    return type_names[type];
}

const char *wire_error_name(int err)
{
    size_t i;

    for (i = 0; i < NR_ERRORS; i++) {
        if (xsd_errors[i].errnum == err) {
            return xsd_errors[i].errstring;
        }
    }
    return "EINVAL";
}

int wire_error_value(const char *name)
{
    size_t i;

    for (i = 0; i < NR_ERRORS; i++) {
        if (strcmp(xsd_errors[i].errstring, name) == 0) {
            return xsd_errors[i].errnum;
        }
    }
    return EIO;
}

size_t wire_count_strings(const char *data, size_t len)
{
    size_t nr = 0;
    size_t i;

    for (i = 0; i < len; i++) {
        if (data[i] == '\0') {
            nr++;
        }
    }
    return nr;
}

int wire_split(const char *data, size_t len, const char **strings, size_t nr)
{
    size_t i;

    if (len == 0 || data[len - 1] != '\0' ||
        wire_count_strings(data, len) != nr) {
        return -EINVAL;
    }
    for (i = 0; i < nr; i++) {
        strings[i] = data;
        data += strlen(data) + 1;
    }
    return 0;
}

int wire_parse_number(const char *text, uint64_t max, uint64_t *value)
{
    uint64_t v = 0;

    if (*text == '\0') {
        return -EINVAL;
    }
    for (; *text != '\0'; text++) {
        unsigned int digit = (unsigned char)*text - '0';

        if (digit > 9 || v > max / 10 || digit > max - v * 10) {
            return -EINVAL;
        }
        v = v * 10 + digit;
    }
    *value = v;
    return 0;
}

int wire_parse_perm(const char *text, struct perm *perm)
{
    static const char letters[] = "nrwb";   /* position = access bits */
    const char *letter;
    uint64_t domid;

    letter = text[0] == '\0' ? NULL : strchr(letters, text[0]);
    if (letter == NULL ||
        wire_parse_number(text + 1, UINT16_MAX, &domid) != 0) {
        return -EINVAL;
    }
    perm->domid = (uint32_t)domid;
    perm->access = (uint32_t)(letter - letters);
    return 0;
}

size_t wire_format_perm(const struct perm *perm, char text[WIRE_PERM_TEXT_MAX])
{
    char digits[10];
    uint32_t v = perm->domid;
    size_t nr = 0;
    size_t len = 0;

    text[len++] = "nrwb"[perm->access & (PERM_READ | PERM_WRITE)];
    do {
        digits[nr++] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    while (nr > 0) {
        text[len++] = digits[--nr];
    }
    text[len] = '\0';
    return len;
}
