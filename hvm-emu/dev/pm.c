/* SPDX-License-Identifier: MIT */
/*
 * ACPI power management (PIIX4's function): the sleep control register, the
 * switch to ACPI mode, general-purpose events.  PM1a events, the power button
 * and the PM timer are the hypervisor's (docs/vdev.md); it takes their ports
 * b000-b003 and b008-b00b before we see them.
 * Source  ACPI 6.4, 4.8.3.2; Intel 82371AB data sheet (290562), 7.
 * Tests   test_chipset.c
 */
#include <dev/chipset.h>

#include <bus/pci.h>
#include <lib/err.h>
#include <lib/log.h>

#include <xen/xen.h>
#include <xen/sched.h>

#include <errno.h>
#include <stdlib.h>

#define PM_BASE    0xb000u
#define PM1_CNT    0xb004u
#define GPE0       0xafe0u
#define SMI_CMD    0xb2u

#define SCI_EN     0x0001u
#define SLP_TYP    0x1c00u
#define SLP_EN     0x2000u
#define TYP_S5     0u                  /* as our DSDT says */
#define TYP_S3     1u
#define ACPI_ON    0xf1u
#define ACPI_OFF   0xf0u

struct pm {
    struct pci_dev pci;
    uint16_t cnt;
    uint16_t gpe_sts, gpe_en;
    uint8_t smi[2];                    /* command, data */
    uint8_t asleep;                    /* asked to be off already */
    struct log_rate rate;
};

/* ---- sleep control -------------------------------------------------------------- */

static uint64_t cnt_read(void *dev, uint64_t off, unsigned int bytes)
{
    return ((struct pm *)dev)->cnt >> (off * 8);
}

static void sleep_now(struct pm *p)
{
    unsigned int type = (p->cnt & SLP_TYP) >> 10;

    if (type == TYP_S3) {
        glog_warn(&p->rate, p->pci.m->domid,
                  "asks for suspend to memory, which is not offered");
        return;
    }
    if (!p->asleep) {
        p->asleep = 1;
        machine_shutdown(p->pci.m, SHUTDOWN_poweroff);
    }
}

static void cnt_write(void *dev, uint64_t off, unsigned int bytes,
                      uint64_t val)
{
    struct pm *p = dev;
    uint32_t mask = bytes >= 2 ? 0xffffu : 0xffu << (off * 8);
    uint32_t new = (p->cnt & ~mask) | ((uint32_t)(val << (off * 8)) & mask);

    p->cnt = (uint16_t)(new & ~SLP_EN);
    if (new & SLP_EN) {
        sleep_now(p);
    }
}

/* ---- general-purpose events: there are none yet ---------------------------------------- */

static uint64_t gpe_read(void *dev, uint64_t off, unsigned int bytes)
{
    struct pm *p = dev;
    uint32_t both = p->gpe_sts | (uint32_t)p->gpe_en << 16;

    return both >> (off * 8);
}

static void gpe_write(void *dev, uint64_t off, unsigned int bytes,
                      uint64_t val)
{
    struct pm *p = dev;
    uint32_t mask = bytes == 4 ? ~0u : ((1u << (bytes * 8)) - 1) << (off * 8);
    uint32_t v = (uint32_t)(val << (off * 8)) & mask;

    p->gpe_sts &= (uint16_t)~v;
    p->gpe_en = (uint16_t)((p->gpe_en & ~(mask >> 16)) | v >> 16);
}

/* ---- firmware's command port ------------------------------------------------------------ */

static uint64_t smi_read(void *dev, uint64_t off, unsigned int bytes)
{
    return bytes == 1 ? ((struct pm *)dev)->smi[off & 1] : ~0ull;
}

static void smi_write(void *dev, uint64_t off, unsigned int bytes,
                      uint64_t val)
{
    struct pm *p = dev;

    p->smi[off & 1] = (uint8_t)val;
    if (off == 0 && (val & 0xff) == ACPI_ON) {
        p->cnt |= SCI_EN;
    } else if (off == 0 && (val & 0xff) == ACPI_OFF) {
        p->cnt &= (uint16_t)~SCI_EN;
    }
}

static const struct range_ops cnt_ops = { cnt_read, cnt_write };
static const struct range_ops gpe_ops = { gpe_read, gpe_write };
static const struct range_ops smi_ops = { smi_read, smi_write };

static const struct {
    uint16_t port, len;
    const struct range_ops *ops;
} ports[] = {
    { PM1_CNT, 2, &cnt_ops },
    { GPE0, 4, &gpe_ops },
    { SMI_CMD, 2, &smi_ops },
};
#define NR_PORTS (sizeof(ports) / sizeof(ports[0]))

/* ---- life -------------------------------------------------------------------------------- */

static void init_config(struct pm *p)
{
    struct pci_dev *d = &p->pci;

    pci_dev_init(d, "pm", PCI_DEVFN(1, 3), 0x8086, 0x7113, 0x068000, 3, 1);
    pci_set32(d->config + 0x40, PM_BASE | 1);
    d->config[0x3c] = 9;               /* SCI */
    d->config[0x5b] = 0x01;
    d->config[0x80] = 0x01;            /* the ports are decoded */
    d->dev = p;
}

static void destroy(void *dev)
{
    struct pm *p = dev;
    unsigned int i;

    for (i = 0; i < NR_PORTS; i++) {
        range_del(p->pci.m, RANGE_PORT, ports[i].port, p);
    }
    pci_remove(p->pci.m, &p->pci);
    free(p);
}

static void *create(struct machine *m, struct err *e)
{
    struct pm *p = calloc(1, sizeof(*p));
    int rc = p == NULL ? -ENOMEM : 0;
    unsigned int i;

    if (rc == 0) {
        init_config(p);
        p->rate = (struct log_rate)LOG_RATE(5);
        rc = pci_add(m, &p->pci);
    }
    for (i = 0; i < NR_PORTS && rc == 0; i++) {
        rc = range_add(m, RANGE_PORT, ports[i].port, ports[i].len,
                       ports[i].ops, p);
    }
    if (rc != 0) {
        err_errno(e, rc, "cannot make the power management", NULL);
        free(p);
        return NULL;
    }
    return p;
}

static void reset(void *dev)
{
    struct pm *p = dev;

    pci_dev_reset(&p->pci);
    p->cnt = 0;
    p->gpe_sts = p->gpe_en = 0;
    p->smi[0] = p->smi[1] = p->asleep = 0;
}

static const struct state_field fields[] = {
    STATE_FIELD(struct pm, cnt),
    STATE_FIELD(struct pm, gpe_sts),
    STATE_FIELD(struct pm, gpe_en),
    STATE_ARRAY(struct pm, smi),
    STATE_FIELD(struct pm, asleep),
};

static const struct state_table state = { .version = 1, STATE_ROWS(fields) };

const struct device_class pm_class = {
    .name = "pm", .create = create, .reset = reset, .destroy = destroy,
    .state = &state, .pci = &pci_dev_state,
    .pci_offset = offsetof(struct pm, pci),
};
