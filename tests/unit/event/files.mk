# SPDX-License-Identifier: MIT
UNIT_TESTS += test_evtchn
test_evtchn_KIND := hv
test_evtchn_SRCS := tests/unit/event/test_evtchn.c tests/fake-arch/fake.c \
        tests/lib/domains.c xen-like/control/sched_op.c \
        $(addprefix xen-like/event/,evtchn.c own_port.c bits2l.c poll.c virq.c pirq.c \
          vcpu_info.c vcpu_timer.c evtchn_op.c)
