/* SPDX-License-Identifier: MIT */
/*
 * config/device_edit.h - one device in or out of a configuration.
 *
 * Owns    finding, moving, copying and removing a device of any kind that
 *         device_kinds.c has; its text as XML.
 * Leaves  what is particular to a kind to its row there.
 * Tests   tests/unit/toolstack/test_device_edit.c
 *
 * A kind is named by its XML element ("disk"), a device within its kind by
 * what the row's name() says (its target, its MAC address).
 */
#ifndef CONFIG_DEVICE_EDIT_H
#define CONFIG_DEVICE_EDIT_H

#include <config/device_kinds.h>

/* May a device of this kind be edited? */
bool device_known(const char *element);

size_t device_count(const struct domain_def *def, const char *element);

/* False, and an empty string, if it has none. */
bool device_name(const struct domain_def *def, const char *element, size_t i,
                 char name[DEVICE_NAME]);

/* Its index, or -1. */
int device_find(const struct domain_def *def, const char *element,
                const char *name);

/* To the end of @to's array: its index there, or -ENOMEM. */
int device_move(struct domain_def *to, struct domain_def *from,
                const char *element, size_t i);
int device_copy(struct domain_def *to, const struct domain_def *from,
                const char *element, size_t i);

void device_remove(struct domain_def *def, const char *element, size_t i);

/* The @i-th of @a becomes the @k-th of @b and the other way round. */
void device_swap(struct domain_def *a, size_t i, struct domain_def *b,
                 size_t k, const char *element);

/* Defaults, then the checks of its kind.  0, or -EINVAL: see @dg. */
int device_check(struct domain_def *def, const char *element, size_t i,
                 bool files, struct diag *dg);

/* Its XML, which the caller frees; NULL without memory. */
char *device_text(const struct domain_def *def, const char *element,
                  size_t i);

#endif
