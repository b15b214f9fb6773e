/* SPDX-License-Identifier: MIT */
/*
 * Callbacks of the instruction emulator: memory of the guest by its page
 * tables, devices by hvm/io.  See emulate.h.
 * Tested by tests/unit/emul/ and HVM guests (make boot GROUP=hvm).
 */
#include <arch/cpu.h>
#include <arch/msr.h>
#include <arch/xstate.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/softirq.h>
#include <emul/execute.h>
#include <hvm/emulate.h>
#include <hvm/guest_walk.h>
#include <hvm/hvm_domain.h>
#include <hvm/inject.h>
#include <hvm/io.h>
#include <p2m/p2m.h>

#define ELEMENTS   256u                   /* of a string, between entries */
#define VECTOR_UD  6u
#define VECTOR_PF  14u
enum { ATTR_TYPE_WRITE = 2, ATTR_TYPE_DOWN = 4, ATTR_TYPE_CODE = 8,
       ATTR_PRESENT = 0x80, ATTR_BIG = 0x400 };

/* What the emulator's callbacks know of the vcpu. */
struct owner {
    struct vcpu *v;
    struct hvm_mode m;
};

/* ---- memory ----------------------------------------------------------------- */
/* What the exit found empty stays so for the instruction. */
static bool is_memory(struct vcpu *v, uint64_t gaddr)
{
    uint64_t gfn = gaddr >> PAGE_SHIFT;
    enum p2m_type t;

    if (v->hvm->io.hole == gfn + 1) {
        return false;
    }
    (void)p2m_lookup(v->domain, gfn, &t);
    return t != P2M_NONE && t != P2M_MMIO;
}

/* To or from a device, in pieces it may get: 1, 2, 4, 8 bytes. */
static enum emul_result device(struct vcpu *v, uint64_t gaddr, uint8_t *buf,
                               unsigned int bytes, bool write)
{
    while (bytes != 0) {
        unsigned int n = min(1u << (31 - __builtin_clz(bytes)), 8u);
        uint64_t data = 0;

        if (write) {
            __builtin_memcpy(&data, buf, n);
        }
        if (hvm_io(v, write, true, gaddr, n, &data) == HVM_IO_LATER) {
            return EMUL_RETRY;
        }
        if (!write) {
            __builtin_memcpy(buf, &data, n);
        }
        gaddr += n;
        buf += n;
        bytes -= n;
    }
    return EMUL_OK;
}

static struct vcpu *vcpu_of(const struct emul_ctx *c)
{
    return ((const struct owner *)c->owner)->v;
}

static enum emul_result where(struct emul_ctx *c, uint64_t linear, bool write,
                              uint64_t *gaddr)
{
    const struct owner *o = c->owner;
    unsigned int how = (write ? HVM_WRITE : HVM_READ) |
                       (o->m.cpl == 3 ? HVM_USER : 0);

    if (hvm_walk(o->v, &o->m, linear, how, gaddr, &c->error) != 0) {
        c->vector = VECTOR_PF;
        c->cr2 = linear;
        return EMUL_FAULT;
    }
    return EMUL_OK;
}

static enum emul_result access(struct emul_ctx *c, uint64_t linear,
                               uint8_t *buf, unsigned int bytes, bool write)
{
    struct vcpu *v = vcpu_of(c);
    enum emul_result r = EMUL_OK;

    while (bytes != 0 && r == EMUL_OK) {
        unsigned int n = min(bytes, (unsigned int)(PAGE_SIZE -
                                                   (linear & ~PAGE_MASK)));
        uint64_t gaddr;

        r = where(c, linear, write, &gaddr);
        if (r != EMUL_OK) {
            break;
        }
        if (!is_memory(v, gaddr) ||
            hvm_copy_phys(v, gaddr, buf, n, write) != 0) {
            r = device(v, gaddr, buf, n, write);
        }
        linear += n;
        buf += n;
        bytes -= n;
    }
    return r;
}

static enum emul_result mem_read(struct emul_ctx *c, uint64_t linear,
                                 void *buf, unsigned int bytes)
{
    return access(c, linear, buf, bytes, false);
}

/* Both pages of a write that crosses must be there before one changes. */
static enum emul_result mem_write(struct emul_ctx *c, uint64_t linear,
                                  const void *buf, unsigned int bytes)
{
    uint64_t last = linear + bytes - 1, gaddr;
    uint8_t copy[32];

    if ((linear ^ last) & PAGE_MASK) {
        enum emul_result r = where(c, last, true, &gaddr);

        if (r != EMUL_OK) {
            return r;
        }
    }
    __builtin_memcpy(copy, buf, bytes);
    return access(c, linear, copy, bytes, true);
}

