/* SPDX-License-Identifier: MIT */
/*
 * dom0/kernel.h - the first domain's kernel as an ELF image in memory.
 *
 * Owns    recognising a bzImage, unpacking its payload into a temporary
 *         area, checking the ELF header and the Xen notes.
 * Units   boot only, on the boot CPU.
 */
#ifndef DOM0_KERNEL_H
#define DOM0_KERNEL_H

#include <core/boot_info.h>
#include <hv/types.h>
#include <lib/elf.h>

struct dom0_kernel {
    struct elf_image elf;
    struct elf_xen_notes notes;
    mfn_t temp;                 /* unpacked image, or INVALID_MFN */
    unsigned int temp_order;
};

/* -ENOEXEC: no bzImage and no ELF, or no Xen notes in it; -ENOMEM; -EIO: the
 * payload is damaged. */
int must_check dom0_kernel_open(const struct boot_module *m,
                                struct dom0_kernel *k);
void dom0_kernel_close(struct dom0_kernel *k);

#endif
