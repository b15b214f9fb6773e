/* SPDX-License-Identifier: MIT */
/*
 * lib/guest.h - what every tiny guest has once it runs: start_info, the
 * shared page, frame numbers, page-table entries, time.
 */
#ifndef GUESTS_LIB_GUEST_H
#define GUESTS_LIB_GUEST_H

#include <lib/types.h>

typedef uint64_t pte_t;

#define PTE_P 0x001ul
#define PTE_RW 0x002ul
#define PTE_US 0x004ul
#define PTE_A 0x020ul
#define PTE_D 0x040ul
#define PTE_PS 0x080ul
#define PTE_G 0x100ul
#define PTE_NX (1ul << 63)
#define PTE_MFN_MASK 0x000ffffffffff000ul
#define PTE_KERNEL (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define PTE_KERNEL_RO (PTE_P | PTE_US | PTE_A)
#define PTE_TABLE (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

extern struct start_info *start_info;
extern struct shared_info *shared_info;
extern uint8_t shared_page[]; /* the same, for assembly */
extern uint64_t entry_regs[32];

/* Each guest defines this; called with traps and events ready. */
void guest_main(void);

void guest_start(struct start_info *si);
void guest_shutdown(unsigned int reason) NORETURN;
/* End the run with a message when @rc is negative. */
void guest_must(long rc, const char *what);
bool guest_privileged(void);
domid_t guest_domid(void); /* the number behind DOMID_SELF */
struct vcpu_info *this_vcpu_info(void);
uint8_t first_upcall_mask(void); /* as found at entry */
void vcpu_info_set(struct vcpu_info *vi); /* after register_vcpu_info */

uint64_t pfn_of(const void *va);
uint64_t mfn_of(const void *va);
uint64_t maddr_of(const void *va);
void *va_of_mfn(uint64_t mfn); /* own frames only */
uint64_t m2p(uint64_t mfn);

/* The entry of @level (1..4) that maps @va, or NULL if a table is absent. */
pte_t *pte_of(const void *va, int level);
uint64_t pte_maddr(const void *va, int level);

/* Pages of the image that nobody else uses; never returned. */
void *page_alloc(void);
void *pages_alloc(unsigned int n);
long page_protect(const void *va, bool writable); /* remap own page */
long page_map(void *va, uint64_t mfn, uint64_t flags);

/* Any frame this domain may read, through a window that is reused. */
const void *peek_frame(uint64_t mfn);

/* Nanoseconds since boot, from this vCPU's time record. */
uint64_t now_ns(void);
void spin_ns(uint64_t ns);
long mmuext1(unsigned int cmd, uint64_t mfn_or_va);

#endif
