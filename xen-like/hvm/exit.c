/* SPDX-License-Identifier: MIT */
/*
 * Exits by what they mean.  Tested by tests/unit/hvm/ and tests/guests/hvm/.
 */
#include <arch/atomic.h>
#include <arch/cpu.h>
#include <arch/xstate.h>
#include <core/log.h>
#include <core/softirq.h>
#include <hvm/emulate.h>
#include <hvm/guest_walk.h>
#include <hvm/hvm_domain.h>
#include <hvm/hvm_policy.h>
#include <hvm/inject.h>
#include <hvm/io.h>
#include <p2m/p2m.h>
#include <physdev/io_perm.h>
#include <sched/sched.h>
#include <vdev/vdev.h>

enum { VEC_GP = 13 };

const struct hvm_backend *hvm_backend;

void hvm_set_backend(const struct hvm_backend *b)
{
    hvm_backend = b;
}

enum exit_action hvm_exit_cpuid(struct vcpu *v, unsigned int len)
{
    struct cpu_regs *r = guest_cpu_regs();
    uint32_t out[4];

    hvm_cpuid(v, (uint32_t)r->rax, (uint32_t)r->rcx, out);
    r->rax = out[0];
    r->rbx = out[1];
    r->rcx = out[2];
    r->rdx = out[3];
    hvm_skip(v, len);
    return EXIT_RESUME;
}

enum exit_action hvm_exit_msr(struct vcpu *v, bool write, unsigned int len)
{
    struct cpu_regs *r = guest_cpu_regs();
    uint64_t val = (r->rdx << 32) | (uint32_t)r->rax;
    bool ok = write ? hvm_wrmsr(v, (uint32_t)r->rcx, val)
                    : hvm_rdmsr(v, (uint32_t)r->rcx, &val);

    if (!ok) {
        hvm_inject_exception(v, VEC_GP, 0);
        return EXIT_RESUME;
    }
    if (!write) {
        r->rax = (uint32_t)val;
        r->rdx = val >> 32;
    }
    hvm_skip(v, len);
    return EXIT_RESUME;
}

enum exit_action hvm_exit_hlt(struct vcpu *v, unsigned int len)
{
    hvm_skip(v, len);
    if (!(guest_cpu_regs()->rflags & X86_EFLAGS_IF) &&
        !atomic_load(&v->hvm->nmi_pending)) {
        glog_info("v%u: halts with interrupts off", v->vcpu_id);
        vcpu_down(v);                 /* for ever; the last switches off */
        return EXIT_RESUME;
    }
    atomic_store(&v->blocked, 1);     /* pairs with vcpu_unblock() */
    if (hvm_has_interrupt(v)) {
        atomic_store(&v->blocked, 0);
    } else {
        softirq_raise(SOFTIRQ_SCHEDULE);
    }
    return EXIT_RESUME;
}

enum exit_action hvm_exit_xsetbv(struct vcpu *v, unsigned int len)
{
    struct cpu_regs *r = guest_cpu_regs();

    if ((uint32_t)r->rcx != 0 || hvm_cpl(v) != 0 ||
        xstate_set_xcr0(v->xstate, (r->rdx << 32) | (uint32_t)r->rax) != 0) {
        hvm_inject_exception(v, VEC_GP, 0);
        return EXIT_RESUME;
    }
    xstate_load_xcr0(v->xstate);
    hvm_skip(v, len);
    return EXIT_RESUME;
}

enum exit_action hvm_exit_hypercall(struct vcpu *v, unsigned int len)
{
    hvm_skip(v, len);
    return EXIT_HYPERCALL;
}

