/* SPDX-License-Identifier: MIT */
/*
 * Fills a PVH domain and sets the state of its vCPU 0, all in guest-physical
 * addresses: memory, kernel, initrd, special pages and the parameters that
 * name them, ACPI, start info, context.  The channels and grants of store and
 * console are left to boot.c.
 * Tested by the nested boots; layout, tables and records by unit tests.
 */
#include <build/acpi.h>
#include <build/hvm_state.h>
#include <build/memory.h>
#include <build/pvh_boot.h>
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <stdlib.h>
#include <string.h>
#include <xen/arch-x86/hvm/start_info.h>

struct booting {
    struct hyp *h;
    unsigned int domid;
    const struct domain_def *def;
    const struct boot_files *f;
    const struct pvh_layout *l;
    struct guest_memory mem;
    struct guest_memory special;
    struct guest_ends *g;
    struct err *e;
};

static int failed(const struct booting *b, int rc, const char *what)
{
    return rc == 0 ? 0 : err_errno(b->e, rc, what, "domain %u (%s)", b->domid,
                                   b->def->name);
}

static int set_memory_map(struct booting *b)
{
    struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) map[PVH_MAP_MAX];

    for (unsigned int i = 0; i < b->l->nr_map; i++) {
        map[i].addr = b->l->map[i].addr;
        map[i].size = b->l->map[i].size;
        map[i].type = b->l->map[i].type;
    }
    return failed(b, ctl_memory_set_map(b->h, b->domid, map, b->l->nr_map),
                  "cannot set the memory map");
}

/* The few pages first: a claim must exceed what the domain has. */
static int populate(struct booting *b)
{
    int rc = memory_populate_split(&b->special, b->h, b->domid,
                                   PVH_NR_SPECIAL, 0, PVH_SPECIAL_PFN, b->e);

    if (rc == 0) {
        rc = memory_zero(&b->special, 0, 0, PVH_NR_SPECIAL * XEN_PAGE_SIZE,
                         b->e);
    }
    return rc == 0 ? memory_populate_split(&b->mem, b->h, b->domid,
                                           b->l->nr_pages, b->l->low_pages,
                                           PVH_HIGH_PFN, b->e) : rc;
}

static int load_image(struct booting *b)
{
    const struct pvh_kernel *k = &b->f->pvh_kernel;
    int rc = 0;

    for (unsigned int i = 0; rc == 0 && i < k->nr_segs; i++) {
        const struct pv_segment *s = &k->seg[i];

        rc = memory_write(&b->mem, s->pfn, s->offset, s->data, s->file_bytes,
                          b->e);
        if (rc == 0) {
            rc = memory_zero(&b->mem, s->pfn, s->offset + s->file_bytes,
                             s->mem_bytes - s->file_bytes, b->e);
        }
    }
    return rc;
}

static int write_at(struct booting *b, uint64_t addr, const void *data,
                    uint64_t len)
{
    return memory_write(&b->mem, addr / XEN_PAGE_SIZE, addr % XEN_PAGE_SIZE,
                        data, len, b->e);
}

static int load_initrd(struct booting *b)
{
    return write_at(b, b->l->initrd, b->f->initrd.data, b->l->initrd_bytes);
}

static int write_ident_pt(struct booting *b)
{
    return hvm_state_ident_pt(&b->special, PVH_IDENT_PT, b->e);
}

static int set_params(struct booting *b)
{
    return hvm_state_params(b->h, b->domid, b->def->name, b->g, NULL, 0, b->e);
}

static int write_acpi(struct booting *b)
{
    uint8_t tables[PVH_ACPI_PAGES * XEN_PAGE_SIZE];
    size_t len = acpi_build(tables, sizeof(tables), b->l->acpi,
                            b->def->max_vcpus, b->def->cur_vcpus);

    if (len == 0) {
        return err_set(b->e, -EINVAL, ERR_CONFIG, "too many vCPUs",
                       b->def->name, "a PVH guest has at most %u",
                       ACPI_MAX_VCPUS);
    }
    return write_at(b, b->l->acpi, tables, len);
}

struct info_page {
    struct hvm_start_info start;
    struct hvm_modlist_entry initrd;
    struct hvm_memmap_table_entry map[PVH_MAP_MAX];
    char cmdline[];
};

static void fill_info(const struct booting *b, struct info_page *p)
{
    const struct pvh_layout *l = b->l;

    p->start = (struct hvm_start_info){
        .magic = XEN_HVM_START_MAGIC_VALUE, .version = 1,
        .nr_modules = l->initrd_bytes != 0,
        .modlist_paddr = l->start_info + offsetof(struct info_page, initrd),
        .cmdline_paddr = l->start_info + offsetof(struct info_page, cmdline),
        .rsdp_paddr = l->acpi,
        .memmap_paddr = l->start_info + offsetof(struct info_page, map),
        .memmap_entries = l->nr_map,
    };
    p->initrd = (struct hvm_modlist_entry){ .paddr = l->initrd,
                                            .size = l->initrd_bytes };
    for (unsigned int i = 0; i < l->nr_map; i++) {
        p->map[i] = (struct hvm_memmap_table_entry){
            .addr = l->map[i].addr, .size = l->map[i].size,
            .type = l->map[i].type };
    }
    if (b->def->cmdline != NULL) {
        strcpy(p->cmdline, b->def->cmdline);
    }
}

static int write_start_info(struct booting *b)
{
    struct info_page *p = calloc(1, b->l->info_bytes);
    int rc;

    if (p == NULL) {
        return failed(b, -ENOMEM, "cannot write the start info");
    }
    fill_info(b, p);
    rc = write_at(b, b->l->start_info, p, b->l->info_bytes);
    free(p);
    return rc;
}

static int set_context(struct booting *b)
{
    const struct hvm_start s = {
        .entry = b->f->pvh_kernel.entry,
        .start_info = (uint32_t)b->l->start_info,
        .nr_vcpus = b->def->max_vcpus,
    };

    return hvm_state_set(b->h, b->domid, b->def->name, &s, b->e);
}

int pvh_boot(struct hyp *h, unsigned int domid, const struct domain_def *def,
             const struct boot_files *f, struct guest_ends *g,
             struct err *e)
{
    static int (*const steps[])(struct booting *b) = {
        set_memory_map, populate, load_image, load_initrd,
        write_ident_pt, set_params, write_acpi, write_start_info, set_context,
    };
    struct booting b = { .h = h, .domid = domid, .def = def, .f = f,
                         .l = &f->pvh_layout, .g = g, .e = e };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
        rc = steps[i](&b);
    }
    memory_forget(&b.special);
    memory_forget(&b.mem);
    return rc;
}
