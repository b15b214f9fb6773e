/* SPDX-License-Identifier: MIT */
/*
 * Intel's nested entries: read, write, execute, and the memory type.  RAM is
 * write-back whatever the guest's PAT says (bit 6), registers of devices are
 * uncached.  Accessed and dirty flags are not used: what is written is found
 * by write protection, which every CPU has (SDM vol. 3C, 29.3.2).
 */
#include <p2m/format.h>

#define EPT_RX    5ull
#define EPT_RWX   7ull
#define EPT_WB    (6ull << 3)
#define EPT_IPAT  0x40ull
#define EPT_SUPER 0x80ull
#define EPT_RAM   (EPT_WB | EPT_IPAT)

const struct p2m_format p2m_format_ept = {
    .name = "EPT",
    .table = EPT_RWX,
    .super = EPT_SUPER,
    .leaf = {
        [P2M_RAM] = EPT_RWX | EPT_RAM,
        [P2M_RAM_RO] = EPT_RX | EPT_RAM,
        [P2M_RAM_LOGDIRTY] = EPT_RX | EPT_RAM,
        [P2M_FOREIGN] = EPT_RWX | EPT_RAM,
        [P2M_FOREIGN_RO] = EPT_RX | EPT_RAM,
        [P2M_MMIO] = EPT_RWX,
    },
};
