/* SPDX-License-Identifier: MIT */
/*
 * lib/guest.c - see guest.h.  Order of start: shared page, traps, page
 * tables for user mode, then guest_main().  Covered by tests/guests/entry.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/print.h>
#include <lib/trap.h>

#define POOL_PAGES 512u

struct start_info *start_info;
struct shared_info *shared_info;

uint8_t shared_page[PAGE_SIZE] ALIGNED_PAGE;
static uint8_t pool[POOL_PAGES][PAGE_SIZE] ALIGNED_PAGE;
static uint8_t window[PAGE_SIZE] ALIGNED_PAGE;
static unsigned int pool_used;
static struct vcpu_info *vcpu_info;
static uint8_t upcall_mask_at_entry;

extern uint8_t image_start[], image_end[];

void guest_shutdown(unsigned int reason)
{
    struct sched_shutdown op = { .reason = reason };

    for (;;) {
        hc_sched(SCHEDOP_shutdown, &op);
    }
}

void guest_must(long rc, const char *what)
{
    if (rc < 0) {
        print("guest cannot start: %s gives %ld\n", what, rc);
        print("RESULT 0 passed, 1 failed, 0 skipped\n");
        guest_shutdown(SHUTDOWN_crash);
    }
}

bool guest_privileged(void)
{
    return start_info->flags & SIF_PRIVILEGED;
}

/* A port bound to a port of our own names us as the remote domain. */
domid_t guest_domid(void)
{
    struct evtchn_status st = { .dom = DOMID_SELF };
    evtchn_port_t a, b;

    guest_must(event_pair(&a, &b), "own domain id");
    st.port = a;
    guest_must(hc_event(EVTCHNOP_status, &st), "own domain id");
    event_close(a);
    event_close(b);
    event_clear(a);
    event_clear(b);
    return st.u.interdomain.dom;
}

struct vcpu_info *this_vcpu_info(void)
{
    return vcpu_info;
}

uint8_t first_upcall_mask(void)
{
    return upcall_mask_at_entry;
}

void vcpu_info_set(struct vcpu_info *vi)
{
    vcpu_info = vi;
}

uint64_t pfn_of(const void *va)
{
    return ((uint64_t)va - VIRT_BASE) / PAGE_SIZE;
}

uint64_t mfn_of(const void *va)
{
    const uint64_t *p2m = (const uint64_t *)start_info->mfn_list;

    return p2m[pfn_of(va)];
}

uint64_t maddr_of(const void *va)
{
    return mfn_of(va) * PAGE_SIZE + ((uint64_t)va & (PAGE_SIZE - 1));
}

uint64_t m2p(uint64_t mfn)
{
    return ((const uint64_t *)MACH2PHYS_VIRT_START)[mfn];
}

void *va_of_mfn(uint64_t mfn)
{
    return (void *)(VIRT_BASE + m2p(mfn) * PAGE_SIZE);
}

pte_t *pte_of(const void *va, int level)
{
    pte_t *table = (pte_t *)start_info->pt_base;
    int at = 4;

    for (;; at--) {
        pte_t *pte = &table[((uint64_t)va >> (12 + 9 * (at - 1))) & 511];

        if (at == level) {
            return pte;
        }
        if (!(*pte & PTE_P) || (*pte & PTE_PS)) {
            return NULL;
        }
        table = va_of_mfn((*pte & PTE_MFN_MASK) / PAGE_SIZE);
    }
}

uint64_t pte_maddr(const void *va, int level)
{
    return maddr_of(pte_of(va, level));
}

void *pages_alloc(unsigned int n)
{
    void *p = pool[pool_used];

    if (pool_used + n > POOL_PAGES) {
        guest_must(-ENOMEM, "page pool");
    }
    pool_used += n;
    memset(p, 0, n * PAGE_SIZE);
    return p;
}

void *page_alloc(void)
{
    return pages_alloc(1);
}

long page_map(void *va, uint64_t mfn, uint64_t flags)
{
    return hc_uvm(va, mfn * PAGE_SIZE | flags, UVMF_INVLPG | UVMF_LOCAL);
}

long page_protect(const void *va, bool writable)
{
    return hc_uvm((uint64_t)va & PAGE_MASK,
                  mfn_of(va) * PAGE_SIZE |
                      (writable ? PTE_KERNEL : PTE_KERNEL_RO),
                  UVMF_INVLPG | UVMF_LOCAL);
}

const void *peek_frame(uint64_t mfn)
{
    guest_must(page_map(window, mfn, PTE_KERNEL_RO), "peek_frame");
    return window;
}

long mmuext1(unsigned int cmd, uint64_t arg)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = arg };

    return hc_mmuext(&op, 1, NULL, DOMID_SELF);
}

uint64_t now_ns(void)
{
    const volatile struct vcpu_time_info *t = &this_vcpu_info()->time;
    uint64_t delta, ns;
    uint32_t version;

    do {
        version = t->version;
        barrier();
        delta = rdtsc() - t->tsc_timestamp;
        delta = t->tsc_shift < 0 ? delta >> -t->tsc_shift
                                 : delta << t->tsc_shift;
        ns = t->system_time +
             (uint64_t)(((unsigned __int128)delta * t->tsc_to_system_mul) >>
                        32);
        barrier();
    } while ((version & 1) || version != t->version);
    return ns;
}

void spin_ns(uint64_t ns)
{
    uint64_t end = now_ns() + ns;

    while (now_ns() < end) {
        __asm__ volatile("pause");
    }
}

void guest_start(struct start_info *si)
{
    start_info = si;
    shared_info = (struct shared_info *)shared_page;
    vcpu_info = &shared_info->vcpu_info[0];
    guest_must(page_map(shared_page, si->shared_info / PAGE_SIZE, PTE_KERNEL),
               "mapping shared_info");
    upcall_mask_at_entry = vcpu_info->evtchn_upcall_mask;
    trap_init();
    guest_must(mmuext1(MMUEXT_NEW_USER_BASEPTR, mfn_of((void *)si->pt_base)),
               "user page tables");
    guest_must(hc_vcpu(VCPUOP_stop_periodic_timer, 0, NULL), "periodic timer");
    guest_main();
    guest_shutdown(SHUTDOWN_reboot);
}
