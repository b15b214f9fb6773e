/* SPDX-License-Identifier: MIT */
/*
 * run/request.h - what an instruction of the guest asks, and the answer.
 *
 * Owns    one request (port, memory, PCI configuration; single or repeated,
 *         with data in the request or in guest memory) carried out over
 *         bus/range, bus/pci and guest/guest_mem.
 * Leaves  where requests come from to run/server.
 * ABI     xen/hvm/ioreq.h
 * Tests   tests/unit/hvm-emu/frame/test_request.c
 */
#ifndef RUN_REQUEST_H
#define RUN_REQUEST_H

#include <lib/xen_abi.h>
#include <xen/hvm/ioreq.h>

struct machine;

/* The hypervisor splits at pages; more elements than this are not done. */
#define REQUEST_MAX_COUNT 4096u

/* @req is a copy that nobody else sees; a read leaves its value in data. */
void request_run(struct machine *m, struct ioreq *req);

#endif
