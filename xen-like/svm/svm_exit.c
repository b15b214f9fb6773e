/* SPDX-License-Identifier: MIT */
/*
 * The exits of SVM, by table: which instruction it was, how long, and who
 * knows what it means.  A code without a row crashes the guest.
 * Tested by tests/unit/hvm/test_svm_exit.c and tests/guests/hvm/.
 */
#include <arch/cpu.h>
#include <core/panic.h>
#include <hvm/guest_walk.h>
#include <hvm/hvm_domain.h>
#include <hvm/inject.h>
#include <lib/string.h>
#include <pv/regs.h>
#include <svm/vmcb.h>
#include <vdev/front.h>

#define FIRST_CODE 0x40u              /* exceptions; CRs, DRs do not exit */
#define CODE_NPF   0x400u
#define CODE_CR8_WRITE 0x18u

typedef enum exit_action (*exit_fn)(struct vcpu *v, struct svm_vcpu *s,
                                    unsigned int len);

/* ---- rows ------------------------------------------------------------------------- */

static enum exit_action on_nothing(struct vcpu *v, struct svm_vcpu *s,
                                   unsigned int len)
{
    return EXIT_RESUME;               /* served when GIF was set */
}

static enum exit_action on_machine_check(struct vcpu *v, struct svm_vcpu *s,
                                         unsigned int len)
{
    panic("machine check in d%uv%u", v->domain->domid, v->vcpu_id);
}

/* The exit broke a chain that may have had no end: once more, from us. */
static enum exit_action on_debug(struct vcpu *v, struct svm_vcpu *s,
                                 unsigned int len)
{
    hvm_inject_exception(v, 1, HVM_NO_ERROR);
    return EXIT_RESUME;
}

static enum exit_action on_alignment(struct vcpu *v, struct svm_vcpu *s,
                                     unsigned int len)
{
    hvm_inject_exception(v, 17, 0);
    return EXIT_RESUME;
}

static enum exit_action on_window(struct vcpu *v, struct svm_vcpu *s,
                                  unsigned int len)
{
    hvm_window(v, false);
    return EXIT_RESUME;
}

/* Before the IRET: the shadow keeps an NMI away until it is done. */
static enum exit_action on_iret(struct vcpu *v, struct svm_vcpu *s,
                                unsigned int len)
{
    hvm_nmi_unmask(v);
    s->vmcb->shadow |= 1;
    return EXIT_RESUME;
}

static enum exit_action on_cpuid(struct vcpu *v, struct svm_vcpu *s,
                                 unsigned int len)
{
    return hvm_exit_cpuid(v, len);
}

static enum exit_action on_msr(struct vcpu *v, struct svm_vcpu *s,
                               unsigned int len)
{
    return hvm_exit_msr(v, s->vmcb->info1 & 1, len);
}

static enum exit_action on_hlt(struct vcpu *v, struct svm_vcpu *s,
                               unsigned int len)
{
    return hvm_exit_hlt(v, len);
}

static enum exit_action on_vmmcall(struct vcpu *v, struct svm_vcpu *s,
                                   unsigned int len)
{
    return hvm_exit_hypercall(v, len);
}

static enum exit_action on_xsetbv(struct vcpu *v, struct svm_vcpu *s,
                                  unsigned int len)
{
    return hvm_exit_xsetbv(v, len);
}

static enum exit_action on_general(struct vcpu *v, struct svm_vcpu *s,
                                   unsigned int len)
{
    hvm_inject_exception(v, 13, 0);
    return EXIT_RESUME;
}

static enum exit_action on_undefined(struct vcpu *v, struct svm_vcpu *s,
                                     unsigned int len)
{
    hvm_inject_exception(v, 6, HVM_NO_ERROR);
    return EXIT_RESUME;
}

/* Caches of the machine are not the guest's to flush. */
static enum exit_action on_skip(struct vcpu *v, struct svm_vcpu *s,
                                unsigned int len)
{
    hvm_skip(v, len);
    return EXIT_RESUME;
}

/* EXITINFO1: port, size, direction, string; EXITINFO2: the next RIP
 * (APM vol. 2, 15.10.2). */
static enum exit_action on_port(struct vcpu *v, struct svm_vcpu *s,
                                unsigned int len)
{
    uint64_t info = s->vmcb->info1;
    uint64_t next = s->vmcb->info2 - guest_cpu_regs()->rip;

    if (info & 0xc) {
        return hvm_exit_string_port(v);
    }
    if (next == 0 || next > HVM_INSN_BYTES || (info & 0x70) == 0) {
        return hvm_exit_unknown(v, s->vmcb->exitcode, info, s->vmcb->info2);
    }
    return hvm_exit_port(v, (info & 1) == 0, (uint16_t)(info >> 16),
                         (info >> 4) & 7, (unsigned int)next);
}

