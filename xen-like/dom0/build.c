/* SPDX-License-Identifier: MIT */
/*
 * dom0/build.c - see build.h.  Owns the order of the steps; each step is in
 * kernel.c (image), layout.c (places), memory.c (frames, tables) or
 * start_info.c.  Tested by every boot.
 */
#include <arch/regs.h>
#include <core/log.h>
#include <core/params.h>
#include <core/percpu.h>
#include <dom0/build.h>
#include <dom0/kernel.h>
#include <dom0/layout.h>
#include <dom0/memory.h>
#include <dom0/pvh_build.h>
#include <dom0/start_info.h>
#include <domain/domain.h>
#include <domain/guest_ops.h>
#include <domain/pages.h>
#include <hv/errno.h>
#include <hvm/hvm_domain.h>
#include <lib/hypercall_page.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/heap.h>
#include <pv/pv_domain.h>
#include <xen/vcpu.h>

#define MIN_PAGES      1024ul        /* 4 MiB: tiny guests fit */
#define RESERVE_MIN    (32ul << 8)   /* frames kept back: 32 MiB */
#define RESERVE_MAX    (128ul << 8)
#define DOM0_EVTCHNS   4096u
#define DOM0_MAPTRACK  1024u
#define PVH_DEVICES    (XEN_X86_EMU_LAPIC | XEN_X86_EMU_IOAPIC)

/* How many frames the domain gets, out of those free now. */
static boot_text uint64_t wanted_pages(uint64_t initrd_pages)
{
    uint64_t free = buddy_free_frames() + initrd_pages;
    uint64_t sixteenth = max(free / 16, RESERVE_MIN);
    uint64_t reserve = min(sixteenth, RESERVE_MAX);
    uint64_t want = params.dom0_mem_bytes >> PAGE_SHIFT;
    uint64_t most = free > reserve + MIN_PAGES ? free - reserve : MIN_PAGES;

    if (want == 0 || want > most) {
        want = most;
    }
    return max(want, MIN_PAGES);
}

static boot_text int create(uint64_t nr_pages, struct domain **out)
{
    bool first = !params.domu_first;
    struct domain_config cfg = {
        .max_vcpus = params.dom0_max_vcpus != 0
                     ? min(params.dom0_max_vcpus, MAX_VCPUS) : nr_cpus_online,
        .max_evtchn = DOM0_EVTCHNS,
        .max_grant_frames = DEFAULT_GRANT_FRAMES,
        .max_maptrack_frames = DOM0_MAPTRACK,
        .hvm = params.dom0_pvh,
        .emulation = params.dom0_pvh ? PVH_DEVICES : 0,
        .is_control = first,
        .is_hardware = first,
        .ops = params.dom0_pvh ? &hvm_guest_ops : &pv_guest_ops,
    };
    struct domain *d;
    int rc = domain_create(first ? 0 : 1, &cfg, &d);

    if (rc != 0) {
        return rc;
    }
    if (first) {
        dom0 = d;
        d->max_pages = params.dom0_mem_max_given
                       ? (uint32_t)max(params.dom0_mem_max_bytes >> PAGE_SHIFT,
                                       nr_pages)
                       : ~0u;
    } else {
        d->max_pages = (uint32_t)nr_pages;
    }
    for (unsigned int i = 0; i < cfg.max_vcpus && rc == 0; i++) {
        struct vcpu *v;

        rc = vcpu_create(d, i, &v);
        if (rc == 0) {
            atomic_store(&v->pause_count, 1);    /* controller_paused */
        }
    }
    *out = d;
    return rc;
}

/* The initrd's own frames become the domain's, if they can. */
static boot_text mfn_t initrd_frames(const struct boot_module *initrd,
                                     const struct dom0_layout *l)
{
    if (initrd == NULL || !l->initrd_by_pfn || l->initrd_pages == 0 ||
        (initrd->maddr & ~PAGE_MASK) != 0) {
        return INVALID_MFN;
    }
    return maddr_to_mfn(initrd->maddr);
}

