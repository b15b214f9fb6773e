# SPDX-License-Identifier: MIT
UNIT_TESTS += test_io_perm
test_io_perm_KIND := hv
test_io_perm_SRCS := tests/unit/physdev/test_io_perm.c \
        tests/fake-arch/fake.c tests/lib/domains.c \
        xen-like/physdev/io_perm.c xen-like/lib/rangeset.c xen-like/lib/e820.c
