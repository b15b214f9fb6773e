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
#define PFEC_RSVD  8u
#define SEG_ATTR_L 0x200u

bool hvm_is_64bit(const struct vcpu *v)
{
    struct hvm_segment cs;

    if (!(hvm_backend->get_reg(v, HVM_EFER) & EFER_LMA)) {
        return false;
    }
    hvm_backend->get_segment(v, SEG_CS, &cs);
    return (cs.attr & SEG_ATTR_L) != 0;
}

unsigned int hvm_cpl(const struct vcpu *v)
{
    struct hvm_segment ss;

    hvm_backend->get_segment(v, SEG_SS, &ss);
    return (ss.attr >> 5) & 3;
}

enum frame_use { USE_IT, DROP_WRITE, MARK_DIRTY };

/* The frame of @gaddr in the direct map; NULL: no memory. */
static void *look_up(struct vcpu *v, uint64_t gaddr, enum frame_use *use)
{
    struct hvm_vcpu *h = v->hvm;
    uint64_t gfn = gaddr >> PAGE_SHIFT;
    enum p2m_type t;
    mfn_t mfn = p2m_lookup(v->domain, gfn, &t);

    if (t == P2M_NONE || t == P2M_MMIO) {
        return NULL;
    }
    *use = t == P2M_RAM_RO || t == P2M_FOREIGN_RO ? DROP_WRITE
         : t == P2M_RAM_LOGDIRTY ? MARK_DIRTY : USE_IT;
    if (t == P2M_RAM) {
        h->near[gfn % HVM_NEAR].gfn = gfn + 1;
        h->near[gfn % HVM_NEAR].va = mfn_to_virt(mfn);
    }
    return mfn_to_virt(mfn);
}

/*
 * The same, remembered while nothing is taken out of the p2m: who does that
 * counts flush_gen up before it waits for an interrupt on this CPU, which
 * cannot come until we are done.
 */
static void *frame_at(struct vcpu *v, uint64_t gaddr, enum frame_use *use)
{
    struct hvm_vcpu *h = v->hvm;
    uint64_t gfn = gaddr >> PAGE_SHIFT;
    uint32_t gen = atomic_load(&v->domain->hvm->flush_gen);

    if (h->near_gen != gen) {
        memset(h->near, 0, sizeof(h->near));
        h->near_gen = gen;
    }
    if (h->near[gfn % HVM_NEAR].gfn == gfn + 1) {
        *use = USE_IT;
        return h->near[gfn % HVM_NEAR].va;
    }
    return look_up(v, gaddr, use);
}

/* ---- the walk ---------------------------------------------------------------------- */

struct mode {
    unsigned int levels, bits;        /* 0 levels: no paging */
    uint64_t root;
    bool wide, nx;
};

static struct mode mode_of(const struct vcpu *v)
{
    uint64_t cr0 = hvm_backend->get_reg(v, HVM_CR0);
    uint64_t cr4 = hvm_backend->get_reg(v, HVM_CR4);
    uint64_t efer = hvm_backend->get_reg(v, HVM_EFER);
    uint64_t cr3 = hvm_backend->get_reg(v, HVM_CR3);
    struct mode m = { 0, 10, cr3 & 0xfffff000u, false, false };

    if (!(cr0 & X86_CR0_PG)) {
        return m;
    }
    m.levels = 2;
    if (cr4 & X86_CR4_PAE) {
        m.wide = true;
        m.bits = 9;
        m.nx = (efer & EFER_NXE) != 0;
        m.levels = !(efer & EFER_LMA) ? 3 : cr4 & CR4_LA57 ? 5 : 4;
        m.root = m.levels == 3 ? cr3 & 0xffffffe0u : cr3 & PTE_ADDR;
    }
    return m;
}

/* Accessed, and dirty for the last entry of a write, as the CPU would. */
static void mark(void *slot, bool wide, uint64_t e, uint64_t bits)
{
    uint32_t old32 = (uint32_t)e;

    if ((e & bits) == bits) {
        return;
    }
    if (wide) {
        (void)atomic_cmpxchg((uint64_t *)slot, &e, e | bits);
    } else {
        (void)atomic_cmpxchg((uint32_t *)slot, &old32,
                             old32 | (uint32_t)bits);
    }
}

static bool allowed(struct vcpu *v, uint64_t rights, bool nx, unsigned int how)
{
    if ((how & HVM_USER) && !(rights & PTE_US)) {
        return false;
    }
    if ((how & HVM_WRITE) && !(rights & PTE_RW) &&
        ((how & HVM_USER) ||
         (hvm_backend->get_reg(v, HVM_CR0) & X86_CR0_WP))) {
        return false;
    }
    return !((how & HVM_FETCH) && nx);
}

