/* SPDX-License-Identifier: MIT */
/*
 * AMD's nested entries: ordinary long-mode ones.  Accessed and dirty are set
 * beforehand, so that the CPU never has to write a table.
 */
#include <arch/paging.h>
#include <p2m/format.h>

#define NPT_RO (PTE_P | PTE_US | PTE_A)
#define NPT_RW (NPT_RO | PTE_RW | PTE_D)

const struct p2m_format p2m_format_npt = {
    .name = "NPT",
    .table = NPT_RW,
    .super = PTE_PSE,
    .leaf = {
        [P2M_RAM] = NPT_RW,
        [P2M_RAM_RO] = NPT_RO,
        [P2M_RAM_LOGDIRTY] = NPT_RO,
        [P2M_FOREIGN] = NPT_RW,
        [P2M_FOREIGN_RO] = NPT_RO,
        [P2M_MMIO] = NPT_RW | PTE_PWT | PTE_PCD,
    },
};
