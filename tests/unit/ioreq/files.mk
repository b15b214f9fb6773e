# SPDX-License-Identifier: MIT
UNIT_TESTS += test_ioreq
test_ioreq_KIND := hv
test_ioreq_SRCS := tests/unit/ioreq/test_ioreq.c tests/fake-arch/fake.c \
        tests/lib/domains.c xen-like/lib/rangeset.c \
        $(addprefix xen-like/ioreq/,server.c range.c page.c) \
        $(addprefix xen-like/event/,evtchn.c own_port.c bits2l.c poll.c virq.c \
          pirq.c vcpu_info.c vcpu_timer.c)
