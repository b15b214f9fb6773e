/* SPDX-License-Identifier: MIT */
/* The table of devices to attack, see fuzz_machine.h. */
#include "fuzz_machine.h"

#define ISA_BRIDGE PCI_DEVFN(1, 0)
#define IDE        PCI_DEVFN(1, 1)
#define PM         PCI_DEVFN(1, 3)
#define PLATFORM   PCI_DEVFN(2, 0)
#define VGA        PCI_DEVFN(3, 0)
#define NIC        PCI_DEVFN(4, 0)

#define COMMON fuzz_out, fuzz_in, fuzz_time, fuzz_string, fuzz_state

/* Ports, functions, memory and operations of a row, by its name. */
#define PORTS(row, ...) \
    static const struct fuzz_ports row##_ports[] = { __VA_ARGS__ };
#define FUNCTIONS(row, ...) \
    static const uint8_t row##_functions[] = { __VA_ARGS__ };
#define MEMORY(row, ...) \
    static const uint64_t row##_memory[] = { __VA_ARGS__ };
#define OPS(row, ...) \
    static fuzz_op *const row##_ops[] = { __VA_ARGS__ };

PORTS(disk, { 0x1f0, 8 }, { 0x3f6, 1 }, { FUZZ_BM, 16 })
OPS(disk, COMMON, fuzz_command, fuzz_command, fuzz_master, fuzz_piece)

PORTS(cd, { 0x170, 8 }, { 0x376, 1 }, { FUZZ_BM, 16 })
OPS(cd, COMMON, fuzz_packet, fuzz_packet, fuzz_command, fuzz_master,
    fuzz_piece)

PORTS(master, { FUZZ_BM, 16 }, { 0x1f0, 8 }, { 0x170, 8 }, { FUZZ_BM, 16 })
FUNCTIONS(master, IDE)
OPS(master, COMMON, fuzz_command, fuzz_packet, fuzz_master, fuzz_master,
    fuzz_piece, fuzz_piece, fuzz_config, fuzz_world)

PORTS(uart, { 0x3f8, 8 })
OPS(uart, COMMON, fuzz_out, fuzz_world, fuzz_world)

PORTS(pm, { 0xb004, 2 }, { 0xafe0, 4 }, { 0xb2, 2 })
FUNCTIONS(pm, PM)
OPS(pm, COMMON, fuzz_config, fuzz_reset)

PORTS(cmos, { 0x70, 2 })
OPS(cmos, COMMON, fuzz_reset)

PORTS(bus, { 0xcf8, 8 })
FUNCTIONS(bus, 0, ISA_BRIDGE, IDE, PM, PLATFORM, VGA, NIC)
MEMORY(bus, 0xf1000000, 0xf3000000, 0xf4000000, 0xf5000000)
OPS(bus, COMMON, fuzz_config, fuzz_config, fuzz_config, fuzz_memory,
    fuzz_reset)

FUNCTIONS(i440fx, 0)
OPS(i440fx, fuzz_config, fuzz_config, fuzz_out, fuzz_in, fuzz_state)

PORTS(piix3, { 0xcf9, 1 }, { 0x92, 1 })
FUNCTIONS(piix3, ISA_BRIDGE)
OPS(piix3, COMMON, fuzz_config, fuzz_reset)

PORTS(platform, { 0x10, 4 }, { 0xc100, 256 })
FUNCTIONS(platform, PLATFORM)
MEMORY(platform, 0xf3000000)
OPS(platform, COMMON, fuzz_config, fuzz_memory, fuzz_command, fuzz_reset)

PORTS(isa, { 0x00, 16 }, { 0x80, 19 }, { 0xc0, 32 })
OPS(isa, COMMON, fuzz_reset)

PORTS(debug, { 0x402, 1 }, { 0x80, 1 }, { 0x12, 1 })
OPS(debug, fuzz_out, fuzz_in, fuzz_string, fuzz_time)

PORTS(fwcfg, { 0x510, 2 })
OPS(fwcfg, COMMON, fuzz_out, fuzz_in, fuzz_reset)

PORTS(vga, { 0x3b0, 48 }, { 0x1ce, 3 })
FUNCTIONS(vga, VGA)
MEMORY(vga, 0xa0000, 0xb0000, 0xf4000000)
OPS(vga, COMMON, fuzz_config, fuzz_memory, fuzz_out, fuzz_reset)

