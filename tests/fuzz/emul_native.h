/* SPDX-License-Identifier: MIT */
/*
 * One instruction twice: by the emulator, and by this CPU.
 *
 * The instruction may name any register but RSP; a memory operand must be in
 * scratch.  Flags that the manual leaves undefined are not compared.
 */
#ifndef EMUL_NATIVE_H
#define EMUL_NATIVE_H

#include <emul/execute.h>

#define SCRATCH 512u
struct native_state {
    uint64_t reg[16];
    uint64_t rflags;
    uint64_t ymm[16][4];
    uint8_t scratch[SCRATCH];
};
extern uint8_t *native_scratch;            /* its address while executing */

void native_init(void);
/* Run @bytes from @s; @s is what the CPU made of it. */
void native_run(const uint8_t *bytes, unsigned int len, struct native_state *s);
/* The same by the emulator.  false: refused or faulted. */
bool emul_run(const struct insn *in, struct native_state *s);
/* Random instruction within the rules above, and a state.  The length. */
unsigned int native_random(uint64_t *seed, uint8_t *bytes,
                           struct native_state *s);
/* Both from the same state; DIFFERS: *@why says in what. */
enum verdict { AGREES, SKIPPED, DIFFERS };
enum verdict native_compare(const uint8_t *bytes,
                            const struct native_state *from, char *why,
                            unsigned int room);
void native_random_ymm(uint64_t *seed, struct native_state *s);
uint64_t native_rand(uint64_t *seed);

#endif
