/* SPDX-License-Identifier: MIT */
/*
 * The local APIC: registers by a table of what may be read and written.  Its
 * timer is in vlapic_timer.c, who a message is for in message.c.  Ends of
 * level-triggered interrupts go to vdev.c, which tells the IO-APIC.
 */
#include <arch/atomic.h>
#include <hv/errno.h>
#include <time/systime.h>
#include <vdev/vdev.h>
#include <vdev/vlapic_regs.h>

#define VERSION        0x00050014u        /* 6 LVT entries */
#define SVR_ENABLE     0x100u
#define ICR_BITS       0xccfffu            /* without "busy" */

/* Access rights: memory read, memory write, MSR read, MSR write. */
enum { R = 1, W = 2, XR = 4, XW = 8 };
static const struct {
    uint8_t may;
    uint32_t bits;                        /* writable; MSR: others #GP */
} rows[64] = {
    [0x02] = { R | W | XR, 0 },           /* id: writes change nothing */
    [0x03] = { R | XR, 0 },
    [0x08] = { R | W | XR | XW, 0xff },
    [0x09] = { R, 0 },
    [0x0a] = { R | XR, 0 },
    [0x0b] = { W | XW, 0 },
    [0x0d] = { R | W | XR, 0xff000000 },
    [0x0e] = { R | W, 0xf0000000 },
    [0x0f] = { R | W | XR | XW, 0x1ff },
    [0x10 ... 0x27] = { R | XR, 0 },      /* ISR, TMR, IRR */
    [0x28] = { R | W | XR | XW, 0 },
    [0x30] = { R | W | XR | XW, ICR_BITS },
    [0x31] = { R | W, 0xff000000 },
    [0x32] = { R | W | XR | XW, 0x700ff },
    [0x33 ... 0x34] = { R | W | XR | XW, 0x107ff },
    [0x35 ... 0x36] = { R | W | XR | XW, 0x1a7ff },
    [0x37] = { R | W | XR | XW, 0x100ff },
    [0x38] = { R | W | XR | XW, 0xffffffff },
    [0x39] = { R | XR, 0 },
    [0x3e] = { R | W | XR | XW, 0xb },
    [0x3f] = { XW, 0xff },
};

bool vlapic_x2(const struct vlapic *la)
{
    return (la->base_msr & APIC_BASE_X2) != 0;
}

bool vlapic_hw_enabled(const struct vlapic *la)
{
    return (la->base_msr & APIC_BASE_ENABLE) != 0;
}

bool vlapic_mmio_active(const struct vlapic *la)
{
    return vlapic_hw_enabled(la) && !vlapic_x2(la);
}

bool vlapic_enabled(const struct vlapic *la)
{
    return vlapic_hw_enabled(la) && (REG(la, APIC_SVR) & SVR_ENABLE) != 0;
}

bool vlapic_takes_pic(const struct vlapic *la)
{
    uint32_t lvt0 = REG(la, APIC_LVT0);

    return !vlapic_hw_enabled(la) ||
           (!(lvt0 & LVT_MASKED) && ((lvt0 >> 8) & 7) == VLAPIC_EXTINT);
}

/* ---- vectors: 256 bits, 32 in every fourth word ------------------------ */
static uint32_t *vector_word(const struct vlapic *la, unsigned int base,
                             uint8_t vector)
{
    return (uint32_t *)&REG(la, base + vector / 32 * 16);
}

static bool vector_test(const struct vlapic *la, unsigned int base, uint8_t v)
{
    return (atomic_load(vector_word(la, base, v)) >> (v % 32)) & 1;
}

static void vector_put(struct vlapic *la, unsigned int base, uint8_t v, bool on)
{
    if (on) {
        atomic_or(vector_word(la, base, v), 1u << (v % 32));
    } else {
        atomic_and(vector_word(la, base, v), ~(1u << (v % 32)));
    }
}

