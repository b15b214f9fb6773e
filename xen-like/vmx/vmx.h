/* SPDX-License-Identifier: MIT */
/*
 * vmx/vmx.h - hardware-assisted guests on Intel.
 *
 * Owns    switching VMX on, one VMXON area per CPU, the control structure of
 *         each vcpu and where it is loaded; fills struct hvm_backend.
 * Needs   EPT, unrestricted guests, MSR bitmaps, virtual NMIs, EFER and PAT
 *         switched by the CPU.  Uses VPIDs if there are any.
 * Source  SDM vol. 3C, chapters 24-29, appendix A.
 * Tests   tests/unit/hvm/test_vmx_exit.c; make boot GROUP=vmx LONG=1
 */
#ifndef VMX_VMX_H
#define VMX_VMX_H

#include <hvm/backend.h>

/* Boot CPU: the backend of this machine, or NULL (no VMX, a part that is
 * needed is not there, switched off by firmware). */
const struct hvm_backend *vmx_probe(void);

#endif
