/* SPDX-License-Identifier: MIT */
/*
 * The guest's page tables, walked as its CPU does; entries are read once and
 * lead only to frames of its own p2m.  Tested by
 * tests/unit/hvm/test_guest_walk.c.
 */
#include <arch/atomic.h>
#include <arch/cpu.h>
#include <arch/msr.h>
#include <arch/paging.h>
#include <core/percpu.h>
#include <hv/errno.h>
#include <hvm/guest_walk.h>
#include <hvm/hvm_domain.h>
#include <lib/string.h>
#include <mm/frame_table.h>
#include <p2m/p2m.h>

#define CR4_LA57   0x1000ul
#define PFEC_P     1u

/* @KEEP: RAM, which stays what it is until flush_gen moves. */
enum frame_use { KEEP, USE_IT, DROP_WRITE, MARK_DIRTY };

/* The frame of @gaddr in the direct map; NULL: no memory. */
static noinline void *look_up(struct vcpu *v, uint64_t gaddr,
                              enum frame_use *use)
{
    struct hvm_vcpu *h = v->hvm;
    uint64_t gfn = gaddr >> PAGE_SHIFT;
    enum p2m_type t;
    mfn_t mfn = p2m_lookup(v->domain, gfn, &t);

    if (t == P2M_NONE || t == P2M_MMIO) {
        return NULL;
    }
    *use = t == P2M_RAM_RO || t == P2M_FOREIGN_RO ? DROP_WRITE
         : t == P2M_RAM_LOGDIRTY ? MARK_DIRTY : t == P2M_RAM ? KEEP : USE_IT;
    if (*use == KEEP) {
        h->near[gfn % HVM_NEAR].gfn = gfn + 1;
        h->near[gfn % HVM_NEAR].va = mfn_to_virt(mfn);
    }
    return mfn_to_virt(mfn);
}

/*
 * Frames and walks are remembered while nothing is taken out of the p2m: who
 * does that counts flush_gen up before it waits for an interrupt on this CPU,
 * which cannot come until we are done.
 */
static always_inline void check_gen(struct vcpu *v)
{
    struct hvm_vcpu *h = v->hvm;
    uint32_t gen = atomic_load(&v->domain->hvm->flush_gen);

    if (unlikely(h->near_gen != gen)) {
        memset(h->near, 0, sizeof(h->near));
        memset(h->walks, 0, sizeof(h->walks));
        h->near_gen = gen;
    }
}

/* The same as look_up(), remembered.  check_gen() was called. */
static always_inline void *frame_at(struct vcpu *v, uint64_t gaddr,
                                    enum frame_use *use)
{
    struct hvm_vcpu *h = v->hvm;
    uint64_t gfn = gaddr >> PAGE_SHIFT;

    if (likely(h->near[gfn % HVM_NEAR].gfn == gfn + 1)) {
        *use = KEEP;
        return h->near[gfn % HVM_NEAR].va;
    }
    return look_up(v, gaddr, use);
}

/* ---- the walk ---------------------------------------------------------------------- */

struct format {
    unsigned int levels, bits;        /* 0 levels: no paging */
    uint64_t root;
    bool wide, nx;
};

static struct format format_of(const struct hvm_mode *m)
{
    struct format f = { 0, 10, m->cr3 & 0xfffff000u, false, false };

    if (!(m->bits & X86_CR0_PG)) {
        return f;
    }
    f.levels = 2;
    if (m->bits & X86_CR4_PAE) {
        f.wide = true;
        f.bits = 9;
        f.nx = (m->bits & EFER_NXE) != 0;
        f.levels = !(m->bits & EFER_LMA) ? 3 : m->bits & CR4_LA57 ? 5 : 4;
        f.root = f.levels == 3 ? m->cr3 & 0xffffffe0u : m->cr3 & PTE_ADDR;
    }
    return f;
}

/* Accessed, and dirty for the last entry of a write, as the CPU would; what
 * the entry says then. */
