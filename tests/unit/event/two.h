/* SPDX-License-Identifier: MIT */
/*
 * event/two.h - two domains with event tables, and a scheduler that counts
 * whom events wake.
 */
#ifndef TEST_EVENT_TWO_H
#define TEST_EVENT_TWO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <event/pirq.h>
#include <event/table.h>
#include <hv/errno.h>

#include <domains.h>
#include <fake.h>

struct two {
    struct domain *a, *b;
};

extern unsigned int nr_kicks, nr_quiesces;
extern struct vcpu *kicked;

int two_setup(void **state);
int two_teardown(void **state);
void two_connect(struct two *t, evtchn_port_t *pa, evtchn_port_t *pb);
int status_of(struct domain *d, evtchn_port_t port);

#define T(name) cmocka_unit_test_setup_teardown(name, two_setup, two_teardown)

#endif
