/* SPDX-License-Identifier: MIT */
/*
 * The HVM context: records of xen/hvm/save.h, in and out.  Toolstacks start
 * a guest with one (HEADER, CPU, MTRR, END) and save all of it.
 * hvm/context_check looks at all of them before one is loaded.
 * Tested by tests/unit/hvm/test_context.c and tests/boot/dom0/hvm-save.sh.
 */
#include <abi/public.h>
#include <arch/atomic.h>
#include <arch/cpu.h>
#include <arch/msr.h>
#include <arch/paging.h>
#include <arch/xstate.h>
#include <domain/tsc_aux.h>
#include <hv/errno.h>
#include <hvm/hvm_domain.h>
#include <hvm/hvm_policy.h>
#include <hvm/tsc.h>
#include <lib/string.h>
#include <time/systime.h>
#include <vdev/front.h>
#include <xen/hvm/save.h>

ABI_ASSERT(sizeof(struct hvm_hw_cpu) == 1032);

#define CPU_FIELD(f) offsetof(struct hvm_hw_cpu, f)

/* ---- tables: where a register is in the record -------------------------------------- */

static const uint16_t gpr_at[][2] = {
#define GPR(f) { CPU_FIELD(f), offsetof(struct cpu_regs, f) }
    GPR(rax), GPR(rbx), GPR(rcx), GPR(rdx), GPR(rbp), GPR(rsi), GPR(rdi),
    GPR(rsp), GPR(r8), GPR(r9), GPR(r10), GPR(r11), GPR(r12), GPR(r13),
    GPR(r14), GPR(r15), GPR(rip), GPR(rflags),
#undef GPR
};

static const struct {
    uint16_t at;
    uint8_t reg;
} hw_at[] = {
    { CPU_FIELD(cr0), HVM_CR0 }, { CPU_FIELD(cr2), HVM_CR2 },
    { CPU_FIELD(cr3), HVM_CR3 }, { CPU_FIELD(cr4), HVM_CR4 },
    { CPU_FIELD(dr6), HVM_DR6 }, { CPU_FIELD(dr7), HVM_DR7 },
    { CPU_FIELD(sysenter_cs), HVM_SYSENTER_CS },
    { CPU_FIELD(sysenter_esp), HVM_SYSENTER_ESP },
    { CPU_FIELD(sysenter_eip), HVM_SYSENTER_EIP },
    { CPU_FIELD(shadow_gs), HVM_KERNEL_GS },
    { CPU_FIELD(msr_lstar), HVM_LSTAR },
    { CPU_FIELD(msr_star), HVM_STAR },
    { CPU_FIELD(msr_cstar), HVM_CSTAR },
    { CPU_FIELD(msr_syscall_mask), HVM_SFMASK },
    { CPU_FIELD(msr_efer), HVM_EFER },
};

