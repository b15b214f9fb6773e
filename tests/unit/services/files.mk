# Unit tests of control-domain/services.
UNIT_TESTS += test_console
test_console_SRCS = tests/unit/services/test_console.c $(CONSOLE_SRCS) \
    control-domain/services/console_hv.c $(LIB_SRCS)
test_console_LIBS := -lutil
UNIT_TESTS += test_hostile_console
test_hostile_console_SRCS = tests/unit/services/test_hostile_console.c \
    $(CONSOLE_SRCS) $(LIB_SRCS)
test_hostile_console_LIBS := -lutil
UNIT_TESTS += test_service
test_service_SRCS = tests/unit/services/test_service.c \
    control-domain/services/service.c
test_service_LIBS := -Wl,--wrap=fork
