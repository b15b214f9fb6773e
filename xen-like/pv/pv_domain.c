/* SPDX-License-Identifier: MIT */
/*
 * PV domains and vcpus: made, given a context, taken apart.
 */
#include <arch/cpu.h>
#include <arch/xstate.h>
#include <core/panic.h>
#include <domain/guest_copy.h>
#include <hv/errno.h>
#include <lib/string.h>
#include <mm/heap.h>
#include <pv/descriptor.h>
#include <pv/guest_walk.h>
#include <pv/pt_entry.h>
#include <pv/pv_domain.h>
#include <pv/pv_entry.h>
#include <pv/pv_switch.h>
#include <pv/trap.h>

#define VCPUS_PER_L1 (PT_ENTRIES / PV_AREA_PAGES)
#define TABLE_FLAGS  (PTE_P | PTE_RW | PTE_A | PTE_D)

int pv_domain_init(struct domain *d)
{
    struct pv_domain *pv;

    if (d->cfg_hvm) {
        return 0;
    }
    pv = heap_new(struct pv_domain);
    if (pv == NULL) {
        return -ENOMEM;
    }
    d->pv = pv;
    pv->l3 = heap_alloc_pages(0);
    pv->l2 = heap_alloc_pages(0);
    if (pv->l3 == NULL || pv->l2 == NULL) {
        pv_domain_free(d);
        return -ENOMEM;
    }
    pv->l3[0] = pte_make(virt_to_mfn(pv->l2), TABLE_FLAGS);
    return 0;
}

void pv_domain_free(struct domain *d)
{
    struct pv_domain *pv = d->pv;

    if (pv == NULL) {
        return;
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(pv->l1); i++) {
        if (pv->l1[i] != NULL) {
            heap_free_pages(pv->l1[i], 0);
        }
    }
    if (pv->l2 != NULL) {
        heap_free_pages(pv->l2, 0);
    }
    if (pv->l3 != NULL) {
        heap_free_pages(pv->l3, 0);
    }
    heap_free(pv);
    d->pv = NULL;
}

/* The 32 entries of the vcpu's area, in the L1 it shares with 15 others. */
static pte_t *area_alloc(struct domain *d, unsigned int vcpu_id)
{
    unsigned int i = vcpu_id / VCPUS_PER_L1;

    if (d->pv->l1[i] == NULL) {
        d->pv->l1[i] = heap_alloc_pages(0);
        if (d->pv->l1[i] == NULL) {
            return NULL;
        }
        d->pv->l2[i] = pte_make(virt_to_mfn(d->pv->l1[i]), TABLE_FLAGS);
    }
    return d->pv->l1[i] + vcpu_id % VCPUS_PER_L1 * PV_AREA_PAGES;
}

static void pv_init_state(struct pv_vcpu *pv)
{
    pv->in_kernel = 1;
    pv->dr[6] = 0xffff0ff0;
    pv->dr[7] = 0x400;
    pv->iopl = 0;
}

int pv_vcpu_init(struct vcpu *v)
{
    struct pv_vcpu *pv;
    void *x;

    if (v->domain->cfg_hvm) {
        return 0;
    }
    pv = heap_new(struct pv_vcpu);
    x = heap_alloc(xstate_bytes());
    v->pv = pv;
    v->xstate = x != NULL ? xstate_place(x) : NULL;
    if (pv == NULL || x == NULL) {
        goto nomem;
    }
    pv_init_state(pv);
    pv->traps = heap_new_array(struct pv_trap, 256);
    pv->area = area_alloc(v->domain, v->vcpu_id);
    if (pv->traps == NULL || pv->area == NULL) {
        goto nomem;
    }
    return 0;

nomem:
    pv_vcpu_free(v);
    return -ENOMEM;
}

void pv_vcpu_free(struct vcpu *v)
{
    if (v->domain->cfg_hvm) {
        return;
    }
    if (v->pv != NULL) {
        heap_free(v->pv->traps);
        heap_free(v->pv);
        v->pv = NULL;
    }
    heap_free(v->xstate);
    v->xstate = NULL;
}

/* ---- context --------------------------------------------------------------------- */

/* Hold a root for a vcpu; -ERESTART when validation was preempted. */
static int root_get(struct domain *d, uint64_t cr3, uint64_t *out)
{
    mfn_t mfn = maddr_to_mfn(cr3);
    int rc;

    if (!page_get(mfn, d->domid)) {
        return -EINVAL;
    }
    rc = page_get_type(mfn_to_page(mfn), PGT_L4);
    if (rc != 0) {
        page_put(mfn_to_page(mfn));
        return rc == -EBUSY ? -EINVAL : rc;
    }
    *out = mfn_to_maddr(mfn);
    return 0;
}

static void root_put(uint64_t cr3)
{
    if (cr3 != 0) {
        guest_release_table(maddr_to_mfn(cr3));
    }
}

