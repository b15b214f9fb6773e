/* SPDX-License-Identifier: MIT */
/*
 * mm/map.c - page tables of the hypervisor's own range.
 *
 * Owns    idle_l4 and every table below it.  Tables come from the early
 *         allocator during boot, then from the buddy allocator; they are
 *         never freed, so that L4 copies in guests stay in step.
 * Locks   a leaf belongs to who took its address; the tables above are
 *         shared, and a new one goes in by compare-and-swap.
 * Tests   tests/unit/mm/test_map.c
 */
#include <mm/map.h>

#include <arch/atomic.h>
#include <arch/cpu.h>
#include <arch/sections.h>

#include <core/boot_info.h>
#include <core/lock.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <hv/errno.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/early.h>
#include <mm/frame_table.h>
#include <mm/frame_table_init.h>
#include <mm/map_boot.h>
#include <mm/tlb_flush.h>

#define L2_FRAMES  512ul
#define L3_FRAMES  (512ul * 512)
#define SLOT_BYTES ((uint64_t)STACK_SIZE)
#define VMAP_SLOTS 8192u             /* 512 MiB of stacks and MMIO */

pte_t idle_l4[PT_ENTRIES] aligned(4096);

static spinlock_t lock = SPINLOCK_INIT(LOCK_LEAF);
static uint64_t vmap_used[VMAP_SLOTS / 64];   /* [L] one bit per slot */
static bool booting = true;

static mfn_t frame_alloc(void)
{
    return booting ? maddr_to_mfn(early_alloc(PAGE_SIZE, PAGE_SIZE))
                   : buddy_alloc(0);
}

static pte_t *table_of(pte_t e)
{
    return mfn_to_virt(pte_mfn(e));
}

/* The new table @m takes the place of @old, unless another CPU had the same
 * thought: then its table stays. */
static void install(pte_t *e, pte_t old, mfn_t m, uint64_t flags)
{
    if (!atomic_cmpxchg(e, &old, pte_make(m, PTE_P | PTE_RW | PTE_A |
                                             (flags & PTE_US)))) {
        buddy_free(m, 0);
    }
}

/* A superpage becomes a table of 512 smaller pages of the same right. */
static int split(pte_t *e, pte_t old, unsigned int level)
{
    uint64_t step = level == 3 ? L2_FRAMES : 1;
    pte_t flags = old & PTE_FLAGS, *t;
    mfn_t m = frame_alloc();

    if (mfn_eq(m, INVALID_MFN)) {
        return -ENOMEM;
    }
    t = mfn_to_virt(m);
    if (level == 2) {
        flags &= ~PTE_PSE;
    }
    for (uint64_t i = 0; i < PT_ENTRIES; i++) {
        t[i] = pte_make(mfn_add(pte_mfn(old), i * step), flags);
    }
    install(e, old, m, flags);
    return 0;
}

/* The entry of @va at @level, with tables above it made as needed. */
static pte_t *entry_of(uint64_t va, unsigned int level, uint64_t flags)
{
    pte_t *e = &idle_l4[PT_INDEX(va, 4)];

    for (unsigned int l = 4; l > level; l--) {
        pte_t old = atomic_load(e);

        if (!(old & PTE_P)) {
            mfn_t m = frame_alloc();

            if (mfn_eq(m, INVALID_MFN)) {
                return NULL;
            }
            memset(mfn_to_virt(m), 0, PAGE_SIZE);
            install(e, old, m, flags);
        } else if ((old & PTE_PSE) && split(e, old, l) != 0) {
            return NULL;
        }
        e = &table_of(atomic_load(e))[PT_INDEX(va, l - 1)];
    }
    return e;
}

static unsigned int level_for(uint64_t va, mfn_t mfn, uint64_t nr)
{
    uint64_t align = (va >> PAGE_SHIFT) | mfn_x(mfn);

    if (nr >= L3_FRAMES && align % L3_FRAMES == 0 &&
        has_cpu(X86_FEATURE_PAGE1GB)) {
        return 3;
    }
    return nr >= L2_FRAMES && align % L2_FRAMES == 0 ? 2 : 1;
}

/* Map @nr frames at a fixed linear address of our range. */
static int map_range(uint64_t va, mfn_t mfn, uint64_t nr, uint64_t flags)
{
    BUG_ON((flags & PTE_RW) && !(flags & PTE_NX));        /* INV-MAP1 */
    while (nr != 0) {
        unsigned int level = level_for(va, mfn, nr);
        uint64_t n = level == 3 ? L3_FRAMES : level == 2 ? L2_FRAMES : 1;
        pte_t *e = entry_of(va, level, flags);

        if (e == NULL) {
            return -ENOMEM;
        }
        *e = pte_make(mfn, flags | (level > 1 ? PTE_PSE : 0));
        va += n << PAGE_SHIFT;
        mfn = mfn_add(mfn, n);
        nr -= n;
    }
    return 0;
}

/* The entry that maps @va, or the one at the highest level that maps nothing;
 * *@frames: how many frames one at its level covers. */
