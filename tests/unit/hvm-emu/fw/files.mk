# The firmware's tables and the bus as it leaves it.
UNIT_TESTS += test_firmware
test_firmware_SRCS := tests/unit/hvm-emu/fw/test_firmware.c $(HVM_EMU_FW_SRCS) \
    $(addprefix control-domain/lib/,acpi_table.c hvm_map.c err.c log.c)
$(BUILD)/unit/test_firmware: $(HVM_EMU_FW_OBJ)