static enum exit_action on_shutdown(struct vcpu *v, struct svm_vcpu *s,
                                    unsigned int len)
{
    hvm_triple_fault(v);
    return EXIT_RESUME;
}

static const struct row {
    const char *name;
    exit_fn run;
    uint8_t op[3], op_len;            /* 0: not an instruction */
} rows[] = {
#define ROW(code, name, fn, ...) [(code) - FIRST_CODE] = \
    { name, fn, __VA_ARGS__ }
#define OP1(a) { a }, 1
#define OP2(a, b) { a, b }, 2
#define OP3(a, b, c) { a, b, c }, 3
    ROW(0x41, "debug", on_debug, { 0 }, 0),
    ROW(0x51, "alignment", on_alignment, { 0 }, 0),
    ROW(0x52, "machine check", on_machine_check, { 0 }, 0),
    ROW(0x60, "interrupt", on_nothing, { 0 }, 0),
    ROW(0x61, "nmi", on_nothing, { 0 }, 0),
    ROW(0x62, "smi", on_nothing, { 0 }, 0),
    ROW(0x63, "init", on_nothing, { 0 }, 0),
    ROW(0x64, "window", on_window, { 0 }, 0),
    ROW(0x6f, "rdpmc", on_general, { 0 }, 0),
    ROW(0x72, "cpuid", on_cpuid, OP2(0x0f, 0xa2)),
    ROW(0x74, "iret", on_iret, { 0 }, 0),
    ROW(0x76, "invd", on_skip, OP2(0x0f, 0x08)),
    ROW(0x78, "hlt", on_hlt, OP1(0xf4)),
    ROW(0x7a, "invlpga", on_undefined, { 0 }, 0),
    ROW(0x7b, "port", on_port, { 0 }, 0),
    ROW(0x7c, "msr", on_msr, { 0x0f, 0x30 }, 2),
    ROW(0x7e, "ferr", on_undefined, { 0 }, 0),
    ROW(0x7f, "shutdown", on_shutdown, { 0 }, 0),
    ROW(0x80, "vmrun", on_undefined, { 0 }, 0),
    ROW(0x81, "vmmcall", on_vmmcall, OP3(0x0f, 0x01, 0xd9)),
    ROW(0x82, "vmload", on_undefined, { 0 }, 0),
    ROW(0x83, "vmsave", on_undefined, { 0 }, 0),
    ROW(0x84, "stgi", on_undefined, { 0 }, 0),
    ROW(0x85, "clgi", on_undefined, { 0 }, 0),
    ROW(0x86, "skinit", on_undefined, { 0 }, 0),
    ROW(0x89, "wbinvd", on_skip, OP2(0x0f, 0x09)),
    ROW(0x8a, "monitor", on_undefined, { 0 }, 0),
    ROW(0x8b, "mwait", on_undefined, { 0 }, 0),
    ROW(0x8c, "mwait", on_undefined, { 0 }, 0),
    ROW(0x8d, "xsetbv", on_xsetbv, OP3(0x0f, 0x01, 0xd1)),
    ROW(0x8e, "rdpru", on_undefined, { 0 }, 0),
#undef ROW
};

/* ---- lengths ---------------------------------------------------------------------------- */

static bool is_prefix(uint8_t b, bool mode64)
{
    return b == 0x66 || b == 0x67 || b == 0xf0 || b == 0xf2 || b == 0xf3 ||
           b == 0x2e || b == 0x36 || b == 0x3e || b == 0x26 || b == 0x64 ||
           b == 0x65 || (mode64 && (b & 0xf0) == 0x40);
}

/* RDMSR is WRMSR with another second byte. */
static bool same_op(const struct row *row, const uint8_t *p, uint64_t info1)
{
    if (row->run == on_msr) {
        return p[0] == 0x0f && p[1] == (info1 & 1 ? 0x30 : 0x32);
    }
    return memcmp(p, row->op, row->op_len) == 0;
}

/* Prefixes and opcode as they are in memory now; 0: something else. */
static noinline unsigned int find_length(struct vcpu *v,
                                         const struct row *row, uint64_t info1)
{
    uint8_t b[HVM_INSN_BYTES] = { 0 };
    unsigned int n = hvm_fetch(v, b, sizeof(b)), at = 0;
    bool mode64 = hvm_is_64bit(v);

    while (at < n && is_prefix(b[at], mode64)) {
        at++;
    }
    if (n < row->op_len || at > n - row->op_len ||
        !same_op(row, b + at, info1)) {
        return 0;
    }
    return at + row->op_len;
}