static pte_t *lookup(uint64_t va, uint64_t *frames)
{
    pte_t *e = &idle_l4[PT_INDEX(va, 4)];
    unsigned int l = 4;

    while (l > 1 && (atomic_load(e) & (PTE_P | PTE_PSE)) == PTE_P) {
        l--;
        e = &table_of(atomic_load(e))[PT_INDEX(va, l)];
    }
    *frames = 1ull << (9 * (l - 1));
    return e;
}

/* Takes no memory, unless a large page goes in part. */
static void clear_entries(uint64_t va, uint64_t nr)
{
    while (nr != 0) {
        uint64_t frames, n;
        pte_t *e = lookup(va, &frames);

        n = min(nr, frames - (va >> PAGE_SHIFT) % frames);
        if ((atomic_load(e) & PTE_P) && n != frames) {
            n = 1;
            e = entry_of(va, 1, 0);
            BUG_ON(e == NULL);
        }
        if (atomic_load(e) & PTE_P) {
            atomic_store_relaxed(e, 0);
        }
        va += n << PAGE_SHIFT;
        nr -= n;
    }
}

static void unmap_range(uint64_t va, uint64_t nr)
{
    clear_entries(va, nr);
    tlb_flush_global_all();
}

/* ---- the vmap range --------------------------------------------------- */

static bool slots_free(unsigned int first, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++) {
        if (test_bit(first + i, vmap_used)) {
            return false;
        }
    }
    return true;
}

/* First fit; returns the linear address or 0. */
static uint64_t vmap_take(unsigned int nr)
{
    unsigned long flags = spin_lock_irqsave(&lock);
    uint64_t va = 0;

    for (unsigned int i = 0; i + nr <= VMAP_SLOTS && va == 0; i++) {
        if (slots_free(i, nr)) {
            for (unsigned int j = 0; j < nr; j++) {
                set_bit(i + j, vmap_used);
            }
            va = VMAP_VIRT + i * SLOT_BYTES;
        }
    }
    spin_unlock_irqrestore(&lock, flags);
    return va;
}

static void vmap_give(uint64_t va, unsigned int nr)
{
    unsigned int first = (unsigned int)((va - VMAP_VIRT) / SLOT_BYTES);

    for (unsigned int i = 0; i < nr; i++) {
        clear_bit(first + i, vmap_used);
    }
}

static unsigned int slots_for(uint64_t bytes)
{
    return (unsigned int)(ROUND_UP(bytes, SLOT_BYTES) / SLOT_BYTES);
}

static void *map_phys(uint64_t maddr, uint64_t bytes, uint64_t flags)
{
    uint64_t off = maddr & ~PAGE_MASK, size = ROUND_UP(bytes + off, PAGE_SIZE);
    uint64_t va = size > VMAP_SLOTS * SLOT_BYTES ? 0
                  : vmap_take(slots_for(size));

    if (va == 0) {
        return NULL;
    }
    if (map_range(va, maddr_to_mfn(maddr), size >> PAGE_SHIFT, flags) != 0) {
        unmap_range(va, size >> PAGE_SHIFT);
        vmap_give(va, slots_for(size));
        return NULL;
    }
    return (char *)va + off;
}

void *map_mmio(uint64_t maddr, uint64_t bytes)
{
    return map_phys(maddr, bytes, HV_MMIO);
}

const void *map_firmware(uint64_t maddr, uint64_t bytes)
{
    return map_phys(maddr, bytes, HV_RODATA);
}

void unmap_mmio(void *p, uint64_t bytes)
{
    uint64_t va = (uint64_t)p & PAGE_MASK, off = (uint64_t)p & ~PAGE_MASK;
    uint64_t size = ROUND_UP(bytes + off, PAGE_SIZE);

    unmap_range(va, size >> PAGE_SHIFT);
    vmap_give(va, slots_for(size));
}

/* Pages of a stack that exist: see core/percpu.h. */
static bool stack_page_used(unsigned int page)
{
    return page >= 9 || page % 2 == 1;
}

static void map_stack_free(void *base)
{
    uint64_t va = (uint64_t)base;

    for (unsigned int i = 0; i < SLOT_BYTES / PAGE_SIZE; i++) {
        pte_t *e = entry_of(va + i * PAGE_SIZE, 1, 0);

        if (e != NULL && (*e & PTE_P)) {
            mfn_t m = pte_mfn(*e);

            unmap_range(va + i * PAGE_SIZE, 1);
            buddy_free(m, 0);
        }
    }
    vmap_give(va, 1);
}

void *map_stack_alloc(void)
{
    uint64_t va = vmap_take(1);

    for (unsigned int i = 0; va != 0 && i < SLOT_BYTES / PAGE_SIZE; i++) {
        mfn_t m;

        if (!stack_page_used(i)) {
            continue;
        }
        m = frame_alloc();
        if (mfn_eq(m, INVALID_MFN) ||
            map_range(va + i * PAGE_SIZE, m, 1, HV_DATA) != 0) {
            map_stack_free((void *)va);
            return NULL;
        }
        memset(mfn_to_virt(m), 0, PAGE_SIZE);
    }
    return (void *)va;
}

/* ---- W^X check ---------------------------------------------------------- */

