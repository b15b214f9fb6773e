/* SPDX-License-Identifier: MIT */
/* Ranges, wires, PCI configuration space and windows. */
#include "bench.h"

#include <bus/irq.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>

static int start(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));

    bench_start(b);
    *state = b;
    return 0;
}

static int stop(void **state)
{
    bench_stop(*state);
    free(*state);
    return 0;
}

/* ---- a device that remembers ---------------------------------------------------- */

struct toy {
    uint64_t last_off, last_val;
    unsigned int last_bytes, reads, writes;
};

static uint64_t toy_read(void *dev, uint64_t off, unsigned int bytes)
{
    struct toy *t = dev;

    t->last_off = off;
    t->last_bytes = bytes;
    t->reads++;
    return 0x1122334455667788ull + off;
}

static void toy_write(void *dev, uint64_t off, unsigned int bytes,
                      uint64_t val)
{
    struct toy *t = dev;

    t->last_off = off;
    t->last_bytes = bytes;
    t->last_val = val;
    t->writes++;
}

static const struct range_ops toy_ops = { toy_read, toy_write };

static void accesses_reach_the_range_that_holds_them(void **state)
{
    struct bench *b = *state;
    struct toy t = { 0 };

    assert_int_equal(range_add(&b->m, RANGE_PORT, 0x300, 8, &toy_ops, &t), 0);
    assert_int_equal(range_read(&b->m, RANGE_PORT, 0x302, 2), 0x778a);
    assert_int_equal(t.last_off, 2);
    range_write(&b->m, RANGE_PORT, 0x304, 4, 0xaabbccddeeull);
    assert_int_equal(t.last_val, 0xbbccddee);
    assert_int_equal(range_read(&b->m, RANGE_PORT, 0x308, 1), 0xff);
    assert_int_equal(range_read(&b->m, RANGE_MMIO, 0x300, 4), 0xffffffff);
}

/* Two devices side by side: each is asked for its bytes only. */
static void an_access_across_two_ranges_is_made_of_bytes(void **state)
{
    struct bench *b = *state;
    struct toy low = { 0 }, high = { 0 };

    assert_int_equal(range_add(&b->m, RANGE_PORT, 0x300, 2, &toy_ops, &low),
                     0);
    assert_int_equal(range_add(&b->m, RANGE_PORT, 0x302, 2, &toy_ops, &high),
                     0);
    range_write(&b->m, RANGE_PORT, 0x301, 2, 0xbbaa);
    assert_int_equal(low.last_val, 0xaa);
    assert_int_equal(low.last_off, 1);
    assert_int_equal(high.last_val, 0xbb);
    assert_int_equal(high.last_off, 0);
}

static void ranges_do_not_overlap_nor_wrap(void **state)
{
    struct bench *b = *state;
    struct toy t;

    assert_int_equal(range_add(&b->m, RANGE_PORT, 0x300, 8, &toy_ops, &t), 0);
    assert_int_equal(range_add(&b->m, RANGE_PORT, 0x2ff, 2, &toy_ops, &t),
                     -EEXIST);
    assert_int_equal(range_add(&b->m, RANGE_PORT, 0x307, 1, &toy_ops, &t),
                     -EEXIST);
    assert_int_equal(range_add(&b->m, RANGE_PORT, 0x2f0, 0x40, &toy_ops, &t),
                     -EEXIST);
    assert_int_equal(range_add(&b->m, RANGE_PORT, 0xffff, 2, &toy_ops, &t),
                     -EINVAL);
    assert_int_equal(range_add(&b->m, RANGE_MMIO, UINT64_MAX, 2, &toy_ops,
                               &t), -EINVAL);
    range_del(&b->m, RANGE_PORT, 0x300, &t);
    assert_int_equal(range_add(&b->m, RANGE_PORT, 0x2ff, 2, &toy_ops, &t), 0);
}

/* What the hypervisor refuses is not in our table either. */
static void a_refused_range_is_nobodys(void **state)
{
    struct bench *b = *state;
    struct toy t = { 0 };

    b->refuse_ranges = true;
    assert_int_equal(range_add(&b->m, RANGE_PORT, 0x300, 8, &toy_ops, &t),
                     -ENOSPC);
    b->refuse_ranges = false;
    assert_int_equal(range_read(&b->m, RANGE_PORT, 0x300, 1), 0xff);
    assert_int_equal(t.reads, 0);
}

/* ---- wires ------------------------------------------------------------------------ */

static void only_changes_become_hypercalls(void **state)
{
    struct bench *b = *state;

    irq_isa(&b->m, 4, true);
    irq_isa(&b->m, 4, true);
    irq_isa(&b->m, 4, false);
    irq_isa(&b->m, 99, true);
    assert_int_equal(b->isa_calls, 2);
}

static void functions_share_a_pin(void **state)
{
    struct bench *b = *state;

    irq_pci(&b->m, PCI_DEVFN(3, 0), 0, true);
    irq_pci(&b->m, PCI_DEVFN(3, 1), 0, true);
    irq_pci(&b->m, PCI_DEVFN(3, 0), 0, false);
    assert_int_equal(b->pci[3][0], 1);
    irq_pci(&b->m, PCI_DEVFN(3, 1), 0, false);
    assert_int_equal(b->pci[3][0], 0);
}

