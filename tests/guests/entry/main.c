/* SPDX-License-Identifier: MIT */
/*
 * entry/main.c - facts about the state in which a PV64 kernel is started:
 * registers, start_info, boot page tables, M2P, shared_info.
 * Built with and without an INIT_P2M note.  ABI: xen/xen.h (start_info),
 * xen/arch-x86/xen-x86_64.h.
 */
#include <lib/event.h>
#include <lib/guest.h>
#include <lib/hypercall.h>
#include <lib/report.h>
#include <lib/trap.h>

#include "entry.h"

enum { RAX, RBX, RCX, RDX, RSI, RDI, RBP, RSP, R8, R15 = 15, RFLAGS, CS, SS,
       DS, ES, FS, GS, FCW, MXCSR };

static void entry_rsi_is_start_info(void)
{
    EXPECT_EQ(entry_regs[RSI], start_info);
    EXPECT((entry_regs[RSI] & (PAGE_SIZE - 1)) == 0);
    EXPECT(strncmp(start_info->magic, "xen-3.0-x86_64", 14) == 0);
}

static void entry_other_registers_are_zero(void)
{
    static const uint8_t zero[] = { RAX, RBX, RCX, RDX, RDI, RBP };
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(zero); i++) {
        EXPECT_EQ(entry_regs[zero[i]], 0);
    }
    for (i = R8; i <= R15; i++) {
        EXPECT_EQ(entry_regs[i], 0);
    }
}

static void entry_stack_is_behind_page_tables(void)
{
    uint64_t tables_end = start_info->pt_base +
                          start_info->nr_pt_frames * PAGE_SIZE;

    EXPECT_EQ(entry_regs[RSP], tables_end + PAGE_SIZE);
}

static void entry_stack_is_mapped_and_writable(void)
{
    const pte_t *pte = pte_of((void *)(entry_regs[RSP] - 8), 1);

    EXPECT(pte != NULL);
    EXPECT((*pte & (PTE_P | PTE_RW)) == (PTE_P | PTE_RW));
}

static void entry_rflags_has_only_if(void)
{
    EXPECT_EQ(entry_regs[RFLAGS], 0x202);
}

static void entry_selectors_are_flat_ring3(void)
{
    EXPECT_EQ(entry_regs[CS], FLAT_KERNEL_CS);
    EXPECT_EQ(entry_regs[SS], FLAT_KERNEL_SS);
    EXPECT_EQ(entry_regs[DS], 0);
    EXPECT_EQ(entry_regs[ES], 0);
    EXPECT_EQ(entry_regs[FS], 0);
    EXPECT_EQ(entry_regs[GS], 0);
}

static void entry_fpu_is_at_reset(void)
{
    EXPECT_EQ(entry_regs[FCW] & 0xffff, 0x37f);
    EXPECT_EQ(entry_regs[MXCSR] & 0xffffffff, 0x1f80);
}

static void entry_upcalls_are_masked(void)
{
    EXPECT_EQ(first_upcall_mask(), 1);
}

static void entry_all_vcpu_slots_upcalls_masked(void)
{
    unsigned int i;

    for (i = 0; i < XEN_LEGACY_MAX_VCPUS; i++) {
        EXPECT_EQ(shared_info->vcpu_info[i].evtchn_upcall_mask, 1);
        EXPECT_EQ(shared_info->vcpu_info[i].evtchn_upcall_pending, 0);
    }
}

static void start_info_flags_match_privilege(void)
{
    bool dom0 = start_info->flags & SIF_INITDOMAIN;

    EXPECT_EQ(!!(start_info->flags & SIF_PRIVILEGED), dom0);
    if (dom0) {
        EXPECT_EQ(start_info->store_mfn, 0);
        EXPECT_EQ(start_info->store_evtchn, 0);
    }
}

static void start_info_nr_pages_is_dom0_mem(void)
{
    /* The runner boots with dom0_mem=128M. */
    EXPECT_EQ(start_info->nr_pages, 128ul << 8);
}

static void start_info_command_line_ends(void)
{
    unsigned int i;

    for (i = 0; i < MAX_GUEST_CMDLINE; i++) {
        if (start_info->cmd_line[i] == '\0') {
            return;
        }
    }
    EXPECT(!"a zero byte in cmd_line");
}

static void start_info_shared_info_is_aligned(void)
{
    EXPECT(start_info->shared_info != 0);
    EXPECT_EQ(start_info->shared_info % PAGE_SIZE, 0);
}

static void console_info_has_a_plausible_size(void)
{
    SKIP_UNLESS_DOM0();
    if (start_info->console.dom0.info_size != 0) {
        EXPECT(start_info->console.dom0.info_off >=
               sizeof(struct start_info));
        EXPECT(start_info->console.dom0.info_off +
                   start_info->console.dom0.info_size <= PAGE_SIZE);
    }
}

static const struct fact facts[] = {
    FACT(entry_rsi_is_start_info),
    FACT(entry_other_registers_are_zero),
    FACT(entry_stack_is_behind_page_tables),
    FACT(entry_stack_is_mapped_and_writable),
    FACT(entry_rflags_has_only_if),
    FACT(entry_selectors_are_flat_ring3),
    FACT(entry_fpu_is_at_reset),
    FACT(entry_upcalls_are_masked),
    FACT(entry_all_vcpu_slots_upcalls_masked),
    FACT(start_info_flags_match_privilege),
    FACT(start_info_nr_pages_is_dom0_mem),
    FACT(start_info_command_line_ends),
    FACT(start_info_shared_info_is_aligned),
    FACT(console_info_has_a_plausible_size),
};

void guest_main(void)
{
    report_run(facts, ARRAY_SIZE(facts));
    entry_run_tables();
    report_end();
}