static int highest(const struct vlapic *la, unsigned int base)
{
    const uint32_t *r = &REG(la, base);

#pragma GCC unroll 8
    for (int i = 7; i >= 0; i--) {
        uint32_t w = atomic_load(&r[i * 4]);

        if (w != 0) {
            return i * 32 + 31 - __builtin_clz(w);
        }
    }
    return -1;
}

uint8_t vlapic_ppr(const struct vlapic *la)
{
    uint8_t tpr = (uint8_t)REG(la, APIC_TPR);
    int isr = highest(la, APIC_ISR);

    return isr >= 0 && (isr & 0xf0) > (tpr & 0xf0) ? isr & 0xf0 : tpr;
}

bool vlapic_is_requested(const struct vlapic *la, uint8_t vector)
{
    return vector_test(la, APIC_IRR, vector);
}

/* Cleared before the look: a bit that is set meanwhile sets it again. */
static int highest_requested(struct vlapic *la)
{
    int irr;

    if (!atomic_load(&la->irr_maybe)) {
        return -1;
    }
    (void)atomic_xchg(&la->irr_maybe, 0);
    irr = highest(la, APIC_IRR);
    if (irr >= 0) {
        atomic_store(&la->irr_maybe, 1);
    }
    return irr;
}

int vlapic_pending(struct vlapic *la)
{
    int irr = vlapic_enabled(la) ? highest_requested(la) : -1;

    return irr >= 0 && (irr & 0xf0) > (vlapic_ppr(la) & 0xf0) ? irr : -1;
}

int vlapic_below_tpr(struct vlapic *la)
{
    int irr = vlapic_enabled(la) ? highest_requested(la) : -1;
    int isr = highest(la, APIC_ISR);

    return irr >= 0 && (irr & 0xf0) > (isr < 0 ? 0 : isr & 0xf0) &&
           (irr & 0xf0) <= (REG(la, APIC_TPR) & 0xf0) ? irr : -1;
}

void vlapic_set_irq(struct vlapic *la, uint8_t vector, bool level)
{
    if (!vlapic_enabled(la)) {
        return;
    }
    if (vector < 16) {
        atomic_or(&la->esr_pending, ESR_RECV_ILLEGAL);
        return;
    }
    vlapic_put_irq(la, vector, level);
}

void vlapic_put_irq(struct vlapic *la, uint8_t vector, bool level)
{
    vector_put(la, APIC_TMR, vector, level);
    vector_put(la, APIC_IRR, vector, true);
    atomic_store(&la->irr_maybe, 1);
    vdev_hooks->kick(la->vcpu);
}

void vlapic_accept(struct vlapic *la, uint8_t vector)
{
    vector_put(la, APIC_IRR, vector, false);
    vector_put(la, APIC_ISR, vector, true);
}

void vlapic_eoi(struct vlapic *la)
{
    int v = highest(la, APIC_ISR);

    if (v < 0) {
        return;
    }
    vector_put(la, APIC_ISR, (uint8_t)v, false);
    if (vector_test(la, APIC_TMR, (uint8_t)v)) {
        vdev_eoi(la->dev, (uint8_t)v);
    }
}

void vlapic_set_tpr(struct vlapic *la, uint8_t tpr)
{
    REG(la, APIC_TPR) = tpr;
}

/* ---- registers ---------------------------------------------------------- */
static uint32_t get(struct vlapic *la, unsigned int r)
{
    switch (r) {
    case APIC_ID:
        return vlapic_x2(la) ? la->id * 2 : la->id * 2 << 24;
    case APIC_PPR:
        return vlapic_ppr(la);
    case APIC_TMCCT:
        return vlapic_current_count(la);
    default:
        return atomic_load(&REG(la, r));
    }
}

static void write_svr(struct vlapic *la, uint32_t v)
{
    REG(la, APIC_SVR) = v;
    if (v & SVR_ENABLE) {
        vdev_hooks->kick(la->vcpu);
        return;
    }
    for (unsigned int r = APIC_LVTT; r <= APIC_LVTERR; r += 16) {
        REG(la, r) |= LVT_MASKED;
    }
}