/* ---- configuration space ------------------------------------------------------------- */

#define TOY_FN PCI_DEVFN(5, 0)

static struct pci_dev *toy_card(struct bench *b, struct toy *t)
{
    struct pci_dev *p = calloc(1, sizeof(*p));

    pci_dev_init(p, "toy", TOY_FN, 0x1234, 0x5678, 0x020000, 7, 1);
    p->bar[0] = (struct pci_bar) { .kind = PCI_BAR_MMIO, .size = 0x20000,
                                   .ops = &toy_ops };
    p->bar[1] = (struct pci_bar) { .kind = PCI_BAR_PORT, .size = 0x40,
                                   .ops = &toy_ops };
    p->bar[2] = (struct pci_bar) { .kind = PCI_BAR_RAM, .size = 0x10000,
                                   .prefetch = true };
    p->rom = (struct pci_bar) { .kind = PCI_BAR_MMIO, .size = 0x8000,
                                .ops = &toy_ops };
    p->dev = t;
    assert_int_equal(pci_add(&b->m, p), 0);
    return p;
}

static void ids_are_read_only_and_absent_functions_read_ones(void **state)
{
    struct bench *b = *state;
    struct toy t = { 0 };
    struct pci_dev *p = toy_card(b, &t);

    bench_cfg_set(b, TOY_FN, 0, 4, 0);
    assert_int_equal(bench_cfg(b, TOY_FN, 0, 4), 0x56781234);
    assert_int_equal(bench_cfg(b, TOY_FN, 2, 2), 0x5678);
    assert_int_equal(bench_cfg(b, TOY_FN, 8, 4), 0x02000007);
    assert_int_equal(bench_cfg(b, PCI_DEVFN(6, 0), 0, 4), 0xffffffff);
    bench_out(b, 0xcf8, 4, TOY_FN << 8);             /* not enabled */
    assert_int_equal(bench_in(b, 0xcfc, 4), 0xffffffff);
    pci_remove(&b->m, p);
    assert_int_equal(bench_cfg(b, TOY_FN, 0, 4), 0xffffffff);
    free(p);
}

static void a_register_tells_the_size_of_its_window(void **state)
{
    struct bench *b = *state;
    struct toy t = { 0 };
    struct pci_dev *p = toy_card(b, &t);
    static const uint32_t sizes[] = { 0xfffe0000, 0xffffffc1, 0xffff0008, 0 };
    unsigned int i;

    bench_cfg_set(b, TOY_FN, 4, 2, 7);
    for (i = 0; i < 4; i++) {
        bench_cfg_set(b, TOY_FN, (uint8_t)(0x10 + i * 4), 4, 0xffffffff);
        assert_int_equal(bench_cfg(b, TOY_FN, (uint8_t)(0x10 + i * 4), 4),
                         sizes[i]);
    }
    bench_cfg_set(b, TOY_FN, 0x30, 4, 0xfffffffe);
    assert_int_equal(bench_cfg(b, TOY_FN, 0x30, 4), 0xffff8000);
    assert_true(p->bar[0].at == PCI_NOWHERE && p->bar[1].at == PCI_NOWHERE);
    pci_remove(&b->m, p);
    free(p);
}

