/* SPDX-License-Identifier: MIT */
/*
 * frame/bench.h - a whole machine without a hypervisor.
 *
 * Owns    guest memory in an array (with a hole at the video window), the
 *         levels of wires, what was asked of the hypervisor; the devices of
 *         dev/devices.c over the real buses; a clock the test moves.
 */
#ifndef UNIT_HVM_EMU_BENCH_H
#define UNIT_HVM_EMU_BENCH_H

#include <bus/pci.h>
#include <bus/range.h>
#include <dev/devices.h>
#include <frame/config.h>
#include <frame/machine.h>
#include <run/server.h>

#define BENCH_MEMORY (4u << 20)
#define BENCH_MOVED  16384u            /* frames of windows */
#define BENCH_MAPS   256u

struct bench {
    struct emu_config config;
    struct machine m;
    struct devices devices;
    uint8_t *memory;
    /* Windows: frame i of the pool is at gfn moved[i]. */
    uint8_t *pool;
    uint64_t moved[BENCH_MOVED];
    uint32_t nr_moved, next_moved;
    uint8_t isa[16], pci[32][4], link[4];
    unsigned long isa_calls;
    int shutdown;                      /* reason, -1: none */
    unsigned int resets;
    int ranges;                        /* of the hypervisor */
    bool refuse_ranges;
    struct server server;
    struct shared_iopage *slots;
    struct buffered_iopage *ring;
    unsigned int notified;
};

/* Buses only. */
void bench_start(struct bench *b);
/* And the devices of b->config. */
void bench_devices(struct bench *b);
void bench_stop(struct bench *b);

uint32_t bench_in(struct bench *b, uint16_t port, unsigned int bytes);
void bench_out(struct bench *b, uint16_t port, unsigned int bytes,
               uint32_t val);
uint32_t bench_cfg(struct bench *b, uint8_t devfn, uint8_t off,
                   unsigned int bytes);
void bench_cfg_set(struct bench *b, uint8_t devfn, uint8_t off,
                   unsigned int bytes, uint32_t val);
/* Timers that are due in the next @ns. */
void bench_run(struct bench *b, uint64_t ns);

#endif
