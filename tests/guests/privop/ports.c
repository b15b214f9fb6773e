/* SPDX-License-Identifier: MIT */
/*
 * privop/ports.c - port I/O from a PV kernel, with and without the right, and
 * the vm_assist switches.
 */
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "privop.h"

static void iopl(uint32_t level)
{
    struct physdev_set_iopl op = { .iopl = level };

    EXPECT_EQ(hc_physdev(PHYSDEVOP_set_iopl, &op), 0);
}

static void port_80_after_set_iopl(void)
{
    SKIP_UNLESS_DOM0();
    iopl(1);
    TRY_INSN("outb %%al, $0x80", "a"(0x11));
    EXPECT_TRAP(TRAP_NONE);
    TRY_INSN("inb $0x80, %%al", "a"(0));
    EXPECT_TRAP(TRAP_NONE);
}

static void port_forms_dx_and_widths(void)
{
    uint32_t value;

    SKIP_UNLESS_DOM0();
    iopl(1);
    TRY_INSN("outl %%eax, %%dx", "a"(0x80000000u), "d"(0xcf8));
    EXPECT_TRAP(TRAP_NONE);
    TRY_OUT("inl %%dx, %%eax", ("=a"(value)), "d"(0xcf8));
    EXPECT_EQ(value, 0x80000000u);
    TRY_OUT("inl %%dx, %%eax", ("=a"(value)), "d"(0xcfc));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT(value != 0xffffffffu); /* the host bridge is there */
    report_note("00:00.0 is %08x", value);
}

static void port_in_keeps_upper_bytes(void)
{
    uint64_t value = 0x1122334455667788ul;

    SKIP_UNLESS_DOM0();
    iopl(1);
    TRY_OUT("inb $0x80, %%al", ("+a"(value)), "d"(0));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(value >> 8, 0x11223344556677ul);
    TRY_OUT("inl %%dx, %%eax", ("+a"(value)), "d"(0xcf8));
    EXPECT_EQ(value >> 32, 0); /* 32-bit result clears the upper half */
}

static void hypervisor_console_port_is_hidden(void)
{
    uint8_t value;

    SKIP_UNLESS_DOM0();
    iopl(1);
    TRY_OUT("inb %%dx, %%al", ("=a"(value)), "d"(0x3f8 + 5));
    EXPECT_TRAP(TRAP_NONE);
    EXPECT_EQ(value, 0xff);
}

static void pic_is_not_given_away(void)
{
    SKIP_UNLESS_DOM0();
    iopl(1);
    TRY_INSN("outb %%al, $0x21", "a"(0xff));
    EXPECT_TRAP(TRAP_NONE); /* accepted and dropped */
    spin_ns(2 * NS_PER_MS);
}

static void set_iopl_bad_level_refused(void)
{
    struct physdev_set_iopl op = { .iopl = 4 };

    EXPECT_EQ(hc_physdev(PHYSDEVOP_set_iopl, &op), -EINVAL);
    EXPECT_EQ(hc_physdev(PHYSDEVOP_set_iopl, 8), -EFAULT);
    EXPECT_EQ(hc_physdev(99, NULL), -ENOSYS);
}

static long assist(unsigned int cmd, unsigned int type)
{
    return hcall2(__HYPERVISOR_vm_assist, cmd, type);
}

static void vm_assist_known_types(void)
{
    EXPECT_EQ(assist(VMASST_CMD_enable, VMASST_TYPE_4gb_segments), 0);
    EXPECT_EQ(assist(VMASST_CMD_disable, VMASST_TYPE_4gb_segments), 0);
    EXPECT_EQ(assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0);
}

static void vm_assist_unknown_refused(void)
{
    EXPECT_EQ(assist(VMASST_CMD_enable, 63), -EINVAL);
    EXPECT_EQ(assist(VMASST_CMD_enable, ~0u), -EINVAL);
    EXPECT_EQ(assist(99, VMASST_TYPE_4gb_segments), -ENOSYS);
}

static const struct fact facts[] = {
    FACT(port_80_after_set_iopl),
    FACT(port_forms_dx_and_widths),
    FACT(port_in_keeps_upper_bytes),
    FACT(hypervisor_console_port_is_hidden),
    FACT(pic_is_not_given_away),
    FACT(set_iopl_bad_level_refused),
    FACT(vm_assist_known_types),
    FACT(vm_assist_unknown_refused),
};

void run_ports(void)
{
    report_run(facts, ARRAY_SIZE(facts));
}
