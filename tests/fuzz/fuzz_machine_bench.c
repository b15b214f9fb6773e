/* SPDX-License-Identifier: MIT */
/*
 * The machine under test: every device, timers by the test's clock, a real
 * loop for descriptors; images live in memory.  See fuzz_machine.h.
 */
#include "fuzz_machine.h"

#include <dev/chipset.h>
#include <lib/evloop.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define DISK_BYTES (2u << 20)

static void make_image(struct fuzz_image *i, const char *name)
{
    i->fd = memfd_create(name, MFD_CLOEXEC);
    if (i->fd < 0 || ftruncate(i->fd, DISK_BYTES) != 0) {
        abort();
    }
    snprintf(i->path, sizeof(i->path), "/proc/self/fd/%d", i->fd);
}

static void configure(struct fuzz_machine *f, struct emu_config *c, int card)
{
    c->vga = "std";
    c->uefi = true;
    c->serial = "pty";
    c->disk[0] = (struct emu_disk) { .present = true, .path = f->disk_gone ? "/nowhere" : f->disk.path };
    c->disk[2] = (struct emu_disk) { .present = true, .path = f->cd.path,
                                     .cdrom = true, .readonly = true };
    c->disk[3] = (struct emu_disk) { .present = true, .cdrom = true };
    c->nic[0] = (struct emu_nic) { .present = true, .fd = card };
}

/* Where firmware would put them. */
static void place_windows(struct bench *b)
{
    static const struct { uint8_t devfn, reg; uint32_t at; } windows[] = {
        { PCI_DEVFN(1, 1), 0x20, FUZZ_BM },
        { PCI_DEVFN(2, 0), 0x10, 0xc100 },
        { PCI_DEVFN(2, 0), 0x14, 0xf3000000 },
        { PCI_DEVFN(3, 0), 0x10, 0xf1000000 },
        { PCI_DEVFN(3, 0), 0x18, 0xf4000000 },
        { PCI_DEVFN(4, 0), 0x10, 0xf5000000 },
        { PCI_DEVFN(4, 0), 0x14, 0xc200 },
    };
    unsigned int i;

    for (i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
        bench_cfg_set(b, windows[i].devfn, windows[i].reg, 4, windows[i].at);
        bench_cfg_set(b, windows[i].devfn, 4, 2, 7);
    }
}

/* Windows that a predecessor moved are where it left them. */
static void take_over(struct bench *b, const struct bench *from)
{
    memcpy(b->moved, from->moved, sizeof(b->moved));
    b->nr_moved = from->nr_moved;
    b->m.restored = true;
    b->m.unplugged = from->m.unplugged;
}

void fuzz_machine_start(struct fuzz_machine *f, const struct fuzz_machine *from)
{
    int pair[2];

    make_image(&f->disk, "disk");
    make_image(&f->cd, "cd");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                   pair) != 0) {
        abort();
    }
    f->b = calloc(1, sizeof(*f->b));
    configure(f, &f->b->config, pair[1]);
    bench_start(f->b);
    f->b->m.loop = evloop_new();
    if (from != NULL) {
        take_over(f->b, from->b);
    }
    bench_devices(f->b);
    if (from == NULL) {
        place_windows(f->b);
    }
    f->line = open(uart_pty(devices_find(&f->b->devices, "uart")),
                   O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    f->wire = pair[0];
    f->spoiled = false;
}

void fuzz_machine_stop(struct fuzz_machine *f)
{
    struct evloop *loop = f->b->m.loop;

    bench_stop(f->b);
    evloop_free(loop);
    close(f->disk.fd);
    close(f->cd.fd);
    close(f->line);
    close(f->wire);
    f->ranges_left = f->b->ranges;
    free(f->b);
    f->b = NULL;
}
