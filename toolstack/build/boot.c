/* SPDX-License-Identifier: MIT */
/*
 * What all types of guest have in common: kernel and initrd are read, the ends
 * of store and console made; between them the row of the type does its part.
 * Tested by the nested boots.
 */
#include <build/boot.h>
#include <build/bzimage.h>
#include <build/hvm_boot.h>
#include <build/pv_boot.h>
#include <build/pvh_boot.h>
#include <errno.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <stdio.h>
#include <string.h>

static uint64_t pages_of(const struct domain_def *def)
{
    return def->memory_kib / (XEN_PAGE_SIZE / 1024);
}

static int pv_parse(const struct domain_def *def, struct boot_files *f,
                    struct err *e)
{
    (void)def;
    return pv_kernel_parse(&f->image, &f->kernel, e);
}

static int pv_plan(const struct domain_def *def, struct boot_files *f,
                   struct err *e)
{
    return pv_layout_compute(&f->kernel, pages_of(def), f->initrd.len,
                             &f->layout, e);
}

static int pvh_parse(const struct domain_def *def, struct boot_files *f,
                     struct err *e)
{
    (void)def;
    return pvh_kernel_parse(&f->image, &f->pvh_kernel, e);
}

static int pvh_plan(const struct domain_def *def, struct boot_files *f,
                    struct err *e)
{
    return pvh_layout_compute(f->pvh_kernel.end, pages_of(def), f->initrd.len,
                              def->cmdline == NULL ? 0 : strlen(def->cmdline),
                              &f->pvh_layout, e);
}

static int hvm_parse(const struct domain_def *def, struct boot_files *f,
                     struct err *e)
{
    (void)def;
    return hvm_kernel_parse(&f->image, &f->hvm_kernel, e);
}

static const struct boot_kind {
    bool as_is;                /* the kernel's file is not unpacked */
    bool optional;             /* there need not be one */
    int (*parse)(const struct domain_def *def, struct boot_files *f,
                 struct err *e);
    int (*plan)(const struct domain_def *def, struct boot_files *f,
                struct err *e);
    int (*boot)(struct hyp *h, unsigned int domid,
                const struct domain_def *def, const struct boot_files *f,
                struct guest_ends *g, struct err *e);
} kinds[] = {
    [GUEST_PV]  = { false, false, pv_parse,  pv_plan,  pv_boot },
    [GUEST_PVH] = { false, false, pvh_parse, pvh_plan, pvh_boot },
    [GUEST_HVM] = { true,  true,  hvm_parse, hvm_plan, hvm_boot },
};

static const struct boot_kind *kind_of(const struct domain_def *def)
{
    return (size_t)def->type < sizeof(kinds) / sizeof(kinds[0]) &&
           kinds[def->type].boot != NULL ? &kinds[def->type] : NULL;
}

/* Messages of the kernel's readers do not know the file: name it. */
static void name_file(struct err *e, const struct domain_def *def)
{
    if (e != NULL && e->which[0] == '\0') {
        snprintf(e->which, sizeof(e->which), "%s", def->kernel);
    }
}

static int load_kernel(const struct boot_kind *kind,
                       const struct domain_def *def, struct boot_files *f,
                       struct err *e)
{
    struct bytes file;
    int rc;

    if (kind->optional && (def->kernel == NULL || *def->kernel == '\0')) {
        return 0;
    }
    rc = bytes_read_file(def->kernel, "kernel", KERNEL_FILE_MAX, &file, e);

    if (rc == 0 && kind->as_is) {
        f->image = file;
    } else if (rc == 0) {
        rc = kernel_image(&file, &f->image, e);
        bytes_free(&file);
    }
    if (rc == 0) {
        rc = kind->parse(def, f, e);
    }
    if (rc != 0) {
        name_file(e, def);
    }
    return rc;
}

int boot_files_load(const struct domain_def *def, struct boot_files *f,
                    struct err *e)
{
    const struct boot_kind *kind = kind_of(def);
    int rc;

    memset(f, 0, sizeof(*f));
    if (kind == NULL) {
        return err_set(e, -EOPNOTSUPP, ERR_UNSUPPORTED,
                       "cannot build this type of guest", def->name, "%s",
                       def_guest_type_name(def->type));
    }
    rc = load_kernel(kind, def, f, e);
    if (rc == 0 && f->image.len != 0 && def->initrd != NULL && *def->initrd != '\0') {
        rc = bytes_read_file(def->initrd, "initrd", INITRD_FILE_MAX,
                             &f->initrd, e);
    }
    if (rc == 0) {
        rc = kind->plan(def, f, e);
    }
    if (rc != 0) {
        boot_files_free(f);
    }
    return rc;
}

void boot_files_free(struct boot_files *f)
{
    bytes_free(&f->image);
    bytes_free(&f->initrd);
}

static int alloc_channels(struct hyp *h, unsigned int domid,
                          struct guest_ends *g)
{
    int rc = ctl_event_alloc_unbound(h, domid, 0, &g->store_port);

    return rc == 0 ? ctl_event_alloc_unbound(h, domid, 0, &g->console_port)
                   : rc;
}

int boot_guest(struct hyp *h, unsigned int domid, const struct domain_def *def,
               const struct boot_files *f, struct guest_ends *g,
               struct err *e)
{
    int rc = alloc_channels(h, domid, g);

    if (rc != 0) {
        return err_errno(e, rc, "cannot allocate the first event channels",
                         "domain %u (%s)", domid, def->name);
    }
    rc = kind_of(def)->boot(h, domid, def, f, g, e);
    if (rc != 0) {
        return rc;
    }
    rc = ctl_grant_seed(h, domid, g->console_mfn, 0, g->store_mfn, 0);
    return rc == 0 ? 0 : err_errno(e, rc, "cannot grant the console and store "
                                   "pages", "domain %u (%s)", domid,
                                   def->name);
}
