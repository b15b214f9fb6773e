/* SPDX-License-Identifier: MIT */
/* See emul_native.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <emul/alu.h>

#include "emul_native.h"

#define STATUS (EMUL_CF | EMUL_PF | EMUL_AF | EMUL_ZF | EMUL_SF | EMUL_OF)

uint8_t *native_scratch;
static uint8_t *code;
static uint64_t regs_in[16], regs_out[16], flags_in, flags_out;
static uint64_t ymm[16][4];
static bool avx;

uint64_t native_rand(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

/* mov $imm64, %reg */
static uint8_t *emit_const(uint8_t *p, unsigned int reg, uint64_t v)
{
    *p++ = (uint8_t)(reg >= 8 ? 0x49 : 0x48);
    *p++ = (uint8_t)(0xb8 + (reg & 7));
    memcpy(p, &v, 8);
    return p + 8;
}

static uint8_t *emit(uint8_t *p, const void *bytes, size_t n)
{
    memcpy(p, bytes, n);
    return p + n;
}
#define EMIT(p, ...) \
    emit(p, (uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }))

void native_init(void)
{
    uint8_t *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

    if (m == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    code = m;
    avx = __builtin_cpu_supports("avx");
    native_scratch = m + 4096;
}

/* (v)movups all registers, from (0x10) or to (0x11) ymm[]; RAX goes. */
static uint8_t *emit_ymm(uint8_t *p, uint8_t opcode)
{
    p = emit_const(p, 0, (uint64_t)(uintptr_t)ymm);
    for (unsigned int i = 0; i < 16; i++) {            /* i*32(%rax) */
        uint32_t disp = i * 32;

        if (avx) {
            p = EMIT(p, 0xc5, (uint8_t)(i >= 8 ? 0x7c : 0xfc));
        } else {
            p = EMIT(p, (uint8_t)(i >= 8 ? 0x44 : 0x40), 0x0f);
        }
        p = EMIT(p, opcode, (uint8_t)(0x80 | (i & 7) << 3));
        p = emit(p, &disp, sizeof(disp));
    }
    return p;
}

/*
 * Code around it: load flags and registers from constants, the instruction,
 * store registers and flags.  RSP stays: the stack is used for the flags.
 */
static void build(const uint8_t *bytes, unsigned int len)
{
    uint8_t *p = code;

    p = EMIT(p, 0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57);
    p = emit_ymm(p, 0x10);
    p = emit_const(p, 0, flags_in);
    p = EMIT(p, 0x50, 0x9d);                       /* push rax; popf */
    for (unsigned int i = 0; i < 16; i++) {
        if (i != 4) {
            p = emit_const(p, i, regs_in[i]);
        }
    }
    p = emit(p, bytes, len);
    /* push rax; mov $regs_out, rax; mov rcx.. into it; pop; pushf */
    p = EMIT(p, 0x9c, 0x50);                       /* pushf; push rax */
    p = emit_const(p, 0, (uint64_t)(uintptr_t)regs_out);
    for (unsigned int i = 1; i < 16; i++) {
        if (i != 4) {                              /* mov %reg, i*8(%rax) */
            p = EMIT(p, (uint8_t)(i >= 8 ? 0x4c : 0x48), 0x89,
                     (uint8_t)(0x40 | (i & 7) << 3), (uint8_t)(i * 8));
        }
    }
    p = EMIT(p, 0x8f, 0x00);                       /* pop (%rax) */
    p = emit_const(p, 0, (uint64_t)(uintptr_t)&flags_out);
    p = EMIT(p, 0x8f, 0x00);                       /* pop (%rax): flags */
    p = emit_ymm(p, 0x11);
    p = EMIT(p, 0xfc, 0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d,
             0x5b, 0xc3);
    (void)p;
}

void native_run(const uint8_t *bytes, unsigned int len, struct native_state *s)
{
    memcpy(regs_in, s->reg, sizeof(regs_in));
    flags_in = (s->rflags & (STATUS | EMUL_DF)) | 0x202;
    memcpy(ymm, s->ymm, sizeof(ymm));
    memcpy(native_scratch, s->scratch, SCRATCH);
    build(bytes, len);
    ((void (*)(void))(uintptr_t)code)();
    regs_out[4] = regs_in[4];
    memcpy(s->reg, regs_out, sizeof(regs_out));
    memcpy(s->ymm, ymm, sizeof(ymm));
    s->rflags = flags_out;
    memcpy(s->scratch, native_scratch, SCRATCH);
}

/* ---- the emulator's side -------------------------------------------------- */
static bool inside(uint64_t linear, unsigned int bytes)
{
    uint64_t at = linear - (uint64_t)(uintptr_t)native_scratch;

    return at < SCRATCH && at + bytes <= SCRATCH;
}

static enum emul_result mem_read(struct emul_ctx *c, uint64_t linear, void *buf,
                                 unsigned int bytes)
{
    if (!inside(linear, bytes)) {
        return EMUL_FAULT;
    }
    memcpy(buf, (void *)(uintptr_t)linear, bytes);
    return EMUL_OK;
}

static enum emul_result mem_write(struct emul_ctx *c, uint64_t linear,
                                  const void *buf, unsigned int bytes)
{
    if (!inside(linear, bytes)) {
        return EMUL_FAULT;
    }
    memcpy((void *)(uintptr_t)linear, buf, bytes);
    return EMUL_OK;
}

static void xmm_op(struct emul_ctx *c, unsigned int nr, bool write, bool vex,
                   uint64_t v[4])
{
    struct native_state *s = c->owner;

    memcpy(write ? s->ymm[nr] : v, write ? v : s->ymm[nr], vex ? 32 : 16);
}

bool emul_run(const struct insn *in, struct native_state *s)
{
    static const struct emul_ops ops = { .read = mem_read, .write = mem_write,
                                         .xmm = xmm_op };
    struct emul_ctx c = { .ops = &ops, .owner = s, .mode = 8,
                          .stack_size = 8 };
    unsigned int budget = 2 * SCRATCH;

    memcpy(c.reg, s->reg, sizeof(c.reg));
    memcpy(native_scratch, s->scratch, SCRATCH);
    c.rflags = (s->rflags & (STATUS | EMUL_DF)) | 0x202;
    do {
        if (emul_execute(&c, in) != EMUL_OK) {
            return false;
        }
    } while (c.again && budget-- > 0);
    memcpy(s->reg, c.reg, sizeof(c.reg));
    s->rflags = c.rflags;
    memcpy(s->scratch, native_scratch, SCRATCH);
    return c.rip == in->length;
}

/* Flags that the operation leaves undefined, given the state before. */
static uint64_t undefined(const struct insn *in, const struct native_state *s)
{
    if (in->op >= OP_ROL && in->op <= OP_SAR) {
        unsigned int bits = in->size * 8u;
        unsigned int n = (in->by_cl ? s->reg[1] : in->imm) &
                         (in->size == 8 ? 63 : 31);
        bool rotate = in->op <= OP_RCR;
        uint64_t u = n == 0 || rotate ? 0 : EMUL_AF;

        return u | (n > 1 ? EMUL_OF : 0) | (!rotate && n >= bits ? EMUL_CF : 0);
    }
    if (in->op >= OP_BT && in->op <= OP_BTC) {
        return EMUL_OF | EMUL_SF | EMUL_AF | EMUL_PF;
    }
    if (in->op == OP_AND || in->op == OP_OR || in->op == OP_XOR ||
        in->op == OP_TEST) {
        return EMUL_AF;
    }
    return 0;
}

enum verdict native_compare(const uint8_t *bytes, const struct native_state *from,
                   char *why, unsigned int room)
{
    static struct native_state cpu, emu;
    struct insn in;
    uint64_t flags;

    if (!insn_decode(bytes, 15, &in) || (in.vex && !avx)) {
        return SKIPPED;
    }
    cpu = emu = *from;
    if (!emul_run(&in, &emu)) {
        return SKIPPED;            /* its memory is not in scratch */
    }
    native_run(bytes, in.length, &cpu);
    for (unsigned int i = 0; i < 16; i++) {
        if (cpu.reg[i] != emu.reg[i]) {
            snprintf(why, room, "op %u: register %u is %#lx, emulated %#lx",
                     in.op, i, cpu.reg[i], emu.reg[i]);
            return DIFFERS;
        }
    }
    flags = (cpu.rflags ^ emu.rflags) & STATUS & ~undefined(&in, from);
    if (flags != 0) {
        snprintf(why, room, "op %u: flags %#lx, emulated %#lx, before %#lx",
                 in.op, cpu.rflags, emu.rflags, from->rflags);
        return DIFFERS;
    }
    if (memcmp(cpu.ymm, emu.ymm, sizeof(cpu.ymm)) != 0) {
        snprintf(why, room, "op %u: an XMM or YMM register differs", in.op);
        return DIFFERS;
    }
    if (memcmp(cpu.scratch, emu.scratch, SCRATCH) != 0) {
        snprintf(why, room, "op %u: memory differs", in.op);
        return DIFFERS;
    }
    return AGREES;
}

/* ---- random instructions ------------------------------------------------------ */
static const uint8_t rm_ops[] = {
    0x00, 0x01, 0x02, 0x03, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13,
    0x18, 0x19, 0x1a, 0x1b, 0x20, 0x21, 0x22, 0x23, 0x28, 0x29, 0x2a, 0x2b,
    0x30, 0x31, 0x32, 0x33, 0x38, 0x39, 0x3a, 0x3b, 0x63, 0x80, 0x81, 0x83,
    0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0xc0, 0xc1, 0xc6, 0xc7,
    0xd0, 0xd1, 0xd2, 0xd3, 0xf6, 0xf7, 0xfe, 0xff,
};
static const uint8_t rm_ops_0f[] = {
    0x40, 0x42, 0x44, 0x46, 0x48, 0x4a, 0x4c, 0x4e, 0x41, 0x4f, 0x90, 0x91,
    0x92, 0x94, 0x96, 0x98, 0x9a, 0x9c, 0x9e, 0x9f, 0xa3, 0xab, 0xb0, 0xb1,
    0xb3, 0xb6, 0xb7, 0xba, 0xbb, 0xbe, 0xbf, 0xc0, 0xc1,
};
static const uint8_t sse_ops[] = {
    0x10, 0x11, 0x12, 0x13, 0x16, 0x17, 0x28, 0x29, 0x2b, 0x6e, 0x6f, 0x7e,
    0x7f, 0xc3, 0xd6, 0xe7, 0xf0,
};
static const uint8_t string_ops[] = { 0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab,
                                      0xac, 0xad, 0xae, 0xaf };

static unsigned int random_string(uint64_t *seed, uint8_t *b,
                                  struct native_state *s)
{
    unsigned int n = 0;

    s->reg[6] = (uint64_t)(uintptr_t)native_scratch + 128 +
                native_rand(seed) % 64;
    s->reg[7] = (uint64_t)(uintptr_t)native_scratch + 320 +
                native_rand(seed) % 64;
    s->reg[1] = native_rand(seed) % 12;
    if (native_rand(seed) % 2) {
        b[n++] = native_rand(seed) % 2 ? 0xf3 : 0xf2;
    }
    if (native_rand(seed) % 3 == 0) {
        b[n++] = 0x66;
    }
    if (native_rand(seed) % 3 == 0) {
        b[n++] = 0x48;
    }
    b[n++] = string_ops[native_rand(seed) % sizeof(string_ops)];
    return n;
}

void native_random_ymm(uint64_t *seed, struct native_state *s)
{
    for (unsigned int i = 0; i < 64; i++) {
        s->ymm[i / 4][i % 4] = i % 4 < 2 || avx ? native_rand(seed) : 0;
    }
}

unsigned int native_random(uint64_t *seed, uint8_t *b, struct native_state *s)
{
    unsigned int n = 0, base = (unsigned int)(native_rand(seed) % 16);
    unsigned int index = (unsigned int)(native_rand(seed) % 16), shift;
    bool mem = native_rand(seed) % 4 != 0, group;
    bool sse = native_rand(seed) % 6 == 0;
    static const uint8_t mandatory[] = { 0x66, 0xf2, 0xf3 };
    uint8_t rex = (uint8_t)(0x40 | native_rand(seed) % 16), modrm;

    for (unsigned int i = 0; i < 16; i++) {
        s->reg[i] = native_rand(seed) >> (native_rand(seed) % 5 * 12);
    }
    for (unsigned int i = 0; i < SCRATCH; i++) {
        s->scratch[i] = (uint8_t)native_rand(seed);
    }
    s->rflags = native_rand(seed) & (STATUS | EMUL_DF);
    for (unsigned int i = 0; i < 15; i++) {
        b[i] = (uint8_t)native_rand(seed);
    }
    if (native_rand(seed) % 8 == 0) {
        n = random_string(seed, b, s);
        return n;
    }
    s->rflags &= ~(uint64_t)EMUL_DF;
    native_random_ymm(seed, s);
    for (unsigned int i = 0; sse && i < native_rand(seed) % 3; i++) {
        b[n++] = mandatory[native_rand(seed) % 3];
    }
    if (!sse && native_rand(seed) % 3 == 0) {
        b[n++] = 0x66;
    }
    base = base == 4 ? 5 : base;            /* never RSP */
    index = index == base ? 4 : index;      /* 4: none */
    rex &= 0x4c;                            /* W and R at random */
    rex |= (uint8_t)((base >= 8) | (index >= 8) << 1);
    if (rex != 0x40 || native_rand(seed) % 2) {
        b[n++] = rex;
    }
    if (sse) {
        b[n++] = 0x0f;
        b[n] = sse_ops[native_rand(seed) % sizeof(sse_ops)];
        group = b[n] != 0xc3;               /* MOVNTI: not of RSP */
        mem = true;
    } else if (native_rand(seed) % 3 == 0) {
        b[n++] = 0x0f;
        b[n] = rm_ops_0f[native_rand(seed) % sizeof(rm_ops_0f)];
        group = b[n] == 0xba;
    } else {
        b[n] = rm_ops[native_rand(seed) % sizeof(rm_ops)];
        group = b[n] >= 0xc0 || (b[n] & 0xfc) == 0x80;
    }
    n++;
    modrm = (uint8_t)(native_rand(seed) & 0x38);
    if (!group && modrm == 0x20) {
        modrm = 0x18;
    }
    if (!mem) {
        b[n++] = (uint8_t)(0xc0 | modrm | (base & 7));
        return n;
    }
    /* disp8(base, index, scale), so that the sum is in the middle */
    shift = (unsigned int)(native_rand(seed) % 4);
    b[n++] = (uint8_t)(0x44 | modrm);
    b[n++] = (uint8_t)(shift << 6 | (index & 7) << 3 | (base & 7));
    s->reg[index] = native_rand(seed) % 8;
    s->reg[base] = (uint64_t)(uintptr_t)native_scratch + 256 -
                   (uint64_t)(int64_t)(int8_t)b[n] -
                   (index != 4 ? s->reg[index] << shift : 0);
    return n + 1;
}
