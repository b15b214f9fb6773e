/* SPDX-License-Identifier: MIT */
/*
 * The network card under random registers and descriptors, with frames of
 * every length from the wire.  Covers hvm-emu/dev/e1000*, hvm-emu/host/net.
 *
 *   fuzz_e1000 [SECONDS [SEED]]
 */
#include "fuzz_device.h"

#include <dev/devices.h>
#include <dev/e1000.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int wire, inside;

static void before(void)
{
    int pair[2];

    fuzz_need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0,
              "socketpair");
    wire = pair[0];
    inside = pair[1];
    rig.config.nic[0].present = true;
    rig.config.nic[0].fd = inside;
}

static void after(void)
{
    close(wire);
}

/* Descriptors that mean something now and then. */
static void write_descriptor(uint32_t *seed)
{
    static const uint32_t types[] = {
        0x01000000, 0x29000000, 0x2d100000, 0x21100000, 0x27000000, 0x08000000,
        0x41000000, 0x25100000, 0x2f000000,
    };
    uint32_t words[4] = {
        fuzz_rnd(seed, RIG_MEM), 0,
        types[fuzz_rnd(seed, sizeof(types) / sizeof(types[0]))] |
            fuzz_rnd(seed, 70000),
        (uint32_t)fuzz_value(seed),
    };

    if (fuzz_rnd(seed, 8) == 0) {
        words[1] = (uint32_t)fuzz_value(seed);
    }
    memcpy(rig.mem + fuzz_rnd(seed, RIG_MEM / 16) * 16, words, 16);
}

static void wire_side(void *dev, uint32_t *seed)
{
    static uint8_t frame[70000], sink[70000];
    uint32_t len = fuzz_rnd(seed, 5) == 0 ? fuzz_rnd(seed, 65000)
                                          : fuzz_rnd(seed, 1600);

    write_descriptor(seed);
    memset(frame + 10, fuzz_rnd(seed, 2) ? 0xff : 0, 6);
    if (send(wire, frame, 10 + len, 0) >= 0) {
        rig_ready(inside);
    }
    while (recv(wire, sink, sizeof(sink), 0) > 0) {
    }
}

int main(int argc, char **argv)
{
    static const uint16_t hot[] = {
        E_CTRL, E_EECD, E_EERD, E_MDIC, E_ICR, E_ITR, E_ICS, E_IMS, E_IMC,
        E_RCTL, E_RCTL, E_TCTL, E_TCTL, E_RDBAL, E_RDBAH, E_RDLEN, E_RDLEN,
        E_RDH, E_RDT, E_RDT, E_TDBAL, E_TDBAH, E_TDLEN, E_TDLEN, E_TDH, E_TDT,
        E_TDT, E_TDT, E_VET,
    };
    static const struct fuzz_target targets[] = {
        { FUZZ_BAR, 0, 0x20000, 10 }, { FUZZ_BAR, 1, 0x40, 1 },
    };
    static const struct fuzz_device device = {
        .name = "fuzz_e1000", .class = &e1000_class_0, .targets = targets,
        .nr_targets = 2, .hot = hot, .nr_hot = sizeof(hot) / sizeof(hot[0]),
        .before = before, .also = wire_side, .after = after,
    };

    return fuzz_device_main(argc, argv, &device);
}
