/* SPDX-License-Identifier: MIT */
/*
 * save/save_hvm.h - a PVH or HVM guest that stands still into a stream.
 *
 * Owns    which of its frames there are, parameters, contexts.
 * Leaves  suspending or pausing it, and its device model's state, to the
 *         caller; what all guests have to saving.h.
 * Tests   tests/boot/dom0/hvm-save.sh
 */
#ifndef SAVE_SAVE_HVM_H
#define SAVE_SAVE_HVM_H

#include <save/save_pv.h>

int save_hvm(struct save_job *job, struct err *e);

#endif
