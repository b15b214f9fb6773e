/* SPDX-License-Identifier: MIT */
/*
 * proto/wire.h - the store's messages as bytes: names, numbers, strings.
 *
 * Owns    message and error names, the permission strings, splitting of a
 *         payload into its strings.  Knows no sockets and keeps no state.
 * ABI     <xen/io/xs_wire.h>, docs/misc/xenstore.txt of Xen 4.17.
 * Tests   tests/unit/store/test_parts.c, tests/fuzz/fuzz_store_wire.c
 */
#ifndef PROTO_WIRE_H
#define PROTO_WIRE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

#define WIRE_HEADER_SIZE sizeof(struct xsd_sockmsg)
#define WIRE_MESSAGE_MAX (WIRE_HEADER_SIZE + XENSTORE_PAYLOAD_MAX)

/* Bits of an access right; the wire letters are n, r, w and b. */
#define PERM_NONE  0u
#define PERM_READ  1u
#define PERM_WRITE 2u

struct perm {
    uint32_t domid;
    uint32_t access;                  /* PERM_READ | PERM_WRITE */
};

/* The name of a message type for logs; "?" when there is no such type. */
const char *wire_type_name(uint32_t type);

/* The wire name of a positive @err; an error without one becomes "EINVAL". */
const char *wire_error_name(int err);

/* The positive errno for a wire name; EIO when it is unknown. */
int wire_error_value(const char *name);

/* Nul-terminated strings that lie wholly inside @data. */
size_t wire_count_strings(const char *data, size_t len);

/*
 * Split @data, which must hold exactly @nr strings and end in the nul of the
 * last one.  0, or -EINVAL; @strings is written only on success.
 */
int wire_split(const char *data, size_t len, const char **strings, size_t nr);

/* A decimal number and nothing else, at most @max.  0 or -EINVAL. */
int wire_parse_number(const char *text, uint64_t max, uint64_t *value);

/* One permission, such as "r5".  0 or -EINVAL. */
int wire_parse_perm(const char *text, struct perm *perm);

#define WIRE_PERM_TEXT_MAX 12         /* letter, ten digits, nul */
/* The text of @perm; returns its length without the nul. */
size_t wire_format_perm(const struct perm *perm,
                        char text[WIRE_PERM_TEXT_MAX]);

#endif
