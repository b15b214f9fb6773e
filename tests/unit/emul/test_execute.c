/* SPDX-License-Identifier: MIT */
/*
 * Execution: some thousands of instructions against this CPU from fixed
 * seeds; what this CPU cannot show here by hand: ports, answers that come
 * later, segments, 16-bit addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <emul/alu.h>

#include "../../fuzz/emul_native.h"

static uint8_t ram[65536];
static uint32_t port_value;
static uint16_t port_seen;
static unsigned int not_yet;               /* accesses that are answered RETRY */
static unsigned int reads, writes, ports, bulk;

static enum emul_result rd(struct emul_ctx *c, uint64_t at, void *buf,
                           unsigned int n)
{
    reads++;
    if (not_yet > 0 && at >= 0x8000) {
        not_yet--;
        return EMUL_RETRY;
    }
    if (at + n > sizeof(ram)) {
        c->vector = 14;
        c->cr2 = at;
        return EMUL_FAULT;
    }
    memcpy(buf, ram + at, n);
    return EMUL_OK;
}

static enum emul_result wr(struct emul_ctx *c, uint64_t at, const void *buf,
                           unsigned int n)
{
    writes++;
    if (at + n > sizeof(ram)) {
        c->vector = 14;
        c->cr2 = at;
        return EMUL_FAULT;
    }
    memcpy(ram + at, buf, n);
    return EMUL_OK;
}

static enum emul_result io(struct emul_ctx *c, bool write, uint16_t port,
                           unsigned int n, uint32_t *v)
{
    ports++;
    port_seen = port;
    if (not_yet > 0) {
        not_yet--;
        return EMUL_RETRY;
    }
    if (write) {
        port_value = *v;
    } else {
        *v = port_value;
    }
    return EMUL_OK;
}

static enum emul_result io_rep(struct emul_ctx *c, bool write, uint16_t port,
                               unsigned int n, uint64_t linear, uint64_t *count)
{
    bulk++;
    *count = *count > 5 ? 5 : *count;
    memset(ram + linear, 0x77, *count * n);
    return EMUL_OK;
}

static uint64_t xmm[16][2];
static void xmm_op(struct emul_ctx *c, unsigned int nr, bool write, bool vex,
                   uint64_t v[4])
{
    memcpy(write ? xmm[nr] : v, write ? v : xmm[nr], 16);
}

static const struct emul_ops ops = { rd, wr, io, NULL, NULL };
static const struct emul_ops ops_rep = { rd, wr, io, io_rep, NULL };
static const struct emul_ops ops_xmm = { rd, wr, io, NULL, xmm_op };

static struct emul_ctx ctx(unsigned int mode)
{
    struct emul_ctx c = { .ops = &ops, .mode = (uint8_t)mode,
                          .stack_size = (uint8_t)mode, .rflags = 2 };

    for (unsigned int i = 0; i < 6; i++) {
        c.seg[i] = (struct emul_seg){ .limit = mode == 2 ? 0xffff : ~0u,
                                      .usable = true, .writable = true,
                                      .big = mode != 2 };
    }
    not_yet = reads = writes = ports = bulk = 0;
    memset(ram, 0, sizeof(ram));
    return c;
}

static enum emul_result run(struct emul_ctx *c, const uint8_t *b, unsigned int n)
{
    uint8_t bytes[15] = { 0 };
    struct insn in;

    memcpy(bytes, b, n);
    assert_true(insn_decode_mode(bytes, sizeof(bytes), c->mode, &in));
    assert_int_equal(in.length, n);
    return emul_execute(c, &in);
}
#define RUN(c, ...) run(c, (uint8_t[]){ __VA_ARGS__ }, \
                        sizeof((uint8_t[]){ __VA_ARGS__ }))

static void results_are_those_of_this_cpu(void **state)
{
    static struct native_state s;
    uint64_t seed = 0x1234567;
    unsigned int agreed = 0;
    uint8_t b[16];
    char why[200];

    native_init();
    for (unsigned int i = 0; i < 20000; i++) {
        enum verdict v;

        (void)native_random(&seed, b, &s);
        v = native_compare(b, &s, why, sizeof(why));
        if (v == DIFFERS) {
            fail_msg("%02x %02x %02x %02x %02x: %s", b[0], b[1], b[2], b[3],
                     b[4], why);
        }
        agreed += v == AGREES;
    }
    assert_in_range(agreed, 15000, 20000);
}

