/* SPDX-License-Identifier: MIT */
/*
 * fake-arch/fake_vmcs.h - one control structure, read and written by
 * vmcs_read() and vmcs_write() of vmx/vmcs.h.
 */
#ifndef FAKE_VMCS_H
#define FAKE_VMCS_H

/* All fields 0. */
void fake_vmcs_reset(void);

#endif
