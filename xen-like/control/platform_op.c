/* SPDX-License-Identifier: MIT */
/*
 * control/platform_op.c - the control domain looks after the machine: time,
 * firmware's facts.  Rows that are missing answer -ENOSYS, which the kernels
 * that call them take as "not offered".
 * Tests: every boot of a kernel.
 */
#include <acpi/madt.h>
#include <acpi/power.h>
#include <control/doors.h>
#include <core/log.h>
#include <core/percpu.h>
#include <domain/domain.h>
#include <domain/guest_copy.h>
#include <domain/vtime.h>
#include <hv/errno.h>
#include <time/systime.h>
#include <xen/platform.h>

ABI_ASSERT(offsetof(struct xen_platform_op, u) == 8);

#define NS_PER_SEC 1000000000ull
#define MAX_SECS   (~0ull / NS_PER_SEC / 2)

static long set_time(uint64_t secs, uint32_t nsecs, uint64_t system_time)
{
    uint64_t now;

    if (secs > MAX_SECS || nsecs >= NS_PER_SEC) {
        return -EINVAL;
    }
    now = secs * NS_PER_SEC + nsecs;
    if (now < system_time) {
        return -EINVAL;
    }
    wallclock_set(now - system_time);
    vtime_update_wallclock_all();
    return 0;
}

static long op_settime64(struct xen_platform_op *op)
{
    const struct xenpf_settime64 *t = &op->u.settime64;

    return t->mbz != 0 ? -EINVAL
                       : set_time(t->secs, t->nsecs, t->system_time);
}

static long op_settime32(struct xen_platform_op *op)
{
    const struct xenpf_settime32 *t = &op->u.settime32;

    return set_time(t->secs, t->nsecs, t->system_time);
}

/* The BIOS of the machine was never asked: no disks, no keyboard state. */
static long op_firmware_info(struct xen_platform_op *op)
{
    switch (op->u.firmware_info.type) {
    case XEN_FW_KBD_SHIFT_FLAGS:
        op->u.firmware_info.u.kbd_shift_flags = 0;
        return 0;
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
    case XEN_FW_VBEDDC_INFO:
        return -ESRCH;
    case XEN_FW_EFI_INFO:
        return -ENOSYS;
    default:
        return -EINVAL;
    }
}

#define PM1_SLP_EN   0x2000u
#define SLEEP_OFF    5u              /* S5; the others would need a way back */

static long op_enter_acpi_sleep(struct xen_platform_op *op)
{
    const struct xenpf_enter_acpi_sleep *s = &op->u.enter_acpi_sleep;

    if (s->flags != 0 || s->sleep_state != SLEEP_OFF) {
        return -EOPNOTSUPP;
    }
    log_info("power off");
    power_write_pm1((uint16_t)(s->val_a | PM1_SLP_EN),
                    (uint16_t)(s->val_b | PM1_SLP_EN));
    return -EIO;                     /* the machine did not react */
}

static long op_get_cpuinfo(struct xen_platform_op *op)
{
    struct xenpf_pcpuinfo *c = &op->u.pcpu_info;
    uint32_t present = max(madt.nr_cpus, 1u);

    if (c->xen_cpuid >= present) {
        c->flags = XEN_PCPU_FLAGS_INVALID;
    } else {
        c->flags = cpu_online_mask & cpumask_of(c->xen_cpuid)
                   ? XEN_PCPU_FLAGS_ONLINE : 0;
        c->apic_id = madt.cpu[c->xen_cpuid].apic_id;
        c->acpi_id = madt.cpu[c->xen_cpuid].acpi_id;
    }
    c->max_present = present - 1;
    return 0;
}

static const struct {
    const char *name;
    long (*run)(struct xen_platform_op *op);
} platform_ops[] = {
    [XENPF_settime32]     = { "settime32", op_settime32 },
    [XENPF_settime64]     = { "settime64", op_settime64 },
    [XENPF_firmware_info] = { "firmware_info", op_firmware_info },
    [XENPF_enter_acpi_sleep] = { "enter_acpi_sleep", op_enter_acpi_sleep },
    [XENPF_get_cpuinfo]   = { "get_cpuinfo", op_get_cpuinfo },
};

DOOR(do_platform_op)
{
    struct xen_platform_op op;
    long rc;

    if (!current->domain->is_hardware) {
        return -EPERM;
    }
    if (copy_from_guest(&op, guest_handle(a0), sizeof(op)) != 0) {
        return -EFAULT;
    }
    if (op.interface_version != XENPF_INTERFACE_VERSION) {
        return -EACCES;
    }
    if (op.cmd >= ARRAY_SIZE(platform_ops) ||
        platform_ops[op.cmd].run == NULL) {
        return -ENOSYS;
    }
    rc = platform_ops[op.cmd].run(&op);
    if (rc == 0 && copy_to_guest(guest_handle(a0), &op, sizeof(op)) != 0) {
        rc = -EFAULT;
    }
    return rc;
}