static void addresses_of_16_bit_code(void **state)
{
    struct emul_ctx c = ctx(2);

    c.reg[3] = 0xfff0;                      /* bx */
    c.reg[6] = 0x0020;                      /* si */
    c.reg[5] = 0x1000;                      /* bp */
    c.seg[INSN_DS].base = 0x100;
    c.seg[INSN_SS].base = 0x200;
    ram[0x113] = 0xaa;                      /* bx + si + 3 wraps to 0x13 */
    assert_int_equal(RUN(&c, 0x8a, 0x40, 0x03), EMUL_OK);   /* mov 3(bx,si),al */
    assert_int_equal(c.reg[0], 0xaa);
    ram[0x1220] = 0xbb;                     /* bp + si: stack segment */
    assert_int_equal(RUN(&c, 0x8a, 0x02), EMUL_OK);
    assert_int_equal(c.reg[0], 0xbb);
    ram[0x1120] = 0xcc;                     /* with a DS override */
    assert_int_equal(RUN(&c, 0x3e, 0x8a, 0x02), EMUL_OK);
    assert_int_equal(c.reg[0], 0xcc);
    assert_int_equal(RUN(&c, 0x66, 0xa1, 0x20, 0x10), EMUL_OK);
    assert_int_equal(c.reg[0], 0xcc);       /* mov moffs, eax */
    assert_int_equal(c.rip, 3 + 2 + 3 + 4);
}

static void segment_limits_fault(void **state)
{
    struct emul_ctx c = ctx(4);

    c.seg[INSN_DS].limit = 0xfff;
    c.reg[0] = 0xffd;
    assert_int_equal(RUN(&c, 0x8b, 0x08), EMUL_FAULT);      /* mov (eax),ecx */
    assert_int_equal(c.vector, 13);
    c.reg[0] = 0xffc;
    assert_int_equal(RUN(&c, 0x8b, 0x08), EMUL_OK);
    c.seg[INSN_DS].writable = false;
    assert_int_equal(RUN(&c, 0x89, 0x08), EMUL_FAULT);
    c.seg[INSN_SS].expand_down = true;
    c.seg[INSN_SS].limit = 0xfff;
    c.reg[5] = 0xfff;
    assert_int_equal(RUN(&c, 0x8b, 0x4d, 0x00), EMUL_FAULT); /* mov (ebp),ecx */
    assert_int_equal(c.vector, 12);
    c.reg[5] = 0x1000;
    assert_int_equal(RUN(&c, 0x8b, 0x4d, 0x00), EMUL_OK);
    c.seg[INSN_DS].usable = false;
    assert_int_equal(RUN(&c, 0x8b, 0x08), EMUL_FAULT);
}

static void non_canonical_addresses_fault(void **state)
{
    struct emul_ctx c = ctx(8);

    c.reg[0] = 0x7ffffffffffdull;
    assert_int_equal(RUN(&c, 0x8b, 0x08), EMUL_FAULT);
    assert_int_equal(c.vector, 13);
    c.reg[0] = 0x800000000000ull;
    assert_int_equal(RUN(&c, 0x8b, 0x08), EMUL_FAULT);
    c.reg[4] = 0x900000000000ull;
    assert_int_equal(RUN(&c, 0xff, 0x30), EMUL_FAULT);      /* push (rax) */
    assert_int_equal(reads + writes, 0);
}

