/* SPDX-License-Identifier: MIT */
/*
 * save/check_hvm.h - records of guests that are not PV, before anybody acts
 * on them.
 *
 * Owns    which HVM parameters travel; the shape of the hypervisor's own
 *         records, whoever wrote them.
 * Leaves  what is in those records to the hypervisor that loads them.
 * Tests   tests/unit/save/test_stream.c
 */
#ifndef SAVE_CHECK_HVM_H
#define SAVE_CHECK_HVM_H

#include <stddef.h>
#include <stdint.h>

extern const uint32_t save_params[];       /* indices, xen/hvm/params.h */
extern const size_t save_nr_params;

/* NULL, or why it cannot be. */
const char *save_check_params(const uint8_t *body, size_t len);
const char *save_check_context(const uint8_t *body, size_t len,
                               uint32_t nr_vcpus);

#endif