/* The entry for @linear in the table at @table; NULL: not in memory. */
static void *entry_at(struct vcpu *v, const struct mode *m,
                      uint64_t table, uint64_t linear, unsigned int level,
                      uint64_t *e)
{
    unsigned int shift = PAGE_SHIFT + (level - 1) * m->bits;
    uint64_t i = (linear >> shift) & ((1u << m->bits) - 1);
    enum frame_use use;
    char *page = frame_at(v, table, &use);
    void *slot;

    if (page == NULL) {
        return NULL;
    }
    slot = page + (table & ~PAGE_MASK) + i * (m->wide ? 8 : 4);
    *e = m->wide ? READ_ONCE(*(uint64_t *)slot) : READ_ONCE(*(uint32_t *)slot);
    return slot;
}

/* Interrupts are off: the tables stay where they are. */
static int walk(struct vcpu *v, uint64_t linear, unsigned int how,
                uint64_t *gaddr, uint32_t *pfec)
{
    struct mode m = mode_of(v);
    uint64_t table = m.root, rights = PTE_RW | PTE_US, e = 0, mask;
    bool nx = false;

    *pfec = how & ~(m.nx ? 0u : (unsigned int)HVM_FETCH);
    if (m.levels == 0) {
        *gaddr = linear & 0xffffffffu;
        return 0;
    }
    if (m.levels >= 4 && !is_canonical(linear)) {
        return -EFAULT;
    }
    for (unsigned int level = m.levels;; level--) {
        bool top_pae = m.levels == 3 && level == 3;
        void *slot = entry_at(v, &m, table, linear, level, &e);
        bool leaf;

        if (slot == NULL || !(e & PTE_P)) {
            return -EFAULT;
        }
        leaf = level == 1 || (level <= 3 && !top_pae && (e & PTE_PSE));
        if (!top_pae) {
            rights &= e;
            nx |= m.nx && (e & PTE_NX) != 0;
        }
        if (leaf && !allowed(v, rights, nx, how)) {
            *pfec |= PFEC_P;
            return -EFAULT;
        }
        if (!top_pae) {
            mark(slot, m.wide, e,
                 leaf && (how & HVM_WRITE) ? PTE_A | PTE_D : PTE_A);
        }
        if (leaf) {
            mask = (1ull << (PAGE_SHIFT + (level - 1) * m.bits)) - 1;
            break;
        }
        table = e & PTE_ADDR;
    }
    *gaddr = (e & PTE_ADDR & ~mask) | (linear & mask);
    return 0;
}

int hvm_walk(struct vcpu *v, uint64_t linear, unsigned int how,
             uint64_t *gaddr, uint32_t *pfec)
{
    unsigned long flags = local_irq_save();
    int rc = walk(v, linear, how, gaddr, pfec);

    local_irq_restore(flags);
    return rc;
}

/* ---- copies --------------------------------------------------------------------------- */

/* Interrupts off.  @use: what else is to do after a write. */
static bool copy_in_page(struct vcpu *v, uint64_t gaddr, void *buf, size_t n,
                         bool write, enum frame_use *use)
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
static void after_copy(struct vcpu *v, uint64_t gaddr, bool write,
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
        bool ok = copy_in_page(v, gaddr, at, n, write, &use);

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

size_t hvm_copy_linear(struct vcpu *v, uint64_t linear, void *buf,
                       size_t bytes, unsigned int how, uint32_t *pfec)
{
    char *at = buf;

    *pfec = 0;
    while (bytes != 0) {
        size_t n = min(bytes, PAGE_SIZE - (linear & ~PAGE_MASK));
        unsigned long flags = local_irq_save();
        bool write = (how & HVM_WRITE) != 0;
        enum frame_use use = USE_IT;
        uint64_t gaddr = 0;
        bool ok = walk(v, linear, how, &gaddr, pfec) == 0;

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

unsigned int hvm_fetch(struct vcpu *v, uint8_t *buf, unsigned int bytes)
{
    uint64_t at = guest_cpu_regs()->rip;
    struct hvm_segment cs;
    uint32_t pfec;

    if (!hvm_is_64bit(v)) {
        hvm_backend->get_segment(v, SEG_CS, &cs);
        at = (cs.base + at) & 0xffffffffu;
    }
    return bytes - (unsigned int)hvm_copy_linear(v, at, buf, bytes,
        HVM_FETCH | (hvm_cpl(v) == 3 ? HVM_USER : 0), &pfec);
}
