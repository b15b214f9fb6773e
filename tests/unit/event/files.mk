# SPDX-License-Identifier: MIT
EVENT_TESTS := test_evtchn test_virq test_event_doors
UNIT_TESTS += $(EVENT_TESTS)
EVENT_TEST_SRCS := tests/unit/event/two.c tests/fake-arch/fake.c \
        tests/lib/domains.c xen-like/control/sched_op.c \
        $(addprefix xen-like/event/,evtchn.c own_port.c bits2l.c poll.c virq.c pirq.c \
          vcpu_info.c vcpu_timer.c evtchn_op.c)
$(foreach t,$(EVENT_TESTS),$(eval $(t)_KIND := hv) \
    $(eval $(t)_SRCS := tests/unit/event/$(t).c $(EVENT_TEST_SRCS)))
