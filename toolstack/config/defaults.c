/* SPDX-License-Identifier: MIT */
/*
 * What libvirt's driver assumes when an element is absent: a random UUID, one
 * vCPU, all memory at boot, restart on reboot, destroy otherwise, a console.
 * Tests: tests/unit/toolstack/test_xml.c.
 */
#include <config/defaults.h>
#include <config/device_kinds.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#define MIB_IN_KIB 1024u

static uint64_t round_up_mib(uint64_t kib)
{
    return kib > UINT64_MAX - MIB_IN_KIB
               ? kib : (kib + MIB_IN_KIB - 1) / MIB_IN_KIB * MIB_IN_KIB;
}

static void fill_memory(struct domain_def *def)
{
    def->memory_kib = round_up_mib(def->memory_kib);
    if (!def->has_current) {
        def->current_kib = def->memory_kib;
        def->has_current = true;
    }
    def->current_kib = round_up_mib(def->current_kib);
}

static void fill_vcpus(struct domain_def *def)
{
    if (def->max_vcpus == 0) {
        def->max_vcpus = 1;
    }
    if (def->cur_vcpus == 0) {
        def->cur_vcpus = def->max_vcpus;
    }
    if (def->weight == 0) {
        def->weight = DEF_WEIGHT;
    }
}

static void fill_actions(struct domain_def *def)
{
    if (def->on_poweroff == LIFE_UNSET) {
        def->on_poweroff = LIFE_DESTROY;
    }
    if (def->on_reboot == LIFE_UNSET) {
        def->on_reboot = LIFE_RESTART;
    }
    if (def->on_crash == LIFE_UNSET) {
        def->on_crash = LIFE_DESTROY;
    }
}

/* libvirt writes <root> in front of the command line as "root=". */
static int join_root(struct domain_def *def)
{
    char *joined;

    if (def->root == NULL) {
        return 0;
    }
    if (asprintf(&joined, "root=%s%s%s", def->root,
                 def->cmdline == NULL ? "" : " ",
                 def->cmdline == NULL ? "" : def->cmdline) < 0) {
        return -ENOMEM;
    }
    free(def->cmdline);
    free(def->root);
    def->cmdline = joined;
    def->root = NULL;
    return 0;
}

int defaults_fill(struct domain_def *def)
{
    if (!def->has_uuid) {
        uuid_generate(def->uuid);
        def->has_uuid = true;
    }
    fill_memory(def);
    fill_vcpus(def);
    fill_actions(def);
    if (def->nr_consoles == 0 &&
        DEF_GROW(def->consoles, def->nr_consoles) == NULL) {
        return -ENOMEM;
    }
    for (size_t k = 0; k < nr_device_kinds; k++) {
        for (size_t i = 0; i < device_kinds[k].count(def); i++) {
            device_kinds[k].defaults(def, i);
        }
    }
    if (def->type == GUEST_HVM && def->boot_order[0] == '\0') {
        def->boot_order[0] = 'c';
    }
    return join_root(def);
}
