/* SPDX-License-Identifier: MIT */
/*
 * vdev/vlapic.h - the local APIC of one vCPU, as memory or as x2APIC MSRs.
 *
 * Owns    its registers, its timer, and who a message is for.
 * Shapes  APIC id = 2 * vcpu_id, as the CPUID policy says.  The timer counts
 *         at 100 MHz before its divisor.
 * Locks   [C] only on the CPU that runs the vcpu, or while it is paused;
 *         [a] atomic: other CPUs set IRR and TMR bits.
 * Source  SDM vol. 3A, chapter 11 (APIC), 11.12 (x2APIC).
 * Tests   tests/unit/vdev/test_vlapic.c
 */
#ifndef VDEV_VLAPIC_H
#define VDEV_VLAPIC_H

#include <arch/msr.h>
#include <core/timer.h>
#include <hv/types.h>

#define VLAPIC_BASE      0xfee00000u
#define VLAPIC_TPR       0x80u           /* its place among the registers */
#define MSR_X2APIC_LAST  0x8ffu
#define APIC_BASE_BSP    0x100u
#define APIC_BASE_X2     0x400u
#define APIC_BASE_ENABLE 0x800u

/* Delivery modes of a message (SDM table 11-3). */
enum vlapic_mode {
    VLAPIC_FIXED, VLAPIC_LOWEST, VLAPIC_SMI, VLAPIC_MODE3, VLAPIC_NMI,
    VLAPIC_INIT, VLAPIC_SIPI, VLAPIC_EXTINT,
};

struct vcpu;
struct vdev_domain;

struct vlapic {
    struct vdev_domain *dev;                 /* [I] */
    struct vcpu *vcpu;                /* [I] handed to the hooks, only */
    unsigned int id;                  /* [I] vcpu_id */
    uint64_t base_msr;                /* [C] */
    uint64_t tsc_deadline;            /* [a] guest TSC, 0: not armed */
    uint64_t count_start_ns;          /* [C] TMICT was written then */
    uint64_t deadline_ns;             /* [a] next expiry, 0: none */
    uint32_t esr_pending;             /* [a] shown by the next ESR write */
    uint8_t irr_maybe;                /* [a] 0: no bit of IRR is set */
    struct timer timer;
    uint32_t reg[256];                /* offset / 4, as in LAPIC_REGS;
                                         ISR [C], IRR and TMR [a] */
};

void vlapic_init(struct vlapic *la, struct vdev_domain *dev, struct vcpu *v,
                 unsigned int id);
void vlapic_fini(struct vlapic *la);      /* its timer is gone after */
/* INIT: registers as after power-on, but the mode and the id stay. */
void vlapic_reset(struct vlapic *la);

/* Access at @offset 0..0xfff.  Only while the xAPIC is on; x2APIC: no MMIO
 * (false: not answered). */
bool vlapic_mmio_active(const struct vlapic *la);
uint32_t vlapic_read(struct vlapic *la, unsigned int offset, unsigned int len);
void vlapic_write(struct vlapic *la, unsigned int offset, unsigned int len,
                  uint32_t v);
/* MSR_APIC_BASE, MSR_TSC_DEADLINE, 0x800..0x8ff.  false: #GP. */
bool must_check vlapic_rdmsr(struct vlapic *la, uint32_t msr, uint64_t *v);
bool must_check vlapic_wrmsr(struct vlapic *la, uint32_t msr, uint64_t v);

/* From any CPU: @vector becomes requested; kicks the vcpu. */
void vlapic_put_irq(struct vlapic *la, uint8_t vector, bool level);
void vlapic_set_irq(struct vlapic *la, uint8_t vector, bool level);
bool vlapic_is_requested(const struct vlapic *la, uint8_t vector);
/* Highest vector that the processor priority lets through, or -1. */
int vlapic_pending(struct vlapic *la);
/* Highest vector that would be let through if TPR were 0, or -1. */
int vlapic_below_tpr(struct vlapic *la);
/* The CPU takes it: requested -> in service. */
void vlapic_accept(struct vlapic *la, uint8_t vector);
void vlapic_eoi(struct vlapic *la);
void vlapic_set_tpr(struct vlapic *la, uint8_t tpr);
bool vlapic_enabled(const struct vlapic *la);
bool vlapic_x2(const struct vlapic *la);
/* Does the PIC's INT output reach this CPU? (APIC off, or LVT0 ExtINT) */
bool vlapic_takes_pic(const struct vlapic *la);
/* The guest's TSC moved against the host's. */
void vlapic_tsc_moved(struct vlapic *la);

/* A message for some of the vcpus of @dev.  Broadcast: @dest 0xffffffff. */
struct vlapic_msg {
    uint32_t dest;
    bool logical;
    bool level;
    uint8_t mode;                     /* enum vlapic_mode */
    uint8_t vector;
};
void vlapic_deliver(struct vdev_domain *dev, const struct vlapic_msg *m);

/* HVM context: struct hvm_hw_lapic, struct hvm_hw_lapic_regs.  Saving gives
 * the record's bytes. */
struct hvm_hw_lapic;
struct hvm_hw_lapic_regs;
int vlapic_save(const struct vlapic *la, struct hvm_hw_lapic *h);
int vlapic_save_regs(struct vlapic *la, struct hvm_hw_lapic_regs *r);
bool vlapic_load_ok(const struct hvm_hw_lapic *h);
int must_check vlapic_load(struct vlapic *la, const struct hvm_hw_lapic *h);
int must_check vlapic_load_regs(struct vlapic *la,
                                const struct hvm_hw_lapic_regs *r);

#endif