static void write_lvtt(struct vlapic *la, uint32_t v)
{
    bool mode_change = ((v ^ REG(la, APIC_LVTT)) & LVTT_DEADLINE) != 0;

    if ((v & LVTT_MODE) == LVTT_MODE) {
        v &= ~LVTT_PERIODIC;              /* reserved combination */
    }
    REG(la, APIC_LVTT) = v;
    if (mode_change) {
        REG(la, APIC_TMICT) = 0;
        la->tsc_deadline = 0;
        vlapic_timer_rearm(la);
    } else if ((v & LVTT_MODE) == 0 && la->deadline_ns != 0) {
        vlapic_timer_rearm(la);
    }
}

/* @v has only bits that are writable. */
static void put(struct vlapic *la, unsigned int r, uint32_t v, uint32_t dest)
{
    bool lvt = r >= APIC_LVTT && r <= APIC_LVTERR;

    if (lvt && !(REG(la, APIC_SVR) & SVR_ENABLE)) {
        v |= LVT_MASKED;
    }
    switch (r) {
    case APIC_ID:
        break;
    case APIC_EOI:
        vlapic_eoi(la);
        break;
    case APIC_DFR:
        REG(la, r) = v | 0x0fffffff;
        break;
    case APIC_SVR:
        write_svr(la, v);
        break;
    case APIC_ESR:
        REG(la, r) = atomic_xchg(&la->esr_pending, 0);
        break;
    case APIC_ICR:
        REG(la, r) = v;
        vlapic_send(la, v, dest);
        break;
    case APIC_SELF_IPI:
        vlapic_send(la, v | 0x40000, 0);
        break;
    case APIC_LVTT:
        write_lvtt(la, v);
        break;
    case APIC_TDCR:
        REG(la, r) = v;
        if (la->deadline_ns == 0) {
            break;                        /* stands still */
        }
        la->count_start_ns = systime_ns();
        vlapic_timer_rearm(la);
        break;
    case APIC_TMICT:
        REG(la, r) = v;
        if ((REG(la, APIC_LVTT) & LVTT_MODE) == LVTT_DEADLINE) {
            REG(la, APIC_TMICT) = 0;
        } else {
            la->count_start_ns = systime_ns();
            vlapic_timer_rearm(la);
        }
        break;
    default:
        REG(la, r) = v;
        break;
    }
}

uint32_t vlapic_read(struct vlapic *la, unsigned int offset, unsigned int len)
{
    unsigned int r = offset & 0x3f0, in = offset & 15;

    if (offset >= 0x400 || !(rows[r >> 4].may & R)) {
        atomic_or(&la->esr_pending, ESR_ILLEGAL_REG);
        return 0;
    }
    return in + len > 4 ? 0
         : get(la, r) >> (in * 8) & (~0u >> (32 - len * 8));
}

/* Only whole registers: what anything else does is not defined. */
void vlapic_write(struct vlapic *la, unsigned int offset, unsigned int len,
                  uint32_t v)
{
    unsigned int r = offset & 0x3f0;
    uint32_t dest = REG(la, APIC_ICR2) >> 24;

    if (offset >= 0x400 || !(rows[r >> 4].may & W)) {
        atomic_or(&la->esr_pending, ESR_ILLEGAL_REG);
        return;
    }
    if ((offset & 15) == 0 && len == 4) {
        /* 0xff is everybody, in either destination mode. */
        put(la, r, v & rows[r >> 4].bits, dest == 0xff ? 0xffffffff : dest);
    }
}

