/* SPDX-License-Identifier: MIT */
/*
 * lib/tinyhvm.c - see tinyhvm.h.  Its pages are mapped one after the other
 * through the foreign window; the page of results stays mapped.
 */
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/tinydom.h>
#include <lib/tinyhvm.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/hvm/save.h>
#include <xen/version.h>

static uint8_t window[PAGE_SIZE] ALIGNED_PAGE;
static uint8_t results[PAGE_SIZE] ALIGNED_PAGE;
static uint64_t window_own, results_own;

struct context {
    struct hvm_save_descriptor header_desc;
    struct hvm_save_header header;
    struct hvm_save_descriptor cpu_desc;
    struct hvm_hw_cpu cpu;
    struct hvm_save_descriptor end_desc;
};
_Static_assert(sizeof(struct context) == 3 * 8 + 24 + sizeof(struct hvm_hw_cpu), "no padding");
static struct context context ALIGNED_PAGE;

static long map_foreign(void *va, domid_t domid, uint64_t frame)
{
    struct mmu_update req = {
        .ptr = pte_maddr(va, 1),
        .val = frame * PAGE_SIZE | PTE_KERNEL,
    };
    long rc = hc_mmu_update(&req, 1, NULL, domid);

    mmuext1(MMUEXT_TLB_FLUSH_LOCAL, 0);
    return rc;
}

static long write_page(struct tinyhvm *t, uint64_t gfn, const void *from,
                       size_t bytes)
{
    long rc = map_foreign(window, t->domid, gfn);

    if (rc == 0) {
        memset(window, 0, PAGE_SIZE);
        memcpy(window, from, bytes);
    }
    return map_foreign(window, DOMID_SELF, window_own) != 0 ? -EINVAL : rc;
}

bool tinyhvm_intel(void)
{
    uint32_t a = 0, b, c, d;

    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    return b == 0x756e6547;
}

/* The code is written with VMMCALL; Intel's CPUs know VMCALL. */
static long write_code(struct tinyhvm *t, const uint8_t *code, size_t bytes)
{
    static uint8_t copy[PAGE_SIZE];
    size_t i;

    if (bytes > sizeof(copy)) {
        return -E2BIG;
    }
    memcpy(copy, code, bytes);
    for (i = 0; tinyhvm_intel() && i + 3 <= bytes; i++) {
        if (copy[i] == 0x0f && copy[i + 1] == 0x01 && copy[i + 2] == 0xd9) {
            copy[i + 2] = 0xc1;
        }
    }
    return write_page(t, TINYHVM_CODE / PAGE_SIZE, copy, bytes);
}

/* Page tables of the guest: the first GiB, in pages of 2 MiB. */
static long write_tables(struct tinyhvm *t)
{
    static uint64_t table[512];
    long rc;
    unsigned int i;

    memset(table, 0, sizeof(table));
    table[0] = 0x4000 | PTE_TABLE;
    rc = write_page(t, 3, table, sizeof(table));
    table[0] = 0x5000 | PTE_TABLE;
    rc = rc != 0 ? rc : write_page(t, 4, table, sizeof(table));
    for (i = 0; i < 512; i++) {
        table[i] = (uint64_t)i << 21 | PTE_TABLE | PTE_PS;
    }
    return rc != 0 ? rc : write_page(t, 5, table, sizeof(table));
}

static long set_context(struct tinyhvm *t, uint64_t rip)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_sethvmcontext,
                             .interface_version =
                                 XEN_DOMCTL_INTERFACE_VERSION,
                             .domain = t->domid };
    struct hvm_hw_cpu *c = &context.cpu;

    memset(&context, 0, sizeof(context));
    context.header_desc = (struct hvm_save_descriptor){
        HVM_SAVE_CODE(HEADER), 0, sizeof(context.header) };
    context.header.magic = HVM_FILE_MAGIC;
    context.header.version = HVM_FILE_VERSION;
    context.cpu_desc = (struct hvm_save_descriptor){
        HVM_SAVE_CODE(CPU), 0, sizeof(context.cpu) };
    context.end_desc = (struct hvm_save_descriptor){ HVM_SAVE_CODE(END), 0,
                                                     0 };
    c->cr0 = 0x80010031;              /* PG WP NE ET PE */
    c->cr3 = 0x3000;
    c->cr4 = 0x20;                    /* PAE */
    c->msr_efer = 0x500;              /* LMA LME */
    c->rip = rip;
    c->rsp = 0x8000;
    c->rflags = 2;
    c->cs_sel = 8;
    c->cs_limit = c->ds_limit = c->es_limit = c->ss_limit = 0xffffffff;
    c->cs_arbytes = 0xa9b;
    c->ds_sel = c->es_sel = c->ss_sel = 0x10;
    c->ds_arbytes = c->es_arbytes = c->ss_arbytes = 0xc93;
    c->fs_arbytes = c->gs_arbytes = 0x1c93 & 0xfff;
    c->tr_arbytes = 0x8b;
    c->tr_limit = 0x67;
    c->ldtr_arbytes = 0x82;
    c->idtr_base = TINYHVM_IDT;
    c->idtr_limit = 0xfff;
    c->dr6 = 0xffff0ff0;
    c->dr7 = 0x400;
    op.u.hvmcontext.size = sizeof(context);
    set_xen_guest_handle(op.u.hvmcontext.buffer, (uint8_t *)&context);
    return hc_domctl(&op);
}

