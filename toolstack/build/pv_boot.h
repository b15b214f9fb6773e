/* SPDX-License-Identifier: MIT */
/*
 * build/pv_boot.h - a PV guest's first contents: kernel, tables, start info.
 *
 * Owns    the order in which a paused domain becomes one that can run: event
 *         channels, memory, image, page tables, pin, shared info, vCPU 0,
 *         first grants.  Nothing is undone here: the caller destroys the
 *         domain.
 * Leaves  the store to store/, the unpause to lifecycle/.
 * Tests   nested boots; the pure parts in test_pv_layout and test_kernel
 */
#ifndef BUILD_PV_BOOT_H
#define BUILD_PV_BOOT_H

#include <build/pv_layout.h>
#include <config/def.h>

struct hyp;

/* What can be read and checked before there is a domain. */
struct boot_files {
    struct bytes image;        /* the unpacked kernel */
    struct bytes initrd;
    struct pv_kernel kernel;
    struct pv_layout layout;
};

int boot_files_load(const struct domain_def *def, struct boot_files *f,
                    struct err *e);
void boot_files_free(struct boot_files *f);

/* What the store and the daemons must know about the guest. */
struct pv_guest {
    uint64_t store_mfn, console_mfn;
    uint32_t store_port, console_port;
};

int pv_boot(struct hyp *h, unsigned int domid, const struct domain_def *def,
            const struct boot_files *f, struct pv_guest *g, struct err *e);

#endif