static const struct {
    uint16_t sel, limit, base, attr;     /* 0 in @sel: a table, no selector */
} seg_at[NR_HVM_SEGS] = {
#define SEG(nr, s) [nr] = { CPU_FIELD(s##_sel), CPU_FIELD(s##_limit), \
                            CPU_FIELD(s##_base), CPU_FIELD(s##_arbytes) }
    SEG(SEG_ES, es), SEG(SEG_CS, cs), SEG(SEG_SS, ss), SEG(SEG_DS, ds),
    SEG(SEG_FS, fs), SEG(SEG_GS, gs), SEG(SEG_LDTR, ldtr), SEG(SEG_TR, tr),
#undef SEG
    [SEG_GDTR] = { 0, CPU_FIELD(gdtr_limit), CPU_FIELD(gdtr_base), 0 },
    [SEG_IDTR] = { 0, CPU_FIELD(idtr_limit), CPU_FIELD(idtr_base), 0 },
};

#define FLAGS_ALLOWED 0x3f7fd5ull

static uint64_t get64(const void *rec, uint16_t at)
{
    uint64_t x;

    memcpy(&x, (const char *)rec + at, sizeof(x));
    return x;
}

static uint32_t get32(const void *rec, uint16_t at)
{
    return (uint32_t)get64(rec, at);
}

/* ---- the CPU record --------------------------------------------------------------------- */

static void save_cpu(struct vcpu *v, struct hvm_hw_cpu *c)
{
    memset(c, 0, sizeof(*c));
    for (unsigned int i = 0; i < ARRAY_SIZE(gpr_at); i++) {
        memcpy((char *)c + gpr_at[i][0], (char *)&v->hvm->regs + gpr_at[i][1],
               8);
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(hw_at); i++) {
        uint64_t x = hvm_backend->get_reg(v, hw_at[i].reg);

        memcpy((char *)c + hw_at[i].at, &x, 8);
    }
    for (unsigned int i = 0; i < NR_HVM_SEGS; i++) {
        struct hvm_segment s;
        uint32_t w[3];

        hvm_backend->get_segment(v, i, &s);
        w[0] = s.sel;
        w[1] = s.attr;
        if (seg_at[i].sel != 0) {
            memcpy((char *)c + seg_at[i].sel, &w[0], 4);
            memcpy((char *)c + seg_at[i].attr, &w[1], 4);
        }
        memcpy((char *)c + seg_at[i].limit, &s.limit, 4);
        memcpy((char *)c + seg_at[i].base, &s.base, 8);
    }
    memcpy(&c->dr0, v->hvm->dr, sizeof(v->hvm->dr));
    c->msr_tsc_aux = v->tsc_aux;
    c->tsc = hvm_tsc_at(v, v->domain->hvm->tsc_now);
    c->flags = XEN_X86_FPU_INITIALISED;
    xstate_store_fxsave(v->xstate, c->fpu_regs);
    if (v->hvm->event.valid) {
        c->pending_vector = v->hvm->event.vector;
        c->pending_type = v->hvm->event.type & 7;
        c->pending_error_valid = v->hvm->event.has_error;
        c->pending_valid = 1;
        c->error_code = v->hvm->event.error;
    }
}

/* Vcpus that have no record yet, or get none, go with the first. */
static void load_tsc(struct vcpu *v, uint64_t tsc)
{
    uint64_t now = v->domain->hvm->tsc_now;
    struct vcpu *o;

    for_each_vcpu(v->domain, o) {
        if (o == v || (v->vcpu_id == 0 && !atomic_load(&o->is_initialised))) {
            hvm_set_tsc(o, tsc, now);
        }
    }
}

static void load_cpu(struct vcpu *v, const struct hvm_hw_cpu *c)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(gpr_at); i++) {
        memcpy((char *)&v->hvm->regs + gpr_at[i][1],
               (const char *)c + gpr_at[i][0], 8);
    }
    v->hvm->regs.rflags = (v->hvm->regs.rflags & FLAGS_ALLOWED) |
                          X86_EFLAGS_MBS;
    for (unsigned int i = 0; i < ARRAY_SIZE(hw_at); i++) {
        hvm_backend->set_reg(v, hw_at[i].reg, get64(c, hw_at[i].at));
    }
    for (unsigned int i = 0; i < NR_HVM_SEGS; i++) {
        struct hvm_segment s = {
            .sel = seg_at[i].sel != 0 ? (uint16_t)get32(c, seg_at[i].sel) : 0,
            .attr = seg_at[i].sel != 0
                    ? (uint16_t)(get32(c, seg_at[i].attr) & 0xfff) : 0,
            .limit = get32(c, seg_at[i].limit),
            .base = get64(c, seg_at[i].base),
        };

        hvm_backend->set_segment(v, i, &s);
    }
    memcpy(v->hvm->dr, &c->dr0, sizeof(v->hvm->dr));
    (void)tsc_aux_set(v, c->msr_tsc_aux);
    if (c->tsc != 0) {                    /* 0: a new domain */
        load_tsc(v, c->tsc);
    }
    if (c->flags & XEN_X86_FPU_INITIALISED) {
        xstate_load_fxsave(v->xstate, c->fpu_regs);
    } else {
        xstate_reset(v->xstate);
    }
    v->hvm->event = (struct hvm_event){
        .valid = c->pending_valid, .vector = c->pending_vector,
        .type = c->pending_type, .has_error = c->pending_error_valid,
        .error = c->error_code,
    };
    v->hvm->wait_for_sipi = 0;
    atomic_store(&v->is_initialised, 1);
    atomic_store(&v->is_up, 1);
}

/* ---- the MTRR record ---------------------------------------------------------------------- */

static void save_mtrr(struct vcpu *v, struct hvm_hw_mtrr *m)
{
    memset(m, 0, sizeof(*m));
    m->msr_pat_cr = hvm_backend->get_reg(v, HVM_PAT);
    memcpy(m->msr_mtrr_var, v->hvm->mtrr_var, sizeof(m->msr_mtrr_var));
    memcpy(m->msr_mtrr_fixed, v->hvm->mtrr_fixed, sizeof(m->msr_mtrr_fixed));
    m->msr_mtrr_cap = HVM_NR_MTRR_VAR | 1u << 8 | 1u << 10;
    m->msr_mtrr_def_type = v->hvm->mtrr_def;
}

static void load_mtrr(struct vcpu *v, const struct hvm_hw_mtrr *m)
{
    hvm_backend->set_reg(v, HVM_PAT, m->msr_pat_cr);
    memcpy(v->hvm->mtrr_var, m->msr_mtrr_var, sizeof(v->hvm->mtrr_var));
    memcpy(v->hvm->mtrr_fixed, m->msr_mtrr_fixed, sizeof(v->hvm->mtrr_fixed));
    v->hvm->mtrr_def = m->msr_mtrr_def_type;
}

