/* SPDX-License-Identifier: MIT */
/*
 * dom0/start_info.c - see start_info.h.  Tested by every boot of a kernel and
 * by tests/guests that print what they find.
 */
#include <dom0/start_info.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/frame_table.h>

#define MAGIC     "xen-3.0-x86_64p"
#define PM_BITS   (3ul << 8)         /* C-states and P-states: the kernel's */

#define RSDP_OFFSET 0x500u
#define RSDP_BYTES  36u              /* ACPI 2.0 and later */

ABI_ASSERT(sizeof(struct start_info) == 0x490);
ABI_ASSERT(sizeof(struct start_info) + sizeof(struct dom0_vga_console_info) <=
           RSDP_OFFSET);

static uint64_t flags_of(const struct domain *d, const struct dom0_layout *l)
{
    uint64_t flags = l->initrd_by_pfn ? SIF_MOD_START_PFN : 0;

    if (d->is_control) {
        flags |= SIF_PRIVILEGED;
    }
    if (d->is_hardware) {
        flags |= SIF_INITDOMAIN | PM_BITS;
    }
    return flags;
}

/* The console of the machine, behind the structure. */
static void fill_vga(struct start_info *si, const struct boot_info *bi)
{
    if (bi->have_vga) {
        memcpy(si + 1, &bi->vga, sizeof(bi->vga));
        si->console.dom0.info_off = sizeof(*si);
        si->console.dom0.info_size = sizeof(bi->vga);
    }
}

/*
 * With UEFI the kernel has no BIOS area to find the ACPI tables by: a copy of
 * the root pointer lies behind the other structures of this page, and the
 * command line says where, as the kernel counts its memory.
 */
static void fill_rsdp(struct start_info *si, const struct domain *d,
                      const struct dom0_layout *l, const struct boot_info *bi)
{
    char *line = (char *)si->cmd_line;
    size_t n = strlen(line);

    if (d->is_hardware && bi->efi && bi->rsdp != 0) {
        memcpy((char *)si + RSDP_OFFSET, maddr_to_virt(bi->rsdp), RSDP_BYTES);
        snprintf(line + n, sizeof(si->cmd_line) - n, " acpi_rsdp=0x%lx",
                 l->start_info - l->virt_base + RSDP_OFFSET);
    }
}

void start_info_fill(void *page, const struct domain *d,
                     const struct dom0_layout *l, const struct boot_info *bi,
                     const char *cmdline, const struct boot_module *initrd)
{
    struct start_info *si = page;

    memcpy(si->magic, MAGIC, sizeof(MAGIC));
    si->nr_pages = l->nr_pages;
    si->shared_info = mfn_to_maddr(d->shared_info_mfn);
    si->flags = (uint32_t)flags_of(d, l);
    si->pt_base = l->tables;
    si->nr_pt_frames = l->nr_tables;
    si->mfn_list = l->p2m_va;
    if (initrd != NULL) {
        si->mod_start = l->initrd_by_pfn ? l->initrd_pfn : l->initrd_va;
        si->mod_len = initrd->size;
    }
    str_copy((char *)si->cmd_line, cmdline, sizeof(si->cmd_line));
    fill_rsdp(si, d, l, bi);
    if (l->p2m_outside) {
        si->first_p2m_pfn = l->p2m_pfn;
        si->nr_p2m_frames = l->p2m_pages + l->p2m_tables;
    }
    if (d->is_hardware) {
        fill_vga(si, bi);
    }
}
