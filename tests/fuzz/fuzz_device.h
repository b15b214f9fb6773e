/* SPDX-License-Identifier: MIT */
/*
 * A hostile guest for one emulated device: random accesses to its ports,
 * windows and guest memory, time that passes, state that somebody made up.
 * The device stands in tests/unit/hvm-emu/device_rig.h.
 */
#ifndef FUZZ_DEVICE_H
#define FUZZ_DEVICE_H

#include "../unit/hvm-emu/device_rig.h"

struct device_class;

struct fuzz_target {
    enum { FUZZ_PORT, FUZZ_MMIO, FUZZ_BAR } kind;
    uint64_t base;                     /* of a BAR: its number */
    uint64_t len;
    unsigned int weight;
};

struct fuzz_device {
    const char *name;                  /* of the harness */
    const struct device_class *class;
    const struct fuzz_target *targets;
    unsigned int nr_targets;
    const uint16_t *hot;               /* offsets that are tried more often, */
    unsigned int nr_hot;               /* in the first target */
    void (*before)(void);              /* the configuration, after rig_start */
    void (*also)(void *dev, uint32_t *seed);   /* the other side of it */
    void (*after)(void);
};

uint32_t fuzz_rnd(uint32_t *seed, uint32_t below);
uint64_t fuzz_value(uint32_t *seed);
void fuzz_need(bool fact, const char *what);

/* main() of a harness: [SECONDS [SEED]] */
int fuzz_device_main(int argc, char **argv, const struct fuzz_device *f);

#endif
