/* SPDX-License-Identifier: MIT */
/*
 * What makes up a domain, in order of creation; and every hook that a lower
 * part gets from a higher one.
 */
#include <arch/cpu.h>
#include <control/control_domain.h>
#include <control/doors.h>
#include <core/console.h>
#include <core/log.h>
#include <core/machine.h>
#include <core/params.h>
#include <core/panic.h>
#include <domain/domain.h>
#include <domain/guest_copy.h>
#include <domain/pages.h>
#include <domain/unit.h>
#include <domain/vtime.h>
#include <event/evtchn.h>
#include <grant/grant.h>
#include <hvm/guest_walk.h>
#include <hvm/tsc.h>
#include <hypercall/compat.h>
#include <init/units.h>
#include <ioreq/ioreq.h>
#include <irq/irq.h>
#include <physdev/io_perm.h>
#include <physdev/pirq_map.h>
#include <pv/grant_map.h>
#include <pv/pt_entry.h>
#include <pv/pv_domain.h>
#include <sched/sched.h>
#include <vdev/front.h>
#include <xen/sched.h>

static const struct domain_unit units[] = {
    { .name = "pages", .relinquish = pages_relinquish },
    { .name = "io_perm", .domain_init = io_perm_domain_init,
      .domain_free = io_perm_domain_free },
    { .name = "sched", .domain_init = sched_domain_init,
      .vcpu_init = sched_vcpu_init, .vcpu_free = sched_vcpu_free,
      .domain_free = sched_domain_free },
    { .name = "vtime", .vcpu_init = vtime_vcpu_init,
      .vcpu_free = vtime_vcpu_free },
    { .name = "pirq", .domain_init = pirq_domain_init,
      .relinquish = pirq_relinquish, .domain_free = pirq_domain_free },
    { .name = "evtchn", .domain_init = evtchn_domain_init,
      .vcpu_init = evtchn_vcpu_init, .relinquish = evtchn_relinquish,
      .vcpu_free = evtchn_vcpu_free, .domain_free = evtchn_domain_free },
    { .name = "pv", .domain_init = pv_domain_init, .vcpu_init = pv_vcpu_init,
      .relinquish = pv_relinquish, .vcpu_free = pv_vcpu_free,
      .domain_free = pv_domain_free },
    { .name = "hvm", .domain_init = hvm_domain_init,
      .vcpu_init = hvm_vcpu_init, .relinquish = hvm_relinquish,
      .vcpu_free = hvm_vcpu_free, .domain_free = hvm_domain_free },
    { .name = "vdev", .domain_init = vdev_domain_init,
      .vcpu_init = vdev_vcpu_init, .relinquish = vdev_relinquish,
      .vcpu_free = vdev_vcpu_free, .domain_free = vdev_domain_free },
    { .name = "ioreq", .domain_init = ioreq_domain_init,
      .vcpu_init = ioreq_vcpu_init, .relinquish = ioreq_relinquish,
      .vcpu_free = ioreq_vcpu_free, .domain_free = ioreq_domain_free },
    { .name = "grant", .domain_init = grant_domain_init,
      .relinquish = grant_relinquish, .domain_free = grant_domain_free },
    { .name = "control", .domain_init = control_domain_init,
      .domain_free = control_domain_free },
};

static void domain_event(void)
{
    virq_send_global(VIRQ_DOM_EXC);
}

/* The control domain shut down: so does the machine. */
static void hardware_shutdown(unsigned int reason)
{
    log_warn("the control domain shut down, reason %u", reason);
    if (reason == SHUTDOWN_crash) {
        panic("the control domain crashed");
    }
    if (reason == SHUTDOWN_poweroff) {
        log_warn("it did not switch the machine off: it halts here");
        console_drain();
        machine.stop_other_cpus();
        console_sync();
        cpu_halt_forever();
    }
    machine.reboot();
}

static const struct domain_hooks hooks = {
    .vcpu_pause_sync = vcpu_pause,
    .vcpu_pause_nosync = vcpu_pause_nosync,
    .vcpu_unpause = vcpu_unpause,
    .domain_event = domain_event,
    .hardware_shutdown = hardware_shutdown,
};

static int io_mem_access(const struct domain *d, mfn_t mfn)
{
    if (mfn_x(mfn) >> (cpu_ident.phys_addr_bits - PAGE_SHIFT) != 0) {
        return 0;
    }
    return io_mem_permitted(d, mfn_x(mfn), mfn_x(mfn)) ? 2 : 0;
}

static const struct grant_map_ops map_ops = {
    .map = pv_grant_map,
    .unmap = pv_grant_unmap,
    .done = pv_grant_done,
};

static uint64_t guest_tsc(struct vcpu *v)
{
    return hvm_tsc_at(v, rdtsc());
}

static const struct vdev_hooks vdev_hook_table = {
    .kick = vcpu_kick,
    .init = hvm_vcpu_init_signal,
    .sipi = hvm_vcpu_sipi,
    .nmi = hvm_vcpu_nmi,
    .guest_tsc = guest_tsc,
};

static size_t copy_linear(uint64_t va, void *buf, size_t bytes, bool to_guest)
{
    uint32_t pfec;

    return hvm_copy_linear(current, va, buf, bytes,
                           to_guest ? HVM_WRITE : HVM_READ, &pfec);
}

/* Copies of a translated guest's hypercall arguments. */
static size_t copy_translated(uint64_t va, void *buf, size_t bytes,
                              bool to_guest)
{
    size_t left;

    return compat_copy(va, buf, bytes, to_guest, &left)
         ? left : copy_linear(va, buf, bytes, to_guest);
}

/* Somebody types: the control domain reads it (CONSOLEIO_read). */
static void console_input(void)
{
    virq_send_global(VIRQ_CONSOLE);
}

void units_init(void)
{
    console_set_input_hook(console_input);
    domain_table_init();
    domain_set_units(units, ARRAY_SIZE(units));
    domain_set_hooks(&hooks);
    page_type_set_ops(&pv_page_type_ops);
    pv_io_mem_access = io_mem_access;
    grant_set_map_ops(&map_ops);
    evtchn_set_consumer(ioreq_wake);
    vdev_set_hooks(&vdev_hook_table);
    guest_copy_set_translated(copy_translated);
    compat_set_guest(copy_linear);
    io_perm_init();
    memory_op_init();
    pirq_map_init();
}
