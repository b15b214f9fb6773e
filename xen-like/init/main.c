/* SPDX-License-Identifier: MIT */
/*
 * init/main.c - the table of contents of a running system.
 *
 * boot/ has filled boot_info and called init_main() on the boot stack with
 * temporary page tables.  The order below is the order of dependencies.
 */
#include <init/main.h>

#include <acpi/madt.h>
#include <acpi/power.h>
#include <acpi/tables.h>

#include <arch/cpu.h>
#include <arch/desc.h>
#include <arch/sections.h>
#include <arch/smap.h>
#include <arch/switch.h>
#include <arch/xstate.h>

#include <core/boot_info.h>
#include <core/console.h>
#include <core/keyhandler.h>
#include <core/log.h>
#include <core/log_source.h>
#include <core/machine.h>
#include <core/panic.h>
#include <core/params.h>
#include <core/percpu.h>
#include <core/serial.h>
#include <core/softirq.h>
#include <core/timer_heap.h>
#include <core/vga.h>
#include <dom0/build.h>
#include <dom0/pvh_build.h>
#include <domain/vtime.h>
#include <entry/entry.h>
#include <event/evtchn.h>
#include <hypercall/table.h>
#include <init/cpu_up.h>
#include <init/keys.h>
#include <init/units.h>
#include <irq/ioapic.h>
#include <irq/irq.h>
#include <irq/lapic.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/early.h>
#include <mm/frame_table.h>
#include <mm/map.h>
#include <mm/map_boot.h>
#include <pv/pv_domain.h>
#include <sched/sched.h>
#include <svm/svm.h>
#include <vmx/vmx.h>
#include <smp/ipi.h>
#include <time/systime.h>
#include <time/systime_init.h>

#define VGA_TEXT 0xb8000ul
#define VGA_SIZE 0x8000ul

/* boot/start.S clears this many bytes at the top of the boot stack. */
_Static_assert(sizeof(struct cpu_info) == 216, "CPU_INFO_BYTES");
_Static_assert((sizeof(struct cpu_info) - sizeof(struct cpu_regs)) % 16 == 0,
               "rsp0 is 16-byte aligned");

static bool boot_text screen_is_text(void)
{
    if (boot_info.have_vga) {
        return boot_info.vga.video_type == XEN_VGATYPE_TEXT_MODE_3;
    }
    return !boot_info.efi;
}

static void boot_text banner(void)
{
    const struct e820_map *m = &boot_info.e820;

    log_banner("Paravane 4.17.0-paravane (Xen ABI 4.17)");
    log_banner("CPU %s, family %#x model %#x", cpu_ident.name,
               cpu_ident.family, cpu_ident.model);
    log_banner("RAM %lu MiB; loader %s%s", e820_total(m, E820_RAM) >> 20,
               boot_info.loader, boot_info.efi ? ", UEFI" : "");
    for (uint32_t i = 0; i < m->nr; i++) {
        log_info("  %012lx-%012lx type %u", m->e[i].addr,
                 m->e[i].addr + m->e[i].size - 1, m->e[i].type);
    }
    for (unsigned int i = 0; i < boot_info.nr_modules; i++) {
        log_info("module %u: %lx, %lu bytes: %s", i,
                 boot_info.module[i].maddr, boot_info.module[i].size,
                 boot_info.module[i].cmdline);
    }
}

static void console_input(void)
{
    virq_send_global(VIRQ_CONSOLE);
}

static struct softirq_task input_task = { .fn = console_input };

static void console_input_arrived(void)
{
    softirq_task_raise(&input_task);
}

/* For lines a guest provoked: "d3v0 ". */
static unsigned int current_name(char *buf, size_t size)
{
    if (current == NULL || is_idle_vcpu(current)) {
        return 0;
    }
    snprintf(buf, size, "d%uv%u ", current->domain->domid, current->vcpu_id);
    return current->domain->domid;
}

/* What core/ gets from the directories above it. */
static void boot_text hand_down(void)
{
    machine.send_event_check = ipi_send_event_check;
    machine.stop_other_cpus = ipi_stop_others;
    machine.now_ns = systime_ns;
    machine.reboot = power_reset;
    softirq_init();
    softirq_set_handler(SOFTIRQ_TIMER, timer_run);
    console_set_input_hook(console_input_arrived);
    log_set_guest_name(current_name);
}

static void uart_interrupt(void *unused)
{
    console_interrupt();
}

/* Interrupts of the UART: input, and output without waiting. */
static void boot_text connect_uart(void)
{
    unsigned int gsi;

    if (!params.console_serial || !serial_present() || serial_irq() > 15) {
        return;
    }
    gsi = madt.isa[serial_irq()].gsi;
    if (irq_setup_gsi(gsi, madt.isa[serial_irq()].level,
                      madt.isa[serial_irq()].low) == 0 &&
        irq_request(gsi, uart_interrupt, NULL) == 0) {
        console_irq_ready();
    }
}

