# SPDX-License-Identifier: MIT
UNIT_TESTS += test_dom0_layout test_dom0_unpack
test_dom0_layout_KIND := hv
test_dom0_layout_SRCS := tests/unit/dom0/test_layout.c xen-like/dom0/layout.c \
        xen-like/lib/elf.c
test_dom0_unpack_KIND := hv
test_dom0_unpack_SRCS := tests/unit/dom0/test_unpack.c xen-like/dom0/unpack.c \
    xen-like/dom0/unzstd.c xen-like/dom0/unzstd_bits.c
test_dom0_unpack_LIBS := -llzma -lzstd -lz

UNIT_TESTS += test_dom0_unzstd
test_dom0_unzstd_KIND := hv
test_dom0_unzstd_SRCS := tests/unit/dom0/test_unzstd.c \
    xen-like/dom0/unzstd.c xen-like/dom0/unzstd_bits.c
test_dom0_unzstd_LIBS := -lzstd

UNIT_TESTS += test_pvh_plan
test_pvh_plan_KIND := hv
test_pvh_plan_SRCS := tests/unit/dom0/test_pvh_plan.c \
    xen-like/dom0/pvh_plan.c xen-like/lib/e820.c xen-like/lib/string.c