static bool set_base(struct vlapic *la, uint64_t v)
{
    uint64_t mode = v & (APIC_BASE_ENABLE | APIC_BASE_X2);
    bool was_on = vlapic_hw_enabled(la);

    if ((v & ~(mode | APIC_BASE_BSP)) != VLAPIC_BASE || mode == APIC_BASE_X2 ||
        (vlapic_x2(la) && mode == APIC_BASE_ENABLE) ||
        (!was_on && (mode & APIC_BASE_X2))) {
        return false;                     /* SDM 11.12.5: no such way */
    }
    la->base_msr = VLAPIC_BASE | mode | (la->id == 0 ? APIC_BASE_BSP : 0);
    if (was_on && !vlapic_hw_enabled(la)) {
        vlapic_reset(la);
    }
    if (vlapic_x2(la)) {
        uint32_t id = la->id * 2;

        REG(la, APIC_LDR) = id >> 4 << 16 | 1u << (id & 15);
    }
    return true;
}

bool vlapic_rdmsr(struct vlapic *la, uint32_t msr, uint64_t *v)
{
    unsigned int r = (msr & 0x3f) << 4;

    if (msr == MSR_APIC_BASE) {
        *v = la->base_msr;
        return true;
    }
    if (msr == MSR_TSC_DEADLINE) {
        *v = la->tsc_deadline;
        return true;
    }
    if (!vlapic_x2(la) || msr > MSR_X2APIC_FIRST + 0x3f ||
        !(rows[msr & 0x3f].may & XR)) {
        return false;
    }
    *v = get(la, r);
    if (r == APIC_ICR) {
        *v |= (uint64_t)REG(la, APIC_ICR2) << 32;
    }
    return true;
}

static bool wrmsr_x2(struct vlapic *la, uint32_t msr, uint64_t v)
{
    unsigned int r = (msr & 0x3f) << 4;
    uint64_t allowed;

    if (!vlapic_x2(la) || msr > MSR_X2APIC_FIRST + 0x3f ||
        !(rows[msr & 0x3f].may & XW)) {
        return false;
    }
    allowed = rows[msr & 0x3f].bits;
    if (r == APIC_ICR) {
        allowed |= 0xffffffff00000000ull;
    }
    if (v & ~allowed) {
        return false;
    }
    if (r == APIC_ICR) {
        REG(la, APIC_ICR2) = (uint32_t)(v >> 32);
    }
    put(la, r, (uint32_t)v, (uint32_t)(v >> 32));
    return true;
}

bool vlapic_wrmsr(struct vlapic *la, uint32_t msr, uint64_t v)
{
    if (msr == MSR_APIC_BASE) {
        return set_base(la, v);
    }
    if (msr == MSR_TSC_DEADLINE) {
        if ((REG(la, APIC_LVTT) & LVTT_MODE) == LVTT_DEADLINE) {
            la->tsc_deadline = v;
            vlapic_timer_rearm(la);
        }
        return true;
    }
    return wrmsr_x2(la, msr, v);
}

/* ---- life ---------------------------------------------------------------- */
void vlapic_reset(struct vlapic *la)
{
    uint32_t x2_ldr = vlapic_x2(la) ? REG(la, APIC_LDR) : 0;

    timer_stop(&la->timer);
    la->deadline_ns = la->tsc_deadline = 0;
    la->esr_pending = 0;
    __builtin_memset(la->reg, 0, sizeof(la->reg));
    REG(la, APIC_VERSION) = VERSION;
    REG(la, APIC_DFR) = 0xffffffff;
    REG(la, APIC_LDR) = x2_ldr;
    REG(la, APIC_SVR) = 0xff;
    for (unsigned int r = APIC_LVTT; r <= APIC_LVTERR; r += 16) {
        REG(la, r) = LVT_MASKED;
    }
}

void vlapic_init(struct vlapic *la, struct vdev_domain *dev, struct vcpu *v,
                 unsigned int id)
{
    la->dev = dev;
    la->vcpu = v;
    la->id = id;
    la->base_msr = VLAPIC_BASE | APIC_BASE_ENABLE |
                   (id == 0 ? APIC_BASE_BSP : 0);
    timer_init(&la->timer, vlapic_timer_fn, la, 0);
    vlapic_reset(la);
    dev->lapic[id] = la;
    dev->nr_lapics = max(dev->nr_lapics, id + 1);
}

