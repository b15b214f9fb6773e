/* SPDX-License-Identifier: MIT */
/*
 * dom0/pvh_build.c - see pvh_build.h.  Owns frames and the state of vcpu 0;
 * places and tables are dom0/pvh_plan's.  Tested by make boot NAME=dom0-pvh.
 */
#include <acpi/tables.h>
#include <arch/cpu.h>
#include <arch/paging.h>
#include <arch/xstate.h>
#include <core/log.h>
#include <core/params.h>
#include <dom0/pvh_build.h>
#include <dom0/pvh_plan.h>
#include <domain/pages.h>
#include <hv/errno.h>
#include <hvm/hvm_domain.h>
#include <lib/string.h>
#include <p2m/m2p.h>
#include <p2m/p2m.h>
#include <vdev/vdev.h>

#define MAX_RANGES  64u
#define LOW_END     0x100000ul
#define RESERVE_MIN (256ul << 20)    /* what stays ours, and for guests */
#define SUPER       9u
#define SUPER_NR    (1ul << SUPER)

static boot_data struct early_range ram[MAX_RANGES];
static boot_data unsigned int nr_ram;
static boot_data struct pvh_plan plan;

/* ---- RAM -------------------------------------------------------------------- */

boot_text void pvh_take_ram(void)
{
    uint64_t free, keep, most, want = params.dom0_mem_bytes;

    for (unsigned int i = 0; i < boot_info.nr_modules; i++) {
        struct boot_module *m = &boot_info.module[i];

        m->maddr = early_move(m->maddr, m->size);
    }
    free = early_free_bytes();
    keep = max(free / 4, RESERVE_MIN);
    most = free - min(free, keep);
    nr_ram = early_take_low(want == 0 ? most : min(want, most), ram,
                            MAX_RANGES);
}

boot_text uint64_t pvh_nr_pages(void)
{
    uint64_t nr = 0;

    for (unsigned int i = 0; i < nr_ram; i++) {
        nr += (ram[i].end - ram[i].start) >> PAGE_SHIFT;
    }
    return nr + (LOW_END >> PAGE_SHIFT);
}

static boot_text int map_same(struct domain *d, const struct early_range *r)
{
    uint64_t gfn = r->start >> PAGE_SHIFT, end = r->end >> PAGE_SHIFT;
    int rc = pages_assign(d, _mfn(gfn), end - gfn);

    while (rc == 0 && gfn < end) {
        unsigned int order = (gfn & (SUPER_NR - 1)) == 0 &&
                             end - gfn >= SUPER_NR ? SUPER : 0;

        rc = p2m_set(d, gfn, _mfn(gfn), order, P2M_RAM);
        for (uint64_t n = 1ul << order; n != 0; n--, gfn++) {
            m2p_set(_mfn(gfn), gfn);
        }
    }
    return rc;
}

/* The first MiB is firmware's, and other CPUs start there: the domain gets
 * frames with the same contents instead.  No driver has buffers there. */
static boot_text int copy_low(struct domain *d)
{
    int rc = 0;

    for (uint64_t at = 0; rc == 0 && at < LOW_END; at += PAGE_SIZE) {
        mfn_t mfn;

        if (!e820_any(&boot_info.e820, at, PAGE_SIZE, E820_RAM)) {
            continue;
        }
        mfn = pages_alloc(d, 0, 64);
        if (mfn_eq(mfn, INVALID_MFN)) {
            return -ENOMEM;
        }
        if (e820_all(&boot_info.e820, at, PAGE_SIZE, E820_RAM)) {
            memcpy(mfn_to_virt(mfn), maddr_to_virt(at), PAGE_SIZE);
        }                            /* else: our direct map has no part of it */
        m2p_set(mfn, at >> PAGE_SHIFT);
        rc = p2m_set(d, at >> PAGE_SHIFT, mfn, 0, P2M_RAM);
    }
    return rc;
}

static boot_text int give_ram(struct domain *d)
{
    int rc = 0;

    d->p2m->max_tables = P2M_MAX_TABLES;
    for (unsigned int i = 0; rc == 0 && i < nr_ram; i++) {
        rc = map_same(d, &ram[i]);
    }
    return rc != 0 ? rc : copy_low(d);
}

