/* SPDX-License-Identifier: MIT */
/*
 * lib/cpu_policy.c - see cpu_policy.h.  Tests: tests/unit/lib/
 * test_cpu_policy.c.
 */
#include <hv/compiler.h>
#include <lib/cpu_policy.h>

#define BIT(n) (1u << (n))

#define MAX_BASIC    0xdu
#define MAX_EXTENDED 0x80000008u
#define CACHE_LEAVES 6u

static struct cpu_leaf *find(const struct cpu_policy *p, uint32_t leaf,
                             uint32_t subleaf)
{
    for (uint32_t i = 0; i < p->nr; i++) {
        const struct cpu_leaf *l = &p->leaf[i];

        if (l->leaf == leaf &&
            (l->subleaf == subleaf || l->subleaf == CPU_NO_SUBLEAF)) {
            return (struct cpu_leaf *)l;
        }
    }
    return NULL;
}

const struct cpu_leaf *cpu_policy_find(const struct cpu_policy *p,
                                       uint32_t leaf, uint32_t subleaf)
{
    return find(p, leaf, subleaf);
}

struct cpu_leaf cpu_policy_query(const struct cpu_policy *p, uint32_t leaf,
                                 uint32_t subleaf)
{
    const struct cpu_leaf *l = find(p, leaf, subleaf);

    return l != NULL ? *l : (struct cpu_leaf){ .leaf = leaf,
                                               .subleaf = subleaf };
}

/* ---- reading --------------------------------------------------------------- */

static void read_one(struct cpu_policy *p, cpu_policy_cpuid_fn cpuid,
                     uint32_t leaf, uint32_t subleaf)
{
    struct cpu_leaf *l = &p->leaf[p->nr];

    if (p->nr < CPU_POLICY_LEAVES) {
        cpuid(leaf, subleaf == CPU_NO_SUBLEAF ? 0 : subleaf, l);
        l->leaf = leaf;
        l->subleaf = subleaf;
        p->nr++;
    }
}

/* Leaves with sub-leaves, and how many of them are kept. */
static uint32_t nr_subleaves(uint32_t leaf)
{
    return leaf == 4 ? CACHE_LEAVES : leaf == 7 ? 2 : leaf == 0xb ? 2
         : leaf == 0xd ? 3 : 0;
}

static void read_leaf(struct cpu_policy *p, cpu_policy_cpuid_fn cpuid,
                      uint32_t leaf)
{
    uint32_t nr = nr_subleaves(leaf);

    if (nr == 0) {
        read_one(p, cpuid, leaf, CPU_NO_SUBLEAF);
    }
    for (uint32_t i = 0; i < nr; i++) {
        read_one(p, cpuid, leaf, i);
    }
}

void cpu_policy_read(struct cpu_policy *p, cpu_policy_cpuid_fn cpuid)
{
    struct cpu_leaf top;

    p->nr = 0;
    cpuid(0, 0, &top);
    for (uint32_t leaf = 0; leaf <= min(top.a, MAX_BASIC); leaf++) {
        read_leaf(p, cpuid, leaf);
    }
    cpuid(0x80000000u, 0, &top);
    if (top.a >> 16 != 0x8000) {
        return;
    }
    for (uint32_t leaf = 0x80000000u; leaf <= min(top.a, MAX_EXTENDED);
         leaf++) {
        read_leaf(p, cpuid, leaf);
    }
}

/* ---- the allow-list of PV guests ------------------------------------------- */

enum reg { A, B, C, D };

/* VME PSE PGE PSE36: paging is such a guest's own.  Beside them: PCID,
 * x2APIC and TSC-deadline (emulated), 1 GiB pages, SMEP INVPCID SMAP, UMIP. */
#define HVM_EDX1 (BIT(1) | BIT(3) | BIT(13) | BIT(17))

#define EDX1_COMMON 0x0181d3f5u   /* bits of leaf 1 EDX that AMD repeats */

/* One row per feature word: its place in the ABI's order, the leaf, the bits
 * that a guest may see.  Word numbers without a row are zero. */
