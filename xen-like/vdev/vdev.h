/* SPDX-License-Identifier: MIT */
/*
 * vdev/vdev.h - interrupt and timer devices of one HVM domain, together.
 *
 * Owns    which device answers a port or an address, the wires between them
 *         (ISA lines, PCI INTx pins, link routes, the event-channel line),
 *         one timer for all of them.  Each device is one file.
 * Locks   vdev.lock [L] LOCK_VDEV: all state of domain-wide devices.  Taken
 *         here; functions of devices expect it held.
 * Time    system time in ns.  A device's tick(now) does what is due and
 *         returns when it is to be called next, ~0: not at all.  No device
 *         catches up more than one interrupt, whatever time has passed, but
 *         for the system's tick (irq0.c).
 * Tests   tests/unit/vdev/
 */
#ifndef VDEV_VDEV_H
#define VDEV_VDEV_H

#include <abi/public.h>
#include <core/lock.h>
#include <core/timer.h>
#include <hv/limits.h>
#include <hv/types.h>
#include <vdev/vlapic.h>
#include <xen/hvm/save.h>

#define VDEV_GSIS        48u
#define VDEV_NEVER       ~0ull
#define VDEV_MIN_PERIOD  100000u          /* ns; no faster interrupts */

/* Which devices a domain has: XEN_X86_EMU_* of arch-x86/xen.h. */

struct vpit {
    struct hvm_hw_pit hw;                 /* [L] */
    uint64_t loaded_ns[3];                /* [L] count written then */
    uint64_t next_ns;                     /* [L] IRQ 0, 0: none */
};

struct vrtc {
    struct hvm_hw_rtc hw;                 /* [L] */
    int64_t seen_s;                       /* [L] second last looked at */
    uint64_t next_periodic_ns;            /* [L] 0: off */
};

struct vhpet {
    struct hvm_hw_hpet hw;                /* [L] mc64: value at @base_ns */
    uint64_t base_ns;                     /* [L] counter was started then */
    uint64_t next_ns[HPET_TIMER_NUM];     /* [L] 0: none */
};

struct vpm {
    struct hvm_hw_pmtimer hw;             /* [L] */
    uint64_t start_ns;                    /* [L] timer was 0 then */
    uint32_t seen;                        /* [L] value last looked at */
    uint16_t base;                        /* [L] port of PM1a_STS */
};

struct vdev_domain {
    spinlock_t lock;
    uint32_t devices;                     /* [I] XEN_X86_EMU_* */
    unsigned int nr_lapics;               /* [I] */
    struct vlapic *lapic[MAX_VCPUS];      /* [I] NULL: no such vcpu */
    unsigned int lowest_next;             /* [a] arbitration, round robin */
    struct timer timer;
    uint64_t armed_ns;                    /* [L] */

    struct hvm_hw_vpic pic[2];            /* [L] int_output of 0: [a] */
    struct hvm_hw_vioapic ioapic;         /* [L] */
    unsigned int ticks_owed;              /* [L] read without: maybe some */
    struct vpit pit;
    struct vrtc rtc;
    struct vhpet hpet;
    struct vpm pm;

    struct hvm_hw_pci_irqs intx;          /* [L] device * 4 + pin */
    struct hvm_hw_isa_irqs isa;           /* [L] */
    struct hvm_hw_pci_link link;          /* [L] */
    uint8_t link_count[4];                /* [L] pins asserted on a link */
    uint8_t gsi_count[VDEV_GSIS];         /* [L] wires asserted on a GSI */
    uint64_t callback_via;                /* [L] HVM_PARAM_CALLBACK_IRQ */
    bool callback_level;                  /* [L] */
};

/* Handed down once at boot; @v is the target, the caller any CPU. */
struct vdev_hooks {
    void (*kick)(struct vcpu *v);         /* look for interrupts again */
    void (*init)(struct vcpu *v);
    void (*sipi)(struct vcpu *v, uint8_t vector);
    void (*nmi)(struct vcpu *v);
    uint64_t (*guest_tsc)(struct vcpu *v);    /* now, of this vcpu */
};
extern const struct vdev_hooks *vdev_hooks;
void vdev_set_hooks(const struct vdev_hooks *h);