/* ---- contents ------------------------------------------------------------------ */

static boot_text void load(const struct dom0_kernel *k,
                           const struct boot_module *initrd)
{
    struct elf_segment s;

    for (unsigned int i = 0; elf_segment(&k->elf, i, &s); i++) {
        if (s.type == ELF_PT_LOAD && s.memsz != 0) {
            char *to = maddr_to_virt(s.paddr);

            memcpy(to, k->elf.data + s.offset, s.filesz);
            memset(to + s.filesz, 0, s.memsz - s.filesz);
        }
    }
    if (plan.initrd != 0) {
        memcpy(maddr_to_virt(plan.initrd), maddr_to_virt(initrd->maddr),
               initrd->size);
    }
}

static boot_text int tables(const struct domain *d)
{
    void *page = maddr_to_virt(plan.acpi);
    uint64_t list[64], maddr;
    unsigned int nr = 0;
    char sig[4];

    for (unsigned int i = 0; acpi_entry(i, &maddr, sig); i++) {
        if (pvh_table_allowed(sig) && nr < ARRAY_SIZE(list)) {
            list[nr++] = maddr;
        }
    }
    if (nr == 0) {
        log_err("dom0=pvh: this machine has no ACPI tables");
        return -ENOENT;
    }
    memset(page, 0, PVH_ACPI_BYTES);
    return pvh_fill_acpi(page, plan.acpi, list, nr, d->max_vcpus, &madt);
}

/* ---- vcpu 0: 32-bit protected mode, flat, no paging -------------------------------- */

static boot_text void start(struct vcpu *v, uint64_t entry)
{
    for (unsigned int i = 0; i < NR_HVM_SEGS; i++) {
        struct hvm_segment s = { .attr = 0xc93, .limit = ~0u };

        if (i == SEG_CS) {
            s.attr = 0xc9b;
        } else if (i == SEG_TR) {
            s = (struct hvm_segment){ .attr = 0x8b, .limit = 0x67 };
        } else if (i >= SEG_LDTR) {
            s = (struct hvm_segment){ .attr = i == SEG_LDTR ? 0x82 : 0 };
        }
        hvm_backend->set_segment(v, i, &s);
    }
    hvm_backend->set_reg(v, HVM_CR0, X86_CR0_PE | X86_CR0_ET);
    v->hvm->regs.rip = entry;
    v->hvm->regs.rbx = plan.info;
    v->hvm->regs.rflags = X86_EFLAGS_MBS;
    xstate_reset(v->xstate);
    v->hvm->wait_for_sipi = 0;
    v->is_initialised = 1;
    v->is_up = 1;
}

boot_text int pvh_build(struct domain *d, const struct dom0_kernel *k,
                        const char *cmdline, const struct boot_module *initrd)
{
    uint64_t from, to, initrd_bytes = initrd != NULL ? initrd->size : 0;
    int rc = elf_load_range(&k->elf, &from, &to);

    if (rc != 0 || !k->notes.has_phys32_entry) {
        log_err("dom0=pvh: the kernel has no entry for it (PHYS32_ENTRY)");
        return -ENOEXEC;
    }
    rc = pvh_plan(ram, nr_ram, &boot_info.e820, from, to, initrd_bytes, &plan);
    if (rc != 0) {
        log_err("dom0=pvh: no memory at %lx-%lx, where the kernel must be, or "
                "no room behind it (%d)", from, to, rc);
        return rc;
    }
    rc = give_ram(d);
    if (rc == 0) {
        load(k, initrd);
        memset(maddr_to_virt(plan.info), 0, PVH_INFO_BYTES);
        rc = pvh_fill_info(maddr_to_virt(plan.info), &plan, cmdline,
                           initrd_bytes);
        if (rc != 0) {
            log_err("dom0=pvh: no room in the command line for swiotlb=force");
        }
    }
    rc = rc == 0 ? tables(d) : rc;
    if (rc == 0) {
        vdev_hw_start(d->vdev);
        start(domain_vcpu(d, 0), k->notes.phys32_entry);
    }
    return rc;
}
