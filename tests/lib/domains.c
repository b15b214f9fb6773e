/* SPDX-License-Identifier: MIT */
/*
 * tests/lib/domains.c - domains for unit tests; see domains.h.
 */
#include <stdlib.h>

#include <domain/domain.h>
#include <hv/errno.h>

#include <domains.h>
#include <fake.h>

#define MAX_TEST_DOMAINS 16

struct domain *dom0;
static struct domain *domains[MAX_TEST_DOMAINS];

struct domain *test_domain(domid_t domid, unsigned int vcpus,
                           const struct guest_ops *ops)
{
    struct domain *d = calloc(1, sizeof(*d));

    d->domid = domid;
    d->is_control = d->is_hardware = domid == 0;
    d->refcount = 1;
    d->max_vcpus = vcpus;
    d->vcpu = calloc(vcpus, sizeof(struct vcpu *));
    d->shared_info = calloc(1, PAGE_SIZE);
    d->ops = ops;
    spin_lock_init(&d->lock, LOCK_DOMCTL);
    for (unsigned int i = 0; i < vcpus; i++) {
        struct vcpu *v = calloc(1, sizeof(*v));

        v->domain = d;
        v->vcpu_id = i;
        v->info = &d->shared_info->vcpu_info[i];
        v->info_mfn = INVALID_MFN;
        v->is_initialised = v->is_up = 1;
        v->poll_port = ~0u;
        d->vcpu[i] = v;
    }
    domains[domid] = d;
    if (domid == 0) {
        dom0 = d;
    }
    return d;
}

void test_domains_free(void)
{
    for (int i = 0; i < MAX_TEST_DOMAINS; i++) {
        struct domain *d = domains[i];

        if (d == NULL) {
            continue;
        }
        for (unsigned int n = 0; n < d->max_vcpus; n++) {
            free(d->vcpu[n]);
        }
        free(d->vcpu);
        free(d->shared_info);
        free(d);
        domains[i] = NULL;
    }
    dom0 = NULL;
}

void test_become(struct vcpu *v)
{
    current = v;
}

struct domain *domain_get(domid_t domid)
{
    struct domain *d = domid < MAX_TEST_DOMAINS ? domains[domid] : NULL;

    if (d != NULL) {
        d->refcount++;
    }
    return d;
}

struct domain *domain_get_next(domid_t domid)
{
    for (; domid < MAX_TEST_DOMAINS; domid++) {
        if (domains[domid] != NULL) {
            return domain_get(domid);
        }
    }
    return NULL;
}

void domain_ref(struct domain *d)
{
    d->refcount++;
}

void domain_put(struct domain *d)
{
    d->refcount--;
}

int domain_get_for(struct domain *caller, domid_t domid, struct domain **out)
{
    if (domid == DOMID_SELF || domid == caller->domid) {
        domain_ref(caller);
        *out = caller;
        return 0;
    }
    if (!caller->is_control) {
        return -EPERM;
    }
    *out = domain_get(domid);
    return *out != NULL ? 0 : -ESRCH;
}

void domain_shutdown(struct domain *d, uint32_t reason)
{
    d->is_shut_down = 1;
    d->shutdown_code = reason;
}
