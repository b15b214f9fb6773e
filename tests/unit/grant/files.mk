# SPDX-License-Identifier: MIT
UNIT_TESTS += test_grant
test_grant_KIND := hv
test_grant_SRCS := tests/unit/grant/test_grant.c tests/fake-arch/fake.c \
        tests/lib/domains.c \
        $(addprefix xen-like/grant/,table.c maptrack.c map.c copy.c grant_op.c) \
        xen-like/p2m/p2m.c xen-like/p2m/fmt_npt.c
