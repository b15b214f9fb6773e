# SPDX-License-Identifier: MIT
UNIT_TESTS += test_memory_op
test_memory_op_KIND := hv
test_memory_op_SRCS := tests/unit/control/test_memory_op.c \
        tests/fake-arch/fake.c tests/lib/domains.c \
        $(addprefix xen-like/control/,memory_extents.c memory_exchange.c) \
        xen-like/p2m/p2m.c xen-like/p2m/fmt_npt.c
UNIT_TESTS += test_dm_op
test_dm_op_KIND := hv
test_dm_op_SRCS := tests/unit/control/test_dm_op.c tests/fake-arch/fake.c \
        tests/lib/domains.c xen-like/control/dm_op.c
