/* SPDX-License-Identifier: MIT */
/*
 * Flags to words, reasons to actions: two tables and their readers.
 * Tests: tests/unit/toolstack/test_lifecycle.c.
 */
#include <lib/xen_abi.h>
#include <lifecycle/state.h>

enum which { ON_POWEROFF, ON_REBOOT, ON_CRASH, NONE };

static const struct {
    const char *name;
    enum which action;
} reasons[] = {
    [SHUTDOWN_poweroff]   = { "poweroff", ON_POWEROFF },
    [SHUTDOWN_reboot]     = { "reboot", ON_REBOOT },
    [SHUTDOWN_suspend]    = { "suspend", NONE },
    [SHUTDOWN_crash]      = { "crash", ON_CRASH },
    [SHUTDOWN_watchdog]   = { "watchdog", ON_CRASH },
    [SHUTDOWN_soft_reset] = { "soft-reset", ON_REBOOT },
};
#define NR_REASONS (sizeof(reasons) / sizeof(reasons[0]))

enum vm_state state_of_flags(uint32_t flags)
{
    unsigned int reason;

    if ((flags & XEN_DOMINF_dying) != 0) {
        return VM_IN_SHUTDOWN;
    }
    if (state_shutdown_reason(flags, &reason)) {
        return reason == SHUTDOWN_suspend ? VM_PAUSED
               : reason == SHUTDOWN_crash || reason == SHUTDOWN_watchdog
                   ? VM_CRASHED : VM_SHUT_OFF;
    }
    if ((flags & XEN_DOMINF_paused) != 0) {
        return VM_PAUSED;
    }
    return (flags & XEN_DOMINF_running) != 0 ? VM_RUNNING : VM_IDLE;
}

const char *state_name(enum vm_state state)
{
    static const char *const names[] = {
        [VM_RUNNING] = "running", [VM_IDLE] = "idle", [VM_PAUSED] = "paused",
        [VM_IN_SHUTDOWN] = "in shutdown", [VM_SHUT_OFF] = "shut off",
        [VM_CRASHED] = "crashed",
    };

    return names[state];
}

bool state_shutdown_reason(uint32_t flags, unsigned int *reason)
{
    *reason = flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
    return (flags & XEN_DOMINF_shutdown) != 0;
}

const char *state_reason_name(unsigned int reason)
{
    return reason < NR_REASONS ? reasons[reason].name : "unknown";
}

static enum life_action without_dump(enum life_action action)
{
    if (action == LIFE_COREDUMP_DESTROY) {
        return LIFE_DESTROY;
    }
    if (action == LIFE_COREDUMP_RESTART || action == LIFE_RENAME_RESTART) {
        return LIFE_RESTART;
    }
    return action;
}

enum life_action state_action(const struct domain_def *def,
                              unsigned int reason)
{
    enum which which = reason < NR_REASONS ? reasons[reason].action : ON_CRASH;
    const enum life_action wanted[] = {
        [ON_POWEROFF] = def->on_poweroff, [ON_REBOOT] = def->on_reboot,
        [ON_CRASH] = def->on_crash, [NONE] = LIFE_PRESERVE,
    };

    return without_dump(wanted[which]);
}
