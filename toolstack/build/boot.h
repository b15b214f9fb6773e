/* SPDX-License-Identifier: MIT */
/*
 * build/boot.h - from files to a domain that can run, by type of guest.
 *
 * Owns    the table of guest types: what each checks before there is a
 *         domain, and what fills a paused domain; the channels to store and
 *         console and the first grants, alike for all types.  Nothing is undone here:
 *         the caller destroys the domain.
 * Leaves  PV to pv_boot.h, PVH to pvh_boot.h, HVM to hvm_boot.h, the store to store/, the
 *         unpause to lifecycle/.
 * Tests   nested boots; the pure parts in test_pv_layout, test_kernel, test_pvh
 */
#ifndef BUILD_BOOT_H
#define BUILD_BOOT_H

#include <build/hvm_kernel.h>
#include <build/pv_layout.h>
#include <build/pvh_layout.h>
#include <config/def.h>

struct hyp;

/* What can be read and checked before there is a domain. */
struct boot_files {
    struct bytes image;        /* the unpacked kernel */
    struct bytes initrd;
    struct pv_kernel kernel;   /* PV */
    struct pv_layout layout;
    struct pvh_kernel pvh_kernel;
    struct pvh_layout pvh_layout;
    struct hvm_kernel hvm_kernel;      /* image is the file as it is */
    uint64_t hvm_initrd;
};

/* What the store and the daemons must know about the guest. */
struct guest_ends {
    uint64_t store_mfn, console_mfn;       /* gfns unless PV */
    uint32_t store_port, console_port;
};

int boot_files_load(const struct domain_def *def, struct boot_files *f,
                    struct err *e);
void boot_files_free(struct boot_files *f);

int boot_guest(struct hyp *h, unsigned int domid, const struct domain_def *def,
               const struct boot_files *f, struct guest_ends *g,
               struct err *e);

#endif
