/* SPDX-License-Identifier: MIT */
/*
 * core/mmio.h - map a device's registers or a firmware table.
 *
 * Declared here for acpi/, irq/ and time/, which come before mm/; mm/map.c
 * is the implementation.
 */
#ifndef CORE_MMIO_H
#define CORE_MMIO_H

#include <hv/types.h>

/* Uncached, read-write; NULL: no space. */
void *must_check map_mmio(uint64_t maddr, uint64_t bytes);
/* Cached, read-only. */
const void *must_check map_firmware(uint64_t maddr, uint64_t bytes);
/* Undoes either. */
void unmap_mmio(void *va, uint64_t bytes);

#endif
