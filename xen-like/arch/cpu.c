/* SPDX-License-Identifier: MIT */
/*
 * arch/cpu.c - what CPU this is, and the control registers it runs with.
 *
 * Owns    cpu_features, cpu_ident, CR0, CR4, EFER and PAT of every CPU, and
 *         the stack protector's guard.  XCR0 is arch/xstate's.
 */
#include <arch/cpu.h>
#include <arch/msr.h>

#include <lib/string.h>

uint32_t cpu_features[NR_CPUW];
struct cpu_ident cpu_ident;
unsigned long cpu_cr4 = X86_CR4_PAE | X86_CR4_PGE | X86_CR4_OSFXSR |
                        X86_CR4_OSXMMEXCPT | X86_CR4_DE;

uintptr_t __stack_chk_guard = 0x5bd1e995a7c3f10dul;

static void boot_text read_name(void)
{
    uint32_t *word = (uint32_t *)cpu_ident.name;
    char *from = cpu_ident.name;

    if (cpu_ident.max_ext_leaf < 0x80000004) {
        return;
    }
    for (uint32_t leaf = 0x80000002; leaf <= 0x80000004; leaf++) {
        struct cpuid_regs r = cpuid(leaf, 0);

        *word++ = r.eax;
        *word++ = r.ebx;
        *word++ = r.ecx;
        *word++ = r.edx;
    }
    while (*from == ' ') {
        from++;
    }
    memmove(cpu_ident.name, from, strlen(from) + 1);
}

static void boot_text read_vendor(void)
{
    struct cpuid_regs r = cpuid(0, 0);

    cpu_ident.max_leaf = r.eax;
    if (r.ebx == 0x756e6547) {                    /* Genu */
        cpu_ident.vendor = CPU_VENDOR_INTEL;
    } else if (r.ebx == 0x68747541 || r.ebx == 0x6f677948) {
        cpu_ident.vendor = CPU_VENDOR_AMD;        /* Auth, Hygo */
    }
    r = cpuid(1, 0);
    cpu_ident.family = (r.eax >> 8) & 15;
    cpu_ident.model = (r.eax >> 4) & 15;
    cpu_ident.stepping = r.eax & 15;
    if (cpu_ident.family == 15) {
        cpu_ident.family += (r.eax >> 20) & 0xff;
    }
    if (cpu_ident.family == 6 || cpu_ident.family >= 15) {
        cpu_ident.model |= (r.eax >> 12) & 0xf0;
    }
}

static void boot_text read_features(void)
{
    struct cpuid_regs r = cpuid(1, 0);

    cpu_features[CPUW_1_EDX] = r.edx;
    cpu_features[CPUW_1_ECX] = r.ecx;
    if (cpu_ident.max_leaf >= 6) {
        cpu_features[CPUW_6_EAX] = cpuid(6, 0).eax;
    }
    if (cpu_ident.max_leaf >= 7) {
        r = cpuid(7, 0);
        cpu_features[CPUW_7_EBX] = r.ebx;
        cpu_features[CPUW_7_ECX] = r.ecx;
        cpu_features[CPUW_7_EDX] = r.edx;
    }
    if (cpu_ident.max_leaf >= 13 && has_cpu(X86_FEATURE_XSAVE)) {
        cpu_features[CPUW_D1_EAX] = cpuid(13, 1).eax;
    }
    r = cpuid(0x80000001, 0);
    cpu_features[CPUW_E1_EDX] = r.edx;
    cpu_features[CPUW_E1_ECX] = r.ecx;
    if (cpu_ident.max_ext_leaf >= 0x80000007) {
        cpu_features[CPUW_E7_EDX] = cpuid(0x80000007, 0).edx;
    }
    cpu_ident.phys_addr_bits = 36;
    if (cpu_ident.max_ext_leaf >= 0x80000008) {
        r = cpuid(0x80000008, 0);
        cpu_features[CPUW_E8_EBX] = r.ebx;
        cpu_ident.phys_addr_bits = r.eax & 0xff;
    }
    if (cpu_ident.max_ext_leaf >= 0x8000000a && has_cpu(X86_FEATURE_SVM)) {
        cpu_features[CPUW_EA_EDX] = cpuid(0x8000000a, 0).edx;
    }
}

void boot_text cpu_identify(void)
{
    static const struct {
        enum cpu_feature f;
        unsigned long cr4;
    } bits[] boot_data = {
        { X86_FEATURE_MCE, X86_CR4_MCE },
        { X86_FEATURE_XSAVE, X86_CR4_OSXSAVE },
        { X86_FEATURE_SMEP, X86_CR4_SMEP },
        { X86_FEATURE_SMAP, X86_CR4_SMAP },
        { X86_FEATURE_UMIP, X86_CR4_UMIP },
    };

    read_vendor();
    cpu_ident.max_ext_leaf = cpuid(0x80000000, 0).eax;
    read_features();
    read_name();
    for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++) {
        if (has_cpu(bits[i].f)) {
            cpu_cr4 |= bits[i].cr4;
        }
    }
}

void cpu_init(void)
{
    write_cr0(X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE | X86_CR0_WP |
              X86_CR0_PG);
    write_cr4(cpu_cr4);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NXE);
    wrmsr(MSR_PAT, PAT_VALUE);
    write_dr7(0x400);
}

/* Random bits: RDRAND mixed with the TSC. */
static uint64_t random_bits(void)
{
    uint64_t v = rdtsc() * 0x9e3779b97f4a7c15ul, hw = 0;

    if (has_cpu(X86_FEATURE_RDRAND)) {
        __asm__ volatile("rdrand %0" : "=r"(hw) :: "cc");
    }
    return v ^ (v >> 29) ^ hw;
}

/* Called once, from a function that never returns through a check. */
void cpu_set_stack_guard(void)
{
    __stack_chk_guard = random_bits() & ~0xfful;   /* a NUL stops strings */
}
