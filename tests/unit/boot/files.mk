# Unit tests of tests/boot: how it is seen that a machine ended badly.
UNIT_TESTS += test_registers
test_registers_SRCS = tests/unit/boot/test_registers.c tests/boot/registers.c
UNIT_TESTS += test_qmp
test_qmp_SRCS = tests/unit/boot/test_qmp.c tests/boot/qmp.c \
    tests/boot/registers.c
test_qmp_LIBS := -ljson-c
CHECKS += check-verdict
.PHONY: check-verdict
check-verdict: $(BUILD)/run_boots
	@tests/unit/boot/test_verdict.sh $<
