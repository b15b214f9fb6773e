/* SPDX-License-Identifier: MIT */
/*
 * Two cascaded 8259s with edge/level control registers, all in the records
 * of the HVM context: state is hvm_hw_vpic and nothing else.
 * Source  Intel 8259A datasheet.   Tests  tests/unit/vdev/test_wires.c
 */
#include <arch/atomic.h>
#include <vdev/vdev.h>

#define CASCADE 2u

/* Priority 0 (highest) .. 7 of the best line of @lines; 8: none. */
static unsigned int best(const struct hvm_hw_vpic *p, uint8_t lines)
{
    unsigned int n = 0;

    while (n < 8 && !(lines >> ((n + p->priority_add) & 7) & 1)) {
        n++;
    }
    return n;
}

/* The line to serve now, or -1. */
static int request(const struct hvm_hw_vpic *p)
{
    uint8_t busy = p->isr;
    unsigned int n = best(p, p->irr & (uint8_t)~p->imr);

    if (p->special_mask_mode) {
        busy &= (uint8_t)~p->imr;
    }
    if (p->special_fully_nested_mode && p->is_master) {
        busy &= (uint8_t)~(1u << CASCADE);
    }
    return n == 8 || best(p, busy) <= n ? -1 : (int)((n + p->priority_add) & 7);
}

/* Outputs follow inputs: slave to line 2 of the master, master to the CPU. */
static void update(struct vdev_domain *d)
{
    struct hvm_hw_vpic *m = &d->pic[0], *s = &d->pic[1];
    bool out = request(s) >= 0, was = m->int_output;

    s->int_output = out;
    m->irr = out ? m->irr | 1u << CASCADE
                 : m->irr & (uint8_t)~(1u << CASCADE);
    WRITE_ONCE(m->int_output, request(m) >= 0);
    if (!was && m->int_output && d->lapic[0] != NULL) {
        smp_mb();                         /* pairs with hvm_exit_hlt() */
        vdev_hooks->kick(d->lapic[0]->vcpu);
    }
}

void vpic_line(struct vdev_domain *d, unsigned int irq, bool level)
{
    struct hvm_hw_vpic *p = &d->pic[irq >> 3];
    uint8_t bit = (uint8_t)(1u << (irq & 7));

    if (irq == CASCADE) {
        return;
    }
    if (level) {
        p->irr |= bit;
    } else if (p->elcr & bit) {
        p->irr &= (uint8_t)~bit;          /* an edge stays latched */
    }
    update(d);
}

static void take(struct vdev_domain *d, struct hvm_hw_vpic *p, unsigned int line)
{
    uint8_t bit = (uint8_t)(1u << line);

    if (!(p->elcr & bit)) {
        p->irr &= (uint8_t)~bit;
    }
    if (!p->auto_eoi) {
        p->isr |= bit;
    } else if (p->rotate_on_auto_eoi) {
        p->priority_add = (line + 1) & 7;
    }
}

/* One chip's acknowledge: the line; 7 if it has withdrawn (spurious). */
static unsigned int ack(struct vdev_domain *d, struct hvm_hw_vpic *p)
{
    int line = request(p);

    if (line < 0) {
        return 7;
    }
    take(d, p, (unsigned int)line);
    return (unsigned int)line;
}

int vpic_ack(struct vdev_domain *d)
{
    unsigned int line = ack(d, &d->pic[0]), chip = 0;

    if (line == CASCADE) {
        chip = 1;
        line = ack(d, &d->pic[1]);
    }
    update(d);
    return d->pic[chip].irq_base + (int)line;
}

/* What vpic_ack() would give; -1: nothing. */
int vpic_peek(const struct vdev_domain *d)
{
    int line = request(&d->pic[0]);

    if (line != CASCADE) {
        return line < 0 ? -1 : d->pic[0].irq_base + line;
    }
    line = request(&d->pic[1]);
    return d->pic[1].irq_base + (line < 0 ? 7 : line);
}