static void a_window_follows_its_registers(void **state)
{
    struct bench *b = *state;
    struct toy t = { 0 };
    struct pci_dev *p = toy_card(b, &t);

    bench_cfg_set(b, TOY_FN, 0x10, 4, 0xf2000000);
    bench_cfg_set(b, TOY_FN, 0x14, 4, 0xc000);
    assert_int_equal(range_read(&b->m, RANGE_MMIO, 0xf2000004, 4), 0xffffffff);
    bench_cfg_set(b, TOY_FN, 4, 2, PCI_COMMAND_MEMORY);
    assert_int_equal(range_read(&b->m, RANGE_MMIO, 0xf2000004, 4), 0x5566778c);
    assert_int_equal(bench_in(b, 0xc004, 1), 0xff);
    bench_cfg_set(b, TOY_FN, 4, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
    assert_int_equal(bench_in(b, 0xc004, 1), 0x8c);
    /* It moves, byte by byte as some firmware writes. */
    bench_cfg_set(b, TOY_FN, 0x13, 1, 0xf4);
    assert_int_equal(range_read(&b->m, RANGE_MMIO, 0xf2000004, 4), 0xffffffff);
    assert_int_equal(range_read(&b->m, RANGE_MMIO, 0xf4000004, 4), 0x5566778c);
    /* Not over RAM, not over the hypervisor's devices. */
    bench_cfg_set(b, TOY_FN, 0x10, 4, 0x100000);
    assert_true(p->bar[0].at == PCI_NOWHERE);
    bench_cfg_set(b, TOY_FN, 0x10, 4, 0xfee00000);
    assert_true(p->bar[0].at == PCI_NOWHERE);
    pci_remove(&b->m, p);
    assert_int_equal(b->ranges, 1);    /* cf8 */
    free(p);
}

static void two_windows_change_places(void **state)
{
    struct bench *b = *state;
    struct toy t = { 0 }, u = { 0 };
    struct pci_dev *p = toy_card(b, &t);
    struct pci_dev q;

    pci_dev_init(&q, "other", PCI_DEVFN(6, 0), 0x1234, 1, 0x020000, 0, 0);
    q.bar[0] = (struct pci_bar) { .kind = PCI_BAR_MMIO, .size = 0x20000,
                                  .ops = &toy_ops };
    q.dev = &u;
    assert_int_equal(pci_add(&b->m, &q), 0);
    bench_cfg_set(b, TOY_FN, 0x10, 4, 0xf2000000);
    bench_cfg_set(b, TOY_FN, 4, 2, 7);
    bench_cfg_set(b, q.devfn, 0x10, 4, 0xf2000000);
    bench_cfg_set(b, q.devfn, 4, 2, 7);

    assert_true(q.bar[0].at == PCI_NOWHERE);   /* taken */
    bench_cfg_set(b, TOY_FN, 0x10, 4, 0xf2100000);
    bench_cfg_set(b, q.devfn, 4, 2, 7);
    assert_true(q.bar[0].at == 0xf2000000 && p->bar[0].at == 0xf2100000);
    pci_remove(&b->m, p);
    pci_remove(&b->m, &q);
    free(p);
}

/* Memory of a window keeps its contents wherever it goes. */
static void a_ram_window_moves_with_its_frames(void **state)
{
    struct bench *b = *state;
    struct toy t = { 0 };
    struct pci_dev *p = toy_card(b, &t);

    p->bar[2].ram[5] = 0x5a;
    bench_cfg_set(b, TOY_FN, 0x18, 4, 0xf8000000);
    bench_cfg_set(b, TOY_FN, 4, 2, 7);
    assert_int_equal(b->moved[0], 0xf8000);
    bench_cfg_set(b, TOY_FN, 0x18, 4, 0xf9000000);
    assert_int_equal(b->moved[0], 0xf9000);
    assert_int_equal(p->bar[2].gfn, 0xf9000);
    bench_cfg_set(b, TOY_FN, 4, 2, 0);
    assert_int_equal(b->moved[0], 0xf9000);
    assert_int_equal(p->bar[2].ram[5], 0x5a);
    pci_remove(&b->m, p);
    free(p);
}

static void a_function_that_is_no_master_reaches_no_memory(void **state)
{
    struct bench *b = *state;
    struct toy t = { 0 };
    struct pci_dev *p = toy_card(b, &t);
    uint8_t byte = 0x77;

    assert_int_equal(pci_dma_write(p, 0x1000, &byte, 1), -1);
    bench_cfg_set(b, TOY_FN, 4, 2, PCI_COMMAND_MASTER);
    assert_int_equal(pci_dma_write(p, 0x1000, &byte, 1), 0);
    assert_int_equal(b->memory[0x1000], 0x77);
    assert_int_equal(pci_dma_write(p, 0xa0000, &byte, 1), -1);
    assert_int_equal(pci_dma_write(p, BENCH_MEMORY - 1, "ab", 2), -1);
    assert_int_equal(pci_dma_write(p, UINT64_MAX, "ab", 2), -1);
    pci_remove(&b->m, p);
    free(p);
}

/* A card that is reset has its windows closed and its numbers back. */
static void a_reset_closes_windows(void **state)
{
    struct bench *b = *state;
    struct toy t = { 0 };
    struct pci_dev *p = toy_card(b, &t);

    bench_cfg_set(b, TOY_FN, 0x10, 4, 0xf2000000);
    bench_cfg_set(b, TOY_FN, 4, 2, 7);
    bench_cfg_set(b, TOY_FN, 0x3c, 1, 11);
    pci_irq(p, true);
    assert_int_equal(b->pci[5][0], 1);
    pci_dev_reset(p);
    assert_int_equal(b->pci[5][0], 0);
    assert_true(p->bar[0].at == PCI_NOWHERE);
    assert_int_equal(bench_cfg(b, TOY_FN, 4, 2), 0);
    assert_int_equal(bench_cfg(b, TOY_FN, 0x3c, 1), 0);
    pci_remove(&b->m, p);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
        T(accesses_reach_the_range_that_holds_them),
        T(an_access_across_two_ranges_is_made_of_bytes),
        T(ranges_do_not_overlap_nor_wrap),
        T(a_refused_range_is_nobodys),
        T(only_changes_become_hypercalls),
        T(functions_share_a_pin),
        T(ids_are_read_only_and_absent_functions_read_ones),
        T(a_register_tells_the_size_of_its_window),
        T(a_window_follows_its_registers),
        T(two_windows_change_places),
        T(a_ram_window_moves_with_its_frames),
        T(a_function_that_is_no_master_reaches_no_memory),
        T(a_reset_closes_windows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