static const struct {
    uint8_t word;
    uint32_t leaf, subleaf;
    enum reg reg;
    uint32_t pv, hvm;          /* @hvm: what such guests see besides */
} words[] = {
    /* FPU DE TSC MSR PAE MCE CX8 APIC SEP MTRR MCA CMOV PAT CLFSH ACPI MMX
     * FXSR SSE SSE2 SS */
    { 0, 1, CPU_NO_SUBLEAF, D, 0x0fc9dbf5u, HVM_EDX1 },
    /* SSE3 PCLMUL SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE AVX
     * F16C RDRAND HYPERVISOR */
    { 1, 1, CPU_NO_SUBLEAF, C,
      BIT(0) | BIT(1) | BIT(9) | BIT(12) | BIT(13) | BIT(19) | BIT(20) |
      BIT(22) | BIT(23) | BIT(25) | BIT(26) | BIT(28) | BIT(29) | BIT(30) |
      BIT(31), BIT(17) | BIT(21) | BIT(24) },
    /* SYSCALL NX MMXEXT FFXSR RDTSCP LM 3DNOWEXT 3DNOW, and the repeated */
    { 2, 0x80000001u, CPU_NO_SUBLEAF, D,
      EDX1_COMMON | BIT(11) | BIT(20) | BIT(22) | BIT(25) | BIT(27) |
      BIT(29) | BIT(30) | BIT(31), HVM_EDX1 | BIT(26) },
    /* LAHF CR8_LEGACY ABM SSE4A MISALIGNSSE 3DNOWPREFETCH XOP FMA4 TBM */
    { 3, 0x80000001u, CPU_NO_SUBLEAF, C,
      BIT(0) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(11) |
      BIT(16) | BIT(21), 0 },
    /* XSAVEOPT XSAVEC XGETBV1 */
    { 4, 0xd, 1, A, BIT(0) | BIT(1) | BIT(2), 0 },
    /* FSGSBASE BMI1 AVX2 BMI2 ERMS RDSEED ADX CLFLUSHOPT CLWB SHA */
    { 5, 7, 0, B,
      BIT(0) | BIT(3) | BIT(5) | BIT(6) | BIT(8) | BIT(9) | BIT(13) |
      BIT(18) | BIT(19) | BIT(23) | BIT(24) | BIT(29),
      BIT(7) | BIT(10) | BIT(20) },
    /* GFNI VAES VPCLMULQDQ RDPID CLDEMOTE MOVDIRI MOVDIR64B */
    { 6, 7, 0, C,
      BIT(8) | BIT(9) | BIT(10) | BIT(22) | BIT(25) | BIT(27) | BIT(28),
      BIT(2) },
    /* ITSC */
    { 7, 0x80000007u, CPU_NO_SUBLEAF, D, BIT(8), 0 },
    /* CLZERO RSTR_FP_ERR_PTRS WBNOINVD */
    { 8, 0x80000008u, CPU_NO_SUBLEAF, B, BIT(0) | BIT(2) | BIT(9), 0 },
    /* FSRM MD_CLEAR SERIALIZE */
    { 9, 7, 0, D, BIT(4) | BIT(10) | BIT(14), 0 },
    /* AVX_VNNI FZRM FSRS FSRCS */
    { 10, 7, 1, A, BIT(4) | BIT(10) | BIT(11) | BIT(12), 0 },
};

#define CPUID1_ECX_HYPERVISOR BIT(31)
#define CPUID1_ECX_X2APIC     BIT(21)
#define CPUID1_ECX_XSAVE      BIT(26)

static uint32_t *reg_of(struct cpu_leaf *l, enum reg r)
{
    return r == A ? &l->a : r == B ? &l->b : r == C ? &l->c : &l->d;
}

/* Leaves shown as the host has them; the features within are masked by the
 * table above. */
static bool pv_keeps(uint32_t leaf)
{
    switch (leaf) {
    case 0: case 1: case 2: case 4: case 7: case 0xd:
    case 0x80000000u ... MAX_EXTENDED:
        return true;
    default:
        return false;
    }
}

/* Is every bit of this register features (or must it be zero)? */
static bool has_word(uint32_t leaf, uint32_t subleaf, enum reg r)
{
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (words[i].leaf == leaf && words[i].reg == r &&
            (words[i].subleaf == subleaf ||
             words[i].subleaf == CPU_NO_SUBLEAF)) {
            return true;
        }
    }
    return false;
}

static void mask_words(struct cpu_leaf *l, bool hvm)
{
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (words[i].leaf == l->leaf && (words[i].subleaf == l->subleaf)) {
            *reg_of(l, words[i].reg) &= words[i].pv |
                                        (hvm ? words[i].hvm : 0);
        }
    }
    /* Registers of feature leaves that have no word hold nothing else. */
    if (l->leaf == 7 || (l->leaf == 0xd && l->subleaf == 1)) {
        for (enum reg r = A; r <= D; r++) {
            if (!has_word(l->leaf, l->subleaf, r) &&
                !(l->leaf == 7 && l->subleaf == 0 && r == A)) {
                *reg_of(l, r) = 0;
            }
        }
    }
}

/* Sizes of the standard-format save area for the components in @xcr0. */
static uint32_t xstate_bytes(uint32_t xcr0)
{
    return xcr0 & 4 ? 576 + 256 : 576;
}

