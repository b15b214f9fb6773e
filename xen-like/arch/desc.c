/* SPDX-License-Identifier: MIT */
/*
 * arch/desc.c - descriptor tables and SYSCALL entry of each CPU.
 *
 * Owns    see arch/desc.h.  Entry addresses come from entry/.
 */
#include <arch/desc.h>

#include <arch/cpu.h>
#include <arch/msr.h>
#include <arch/sections.h>

#include <hv/limits.h>
#include <lib/string.h>

#define GDT_ENTRIES     512
#define SLOT(sel)       (((sel) & 0xff8) / 8)
#define ACCESSED_CODE64 0x00af9b000000fffful
#define ACCESSED_DATA   0x00cf93000000fffful
#define USER_CODE32     0x00cffb000000fffful
#define USER_DATA       0x00cff3000000fffful
#define USER_CODE64     0x00affb000000fffful
#define SYSTEM_TSS      0x89ul
#define SYSTEM_LDT      0x82ul

/* STAR: SYSCALL loads CS 0xe008 and SS 0xe010, SYSRET 0xe033 and 0xe02b. */
#define STAR_VALUE  (((uint64_t)GUEST_CS32 << 48) | ((uint64_t)HV_CS64 << 32))
#define SFMASK_VALUE (X86_EFLAGS_IF | X86_EFLAGS_DF | X86_EFLAGS_TF | \
                      X86_EFLAGS_NT | X86_EFLAGS_AC | X86_EFLAGS_IOPL | \
                      X86_EFLAGS_RF | X86_EFLAGS_VM)

struct packed tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, iomap_base;
};

struct packed gate {
    uint16_t offset0, selector;
    uint8_t ist, type;
    uint16_t offset1;
    uint32_t offset2, reserved;
};

struct packed table_ptr {
    uint16_t limit;
    uint64_t base;
};

/*
 * One slot per CPU: [0] code entered by SYSCALL, [64] by 32-bit SYSCALL.
 * Executable here, written through the direct map (boot/hv.lds.S).
 */
struct sysentry {
    uint8_t code[2][64];
};

static struct sysentry sysentries[NR_CPUS]
    __attribute__((section(".sysentry"))) aligned(4096);
/* Where an entry parks RSP for an instant. */
static struct aligned(64) {
    uint64_t rsp;
} parked[NR_CPUS];

static uint64_t boot_gdt_page[GDT_ENTRIES] aligned(4096);
static uint64_t *gdt_pages[NR_CPUS] = { boot_gdt_page };
static mfn_t gdt_mfns[NR_CPUS];
static struct tss tss_of[NR_CPUS] aligned(128);
static struct gate idt[256] aligned(4096);

static void set_gate(unsigned int v, uint64_t addr, unsigned int ist)
{
    idt[v] = (struct gate){
        .offset0 = (uint16_t)addr, .selector = HV_CS64, .ist = (uint8_t)ist,
        .type = 0x8e, .offset1 = (uint16_t)(addr >> 16),
        .offset2 = (uint32_t)(addr >> 32),
    };
}

static unsigned int ist_of(unsigned int v)
{
    return v == 8 ? 1 : v == 2 ? 2 : v == 18 ? 3 : v == 1 ? 4 : 0;
}

void desc_init_idt(void)
{
    for (unsigned int v = 0; v < 256; v++) {
        set_gate(v, entry_vectors[v], ist_of(v));
    }
}

void desc_set_boot_gate(unsigned int vector, uint64_t addr)
{
    set_gate(vector, addr, 0);
}

void desc_set_gate_dpl(unsigned int vector, unsigned int dpl)
{
    idt[vector].type = (uint8_t)(0x8e | (dpl << 5));
}

static void fill_gdt(uint64_t *gdt)
{
    gdt[SLOT(HV_CS64)] = ACCESSED_CODE64;
    gdt[SLOT(HV_DS)] = ACCESSED_DATA;
    gdt[SLOT(GUEST_CS32)] = USER_CODE32;
    gdt[SLOT(GUEST_SS)] = USER_DATA;
    gdt[SLOT(GUEST_CS64)] = USER_CODE64;
}

/* A system descriptor takes two slots. */
static void set_system(uint64_t *slot, uint64_t base, uint32_t limit,
                       uint64_t type)
{
    slot[1] = base >> 32;
    slot[0] = (limit & 0xffff) | ((base & 0xffffff) << 16) | (type << 40) |
              ((uint64_t)(limit & 0xf0000) << 32) |
              ((base & 0xff000000) << 32);
}

void desc_set_page(unsigned int cpu, void *gdt_page, mfn_t mfn)
{
    gdt_pages[cpu] = gdt_page;
    gdt_mfns[cpu] = mfn;
}

mfn_t desc_gdt_page_mfn(unsigned int cpu)
{
    if (cpu == 0) {
        uint64_t off = (uint64_t)boot_gdt_page - (uint64_t)_image_start;

        return maddr_to_mfn(boot_phys_base + off);
    }
    return gdt_mfns[cpu];
}

uint64_t desc_gdt_base(unsigned int cpu)
{
    return (uint64_t)gdt_pages[cpu] - HV_CS64 / PAGE_SIZE * PAGE_SIZE;
}

uint64_t desc_tss_base(unsigned int cpu)
{
    return (uint64_t)&tss_of[cpu];
}

