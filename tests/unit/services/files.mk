# Unit tests of control-domain/services.
UNIT_TESTS += test_console
test_console_SRCS = tests/unit/services/test_console.c $(CONSOLE_SRCS) \
    control-domain/services/console_hv.c $(LIB_SRCS)
test_console_LIBS := -lutil
