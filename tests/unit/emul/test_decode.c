/* SPDX-License-Identifier: MIT */
/*
 * The instruction decoder: lengths and operands of every form it knows, and
 * refusal of what it does not know or has too few bytes for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <emul/decode.h>

#define B(...) { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ })

static const struct {
    const char *text;
    uint8_t bytes[15];
    size_t len;
    enum insn_op op;
    uint8_t size, reg;
    bool mem, lock;
    uint64_t imm;
} known[] = {
    { "mov %rax,(%rdi)", B(0x48, 0x89, 0x07), OP_MOV, 8, 0, true, false, 0 },
    { "mov %r12,8(%r13)", B(0x4d, 0x89, 0x65, 0x08), OP_MOV, 8, 12, true, false, 0 },
    { "mov %rcx,disp32(%rax,%rbx,8)", B(0x48, 0x89, 0x8c, 0xd8, 1, 2, 3, 4), OP_MOV, 8, 1, true, false, 0 },
    { "mov %rax,disp32(,%rbx,8)", B(0x48, 0x89, 0x04, 0xdd, 1, 2, 3, 4), OP_MOV, 8, 0, true, false, 0 },
    { "mov %rdx,disp(%rip)", B(0x48, 0x89, 0x15, 1, 2, 3, 4), OP_MOV, 8, 2, true, false, 0 },
    { "mov %gs:-prefixed", B(0x65, 0x48, 0x89, 0x07), OP_MOV, 8, 0, true, false, 0 },
    { "movq $-1,(%rdi)", B(0x48, 0xc7, 0x07, 0xff, 0xff, 0xff, 0xff), OP_MOV, 8, 0, true, false, ~0ull },
    { "xchg %rax,(%rdi)", B(0x48, 0x87, 0x07), OP_XCHG, 8, 0, true, false, 0 },
    { "lock andb $0xfd,(%rdi)", B(0xf0, 0x80, 0x27, 0xfd), OP_AND, 1, 4, true, true, (uint64_t)-3 },
    { "lock btr $6,(%rdi)", B(0xf0, 0x48, 0x0f, 0xba, 0x37, 0x06), OP_BTR, 8, 6, true, true, 6 },
    { "lock cmpxchg %rcx,(%rdx)", B(0xf0, 0x48, 0x0f, 0xb1, 0x0a), OP_CMPXCHG, 8, 1, true, true, 0 },
    { "orl $1,4(%rdi)", B(0x83, 0x4f, 0x04, 0x01), OP_OR, 4, 1, true, false, 1 },
    { "in (%dx),%al", B(0xec), OP_IN, 1, 0, false, false, 0 },
    { "in $0x42,%al", B(0xe4, 0x42), OP_IN, 1, 0, false, false, 0x42 },
    { "in (%dx),%ax", B(0x66, 0xed), OP_IN, 2, 0, false, false, 0 },
    { "out %eax,(%dx)", B(0xef), OP_OUT, 4, 0, false, false, 0 },
    { "rep insb", B(0xf3, 0x6c), OP_INS, 1, 0, false, false, 0 },
    { "cli", B(0xfa), OP_CLI, 4, 0, false, false, 0 },
    { "rdmsr", B(0x0f, 0x32), OP_RDMSR, 4, 0, false, false, 0 },
    { "mov %cr4,%r9", B(0x41, 0x0f, 0x20, 0xe1), OP_MOV_FROM_CR, 8, 4, false, false, 0 },
    { "mov %rax,%cr0", B(0x0f, 0x22, 0xc0), OP_MOV_TO_CR, 8, 0, false, false, 0 },
    { "xsetbv", B(0x0f, 0x01, 0xd1), OP_XSETBV, 0, 0, false, false, 0 },
    { "cpuid", B(0x0f, 0xa2), OP_CPUID, 4, 0, false, false, 0 },
};

static void known_forms_decode_to_their_last_byte(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        uint8_t bytes[15];
        struct insn in;

        memset(bytes, 0x90, sizeof(bytes));
        memcpy(bytes, known[i].bytes, known[i].len);
        if (!insn_decode(bytes, sizeof(bytes), &in)) {
            fail_msg("%s: refused", known[i].text);
        }
        if (in.length != known[i].len || in.op != known[i].op ||
            in.mem != known[i].mem || in.lock != known[i].lock ||
            in.imm != known[i].imm ||
            (known[i].size != 0 && in.size != known[i].size) ||
            (known[i].mem && in.reg != known[i].reg)) {
            fail_msg("%s: length %u op %u size %u reg %u imm %#lx",
                     known[i].text, in.length, in.op, in.size, in.reg,
                     (unsigned long)in.imm);
        }
    }
}

static void too_few_bytes_are_refused(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        for (unsigned int n = 0; n < known[i].len; n++) {
            struct insn in;
            uint8_t *exact = malloc(n + 1);       /* sanitizers watch its end */

            memcpy(exact, known[i].bytes, n);
            assert_false(insn_decode(exact, n, &in));
            free(exact);
        }
    }
}

static void unknown_forms_are_refused(void **state)
{
    static const uint8_t unknown[][4] = {
        { 0x0f, 0x0b }, { 0x90 }, { 0xcc }, { 0x0f, 0x05 }, { 0xc6, 0xc8 },
        { 0x8f, 0x0f, 0x01 }, { 0x0f, 0xba, 0x07, 0x01 }, { 0x0f, 0x01, 0xd0 },
        { 0xf0, 0xf0, 0xf0, 0xf0 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
        struct insn in;

        assert_false(insn_decode(unknown[i], 4, &in));
    }
}

/* Whatever the bytes: no read past the end, no length past the bytes. */
static void random_bytes_stay_inside(void **state)
{
    srand(7);
    for (unsigned int i = 0; i < 300000; i++) {
        uint8_t b[15];
        unsigned int n = (unsigned int)rand() % 16;
        struct insn in;

        for (unsigned int k = 0; k < sizeof(b); k++) {
            b[k] = (uint8_t)rand();
        }
        if (insn_decode(b, n, &in)) {
            assert_true(in.length >= 1 && in.length <= n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_forms_decode_to_their_last_byte),
        cmocka_unit_test(too_few_bytes_are_refused),
        cmocka_unit_test(unknown_forms_are_refused),
        cmocka_unit_test(random_bytes_stay_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