static int set_roots(struct vcpu *v, const struct vcpu_guest_context *ctx)
{
    struct pv_vcpu *pv = v->pv;
    uint64_t kernel, user = 0;
    int rc = root_get(v->domain, ctx->ctrlreg[3], &kernel);

    if (rc != 0) {
        return rc;
    }
    if (ctx->ctrlreg[1] != 0) {
        rc = root_get(v->domain, ctx->ctrlreg[1] & ~1ull, &user);
        if (rc != 0) {
            root_put(kernel);
            return rc;
        }
    }
    root_put(pv->cr3_kernel);
    root_put(pv->cr3_user);
    pv->cr3_kernel = kernel;
    pv->cr3_user = user;
    return 0;
}

static int set_traps(struct pv_vcpu *pv, const struct vcpu_guest_context *ctx)
{
    for (unsigned int i = 0; i < 256; i++) {
        const struct trap_info *t = &ctx->trap_ctxt[i];

        if (!is_canonical(t->address)) {
            return -EINVAL;
        }
    }
    for (unsigned int i = 0; i < 256; i++) {
        const struct trap_info *t = &ctx->trap_ctxt[i];

        pv->traps[i] = (struct pv_trap){
            .rip = t->address, .dpl = TI_GET_DPL(t),
            .mask_events = TI_GET_IF(t) != 0,
        };
    }
    return 0;
}

static int check_context(const struct vcpu_guest_context *ctx)
{
    if (!(ctx->flags & VGCF_in_kernel) && ctx->ctrlreg[1] == 0) {
        return -EINVAL;
    }
    if (!is_canonical(ctx->user_regs.rip) ||
        !is_canonical(ctx->event_callback_eip) ||
        !is_canonical(ctx->failsafe_callback_eip) ||
        !is_canonical(ctx->syscall_callback_eip) ||
        !is_canonical(ctx->fs_base) || !is_canonical(ctx->gs_base_kernel) ||
        !is_canonical(ctx->gs_base_user)) {
        return -EINVAL;
    }
    return 0;
}

static void set_regs(struct pv_vcpu *pv, const struct vcpu_guest_context *ctx)
{
    memcpy(&pv->regs, &ctx->user_regs, sizeof(pv->regs));
    pv->regs.entry_vector = 0;
    pv->regs.error_code = 0;
    pv->regs.rflags = pv_clean_rflags(ctx->user_regs.rflags);
    pv->regs.cs = ctx->user_regs.cs | 3;
    pv->regs.ss = ctx->user_regs.ss | 3;
    pv->ds = ctx->user_regs.ds;
    pv->es = ctx->user_regs.es;
    pv->fs = ctx->user_regs.fs;
    pv->gs = ctx->user_regs.gs;
    pv->fs_base = ctx->fs_base;
    pv->gs_base_kernel = ctx->gs_base_kernel;
    pv->gs_base_user = ctx->gs_base_user;
    pv->in_kernel = (ctx->flags & VGCF_in_kernel) != 0;
}

static void set_callbacks(struct pv_vcpu *pv,
                          const struct vcpu_guest_context *ctx)
{
    pv->kernel_sp = ctx->kernel_sp;
    pv->kernel_ss = (uint16_t)(ctx->kernel_ss | 3);
    pv->cb[PV_CB_EVENT] = (struct pv_callback){ ctx->event_callback_eip, true };
    pv->cb[PV_CB_FAILSAFE] = (struct pv_callback){
        ctx->failsafe_callback_eip,
        (ctx->flags & VGCF_failsafe_disables_events) != 0
    };
    pv->cb[PV_CB_SYSCALL] = (struct pv_callback){
        ctx->syscall_callback_eip,
        (ctx->flags & VGCF_syscall_disables_events) != 0
    };
}

static int set_descriptors(struct vcpu *v, const struct vcpu_guest_context *ctx)
{
    int rc;

    if (ctx->gdt_ents > PV_GDT_PAGES * 512) {
        return -EINVAL;
    }
    rc = pv_set_gdt(v, ctx->gdt_frames, (unsigned int)ctx->gdt_ents);
    if (rc != 0 || ctx->ldt_ents > 8192) {
        return rc != 0 ? rc : -EINVAL;
    }
    return pv_set_ldt(v, ctx->ldt_base, (unsigned int)ctx->ldt_ents);
}

