/* SPDX-License-Identifier: MIT */
/*
 * lib/trap.c - decides what a trap means: a handler of the fact, a recovery
 * point, the end of a user-mode run, or a failed fact.  Stubs and return
 * path are in start.S; events are handed to event.c.
 * Covered by tests/guests/traps.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/print.h>
#include <lib/trap.h>

struct trap_record trap_last = { .vector = TRAP_NONE };
uint64_t trap_resume;
struct context *trap_abort;
trap_handler_t trap_handlers[259];

static struct trap_info trap_table[257];
static struct context user_return;
static struct user_exit *user_out;
static uint8_t user_stack[4096] __attribute__((aligned(16)));
static uint8_t kernel_stack[16384] __attribute__((aligned(16)));

const char *trap_name(int vector)
{
    static const char *const names[] = {
        "#DE", "#DB", "nmi", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "9",
        "#TS", "#NP", "#SS", "#GP", "#PF", "15", "#MF", "#AC", "#MC", "#XM",
    };

    if (vector == TRAP_NONE) {
        return "none";
    }
    if (vector == VECTOR_EVENT) {
        return "event";
    }
    if (vector == VECTOR_SYSCALL) {
        return "syscall";
    }
    if (vector == VECTOR_FAILSAFE) {
        return "failsafe";
    }
    return vector < (int)ARRAY_SIZE(names) ? names[vector] : "int n";
}

static void record(const struct trap_frame *f)
{
    trap_last.vector = (int)f->vector;
    trap_last.error = f->error;
    trap_last.rip = f->rip;
    trap_last.cs = f->cs;
    trap_last.rflags = f->rflags;
    trap_last.rsp = f->rsp;
    trap_last.ss = f->ss;
    trap_last.rax = f->rax;
    trap_last.rcx = f->rcx;
    trap_last.r11 = f->r11;
    trap_last.cr2 = this_vcpu_info()->arch.cr2;
    trap_last.upcall_mask = this_vcpu_info()->evtchn_upcall_mask;
    trap_last.count++;
}

static void leave_user(const struct trap_frame *f)
{
    struct user_exit *out = user_out;

    *out = (struct user_exit){
        .vector = (int)f->vector, .error = f->error, .rip = f->rip,
        .cs = f->cs, .rflags = f->rflags, .rsp = f->rsp, .rax = f->rax,
        .rcx = f->rcx, .r11 = f->r11, .ss = f->ss,
        .entry_rsp = (uint64_t)(f + 1),
        .upcall_mask = this_vcpu_info()->evtchn_upcall_mask,
    };
    user_out = NULL;
    context_jump(&user_return, 1);
}

void trap_dispatch(struct trap_frame *f)
{
    if (trap_handlers[f->vector] != NULL && trap_handlers[f->vector](f)) {
        return;
    }
    if (f->vector == VECTOR_EVENT) {
        event_upcall();
        return;
    }
    record(f);
    if (user_out != NULL && (f->cs & 3) == 3) {
        leave_user(f);
    }
    if (trap_resume != 0) {
        f->rip = trap_resume;
        trap_resume = 0;
        return;
    }
    if (trap_abort != NULL) {
        context_jump(trap_abort, 1);
    }
    print("unexpected %s error %lx rip %lx cr2 %lx\n",
          trap_name((int)f->vector), f->error, f->rip, trap_last.cr2);
    guest_shutdown(SHUTDOWN_crash);
}

/* Every vector, ended by an empty row; int n allowed from user for 0x30+. */
void trap_table_fill(struct trap_info *table, uint8_t flags)
{
    unsigned int v;

    for (v = 0; v < 256; v++) {
        table[v].vector = (uint8_t)v;
        table[v].flags = flags;
        if (v == 3 || v == 4 || v >= 0x30) {
            table[v].flags |= 3;
        }
        table[v].cs = FLAT_KERNEL_CS;
        table[v].address = (uint64_t)trap_stubs + v * 32;
    }
    table[256].address = 0;
}

void trap_init(void)
{
    static const struct callback_register callbacks[] = {
        { CALLBACKTYPE_event, 0, (unsigned long)event_entry },
        { CALLBACKTYPE_failsafe, 0, (unsigned long)failsafe_entry },
        { CALLBACKTYPE_syscall, CALLBACKF_mask_events,
          (unsigned long)syscall_entry },
    };
    unsigned int i;

    trap_table_fill(trap_table, 0);
    guest_must(hcall1(__HYPERVISOR_set_trap_table, trap_table),
               "set_trap_table");
    for (i = 0; i < ARRAY_SIZE(callbacks); i++) {
        guest_must(hc_callback(CALLBACKOP_register, &callbacks[i]),
                   "callback register");
    }
    guest_must(hcall2(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS,
                      kernel_stack + sizeof(kernel_stack)),
               "stack_switch");
}

/*
 * Enter guest user mode at @fn with @rflags; the first trap or system call
 * from there ends the run and fills @out.  The upcall mask is left as the
 * trap set it.
 */
void user_run(void (*fn)(void), uint64_t rflags, struct user_exit *out)
{
    uint64_t frame[9] = {
        [3] = 0, [4] = (uint64_t)fn, [5] = FLAT_USER_CS, [6] = rflags,
        [7] = (uint64_t)(user_stack + sizeof(user_stack) - 8),
        [8] = FLAT_USER_SS,
    };

    if (context_save(&user_return) == 0) {
        user_out = out;
        user_iret(frame);
    }
}
