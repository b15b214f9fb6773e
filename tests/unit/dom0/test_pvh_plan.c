/* SPDX-License-Identifier: MIT */
/*
 * Tests of dom0/pvh_plan: places, the memory map a PVH first domain is told,
 * its start info and its ACPI tables, and what does not fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <abi/public.h>
#include <acpi/tables.h>
#include <dom0/pvh_plan.h>
#include <hv/errno.h>
#include <xen/arch-x86/hvm/start_info.h>

#define MB 0x100000ull

/* A machine of 2 GiB; the hypervisor's image lies at 2 MiB. */
static const struct e820_map host = { 4, {
    { 0, 0x9fc00, E820_RAM }, { 0xf0000, 0x10000, E820_RESERVED },
    { MB, 2047 * MB, E820_RAM }, { 2048 * MB, 2 * MB, E820_ACPI } } };
static const struct early_range ram[] = {
    { MB, 2 * MB }, { 3 * MB, 768 * MB },
};
static struct pvh_plan plan;
static uint8_t page[PVH_ACPI_BYTES], info[PVH_INFO_BYTES];

static void all_lies_behind_the_kernel_in_its_range(void **state)
{
    assert_int_equal(pvh_plan(ram, 2, &host, 16 * MB, 80 * MB, 5000, &plan), 0);

    assert_true(plan.acpi == 768 * MB - PVH_ACPI_BYTES);
    assert_true(plan.info == plan.acpi - PVH_INFO_BYTES);
    assert_true(plan.initrd == plan.info - 2 * PAGE_SIZE);
    assert_int_equal(pvh_plan(ram, 2, &host, 16 * MB, 80 * MB, 0, &plan), 0);
    assert_true(plan.initrd == 0);
}

static void ram_of_others_is_a_hole_in_the_map(void **state)
{
    const struct e820_map *m = &plan.map;

    assert_int_equal(pvh_plan(ram, 2, &host, 16 * MB, 80 * MB, 5000, &plan), 0);

    assert_true(e820_all(m, 0, 0x9fc00, E820_RAM));
    assert_true(e820_all(m, 0xf0000, 0x10000, E820_RESERVED));
    assert_true(e820_all(m, MB, MB, E820_RAM));
    assert_true(e820_all(m, 3 * MB, plan.info - 3 * MB, E820_RAM));
    assert_true(e820_all(m, plan.info, 768 * MB - plan.info, E820_ACPI));
    assert_true(e820_all(m, 2048 * MB, 2 * MB, E820_ACPI));
    for (uint32_t type = E820_RAM; type <= E820_UNUSABLE; type++) {
        assert_false(e820_any(m, 2 * MB, MB, type));
        assert_false(e820_any(m, 768 * MB, 1280 * MB, type));
    }
}

static void a_kernel_without_room_is_refused(void **state)
{
    struct early_range tight = { 16 * MB, 80 * MB + PVH_INFO_BYTES };
    struct early_range high = { 4096 * MB, 8192 * MB };

    assert_int_equal(pvh_plan(ram, 2, &host, MB, 80 * MB, 0, &plan), -ENOMEM);
    assert_int_equal(pvh_plan(ram, 2, &host, 16 * MB, 80 * MB, 700 * MB,
                              &plan), -ENOMEM);
    assert_int_equal(pvh_plan(ram, 2, &host, 16 * MB, 769 * MB, 0, &plan),
                     -ENOMEM);
    assert_int_equal(pvh_plan(&tight, 1, &host, 16 * MB, 80 * MB, 0, &plan),
                     -ENOMEM);
    assert_int_equal(pvh_plan(&high, 1, &host, 4096 * MB, 4200 * MB, 0, &plan),
                     -ENOMEM);
    assert_int_equal(pvh_plan(NULL, 0, &host, 16 * MB, 80 * MB, 0, &plan),
                     -ENOMEM);
}

static void start_info_names_what_is_in_it(void **state)
{
    struct hvm_start_info *s = (void *)info;
    const struct hvm_modlist_entry *mod;
    const struct hvm_memmap_table_entry *map;

    assert_int_equal(pvh_plan(ram, 2, &host, 16 * MB, 80 * MB, 5000, &plan), 0);
    assert_int_equal(pvh_fill_info(info, &plan, "console=hvc0", 5000), 0);

    assert_int_equal(s->magic, XEN_HVM_START_MAGIC_VALUE);
    assert_int_equal(s->version, 1);
    assert_int_equal(s->flags, SIF_PRIVILEGED | SIF_INITDOMAIN);
    assert_true(s->rsdp_paddr == plan.acpi);
    mod = (void *)(info + (s->modlist_paddr - plan.info));
    assert_int_equal(s->nr_modules, 1);
    assert_true(mod->paddr == plan.initrd && mod->size == 5000);
    map = (void *)(info + (s->memmap_paddr - plan.info));
    assert_int_equal(s->memmap_entries, plan.map.nr);
    assert_true(map[0].addr == 0 && map[0].size == 0x9fc00);
    assert_string_equal((char *)info + (s->cmdline_paddr - plan.info),
                        "console=hvc0 swiotlb=force");
}