void vdev_init(struct vdev_domain *d, uint32_t devices);
void vdev_fini(struct vdev_domain *d);           /* no timer of @d runs after */
/* False: no port of a device is near.  All of them lie in four pages. */
static inline bool vdev_port_maybe(uint16_t port)
{
    unsigned int page = port >> 8;

    return page == 0 || page == 0x04 || page == 0x1f || page == 0xb0;
}
/* Accesses by vcpu's CPU, @len 1, 2, 4 (MMIO also 8).  false: nobody here. */
bool vdev_access_port(struct vdev_domain *d, uint16_t port, unsigned int len, bool write,
               uint32_t *v);
bool vdev_access_mmio(struct vdev_domain *d, struct vlapic *la, uint64_t gaddr,
               unsigned int len, bool write, uint64_t *v);
/* Is @gaddr on a page where a device may answer?  (no RAM there) */
bool vdev_mmio_is_ours(const struct vdev_domain *d, uint64_t gaddr);

/* Wires from outside.  Numbers are checked: -EINVAL. */
int must_check vdev_isa_level(struct vdev_domain *d, unsigned int irq, bool level);
int must_check vdev_intx_level(struct vdev_domain *d, unsigned int device,
                               unsigned int pin, bool level);
int must_check vdev_link_route(struct vdev_domain *d, unsigned int link,
                               unsigned int irq);
int must_check vdev_msi(struct vdev_domain *d, uint64_t addr, uint32_t data);
/* HVM_PARAM_CALLBACK_IRQ of type GSI or PCI INTx; -EINVAL. */
int must_check vdev_set_callback(struct vdev_domain *d, uint64_t via);
void vdev_callback_level(struct vdev_domain *d, bool level);
/* HVM_PARAM_ACPI_IOPORTS_LOCATION 0 or 1; -EINVAL */
int must_check vdev_set_pm_location(struct vdev_domain *d, uint64_t version);
void vdev_power_button(struct vdev_domain *d);
void vdev_sleep_button(struct vdev_domain *d);

/* What a vcpu may take now: vector, or -1.  Taking it acknowledges. */
int vdev_peek_interrupt(struct vlapic *la);
int vdev_take_interrupt(struct vlapic *la);

/* Domain-wide HVM context records; @typecode HVM_SAVE_CODE(PIC...).  Size
 * of the record, or -ENOENT: not one of ours; load: -EINVAL: bad contents. */
#define VDEV_RECORD_MAX sizeof(struct hvm_hw_hpet)   /* the largest */
int vdev_save_record(struct vdev_domain *d, unsigned int typecode, unsigned int instance,
              void *record);
int vdev_record_bytes(const struct vdev_domain *d, unsigned int typecode,
                      unsigned int instance);
int vdev_load_record(struct vdev_domain *d, unsigned int typecode, unsigned int instance,
              const void *record, size_t bytes);

/* ---- between the files of vdev/, vdev.lock held ---------------------- */
#define IOAPIC_BASE 0xfec00000u
#define PM_HZ       3579545u
/* Do what is due; arm the timer for what comes next. */
void vdev_run(struct vdev_domain *d);
/* Wires follow the levels that were loaded; the inputs of PIC and IO-APIC
 * are in their own records. */
void vdev_recount(struct vdev_domain *d);
void vdev_isa_raise(struct vdev_domain *d, unsigned int irq);
void vdev_isa_lower(struct vdev_domain *d, unsigned int irq);
void vdev_gsi_pulse(struct vdev_domain *d, unsigned int gsi);
void vdev_gsi_raise(struct vdev_domain *d, unsigned int gsi);
void vdev_gsi_lower(struct vdev_domain *d, unsigned int gsi);
void vdev_eoi(struct vdev_domain *d, uint8_t vector);    /* takes the lock itself */