/* ---- ports ----------------------------------------------------------------------- */
static enum emul_result port(struct emul_ctx *c, bool write, uint16_t nr,
                             unsigned int bytes, uint32_t *val)
{
    uint64_t data = *val;

    if (hvm_io(vcpu_of(c), write, false, nr, bytes, &data) == HVM_IO_LATER) {
        return EMUL_RETRY;
    }
    *val = (uint32_t)data;
    return EMUL_OK;
}

/* The device model moves the elements itself, within a page of RAM. */
static enum emul_result port_rep(struct emul_ctx *c, bool write, uint16_t nr,
                                 unsigned int bytes, uint64_t linear,
                                 uint64_t *count)
{
    struct vcpu *v = vcpu_of(c);
    enum p2m_type t;
    uint64_t gaddr;

    if (where(c, linear, !write, &gaddr) != EMUL_OK) {
        return EMUL_UNKNOWN;
    }
    (void)p2m_lookup(v->domain, gaddr >> PAGE_SHIFT, &t);
    if (t != P2M_RAM) {
        return EMUL_UNKNOWN;
    }
    switch (hvm_io_rep(v, write, nr, bytes, gaddr, count)) {
    case HVM_IO_DONE:
        return EMUL_OK;
    case HVM_IO_LATER:
        return EMUL_RETRY;
    default:
        return EMUL_UNKNOWN;
    }
}

/* They are in the CPU: the vcpu is current, and states are switched eagerly. */
static void xmm(struct emul_ctx *c, unsigned int nr, bool write, bool vex,
                uint64_t v[4])
{
    if (write) {
        xstate_put_xmm(nr, vex, v);
    } else {
        xstate_get_xmm(nr, vex, v);
    }
}

static const struct emul_ops ops = { mem_read, mem_write, port, port_rep,
                                     xmm };

/* The CPU did these checks before the access that came to us; the bytes may
 * be others meanwhile. */
static bool may_use_xmm(struct vcpu *v, bool vex)
{
    const uint64_t need = XSTATE_SSE | XSTATE_YMM;
    uint64_t cr0 = hvm_backend->get_reg(v, HVM_CR0);
    uint64_t cr4 = hvm_backend->get_reg(v, HVM_CR4);

    return vex ? !(cr0 & X86_CR0_TS) && (cr4 & X86_CR4_OSXSAVE) &&
                 xstate_mask != 0 && (xgetbv(0) & need) == need
               : !(cr0 & (X86_CR0_TS | X86_CR0_EM)) &&
                 (cr4 & X86_CR4_OSFXSR);
}

/* ---- the vcpu's state in and out ------------------------------------------------------ */
/* 64-bit mode: of segments there are but two bases, and nothing else is
 * looked at (emul/execute). */
static void load_flat(struct emul_ctx *c, struct vcpu *v,
                      const struct insn *in)
{
    struct hvm_segment s;

    c->stack_size = 8;
    if (in->seg >= INSN_FS) {
        hvm_backend->get_segment(v, (enum hvm_seg)in->seg, &s);
        c->seg[in->seg].base = s.base;
    }
}

static void load_segments(struct emul_ctx *c, struct vcpu *v)
{
    bool real = !(hvm_backend->get_reg(v, HVM_CR0) & X86_CR0_PE) ||
                (c->rflags & X86_EFLAGS_VM);

    for (unsigned int i = 0; i < ARRAY_SIZE(c->seg); i++) {
        struct hvm_segment s;
        bool data;

        hvm_backend->get_segment(v, (enum hvm_seg)i, &s);
        data = !(s.attr & ATTR_TYPE_CODE);
        c->seg[i] = (struct emul_seg){
            .base = s.base, .limit = s.limit,
            .usable = real || (s.attr & ATTR_PRESENT),
            .writable = real || (data && (s.attr & ATTR_TYPE_WRITE)),
            .expand_down = !real && data && (s.attr & ATTR_TYPE_DOWN),
            .big = (s.attr & ATTR_BIG) != 0,
        };
        if (i == SEG_SS) {
            c->stack_size = s.attr & ATTR_BIG ? 4 : 2;
        }
    }
}

/* Bytes of an address in the guest's code. */
static uint8_t mode_of(struct vcpu *v, const struct hvm_mode *m)
{
    struct hvm_segment cs;

    if (m->code64) {
        return 8;
    }
    hvm_backend->get_segment(v, SEG_CS, &cs);
    return cs.attr & ATTR_BIG ? 4 : 2;
}

/* Registers by their number in instructions. */
#define REGISTERS(X) X(0, rax) X(1, rcx) X(2, rdx) X(3, rbx) X(4, rsp) \
    X(5, rbp) X(6, rsi) X(7, rdi) X(8, r8) X(9, r9) X(10, r10) X(11, r11) \
    X(12, r12) X(13, r13) X(14, r14) X(15, r15)
#define LOAD(nr, name) c->reg[nr] = r->name;
#define STORE(nr, name) r->name = c->reg[nr];