static uint64_t mark(void *slot, bool wide, uint64_t e, uint64_t bits)
{
    uint32_t old32 = (uint32_t)e;

    if ((e & bits) == bits) {
        return e;
    }
    if (wide) {
        (void)atomic_cmpxchg((uint64_t *)slot, &e, e | bits);
    } else {
        (void)atomic_cmpxchg((uint32_t *)slot, &old32,
                             old32 | (uint32_t)bits);
    }
    return e | bits;
}

static bool allowed(const struct hvm_mode *m, uint64_t rights, bool nx,
                    unsigned int how)
{
    if ((how & HVM_USER) && !(rights & PTE_US)) {
        return false;
    }
    if ((how & HVM_WRITE) && !(rights & PTE_RW) &&
        ((how & HVM_USER) || (m->bits & X86_CR0_WP))) {
        return false;
    }
    return !((how & HVM_FETCH) && nx);
}

/* The entry for @linear in the table at @table; NULL: not in memory. */
static void *entry_at(struct vcpu *v, const struct format *m, uint64_t table,
                      uint64_t linear, unsigned int level, uint64_t *e,
                      enum frame_use *use)
{
    unsigned int shift = PAGE_SHIFT + (level - 1) * m->bits;
    uint64_t i = (linear >> shift) & ((1u << m->bits) - 1);
    char *page = frame_at(v, table, use);
    void *slot;

    if (page == NULL) {
        return NULL;
    }
    slot = page + (table & ~PAGE_MASK) + i * (m->wide ? 8 : 4);
    *e = m->wide ? READ_ONCE(*(uint64_t *)slot) : READ_ONCE(*(uint32_t *)slot);
    return slot;
}

/* Interrupts are off: the tables stay where they are.  @note: how it went; nr
 * stays 0 for a walk that cannot be remembered. */
static noinline int walk_anew(struct vcpu *v, const struct hvm_mode *m,
                              uint64_t linear, unsigned int how,
                              uint64_t *gaddr, uint32_t *pfec,
                              struct hvm_walk_note *note)
{
    struct format f = format_of(m);
    uint64_t table = f.root, rights = PTE_RW | PTE_US, e = 0, mask;
    bool nx = false, keep = f.levels == 4;
    unsigned int nr = 0;

    *pfec = how & ~(f.nx ? 0u : (unsigned int)HVM_FETCH);
    if (f.levels == 0) {
        *gaddr = linear & 0xffffffffu;
        return 0;
    }
    if (f.levels >= 4 && !is_canonical(linear)) {
        return -EFAULT;
    }
    for (unsigned int level = f.levels;; level--) {
        bool top_pae = f.levels == 3 && level == 3;
        enum frame_use use = USE_IT;
        void *slot = entry_at(v, &f, table, linear, level, &e, &use);
        bool leaf;

        if (slot == NULL || !(e & PTE_P)) {
            return -EFAULT;
        }
        leaf = level == 1 || (level <= 3 && !top_pae && (e & PTE_PSE));
        if (!top_pae) {
            rights &= e;
            nx |= f.nx && (e & PTE_NX) != 0;
        }
        if (leaf && !allowed(m, rights, nx, how)) {
            *pfec |= PFEC_P;
            return -EFAULT;
        }
        if (!top_pae) {
            e = mark(slot, f.wide, e,
                     leaf && (how & HVM_WRITE) ? PTE_A | PTE_D : PTE_A);
        }
        keep = keep && use == KEEP;
        if (keep) {
            note->slot[nr] = slot;
            note->entry[nr++] = e;
        }
        if (leaf) {
            mask = (1ull << (PAGE_SHIFT + (level - 1) * f.bits)) - 1;
            break;
        }
        table = e & PTE_ADDR;
    }
    *gaddr = (e & PTE_ADDR & ~mask) | (linear & mask);
    note->nr = keep ? (uint8_t)nr : 0;
    return 0;
}

/* INV-HVM3: from the root down, as a walk reads them. */
static always_inline bool same_way(const struct hvm_walk_note *w)
{
    const uint64_t *const *slot = w->slot;
    const uint64_t *e = w->entry;

    return READ_ONCE(*slot[0]) == e[0] && READ_ONCE(*slot[1]) == e[1] &&
           (w->nr < 3 || READ_ONCE(*slot[2]) == e[2]) &&
           (w->nr < 4 || READ_ONCE(*slot[3]) == e[3]);
}