static void a_fault_or_a_wait_changes_nothing(void **state)
{
    static const uint8_t code[][4] = {
        { 0x01, 0x08 }, { 0x87, 0x08 }, { 0x0f, 0xc1, 0x08 }, { 0xff, 0x30 },
        { 0xa4 }, { 0xad }, { 0xa6 }, { 0xf3, 0xa5 }, { 0x8f, 0x00 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(code); i++) {
        for (unsigned int how = 0; how < 2; how++) {
            struct emul_ctx c = ctx(4), before;
            struct insn in;
            enum emul_result r;

            c.reg[0] = c.reg[6] = how ? 0x9000 : 0x20000;   /* waits, faults */
            c.reg[4] = code[i][0] == 0x8f ? c.reg[0] : 0x4000;
            c.reg[1] = 3;
            c.reg[7] = 0x5000;
            not_yet = how;
            before = c;
            assert_true(insn_decode_mode(code[i], 4, 4, &in));
            r = emul_execute(&c, &in);
            assert_int_equal(r, how ? EMUL_RETRY : EMUL_FAULT);
            assert_memory_equal(c.reg, before.reg, sizeof(c.reg));
            assert_int_equal(c.rip, 0);
            assert_int_equal(c.rflags, before.rflags);
            assert_int_equal(writes, 0);
            if (how) {
                assert_int_equal(emul_execute(&c, &in), EMUL_OK);
            }
        }
    }
}

static void string_ports_go_one_by_one(void **state)
{
    struct emul_ctx c = ctx(2);

    c.reg[1] = 3;                           /* cx */
    c.reg[2] = 0x1f0;
    c.reg[7] = 0xfffe;                      /* di */
    c.rflags |= EMUL_DF;
    port_value = 0x1234;
    assert_int_equal(RUN(&c, 0xf3, 0x6d), EMUL_OK);         /* rep insw */
    assert_true(c.again);
    assert_int_equal(c.rip, 0);
    assert_int_equal(c.reg[7], 0xfffc);
    assert_int_equal(ram[0xffff], 0x12);
    not_yet = 1;
    assert_int_equal(RUN(&c, 0xf3, 0x6d), EMUL_RETRY);
    assert_int_equal(c.reg[1], 2);
    assert_int_equal(RUN(&c, 0xf3, 0x6d), EMUL_OK);
    assert_int_equal(RUN(&c, 0xf3, 0x6d), EMUL_OK);
    assert_false(c.again);
    assert_int_equal(c.rip, 2);
    assert_int_equal(c.reg[1], 0);
    c.rip = 0;
    ports = 0;
    assert_int_equal(RUN(&c, 0xf3, 0x6d), EMUL_OK);         /* cx is 0 */
    assert_int_equal(ports, 0);
    assert_int_equal(c.rip, 2);
}

static void many_elements_at_once(void **state)
{
    struct emul_ctx c = ctx(4);

    c.ops = &ops_rep;
    c.reg[1] = 8;
    c.reg[7] = 0x1ffc;                      /* one element up to the page end */
    assert_int_equal(RUN(&c, 0xf3, 0x6d), EMUL_OK);
    assert_int_equal(bulk, 0);
    assert_int_equal(c.reg[1], 7);
    assert_int_equal(RUN(&c, 0xf3, 0x6d), EMUL_OK);
    assert_int_equal(bulk, 1);
    assert_int_equal(c.reg[1], 2);
    assert_int_equal(c.reg[7], 0x2000 + 20);
    c.seg[INSN_ES].limit = 0x2000 + 23;     /* the second is outside */
    assert_int_equal(RUN(&c, 0xf3, 0x6d), EMUL_OK);
    assert_int_equal(bulk, 1);
    assert_int_equal(RUN(&c, 0xf3, 0x6d), EMUL_FAULT);
    assert_int_equal(c.reg[1], 1);
}

static void ports_keep_the_rest_of_the_register(void **state)
{
    struct emul_ctx c = ctx(8);

    c.reg[0] = 0x1122334455667788ull;
    c.reg[2] = 0xffff03f8;
    port_value = 0xaabbccdd;
    assert_int_equal(RUN(&c, 0xec), EMUL_OK);
    assert_int_equal(c.reg[0], 0x11223344556677ddull);
    assert_int_equal(port_seen, 0x3f8);
    assert_int_equal(RUN(&c, 0xed), EMUL_OK);
    assert_int_equal(c.reg[0], 0xaabbccdd);
    assert_int_equal(RUN(&c, 0x66, 0xe7, 0x80), EMUL_OK);
    assert_int_equal(port_value, 0xccdd);
    assert_int_equal(port_seen, 0x80);
}

static void push_and_pop_memory(void **state)
{
    struct emul_ctx c = ctx(8);
    uint64_t v = 0x1122334455667788ull;

    memcpy(ram + 0x100, &v, 8);
    c.reg[0] = 0x100;
    c.reg[4] = 0x2000;
    assert_int_equal(RUN(&c, 0xff, 0x30), EMUL_OK);
    assert_int_equal(c.reg[4], 0x1ff8);
    assert_memory_equal(ram + 0x1ff8, &v, 8);
    assert_int_equal(RUN(&c, 0x8f, 0x44, 0x24, 0x10), EMUL_OK);
    assert_int_equal(c.reg[4], 0x2000);     /* 16(rsp) counts from after */
    assert_memory_equal(ram + 0x2010, &v, 8);
}

static void bits_outside_the_operand(void **state)
{
    struct emul_ctx c = ctx(4);

    c.reg[0] = 0x1000;
    c.reg[1] = 100;
    assert_int_equal(RUN(&c, 0x0f, 0xab, 0x08), EMUL_OK);   /* bts ecx,(eax) */
    assert_int_equal(ram[0x1000 + 12], 0x10);
    c.reg[1] = (uint32_t)-1;
    assert_int_equal(RUN(&c, 0x0f, 0xab, 0x08), EMUL_OK);
    assert_int_equal(ram[0xfff], 0x80);
}

/* Legacy or VEX encoding of opcode @op of 0F with prefix @pp (as VEX counts
 * them), register 8..15, memory at RBX. */
static void encode(uint8_t b[16], unsigned int op, unsigned int pp, bool vex,
                   bool w, bool l)
{
    static const uint8_t prefixes[] = { 0, 0x66, 0xf3, 0xf2 };
    unsigned int n = 0;

    memset(b, 0, 16);
    if (vex) {
        b[n++] = 0xc4;
        b[n++] = 0x61;
        b[n++] = (uint8_t)(w << 7 | 0x78 | l << 2 | pp);
    } else {
        b[0] = prefixes[pp];
        n = pp != 0;
        b[n++] = (uint8_t)(0x44 | w << 3);
        b[n++] = 0x0f;
    }
    b[n++] = (uint8_t)op;
    b[n] = 0x2b;
}

/* Every opcode with every prefix, against this CPU: as many moves as there
 * are (forms of W and L count), and nothing else of SSE or AVX. */
static void sse_moves_are_those_of_this_cpu(void **state)
{
    static struct native_state s;
    unsigned int agreed[2] = { 0 }, tried[2] = { 0 }, i;
    uint64_t seed = 99;
    char why[200];

    native_init();
    native_random_ymm(&seed, &s);
    for (i = 0; i < SCRATCH; i++) {
        s.scratch[i] = (uint8_t)native_rand(&seed);
    }
    s.reg[3] = (uint64_t)(uintptr_t)native_scratch + 64;
    for (i = 0; i < 256 * 4 * 8; i++) {
        bool vex = i & 1, w = i & 2, l = i & 4;
        enum verdict v;
        struct insn in;
        uint8_t b[16];

        encode(b, i / 32, i / 8 % 4, vex, w, l);
        if ((!vex && l) || !insn_decode(b, 15, &in) || in.op != OP_SSE_MOV) {
            continue;
        }
        v = native_compare(b, &s, why, sizeof(why));
        if (v == DIFFERS) {
            fail_msg("%02x, prefix %u, vex %u: %s", i / 32, i / 8 % 4, vex,
                     why);
        }
        tried[vex]++;
        agreed[vex] += v == AGREES;
    }
    assert_int_equal(tried[0], 2 * 32);
    assert_int_equal(agreed[0], tried[0]);
    /* 16 of two lengths, MOVSS and MOVSD of either, 4 of one; with any W. */
    assert_int_equal(tried[1], 2 * (2 * 16 + 2 * 4 + 4));
    assert_int_equal(agreed[1],
                     __builtin_cpu_supports("avx") ? tried[1] : 0);
}

static void sse_moves_that_wait_or_fault_change_nothing(void **state)
{
    struct emul_ctx c = ctx(8);
    struct insn in;

    c.ops = &ops_xmm;
    memset(ram, 0x5a, sizeof(ram));
    memset(xmm, 0, sizeof(xmm));
    c.reg[0] = 0x1008;
    assert_int_equal(RUN(&c, 0x0f, 0x28, 0x00), EMUL_FAULT);   /* movaps */
    assert_int_equal(c.vector, 13);
    assert_int_equal(RUN(&c, 0x66, 0x0f, 0xe7, 0x00), EMUL_FAULT);
    assert_int_equal(reads + writes, 0);
    c.reg[0] = 0xfff8;                                /* past the end */
    assert_int_equal(RUN(&c, 0x0f, 0x10, 0x00), EMUL_FAULT);
    assert_int_equal(c.vector, 14);
    assert_int_equal(xmm[0][0], 0);
    c.reg[0] = 0x8000;
    not_yet = 1;
    assert_int_equal(RUN(&c, 0x0f, 0x10, 0x00), EMUL_RETRY);
    assert_int_equal(xmm[0][0], 0);
    assert_int_equal(c.rip, 0);
    assert_int_equal(RUN(&c, 0x0f, 0x10, 0x00), EMUL_OK);
    assert_int_equal(xmm[0][0], 0x5a5a5a5a5a5a5a5a);
    assert_int_equal(xmm[0][1], xmm[0][0]);
    assert_int_equal(c.rip, 3);
    c.ops = &ops;
    assert_int_equal(RUN(&c, 0x0f, 0x10, 0x00), EMUL_UNKNOWN);
    /* Registers only, LOCK, VEX, MMX: not ours. */
    assert_false(insn_decode((const uint8_t[15]){ 0x0f, 0x10, 0xc1 }, 15, &in));
    assert_false(insn_decode((const uint8_t[15]){ 0xf0, 0x0f, 0x10 }, 15, &in));
    assert_false(insn_decode((const uint8_t[15]){ 0xc5, 0x88, 0x10 }, 15, &in));
    assert_false(insn_decode((const uint8_t[15]){ 0x66, 0xc5, 0xf8, 0x10 }, 15,
                             &in));
    assert_false(insn_decode_mode((const uint8_t[15]){ 0xc5, 0x38, 0x10 }, 15,
                                  4, &in));
    assert_false(insn_decode((const uint8_t[15]){ 0x0f, 0x6f }, 15, &in));
    assert_false(insn_decode((const uint8_t[15]){ 0x66, 0x0f, 0xc3 }, 15, &in));
}

static void movnti_stores_a_general_register(void **state)
{
    struct emul_ctx c = ctx(8);

    c.reg[0] = 0x1000;
    c.reg[1] = 0x1122334455667788;
    assert_int_equal(RUN(&c, 0x0f, 0xc3, 0x08), EMUL_OK);
    assert_int_equal(*(uint64_t *)&ram[0x1000], 0x55667788);
    assert_int_equal(RUN(&c, 0x48, 0x0f, 0xc3, 0x08), EMUL_OK);
    assert_int_equal(*(uint64_t *)&ram[0x1000], c.reg[1]);
}

static void privileged_ones_are_not_for_us(void **state)
{
    struct emul_ctx c = ctx(8);

    assert_int_equal(RUN(&c, 0xf4), EMUL_UNKNOWN);
    assert_int_equal(RUN(&c, 0x0f, 0x30), EMUL_UNKNOWN);
    assert_int_equal(c.rip, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_those_of_this_cpu),
        cmocka_unit_test(addresses_of_16_bit_code),
        cmocka_unit_test(segment_limits_fault),
        cmocka_unit_test(non_canonical_addresses_fault),
        cmocka_unit_test(a_fault_or_a_wait_changes_nothing),
        cmocka_unit_test(string_ports_go_one_by_one),
        cmocka_unit_test(many_elements_at_once),
        cmocka_unit_test(ports_keep_the_rest_of_the_register),
        cmocka_unit_test(push_and_pop_memory),
        cmocka_unit_test(bits_outside_the_operand),
        cmocka_unit_test(sse_moves_are_those_of_this_cpu),
        cmocka_unit_test(sse_moves_that_wait_or_fault_change_nothing),
        cmocka_unit_test(movnti_stores_a_general_register),
        cmocka_unit_test(privileged_ones_are_not_for_us),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
