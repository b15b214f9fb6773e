# SPDX-License-Identifier: MIT
UNIT_TESTS += test_p2m
test_p2m_KIND := hv
test_p2m_SRCS := tests/unit/p2m/test_p2m.c tests/fake-arch/fake.c \
        tests/lib/domains.c xen-like/p2m/p2m.c xen-like/p2m/fmt_npt.c \
        xen-like/p2m/fmt_ept.c