static int pv_set_context(struct vcpu *v, const struct vcpu_guest_context *ctx)
{
    struct pv_vcpu *pv = v->pv;
    int rc = check_context(ctx);

    if (rc == 0) {
        rc = set_roots(v, ctx);
    }
    if (rc == 0) {
        rc = set_traps(pv, ctx);
    }
    if (rc == 0) {
        rc = set_descriptors(v, ctx);
    }
    if (rc != 0) {
        return rc;
    }
    set_regs(pv, ctx);
    set_callbacks(pv, ctx);
    pv->cr4 = ctx->ctrlreg[4] & (X86_CR4_TSD | X86_CR4_DE | X86_CR4_OSXSAVE |
              (has_cpu(X86_FEATURE_FSGSBASE) ? X86_CR4_FSGSBASE : 0));
    pv->cr0_ts = ctx->ctrlreg[0] & X86_CR0_TS;
    for (unsigned int i = 0; i < 8; i++) {
        if (i != 4 && i != 5 && ctx->debugreg[i] != 0) {
            rc = pv_set_debugreg(v, i, ctx->debugreg[i]);
            if (rc != 0) {
                return rc;
            }
        }
    }
    if (ctx->flags & VGCF_i387_valid) {
        xstate_load_fxsave(v->xstate, &ctx->fpu_ctxt);
    } else {
        xstate_reset(v->xstate);
    }
    v->domain->vm_assist |= ctx->vm_assist;
    return 0;
}

static void pv_get_context(struct vcpu *v, struct vcpu_guest_context *ctx)
{
    const struct pv_vcpu *pv = v->pv;

    memset(ctx, 0, sizeof(*ctx));
    memcpy(&ctx->user_regs, &pv->regs, sizeof(pv->regs));
    ctx->user_regs.ds = pv->ds;
    ctx->user_regs.es = pv->es;
    ctx->user_regs.fs = pv->fs;
    ctx->user_regs.gs = pv->gs;
    ctx->user_regs.entry_vector = 0;
    ctx->flags = VGCF_i387_valid | (pv->in_kernel ? VGCF_in_kernel : 0) |
                 (v->is_up ? VGCF_online : 0) |
                 (pv->cb[PV_CB_FAILSAFE].mask_events
                  ? VGCF_failsafe_disables_events : 0) |
                 (pv->cb[PV_CB_SYSCALL].mask_events
                  ? VGCF_syscall_disables_events : 0);
    for (unsigned int i = 0; i < 256; i++) {
        ctx->trap_ctxt[i].vector = (uint8_t)i;
        ctx->trap_ctxt[i].address = pv->traps[i].rip;
        ctx->trap_ctxt[i].cs = GUEST_CS64;
        TI_SET_DPL(&ctx->trap_ctxt[i], pv->traps[i].dpl);
        TI_SET_IF(&ctx->trap_ctxt[i], pv->traps[i].mask_events);
    }
    memcpy(ctx->gdt_frames, pv->gdt_mfns, sizeof(pv->gdt_mfns));
    ctx->gdt_ents = pv->gdt_ents;
    ctx->ldt_base = pv->ldt_base;
    ctx->ldt_ents = pv->ldt_ents;
    ctx->kernel_ss = pv->kernel_ss;
    ctx->kernel_sp = pv->kernel_sp;
    ctx->ctrlreg[0] = 0x80050033 | pv->cr0_ts;
    ctx->ctrlreg[1] = pv->cr3_user;
    ctx->ctrlreg[3] = pv->cr3_kernel;
    ctx->ctrlreg[4] = pv->cr4;
    memcpy(ctx->debugreg, pv->dr, sizeof(pv->dr));
    ctx->event_callback_eip = pv->cb[PV_CB_EVENT].rip;
    ctx->failsafe_callback_eip = pv->cb[PV_CB_FAILSAFE].rip;
    ctx->syscall_callback_eip = pv->cb[PV_CB_SYSCALL].rip;
    ctx->vm_assist = v->domain->vm_assist;
    ctx->fs_base = pv->fs_base;
    ctx->gs_base_kernel = pv->gs_base_kernel;
    ctx->gs_base_user = pv->gs_base_user;
    xstate_store_fxsave(v->xstate, &ctx->fpu_ctxt);
}

/* ---- death ------------------------------------------------------------------------- */

static int drop_root(uint64_t *cr3)
{
    struct page_info *pg;

    if (*cr3 == 0) {
        return 0;
    }
    pg = mfn_to_page(maddr_to_mfn(*cr3));
    if (page_put_type_preemptible(pg) != 0) {
        return -ERESTART;
    }
    *cr3 = 0;
    page_put(pg);
    return 0;
}

static int vcpu_relinquish(struct vcpu *v)
{
    struct pv_vcpu *pv = v->pv;

    if (v->old_table != NULL) {
        if (page_put_type_preemptible(v->old_table) != 0) {
            return -ERESTART;
        }
        page_put(v->old_table);
        v->old_table = NULL;
    }
    if (drop_root(&pv->cr3_user) != 0 || drop_root(&pv->cr3_kernel) != 0) {
        return -ERESTART;
    }
    pv_destroy_gdt(v);
    pv_destroy_ldt(v);
    return 0;
}

int pv_relinquish(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v) {
        if (v->pv != NULL && vcpu_relinquish(v) != 0) {
            return -ERESTART;
        }
    }
    return 0;
}

const struct guest_ops pv_guest_ops = {
    .name = "pv",
    .switch_from = pv_switch_from,
    .switch_to = pv_switch_to,
    .resume = pv_resume,
    .set_context = pv_set_context,
    .get_context = pv_get_context,
};
