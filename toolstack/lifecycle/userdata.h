/* SPDX-License-Identifier: MIT */
/*
 * lifecycle/userdata.h - the record by which stock tools know a domain.
 *
 * Owns    /var/lib/xen/userdata-d.DOMID.UUID.libxl-json, the configuration in
 *         libxl's JSON (idl libxl_domain_config): `xl list -l` reads it.
 * Leaves  our own record to rundir.h; nothing of ours reads this file.
 * Tests   tests/unit/toolstack/test_lifecycle.c, tests/boot/dom0/mixed.sh
 */
#ifndef LIFECYCLE_USERDATA_H
#define LIFECYCLE_USERDATA_H

#include <config/def.h>

/* $VMCTL_XEN_DIR or /var/lib/xen.  Without that folder nothing is written. */
int userdata_write(const struct domain_def *def, unsigned int domid);
void userdata_remove(const struct domain_def *def, unsigned int domid);

#endif
