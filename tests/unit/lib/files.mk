# SPDX-License-Identifier: MIT
UNIT_TESTS += test_hv_elf test_hv_small
test_hv_elf_KIND := hv
test_hv_elf_SRCS := tests/unit/lib/test_elf.c xen-like/lib/elf.c
test_hv_small_KIND := hv
test_hv_small_SRCS := tests/unit/lib/test_small.c \
        xen-like/lib/rangeset.c xen-like/lib/e820.c xen-like/lib/hypercall_page.c
UNIT_TESTS += test_hv_cpu_policy
test_hv_cpu_policy_KIND := hv
test_hv_cpu_policy_SRCS := tests/unit/lib/test_cpu_policy.c \
        xen-like/lib/cpu_policy.c
UNIT_TESTS += test_hv_text
test_hv_text_KIND := hv
test_hv_text_SRCS := tests/unit/lib/test_text.c xen-like/lib/format.c \
        xen-like/lib/string.c
UNIT_TESTS += test_imglock
test_imglock_SRCS := tests/unit/lib/test_imglock.c control-domain/lib/imglock.c

UNIT_TESTS += test_hvm_map
test_hvm_map_SRCS := tests/unit/lib/test_hvm_map.c control-domain/lib/hvm_map.c
