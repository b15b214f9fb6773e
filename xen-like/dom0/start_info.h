/* SPDX-License-Identifier: MIT */
/*
 * dom0/start_info.h - the page a PV kernel finds in RSI.
 *
 * ABI     xen/xen.h (struct start_info, struct dom0_vga_console_info).
 */
#ifndef DOM0_START_INFO_H
#define DOM0_START_INFO_H

#include <core/boot_info.h>
#include <dom0/layout.h>
#include <domain/domain.h>

/* Fill @page (4 KiB, zeroed).  @initrd may be NULL. */
void start_info_fill(void *page, const struct domain *d,
                     const struct dom0_layout *l, const struct boot_info *bi,
                     const char *cmdline, const struct boot_module *initrd);

#endif
