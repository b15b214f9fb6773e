/* SPDX-License-Identifier: MIT */
/*
 * calls/main.c - version and features, multicall, console, and how wrong
 * arguments are answered.  ABI: xen/version.h, xen/xen.h.
 */
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#define HV_POINTER 0xffff830000000000ul
#define NON_CANONICAL 0x8000000000000000ul
#define UNMAPPED 0x7f0000000000ul

static void version_is_4_17(void)
{
    EXPECT_EQ(hc_version(XENVER_version, NULL), 4 << 16 | 17);
}

static void version_strings_end(void)
{
    static xen_extraversion_t extra;
    static xen_capabilities_info_t caps;
    static xen_changeset_info_t changeset;

    memset(extra, 0xaa, sizeof(extra));
    EXPECT_EQ(hc_version(XENVER_extraversion, extra), 0);
    EXPECT(strlen(extra) < sizeof(extra));
    memset(caps, 0xaa, sizeof(caps));
    EXPECT_EQ(hc_version(XENVER_capabilities, caps), 0);
    EXPECT(find_word(caps, "xen-3.0-x86_64") != NULL);
    EXPECT_EQ(hc_version(XENVER_changeset, changeset), 0);
    EXPECT(strlen(changeset) < sizeof(changeset));
    report_note("%s %s", extra, caps);
}

static void version_platform_parameters(void)
{
    xen_platform_parameters_t pp = { 0 };

    EXPECT_EQ(hc_version(XENVER_platform_parameters, &pp), 0);
    EXPECT_EQ(pp.virt_start, 0xffff800000000000ul);
    EXPECT_EQ(hc_version(XENVER_pagesize, NULL), 4096);
}

static uint32_t features(uint32_t index)
{
    struct xen_feature_info fi = { .submap_idx = index };

    EXPECT_EQ(hc_version(XENVER_get_features, &fi), 0);
    return fi.submap;
}

static void features_of_a_pv_domain(void)
{
    uint32_t f = features(0);

    EXPECT(f & 1u << XENFEAT_mmu_pt_update_preserve_ad);
    EXPECT(f & 1u << XENFEAT_gnttab_map_avail_bits);
    EXPECT(f & 1u << XENFEAT_highmem_assist);
    EXPECT(!(f & 1u << XENFEAT_writable_page_tables));
    EXPECT(!(f & 1u << XENFEAT_auto_translated_physmap));
    EXPECT_EQ(!!(f & 1u << XENFEAT_dom0), guest_privileged());
    report_note("0x%x", f);
}

static void features_beyond_the_last_are_zero_or_refused(void)
{
    struct xen_feature_info fi = { .submap_idx = 5, .submap = 0x55 };
    long rc = hc_version(XENVER_get_features, &fi);

    EXPECT(rc == -EINVAL || (rc == 0 && fi.submap == 0));
}

static void version_argument_errors(void)
{
    EXPECT_EQ(hc_version(99, NULL), -ENOSYS);
    EXPECT_EQ(hc_version(XENVER_extraversion, 8), -EFAULT);
    EXPECT_EQ(hc_version(XENVER_extraversion, HV_POINTER), -EFAULT);
    EXPECT_EQ(hc_version(XENVER_extraversion, NON_CANONICAL), -EFAULT);
    EXPECT_EQ(hc_version(XENVER_get_features, UNMAPPED), -EFAULT);
}

static void guest_handle_answers(void)
{
    xen_domain_handle_t handle;

    memset(handle, 0xaa, sizeof(handle));
    EXPECT_EQ(hc_version(XENVER_guest_handle, handle), 0);
    if (guest_privileged()) {
        EXPECT_EQ(handle[0], 0);
        EXPECT_EQ(handle[15], 0);
    }
}

static void unknown_hypercalls_are_enosys(void)
{
    static const unsigned int numbers[] = { 11, 43, 47, 50, 55, 56, 63, 64,
                                            1000, 0x7fffffff, 0xffffffff };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(numbers); i++) {
        EXPECT_EQ(hcall1(numbers[i], 0), -ENOSYS);
    }
}

static void multicall_runs_in_order(void)
{
    static uint64_t *page;
    struct multicall_entry calls[3] = { { .op = __HYPERVISOR_xen_version } };
    unsigned int i;

    page = page_alloc();
    for (i = 1; i < 3; i++) {
        calls[i].op = __HYPERVISOR_update_va_mapping;
        calls[i].args[0] = (unsigned long)page;
        calls[i].args[1] = maddr_of(page) |
                           (i == 1 ? PTE_KERNEL_RO : PTE_KERNEL);
        calls[i].args[2] = UVMF_INVLPG;
        calls[i].result = 99;
    }
    EXPECT_EQ(hc_multicall(calls, 3), 0);
    EXPECT_EQ(calls[0].result, 4 << 16 | 17);
    EXPECT_EQ(calls[1].result, 0);
    EXPECT_EQ(calls[2].result, 0);
    TRY_INSN("movq $1, (%0)", "r"(page));
    EXPECT_TRAP(TRAP_NONE);
}

static void multicall_goes_on_after_an_error(void)
{
    struct multicall_entry calls[3] = {
        { .op = 99 },
        { .op = __HYPERVISOR_update_va_mapping, .args = { UNMAPPED } },
        { .op = __HYPERVISOR_xen_version },
    };

    EXPECT_EQ(hc_multicall(calls, 3), 0);
    EXPECT_EQ((long)calls[0].result, -ENOSYS);
    EXPECT_EQ((long)calls[1].result, -EINVAL);
    EXPECT_EQ(calls[2].result, 4 << 16 | 17);
}

