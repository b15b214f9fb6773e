/* SPDX-License-Identifier: MIT */
/*
 * fake-arch/vmcs.c - the control structure of VMX in memory: vmx/vmcs.h's
 * fields by encoding, so that vmx_exit.c runs on the host.
 */
#include <fake_vmcs.h>
#include <string.h>
#include <vmx/vmcs.h>

static uint64_t fields[0x8000];

void fake_vmcs_reset(void)
{
    memset(fields, 0, sizeof(fields));
}

uint64_t vmcs_read(unsigned int field)
{
    return field < 0x8000 ? fields[field] : 0;
}

void vmcs_write(unsigned int field, uint64_t val)
{
    if (field < 0x8000) {
        fields[field] = val;
    }
}
