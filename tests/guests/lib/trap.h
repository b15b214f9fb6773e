/* SPDX-License-Identifier: MIT */
/*
 * lib/trap.h - traps taken, recorded and recovered from.
 *
 * Owns the trap table of vCPU 0, the record of the last trap, and the way
 * back after one.  An instruction run by TRY_INSN that traps resumes behind
 * itself (r10 and r11 are its scratch); trap_last tells what happened (vector -1: nothing did).
 * A trap nobody asked for fails the running fact (lib/report.c).
 */
#ifndef GUESTS_LIB_TRAP_H
#define GUESTS_LIB_TRAP_H

#include <lib/types.h>

enum {
    TRAP_NONE = -1,
    TRAP_DE = 0,
    TRAP_DB = 1,
    TRAP_BP = 3,
    TRAP_OF = 4,
    TRAP_UD = 6,
    TRAP_NM = 7,
    TRAP_NP = 11,
    TRAP_SS = 12,
    TRAP_GP = 13,
    TRAP_PF = 14,
    TRAP_MF = 16,
    TRAP_AC = 17,
    VECTOR_EVENT = 256,    /* event upcall */
    VECTOR_SYSCALL = 257,  /* syscall from guest user mode */
    VECTOR_FAILSAFE = 258, /* a return to the guest that failed */
};

/* As pushed by lib/start.S; from rip on as the hypervisor pushed it. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* What the last recovered trap looked like; upcall_mask as on entry. */
struct trap_record {
    int vector;
    uint64_t error, rip, cs, rflags, rsp, ss, cr2;
    uint64_t rax, rcx, r11;
    uint8_t upcall_mask;
    unsigned int count;
};

struct context {
    uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
};

extern struct trap_record trap_last;
extern uint64_t trap_resume;        /* where to go on after a trap, or 0 */
extern struct context *trap_abort;  /* where an unexpected trap goes */
extern const char trap_stubs[];     /* 256 stubs of 32 bytes */
extern const char event_entry[], failsafe_entry[], syscall_entry[];

/* Return true when the trap was handled; the frame may be changed. */
typedef bool (*trap_handler_t)(struct trap_frame *frame);
extern trap_handler_t trap_handlers[259];

int context_save(struct context *c) __attribute__((returns_twice));
void context_jump(struct context *c, int value) NORETURN;
void user_iret(uint64_t *frame) NORETURN;

void trap_init(void);
void trap_dispatch(struct trap_frame *frame);
void trap_table_fill(struct trap_info *table, uint8_t flags);
const char *trap_name(int vector);

/*
 * Run one instruction (or a short sequence that leaves the stack alone) with
 * the given inputs; afterwards trap_last.vector says whether it trapped.
 */
#define TRY_INSN(insn, ...) \
    do { \
        trap_last.vector = TRAP_NONE; \
        __asm__ volatile("movq $1f, trap_resume\n\t" insn "\n1:\t" \
                         "movq $0, trap_resume" \
                         : \
                         : __VA_ARGS__ \
                         : "memory", "cc", "r10", "r11"); \
    } while (0)

/* The same with outputs: TRY_OUT("rdmsr", ("=a"(lo), "=d"(hi)), "c"(0)). */
#define TRY_ARGS(...) __VA_ARGS__
#define TRY_OUT(insn, outputs, ...) \
    do { \
        trap_last.vector = TRAP_NONE; \
        __asm__ volatile("movq $1f, trap_resume\n\t" insn "\n1:\t" \
                         "movq $0, trap_resume" \
                         : TRY_ARGS outputs \
                         : __VA_ARGS__ \
                         : "memory", "cc", "r10", "r11"); \
    } while (0)

/* Run guest user code at @fn; see lib/user.c. */
struct user_exit {
    int vector;
    uint64_t error, rip, cs, rflags, rsp, rax, rcx, r11, ss, entry_rsp;
    uint8_t upcall_mask;
};
void user_run(void (*fn)(void), uint64_t rflags, struct user_exit *out);

#endif
