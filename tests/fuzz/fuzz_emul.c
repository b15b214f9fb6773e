/* SPDX-License-Identifier: MIT */
/*
 * The instruction emulator against two references: decoded lengths against
 * Zydis in 16, 32 and 64-bit code, results against this CPU.  What we refuse
 * is no difference; what we accept must be the same instruction.
 * Covers: emul/decode, emul/execute, emul/alu.
 *
 *   fuzz_emul SECONDS [SEED]
 */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emul_native.h"

static void show(const uint8_t *b, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        fprintf(stderr, "%02x ", b[i]);
    }
    fprintf(stderr, "\n");
}

static ZydisDecoder decoders[3];

static void lengths(uint64_t *seed)
{
    static const uint8_t prefixes[] = { 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e,
                                        0x36, 0x64, 0x65, 0x48, 0x41, 0x0f,
                                        0xc4, 0xc5 };
    unsigned int m = (unsigned int)(native_rand(seed) % 3), mode = 2u << m;
    uint8_t b[15];
    struct insn in;
    ZydisDecodedInstruction ref;

    for (unsigned int i = 0; i < sizeof(b); i++) {
        uint64_t r = native_rand(seed);

        b[i] = i < 3 && r % 3 == 0 ? prefixes[r / 3 % sizeof(prefixes)]
                                   : (uint8_t)(r >> 8);
    }
    if (!insn_decode_mode(b, sizeof(b), mode, &in)) {
        return;
    }
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoders[m], NULL, b,
                                                    sizeof(b), &ref))) {
        /* Control and debug registers that do not exist: their users check. */
        if (in.op >= OP_MOV_FROM_CR && in.op <= OP_MOV_TO_DR) {
            return;
        }
        fprintf(stderr, "%u-byte mode: we accept (op %u) what is none: ", mode,
                in.op);
    } else if (ref.length == in.length) {
        return;
    } else {
        fprintf(stderr, "%u-byte mode, op %u: length %u, Zydis says %u (%s): ",
                mode, in.op, in.length, ref.length,
                ZydisMnemonicGetString(ref.mnemonic));
    }
    show(b, sizeof(b));
    abort();
}

static bool results(uint64_t *seed)
{
    static struct native_state s;
    uint8_t b[16];
    char why[200];
    enum verdict v;

    (void)native_random(seed, b, &s);
    v = native_compare(b, &s, why, sizeof(why));
    if (v == DIFFERS) {
        fprintf(stderr, "%s: ", why);
        show(b, 15);
        abort();
    }
    return v == AGREES;
}

int main(int argc, char **argv)
{
    static const ZydisMachineMode modes[] = {
        ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_MACHINE_MODE_LEGACY_32,
        ZYDIS_MACHINE_MODE_LONG_64,
    };
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0)
                             : (uint64_t)time(NULL) * 0x9e3779b97f4a7c15ull | 1;
    unsigned long nr = 0, agreed = 0;

    native_init();
    for (unsigned int i = 0; i < 3; i++) {
        ZydisDecoderInit(&decoders[i], modes[i],
                         i == 0 ? ZYDIS_STACK_WIDTH_16
                         : i == 1 ? ZYDIS_STACK_WIDTH_32
                                  : ZYDIS_STACK_WIDTH_64);
    }
    fprintf(stderr, "fuzz_emul: seed %#lx\n", (unsigned long)seed);
    while (time(NULL) < end) {
        for (unsigned int i = 0; i < 2000; i++, nr++) {
            lengths(&seed);
            agreed += results(&seed);
        }
    }
    printf("fuzz_emul: %lu lengths, %lu results, all the same\n", nr, agreed);
    return agreed > nr / 3 ? 0 : 1;
}
