/* SPDX-License-Identifier: MIT */
/*
 * The exits of VMX, by table.  A reason without a row crashes the guest.
 * Tested by tests/unit/hvm/test_vmx_exit.c and tests/guests/hvm/.
 */
#include <arch/cpu.h>
#include <core/log.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <hvm/hvm_domain.h>
#include <hvm/inject.h>
#include <pv/regs.h>
#include <vdev/front.h>
#include <vmx/vmcs.h>

enum { VEC_DB = 1, VEC_UD = 6, VEC_GP = 13, VEC_AC = 17, VEC_MC = 18 };
#define TYPE_INT1 5u                   /* a trap, but RIP is still at it */
#define DR6_CAUSES 0x600full           /* B0-B3, BD, BS */

typedef enum exit_action (*exit_fn)(struct vcpu *v, unsigned int len);

static enum exit_action exception(struct vcpu *v, uint8_t vector, int error)
{
    hvm_inject_exception(v, vector, error);
    return EXIT_RESUME;
}

static enum exit_action unknown(struct vcpu *v)
{
    return hvm_exit_unknown(v, vmcs_read(VMCS_EXIT_REASON),
                            vmcs_read(VMCS_QUALIFICATION),
                            vmcs_read(VMCS_EXIT_EVENT));
}

/* ---- rows ------------------------------------------------------------------------- */

static enum exit_action on_nothing(struct vcpu *v, unsigned int len)
{
    return EXIT_RESUME;                /* served when interrupts were let in */
}

static enum exit_action on_machine_check(struct vcpu *v, unsigned int len)
{
    panic("machine check in d%uv%u", v->domain->domid, v->vcpu_id);
}

/* A fault of the IRET that ends an NMI handler: it will be done again, and
 * no NMI may come before (SDM vol. 3C, 28.2.3). */
static void mask_nmi_again(uint64_t info)
{
    if ((info & EVENT_IRET) && !(vmcs_read(VMCS_IDT_EVENT) & EVENT_VALID)) {
        vmcs_write(VMCS_GUEST_BLOCKING,
                   vmcs_read(VMCS_GUEST_BLOCKING) | BLOCKED_NMI);
    }
}

/* A guest could nest these two for ever: the exit broke the chain, and the
 * event goes on from us.  The CPU left the causes out of DR6. */
static enum exit_action on_event(struct vcpu *v, unsigned int len)
{
    uint32_t e = (uint32_t)vmcs_read(VMCS_EXIT_EVENT);

    if (EVENT_TYPE(e) == HVM_EVENT_NMI) {
        return EXIT_RESUME;            /* the machine's, served */
    }
    mask_nmi_again(e);
    switch (e & 0xff) {
    case VEC_DB:
        if (EVENT_TYPE(e) == TYPE_INT1) {
            guest_cpu_regs()->rip += vmcs_read(VMCS_INSN_LEN);
        }
        hvm_backend->set_reg(v, HVM_DR6,
                             hvm_backend->get_reg(v, HVM_DR6) |
                             (vmcs_read(VMCS_QUALIFICATION) & DR6_CAUSES));
        hvm_backend->set_reg(v, HVM_SHADOW, 0);
        return exception(v, VEC_DB, HVM_NO_ERROR);
    case VEC_AC:
        return exception(v, VEC_AC, 0);
    case VEC_MC:
        return on_machine_check(v, 0);
    default:
        return unknown(v);
    }
}

static enum exit_action on_triple_fault(struct vcpu *v, unsigned int len)
{
    hvm_triple_fault(v);
    return EXIT_RESUME;
}

static enum exit_action on_window(struct vcpu *v, unsigned int len)
{
    hvm_window(v, false);
    return EXIT_RESUME;
}

static enum exit_action on_undefined(struct vcpu *v, unsigned int len)
{
    return exception(v, VEC_UD, HVM_NO_ERROR);
}

static enum exit_action on_general(struct vcpu *v, unsigned int len)
{
    return exception(v, VEC_GP, 0);
}

/* Caches of the machine are not the guest's to flush. */
static enum exit_action on_skip(struct vcpu *v, unsigned int len)
{
    hvm_skip(v, len);
    return EXIT_RESUME;
}

