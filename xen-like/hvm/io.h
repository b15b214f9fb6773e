/* SPDX-License-Identifier: MIT */
/*
 * hvm/io.h - accesses of a guest to devices: ports and memory that is none.
 *
 * The hypervisor's own devices (vdev/) come first, then device models
 * (ioreq/), then nothing: reads give all ones, writes are lost.
 * An access that a model must answer returns HVM_IO_LATER: the instruction is
 * started again when the answer is there, and finds it.
 */
#ifndef HVM_IO_H
#define HVM_IO_H

#include <hvm/hvm_domain.h>

enum hvm_io_result { HVM_IO_DONE, HVM_IO_LATER };

enum hvm_io_result hvm_io(struct vcpu *v, bool write, bool mmio,
                          uint64_t addr, unsigned int bytes, uint64_t *data);

/* Before an entry: false while an answer is awaited. */
bool hvm_io_ready(struct vcpu *v);

#endif
