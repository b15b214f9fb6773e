/* SPDX-License-Identifier: MIT */
/*
 * vdev/vlapic_regs.h - registers, and what vlapic.c, vlapic_timer.c and
 * message.c need of each other.
 */
#ifndef VDEV_VLAPIC_REGS_H
#define VDEV_VLAPIC_REGS_H

#include <vdev/vlapic.h>

enum {
    APIC_ID = 0x20, APIC_VERSION = 0x30, APIC_TPR = 0x80, APIC_APR = 0x90,
    APIC_PPR = 0xa0, APIC_EOI = 0xb0, APIC_LDR = 0xd0, APIC_DFR = 0xe0,
    APIC_SVR = 0xf0, APIC_ISR = 0x100, APIC_TMR = 0x180, APIC_IRR = 0x200,
    APIC_ESR = 0x280, APIC_ICR = 0x300, APIC_ICR2 = 0x310, APIC_LVTT = 0x320,
    APIC_LVT0 = 0x350, APIC_LVTERR = 0x370, APIC_TMICT = 0x380,
    APIC_TMCCT = 0x390, APIC_TDCR = 0x3e0, APIC_SELF_IPI = 0x3f0,
};
#define REG(la, r)     ((la)->reg[(r) / 4])
#define LVT_MASKED       0x10000u
#define LVTT_MODE        0x60000u
#define LVTT_PERIODIC    0x20000u
#define LVTT_DEADLINE    0x40000u
#define VLAPIC_NS_PER_COUNT 10u
#define ESR_SEND_ILLEGAL 0x20u
#define ESR_RECV_ILLEGAL 0x40u
#define ESR_ILLEGAL_REG  0x80u

uint8_t vlapic_ppr(const struct vlapic *la);
/* Write of the ICR of @la, with @dest from its other half. */
void vlapic_send(struct vlapic *la, uint32_t icr, uint32_t dest);

bool vlapic_hw_enabled(const struct vlapic *la);

/* ---- vlapic_timer.c ---------------------------------------------------- */
uint64_t vlapic_count_ns(const struct vlapic *la);     /* of one count */
uint32_t vlapic_current_count(const struct vlapic *la);
/* Its registers changed: arm it for what they say. */
void vlapic_timer_rearm(struct vlapic *la);
void vlapic_timer_fn(void *la);

#endif