static enum exit_action on_rdmsr(struct vcpu *v, unsigned int len)
{
    return hvm_exit_msr(v, false, len);
}

static enum exit_action on_wrmsr(struct vcpu *v, unsigned int len)
{
    return hvm_exit_msr(v, true, len);
}

/* Size less one, direction, string, port (SDM vol. 3C, table 28-5). */
static enum exit_action on_port(struct vcpu *v, unsigned int len)
{
    uint64_t q = vmcs_read(VMCS_QUALIFICATION);
    unsigned int bytes = (q & 7) + 1;

    if (q & 0x10) {
        return hvm_exit_string_port(v);
    }
    if (bytes == 3 || bytes > 4) {
        return unknown(v);
    }
    return hvm_exit_port(v, (q & 8) == 0, (uint16_t)(q >> 16), bytes, len);
}

static enum exit_action on_nested_fault(struct vcpu *v, unsigned int len)
{
    uint64_t q = vmcs_read(VMCS_QUALIFICATION);

    mask_nmi_again(q);
    return hvm_exit_nested_fault(v, vmcs_read(VMCS_GUEST_PHYSICAL),
                                 (q & 2) != 0);
}

/* ---- control registers --------------------------------------------------------- */

/* Bits that are not the guest's have changed: what it will read of them does,
 * and the CPU then does the instruction, for it sees no difference any more. */
static void pass_on(enum vmcs_field shadow, uint64_t owned, uint64_t val)
{
    vmcs_write(shadow, (vmcs_read(shadow) & ~owned) | (val & owned));
}

static enum exit_action to_cr0(struct vcpu *v, uint64_t val,
                                  unsigned int len)
{
    if (val >> 32 != 0 || ((val & X86_CR0_NW) && !(val & X86_CR0_CD))) {
        return on_general(v, 0);
    }
    pass_on(VMCS_CR0_SHADOW, CR0_OWNED, val);
    return EXIT_RESUME;
}

static enum exit_action to_cr4(struct vcpu *v, uint64_t val,
                                  unsigned int len)
{
    if ((val & ~(uint64_t)(CR4_GUEST | X86_CR4_MCE)) != 0) {
        return on_general(v, 0);
    }
    pass_on(VMCS_CR4_SHADOW, CR4_OWNED, val);
    return EXIT_RESUME;
}

static enum exit_action to_cr8(struct vcpu *v, uint64_t val,
                                  unsigned int len)
{
    if (val > 15) {
        return on_general(v, 0);
    }
    vdev_set_cr8(v, (uint8_t)val);
    hvm_skip(v, len);
    return EXIT_RESUME;
}

/* Which one, MOV to or from, the other register (SDM vol. 3C, table 28-3). */
static enum exit_action on_control(struct vcpu *v, unsigned int len)
{
    static enum exit_action (*const write[16])(struct vcpu *v, uint64_t val,
                                               unsigned int len) = {
        [0] = to_cr0, [4] = to_cr4, [8] = to_cr8,
    };
    uint64_t q = vmcs_read(VMCS_QUALIFICATION);
    unsigned int nr = q & 15, how = (q >> 4) & 3;
    uint64_t *reg = pv_reg(guest_cpu_regs(), (q >> 8) & 15);

    if (how == 0 && write[nr] != NULL) {
        return write[nr](v, *reg, len);
    }
    if (how == 1 && nr == 8) {
        *reg = vdev_get_cr8(v);
        return on_skip(v, len);
    }
    return unknown(v);
}

/* ---- the table --------------------------------------------------------------------- */

