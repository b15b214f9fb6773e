# SPDX-License-Identifier: MIT
SCHED_TESTS := test_sched test_sched_state
UNIT_TESTS += $(SCHED_TESTS)
SCHED_TEST_SRCS := tests/unit/sched/machine.c tests/fake-arch/fake.c \
        tests/lib/domains.c xen-like/domain/vtime.c \
        $(addprefix xen-like/sched/,sched.c credit.c place.c pause.c watchdog.c)
$(foreach t,$(SCHED_TESTS),$(eval $(t)_KIND := hv) \
    $(eval $(t)_SRCS := tests/unit/sched/$(t).c $(SCHED_TEST_SRCS)))
