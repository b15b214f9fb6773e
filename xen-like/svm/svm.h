/* SPDX-License-Identifier: MIT */
/*
 * svm/svm.h - hardware-assisted guests on AMD.
 *
 * Owns    switching SVM on, one host area per CPU, ASIDs, the control block
 *         of each vcpu; fills struct hvm_backend.
 * Source  APM vol. 2, chapter 15.
 * Tests   tests/guests/hvm/ (GROUP=hvm); tests/unit/hvm/
 */
#ifndef SVM_SVM_H
#define SVM_SVM_H

#include <hvm/backend.h>

/* Boot CPU: the backend of this machine, or NULL (no SVM, no nested paging,
 * switched off by firmware). */
const struct hvm_backend *svm_probe(void);

#endif
