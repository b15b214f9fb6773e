/* SPDX-License-Identifier: MIT */
/*
 * tests/lib/domains.h - domains for unit tests, on the machine of fake.h.
 *
 * Owns    struct domain and vcpu with an info page, domain_get() and its
 *         references, domain_shutdown() recorded.  Units (sched, event,
 *         grant) are set up by the test that links them.
 */
#ifndef TEST_DOMAINS_H
#define TEST_DOMAINS_H

#include <domain/domain.h>
#include <domain/guest_ops.h>

/* A domain with vcpus that are up and initialised, not blocked.  dom0 is the
 * control and hardware domain. */
struct domain *test_domain(domid_t domid, unsigned int vcpus,
                           const struct guest_ops *ops);
void test_domains_free(void);
/* Makes @v the current vcpu of this CPU. */
void test_become(struct vcpu *v);

#endif
