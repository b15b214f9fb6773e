/* SPDX-License-Identifier: MIT */
/*
 * Tests of hvm/guest_walk: page tables of a guest in each paging mode, its
 * rights, accessed and dirty bits, and tables that lead out of its memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arch/cpu.h>
#include <arch/paging.h>
#include <domains.h>
#include <fake.h>
#include <hvm/guest_walk.h>
#include <hvm/hvm_domain.h>
#include <p2m/format.h>

#define EFER_NX  0x800ull
#define EFER_LA  0x400ull
#define GFNS     64u

static struct domain *d;
static struct vcpu *v;
static struct hvm_domain hd;
static struct hvm_vcpu hv;
static uint64_t regs[NR_HVM_REGS];
static struct hvm_segment segs[NR_HVM_SEGS];
static mfn_t frames[GFNS];

static uint64_t get_reg(const struct vcpu *unused, enum hvm_reg r)
{
    return regs[r];
}

static void get_segment(const struct vcpu *unused, enum hvm_seg s,
                        struct hvm_segment *out)
{
    *out = segs[s];
}

static void get_mode(const struct vcpu *unused, struct hvm_mode *m)
{
    m->cr3 = regs[HVM_CR3];
    m->bits = hvm_mode_bits(regs[HVM_CR0], regs[HVM_CR4], regs[HVM_EFER]);
    m->cpl = (segs[SEG_SS].attr >> 5) & 3;
    m->code64 = (regs[HVM_EFER] & EFER_LA) && (segs[SEG_CS].attr & 0x200);
}

static const struct hvm_backend backend = {
    .get_reg = get_reg, .get_segment = get_segment, .get_mode = get_mode,
};
const struct hvm_backend *hvm_backend = &backend;

static void flush(struct domain *unused)
{
    hd.flush_gen++;
}

/* gfn n of the guest, as it sees it. */
static void *page(unsigned int gfn)
{
    return mfn_to_virt(frames[gfn]);
}

static uint64_t *table(unsigned int gfn)
{
    return page(gfn);
}

static int set_up(void **state)
{
    fake_reset(1);
    p2m_format = &p2m_format_npt;
    p2m_limit = 1ull << 28;
    d = test_domain(1, 1, NULL);
    v = d->vcpu[0];
    hv = (struct hvm_vcpu){ 0 };
    v->hvm = &hv;
    hd = (struct hvm_domain){ 0 };
    v->domain->hvm = &hd;
    memset(regs, 0, sizeof(regs));
    memset(segs, 0, sizeof(segs));
    if (p2m_init(d, flush) != 0) {
        return -1;
    }
    for (unsigned int i = 0; i < GFNS; i++) {
        frames[i] = fake_frame_of(1);
        if (p2m_set(d, i, frames[i], 0, P2M_RAM) != 0) {
            return -1;
        }
    }
    test_become(v);
    return 0;
}

static int tear_down(void **state)
{
    p2m_free(d);
    test_domains_free();
    return 0;
}

/* 4-level: PML4 1, PDPT 2, PD 3, PT 4; linear 0x5000 -> gfn 10. */
static void long_mode(void)
{
    regs[HVM_CR0] = X86_CR0_PG | X86_CR0_WP;
    regs[HVM_CR4] = X86_CR4_PAE;
    regs[HVM_EFER] = EFER_LA | EFER_NX;
    regs[HVM_CR3] = 0x1000;
    segs[SEG_CS].attr = 0x200;
    table(1)[0] = 0x2000 | PTE_P | PTE_RW | PTE_US;
    table(2)[0] = 0x3000 | PTE_P | PTE_RW | PTE_US;
    table(3)[0] = 0x4000 | PTE_P | PTE_RW | PTE_US;
    table(4)[5] = 0xa000 | PTE_P | PTE_RW | PTE_US;
}

/* Where @linear is; -1: a fault with *@pfec. */
static int64_t at(uint64_t linear, unsigned int how, uint32_t *pfec)
{
    struct hvm_mode m;
    uint64_t gaddr;

    get_mode(v, &m);
    return hvm_walk(v, &m, linear, how, &gaddr, pfec) == 0 ? (int64_t)gaddr
                                                           : -1;
}

static void without_paging_linear_is_physical(void **state)
{
    uint32_t e;

    assert_int_equal(at(0x5123, HVM_READ, &e), 0x5123);
    assert_int_equal(at(0x100005123, HVM_READ, &e), 0x5123);
}

