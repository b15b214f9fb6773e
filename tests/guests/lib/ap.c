/* SPDX-License-Identifier: MIT */
/*
 * lib/ap.c - see ap.h.  Covered by tests/guests/smp and race.
 */
#include <lib/ap.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/trap.h>

volatile uint64_t ap_upcalls, ap_debugs;
volatile bool ap_fault;

static struct vcpu_guest_context context;
static uint8_t stack[16384] __attribute__((aligned(16)));

extern const char ap_event_entry[], ap_fault_entry[], ap_debug_entry[];

/* Instructions of exactly three bytes, so that the fault entry can skip them. */
__asm__(".text\n"
        ".globl ap_event_entry, ap_fault_entry, ap_debug_entry\n"
        "ap_event_entry: popq %rcx; popq %r11\n"
        "movb $0, shared_page + 64\n"
        "movq $0, shared_page + 64 + 8\n"
        "movq $0, shared_page + 0x800\n"
        "incq ap_upcalls\n"
        "pushq $0; pushq %rcx; pushq %r11; pushq %rax\n"
        "movl $23, %eax; syscall\n"
        "ap_debug_entry: popq %rcx; popq %r11\n"
        "incq ap_debugs\n"
        "pushq $0; pushq %rcx; pushq %r11; pushq %rax\n"
        "movl $23, %eax; syscall\n"
        "ap_fault_entry: popq %rcx; popq %r11; addq $8, %rsp\n"
        "movb $1, ap_fault\n"
        "addq $3, (%rsp)\n"
        "pushq $0; pushq %rcx; pushq %r11; pushq %rax\n"
        "movl $23, %eax; syscall\n");

uint64_t ap_read(const volatile void *p)
{
    uint64_t value;

    ap_fault = false;
    __asm__ volatile(".byte 0x48, 0x8b, 0x00" /* mov (%rax), %rax */
                     : "=a"(value)
                     : "a"(p)
                     : "memory");
    return value;
}

void ap_write(volatile void *p, uint64_t value)
{
    ap_fault = false;
    __asm__ volatile(".byte 0x48, 0x89, 0x08" /* mov %rcx, (%rax) */
                     :
                     : "a"(p), "c"(value)
                     : "memory");
}

void ap_load_es(uint64_t selector)
{
    ap_fault = false;
    __asm__ volatile(".byte 0x48, 0x8e, 0xc0" /* mov %rax, %es */
                     :
                     : "a"(selector)
                     : "memory");
}

bool ap_exists(void)
{
    return hc_vcpu(VCPUOP_is_up, 1, NULL) >= 0;
}

static void set_trap(unsigned int vector, const char *entry)
{
    context.trap_ctxt[vector] = (struct trap_info){
        .vector = (uint8_t)vector, .cs = FLAT_KERNEL_CS,
        .address = (unsigned long)entry,
    };
}

struct vcpu_guest_context *ap_context(void (*fn)(void))
{
    memset(&context, 0, sizeof(context));
    context.flags = VGCF_in_kernel;
    context.user_regs.rip = (uint64_t)fn;
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = FLAT_KERNEL_SS;
    context.user_regs.rflags = 0x1000;
    context.user_regs.rsp = (uint64_t)(stack + sizeof(stack) - 8);
    context.kernel_ss = FLAT_KERNEL_SS;
    context.kernel_sp = context.user_regs.rsp;
    context.ctrlreg[0] = 0x80050033;
    context.ctrlreg[3] =
        xen_pfn_to_cr3(mfn_of((void *)start_info->pt_base));
    context.event_callback_eip = (unsigned long)ap_event_entry;
    context.failsafe_callback_eip = (unsigned long)failsafe_entry;
    set_trap(TRAP_PF, ap_fault_entry);
    set_trap(TRAP_GP, ap_fault_entry);
    set_trap(TRAP_DB, ap_debug_entry);
    return &context;
}

long ap_start(void (*fn)(void))
{
    long rc = hc_vcpu(VCPUOP_initialise, 1, ap_context(fn));

    return rc != 0 ? rc : hc_vcpu(VCPUOP_up, 1, NULL);
}
