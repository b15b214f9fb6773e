/* SPDX-License-Identifier: MIT */
/*
 * Memory of the new domain and what it holds.  MEMORY says which pfns have
 * some, so every entry of a page table can be translated when it comes.
 * Maps are given back before the tables are pinned.
 * Tests: tests/boot/dom0/save.sh.
 */
#include <errno.h>
#include <lib/err.h>
#include <lib/foreign.h>
#include <lib/hvm_map.h>
#include <save/p2m.h>
#include <save/restoring.h>
#include <save/tables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- memory ----------------------------------------------------------------- */

static int first_memory(struct restoring *s)
{
    struct guest_memory *m = &s->mem;

    if (m->p2m != NULL) {
        return 0;
    }
    *m = (struct guest_memory){ .h = s->h, .domid = s->domid,
                                .nr_pages = s->s.guest.nr_pfns,
                                .split = s->s.guest.nr_pfns };
    m->p2m = malloc(m->nr_pages * sizeof(m->p2m[0]));
    if (m->p2m == NULL) {
        return restoring_failed(s, -ENOMEM, "cannot list the guest's pages");
    }
    for (uint64_t pfn = 0; pfn < m->nr_pages; pfn++) {
        m->p2m[pfn] = NO_FRAME;
    }
    return 0;
}

/* A guest that ballooned while it was copied gives pages back here too. */
static int release_gone(struct restoring *s)
{
    struct guest_memory *m = &s->mem;

    for (uint64_t pfn = 0; pfn < m->nr_pages; pfn++) {
        if (m->p2m[pfn] != NO_FRAME && !save_is_present(&s->s, pfn)) {
            int64_t rc = ctl_memory_decrease(s->h, s->domid, &m->p2m[pfn], 1,
                                             0);

            if (rc != 1) {
                return restoring_failed(s, rc < 0 ? (int)rc : -EBUSY,
                                        "cannot give memory back");
            }
            m->p2m[pfn] = NO_FRAME;
        }
    }
    return 0;
}

static int populate_new(struct restoring *s)
{
    struct guest_memory *m = &s->mem;
    uint64_t *pfns = malloc(s->s.nr_pages * sizeof(pfns[0]));
    uint64_t nr = 0;
    int rc;

    if (pfns == NULL) {
        return restoring_failed(s, -ENOMEM, "cannot list the guest's pages");
    }
    for (uint64_t pfn = 0; pfn < m->nr_pages; pfn++) {
        if (m->p2m[pfn] == NO_FRAME && save_is_present(&s->s, pfn)) {
            pfns[nr++] = pfn;
        }
    }
    rc = memory_populate_pfns(m, pfns, nr, s->e);
    free(pfns);
    return rc;
}

int restore_memory(struct restoring *s)
{
    int rc;

    uint64_t video = s->s.guest.kind == SAVE_KIND_HVM ? (HVM_VIDEO_KIB + HVM_UEFI_KIB) / 4 : 0;

    if (s->s.nr_pages > s->def->memory_kib / 4 + 256 + video) {
        return save_reader_bad(s->r, s->e, "the guest has more memory than "
                               "its configuration");
    }
    rc = first_memory(s);
    if (rc == 0) {
        rc = release_gone(s);
    }
    return rc == 0 ? populate_new(s) : rc;
}

/* ---- pages -------------------------------------------------------------------- */

struct placed {
    uint64_t entry;
    const uint8_t *data;       /* NULL: zeros */
    uint8_t *to;
};

static int place(struct restoring *s, const struct placed *p)
{
    unsigned int level = p->entry >> SAVE_ENTRY_TYPE & 7, bad;
    static const uint8_t zeros[SAVE_PAGE];
    uint64_t table[512];
    const void *from = p->data == NULL ? zeros : p->data;

    if (level != 0) {
        memcpy(table, from, SAVE_PAGE);
        if (table_to_mfns(s->mem.p2m, s->mem.nr_pages, level, table,
                          &bad) != 0) {
            return save_reader_bad(s->r, s->e, "a page table points to a "
                                   "page that is not there");
        }
        from = table;
    }
    if (s->s.verifying) {
        return memcmp(p->to, from, SAVE_PAGE) == 0
                   ? 0 : save_reader_bad(s->r, s->e, "a page differs from "
                                         "what came before");
    }
    memcpy(p->to, from, SAVE_PAGE);
    return 0;
}

static int place_all(struct restoring *s, uint8_t *map)
{
    const uint8_t *data = s->s.data;
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < s->s.count; i++) {
        struct placed p = { save_entry(&s->s, i), NULL,
                            map + (size_t)i * SAVE_PAGE };

        if ((p.entry & SAVE_ENTRY_ZERO) == 0) {
            p.data = data;
            data += SAVE_PAGE;
        }
        rc = place(s, &p);
    }
    return rc;
}

int restore_pages(struct restoring *s)
{
    uint64_t mfns[SAVE_BATCH];
    void *map;
    int rc;

    for (uint32_t i = 0; i < s->s.count; i++) {
        mfns[i] = s->mem.p2m[save_entry(&s->s, i) & SAVE_ENTRY_PFN];
    }
    map = foreign_map(s->h, s->domid, PROT_READ | PROT_WRITE, mfns,
                      s->s.count, NULL);
    if (map == NULL) {
        return restoring_failed(s, -errno, "cannot map the guest's memory");
    }
    rc = place_all(s, map);
    foreign_unmap(map, s->s.count);
    return rc;
}

/* ---- at the end ------------------------------------------------------------------ */

uint64_t restoring_plain(const struct restoring *s, uint64_t pfn)
{
    return save_is_present(&s->s, pfn) && s->s.types[pfn] == SAVE_T_SEEN
               ? s->mem.p2m[pfn] : NO_FRAME;
}

static void fill_list(const struct restoring *s, uint64_t first,
                      uint64_t page[512])
{
    for (unsigned int i = 0; i < 512; i++) {
        uint64_t pfn = first + i;
        uint64_t mfn = pfn < s->mem.nr_pages ? s->mem.p2m[pfn] : NO_FRAME;

        page[i] = mfn != NO_FRAME ? mfn : p2m_hole(page[i]);
    }
}

int restore_p2m_list(struct restoring *s)
{
    for (uint64_t i = 0; i < s->s.nr_p2m; i++) {
        uint64_t mfn = restoring_plain(s, s->s.p2m[i]);
        uint64_t *page = foreign_map(s->h, s->domid, PROT_READ | PROT_WRITE,
                                     &mfn, 1, NULL);

        if (page == NULL) {
            return restoring_failed(s, -errno,
                                    "cannot map the guest's memory");
        }
        fill_list(s, i * 512, page);
        foreign_unmap(page, 1);
    }
    return 0;
}

int restore_pins(struct restoring *s)
{
    static const unsigned int cmds[] = {
        [1] = MMUEXT_PIN_L1_TABLE, [2] = MMUEXT_PIN_L2_TABLE,
        [3] = MMUEXT_PIN_L3_TABLE, [4] = MMUEXT_PIN_L4_TABLE,
    };
    int rc = 0;

    for (uint64_t pfn = 0; rc == 0 && pfn < s->mem.nr_pages; pfn++) {
        uint8_t type = s->s.types[pfn];

        if (save_is_present(&s->s, pfn) && (type & SAVE_T_PINNED) != 0) {
            rc = ctl_mmuext(s->h, s->domid, cmds[type & SAVE_T_LEVEL],
                            s->mem.p2m[pfn]);
        }
    }
    return restoring_failed(s, rc, "the hypervisor refuses the guest's page "
                            "tables");
}