static void four_levels_and_both_large_pages(void **state)
{
    uint32_t e;

    long_mode();
    assert_int_equal(at(0x5123, HVM_READ, &e), 0xa123);
    table(3)[1] = 0x600000 | PTE_P | PTE_PSE;
    assert_int_equal(at(0x212345, HVM_READ, &e), 0x612345);
    table(2)[1] = 0x80000000 | PTE_P | PTE_PSE;
    assert_int_equal(at(0x40123456, HVM_READ, &e), 0x80123456);
    assert_int_equal(at(0x7000, HVM_READ, &e), -1);
    assert_int_equal(e, 0);
    assert_int_equal(at(1ull << 50, HVM_READ, &e), -1);
}

static void two_levels_and_pae(void **state)
{
    uint32_t e, *dir = page(1), *pt = page(2);

    regs[HVM_CR0] = X86_CR0_PG;
    regs[HVM_CR3] = 0x1000;
    dir[0] = 0x2000 | PTE_P | PTE_RW | PTE_US;
    pt[7] = 0xb000 | PTE_P | PTE_RW | PTE_US;
    assert_int_equal(at(0x7042, HVM_READ, &e), 0xb042);
    dir[1] = 0x00400000 | PTE_P | PTE_PSE;
    assert_int_equal(at(0x00654321, HVM_READ, &e), 0x00654321);

    regs[HVM_CR4] = X86_CR4_PAE;
    regs[HVM_CR3] = 0x5020;                   /* 32-byte aligned */
    table(5)[4] = 0x6000 | PTE_P;
    table(6)[0] = 0x7000 | PTE_P | PTE_RW | PTE_US;
    table(7)[3] = 0xc000 | PTE_P | PTE_US;
    assert_int_equal(at(0x3042, HVM_READ | HVM_USER, &e), 0xc042);
}

static void rights_are_the_least_of_all_levels(void **state)
{
    uint32_t e;

    long_mode();
    assert_int_equal(at(0x5000, HVM_WRITE | HVM_USER, &e), 0xa000);
    table(2)[0] &= ~PTE_RW;
    assert_int_equal(at(0x5000, HVM_WRITE, &e), -1);
    assert_int_equal(e, 1 | HVM_WRITE);
    regs[HVM_CR0] &= ~X86_CR0_WP;
    assert_int_equal(at(0x5000, HVM_WRITE, &e), 0xa000);
    assert_int_equal(at(0x5000, HVM_WRITE | HVM_USER, &e), -1);
    table(3)[0] &= ~PTE_US;
    assert_int_equal(at(0x5000, HVM_READ | HVM_USER, &e), -1);
    assert_int_equal(e, 1 | HVM_USER);
    table(4)[5] |= PTE_NX;
    assert_int_equal(at(0x5000, HVM_FETCH, &e), -1);
    assert_int_equal(e, 1 | HVM_FETCH);
    regs[HVM_EFER] &= ~EFER_NX;
    assert_int_equal(at(0x5000, HVM_FETCH, &e), 0xa000);
}

static void accessed_and_dirty_as_the_cpu_sets_them(void **state)
{
    uint32_t e;

    long_mode();
    assert_int_equal(at(0x5000, HVM_READ, &e), 0xa000);
    assert_int_equal(table(1)[0] & (PTE_A | PTE_D), PTE_A);
    assert_int_equal(table(4)[5] & (PTE_A | PTE_D), PTE_A);
    assert_int_equal(at(0x5000, HVM_WRITE, &e), 0xa000);
    assert_int_equal(table(4)[5] & (PTE_A | PTE_D), PTE_A | PTE_D);
    assert_int_equal(table(3)[0] & PTE_D, 0);
}

static void tables_outside_of_its_memory_are_a_fault(void **state)
{
    uint32_t e;

    long_mode();
    table(2)[0] = 0x7fffff000 | PTE_P | PTE_RW;
    assert_int_equal(at(0x5000, HVM_READ, &e), -1);
    regs[HVM_CR3] = 0xffffffffff000;
    assert_int_equal(at(0x5000, HVM_READ, &e), -1);
}

