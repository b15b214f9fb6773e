# Unit tests of control-domain/lib.
UNIT_TESTS += test_lib test_ctl
test_lib_SRCS := tests/unit/lib/test_lib.c $(LIB_CORE_SRCS)
test_ctl_SRCS := tests/unit/lib/test_ctl.c $(LIB_SRCS)
