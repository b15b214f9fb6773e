/* SPDX-License-Identifier: MIT */
/*
 * Fills a PV domain and starts its vCPU 0 in the paused state.  The order is
 * that of the stock builder: memory map, memory, kernel, initrd, p2m, start
 * info, page tables, pin, shared info, context.  The channels and grants of
 * store and console are left to boot.c.
 * Tested by the nested boots; layout and tables by unit tests.
 */
#include <build/memory.h>
#include <build/pv_boot.h>
#include <build/pv_tables.h>
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <lib/foreign.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define FLAT_CS     0xe033u            /* FLAT_KERNEL_CS of xen-x86_64.h */
#define FLAT_SS     0xe02bu
#define RFLAGS_IF   0x200u
#define E820_RAM    1u
#define LEGACY_CPUS 32u                /* vcpu_info slots of shared_info */

struct booting {
    struct hyp *h;
    unsigned int domid;
    const struct domain_def *def;
    const struct boot_files *f;
    struct guest_memory mem;
    struct pv_tables tables;
    struct guest_ends *g;
    uint64_t shared_info_mfn;
    struct err *e;
};

static int failed(const struct booting *b, int rc, const char *what)
{
    return rc == 0 ? 0 : err_errno(b->e, rc, what, "domain %u (%s)", b->domid,
                                   b->def->name);
}

/* ---- steps -------------------------------------------------------------------- */

/* Without a map the guest takes its size from start_info: no error. */
static int set_memory_map(struct booting *b)
{
    struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) ram = { 0, b->def->memory_kib * 1024, E820_RAM };

    ctl_memory_set_map(b->h, b->domid, &ram, 1);
    return 0;
}

static int populate(struct booting *b)
{
    return memory_populate(&b->mem, b->h, b->domid, b->f->layout.nr_pages,
                           b->e);
}

static int load_segment(struct booting *b, const struct pv_segment *s)
{
    int rc = memory_write(&b->mem, s->pfn, s->offset, s->data, s->file_bytes,
                          b->e);

    if (rc == 0) {
        rc = memory_zero(&b->mem, s->pfn, s->offset + s->file_bytes,
                         s->mem_bytes - s->file_bytes, b->e);
    }
    return rc;
}

static int load_image(struct booting *b)
{
    const struct pv_kernel *k = &b->f->kernel;
    int rc = 0;

    for (unsigned int i = 0; rc == 0 && i < k->nr_segs; i++) {
        rc = load_segment(b, &k->seg[i]);
    }
    return rc;
}

static int load_initrd(struct booting *b)
{
    return memory_write(&b->mem, b->f->layout.initrd.pfn, 0, b->f->initrd.data,
                        b->f->initrd.len, b->e);
}

static int hypercall_page(struct booting *b)
{
    const struct pv_kernel *k = &b->f->kernel;
    struct xen_domctl op = { .cmd = XEN_DOMCTL_hypercall_init,
                             .domain = (domid_t)b->domid };

    if (!k->has_hypercall_page) {
        return 0;
    }
    op.u.hypercall_init.gmfn =
        b->mem.p2m[(k->hypercall_page - k->virt_base) / XEN_PAGE_SIZE];
    return failed(b, ctl_domctl(b->h, &op), "cannot fill the hypercall page");
}

static int write_p2m(struct booting *b)
{
    const struct pv_layout *l = &b->f->layout;
    uint64_t bytes = l->nr_pages * sizeof(uint64_t);
    int rc = memory_write(&b->mem, l->p2m.pfn, 0, b->mem.p2m, bytes, b->e);

    if (rc == 0) {
        rc = memory_zero(&b->mem, l->p2m.pfn, bytes,
                         l->p2m.nr * XEN_PAGE_SIZE - bytes, b->e);
    }
    return rc;
}

static void fill_start_info(const struct booting *b, struct start_info *si)
{
    const struct pv_layout *l = &b->f->layout;

    strcpy(si->magic, "xen-3.0-x86_64");
    si->nr_pages = l->nr_pages;
    si->shared_info = b->shared_info_mfn << XEN_PAGE_SHIFT;
    si->flags = SIF_VIRT_P2M_4TOOLS |
                (l->initrd_by_pfn ? SIF_MOD_START_PFN : 0);
    si->store_mfn = b->mem.p2m[l->store];
    si->store_evtchn = b->g->store_port;
    si->console.domU.mfn = b->mem.p2m[l->console];
    si->console.domU.evtchn = b->g->console_port;
    si->pt_base = pv_layout_virt(l, l->tables.pfn);
    si->nr_pt_frames = l->tables.nr;
    si->mfn_list = l->p2m_virt;
    if (l->initrd_bytes != 0) {
        si->mod_start = l->initrd_by_pfn ? l->initrd.pfn
                                         : pv_layout_virt(l, l->initrd.pfn);
        si->mod_len = l->initrd_bytes;
    }
    if (b->def->cmdline != NULL) {
        snprintf((char *)si->cmd_line, sizeof(si->cmd_line), "%s",
                 b->def->cmdline);
    }
    if (l->p2m_apart) {
        si->first_p2m_pfn = l->p2m_tables.pfn;
        si->nr_p2m_frames = l->p2m_tables.nr + l->p2m.nr;
    }
}