static void dma_goes_through_own_buffers_unless_told_otherwise(void **state)
{
    static const struct {
        const char *said, *is;
    } rows[] = {
        { "quiet swiotlb=noforce", "quiet swiotlb=noforce" },
        { "swiotlb=65536,force quiet", "swiotlb=65536,force quiet" },
        { "swiotlb=1024 swiotlb=force", "swiotlb=1024 swiotlb=force" },
        { "quiet swiotlb=65536", "quiet swiotlb=65536 swiotlb=force" },
        { "swiotlb=4 x=force", "swiotlb=4 x=force swiotlb=force" },
        { "swiotlb=", "swiotlb= swiotlb=force" },
    };
    const struct hvm_start_info *s = (void *)info;
    char line[2048];

    assert_int_equal(pvh_plan(ram, 2, &host, 16 * MB, 80 * MB, 0, &plan), 0);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        memset(info, 0, sizeof(info));
        assert_int_equal(pvh_fill_info(info, &plan, rows[i].said, 0), 0);
        assert_string_equal((char *)info + (s->cmdline_paddr - plan.info),
                            rows[i].is);
    }
    memset(line, 'x', sizeof(line));
    line[2048 - 14] = '\0';               /* one too many */
    assert_int_equal(pvh_fill_info(info, &plan, line, 0), -E2BIG);
    line[2048 - 15] = '\0';
    memset(info, 0, sizeof(info));
    assert_int_equal(pvh_fill_info(info, &plan, line, 0), 0);
}

static uint8_t sum(const void *p, size_t n)
{
    uint8_t s = 0;

    for (size_t i = 0; i < n; i++) {
        s = (uint8_t)(s + ((const uint8_t *)p)[i]);
    }
    return s;
}

static void acpi_tables_are_the_allowed_ones_and_our_madt(void **state)
{
    struct madt m = { .nr_cpus = 8 };
    const uint64_t list[] = { 0x7ffe1000, 0x7ffe2000 };
    uint64_t xsdt, e[3];
    const struct acpi_header *h;
    const uint8_t *cpu;

    m.isa[0].gsi = 2;
    m.isa[9].gsi = 9;
    m.isa[9].level = true;
    memset(page, 0, sizeof(page));
    assert_int_equal(pvh_fill_acpi(page, 0x5000000, list, 2, 3, &m), 0);

    assert_memory_equal(page, "RSD PTR ", 8);
    assert_int_equal(sum(page, 20), 0);
    assert_int_equal(sum(page, 36), 0);
    memcpy(&xsdt, page + 24, 8);
    h = (void *)(page + (xsdt - 0x5000000));
    assert_memory_equal(h->signature, "XSDT", 4);
    assert_int_equal(h->length, sizeof(*h) + sizeof(e));
    assert_int_equal(sum(h, h->length), 0);
    memcpy(e, h + 1, sizeof(e));
    assert_memory_equal(e, list, sizeof(list));
    h = (void *)(page + (e[2] - 0x5000000));
    assert_memory_equal(h->signature, "APIC", 4);
    assert_int_equal(sum(h, h->length), 0);
    /* IO-APIC, ISA lines 0 (to pin 2) and 9 (high, level), three CPUs. */
    cpu = (const uint8_t *)h + 44;
    assert_true(cpu[0] == 1 && cpu[1] == 12);
    assert_true(cpu[12] == 2 && cpu[15] == 0 && cpu[16] == 2);
    assert_int_equal(cpu[12 + 90 + 8], 1 | 3 << 2);
    cpu += 12 + 160;
    assert_int_equal((const uint8_t *)h + h->length - cpu, 3 * 8);
    assert_true(cpu[16] == 0 && cpu[17] == 8 && cpu[18] == 2 && cpu[19] == 4);
}

static void what_counts_the_machines_own_is_not_shown(void **state)
{
    static const char *const hidden[] = { "APIC", "HPET", "MCFG", "DMAR",
                                          "IVRS", "SRAT", "SLIT", "XSDT" };

    for (unsigned int i = 0; i < ARRAY_SIZE(hidden); i++) {
        assert_false(pvh_table_allowed(hidden[i]));
    }
    assert_true(pvh_table_allowed("FACP"));
    assert_true(pvh_table_allowed("SSDT"));
}

static void too_many_do_not_fit(void **state)
{
    static const uint64_t list[65];
    struct madt m = { .nr_cpus = 1 };

    assert_int_equal(pvh_fill_acpi(page, 0, list, 64, MAX_VCPUS, &m), 0);
    assert_int_equal(pvh_fill_acpi(page, 0, list, 65, 1, &m), -ENOSPC);
    assert_int_equal(pvh_fill_acpi(page, 0, list, 1, MAX_VCPUS + 1, &m),
                     -ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_lies_behind_the_kernel_in_its_range),
        cmocka_unit_test(ram_of_others_is_a_hole_in_the_map),
        cmocka_unit_test(a_kernel_without_room_is_refused),
        cmocka_unit_test(start_info_names_what_is_in_it),
        cmocka_unit_test(dma_goes_through_own_buffers_unless_told_otherwise),
        cmocka_unit_test(acpi_tables_are_the_allowed_ones_and_our_madt),
        cmocka_unit_test(what_counts_the_machines_own_is_not_shown),
        cmocka_unit_test(too_many_do_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
