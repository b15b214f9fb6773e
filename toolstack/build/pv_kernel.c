/* SPDX-License-Identifier: MIT */
/*
 * Turns segments and Xen notes of a kernel into what the builder needs.  The
 * image is foreign data; lib/elf checks it byte by byte, this file checks
 * that the addresses make sense together.
 * Tests: tests/unit/toolstack/test_kernel.c.
 */
#include <build/pv_kernel.h>
#include <errno.h>
#include <lib/elf.h>
#include <lib/err.h>
#include <lib/xen_abi.h>
#include <string.h>

#define MAX_IMAGE (1ull << 36)         /* physical size a kernel may claim */

static int bad(struct err *e, const char *why)
{
    return err_set(e, -EINVAL, ERR_CONFIG, "cannot use the kernel", NULL,
                   "%s", why);
}

static int check_notes(const struct elf_xen_notes *n, struct err *e)
{
    if (!n->present) {
        return bad(e, "it has no Xen notes: it was built without PV support");
    }
    if (n->xen_version[0] != '\0' && strcmp(n->xen_version, "xen-3.0") != 0) {
        return bad(e, "its note XEN_VERSION is not xen-3.0");
    }
    if (n->loader[0] != '\0' && strcmp(n->loader, "generic") != 0) {
        return bad(e, "its note LOADER is not generic");
    }
    return 0;
}

static void take_notes(struct pv_kernel *k, const struct elf_xen_notes *n,
                       uint64_t elf_entry)
{
    k->virt_base = n->virt_base;
    k->virt_entry = n->has_entry ? n->entry : elf_entry;
    k->has_init_p2m = n->has_init_p2m;
    k->init_p2m = n->init_p2m;
    k->mod_start_pfn = n->mod_start_pfn;
    k->has_hypercall_page = n->has_hypercall_page;
    k->hypercall_page = n->hypercall_page;
    memcpy(k->guest_os, n->guest_os, sizeof(k->guest_os));
}

static int add_segment(struct pv_kernel *k, const struct elf_segment *seg,
                       uint64_t paddr_offset, const uint8_t *image,
                       struct err *e)
{
    uint64_t phys = seg->paddr - paddr_offset;
    struct pv_segment *s;

    if (k->nr_segs == PV_KERNEL_SEGS) {
        return bad(e, "it has too many segments");
    }
    if (seg->filesz > seg->memsz) {
        return bad(e, "a segment is damaged");
    }
    if (seg->paddr < paddr_offset || phys >= MAX_IMAGE ||
        seg->memsz > MAX_IMAGE - phys) {
        return bad(e, "a segment lies outside the guest's memory");
    }
    s = &k->seg[k->nr_segs++];
    s->pfn = phys >> XEN_PAGE_SHIFT;
    s->offset = phys & (XEN_PAGE_SIZE - 1);
    s->data = image + seg->offset;
    s->file_bytes = seg->filesz;
    s->mem_bytes = seg->memsz;
    if (k->virt_base + phys + seg->memsz > k->virt_end) {
        k->virt_end = k->virt_base + phys + seg->memsz;
    }
    return 0;
}

static int add_segments(struct pv_kernel *k, const struct elf_image *img,
                        uint64_t paddr_offset, struct err *e)
{
    for (unsigned int i = 0; i < img->nr_segments; i++) {
        struct elf_segment seg;
        int rc = 0;

        if (!elf_segment(img, i, &seg)) {
            return bad(e, "it is truncated");
        }
        if (seg.type == ELF_PT_LOAD && seg.memsz != 0) {
            rc = add_segment(k, &seg, paddr_offset, img->data, e);
        }
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

static bool linear(const struct pv_kernel *k, uint64_t virt)
{
    return virt >= k->virt_base && virt < k->virt_end;
}

static int check_addresses(const struct pv_kernel *k, struct err *e)
{
    if (k->nr_segs == 0) {
        return bad(e, "it has nothing to load");
    }
    if (k->virt_base % XEN_PAGE_SIZE != 0 || k->virt_end < k->virt_base) {
        return bad(e, "its note VIRT_BASE does not fit its segments");
    }
    if (!linear(k, k->virt_entry)) {
        return bad(e, "its entry point is outside its segments");
    }
    if (k->has_init_p2m && k->init_p2m % XEN_PAGE_SIZE != 0) {
        return bad(e, "its note INIT_P2M is not page aligned");
    }
    if (k->has_hypercall_page && (k->hypercall_page % XEN_PAGE_SIZE != 0 ||
                                  !linear(k, k->hypercall_page))) {
        return bad(e, "its hypercall page is outside its segments");
    }
    return 0;
}

int pv_kernel_parse(const struct bytes *image, struct pv_kernel *k,
                    struct err *e)
{
    struct elf_image img;
    struct elf_xen_notes notes;
    int rc;

    memset(k, 0, sizeof(*k));
    if (elf_init(&img, image->data, image->len) != 0) {
        return bad(e, "it is neither a bzImage nor a 64-bit x86 ELF image");
    }
    if (elf_xen_notes(&img, &notes) != 0) {
        return bad(e, "its notes are damaged or truncated");
    }
    rc = check_notes(&notes, e);
    if (rc != 0) {
        return rc;
    }
    take_notes(k, &notes, img.entry);
    rc = add_segments(k, &img, notes.has_paddr_offset ? notes.paddr_offset : 0,
                      e);
    return rc != 0 ? rc : check_addresses(k, e);
}
