/* SPDX-License-Identifier: MIT */
/*
 * hvm/guest_walk.h - memory of the current translated guest, by linear or
 * guest-physical address.
 *
 * Owns    the walk of a guest's own page tables in any of its paging modes
 *         (SDM vol. 3A, 4.3-4.5), copies page by page.
 * Locks   none: a copy runs with interrupts off, and no frame leaves the p2m
 *         before every CPU of the domain has taken an interrupt (INV-P2M3).
 * Tests   tests/unit/hvm/test_guest_walk.c
 */
#ifndef HVM_GUEST_WALK_H
#define HVM_GUEST_WALK_H

#include <hvm/backend.h>

enum hvm_access {
    HVM_READ = 0, HVM_WRITE = 2, HVM_USER = 4, HVM_FETCH = 16
};

/* Where @linear is for an access of @how (HVM_*).  0, or -EFAULT and the
 * error code of the page fault it would be. */
int must_check hvm_walk(struct vcpu *v, const struct hvm_mode *m,
                        uint64_t linear, unsigned int how, uint64_t *gaddr,
                        uint32_t *pfec);

/* Copies; bytes NOT done.  A write to ROM is dropped; memory that is not
 * there ends the copy. */
size_t hvm_copy_linear(struct vcpu *v, uint64_t linear, void *buf,
                       size_t bytes, unsigned int how, uint32_t *pfec);
size_t hvm_copy_phys(struct vcpu *v, uint64_t gaddr, void *buf, size_t bytes,
                     bool write);

/* Up to @bytes at RIP; how many. */
unsigned int hvm_fetch_mode(struct vcpu *v, const struct hvm_mode *m,
                            uint8_t *buf, unsigned int bytes);
unsigned int hvm_fetch(struct vcpu *v, uint8_t *buf, unsigned int bytes);
static inline bool hvm_is_64bit(const struct vcpu *v)
{
    struct hvm_mode m no_auto_init;

    hvm_backend->get_mode(v, &m);
    return m.code64;
}

static inline unsigned int hvm_cpl(const struct vcpu *v)
{
    struct hvm_mode m no_auto_init;

    hvm_backend->get_mode(v, &m);
    return m.cpl;
}

#endif