static void load(struct emul_ctx *c, struct owner *o, uint8_t mode,
                 const struct insn *in)
{
    struct cpu_regs *r = guest_cpu_regs();

    c->ops = &ops;
    c->owner = o;
    c->rip = r->rip;
    c->rflags = r->rflags;
    c->mode = mode;
    c->error = 0;
    c->cr2 = 0;
    c->vector = 0;
    REGISTERS(LOAD)
    if (mode == 8) {
        load_flat(c, o->v, in);
    } else {
        load_segments(c, o->v);
    }
}

/* The instruction kept in @b, decoded; the last one is remembered. */
static const struct insn *decode(struct hvm_vcpu *h, uint8_t mode)
{
    struct insn_bytes *b = &h->insn, *last = &h->decoded_from;

    b->mode = mode;
    if (likely(b->w[0] == last->w[0] && b->w[1] == last->w[1] &&
               b->len == last->len && mode == last->mode)) {
        return &h->decoded;
    }
    last->len = 0;
    if (!insn_decode_mode(b->b, b->len, mode, &h->decoded)) {
        return NULL;
    }
    *last = *b;
    return &h->decoded;
}

/* @done: the instruction is complete, RIP moves on. */
static void store(const struct emul_ctx *c, struct vcpu *v, bool done)
{
    struct cpu_regs *r = guest_cpu_regs();

    REGISTERS(STORE)
    r->rflags = c->rflags;
    if (done) {
        hvm_skip(v, (unsigned int)(c->rip - r->rip));
    }
}

/* As Xen does: the guest's kernel decides what becomes of it. */
static void give_up(struct vcpu *v)
{
    const uint8_t *b = v->hvm->insn.b;

    glog_warn("v%u: instruction at %#lx is not emulated: "
              "%02x %02x %02x %02x %02x %02x", v->vcpu_id,
              guest_cpu_regs()->rip, b[0], b[1], b[2], b[3], b[4], b[5]);
    hvm_inject_exception(v, VECTOR_UD, HVM_NO_ERROR);
}

/* Does the exit that brought us here fit @in?  INV-HVM2. */
static bool fits(struct vcpu *v, const struct insn *in)
{
    const struct hvm_io *io = &v->hvm->io;
    bool string_port = in->op == OP_INS || in->op == OP_OUTS;

    if (in->op == OP_SSE_MOV && !may_use_xmm(v, in->vex)) {
        return false;
    }
    return io->for_port ? string_port
                        : !string_port && in->op != OP_IN && in->op != OP_OUT;
}

static void fault(struct vcpu *v, const struct emul_ctx *c)
{
    if (c->vector == VECTOR_PF) {
        hvm_inject_page_fault(v, c->cr2, c->error);
    } else {
        hvm_inject_exception(v, c->vector, (int)c->error);
    }
}

static void emulate(struct owner *o)
{
    struct vcpu *v = o->v;
    enum emul_result r = EMUL_UNKNOWN;
    uint8_t mode = mode_of(v, &o->m);
    const struct insn *in = decode(v->hvm, mode);
    struct emul_ctx c no_auto_init;

    if (in == NULL) {
        hvm_io_finish(v);
        give_up(v);
        return;
    }
    if (!fits(v, in)) {
        hvm_io_finish(v);                 /* the CPU shall look again */
        return;
    }
    load(&c, o, mode, in);
    for (unsigned int n = 0; n < ELEMENTS; n++) {
        r = emul_execute(&c, in);
        if (r != EMUL_OK || !c.again || softirq_pending()) {
            break;
        }
        hvm_io_next_element(v);
    }
    store(&c, v, r == EMUL_OK && !c.again);
    if (r == EMUL_RETRY) {
        return;
    }
    hvm_io_finish(v);
    if (r == EMUL_FAULT) {
        fault(v, &c);
    } else if (r == EMUL_UNKNOWN) {
        give_up(v);
    }
}

void hvm_emulate_resume(struct vcpu *v)
{
    struct owner o no_auto_init;

    o.v = v;
    hvm_backend->get_mode(v, &o.m);
    emulate(&o);
}

static enum exit_action start(struct vcpu *v, bool for_port, uint64_t hole)
{
    struct insn_bytes *b = &v->hvm->insn;
    struct owner o no_auto_init;

    o.v = v;
    hvm_backend->get_mode(v, &o.m);
    hvm_io_start(v, HVM_RESUME_EMULATE);
    v->hvm->io.for_port = for_port;
    v->hvm->io.hole = hole;
    b->w[0] = b->w[1] = 0;
    b->len = (uint8_t)hvm_fetch_mode(v, &o.m, b->b, HVM_INSN_BYTES);
    emulate(&o);
    return EXIT_RESUME;
}

enum exit_action hvm_exit_emulate(struct vcpu *v, uint64_t hole)
{
    return start(v, false, hole);
}

enum exit_action hvm_exit_string_port(struct vcpu *v)
{
    return start(v, true, 0);
}