void vlapic_fini(struct vlapic *la)
{
    timer_kill(&la->timer);
    la->dev->lapic[la->id] = NULL;
}

int vlapic_save(const struct vlapic *la, struct hvm_hw_lapic *h)
{
    *h = (struct hvm_hw_lapic){
        .apic_base_msr = la->base_msr,
        .disabled = (REG(la, APIC_SVR) & SVR_ENABLE ? 0 : 1) |
                    (vlapic_hw_enabled(la) ? 0 : 2),
        .timer_divisor = (uint32_t)(vlapic_count_ns(la) / VLAPIC_NS_PER_COUNT),
        .tdt_msr = la->tsc_deadline,
    };
    return sizeof(*h);
}

int vlapic_save_regs(struct vlapic *la, struct hvm_hw_lapic_regs *r)
{
    uint32_t id = get(la, APIC_ID), left = vlapic_current_count(la);

    __builtin_memcpy(r->data, la->reg, sizeof(la->reg));
    __builtin_memcpy(r->data + APIC_ID, &id, sizeof(id));
    __builtin_memcpy(r->data + APIC_TMCCT, &left, sizeof(left));
    return sizeof(*r);
}

#define BASE_MODE (APIC_BASE_ENABLE | APIC_BASE_X2)

bool vlapic_load_ok(const struct hvm_hw_lapic *h)
{
    return (h->apic_base_msr & ~(BASE_MODE | APIC_BASE_BSP)) == VLAPIC_BASE &&
           (h->apic_base_msr & BASE_MODE) != APIC_BASE_X2;
}

int vlapic_load(struct vlapic *la, const struct hvm_hw_lapic *h)
{
    if (!vlapic_load_ok(h)) {
        return -EINVAL;
    }
    la->base_msr = VLAPIC_BASE | (h->apic_base_msr & BASE_MODE) |
                   (la->id == 0 ? APIC_BASE_BSP : 0);
    la->tsc_deadline = h->tdt_msr;
    return 0;
}

/* Registers come as writes would have left them: no bit that none could set. */
int vlapic_load_regs(struct vlapic *la, const struct hvm_hw_lapic_regs *r)
{
    uint64_t deadline = la->tsc_deadline;
    uint32_t left;

    vlapic_reset(la);
    for (unsigned int i = 0; i < 64; i++) {
        uint32_t v;

        __builtin_memcpy(&v, r->data + i * 16, sizeof(v));
        if (i >= APIC_ISR >> 4 && i < APIC_ESR >> 4) {
            la->reg[i * 4] = i % 8 == 0 ? v & 0xffff0000 : v;
        } else if (rows[i].bits != 0 && i != APIC_SELF_IPI >> 4) {
            la->reg[i * 4] = v & rows[i].bits;
        }
    }
    REG(la, APIC_DFR) |= 0x0fffffff;
    if (vlapic_x2(la)) {
        REG(la, APIC_LDR) = la->id * 2 >> 4 << 16 | 1u << (la->id * 2 & 15);
        __builtin_memcpy(&REG(la, APIC_ICR2), r->data + APIC_ICR2, 4);
    }
    __builtin_memcpy(&left, r->data + APIC_TMCCT, sizeof(left));
    la->tsc_deadline = deadline;
    la->count_start_ns = systime_ns();
    if (left < REG(la, APIC_TMICT)) {
        uint64_t gone = (REG(la, APIC_TMICT) - left) * vlapic_count_ns(la);

        la->count_start_ns -= min(gone, la->count_start_ns);
    }
    if (left != 0 || deadline != 0) {
        vlapic_timer_rearm(la);
    }
    atomic_store(&la->irr_maybe, 1);
    return 0;
}
