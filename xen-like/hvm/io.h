/* SPDX-License-Identifier: MIT */
/*
 * hvm/io.h - accesses of a guest to devices: ports and memory that is none.
 *
 * The hypervisor's own devices (vdev/) come first, then device models
 * (ioreq/), then nothing: reads give all ones, writes are lost.
 * An access that a model must answer returns HVM_IO_LATER.  The instruction
 * is then done again from its beginning, before anything else happens to the
 * vcpu, and finds what it has already had: each access is made once
 * (INV-HVM1).
 */
#ifndef HVM_IO_H
#define HVM_IO_H

#include <hvm/hvm_domain.h>
#include <ioreq/ioreq.h>
#include <vdev/vdev.h>

enum hvm_io_result { HVM_IO_DONE, HVM_IO_LATER, HVM_IO_NOBODY };

enum hvm_io_result hvm_io(struct vcpu *v, bool write, bool mmio,
                          uint64_t addr, unsigned int bytes, uint64_t *data);
/* Certainly nobody's: there is no device model, and none of our own devices
 * (nor the debug port, 0xe9) is near. */
static inline bool hvm_io_port_nobody(const struct vcpu *v, uint16_t port)
{
    return !vdev_port_maybe(port) && !ioreq_maybe(v) &&
           !v->domain->is_hardware;
}
/* IN and OUT whose answer is here: of our own devices, or nobody's.  false:
 * a device model may have one. */
bool hvm_io_port_now(struct vcpu *v, bool write, uint16_t port,
                     unsigned int bytes, uint64_t *data);
/* Up to *@count elements between @port and RAM at @gaddr by a device model;
 * NOBODY: one by one. */
enum hvm_io_result hvm_io_rep(struct vcpu *v, bool write, uint16_t port,
                              unsigned int bytes, uint64_t gaddr,
                              uint64_t *count);

/* An instruction begins, has finished one element of a string, is done. */
void hvm_io_start(struct vcpu *v, enum hvm_resume how);
void hvm_io_next_element(struct vcpu *v);
void hvm_io_finish(struct vcpu *v);

/* Before an entry: finishes what was waiting; false while an answer is
 * awaited. */
bool hvm_io_ready(struct vcpu *v);

#endif