static void multicall_does_not_nest(void)
{
    struct multicall_entry inner = { .op = __HYPERVISOR_xen_version };
    struct multicall_entry outer = {
        .op = __HYPERVISOR_multicall, .args = { (unsigned long)&inner, 1 },
    };

    EXPECT_EQ(hc_multicall(&outer, 1), 0);
    EXPECT_EQ((long)outer.result, -EINVAL);
    EXPECT_EQ(inner.result, 0);
}

static void multicall_argument_errors(void)
{
    EXPECT_EQ(hc_multicall(8, 1), -EFAULT);
    EXPECT_EQ(hc_multicall(HV_POINTER, 1), -EFAULT);
    EXPECT_EQ(hc_multicall(NULL, 0), 0);
}

static void multicall_long_list(void)
{
    static struct multicall_entry calls[2000];
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(calls); i++) {
        calls[i].op = __HYPERVISOR_xen_version;
        calls[i].result = 0;
    }
    EXPECT_EQ(hc_multicall(calls, ARRAY_SIZE(calls)), 0);
    for (i = 0; i < ARRAY_SIZE(calls); i++) {
        EXPECT_EQ(calls[i].result, 4 << 16 | 17);
    }
}

static void console_read_gives_nothing(void)
{
    char buf[16];

    SKIP_UNLESS_DOM0();
    EXPECT_EQ(hc_console(CONSOLEIO_read, sizeof(buf), buf), 0);
}

static void console_argument_errors(void)
{
    SKIP_UNLESS_DOM0();
    EXPECT_EQ(hc_console(CONSOLEIO_write, 4, 8), -EFAULT);
    EXPECT_EQ(hc_console(CONSOLEIO_write, 4, HV_POINTER), -EFAULT);
    EXPECT_EQ(hc_console(99, 0, NULL), -ENOSYS);
    EXPECT(hc_console(CONSOLEIO_write, ~0u, HV_POINTER) < 0);
}

static void pointer_into_hypervisor_refused_everywhere(void)
{
    static const struct {
        unsigned int nr, cmd;
    } calls[] = {
        { __HYPERVISOR_event_channel_op, EVTCHNOP_send },
        { __HYPERVISOR_memory_op, XENMEM_machphys_mapping },
        { __HYPERVISOR_sched_op, SCHEDOP_poll },
        { __HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl },
        { __HYPERVISOR_callback_op, CALLBACKOP_register },
        { __HYPERVISOR_xen_version, XENVER_capabilities },
    };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(calls); i++) {
        EXPECT_EQ(hcall2(calls[i].nr, calls[i].cmd, HV_POINTER), -EFAULT);
        EXPECT_EQ(hcall2(calls[i].nr, calls[i].cmd, NON_CANONICAL), -EFAULT);
        EXPECT_EQ(hcall2(calls[i].nr, calls[i].cmd, UNMAPPED), -EFAULT);
    }
}

static void output_past_a_page_end_is_efault(void)
{
    uint8_t *pages = pages_alloc(2);

    EXPECT_EQ(hc_uvm(pages + PAGE_SIZE, 0, UVMF_INVLPG), 0);
    EXPECT_EQ(hc_version(XENVER_capabilities, pages + PAGE_SIZE - 8),
              -EFAULT);
    EXPECT_EQ(page_protect(pages + PAGE_SIZE, true), 0);
    EXPECT_EQ(hc_version(XENVER_capabilities, pages + PAGE_SIZE - 8), 0);
}

static void output_to_a_read_only_page_is_efault(void)
{
    uint8_t *page = page_alloc();

    EXPECT_EQ(page_protect(page, false), 0);
    EXPECT_EQ(hc_version(XENVER_capabilities, page), -EFAULT);
    EXPECT_EQ(page_protect(page, true), 0);
}

static void out_structures_are_not_overrun(void)
{
    static uint8_t buf[64];
    unsigned int i;

    memset(buf, 0xaa, sizeof(buf));
    EXPECT_EQ(hc_version(XENVER_platform_parameters, buf), 0);
    for (i = 8; i < sizeof(buf); i++) {
        EXPECT_EQ(buf[i], 0xaa);
    }
    memset(buf, 0xaa, sizeof(buf));
    EXPECT_EQ(hc_memory(XENMEM_machphys_mapping, buf), 0);
    for (i = sizeof(struct xen_machphys_mapping); i < sizeof(buf); i++) {
        EXPECT_EQ(buf[i], 0xaa);
    }
}

static const struct fact facts[] = {
    FACT(version_is_4_17),
    FACT(version_strings_end),
    FACT(version_platform_parameters),
    FACT(features_of_a_pv_domain),
    FACT(features_beyond_the_last_are_zero_or_refused),
    FACT(version_argument_errors),
    FACT(guest_handle_answers),
    FACT(unknown_hypercalls_are_enosys),
    FACT(multicall_runs_in_order),
    FACT(multicall_goes_on_after_an_error),
    FACT(multicall_does_not_nest),
    FACT(multicall_argument_errors),
    FACT(multicall_long_list),
    FACT(console_read_gives_nothing),
    FACT(console_argument_errors),
    FACT(pointer_into_hypervisor_refused_everywhere),
    FACT(output_past_a_page_end_is_efault),
    FACT(output_to_a_read_only_page_is_efault),
    FACT(out_structures_are_not_overrun),
};

void guest_main(void)
{
    report_run(facts, ARRAY_SIZE(facts));
    report_end();
}
