# SPDX-License-Identifier: MIT
UNIT_TESTS += test_compat
test_compat_KIND := hv
test_compat_SRCS := tests/unit/hypercall/test_compat.c \
        xen-like/hypercall/compat.c tests/fake-arch/fake.c tests/lib/domains.c