static const struct row {
    const char *name;
    exit_fn run;
    bool insn;                        /* an instruction: it has a length */
} rows[] = {
    [0] = { "exception", on_event, false },
    [1] = { "interrupt", on_nothing, false },
    [2] = { "triple fault", on_triple_fault, false },
    [3] = { "init", on_nothing, false },
    [4] = { "sipi", on_nothing, false },
    [7] = { "window", on_window, false },
    [8] = { "nmi window", on_window, false },
    [10] = { "cpuid", hvm_exit_cpuid, true },
    [11] = { "getsec", on_undefined, false },
    [12] = { "hlt", hvm_exit_hlt, true },
    [13] = { "invd", on_skip, true },
    [15] = { "rdpmc", on_general, false },
    [18] = { "vmcall", hvm_exit_hypercall, true },
    [19] = { "vmclear", on_undefined, false },
    [20] = { "vmlaunch", on_undefined, false },
    [21] = { "vmptrld", on_undefined, false },
    [22] = { "vmptrst", on_undefined, false },
    [23] = { "vmread", on_undefined, false },
    [24] = { "vmresume", on_undefined, false },
    [25] = { "vmwrite", on_undefined, false },
    [26] = { "vmxoff", on_undefined, false },
    [27] = { "vmxon", on_undefined, false },
    [28] = { "control register", on_control, true },
    [30] = { "port", on_port, true },
    [31] = { "rdmsr", on_rdmsr, true },
    [32] = { "wrmsr", on_wrmsr, true },
    [36] = { "mwait", on_undefined, false },
    [39] = { "monitor", on_undefined, false },
    [41] = { "machine check", on_machine_check, false },
    [48] = { "nested fault", on_nested_fault, false },
    [50] = { "invept", on_undefined, false },
    [52] = { "turn", on_nothing, false },
    [53] = { "invvpid", on_undefined, false },
    [54] = { "wbinvd", on_skip, true },
    [55] = { "xsetbv", hvm_exit_xsetbv, true },
    [59] = { "vmfunc", on_undefined, false },
};

/* An event whose delivery this exit interrupted comes again; one that an
 * instruction makes is made again by it. */
static void keep_event(struct vcpu *v, uint32_t e)
{
    uint8_t type = EVENT_TYPE(e);

    if (type >= HVM_EVENT_SOFT) {
        return;
    }
    if (type == HVM_EVENT_NMI) {
        vmcs_write(VMCS_GUEST_BLOCKING, vmcs_read(VMCS_GUEST_BLOCKING) &
                                        ~(uint64_t)BLOCKED_NMI);
    }
    v->hvm->event = (struct hvm_event){
        .valid = true, .vector = (uint8_t)e, .type = type,
        .has_error = (e & EVENT_ERROR) != 0,
        .error = e & EVENT_ERROR ? (uint32_t)vmcs_read(VMCS_IDT_ERROR) : 0,
    };
}

enum exit_action vmx_exit(struct vcpu *v, struct vmx_vcpu *s, uint32_t reason)
{
    uint32_t e = (uint32_t)vmcs_read(VMCS_IDT_EVENT), len = 0;

    if (e & EVENT_VALID) {
        keep_event(v, e);
    }
    if (reason >= ARRAY_SIZE(rows) || rows[reason].run == NULL) {
        return unknown(v);
    }
    if (rows[reason].insn) {
        len = (uint32_t)vmcs_read(VMCS_INSN_LEN);
        if (len == 0 || len > HVM_INSN_BYTES) {
            return unknown(v);
        }
    }
    return rows[reason].run(v, len);
}

/* ---- no entry ---------------------------------------------------------------------- */

/* What the CPU may have objected to, for whoever made that state. */
enum exit_action vmx_refused(struct vcpu *v, uint32_t reason)
{
    static const struct {
        const char *name;
        uint16_t field;
    } state[] = {
        { "cr0", VMCS_GUEST_CR0 }, { "cr3", VMCS_GUEST_CR3 },
        { "cr4", VMCS_GUEST_CR4 }, { "efer", VMCS_GUEST_EFER },
        { "flags", VMCS_GUEST_RFLAGS }, { "entry", VMCS_ENTRY },
        { "event", VMCS_ENTRY_EVENT }, { "blocking", VMCS_GUEST_BLOCKING },
        { "cs", VMCS_GUEST_RIGHTS + 2 * SEG_CS },
        { "ss", VMCS_GUEST_RIGHTS + 2 * SEG_SS },
        { "tr", VMCS_GUEST_RIGHTS + 2 * SEG_TR },
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(state); i++) {
        glog_warn("v%u: entry refused: %s %#lx", v->vcpu_id, state[i].name,
                  vmcs_read(state[i].field));
    }
    return hvm_exit_unknown(v, reason, vmcs_read(VMCS_QUALIFICATION),
                            vmcs_read(VMCS_INSN_ERROR));
}
