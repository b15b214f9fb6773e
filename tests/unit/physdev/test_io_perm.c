/* SPDX-License-Identifier: MIT */
/*
 * Tests of physdev/io_perm: what the control domain has from the start, what
 * others get, and that nobody is given what the hypervisor keeps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <acpi/fields.h>
#include <acpi/madt.h>
#include <core/boot_info.h>
#include <domains.h>
#include <hv/errno.h>
#include <physdev/io_perm.h>
#include <fake.h>

struct madt madt = { .nr_ioapics = 1, .ioapic = { { .maddr = 0xfec10000 } } };
struct acpi_fields acpi = { .pm_timer_port = 0x608 };

static struct domain *hw, *guest;
struct boot_info boot_info;

static int set_up(void **state)
{
    fake_reset(1);
    io_perm_init();
    hw = test_domain(0, 1, NULL);
    guest = test_domain(3, 1, NULL);
    return io_perm_domain_init(hw) || io_perm_domain_init(guest);
}

static int tear_down(void **state)
{
    io_perm_domain_free(hw);
    io_perm_domain_free(guest);
    test_domains_free();
    return fake_heap_live != 0 || fake_locks_held != 0;
}

static void the_control_domain_has_all_but_what_is_kept(void **state)
{
    static const struct {
        uint32_t first, last;
        bool may;
    } ports[] = {
        { 0x60, 0x60, true }, { 0x64, 0x64, true }, { 0x3c0, 0x3df, true },
        { 0x600, 0x605, true }, { 0x20, 0x20, false }, { 0x61, 0x61, false },
        { 0x40, 0x43, false }, { 0x3f8, 0x3f8, false }, { 0xcfc, 0xcfc, false },
        { 0x3f7, 0x3f8, false }, { 0x608, 0x60b, false },
        { 0x10000, 0x10000, false }, { 5, 4, false },
    };

    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        assert_int_equal(io_port_permitted(hw, ports[i].first, ports[i].last),
                         ports[i].may);
        assert_false(io_port_permitted(guest, ports[i].first, ports[i].last));
    }
    assert_true(io_mem_permitted(hw, 0xe0000, 0xe00ff));
    assert_false(io_mem_permitted(hw, 0xfee00, 0xfee00));
    assert_false(io_mem_permitted(hw, 0xfec00, 0xfec00));
    assert_false(io_mem_permitted(hw, 0xfec10, 0xfec10));
    assert_false(io_mem_permitted(guest, 0xe0000, 0xe0000));
    assert_true(io_irq_permitted(hw, 9));
    assert_false(io_irq_permitted(hw, 0));
    assert_false(io_irq_permitted(guest, 9));
}

static void a_guest_gets_what_it_is_given_and_loses_it(void **state)
{
    assert_int_equal(io_port_permit(guest, 0x100, 0x10f, true), 0);
    assert_int_equal(io_mem_permit(guest, 0xe0000, 0xe0003, true), 0);
    assert_int_equal(io_irq_permit(guest, 20, true), 0);
    assert_true(io_port_permitted(guest, 0x10c, 0x10f));
    assert_false(io_port_permitted(guest, 0x10c, 0x110));
    assert_true(io_mem_permitted(guest, 0xe0003, 0xe0003));
    assert_true(io_irq_permitted(guest, 20));

    assert_int_equal(io_port_permit(guest, 0x108, 0x108, false), 0);
    assert_int_equal(io_irq_permit(guest, 20, false), 0);
    assert_false(io_port_permitted(guest, 0x107, 0x109));
    assert_true(io_port_permitted(guest, 0x100, 0x107));
    assert_false(io_irq_permitted(guest, 20));
}

static void nobody_is_given_what_is_kept(void **state)
{
    assert_int_equal(io_port_permit(guest, 0, 0xffff, true), -EINVAL);
    assert_int_equal(io_port_permit(guest, 0xcf8, 0xcf8, true), -EINVAL);
    assert_int_equal(io_port_permit(guest, 0xffff, 0x10000, true), -EINVAL);
    assert_int_equal(io_port_permit(guest, 9, 8, true), -EINVAL);
    assert_int_equal(io_mem_permit(guest, 0, 1ull << 39, true), -EINVAL);
    assert_int_equal(io_mem_permit(guest, ~0ull, ~0ull, true), -EINVAL);
    assert_int_equal(io_irq_permit(guest, 0, true), -EINVAL);
    assert_int_equal(io_irq_permit(guest, NR_IRQS, true), -EINVAL);
    assert_false(io_port_permitted(guest, 8, 8));
}

/* More holes than there is room for: refused, and nothing changed. */
static void a_full_set_refuses_and_stays(void **state)
{
    uint32_t port = 0x1000;
    int rc;

    do {
        rc = io_port_permit(guest, port, port, true);
        port += 2;
    } while (rc == 0 && port < 0x2000);

    assert_int_equal(rc, -ENOSPC);
    assert_true(io_port_permitted(guest, 0x1000, 0x1000));
    assert_false(io_port_permitted(guest, port - 2, port - 2));
}

/* What a translated control domain may have mapped where the machine has it. */
static void ram_and_configuration_space_are_no_devices(void **state)
{
    boot_info.e820 = (struct e820_map){ 2, {
        { 0, 0x9fc00, E820_RAM }, { 0x100000, 0x100000, E820_RAM } } };
    acpi.nr_mcfg = 1;
    acpi.mcfg[0] = (struct mcfg_range){ .maddr = 0xb0000000, .first_bus = 1,
                                        .last_bus = 2 };

    assert_false(io_mem_is_device(0));
    assert_false(io_mem_is_device(0x9f));       /* half of it is RAM */
    assert_true(io_mem_is_device(0xa0));
    assert_false(io_mem_is_device(0x1ff));
    assert_true(io_mem_is_device(0x200));
    assert_true(io_mem_is_device(0xb00ff));
    assert_false(io_mem_is_device(0xb0100));
    assert_false(io_mem_is_device(0xb02ff));
    assert_true(io_mem_is_device(0xb0300));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_control_domain_has_all_but_what_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_guest_gets_what_it_is_given_and_loses_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_is_given_what_is_kept, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            ram_and_configuration_space_are_no_devices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_set_refuses_and_stays, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