ABI_ASSERT(sizeof(((struct hvm_hw_mtrr *)0)->msr_mtrr_var) ==
           2 * HVM_NR_MTRR_VAR * 8);

/* ---- records one after the other ------------------------------------------------------------ */

struct writer {
    char *at, *end;
    bool full;
};

static void *put(struct writer *w, uint16_t type, uint16_t instance,
                 uint32_t bytes)
{
    struct hvm_save_descriptor *desc = (void *)w->at;

    if ((size_t)(w->end - w->at) < sizeof(*desc) + bytes) {
        w->full = true;
        return NULL;
    }
    *desc = (struct hvm_save_descriptor){ type, instance, bytes };
    w->at += sizeof(*desc) + bytes;
    return desc + 1;
}

/* Records of vdev/, in the order of their numbers. */
static void put_devices(struct writer *w, struct domain *d, unsigned int first,
                        unsigned int last, unsigned int instances)
{
    for (unsigned int type = first; type <= last; type++) {
        for (unsigned int i = 0; i < instances; i++) {
            char *start = w->at;
            void *rec = put(w, (uint16_t)type, (uint16_t)i, VDEV_RECORD_MAX);
            int n = rec != NULL ? vdev_save(d, type, i, rec) : -ENOSPC;

            w->at = n < 0 ? start : (char *)rec + n;
            if (n > 0) {
                ((struct hvm_save_descriptor *)start)->length = (uint32_t)n;
            }
        }
    }
}

int hvm_context_save(struct domain *d, void *buf, uint32_t cap, uint32_t *len)
{
    struct writer w = { buf, (char *)buf + cap, false };
    struct hvm_save_header *h = put(&w, HVM_SAVE_CODE(HEADER), 0, sizeof(*h));
    struct vcpu *v;

    d->hvm->tsc_now = rdtsc();
    if (h != NULL) {
        *h = (struct hvm_save_header){
            .magic = HVM_FILE_MAGIC, .version = HVM_FILE_VERSION,
            .cpuid = cpuid(1, 0).eax, .gtsc_khz = tsc_khz,
        };
    }
    for_each_vcpu(d, v) {
        void *rec = v->is_initialised
                    ? put(&w, HVM_SAVE_CODE(CPU), (uint16_t)v->vcpu_id,
                          sizeof(struct hvm_hw_cpu)) : NULL;

        if (rec != NULL) {
            save_cpu(v, rec);
        }
    }
    put_devices(&w, d, HVM_SAVE_CODE(PIC), HVM_SAVE_CODE(IOAPIC), 2);
    put_devices(&w, d, HVM_SAVE_CODE(LAPIC), HVM_SAVE_CODE(LAPIC_REGS),
                d->max_vcpus);
    put_devices(&w, d, HVM_SAVE_CODE(PCI_IRQ), HVM_SAVE_CODE(PMTIMER), 1);
    for_each_vcpu(d, v) {
        void *rec = put(&w, HVM_SAVE_CODE(MTRR), (uint16_t)v->vcpu_id,
                        sizeof(struct hvm_hw_mtrr));

        if (rec != NULL) {
            save_mtrr(v, rec);
        }
    }
    (void)put(&w, HVM_SAVE_CODE(END), 0, 0);
    *len = (uint32_t)(w.at - (char *)buf);
    return w.full ? -ENOSPC : 0;
}

static int load_record(struct domain *d, const struct hvm_save_descriptor *desc)
{
    const void *rec = desc + 1;
    struct vcpu *v = domain_vcpu(d, desc->instance);
    int rc = 0;

    switch (desc->typecode) {
    case HVM_SAVE_CODE(HEADER):
        break;
    case HVM_SAVE_CODE(CPU):
        load_cpu(v, rec);
        break;
    case HVM_SAVE_CODE(MTRR):
        load_mtrr(v, rec);
        break;
    default:
        rc = vdev_load(d, desc->typecode, desc->instance, rec, desc->length);
        break;
    }
    return rc == -ENOENT ? 0 : min(rc, 0);
}

int hvm_context_load(struct domain *d, const void *buf, uint32_t len)
{
    const struct hvm_save_descriptor *desc = buf;
    int rc = hvm_context_check(d, buf, len);

    d->hvm->tsc_now = rdtsc();
    while (rc == 0 && desc->typecode != HVM_SAVE_CODE(END)) {
        rc = load_record(d, desc);
        desc = (const void *)((const char *)(desc + 1) + desc->length);
    }
    return rc;
}