static int write_start_info(struct booting *b)
{
    struct xen_domctl_getdomaininfo info;
    union {
        struct start_info si;
        uint8_t bytes[XEN_PAGE_SIZE];
    } page = { .bytes = { 0 } };
    const struct pv_layout *l = &b->f->layout;
    int rc = ctl_domain_info(b->h, b->domid, &info);

    if (rc != 0) {
        return failed(b, rc, "cannot find the shared info page");
    }
    b->shared_info_mfn = info.shared_info_frame;
    fill_start_info(b, &page.si);
    rc = memory_write(&b->mem, l->start_info, 0, &page, sizeof(page), b->e);
    if (rc == 0) {
        rc = memory_zero(&b->mem, l->store, 0, XEN_PAGE_SIZE, b->e);
    }
    if (rc == 0) {
        rc = memory_zero(&b->mem, l->console, 0, XEN_PAGE_SIZE, b->e);
    }
    b->g->store_mfn = b->mem.p2m[l->store];
    b->g->console_mfn = b->mem.p2m[l->console];
    return rc;
}

static int write_tables(struct booting *b)
{
    const struct pv_layout *l = &b->f->layout;
    int rc = pv_tables_build(l, b->mem.p2m, &b->tables);

    if (rc != 0) {
        return failed(b, rc, "cannot compute the page tables");
    }
    rc = memory_write(&b->mem, l->tables.pfn, 0, b->tables.page,
                      l->tables.nr * XEN_PAGE_SIZE, b->e);
    if (rc == 0) {
        rc = memory_write(&b->mem, l->p2m_tables.pfn, 0,
                          b->tables.page + l->tables.nr,
                          l->p2m_tables.nr * XEN_PAGE_SIZE, b->e);
    }
    return rc;
}

static int pin(struct booting *b)
{
    return failed(b, ctl_mmuext(b->h, b->domid, MMUEXT_PIN_L4_TABLE,
                                b->mem.p2m[b->f->layout.tables.pfn]),
                  "the hypervisor refuses the guest's page tables");
}

/* All else in it is the hypervisor's: the page comes zeroed, with the time. */
static int mask_upcalls(struct booting *b)
{
    struct shared_info *s = foreign_map(b->h, b->domid, PROT_READ | PROT_WRITE,
                                        &b->shared_info_mfn, 1, NULL);

    if (s == NULL) {
        return failed(b, -errno, "cannot map the shared info page");
    }
    for (unsigned int i = 0; i < LEGACY_CPUS; i++) {
        s->vcpu_info[i].evtchn_upcall_mask = 1;
    }
    foreign_unmap(s, 1);
    return 0;
}

static int set_context(struct booting *b)
{
    const struct pv_layout *l = &b->f->layout;
    struct vcpu_guest_context c = {
        .flags = VGCF_in_kernel | VGCF_online,
        .debugreg = { [6] = 0xffff0ff0, [7] = 0x400 },
        .kernel_ss = FLAT_SS,
    };

    c.user_regs.rip = b->f->kernel.virt_entry;
    c.user_regs.rsp = pv_layout_virt(l, l->stack + 1);
    c.user_regs.rsi = pv_layout_virt(l, l->start_info);
    c.user_regs.rflags = RFLAGS_IF;
    c.user_regs.cs = FLAT_CS;
    c.user_regs.ss = FLAT_SS;
    c.kernel_sp = c.user_regs.rsp;
    c.ctrlreg[3] = b->mem.p2m[l->tables.pfn] << XEN_PAGE_SHIFT;
    return failed(b, ctl_vcpu_set_context(b->h, b->domid, 0, &c),
                  "the hypervisor refuses the state of vCPU 0");
}

int pv_boot(struct hyp *h, unsigned int domid, const struct domain_def *def,
            const struct boot_files *f, struct guest_ends *g, struct err *e)
{
    static int (*const steps[])(struct booting *b) = {
        set_memory_map, populate, load_image, load_initrd,
        hypercall_page, write_p2m, write_start_info, write_tables, pin,
        mask_upcalls, set_context,
    };
    struct booting b = { .h = h, .domid = domid, .def = def, .f = f, .g = g,
                         .e = e };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
        rc = steps[i](&b);
    }
    pv_tables_free(&b.tables);
    memory_forget(&b.mem);
    return rc;
}
