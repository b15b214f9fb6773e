/* SPDX-License-Identifier: MIT */
/*
 * lib/cpu_policy.h - CPUID as data: read a host, limit it for guests,
 * take changes from a toolstack, answer a guest's CPUID.
 *
 * Owns    the allow-list of features of PV guests (default deny: what is not
 *         in the table of cpu_policy.c is not shown).
 * Shapes  a policy is a sorted list of leaves, each as the ABI's
 *         xen_cpuid_leaf_t; a leaf without sub-leaves has NO_SUBLEAF.
 *         What changes while a guest runs (APIC id, OSXSAVE, OSPKE, xstate
 *         size) is zero here; pv/ fills it in.
 * Source  SDM vol. 2A CPUID, APM vol. 3 appendix E.
 * Tests   tests/unit/lib/test_cpu_policy.c
 */
#ifndef LIB_CPU_POLICY_H
#define LIB_CPU_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#define CPU_NO_SUBLEAF       0xffffffffu
#define CPU_POLICY_LEAVES    48u
#define CPU_FEATURE_WORDS    14u
/* XCR0 components of PV guests: x87, SSE, AVX. */
#define CPU_POLICY_PV_XCR0   7u

struct cpu_leaf {
    uint32_t leaf, subleaf;
    uint32_t a, b, c, d;
};

struct cpu_policy {
    uint32_t nr;
    struct cpu_leaf leaf[CPU_POLICY_LEAVES];
};

/* Executes CPUID; a fake on the host. */
typedef void (*cpu_policy_cpuid_fn)(uint32_t leaf, uint32_t subleaf,
                                    struct cpu_leaf *out);

void cpu_policy_read(struct cpu_policy *p, cpu_policy_cpuid_fn cpuid);

/* What a guest on host @host, PV or @hvm, may see at most, which is also what
 * it sees if nobody says otherwise. */
void cpu_policy_limit(struct cpu_policy *p, const struct cpu_policy *host,
                      bool hvm);

/* A stored leaf, or NULL. */
const struct cpu_leaf *cpu_policy_find(const struct cpu_policy *p,
                                       uint32_t leaf, uint32_t subleaf);

/* What CPUID gives: the stored leaf or zeros. */
struct cpu_leaf cpu_policy_query(const struct cpu_policy *p, uint32_t leaf,
                                 uint32_t subleaf);

/*
 * Take one leaf of a toolstack: features beyond @max are dropped, leaves that
 * @max does not have are refused unless they are zero or synthetic.
 * false: refused, @p is as before.
 */
bool cpu_policy_set(struct cpu_policy *p, const struct cpu_policy *max,
                    const struct cpu_leaf *leaf);

/* Take away from @regs (eax..edx, as the CPU or a handler of dynamic bits
 * gave them) the features that @p does not have; OSXSAVE stays. */
void cpu_policy_mask(const struct cpu_policy *p, uint32_t leaf,
                     uint32_t subleaf, uint32_t regs[4]);

/* The feature words in the order of the ABI (xen/arch-x86/cpufeatureset.h). */
void cpu_policy_features(const struct cpu_policy *p,
                         uint32_t words[CPU_FEATURE_WORDS]);

#endif