static void write_icw1(struct hvm_hw_vpic *p, uint8_t v)
{
    *p = (struct hvm_hw_vpic){
        .is_master = p->is_master, .elcr = p->elcr, .irr = p->irr & p->elcr,
        .init_state = (v & 1 ? 4 : 0) | (v & 2 ? 8 : 0) | 1,
        .int_output = p->int_output,
    };
}

static void write_ocw3(struct hvm_hw_vpic *p, uint8_t v)
{
    if (v & 0x04) {
        p->poll = 1;
    }
    if (v & 0x02) {
        p->readsel_isr = v & 1;
    }
    if (v & 0x40) {
        p->special_mask_mode = (v >> 5) & 1;
    }
}

static void write_ocw2(struct hvm_hw_vpic *p, uint8_t v)
{
    unsigned int n, line;

    switch (v >> 5) {
    case 0:
    case 4:
        p->rotate_on_auto_eoi = v >> 7;
        break;
    case 1:
    case 5:                               /* EOI of the best in service */
        n = best(p, p->isr);
        if (n < 8) {
            line = (n + p->priority_add) & 7;
            p->isr &= (uint8_t)~(1u << line);
            if (v & 0x80) {
                p->priority_add = (line + 1) & 7;
            }
        }
        break;
    case 3:
    case 7:                               /* EOI of one */
        p->isr &= (uint8_t)~(1u << (v & 7));
        if (v & 0x80) {
            p->priority_add = (v + 1) & 7;
        }
        break;
    case 6:
        p->priority_add = (v + 1) & 7;
        break;
    default:
        break;
    }
}

static void write_command(struct hvm_hw_vpic *p, uint8_t v)
{
    if (v & 0x10) {
        write_icw1(p, v);
    } else if (v & 0x08) {
        write_ocw3(p, v);
    } else {
        write_ocw2(p, v);
    }
}

static void write_data(struct hvm_hw_vpic *p, uint8_t v)
{
    switch (p->init_state & 3) {
    case 0:
        p->imr = v;
        break;
    case 1:                               /* ICW2; ICW3 unless single */
        p->irq_base = v & 0xf8;
        p->init_state = p->init_state & 8
                      ? (p->init_state & 4 ? (p->init_state & 12) | 3 : 0)
                      : (p->init_state & 12) | 2;
        break;
    case 2:
        p->init_state = p->init_state & 4 ? (p->init_state & 12) | 3 : 0;
        break;
    default:                              /* ICW4 */
        p->special_fully_nested_mode = (v >> 4) & 1;
        p->auto_eoi = (v >> 1) & 1;
        p->init_state = 0;
        break;
    }
}

static uint8_t read(struct vdev_domain *d, struct hvm_hw_vpic *p, bool data)
{
    if (p->poll) {                        /* OCW3 poll: ack by reading */
        unsigned int line;

        p->poll = 0;
        if (request(p) < 0) {
            return 0;
        }
        line = ack(d, p);
        return (uint8_t)(0x80 | line);
    }
    return data ? p->imr : p->readsel_isr ? p->isr : p->irr;
}

bool vpic_port(struct vdev_domain *d, uint16_t port, unsigned int len, bool write,
               uint32_t *v)
{
    struct hvm_hw_vpic *p = &d->pic[port >> 8 ? port & 1 : port >> 7];

    if (len != 1) {
        return false;
    }
    if (port >> 8) {                      /* 0x4d0, 0x4d1: ELCR */
        if (write) {
            p->elcr = *v & (p->is_master ? 0xf8 : 0xde);
        }
        *v = p->elcr;
    } else if (!write) {
        *v = read(d, p, port & 1);
    } else if (port & 1) {
        write_data(p, (uint8_t)*v);
    } else {
        write_command(p, (uint8_t)*v);
    }
    update(d);
    return true;
}

void vpic_init(struct vdev_domain *d)
{
    d->pic[0].is_master = 1;
}
