/* SPDX-License-Identifier: MIT */
/*
 * The loop of a device's harness: a machine, some thousand accesses, the next
 * machine.  No access may take more than a second.
 */
#include "fuzz_device.h"

#include <dev/devices.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 20000u                  /* of one machine */

uint32_t fuzz_rnd(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(*seed >> 8) * below >> 24);
}

void fuzz_need(bool fact, const char *what)
{
    if (!fact) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

/* Small, near a power of two, all ones, or anything. */
uint64_t fuzz_value(uint32_t *seed)
{
    uint64_t any = (uint64_t)fuzz_rnd(seed, 1u << 24) << 40 ^
                   (uint64_t)fuzz_rnd(seed, 1u << 24) << 20 ^
                   fuzz_rnd(seed, 1u << 24);

    switch (fuzz_rnd(seed, 6)) {
    case 0:
        return fuzz_rnd(seed, 32);
    case 1:
        return (1ull << fuzz_rnd(seed, 64)) - fuzz_rnd(seed, 2);
    case 2:
        return UINT64_MAX;
    case 3:
        return fuzz_rnd(seed, 1u << 16);
    case 4:
        return fuzz_rnd(seed, RIG_MEM) & ~15u;
    default:
        return any;
    }
}

static const struct fuzz_target *choose(const struct fuzz_device *f,
                                        uint32_t *seed)
{
    unsigned int sum = 0, at, i;

    for (i = 0; i < f->nr_targets; i++) {
        sum += f->targets[i].weight;
    }
    at = fuzz_rnd(seed, sum);
    for (i = 0; at >= f->targets[i].weight; i++) {
        at -= f->targets[i].weight;
    }
    return &f->targets[i];
}

static void access_once(const struct fuzz_device *f, uint32_t *seed)
{
    const struct fuzz_target *t = choose(f, seed);
    unsigned int bytes = 1u << fuzz_rnd(seed, t->kind == FUZZ_PORT ? 3 : 4);
    uint64_t off = fuzz_rnd(seed, (uint32_t)t->len), val = fuzz_value(seed);
    bool write = fuzz_rnd(seed, 3) != 0;
    enum range_space s = t->kind == FUZZ_PORT ? RANGE_PORT : RANGE_MMIO;

    if (f->nr_hot != 0 && t == f->targets && fuzz_rnd(seed, 4) != 0) {
        off = f->hot[fuzz_rnd(seed, f->nr_hot)];
        bytes = t->kind == FUZZ_PORT ? bytes : 4;
    }
    if (off + bytes > t->len) {
        return;
    }
    if (t->kind == FUZZ_BAR && write) {
        rig_bar_write((unsigned int)t->base, off, bytes, val);
    } else if (t->kind == FUZZ_BAR) {
        rig_bar_read((unsigned int)t->base, off, bytes);
    } else if (write) {
        rig_write(s, t->base + off, bytes, val);
    } else {
        rig_read(s, t->base + off, bytes);
    }
}

/* A byte of guest memory, or a whole descriptor's worth. */
static void scribble(uint32_t *seed)
{
    uint64_t val = fuzz_value(seed);

    memcpy(rig.mem + fuzz_rnd(seed, RIG_MEM - 8), &val, 8);
}

/* State as a file that somebody made: accepted or refused, never believed. */
static void made_up_state(const struct fuzz_device *f, void *dev,
                          uint32_t *seed)
{
    const struct state_table *t = f->class->state;
    unsigned int i, k;

    for (i = 0; i < 4; i++) {
        const struct state_field *s = &t->fields[fuzz_rnd(seed, t->nr_fields)];
        uint8_t *bytes = (uint8_t *)dev + s->offset;

        for (k = 0; k < 4; k++) {
            bytes[fuzz_rnd(seed, s->size * s->count)] =
                (uint8_t)fuzz_rnd(seed, 256);
        }
    }
    if (t->check != NULL && t->check(dev) != 0) {
        f->class->reset(dev);
    } else if (t->loaded != NULL) {
        t->loaded(dev);
    }
}

static void one_machine(const struct fuzz_device *f, uint32_t *seed)
{
    unsigned int i;
    void *dev;

    rig_start();
    if (f->before != NULL) {
        f->before();
    }
    dev = f->class->create(&rig.m, NULL);
    fuzz_need(dev != NULL, "create");
    for (i = 0; i < ROUNDS; i++) {
        uint32_t what = fuzz_rnd(seed, 2000);

        if (what == 0) {
            made_up_state(f, dev, seed);
        } else if (what == 1) {
            f->class->reset(dev);
        } else if (what < 100) {
            rig_run(fuzz_rnd(seed, 1u << 20));
        } else if (what < 400) {
            scribble(seed);
        } else if (what < 600 && f->also != NULL) {
            f->also(dev, seed);
        } else {
            access_once(f, seed);
        }
        alarm(2);
    }
    f->class->destroy(dev);
    if (f->after != NULL) {
        f->after();
    }
    rig_stop();
}

int fuzz_device_main(int argc, char **argv, const struct fuzz_device *f)
{
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 5);
    uint32_t seed = argc > 2 ? (uint32_t)atoi(argv[2]) : (uint32_t)getpid();
    unsigned long machines = 0;

    printf("%s: seed %u\n", f->name, seed);
    fflush(stdout);
    do {
        one_machine(f, &seed);
        machines++;
    } while (time(NULL) < end);
    alarm(0);
    printf("%s: %lu machines, %lu accesses\n", f->name, machines,
           machines * ROUNDS);
    return 0;
}
