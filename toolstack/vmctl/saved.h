/* SPDX-License-Identifier: MIT */
/*
 * vmctl/saved.h - the save file that vmctl itself keeps of a defined domain.
 *
 * Owns    $VMCTL_SAVE_DIR or /var/lib/vmctl/save: NAME.save, which the next
 *         start uses and removes.
 * Tests   tests/boot/dom0/save.sh
 */
#ifndef VMCTL_SAVED_H
#define VMCTL_SAVED_H

#include <limits.h>
#include <vmctl/cmd.h>

/* Where it is to be; makes the directory.  Only for defined domains. */
int saved_path(const struct dom *d, char path[PATH_MAX], struct err *e);
/* False: there is none. */
bool saved_find(const char *name, char path[PATH_MAX]);

/* Check and start @path; @uuid, if given, must be that of the domain in it. */
int restore_from(struct ctl *c, const char *path, const uint8_t *uuid,
                 struct err *e);

#endif