/* hw_line.c: lines of the machine; settle takes irq/'s locks: none held. */
void vdev_hw_start(struct vdev_domain *d);       /* it is the hardware domain's */
void vdev_hw_wanted(struct vdev_domain *d, unsigned int gsi, bool level,
                    bool low);
void vdev_hw_eoi(struct vdev_domain *d, unsigned int gsi);
void vdev_hw_settle(struct vdev_domain *d);

void vpic_init(struct vdev_domain *d);
void vpic_line(struct vdev_domain *d, unsigned int irq, bool level);
int vpic_peek(const struct vdev_domain *d);
int vpic_ack(struct vdev_domain *d);
bool vpic_port(struct vdev_domain *d, uint16_t port, unsigned int len, bool write,
               uint32_t *v);

void vioapic_init(struct vdev_domain *d);
void vioapic_rise(struct vdev_domain *d, unsigned int gsi);
bool vioapic_takes_pic(const struct vdev_domain *d);   /* no lock */
void vioapic_eoi(struct vdev_domain *d, uint8_t vector);
uint64_t vioapic_mmio(struct vdev_domain *d, unsigned int offset, unsigned int len,
                      bool write, uint64_t v);

/* The vector of a pin that is open, by edge and for a CPU; or -1. */
int vioapic_edge_vector(const struct vdev_domain *d, unsigned int pin);

/* IRQ 0: one of a row of ticks, after @missed ones that nobody made... */
void virq0_tick(struct vdev_domain *d, uint64_t missed);
void virq0_once(struct vdev_domain *d);          /* ...or one alone */
void virq0_taken(struct vdev_domain *d);         /* takes the lock itself */

void vpit_init(struct vdev_domain *d);
bool vpit_port(struct vdev_domain *d, uint16_t port, unsigned int len, bool write,
               uint32_t *v);
uint64_t vpit_tick(struct vdev_domain *d, uint64_t now);
void vpit_restart(struct vdev_domain *d, uint64_t now);    /* from a record */

void vrtc_init(struct vdev_domain *d);
bool vrtc_port(struct vdev_domain *d, uint16_t port, unsigned int len, bool write,
               uint32_t *v);
uint64_t vrtc_tick(struct vdev_domain *d, uint64_t now);
int64_t vrtc_legal_offset(int64_t s);
void vrtc_set_offset(struct vdev_domain *d, int64_t seconds);   /* takes the lock */

void vhpet_init(struct vdev_domain *d);
uint64_t vhpet_mmio(struct vdev_domain *d, unsigned int offset, unsigned int len,
                    bool write, uint64_t v);
uint64_t vhpet_tick(struct vdev_domain *d, uint64_t now);
void vhpet_restart(struct vdev_domain *d, uint64_t now);   /* from a record */
void vhpet_recount(struct vdev_domain *d);      /* its lines that are up */
uint64_t vhpet_counter(const struct vdev_domain *d, uint64_t now);
/* Legacy replacement: timers 0 and 1 own IRQ 0 and 8. */
bool vhpet_is_legacy(const struct vdev_domain *d);

void vpm_init(struct vdev_domain *d);
bool vpm_port(struct vdev_domain *d, uint16_t port, unsigned int len, bool write,
              uint32_t *v);
uint64_t vpm_tick(struct vdev_domain *d, uint64_t now);
void vpm_event(struct vdev_domain *d, uint16_t sts);
void vpm_refresh(struct vdev_domain *d, uint64_t now);

/* Ticks of a clock of @hz in @ns, without overflow for 500 years. */
static inline uint64_t ns_to_ticks(uint64_t ns, uint32_t hz)
{
    return ns / 1000000000u * hz + ns % 1000000000u * hz / 1000000000u;
}

static inline uint64_t ticks_to_ns(uint64_t ticks, uint32_t hz)
{
    return ticks / hz * 1000000000u + ticks % hz * 1000000000u / hz;
}

#endif
