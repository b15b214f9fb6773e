# SPDX-License-Identifier: MIT
UNIT_TESTS += test_hv_lock test_hv_timer test_hv_stop
CORE_HOST := tests/unit/core/core_host.c $(addprefix xen-like/core/,lock.c \
             percpu.c)
test_hv_lock_KIND := hv
test_hv_lock_SRCS := tests/unit/core/test_lock.c $(CORE_HOST)
test_hv_timer_KIND := hv
test_hv_timer_SRCS := tests/unit/core/test_timer.c $(CORE_HOST) \
        $(addprefix xen-like/core/,machine.c softirq.c timer.c)
test_hv_stop_KIND := hv
test_hv_stop_SRCS := tests/unit/core/test_stop.c \
        $(addprefix xen-like/,core/machine.c core/percpu.c smp/ipi.c)