uint64_t desc_idt_base(void)
{
    return (uint64_t)idt;
}

void desc_load_gdt(uint64_t base)
{
    struct table_ptr p = { GDT_LIMIT, base };

    __asm__ volatile("lgdt %0" :: "m"(p));
}

void desc_load_ldt(unsigned int cpu, uint64_t base, unsigned int entries)
{
    if (entries == 0) {
        load_ldt(0);
        return;
    }
    set_system(&gdt_pages[cpu][SLOT(HV_LDT)], base, entries * 8 - 1,
               SYSTEM_LDT);
    load_ldt(HV_LDT);
}

static void load_selectors(void)
{
    __asm__ volatile("pushq %[cs]\n\t"
                     "lea 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1: mov %[ss], %%eax\n\t"
                     "mov %%eax, %%ss\n\t"
                     "xor %%eax, %%eax\n\t"
                     "mov %%eax, %%ds\n\t"
                     "mov %%eax, %%es\n\t"
                     "mov %%eax, %%fs\n\t"
                     "mov %%eax, %%gs"
                     :: [cs] "i"(HV_CS64), [ss] "i"(HV_DS) : "rax", "memory");
}

static uint8_t *emit(uint8_t *at, const void *bytes, size_t n)
{
    memcpy(at, bytes, n);
    return at + n;
}

static uint8_t *emit_load_rsp(uint8_t *at, uint64_t v)
{
    at = emit(at, "\x48\xbc", 2);                 /* movabs $v, %rsp */
    return emit(at, &v, 8);
}

/* @code runs at @run; it is written at @code's direct-map alias @at. */
static void write_sysentry(uint8_t *at, const uint8_t *run, unsigned int cpu,
                       const struct desc_stack *st, void (*target)(void))
{
    const uint8_t *start = at;
    int32_t rel;

    at = emit(at, "\x48\x89\x25", 3);             /* mov %rsp, parked */
    rel = (int32_t)((uint64_t)&parked[cpu].rsp -
                    ((uint64_t)run + (uint64_t)(at - start) + 4));
    at = emit(at, &rel, 4);
    at = emit_load_rsp(at, st->syscall_rsp + 8);
    at = emit(at, "\xff\x35", 2);                 /* push parked */
    rel = (int32_t)((uint64_t)&parked[cpu].rsp -
                    ((uint64_t)run + (uint64_t)(at - start) + 4));
    at = emit(at, &rel, 4);
    at = emit_load_rsp(at, st->regs_end);
    at = emit(at, "\xe9", 1);                     /* jmp target */
    rel = (int32_t)((uint64_t)target -
                    ((uint64_t)run + (uint64_t)(at - start) + 4));
    emit(at, &rel, 4);
}

static void init_syscall(unsigned int cpu, const struct desc_stack *st)
{
    uint8_t *run = sysentries[cpu].code[0];
    uint8_t *write = (uint8_t *)DIRECTMAP_VIRT + boot_phys_base +
                     (run - (uint8_t *)_image_start);

    write_sysentry(write, run, cpu, st, syscall_entry);
    write_sysentry(write + 64, run + 64, cpu, st, syscall_compat_entry);
    wrmsr(MSR_STAR, STAR_VALUE);
    wrmsr(MSR_LSTAR, (uint64_t)run);
    wrmsr(MSR_CSTAR, (uint64_t)run + 64);
    wrmsr(MSR_SFMASK, SFMASK_VALUE);
    if (has_cpu(X86_FEATURE_SEP)) {
        wrmsr(MSR_SYSENTER_CS, cpu_ident.vendor == CPU_VENDOR_INTEL
                               ? HV_CS64 : 0);
        wrmsr(MSR_SYSENTER_ESP, st->regs_end);
        wrmsr(MSR_SYSENTER_EIP, (uint64_t)sysenter_entry);
    }
}

void desc_init_cpu(unsigned int cpu, const struct desc_stack *st)
{
    struct table_ptr idtr = { sizeof(idt) - 1, (uint64_t)idt };
    struct tss *t = &tss_of[cpu];

    t->rsp[0] = st->regs_end;
    for (unsigned int i = 0; i < 4; i++) {
        /* Pages 1, 3, 5, 7 of the stack; their tops. */
        t->ist[i] = st->base + (2 * i + 2) * PAGE_SIZE;
    }
    t->iomap_base = sizeof(*t);
    fill_gdt(gdt_pages[cpu]);
    set_system(&gdt_pages[cpu][SLOT(HV_TSS)], (uint64_t)t, sizeof(*t) - 1,
               SYSTEM_TSS);
    desc_load_gdt(desc_gdt_base(cpu));
    load_selectors();
    __asm__ volatile("lidt %0" :: "m"(idtr));
    __asm__ volatile("ltr %w0" :: "r"(HV_TSS));
    load_ldt(0);
    init_syscall(cpu, st);
}

/* Before any stack with IST pages exists: GDT and IDT only. */
void desc_init_early(void)
{
    struct table_ptr idtr = { sizeof(idt) - 1, (uint64_t)idt };

    fill_gdt(boot_gdt_page);
    desc_load_gdt(desc_gdt_base(0));
    load_selectors();
    __asm__ volatile("lidt %0" :: "m"(idtr));
}
