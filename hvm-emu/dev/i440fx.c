/* SPDX-License-Identifier: MIT */
/*
 * Host bridge.  Memory between 640 KiB and 1 MiB is always RAM and writable,
 * so the registers that choose it only keep what was written.
 * Source  Intel 82441FX data sheet (290549), 3.2.   Tests  test_chipset.c
 */
#include <dev/chipset.h>

#include <bus/pci.h>
#include <lib/err.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAM_FIRST 0x59
#define PAM_BYTES 7
#define SMRAM     0x72

static void *create(struct machine *m, struct err *e)
{
    struct pci_dev *p = calloc(1, sizeof(*p));
    int rc;

    if (p == NULL) {
        err_errno(e, -ENOMEM, "cannot make the host bridge", NULL);
        return NULL;
    }
    pci_dev_init(p, "i440fx", PCI_DEVFN(0, 0), 0x8086, 0x1237, 0x060000, 2, 0);
    memset(p->writable + PAM_FIRST, 0x33, PAM_BYTES);
    p->writable[PAM_FIRST] = 0x30;
    p->config[SMRAM] = 0x02;
    p->writable[SMRAM] = 0x70;
    rc = pci_add(m, p);
    if (rc != 0) {
        err_errno(e, rc, "cannot make the host bridge", NULL);
        free(p);
        p = NULL;
    }
    return p;
}

static void reset(void *dev)
{
    pci_dev_reset(dev);
}

static void destroy(void *dev)
{
    struct pci_dev *p = dev;

    pci_remove(p->m, p);
    free(p);
}

const struct device_class i440fx_class = {
    .name = "i440fx", .create = create, .reset = reset, .destroy = destroy,
    .pci = &pci_dev_state, .pci_offset = 0,
};