static boot_text void load_initrd(struct dom0_memory *m,
                                  const struct boot_module *initrd, bool moved)
{
    const struct dom0_layout *l = m->l;
    const char *src;
    uint64_t pfn = l->initrd_pfn, left;

    if (initrd == NULL) {
        return;
    }
    src = maddr_to_virt(initrd->maddr);
    if (moved) {
        /* What the loader left behind the last byte is not the guest's. */
        left = (l->initrd_pages << PAGE_SHIFT) - initrd->size;
        memset((char *)maddr_to_virt(initrd->maddr) + initrd->size, 0, left);
        return;
    }
    for (left = initrd->size; left != 0; pfn++) {
        uint64_t n = min(left, PAGE_SIZE);

        memcpy(dom0_memory_va(m, pfn), src, n);
        memset((char *)dom0_memory_va(m, pfn) + n, 0, PAGE_SIZE - n);
        src += n;
        left -= n;
    }
}

static boot_text void load_kernel(struct dom0_memory *m,
                                  const struct elf_image *elf)
{
    struct elf_segment s;

    for (unsigned int i = 0; elf_segment(elf, i, &s); i++) {
        uint64_t va = s.paddr + m->l->virt_offset;

        if (s.type == ELF_PT_LOAD && s.memsz != 0) {
            dom0_memory_copy(m, va, elf->data + s.offset, s.filesz);
            dom0_memory_clear(m, va + s.filesz, s.memsz - s.filesz);
        }
    }
}

static boot_text void fill_first_pages(struct dom0_memory *m,
                                       const struct elf_xen_notes *notes,
                                       const struct boot_info *bi,
                                       const struct boot_module *initrd)
{
    const struct dom0_layout *l = m->l;
    uint64_t pfn = (l->start_info - l->virt_base) >> PAGE_SHIFT;
    void *page = dom0_memory_va(m, pfn);

    if (notes->has_hypercall_page && notes->hypercall_page >= l->virt_base &&
        notes->hypercall_page < ROUND_DOWN(l->kernel_end, PAGE_SIZE)) {
        pfn = (notes->hypercall_page - l->virt_base) >> PAGE_SHIFT;
        hypercall_page_pv64(dom0_memory_va(m, pfn));
    }
    memset(page, 0, PAGE_SIZE);
    start_info_fill(page, m->d, l, bi, bi->module[0].cmdline, initrd);
    dom0_memory_clear(m, l->stack_top - PAGE_SIZE, PAGE_SIZE);
}

/* Validate all tables through the L4 and pin it: a use and a reference that
 * last until the guest unpins it. */
static boot_text int pin_l4(struct dom0_memory *m)
{
    struct page_info *pg = mfn_to_page(m->l4);
    int rc;

    if (!page_get(m->l4, m->d->domid)) {
        return -EINVAL;
    }
    do {
        rc = page_get_type(pg, PGT_L4);
    } while (rc == -ERESTART);
    if (rc != 0) {
        page_put(pg);
        return rc;
    }
    atomic_or(&pg->word, PG_PINNED);
    return 0;
}

static boot_text int start_context(struct dom0_memory *m)
{
    struct vcpu *v = domain_vcpu(m->d, 0);
    const struct dom0_layout *l = m->l;
    struct vcpu_guest_context *ctx;
    int rc;

    rc = pin_l4(m);
    if (rc != 0) {
        log_err("dom0: page tables refused (%d)", rc);
        return rc;
    }
    ctx = heap_new(struct vcpu_guest_context);
    if (ctx == NULL) {
        return -ENOMEM;
    }
    ctx->flags = VGCF_in_kernel | VGCF_online;
    ctx->user_regs.rip = l->entry;
    ctx->user_regs.rsp = l->stack_top;
    ctx->user_regs.rsi = l->start_info;
    ctx->user_regs.rflags = X86_EFLAGS_IF | X86_EFLAGS_MBS;
    ctx->user_regs.cs = GUEST_CS64;
    ctx->user_regs.ss = GUEST_SS;
    ctx->kernel_ss = GUEST_SS;
    ctx->kernel_sp = l->stack_top;
    ctx->ctrlreg[3] = mfn_to_maddr(m->l4);
    do {
        rc = v->domain->ops->set_context(v, ctx);
    } while (rc == -ERESTART);
    heap_free(ctx);
    if (rc == 0) {
        v->is_initialised = 1;
        v->is_up = 1;
    }
    return rc;
}

