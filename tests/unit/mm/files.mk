# SPDX-License-Identifier: MIT
UNIT_TESTS += test_memory
test_memory_KIND := hv
test_memory_SRCS := tests/unit/mm/test_memory.c tests/unit/pv/pt_host.c \
        $(addprefix xen-like/,mm/frame_table.c mm/buddy.c mm/heap.c \
        domain/page_type.c domain/pages.c pv/pt_entry.c pv/pt_validate.c)
test_memory_LIBS := -lpthread
UNIT_TESTS += test_early
test_early_KIND := hv
test_early_SRCS := tests/unit/mm/test_early.c xen-like/mm/early.c \
        xen-like/lib/string.c
UNIT_TESTS += test_map
test_map_KIND := hv
test_map_SRCS := tests/unit/mm/test_map.c xen-like/mm/map.c \
        xen-like/lib/string.c
