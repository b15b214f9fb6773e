/* SPDX-License-Identifier: MIT */
/*
 * attack/attack.h - the parts of the attack guest, and its random numbers.
 *
 * A hostile kernel: every fact ends with the hypervisor alive and answering,
 * and with nothing gained.  Meant for an unprivileged domain (boot option
 * domu_first); as dom0 the parts that dom0 may do are left out.
 */
#ifndef GUESTS_ATTACK_ATTACK_H
#define GUESTS_ATTACK_ATTACK_H

#include <lib/types.h>

void run_frames(void);   /* frames.c: page tables and frames */
void run_cpu(void);      /* cpu.c: registers, selectors, vectors, returns */
void run_calls(void);    /* calls.c: hypercalls with bad arguments */
void run_rights(void);   /* rights.c: what only dom0 may do */
void run_refusals(void); /* refusals.c: what is not built, odd lengths, full */

uint64_t rnd(void);            /* xorshift, seeded by "seed=" */
uint64_t rnd_argument(void);   /* a value likely to hurt */
bool owns(uint64_t mfn);       /* the frame is in our p2m */
/* So is it, or it is shared with us, as shared_info is: we may write there. */
bool is_allowed(uint64_t mfn);
void expect_alive(void);       /* the hypervisor answers, we can still trap */

#define HV_POINTER 0xffff830000000000ul
#define NON_CANONICAL 0x8000000000000000ul

#endif