static always_inline struct hvm_walk_note *note_of(struct vcpu *v,
                                                   uint64_t page,
                                                   unsigned int how)
{
    return &v->hvm->walks[(page ^ how >> 2) % HVM_WALKS];
}

/* check_gen() was called. */
static always_inline bool noted(const struct hvm_walk_note *w,
                                const struct hvm_mode *m, uint64_t page,
                                unsigned int how)
{
    return w->page == page + 1 && w->cr3 == m->cr3 && w->bits == m->bits &&
           (how & ~(unsigned int)w->how) == 0 && same_way(w);
}

static always_inline int walk(struct vcpu *v, const struct hvm_mode *m,
                              uint64_t linear, unsigned int how,
                              uint64_t *gaddr, uint32_t *pfec)
{
    uint64_t page = linear >> PAGE_SHIFT;
    struct hvm_walk_note *w = note_of(v, page, how);
    int rc;

    check_gen(v);
    if (likely(noted(w, m, page, how))) {
        *gaddr = w->gaddr | (linear & ~PAGE_MASK);
        *pfec = 0;
        return 0;
    }
    w->page = 0;
    w->nr = 0;
    rc = walk_anew(v, m, linear, how, gaddr, pfec, w);
    if (rc == 0 && w->nr != 0) {
        w->page = page + 1;
        w->cr3 = m->cr3;
        w->bits = m->bits;
        w->how = (uint8_t)how;
        w->gaddr = *gaddr & PAGE_MASK;
    }
    return rc;
}

int hvm_walk(struct vcpu *v, const struct hvm_mode *m, uint64_t linear,
             unsigned int how, uint64_t *gaddr, uint32_t *pfec)
{
    unsigned long flags = local_irq_save();
    int rc = walk(v, m, linear, how, gaddr, pfec);

    local_irq_restore(flags);
    return rc;
}

/* ---- copies --------------------------------------------------------------------------- */

/* Interrupts off.  @use: what else is to do after a write. */
static always_inline bool copy_in_page(struct vcpu *v, uint64_t gaddr,
                                       void *buf, size_t n, bool write,
                                       enum frame_use *use)
{
    char *p = frame_at(v, gaddr, use);

    if (p == NULL) {
        return false;
    }
    p += gaddr & ~PAGE_MASK;
    if (!write) {
        memcpy(buf, p, n);
    } else if (*use != DROP_WRITE) {
        memcpy(p, buf, n);
    }
    return true;
}

/* Interrupts on: the log of what was written has a lock. */
static always_inline void after_copy(struct vcpu *v, uint64_t gaddr, bool write,
                                     enum frame_use use)
{
    if (unlikely(write && use == MARK_DIRTY)) {
        p2m_mark_dirty(v->domain, gaddr >> PAGE_SHIFT);
    }
}

size_t hvm_copy_phys(struct vcpu *v, uint64_t gaddr, void *buf, size_t bytes,
                     bool write)
{
    char *at = buf;

    while (bytes != 0) {
        size_t n = min(bytes, PAGE_SIZE - (gaddr & ~PAGE_MASK));
        unsigned long flags = local_irq_save();
        enum frame_use use = USE_IT;
        bool ok;

        check_gen(v);
        ok = copy_in_page(v, gaddr, at, n, write, &use);
        local_irq_restore(flags);
        if (!ok) {
            break;
        }
        after_copy(v, gaddr, write, use);
        gaddr += n;
        at += n;
        bytes -= n;
    }
    return bytes;
}

