/* SPDX-License-Identifier: MIT */
/*
 * svm/vmcb.h - the control block of a guest on AMD, bit by bit.
 *
 * Source  APM vol. 2, appendix B (layout), C (exit codes), 15.
 */
#ifndef SVM_VMCB_H
#define SVM_VMCB_H

#include <hvm/backend.h>

struct vmcb_segment {
    uint16_t sel, attr;
    uint32_t limit;
    uint64_t base;
};

struct vmcb {
    uint16_t cr_read, cr_write, dr_read, dr_write;
    uint32_t exceptions, misc1, misc2, misc3;
    uint8_t pad018[0x3c - 0x18];
    uint16_t pause_threshold, pause_count;
    uint64_t iopm, msrpm, tsc_offset;
    uint32_t asid;
    uint8_t tlb_control, pad05d[3];
    uint64_t vintr;
    uint64_t shadow;
    uint64_t exitcode, info1, info2, exit_event;
    uint64_t np_enable;
    uint8_t pad098[0xa8 - 0x98];
    uint64_t inject, ncr3, lbr, clean, next_rip;
    uint8_t nr_bytes, bytes[15];
    uint8_t pad0e0[0x400 - 0xe0];

    struct vmcb_segment seg[6], gdtr, ldtr, idtr, tr;    /* ES CS SS DS FS GS */
    uint8_t pad4a0[0x4cb - 0x4a0];
    uint8_t cpl;
    uint32_t pad4cc;
    uint64_t efer;
    uint8_t pad4d8[0x548 - 0x4d8];
    uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
    uint8_t pad580[0x5d8 - 0x580];
    uint64_t rsp;
    uint8_t pad5e0[0x5f8 - 0x5e0];
    uint64_t rax, star, lstar, cstar, sfmask, kernel_gs;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip, cr2;
    uint8_t pad648[0x668 - 0x648];
    uint64_t pat, debugctl;
    uint8_t pad678[0x1000 - 0x678];
};
_Static_assert(sizeof(struct vmcb) == 4096, "one page");
_Static_assert(offsetof(struct vmcb, iopm) == 0x40, "APM table B-1");
_Static_assert(offsetof(struct vmcb, exitcode) == 0x70, "APM table B-1");
_Static_assert(offsetof(struct vmcb, inject) == 0xa8, "APM table B-1");
_Static_assert(offsetof(struct vmcb, next_rip) == 0xc8, "APM table B-1");
_Static_assert(offsetof(struct vmcb, efer) == 0x4d0, "APM table B-2");
_Static_assert(offsetof(struct vmcb, rip) == 0x578, "APM table B-2");
_Static_assert(offsetof(struct vmcb, rax) == 0x5f8, "APM table B-2");
_Static_assert(offsetof(struct vmcb, pat) == 0x668, "APM table B-2");

#define BIT32(n) (1u << (n))
/* cr_read, cr_write */
#define SVM_CR8         (1u << 8)
/* misc1 */
#define SVM_INTR        BIT32(0)
#define SVM_NMI         BIT32(1)
#define SVM_SMI         BIT32(2)
#define SVM_INIT        BIT32(3)
#define SVM_VINTR       BIT32(4)
#define SVM_RDPMC       BIT32(15)
#define SVM_CPUID       BIT32(18)
#define SVM_IRET        BIT32(20)
#define SVM_INVD        BIT32(22)
#define SVM_HLT         BIT32(24)
#define SVM_INVLPGA     BIT32(26)
#define SVM_IOIO        BIT32(27)
#define SVM_MSR         BIT32(28)
#define SVM_FERR        BIT32(30)
#define SVM_SHUTDOWN    BIT32(31)
/* misc2: VMRUN VMMCALL VMLOAD VMSAVE STGI CLGI SKINIT, then some more */
#define SVM_MISC2_ALL   (0x7fu | BIT32(9) | BIT32(10) | BIT32(11) | \
                         BIT32(12) | BIT32(13) | BIT32(14))
/* vintr */
#define V_TPR_MASK      0xffull
#define V_IRQ           (1ull << 8)
#define V_PRIO_SHIFT    16
#define V_PRIO_MASK     (0xfull << V_PRIO_SHIFT)
#define V_IGN_TPR       (1ull << 20)
#define V_INTR_MASKING  (1ull << 24)
/* inject and exit_event */
#define EVENT_VALID     (1ull << 31)
#define EVENT_ERROR     (1ull << 11)
#define EVENT_TYPE(e)   (((e) >> 8) & 7)

#define TLB_FLUSH_ALL   1

/* What a vcpu has beside its block. */
struct svm_vcpu {
    struct vmcb *vmcb;
    uint64_t vmcb_maddr;
    uint64_t asid_gen;           /* of the CPU it was taken on */
    uint32_t asid_cpu;
    uint32_t length_code;        /* svm_exit: the last length found */
    uint64_t length_rip;
    uint8_t length;
};

/* svm_exit.c: the exit just taken, by its row. */
enum exit_action svm_exit(struct vcpu *v, struct svm_vcpu *s);
/* svm_run.S: interrupts off in, on and served when it comes back. */
void svm_enter(uint64_t vmcb_maddr, struct cpu_regs *regs,
               uint64_t host_maddr);

#endif