/* Firmware tables, interrupt controllers, clocks. */
static void boot_text init_machine(void)
{
    acpi_init();
    irq_init();
    lapic_init(madt.lapic_maddr);
    for (unsigned int i = 0; i < madt.nr_ioapics; i++) {
        ioapic_add(madt.ioapic[i].maddr, madt.ioapic[i].gsi_base);
    }
    ipi_init();
    systime_start();
    if (systime_window_is_short()) {
        systime_calibrate();
    }
}

/* The clocks have run beside all that was done; now the rates are known. */
static void boot_text init_clocks(void)
{
    if (!systime_window_is_short()) {
        systime_calibrate();
    }
    wallclock_init();
    vtime_update_wallclock_all();
    machine.arm_timer = systime_arm_timer;
    timer_interrupt();                   /* arm what was set before */
}

/* dom0/build took the kernel and its initrd; what else the loader brought
 * becomes free memory. */
static void boot_text free_modules(void)
{
    for (unsigned int i = 2; i < boot_info.nr_modules; i++) {
        const struct boot_module *m = &boot_info.module[i];

        if (m->size != 0) {
            buddy_add_range(maddr_to_mfn(m->maddr),
                            maddr_to_mfn(m->maddr +
                                         ROUND_UP(m->size, PAGE_SIZE)));
        }
    }
}

/* Use up the stack: the guard page under it must end this. */
static noinline uint64_t recurse(volatile uint64_t depth)
{
    return depth == 0 ? 0 : recurse(depth + 1) + depth;
}

/* What protects the hypervisor from itself, tried on purpose. */
static void boot_text panic_tests(void)
{
    if (strcmp(params.panic_kind, "stack") == 0) {
        log_err("%lu", recurse(1));
    } else if (strcmp(params.panic_kind, "text") == 0) {
        *(volatile uint8_t *)_text_start = 0xcc;
    } else if (strcmp(params.panic_kind, "alias") == 0) {
        *(volatile uint8_t *)maddr_to_virt(boot_phys_base +
            (uint64_t)(_text_start - _image_start)) = 0xcc;
    } else if (strcmp(params.panic_kind, "data") == 0) {
        ((void (*)(void))(void *)&boot_info)();
    }
    if (params.panic_kind[0] != '\0') {
        log_err("panic_test=%s: nothing stopped it", params.panic_kind);
    }
}

/* The boot CPU's part; the others do theirs as they come up. */
static void boot_text init_hvm(void)
{
    const struct hvm_backend *b = params.hvm ? svm_probe() : NULL;

    if (b == NULL && params.hvm) {
        b = vmx_probe();
    }
    if (b != NULL && b->cpu_on() == 0) {
        hvm_set_backend(b);
    }
    log_info("hardware-assisted guests: %s",
             hvm_backend != NULL ? hvm_backend->name : "none");
}

/* Not in the section it frees. */
static noreturn noinline void run(void)
{
    cpu_up_done();
    console_release_vga();
    sched_start_this_cpu();
}

/* On the boot CPU's own stack, with guard pages, boot stack out of use. */
static noreturn void boot_text init_on_stack(void)
{
    cpu_up_boot_cpu();
    if (params.console_vga && screen_is_text()) {
        vga_init(map_mmio(VGA_TEXT, VGA_SIZE));
    }
    hand_down();
    init_machine();
    if (params.dom0_pvh) {
        pvh_take_ram();
    }
    early_release();
    map_use_buddy();
    log_info("%lu writable and executable mappings", map_count_wx());
    BUG_ON(map_count_wx() != 0);         /* INV-MAP1 */

    cpu_up_timers(0);
    keyhandler_init();
    keys_init();
    units_init();
    init_hvm();
    hypercall_table_init();
    sched_init(pv_load_idle);
    desc_init_idt();                     /* from here on entry/'s vectors */
    traps_init();
    panic_tests();
    connect_uart();
    local_irq_enable();                  /* output leaves while we work */
    if (params.dom0_max_vcpus == 0) {
        params.dom0_max_vcpus = cpu_up_expected(params.maxcpus);
    }
    if (dom0_build(&boot_info) != 0) {
        panic("nothing to run: no first domain");
    }
    free_modules();
    init_clocks();
    cpu_up_others(params.maxcpus);
    log_info("%u CPUs", nr_cpus_online);
    run();
}

noreturn void boot_text init_main(void)
{
    cpu_identify();
    cpu_set_stack_guard();
    params_parse(boot_info.cmdline);
    console_init();
    if (params.console_vga && screen_is_text()) {
        vga_init((char *)DIRECTMAP_VIRT + VGA_TEXT);
    }
    banner();
    if (params.panic_test && params.panic_kind[0] == '\0') {
        panic("asked for by panic_test");
    }

    smap_patch();
    early_init();
    cpu_up_keep_template();
    vga_init(NULL);
    map_init();
    cpu_init();
    xstate_init();
    reset_stack_and_jump(cpu_up_boot_stack(), init_on_stack);
}