/* Topology of the host is not a PV guest's: one thread per package. */
static void limit_leaf(struct cpu_leaf *l)
{
    switch (l->leaf) {
    case 0:
        l->a = min(l->a, MAX_BASIC);
        break;
    case 1:
        l->b = (l->b & 0xff00u) | 1u << 16;
        l->c |= CPUID1_ECX_HYPERVISOR;
        break;
    case 4:
        l->a &= 0x3fffu;
        break;
    case 7:
        if (l->subleaf == 0) {
            l->a = min(l->a, 1u);
        }
        break;
    case 0xd:
        if (l->subleaf == 0) {
            l->a &= CPU_POLICY_PV_XCR0;
            l->b = 0;
            l->c = xstate_bytes(l->a);
            l->d = 0;
        }
        break;
    case 0x80000000u:
        l->a = min(l->a, MAX_EXTENDED);
        break;
    case 0x80000007u:
        l->a = l->b = l->c = 0;
        break;
    case 0x80000008u:
        l->c = l->d = 0;
        break;
    default:
        break;
    }
}

void cpu_policy_limit(struct cpu_policy *p, const struct cpu_policy *host,
                      bool hvm)
{
    struct cpu_leaf *one;

    p->nr = 0;
    for (uint32_t i = 0; i < host->nr; i++) {
        struct cpu_leaf *l = &p->leaf[p->nr++];

        *l = (struct cpu_leaf){ .leaf = host->leaf[i].leaf,
                                .subleaf = host->leaf[i].subleaf };
        if (pv_keeps(l->leaf)) {
            *l = host->leaf[i];
            mask_words(l, hvm);
            limit_leaf(l);
            if (hvm && l->leaf == 1) {
                l->c |= CPUID1_ECX_X2APIC;    /* whatever the host has */
            }
        }
    }
    /* Without XSAVE there is nothing that leaf 0xd could describe. */
    one = find(p, 1, CPU_NO_SUBLEAF);
    if (one != NULL && !(one->c & CPUID1_ECX_XSAVE)) {
        one->c &= ~(BIT(12) | BIT(28) | BIT(29));
        for (uint32_t i = 0; i < p->nr; i++) {
            if (p->leaf[i].leaf == 0xd) {
                p->leaf[i].a = p->leaf[i].b = p->leaf[i].c = p->leaf[i].d = 0;
            }
        }
    }
}

/* ---- changes by a toolstack -------------------------------------------------- */

static bool is_zero(const struct cpu_leaf *l)
{
    return (l->a | l->b | l->c | l->d) == 0;
}

bool cpu_policy_set(struct cpu_policy *p, const struct cpu_policy *max,
                    const struct cpu_leaf *leaf)
{
    const struct cpu_leaf *most = find(max, leaf->leaf, leaf->subleaf);
    struct cpu_leaf *mine = find(p, leaf->leaf, leaf->subleaf);

    if (leaf->leaf >> 8 == 0x400000) {
        return true;                 /* ours to say: pv/ answers it */
    }
    if (!pv_keeps(leaf->leaf)) {
        return true;                 /* reads as zero whatever is asked */
    }
    if (most == NULL || mine == NULL || most->subleaf != leaf->subleaf) {
        return is_zero(leaf) || nr_subleaves(leaf->leaf) != 0;
    }
    *mine = *leaf;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (words[i].leaf == leaf->leaf && words[i].subleaf == leaf->subleaf) {
            *reg_of(mine, words[i].reg) &=
                *reg_of((struct cpu_leaf *)most, words[i].reg);
        }
    }
    if (leaf->leaf == 0 || leaf->leaf == 0x80000000u) {
        mine->a = min(mine->a, most->a);
    } else if (leaf->leaf == 0xd && leaf->subleaf == 0) {
        mine->a &= most->a;
        mine->b = mine->d = 0;
        mine->c = xstate_bytes(mine->a);
    } else if (leaf->leaf == 1) {
        mine->b = most->b;
        mine->c |= CPUID1_ECX_HYPERVISOR;
    }
    return true;
}

#define CPUID1_ECX_OSXSAVE BIT(27)

void cpu_policy_mask(const struct cpu_policy *p, uint32_t leaf,
                     uint32_t subleaf, uint32_t regs[4])
{
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        struct cpu_leaf *l;
        uint32_t keep;

        if (words[i].leaf != leaf || (words[i].subleaf != subleaf &&
                                      words[i].subleaf != CPU_NO_SUBLEAF)) {
            continue;
        }
        l = find(p, leaf, subleaf);
        keep = l != NULL ? *reg_of(l, words[i].reg) : 0;
        if (words[i].word == 1 && (keep & CPUID1_ECX_XSAVE)) {
            keep |= CPUID1_ECX_OSXSAVE;
        }
        regs[words[i].reg] &= keep;
    }
}

void cpu_policy_features(const struct cpu_policy *p,
                         uint32_t out[CPU_FEATURE_WORDS])
{
    __builtin_memset(out, 0, CPU_FEATURE_WORDS * sizeof(out[0]));
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        struct cpu_leaf *l = find(p, words[i].leaf, words[i].subleaf);

        if (l != NULL) {
            out[words[i].word] = *reg_of(l, words[i].reg);
        }
    }
}