/* Frames of a module that nobody needs any more: whole pages, as the loader
 * was asked to align them and early memory kept them. */
static boot_text void free_module(const struct boot_module *mod)
{
    uint64_t start = ROUND_DOWN(mod->maddr, PAGE_SIZE);
    uint64_t end = ROUND_UP(mod->maddr + mod->size, PAGE_SIZE);

    if (mod->size != 0) {
        buddy_add_range(maddr_to_mfn(start), maddr_to_mfn(end));
    }
}

static boot_text int build(const struct boot_info *bi, struct dom0_kernel *k,
                           const struct boot_module *initrd)
{
    uint64_t initrd_pages = initrd != NULL
        ? ROUND_UP(initrd->size, PAGE_SIZE) >> PAGE_SHIFT : 0;
    struct dom0_layout l;
    struct dom0_memory m = { .l = &l };
    mfn_t moved;
    int rc;

    rc = dom0_layout(&k->elf, &k->notes, wanted_pages(initrd_pages),
                     initrd != NULL ? initrd->size : 0, &l);
    if (rc == 0) {
        rc = create(l.nr_pages, &m.d);
    }
    if (rc != 0) {
        log_err("dom0: no place for the kernel in %lu KiB (%d)",
                l.nr_pages * 4, rc);
        return rc;
    }
    moved = initrd_frames(initrd, &l);
    rc = dom0_memory_alloc(&m, moved, params.domu_first);
    if (rc == 0) {
        load_kernel(&m, &k->elf);
        load_initrd(&m, initrd, !mfn_eq(moved, INVALID_MFN));
        fill_first_pages(&m, &k->notes, bi, initrd);
        dom0_memory_map(&m);
        rc = start_context(&m);
    }
    if (initrd != NULL && mfn_eq(moved, INVALID_MFN)) {
        free_module(initrd);
    }
    dom0_memory_free_temp(&m);
    if (rc == 0) {
        log_info("d%u: kernel at %lx, %lu MiB, %u vcpus", m.d->domid,
                 l.kernel_start, l.nr_pages >> 8, m.d->max_vcpus);
        m.d->controller_paused = false;
        domain_unpause(m.d);
    }
    return rc;
}

static boot_text int build_pvh(const struct boot_info *bi,
                               const struct dom0_kernel *k,
                               const struct boot_module *initrd)
{
    struct domain *d;
    int rc;

    if (hvm_backend == NULL) {
        log_err("dom0=pvh: this machine has no hardware support for it (SVM "
                "with nested paging, or VMX with EPT)");
        return -EOPNOTSUPP;
    }
    rc = create(pvh_nr_pages(), &d);
    if (rc == 0) {
        rc = pvh_build(d, k, bi->module[0].cmdline, initrd);
    }
    if (initrd != NULL) {
        free_module(initrd);
    }
    if (rc == 0) {
        log_info("d%u: PVH, %u MiB, %u vcpus", d->domid, d->tot_pages >> 8,
                 d->max_vcpus);
        d->controller_paused = false;
        domain_unpause(d);
    }
    return rc;
}

boot_text int dom0_build(const struct boot_info *bi)
{
    const struct boot_module *initrd = bi->nr_modules > 1 ? &bi->module[1]
                                                          : NULL;
    struct dom0_kernel k;
    int rc;

    if (bi->nr_modules == 0) {
        log_err("dom0: the boot loader gave no kernel");
        return -ENOENT;
    }
    rc = dom0_kernel_open(&bi->module[0], &k);
    if (rc != 0) {
        return rc;
    }
    rc = params.dom0_pvh ? build_pvh(bi, &k, initrd) : build(bi, &k, initrd);
    dom0_kernel_close(&k);
    free_module(&bi->module[0]);
    return rc;
}
