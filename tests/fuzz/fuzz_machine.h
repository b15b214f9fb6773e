/* SPDX-License-Identifier: MIT */
/*
 * The device model under bytes of a hostile guest.
 *
 * Owns    the input as numbers, the machine under test, a row per device: its
 *         addresses, and what is done to it.
 * Files   fuzz_machine.c: the entry; fuzz_machine_bench.c: the machine;
 *         fuzz_machine_ops.c: what a guest (and the world outside) does;
 *         fuzz_machine_rows.c: the table
 * Users   fuzz_machine, test_emu_state
 */
#ifndef FUZZ_MACHINE_H
#define FUZZ_MACHINE_H

#include "../unit/hvm-emu/frame/bench.h"

struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

struct fuzz_row;

/* In memory, so that nothing is left behind. */
struct fuzz_image {
    int fd;
    char path[32];
};

struct fuzz_machine {
    struct bench *b;
    const struct fuzz_row *row;
    struct fuzz_image disk, cd;
    bool disk_gone;                    /* its path leads nowhere */
    int wire;                          /* the other end of the network card */
    int line;                          /* of the serial line */
    bool spoiled;                      /* not fit for another input */
    int ranges_left;                   /* by fuzz_machine_stop(): 0 is well */
};

/* As firmware leaves it; @from: as a successor of that one finds it. */
void fuzz_machine_start(struct fuzz_machine *f,
                        const struct fuzz_machine *from);
void fuzz_machine_stop(struct fuzz_machine *f);

typedef void fuzz_op(struct fuzz_machine *f, struct fuzz_input *in);

struct fuzz_ports { uint16_t first, len; };

#define FUZZ_BM    0xc000u             /* bus master */
#define FUZZ_LISTS 0x8000u             /* where pieces are written */

struct fuzz_row {
    const char *name;
    const struct fuzz_ports *ports;
    unsigned int nr_ports;
    const uint8_t *functions;          /* devfn, for configuration */
    unsigned int nr_functions;
    const uint64_t *memory;            /* 64 KiB are tried from each */
    unsigned int nr_memory;
    fuzz_op *const *ops;
    unsigned int nr_ops;
    const char *state;                 /* class whose state is made up; NULL:
                                        * any */
};

extern const struct fuzz_row fuzz_rows[];
extern const unsigned int fuzz_nr_rows;

/* Big-endian; zeros after the end. */
uint32_t fuzz_take(struct fuzz_input *in, unsigned int bytes);

fuzz_op fuzz_out, fuzz_in, fuzz_string, fuzz_config, fuzz_memory, fuzz_piece,
        fuzz_command, fuzz_packet, fuzz_master, fuzz_slot, fuzz_ring,
        fuzz_time, fuzz_world, fuzz_state, fuzz_reset, fuzz_ram;

#endif
