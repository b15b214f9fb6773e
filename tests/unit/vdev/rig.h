/* SPDX-License-Identifier: MIT */
/*
 * A domain's devices on the fake machine: three APICs, hooks that record.
 * The clock is fake_now_ns; pass() lets time go by, timer by timer.
 */
#ifndef RIG_H
#define RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fake.h>
#include <hv/errno.h>
#include <vdev/vdev.h>

#define HVM_DEVICES 0x3ffu
#define NR_APICS    3u

extern struct vdev_domain vd;
extern struct vlapic apic[NR_APICS];
extern unsigned int kicks, signals;
extern void (*on_kick)(void);         /* what the guest does when told */
extern enum vlapic_mode last_signal;
extern uint8_t last_vector;
extern struct vcpu *last_vcpu;
extern int64_t tsc_offset;                /* guest TSC = fake_now_ns + it */

int rig_up(void **state);
void pass(uint64_t ns);
void apic_on(unsigned int i);             /* software enable, spurious 0xff */
void x2_on(unsigned int i);
uint32_t rd(unsigned int i, unsigned int reg);
void wr(unsigned int i, unsigned int reg, uint32_t v);
void outb_(uint16_t port, uint8_t v);
uint8_t inb_(uint16_t port);
uint64_t mmio_rd(uint64_t gaddr, unsigned int len);
void mmio_wr(uint64_t gaddr, unsigned int len, uint64_t v);
/* IO-APIC entry of @gsi: fixed, physical, to APIC 0. */
void route(unsigned int gsi, uint32_t low);
/* Take and finish interrupts of APIC @i: how many were @vector. */
unsigned int drain(unsigned int i, int vector);

#endif
