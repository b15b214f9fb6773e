# SPDX-License-Identifier: MIT
UNIT_TESTS += test_sched
test_sched_KIND := hv
test_sched_SRCS := tests/unit/sched/test_sched.c tests/fake-arch/fake.c \
        tests/lib/domains.c xen-like/domain/vtime.c \
        $(addprefix xen-like/sched/,sched.c credit.c place.c pause.c watchdog.c)
