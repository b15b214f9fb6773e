/* SPDX-License-Identifier: MIT */
/*
 * control/version_op.c - XENVER_*: who we are, what PV guests may rely on.
 * Linux calls XENVER_version to have pending events delivered, so it goes
 * first and touches nothing.
 * Tests: tests/guests/calls.
 */
#include <arch/paging.h>
#include <control/doors.h>
#include <core/boot_info.h>
#include <domain/domain.h>
#include <domain/guest_copy.h>
#include <hv/errno.h>
#include <hvm/backend.h>
#include <lib/string.h>
#include <xen/features.h>
#include <xen/version.h>

#define VERSION 0x00040011u              /* 4.17 */

#define EXTRAVERSION ".0-paravane"
#define CAPABILITIES "xen-3.0-x86_64 "
#define CAPABILITIES_HVM CAPABILITIES \
    "hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 "

static long op_extraversion(struct domain *caller, guest_handle_t arg)
{
    xen_extraversion_t s = EXTRAVERSION;

    return copy_to_guest(arg, s, sizeof(s));
}

static long op_compile_info(struct domain *caller, guest_handle_t arg)
{
    struct xen_compile_info info = {
        .compiler = "gcc " __VERSION__,
        .compile_by = "paravane",
        .compile_domain = "",
        .compile_date = "",
    };

    return copy_to_guest(arg, &info, sizeof(info));
}

static long op_capabilities(struct domain *caller, guest_handle_t arg)
{
    static const xen_capabilities_info_t pv = CAPABILITIES;
    static const xen_capabilities_info_t all = CAPABILITIES_HVM;

    return copy_to_guest(arg, hvm_backend != NULL ? all : pv, sizeof(pv));
}

static long op_changeset(struct domain *caller, guest_handle_t arg)
{
    xen_changeset_info_t s = "paravane";

    return copy_to_guest(arg, s, sizeof(s));
}

static long op_platform_parameters(struct domain *caller, guest_handle_t arg)
{
    struct xen_platform_parameters p = { .virt_start = HV_VIRT_START };

    return copy_to_guest(arg, &p, sizeof(p));
}

static uint32_t features_of(const struct domain *d)
{
    uint32_t f = 1u << XENFEAT_mmu_pt_update_preserve_ad |
                 1u << XENFEAT_highmem_assist |
                 1u << XENFEAT_gnttab_map_avail_bits |
                 1u << XENFEAT_memory_op_vnode_supported |
                 1u << XENFEAT_direct_mapped;

    if (d->hvm != NULL) {
        f &= ~(1u << XENFEAT_mmu_pt_update_preserve_ad |
               1u << XENFEAT_highmem_assist | 1u << XENFEAT_direct_mapped |
               1u << XENFEAT_gnttab_map_avail_bits);
        f |= 1u << XENFEAT_writable_page_tables |
             1u << XENFEAT_auto_translated_physmap |
             1u << XENFEAT_supervisor_mode_kernel |
             1u << XENFEAT_hvm_callback_vector |
             1u << XENFEAT_hvm_safe_pvclock | 1u << XENFEAT_not_direct_mapped;
    }
    if (d->is_hardware) {
        f |= 1u << XENFEAT_dom0;
    }
    if (d->is_hardware || (atomic_load(&d->vm_assist) &
                           1ul << VMASST_TYPE_pae_extended_cr3)) {
        f |= 1u << XENFEAT_pae_pgdir_above_4gb;
    }
    return f;
}

static long op_get_features(struct domain *caller, guest_handle_t arg)
{
    struct xen_feature_info fi;

    if (copy_from_guest(&fi, arg, sizeof(fi)) != 0) {
        return -EFAULT;
    }
    if (fi.submap_idx >= XENFEAT_NR_SUBMAPS) {
        return -EINVAL;
    }
    fi.submap = features_of(caller);
    return copy_to_guest(arg, &fi, sizeof(fi));
}

static long op_pagesize(struct domain *caller, guest_handle_t arg)
{
    return arg.va != 0 ? -EINVAL : (long)PAGE_SIZE;
}

static long op_guest_handle(struct domain *caller, guest_handle_t arg)
{
    return copy_to_guest(arg, caller->handle, sizeof(caller->handle));
}

/* The options of the host are not a guest's business. */
static long op_commandline(struct domain *caller, guest_handle_t arg)
{
    xen_commandline_t s = "<denied>";

    if (caller->is_control) {
        str_copy(s, boot_info.cmdline, sizeof(s));
    }
    return copy_to_guest(arg, s, sizeof(s));
}

static const struct {
    const char *name;
    long (*run)(struct domain *caller, guest_handle_t arg);
} version_ops[] = {
    [XENVER_extraversion]        = { "extraversion", op_extraversion },
    [XENVER_compile_info]        = { "compile_info", op_compile_info },
    [XENVER_capabilities]        = { "capabilities", op_capabilities },
    [XENVER_changeset]           = { "changeset", op_changeset },
    [XENVER_platform_parameters] = { "platform_parameters",
                                     op_platform_parameters },
    [XENVER_get_features]        = { "get_features", op_get_features },
    [XENVER_pagesize]            = { "pagesize", op_pagesize },
    [XENVER_guest_handle]        = { "guest_handle", op_guest_handle },
    [XENVER_commandline]         = { "commandline", op_commandline },
};

DOOR(do_xen_version)
{
    uint32_t op = (uint32_t)a0;

    if (likely(op == XENVER_version)) {
        return VERSION;
    }
    if (op >= ARRAY_SIZE(version_ops) || version_ops[op].run == NULL) {
        return -ENOSYS;
    }
    return version_ops[op].run(current->domain, guest_handle(a1));
}
