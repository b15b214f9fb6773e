/* SPDX-License-Identifier: MIT */
/*
 * frame/config.h - the command line, parsed: what the machine consists of.
 *
 * Owns    the types; run/options fills them, run/main opens what they name
 *         before rights are given up, devices read them when created.
 */
#ifndef FRAME_CONFIG_H
#define FRAME_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#define EMU_MAX_DISKS 4u               /* ide: bus * 2 + unit */
#define EMU_MAX_NICS  4u

struct emu_disk {
    bool present, readonly, cdrom;
    char format[8];                    /* raw, qcow2 */
    const char *path;                  /* NULL: a drive without a medium */
    unsigned int index;                /* in the list, for names */
};

struct emu_nic {
    bool present;
    uint8_t mac[6];
    const char *tap;                   /* interface name; NULL: user network */
    const char *bridge;                /* the tap joins it; NULL: none */
    uint32_t mtu;                      /* 0: as it is */
    int fd;                            /* of it, once opened; -1 */
};

struct emu_config {
    unsigned int domid, nr_vcpus;
    uint64_t memory_kib;
    uint8_t uuid[16];                  /* as the hypervisor knows it */
    const char *bios, *vgabios, *kernel, *initrd, *cmdline;
    bool uefi;                         /* bios is UEFI firmware */
    const char *boot;                  /* letters: c disk, d CD, n network */
    const char *serial;                /* "pty", a file, or NULL: none */
    const char *vga;                   /* "std" or NULL: none */
    const char *vnc;                   /* words for host/screen */
    const char *control;               /* directory of sockets, or NULL */
    const char *empty;                 /* a directory that becomes the root */
    const char *state;                 /* file of the saved state, or NULL */
    struct emu_disk disk[EMU_MAX_DISKS];
    struct emu_nic nic[EMU_MAX_NICS];
    bool no_xen_platform;
    bool sandbox;                      /* print the lists and end */
};

#endif