PORTS(ps2, { 0x60, 1 }, { 0x64, 1 })
OPS(ps2, COMMON, fuzz_out, fuzz_reset)

PORTS(e1000, { 0xc200, 64 })
FUNCTIONS(e1000, NIC)
MEMORY(e1000, 0xf5000000, 0xf5000000, 0xf5000000, 0xf5010000)
OPS(e1000, COMMON, fuzz_memory, fuzz_memory, fuzz_memory, fuzz_ram, fuzz_ram,
    fuzz_world, fuzz_config)

PORTS(requests, { 0x1f0, 8 }, { 0xcf8, 8 }, { 0x402, 1 })
OPS(requests, fuzz_slot, fuzz_ring, fuzz_string)

PORTS(machine, { 0x1f0, 8 }, { 0x170, 8 }, { 0x3f6, 1 }, { 0x376, 1 },
      { FUZZ_BM, 16 }, { 0x3f8, 8 }, { 0xcf8, 8 }, { 0x10, 4 }, { 0x402, 1 },
      { 0x00, 16 }, { 0x80, 19 }, { 0xc0, 32 }, { 0xb2, 2 }, { 0xb004, 2 },
      { 0xafe0, 4 }, { 0x70, 2 }, { 0x60, 5 }, { 0x3b0, 48 }, { 0x1ce, 3 },
      { 0xc100, 256 }, { 0xc200, 64 })
#define machine_functions bus_functions
MEMORY(machine, 0xa0000, 0xb8000, 0xf1000000, 0xf3000000, 0xf4000000,
       0xf5000000)
OPS(machine, fuzz_out, fuzz_in, fuzz_config, fuzz_memory, fuzz_piece,
    fuzz_command, fuzz_packet, fuzz_master, fuzz_string, fuzz_slot, fuzz_ring,
    fuzz_time, fuzz_world, fuzz_out, fuzz_state, fuzz_ram)

#define NR(a) (sizeof(a) / sizeof((a)[0]))
#define SET(what, row) .what = row##_##what, .nr_##what = NR(row##_##what)

const struct fuzz_row fuzz_rows[] = {
    { "ide-disk", SET(ports, disk), SET(ops, disk), .state = "ide" },
    { "ide-cd", SET(ports, cd), SET(ops, cd), .state = "ide" },
    { "bus-master", SET(ports, master), SET(functions, master),
      SET(ops, master), .state = "ide" },
    { "uart", SET(ports, uart), SET(ops, uart), .state = "uart" },
    { "pm", SET(ports, pm), SET(functions, pm), SET(ops, pm), .state = "pm" },
    { "cmos", SET(ports, cmos), SET(ops, cmos), .state = "cmos" },
    { "pci", SET(ports, bus), SET(functions, bus), SET(memory, bus),
      SET(ops, bus) },
    { "i440fx", SET(functions, i440fx), SET(ops, i440fx), .state = "i440fx" },
    { "piix3", SET(ports, piix3), SET(functions, piix3), SET(ops, piix3),
      .state = "piix3" },
    { "xen-platform", SET(ports, platform), SET(functions, platform),
      SET(memory, platform), SET(ops, platform), .state = "xen-platform" },
    { "isa", SET(ports, isa), SET(ops, isa), .state = "isa" },
    { "debug-port", SET(ports, debug), SET(ops, debug) },
    { "fwcfg", SET(ports, fwcfg), SET(ops, fwcfg), .state = "fwcfg" },
    { "vga", SET(ports, vga), SET(functions, vga), SET(memory, vga),
      SET(ops, vga), .state = "vga" },
    { "ps2", SET(ports, ps2), SET(ops, ps2), .state = "ps2" },
    { "e1000", SET(ports, e1000), SET(functions, e1000), SET(memory, e1000),
      SET(ops, e1000), .state = "e1000-0" },
    { "requests", SET(ports, requests), SET(ops, requests) },
    { "machine", SET(ports, machine), SET(functions, machine),
      SET(memory, machine), SET(ops, machine) },
};
const unsigned int fuzz_nr_rows = NR(fuzz_rows);
