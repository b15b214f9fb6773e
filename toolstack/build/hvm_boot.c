/* SPDX-License-Identifier: MIT */
/*
 * Fills an HVM domain as far as the device model does not: RAM but for the
 * VGA's window, special pages and the parameters that name them, a kernel
 * given by the user, the state of the vCPUs.
 * Tested by the nested boots; kernel and records by unit tests.
 */
#include <build/hvm_boot.h>
#include <build/hvm_state.h>
#include <build/memory.h>
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <string.h>

/* The special pages of PVH guests, and in front those of ioreq servers. */
#define NR_IOREQ    8u
#define SPECIAL_PFN (PVH_SPECIAL_PFN - NR_IOREQ)
#define NR_SPECIAL  (NR_IOREQ + PVH_NR_SPECIAL)
#define VGA_PAGES   ((HVM_BIOS_AREA - HVM_VGA) / XEN_PAGE_SIZE)

struct booting {
    struct hyp *h;
    unsigned int domid;
    const struct domain_def *def;
    const struct boot_files *f;
    uint64_t low_end, high_end;
    struct hvm_range map[HVM_MAP_MAX];
    unsigned int nr_map;
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

static bool has_kernel(const struct boot_files *f)
{
    return f->image.len != 0;
}

int hvm_plan(const struct domain_def *def, struct boot_files *f,
             struct err *e)
{
    if (def->memory_kib < HVM_SMALLEST_KIB) {
        return err_set(e, -ENOMEM, ERR_RESOURCE, "not enough memory",
                       def->name, "an HVM guest needs %u MiB",
                       HVM_SMALLEST_KIB / 1024);
    }
    if (!has_kernel(f)) {
        return 0;
    }
    return hvm_kernel_place_initrd(&f->hvm_kernel,
                                   hvm_low_end(def->memory_kib),
                                   f->initrd.len, &f->hvm_initrd, e);
}

static int set_memory_map(struct booting *b)
{
    struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) map[HVM_MAP_MAX];

    b->nr_map = hvm_map_fill(b->map, b->low_end, b->high_end);
    for (unsigned int i = 0; i < b->nr_map; i++) {
        map[i].addr = b->map[i].addr;
        map[i].size = b->map[i].size;
        map[i].type = b->map[i].type;
    }
    return failed(b, ctl_memory_set_map(b->h, b->domid, map, b->nr_map),
                  "cannot set the memory map");
}

/* The few pages first: a claim must exceed what the domain has. */
static int populate(struct booting *b)
{
    const uint64_t nr = b->def->memory_kib / (XEN_PAGE_SIZE / 1024);
    int rc = memory_populate_split(&b->special, b->h, b->domid, NR_SPECIAL, 0,
                                   SPECIAL_PFN, b->e);

    if (rc == 0) {
        rc = memory_zero(&b->special, 0, 0, NR_SPECIAL * XEN_PAGE_SIZE, b->e);
    }
    return rc == 0 ? memory_populate_split(&b->mem, b->h, b->domid, nr,
                                           b->low_end / XEN_PAGE_SIZE,
                                           HVM_4G / XEN_PAGE_SIZE, b->e) : rc;
}

/* What the VGA shows is not memory of the guest. */
static int open_vga_window(struct booting *b)
{
    uint64_t frames[VGA_PAGES];
    int64_t done;

    for (unsigned int i = 0; i < VGA_PAGES; i++) {
        frames[i] = HVM_VGA / XEN_PAGE_SIZE + i;
    }
    done = ctl_memory_decrease(b->h, b->domid, frames, VGA_PAGES, 0);
    return failed(b, done == VGA_PAGES ? 0 : done < 0 ? (int)done : -EIO,
                  "cannot make room for the VGA");
}

static int write_ident_pt(struct booting *b)
{
    return hvm_state_ident_pt(&b->special, NR_IOREQ + PVH_IDENT_PT, b->e);
}

static int set_params(struct booting *b)
{
    static const struct hvm_param rows[] = {
        { HVM_PARAM_IOREQ_PFN, PVH_SPECIAL_PFN + PVH_IOREQ },
        { HVM_PARAM_BUFIOREQ_PFN, PVH_SPECIAL_PFN + PVH_BUFIOREQ },
        { HVM_PARAM_IOREQ_SERVER_PFN, SPECIAL_PFN },
        { HVM_PARAM_NR_IOREQ_SERVER_PAGES, NR_IOREQ },
        { HVM_PARAM_HPET_ENABLED, 1 },
        { HVM_PARAM_TIMER_MODE, HVMPTM_no_delay_for_missed_ticks },
        { HVM_PARAM_ACPI_IOPORTS_LOCATION, 1 },        /* 0xb000 */
    };

    return hvm_state_params(b->h, b->domid, b->def->name, b->g, rows,
                            sizeof(rows) / sizeof(rows[0]), b->e);
}

static int write_at(struct booting *b, uint64_t addr, const void *data,
                    uint64_t len)
{
    return memory_write(&b->mem, addr / XEN_PAGE_SIZE, addr % XEN_PAGE_SIZE,
                        data, len, b->e);
}

static int load_kernel(struct booting *b)
{
    const struct hvm_kernel *k = &b->f->hvm_kernel;
    const char *cmdline = b->def->cmdline == NULL ? "" : b->def->cmdline;
    uint8_t page[HVM_PARAMS_BYTES];
    uint64_t gdt[4];
    int rc;

    if (!has_kernel(b->f)) {
        return 0;
    }
    hvm_kernel_gdt(gdt);
    hvm_kernel_params(k, b->f->hvm_initrd, b->f->initrd.len, b->map, b->nr_map,
                      hvm_tables(b->low_end), page);
    rc = write_at(b, HVM_KERNEL_AT, k->code, k->code_bytes);
    if (rc == 0) {
        rc = write_at(b, b->f->hvm_initrd, b->f->initrd.data,
                      b->f->initrd.len);
    }
    if (rc == 0) {
        rc = write_at(b, HVM_PARAMS_AT, page, sizeof(page));
    }
    if (rc == 0) {
        rc = write_at(b, HVM_CMDLINE_AT, cmdline, strlen(cmdline) + 1);
    }
    return rc == 0 ? write_at(b, HVM_GDT_AT, gdt, sizeof(gdt)) : rc;
}

/* All vCPUs but the first wait to be started by the guest. */
static int set_context(struct booting *b)
{
    bool direct = has_kernel(b->f);
    const struct hvm_start s = {
        .entry = direct ? HVM_KERNEL_AT : 0,
        .boot_params = direct ? HVM_PARAMS_AT : 0,
        .gdt = direct ? HVM_GDT_AT : 0,
        .nr_vcpus = b->def->max_vcpus,
        .hvm = true,
    };

    return hvm_state_set(b->h, b->domid, b->def->name, &s, b->e);
}

int hvm_boot(struct hyp *h, unsigned int domid, const struct domain_def *def,
             const struct boot_files *f, struct guest_ends *g,
             struct err *e)
{
    static int (*const steps[])(struct booting *b) = {
        set_memory_map, populate, open_vga_window, write_ident_pt, set_params,
        load_kernel, set_context,
    };
    struct booting b = { .h = h, .domid = domid, .def = def, .f = f, .g = g,
                         .low_end = hvm_low_end(def->memory_kib),
                         .high_end = hvm_high_end(def->memory_kib), .e = e };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
        rc = steps[i](&b);
    }
    memory_forget(&b.special);
    memory_forget(&b.mem);
    return rc;
}