/* By way of a device model; what the answer is for is kept meanwhile. */
static noinline bool port_by_model(struct vcpu *v, bool write, uint16_t port,
                                   unsigned int bytes, unsigned int len,
                                   uint64_t *data)
{
    struct hvm_io *io = &v->hvm->io;

    if (io->resume == HVM_RESUME_NONE) {
        hvm_io_start(v, HVM_RESUME_PORT);
        io->port = port;
        io->port_write = write;
        io->port_bytes = (uint8_t)bytes;
        io->port_len = (uint8_t)len;
    }
    if (hvm_io(v, write, false, port, bytes, data) == HVM_IO_LATER) {
        return false;
    }
    hvm_io_finish(v);
    return true;
}

static uint64_t port_mask(unsigned int bytes)
{
    return bytes == 4 ? 0xffffffffu : (1u << (8 * bytes)) - 1;
}

static enum exit_action port_done(struct vcpu *v, bool write,
                                  unsigned int bytes, unsigned int len,
                                  uint64_t data)
{
    struct cpu_regs *r = guest_cpu_regs();
    uint64_t mask = port_mask(bytes);

    if (!write) {
        r->rax = bytes == 4 ? data & mask : (r->rax & ~mask) | (data & mask);
    }
    hvm_skip(v, len);
    return EXIT_RESUME;
}

static noinline enum exit_action port_of_device(struct vcpu *v, bool write,
                                                uint16_t port,
                                                unsigned int bytes,
                                                unsigned int len)
{
    uint64_t data = write ? guest_cpu_regs()->rax & port_mask(bytes) : 0;

    if ((v->hvm->io.resume == HVM_RESUME_NONE &&
         hvm_io_port_now(v, write, port, bytes, &data)) ||
        port_by_model(v, write, port, bytes, len, &data)) {
        return port_done(v, write, bytes, len, data);
    }
    return EXIT_RESUME;
}

enum exit_action hvm_exit_port(struct vcpu *v, bool write, uint16_t port,
                               unsigned int bytes, unsigned int len)
{
    return v->hvm->io.resume == HVM_RESUME_NONE && hvm_io_port_nobody(v, port)
         ? port_done(v, write, bytes, len, ~0ull)
         : port_of_device(v, write, port, bytes, len);
}

/* A hardware domain finds devices and firmware where the machine has them,
 * each page from its first use on. */
static bool map_device(struct domain *d, uint64_t gaddr)
{
    uint64_t gfn = gaddr >> PAGE_SHIFT;

    return !vdev_mmio_is_ours(d->vdev, gaddr) && io_mem_is_device(gfn) &&
           io_mem_permitted(d, gfn, gfn) &&
           p2m_set(d, gfn, _mfn(gfn), 0, P2M_MMIO) == 0;
}

enum exit_action hvm_exit_nested_fault(struct vcpu *v, uint64_t gaddr,
                                       bool write)
{
    enum p2m_type t;

    (void)p2m_lookup(v->domain, gaddr >> PAGE_SHIFT, &t);
    if (t == P2M_RAM || t == P2M_FOREIGN || t == P2M_MMIO ||
        (t == P2M_RAM_RO && !write) || (t == P2M_FOREIGN_RO && !write)) {
        return EXIT_RESUME;           /* mapped meanwhile: try again */
    }
    if (t == P2M_NONE && v->domain->is_hardware &&
        map_device(v->domain, gaddr)) {
        return EXIT_RESUME;
    }
    if (t == P2M_RAM_LOGDIRTY) {
        p2m_change_type(v->domain, gaddr >> PAGE_SHIFT, t, P2M_RAM);
        return EXIT_RESUME;           /* written: dirty from now on */
    }
    return hvm_exit_emulate(v, t == P2M_NONE ? (gaddr >> PAGE_SHIFT) + 1 : 0);
}

enum exit_action hvm_exit_unknown(struct vcpu *v, uint64_t reason,
                                  uint64_t info1, uint64_t info2)
{
    domain_crash(v->domain, "v%u: exit %#lx (%#lx, %#lx) at %#lx",
                 v->vcpu_id, reason, info1, info2, guest_cpu_regs()->rip);
    return EXIT_RESUME;
}