static noinline size_t copy(struct vcpu *v, const struct hvm_mode *m,
                            uint64_t linear, void *buf, size_t bytes,
                            unsigned int how, uint32_t *pfec)
{
    char *at = buf;

    *pfec = 0;
    while (bytes != 0) {
        size_t n = min(bytes, PAGE_SIZE - (linear & ~PAGE_MASK));
        unsigned long flags = local_irq_save();
        bool write = (how & HVM_WRITE) != 0;
        enum frame_use use = USE_IT;
        uint64_t gaddr = 0;
        bool ok = walk(v, m, linear, how, &gaddr, pfec) == 0;

        if (ok) {
            *pfec = 0;
            ok = copy_in_page(v, gaddr, at, n, write, &use);
        }
        local_irq_restore(flags);
        if (!ok) {
            break;
        }
        after_copy(v, gaddr, write, use);
        linear += n;
        at += n;
        bytes -= n;
    }
    return bytes;
}

/* Interrupts off: where @bytes of plain RAM are, if the way is known and they
 * lie in one page; else NULL. */
static always_inline char *near(struct vcpu *v, const struct hvm_mode *m,
                                uint64_t linear, size_t bytes,
                                unsigned int how)
{
    uint64_t page = linear >> PAGE_SHIFT;
    const struct hvm_walk_note *w = note_of(v, page, how);
    enum frame_use use = USE_IT;
    char *p;

    check_gen(v);
    if (unlikely((linear & ~PAGE_MASK) + bytes > PAGE_SIZE ||
                 !noted(w, m, page, how))) {
        return NULL;
    }
    p = frame_at(v, w->gaddr, &use);
    return likely(use == KEEP) ? p + (linear & ~PAGE_MASK) : NULL;
}

size_t hvm_copy_linear(struct vcpu *v, uint64_t linear, void *buf,
                       size_t bytes, unsigned int how, uint32_t *pfec)
{
    struct hvm_mode m no_auto_init;
    unsigned long flags;
    char *p;

    hvm_backend->get_mode(v, &m);
    flags = local_irq_save();
    p = near(v, &m, linear, bytes, how);
    if (likely(p != NULL)) {
        memcpy(how & HVM_WRITE ? p : buf, how & HVM_WRITE ? buf : p, bytes);
    }
    local_irq_restore(flags);
    *pfec = 0;
    return likely(p != NULL) ? 0 : copy(v, &m, linear, buf, bytes, how, pfec);
}

/* The whole of an instruction, where code was fetched before. */
static always_inline bool fetch_near(struct vcpu *v, const struct hvm_mode *m,
                                     uint8_t buf[HVM_INSN_BYTES])
{
    unsigned int how = HVM_FETCH | (m->cpl == 3 ? HVM_USER : 0);
    unsigned long flags;
    const char *p;

    if (!m->code64) {
        return false;
    }
    flags = local_irq_save();
    p = near(v, m, guest_cpu_regs()->rip, HVM_INSN_BYTES, how);
    if (likely(p != NULL)) {
        __builtin_memcpy(buf, p, 8);
        __builtin_memcpy(buf + 7, p + 7, 8);
    }
    local_irq_restore(flags);
    return p != NULL;
}

static noinline unsigned int fetch(struct vcpu *v, const struct hvm_mode *m,
                                   uint8_t *buf, unsigned int bytes)
{
    uint64_t at = guest_cpu_regs()->rip;
    struct hvm_segment cs;
    uint32_t pfec;

    if (!m->code64) {
        hvm_backend->get_segment(v, SEG_CS, &cs);
        at = (cs.base + at) & 0xffffffffu;
    }
    return bytes - (unsigned int)copy(v, m, at, buf, bytes,
        HVM_FETCH | (m->cpl == 3 ? HVM_USER : 0), &pfec);
}

unsigned int hvm_fetch_mode(struct vcpu *v, const struct hvm_mode *m,
                            uint8_t *buf, unsigned int bytes)
{
    if (likely(bytes == HVM_INSN_BYTES && fetch_near(v, m, buf))) {
        return bytes;
    }
    return fetch(v, m, buf, bytes);
}

unsigned int hvm_fetch(struct vcpu *v, uint8_t *buf, unsigned int bytes)
{
    struct hvm_mode m no_auto_init;

    hvm_backend->get_mode(v, &m);
    return hvm_fetch_mode(v, &m, buf, bytes);
}
