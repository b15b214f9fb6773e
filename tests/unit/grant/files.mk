# SPDX-License-Identifier: MIT
GRANT_TESTS := test_grant test_grant_copy test_grant_gfn
UNIT_TESTS += $(GRANT_TESTS)
GRANT_TEST_SRCS := tests/unit/grant/two.c tests/fake-arch/fake.c \
        tests/lib/domains.c \
        $(addprefix xen-like/grant/,table.c maptrack.c map.c copy.c grant_op.c) \
        xen-like/p2m/p2m.c xen-like/p2m/fmt_npt.c
$(foreach t,$(GRANT_TESTS),$(eval $(t)_KIND := hv) \
    $(eval $(t)_SRCS := tests/unit/grant/$(t).c $(GRANT_TEST_SRCS)))