/*
 * Bytes of the instruction that left the guest, if they are known: QEMU 7.2
 * and old CPUs do not tell the next RIP.  There the bytes do, looked at once
 * per place (a guest that changes them while they run misleads only itself).
 */
static inline unsigned int known_length(const struct svm_vcpu *s,
                                        uint32_t code)
{
    uint64_t rip = guest_cpu_regs()->rip, n;

    if (has_cpu(X86_FEATURE_NRIPS)) {
        n = s->vmcb->next_rip - rip;
        if (n <= HVM_INSN_BYTES) {
            return (unsigned int)n;
        }
    }
    return s->length_rip == rip && s->length_code == code ? s->length : 0;
}

static noinline enum exit_action run_with_length(struct vcpu *v,
                                                 struct svm_vcpu *s,
                                                 const struct row *row)
{
    s->length = (uint8_t)find_length(v, row, s->vmcb->info1);
    s->length_rip = guest_cpu_regs()->rip;
    s->length_code = (uint32_t)s->vmcb->exitcode;
    return s->length != 0 ? row->run(v, s, s->length) : on_undefined(v, s, 0);
}

/* ---- dispatch ------------------------------------------------------------------------------- */

/* An event whose delivery was interrupted by this exit comes again; one that
 * an instruction makes is made again by it. */
static void keep_event(struct vcpu *v, uint64_t e)
{
    uint8_t type = EVENT_TYPE(e), vector = (uint8_t)e;

    if (type == HVM_EVENT_SOFT ||
        (type == HVM_EVENT_EXCEPTION && (vector == 3 || vector == 4))) {
        return;
    }
    v->hvm->event = (struct hvm_event){
        .valid = true, .vector = vector, .type = type,
        .has_error = (e & EVENT_ERROR) != 0, .error = (uint32_t)(e >> 32),
    };
}

static enum exit_action nested_fault(struct vcpu *v, const struct vmcb *b)
{
    return hvm_exit_nested_fault(v, b->info2, (b->info1 & 2) != 0);
}

/* MOV to CR8: 0F 22 /r with REX.R, or LOCK MOV CR0 (APM vol. 3, MOV CRn). */
static noinline enum exit_action write_cr8(struct vcpu *v)
{
    uint8_t b[HVM_INSN_BYTES] = { 0 }, rex = 0;
    unsigned int n = hvm_fetch(v, b, sizeof(b)), at = 0;
    bool mode64 = hvm_is_64bit(v);
    uint64_t val;

    while (at < n && is_prefix(b[at], mode64)) {
        rex = (b[at] & 0xf0) == 0x40 ? b[at] : 0;
        at++;
    }
    if (at + 3 > n || b[at] != 0x0f || b[at + 1] != 0x22 ||
        (b[at + 2] & 0x38) != 0) {
        return EXIT_RESUME;           /* changed meanwhile: look again */
    }
    val = *pv_reg(guest_cpu_regs(), (b[at + 2] & 7) | (rex & 1) << 3);
    if (val > 0xf) {
        hvm_inject_exception(v, 13, 0);
        return EXIT_RESUME;
    }
    vdev_set_cr8(v, (uint8_t)val);
    hvm_skip(v, at + 3);
    return EXIT_RESUME;
}

static noinline enum exit_action exit_amid_event(struct vcpu *v,
                                                 struct svm_vcpu *s)
{
    keep_event(v, s->vmcb->exit_event);
    s->vmcb->exit_event = 0;
    return svm_exit(v, s);
}

static noinline enum exit_action exit_beyond_rows(struct vcpu *v,
                                                  const struct vmcb *b)
{
    return b->exitcode == CODE_NPF ? nested_fault(v, b)
           : b->exitcode == CODE_CR8_WRITE ? write_cr8(v)
           : hvm_exit_unknown(v, b->exitcode, b->info1, b->info2);
}

/* Ends in calls only: most exits take the way through without saving one
 * register. */
enum exit_action svm_exit(struct vcpu *v, struct svm_vcpu *s)
{
    struct vmcb *b = s->vmcb;
    uint64_t at = b->exitcode - FIRST_CODE;
    unsigned int len = 0;

    b->inject = 0;
    if (unlikely(b->exit_event & EVENT_VALID)) {
        return exit_amid_event(v, s);
    }
    if (at >= ARRAY_SIZE(rows) || rows[at].run == NULL) {
        return exit_beyond_rows(v, b);
    }
    if (rows[at].op_len != 0) {
        len = known_length(s, (uint32_t)b->exitcode);
        if (unlikely(len == 0)) {
            return run_with_length(v, s, &rows[at]);
        }
    }
    return rows[at].run(v, s, len);
}
