/* SPDX-License-Identifier: MIT */
/*
 * emul/execute.h - carry out one decoded instruction through callbacks.
 *
 * Owns    addresses, segment checks, results and flags.  Privileged
 *         instructions are not executed here: callers act on insn.op.
 * Rules   registers in the context change only when an element is complete:
 *         after EMUL_RETRY or EMUL_FAULT they are as before it.  A string
 *         instruction does one element per call (c->again).  Accesses come
 *         in the same order each time, so a caller that answers later keeps
 *         a list of answers and starts over (INV-EMU1).
 * Tests   tests/unit/emul/test_execute.c, tests/fuzz/fuzz_emul.c (against the
 *         host CPU)
 */
#ifndef EMUL_EXECUTE_H
#define EMUL_EXECUTE_H

#include <emul/decode.h>

enum emul_result {
    EMUL_OK,                   /* done; RIP moved on, unless c->again */
    EMUL_RETRY,                /* a callback has no answer yet */
    EMUL_FAULT,                /* c->vector, error, cr2: for the guest */
    EMUL_UNKNOWN,              /* not an instruction for this file */
};

struct emul_seg {
    uint64_t base;
    uint32_t limit;
    bool expand_down, big;     /* data segments below their limit */
    bool usable, writable;
};

struct emul_ctx;
struct emul_ops {
    /* Linear memory, 1..8, 16 or 32 bytes, may cross a page. */
    enum emul_result (*read)(struct emul_ctx *c, uint64_t linear, void *buf,
                             unsigned int bytes);
    enum emul_result (*write)(struct emul_ctx *c, uint64_t linear,
                              const void *buf, unsigned int bytes);
    enum emul_result (*port)(struct emul_ctx *c, bool write, uint16_t port,
                             unsigned int bytes, uint32_t *val);
    /* Optional: up to *@count elements of INS (to memory) or OUTS at once;
     * sets *@count to how many were done.  EMUL_UNKNOWN: one by one. */
    enum emul_result (*port_rep)(struct emul_ctx *c, bool write, uint16_t port,
                                 unsigned int bytes, uint64_t linear,
                                 uint64_t *count);
    /* Optional: XMM register @nr into @v, or from it; all of YMM if @vex. */
    void (*xmm)(struct emul_ctx *c, unsigned int nr, bool write, bool vex,
                uint64_t v[4]);
};

struct emul_ctx {
    const struct emul_ops *ops;
    void *owner;
    uint64_t reg[16];          /* as numbered in instructions */
    uint64_t rip, rflags;
    uint8_t mode;              /* bytes: 2, 4, 8 */
    uint8_t stack_size;        /* bytes of the stack pointer: 2, 4, 8 */
    struct emul_seg seg[6];    /* enum insn_seg */
    bool again;                /* out: more elements of a rep are left */
    uint8_t vector;            /* out with EMUL_FAULT */
    uint32_t error;
    uint64_t cr2;
};

enum emul_result must_check emul_execute(struct emul_ctx *c,
                                         const struct insn *in);

#endif
