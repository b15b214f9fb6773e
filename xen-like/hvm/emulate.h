/* SPDX-License-Identifier: MIT */
/*
 * hvm/emulate.h - instructions that touch devices, by emul/.
 *
 * The bytes of an instruction are read once; until it is done (a device
 * model may be asked in between) only that copy counts.  What the exit was
 * for decides which instructions are looked at: bytes that another vcpu
 * changed meanwhile give no right that their user has not (INV-HVM2).
 */
#ifndef HVM_EMULATE_H
#define HVM_EMULATE_H

#include <hvm/exit.h>

/* The answer has come: go on with the copy. */
void hvm_emulate_resume(struct vcpu *v);

#endif
