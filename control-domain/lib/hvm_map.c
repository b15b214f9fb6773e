/* SPDX-License-Identifier: MIT */
/*
 * The memory map of an HVM guest.  Tests: tests/unit/lib/test_hvm_map.c.
 */
#include <lib/hvm_map.h>

#define EBDA       0x9fc00ull          /* the BIOS keeps its data above */
#define BIOS_START 0xe0000ull

unsigned int hvm_map_fill(struct hvm_range map[HVM_MAP_MAX], uint64_t low_end,
                          uint64_t high_end)
{
    const uint64_t tables = hvm_tables(low_end);
    const struct {
        uint64_t from, to;
        uint32_t type;
    } parts[HVM_MAP_MAX] = {
        { 0, EBDA, HVM_RAM },
        { EBDA, HVM_VGA, HVM_RESERVED },
        { BIOS_START, HVM_BIOS_TOP, HVM_RESERVED },
        { HVM_BIOS_TOP, tables, HVM_RAM },
        { tables, low_end, HVM_ACPI },
        { HVM_WINDOWS_END, HVM_4G, HVM_RESERVED },
        { HVM_4G, high_end, HVM_RAM },
    };
    unsigned int nr = 0;

    for (unsigned int i = 0; i < HVM_MAP_MAX; i++) {
        if (parts[i].to > parts[i].from) {
            map[nr++] = (struct hvm_range){ parts[i].from,
                                            parts[i].to - parts[i].from,
                                            parts[i].type };
        }
    }
    return nr;
}