static uint64_t count_table(const pte_t *t, unsigned int level,
                            unsigned int first, unsigned int last)
{
    uint64_t n = 0;

    for (unsigned int i = first; i <= last; i++) {
        if (!(t[i] & PTE_P)) {
            continue;
        }
        if (level > 1 && !(t[i] & PTE_PSE)) {
            n += count_table(table_of(t[i]), level - 1, 0, PT_ENTRIES - 1);
        } else {
            n += (t[i] & PTE_RW) && !(t[i] & PTE_NX);
        }
    }
    return n;
}

uint64_t map_count_wx(void)
{
    return count_table(idle_l4, 4, HV_SLOT_FIRST, HV_SLOT_LAST);
}

/* ---- boot ---------------------------------------------------------------- */

static uint64_t boot_text image_maddr(const void *p)
{
    return boot_phys_base + (uint64_t)((const char *)p - _image_start);
}

static void boot_text map_boot(uint64_t va, uint64_t maddr, uint64_t bytes,
                               uint64_t flags)
{
    if (map_range(va, maddr_to_mfn(maddr), ROUND_UP(bytes, PAGE_SIZE) >>
                  PAGE_SHIFT, flags) != 0) {
        panic("no memory to map %#lx", va);
    }
}

static void boot_text map_section(const char *start, const char *end,
                                  uint64_t flags)
{
    map_boot((uint64_t)start, image_maddr(start), (uint64_t)(end - start),
             flags);
}

static void boot_text map_image(void)
{
    map_section(_image_start, _boot_data_start, HV_TEXT);
    map_section(_boot_data_start, _text_start, HV_DATA);
    map_section(_text_start, _rodata_start, HV_TEXT);   /* and .sysentry */
    map_section(_rodata_start, _rodata_end, HV_RODATA);
    map_section(_rodata_end, _image_end, HV_DATA);
    /* Our code must not be writable through its alias either. */
    map_boot(DIRECTMAP_VIRT + image_maddr(_text_start),
             image_maddr(_text_start), (uint64_t)(_text_end - _text_start),
             HV_RODATA);
    map_boot(DIRECTMAP_VIRT + image_maddr(_rodata_start),
             image_maddr(_rodata_start),
             (uint64_t)(_rodata_end - _rodata_start), HV_RODATA);
}

static void boot_text map_ram(void)
{
    const struct e820_map *m = &boot_info.e820;

    for (uint32_t i = 0; i < m->nr; i++) {
        uint64_t start = ROUND_UP(m->e[i].addr, PAGE_SIZE);
        uint64_t end = ROUND_DOWN(m->e[i].addr + m->e[i].size, PAGE_SIZE);

        end = min(end, DIRECTMAP_SIZE);
        if (m->e[i].type == E820_RAM && start < end) {
            map_boot(DIRECTMAP_VIRT + start, start, end - start, HV_DATA);
        }
    }
}

/* Back [va, va+bytes) with new RAM by 2 MiB pages; also at @alias, if any,
 * for guests to read. */
static void boot_text back_table(uint64_t va, uint64_t bytes, uint64_t alias)
{
    for (uint64_t off = 0; off < bytes; off += L2_FRAMES << PAGE_SHIFT) {
        uint64_t maddr = early_alloc(L2_FRAMES << PAGE_SHIFT,
                                     L2_FRAMES << PAGE_SHIFT);

        map_boot(va + off, maddr, L2_FRAMES << PAGE_SHIFT, HV_DATA);
        if (alias != 0) {
            map_boot(alias + off, maddr, L2_FRAMES << PAGE_SHIFT,
                     PTE_P | PTE_A | PTE_D | PTE_US | PTE_NX);
        }
    }
}

void boot_text map_init(void)
{
    uint64_t nr_frames = early_end_mfn();

    map_ram();
    map_image();
    back_table(FRAMETABLE_VIRT, nr_frames * sizeof(struct page_info), 0);
    back_table(RW_M2P_VIRT, nr_frames * 8, RO_M2P_VIRT);
    /* The L3 of the vmap range must exist before L4s are copied. */
    if (entry_of(VMAP_VIRT, 1, 0) == NULL) {
        panic("no memory for the vmap range");
    }
    write_cr3(image_maddr(idle_l4));
    frame_table_init(nr_frames);
    early_for_each_ram(frame_table_set_ram);
    memset((void *)RW_M2P_VIRT, 0xff, nr_frames * 8);
}

void boot_text map_use_buddy(void)
{
    booting = false;
}

uint64_t map_idle_cr3(void)
{
    return boot_phys_base + (uint64_t)((char *)idle_l4 - _image_start);
}

static void discard(const char *start, const char *end)
{
    uint64_t maddr = boot_phys_base + (uint64_t)(start - _image_start);

    clear_entries((uint64_t)start, (uint64_t)(end - start) >> PAGE_SHIFT);
    buddy_add_range(maddr_to_mfn(maddr),
                    maddr_to_mfn(maddr + (uint64_t)(end - start)));
}

void map_discard_boot(void)
{
    discard(_image_start, _text_start);
    discard(_data_end, _image_end);
    tlb_flush_global_all();
}