static long create(struct tinyhvm *t)
{
    struct xen_domctl op = {
        .cmd = XEN_DOMCTL_createdomain,
        .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
        .u.createdomain = {
            .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
            .max_vcpus = t->vcpus, .max_evtchn_port = 1023,
            .max_grant_frames = -1, .max_maptrack_frames = -1,
            .grant_opts = XEN_DOMCTL_GRANT_version(1),
            .arch.emulation_flags = XEN_X86_EMU_LAPIC,
        },
    };
    long rc = hc_domctl(&op);

    t->domid = op.domain;
    return rc;
}

/* Xen wants memory for nested tables before any of the guest's. */
static long set_mempool(struct tinyhvm *t)
{
    struct xen_domctl op = {
        .cmd = XEN_DOMCTL_set_paging_mempool_size,
        .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
        .domain = t->domid,
        .u.paging_mempool.size = 4ul << 20,
    };
    long rc;

    do {
        rc = hc_domctl(&op);
    } while (rc == -EAGAIN);
    return rc;
}

long tinyhvm_build(struct tinyhvm *t, const uint8_t *code, size_t bytes,
                   size_t entry)
{
    xen_pfn_t gfn = 0;
    long rc;

    if (window_own == 0) {
        window_own = mfn_of(window);
        results_own = mfn_of(results);
    }
    t->results = (volatile uint64_t *)results;
    if (t->vcpus == 0) {
        t->vcpus = 1;
    }
    if ((rc = create(t)) != 0 || (rc = set_mempool(t)) != 0 ||
        (rc = domctl_max_vcpus(t->domid, t->vcpus)) != 0 ||
        (rc = domctl_max_mem(t->domid, 4096)) != 0) {
        return rc;
    }
    rc = populate(t->domid, &gfn, 1, 9);
    if (rc != 1) {
        return rc < 0 ? rc : -ENOMEM;
    }
    if ((rc = write_tables(t)) != 0 ||
        (rc = write_code(t, code, bytes)) != 0 ||
        (rc = map_foreign(results, t->domid,
                          TINYHVM_RESULTS / PAGE_SIZE)) != 0) {
        return rc;
    }
    memset(results, 0, PAGE_SIZE);
    return set_context(t, TINYHVM_CODE + entry);
}

long tinyhvm_run(struct tinyhvm *t)
{
    return domctl_simple(XEN_DOMCTL_unpausedomain, t->domid);
}

long tinyhvm_wait(struct tinyhvm *t, unsigned int ms)
{
    uint64_t end = now_ns() + ms * 1000000ul;
    struct xen_domctl_getdomaininfo info;

    do {
        if (domctl_info(t->domid, &info) != 0) {
            return -1;
        }
        if (info.flags & XEN_DOMINF_shutdown) {
            return (info.flags >> XEN_DOMINF_shutdownshift) &
                   XEN_DOMINF_shutdownmask;
        }
        hc_sched(SCHEDOP_yield, NULL);
    } while (now_ns() < end);
    return -1;
}

long tinyhvm_destroy(struct tinyhvm *t)
{
    (void)map_foreign(results, DOMID_SELF, results_own);
    return domctl_simple(XEN_DOMCTL_destroydomain, t->domid);
}

long tinyhvm_set_param(struct tinyhvm *t, uint32_t index, uint64_t value)
{
    struct xen_hvm_param p = { .domid = t->domid, .index = index,
                               .value = value };

    return hcall2(__HYPERVISOR_hvm_op, HVMOP_set_param, &p);
}

static bool is_offered(void)
{
    static xen_capabilities_info_t caps;
    unsigned int i;

    if (!guest_privileged() || hc_version(XENVER_capabilities, caps) != 0) {
        return false;
    }
    for (i = 0; i + 3 < sizeof(caps); i++) {
        if (caps[i] == 'h' && caps[i + 1] == 'v' && caps[i + 2] == 'm') {
            return true;
        }
    }
    return false;
}

static void domains_with_hardware_help_need_dom0_and_a_cpu(void)
{
    SKIP("needs dom0 on a machine with SVM or VMX");
}

void tinyhvm_facts(const struct fact *facts, size_t n)
{
    static const struct fact none[] = {
        FACT(domains_with_hardware_help_need_dom0_and_a_cpu),
    };

    if (is_offered()) {
        report_run(facts, n);
    } else {
        report_run(none, ARRAY_SIZE(none));
    }
    report_end();
}
