# SPDX-License-Identifier: MIT
PT_HOST_SRCS := tests/unit/pv/pt_host.c \
        $(addprefix xen-like/,mm/frame_table.c mm/buddy.c domain/page_type.c \
        domain/pages.c pv/pt_entry.c pv/pt_validate.c)

UNIT_TESTS += test_page_type test_tables
test_page_type_KIND := hv
test_page_type_SRCS := tests/unit/pv/test_page_type.c $(PT_HOST_SRCS)
test_page_type_LIBS := -lpthread
test_tables_KIND := hv
test_tables_SRCS := tests/unit/pv/test_tables.c $(PT_HOST_SRCS) \
        xen-like/pv/grant_map.c
test_tables_LIBS := -lpthread
