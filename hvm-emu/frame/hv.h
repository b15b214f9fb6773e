/* SPDX-License-Identifier: MIT */
/*
 * frame/hv.h - what the device model asks of the hypervisor.
 *
 * Owns    the shape of the calls, so that devices run without one in tests.
 * Leaves  the calls themselves to run/xen_hv (dm_op, privcmd) and to
 *         tests/unit/hvm-emu/frame/bench.
 * ABI     xen/hvm/dm_op.h, xen/memory.h
 */
#ifndef FRAME_HV_H
#define FRAME_HV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* HV_PCI: @first is a devfn of bus 0. */
enum hv_space { HV_PORT, HV_MMIO, HV_PCI };

/* Each returns 0 or -errno. */
struct hv_ops {
    /* Accesses to @first..@last (inclusive) come to us. */
    int (*io_range)(void *arg, bool map, enum hv_space space, uint64_t first,
                    uint64_t last);
    int (*isa_level)(void *arg, unsigned int line, bool level);
    int (*pci_level)(void *arg, unsigned int device, unsigned int pin,
                     bool level);
    int (*pci_link)(void *arg, unsigned int link, unsigned int line);
    int (*msi)(void *arg, uint64_t addr, uint32_t data);
    int (*shutdown)(void *arg, unsigned int reason);
    /* Frames written since last asked: a bit each. */
    int (*dirty)(void *arg, uint64_t gfn, uint32_t nr, uint8_t *bitmap);
    /* We wrote there ourselves. */
    int (*modified)(void *arg, uint64_t gfn, uint32_t nr);
    int (*readonly)(void *arg, uint64_t gfn, uint32_t nr, bool on);
    /* New zeroed memory for the guest at @gfn. */
    int (*populate)(void *arg, uint64_t gfn, uint32_t nr);
    int (*relocate)(void *arg, uint64_t from, uint64_t to, uint32_t nr);
    /*
     * Frames @gfn.. at @addr (reserved by window), errs[i] 0 or -errno each.
     * window_free: @addr is reserved and empty again.
     */
    void *(*window)(void *arg, uint32_t nr);
    int (*map)(void *arg, void *addr, uint64_t gfn, uint32_t nr, int *errs);
    void (*unmap)(void *arg, void *addr, uint32_t nr);
};

#endif