static void copies_cross_pages_and_stop_at_the_first_bad_one(void **state)
{
    uint8_t buf[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, back[8] = { 0 };
    uint32_t e;

    long_mode();
    table(4)[6] = 0xd000 | PTE_P | PTE_RW | PTE_US;
    assert_int_equal(hvm_copy_linear(v, 0x5ffc, buf, 8, HVM_WRITE, &e), 0);
    assert_memory_equal((char *)page(10) + 0xffc, buf, 4);
    assert_memory_equal(page(13), buf + 4, 4);
    assert_int_equal(hvm_copy_linear(v, 0x5ffc, back, 8, HVM_READ, &e), 0);
    assert_memory_equal(back, buf, 8);
    assert_int_equal(hvm_copy_linear(v, 0x6ffc, buf, 8, HVM_WRITE, &e), 4);
    assert_int_equal(fake_locks_held, 0);
    assert_true(local_irqs_enabled());
}

static void writes_to_rom_are_dropped(void **state)
{
    uint8_t buf[4] = { 1, 2, 3, 4 };

    assert_int_equal(p2m_change_type(d, 10, P2M_RAM, P2M_RAM_RO), 0);
    assert_int_equal(hvm_copy_phys(v, 0xa000, buf, 4, true), 0);
    assert_int_equal(*(uint32_t *)page(10), 0);
    assert_int_equal(hvm_copy_phys(v, 0x9000000, buf, 4, true), 4);
}

/* What emulation writes shows in the dirty log as the guest's own does. */
static void a_write_to_a_logged_frame_marks_it(void **state)
{
    uint8_t buf[4] = { 1, 2, 3, 4 };
    enum p2m_type t;

    assert_int_equal(hvm_copy_phys(v, 0xa000, buf, 4, false), 0);
    assert_int_equal(p2m_clean_range(d, 10, 1), 1);
    p2m_flush(d);
    assert_int_equal(hvm_copy_phys(v, 0xa000, buf, 4, false), 0);
    (void)p2m_lookup(d, 10, &t);
    assert_int_equal(t, P2M_RAM_LOGDIRTY);
    assert_int_equal(hvm_copy_phys(v, 0xa000, buf, 4, true), 0);
    assert_int_equal(p2m_clean_range(d, 10, 1), 1);
    assert_int_equal(fake_locks_held, 0);
}

/* A frame that was used is not used any more once it has gone. */
static void a_removed_frame_is_not_remembered(void **state)
{
    uint8_t buf[4] = { 0 };

    assert_int_equal(hvm_copy_phys(v, 0xa000, buf, 4, false), 0);
    assert_int_equal(p2m_remove(d, 10, INVALID_MFN), 0);
    assert_int_equal(hvm_copy_phys(v, 0xa000, buf, 4, false), 4);
}

/* INV-HVM3: a walk that was made before sees each entry as it is now. */
static void a_changed_entry_of_any_level_is_seen(void **state)
{
    static const struct { unsigned int table, index; } levels[] = {
        { 1, 0 }, { 2, 0 }, { 3, 0 }, { 4, 5 },
    };
    uint32_t e;

    for (unsigned int i = 0; i < 4; i++) {
        uint64_t *entry = &table(levels[i].table)[levels[i].index], old;

        long_mode();
        assert_int_equal(at(0x5000, HVM_WRITE, &e), 0xa000);
        assert_int_equal(at(0x5000, HVM_WRITE, &e), 0xa000);
        old = *entry;
        *entry = 0;
        assert_int_equal(at(0x5000, HVM_READ, &e), -1);
        *entry = old & ~PTE_RW;
        assert_int_equal(at(0x5000, HVM_READ, &e), 0xa000);
        assert_int_equal(at(0x5000, HVM_WRITE, &e), -1);
        *entry = old & ~PTE_US;
        assert_int_equal(at(0x5000, HVM_READ, &e), 0xa000);
        assert_int_equal(at(0x5000, HVM_READ | HVM_USER, &e), -1);
        *entry = old | PTE_NX;
        assert_int_equal(at(0x5000, HVM_READ, &e), 0xa000);
        assert_int_equal(at(0x5000, HVM_FETCH, &e), -1);
        *entry = old;
    }
    table(4)[5] = 0xb000 | PTE_P | PTE_RW;
    assert_int_equal(at(0x5000, HVM_READ, &e), 0xb000);
    assert_int_equal(table(4)[5] & PTE_A, PTE_A);
    table(4)[5] &= ~PTE_A;
    assert_int_equal(at(0x5000, HVM_WRITE, &e), 0xb000);
    assert_int_equal(table(4)[5] & (PTE_A | PTE_D), PTE_A | PTE_D);
}

static void another_mode_or_root_is_another_walk(void **state)
{
    uint32_t e;

    long_mode();
    assert_int_equal(at(0x5000, HVM_READ, &e), 0xa000);
    table(20)[0] = 0x2000 | PTE_P;
    regs[HVM_CR3] = 0x14000;
    assert_int_equal(at(0x5000, HVM_WRITE, &e), -1);
    regs[HVM_CR3] = 0x1000;
    assert_int_equal(at(0x5000, HVM_WRITE, &e), 0xa000);
    table(4)[5] &= ~PTE_RW;
    regs[HVM_CR0] &= ~X86_CR0_WP;
    assert_int_equal(at(0x5000, HVM_WRITE, &e), 0xa000);
    regs[HVM_CR0] |= X86_CR0_WP;
    assert_int_equal(at(0x5000, HVM_WRITE, &e), -1);
    assert_int_equal(at(0x5000, HVM_READ, &e), 0xa000);
    regs[HVM_CR0] = 0;
    assert_int_equal(at(0x5000, HVM_READ, &e), 0x5000);
}

/* A table that is no longer the guest's is not read again. */
static void a_table_taken_away_ends_the_walk(void **state)
{
    uint32_t e;

    for (unsigned int t = 4; t >= 1; t--) {
        long_mode();
        assert_int_equal(at(0x5000, HVM_READ, &e), 0xa000);
        assert_int_equal(p2m_remove(d, t, INVALID_MFN), 0);
        assert_int_equal(at(0x5000, HVM_READ, &e), -1);
        assert_int_equal(p2m_set(d, t, frames[t], 0, P2M_RAM), 0);
    }
    /* Nor are entries in what can be changed under us. */
    assert_int_equal(p2m_change_type(d, 4, P2M_RAM, P2M_RAM_RO), 0);
    assert_int_equal(at(0x5000, HVM_READ, &e), 0xa000);
    assert_int_equal(v->hvm->walks[5].page, 0);
}

static void fetch_stops_where_the_code_ends(void **state)
{
    uint8_t buf[15];

    long_mode();
    guest_cpu_regs()->rip = 0x5ffa;
    assert_int_equal(hvm_fetch(v, buf, sizeof(buf)), 6);
    for (unsigned int i = 0; i < 64; i++) {
        ((uint8_t *)page(10))[0xfc0 + i] = (uint8_t)i;
    }
    for (unsigned int i = 0; i < 3; i++) {       /* the way is known */
        guest_cpu_regs()->rip = 0x5fef + i;
        assert_int_equal(hvm_fetch(v, buf, sizeof(buf)), 15);
        assert_int_equal(buf[0], 0x2f + i);
        assert_int_equal(buf[14], 0x3d + i);
    }
    guest_cpu_regs()->rip = 0x5ff2;
    assert_int_equal(hvm_fetch(v, buf, sizeof(buf)), 14);
    table(4)[5] |= PTE_NX;
    guest_cpu_regs()->rip = 0x5fe0;
    assert_int_equal(hvm_fetch(v, buf, sizeof(buf)), 0);
    assert_true(local_irqs_enabled());
    regs[HVM_CR0] = 0;
    regs[HVM_EFER] = 0;
    segs[SEG_CS] = (struct hvm_segment){ .base = 0x8000 };
    guest_cpu_regs()->rip = 0x10;
    *((uint8_t *)page(8) + 0x10) = 0xf4;
    assert_int_equal(hvm_fetch(v, buf, sizeof(buf)), 15);
    assert_int_equal(buf[0], 0xf4);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(without_paging_linear_is_physical),
        T(four_levels_and_both_large_pages),
        T(two_levels_and_pae),
        T(rights_are_the_least_of_all_levels),
        T(accessed_and_dirty_as_the_cpu_sets_them),
        T(tables_outside_of_its_memory_are_a_fault),
        T(copies_cross_pages_and_stop_at_the_first_bad_one),
        T(writes_to_rom_are_dropped),
        T(a_write_to_a_logged_frame_marks_it),
        T(a_removed_frame_is_not_remembered),
        T(a_changed_entry_of_any_level_is_seen),
        T(another_mode_or_root_is_another_walk),
        T(a_table_taken_away_ends_the_walk),
        T(fetch_stops_where_the_code_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
