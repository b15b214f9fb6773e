# The firmware's tables and the bus as it leaves it.
UNIT_TESTS += test_firmware
test_firmware_SRCS := tests/unit/hvm-emu/fw/test_firmware.c $(HVM_EMU_FW_SRCS) \
    hvm-emu/dev/fwcfg.c hvm-emu/bus/range.c \
    $(addprefix control-domain/lib/,acpi_table.c hvm_map.c err.c log.c)
$(BUILD)/unit/test_firmware: $(HVM_EMU_FW_OBJ)
UNIT_TESTS += test_uefi
test_uefi_SRCS := tests/unit/hvm-emu/fw/test_uefi.c hvm-emu/dev/fwcfg.c \
    $(addprefix hvm-emu/run/,fw_uefi.c fw_uefi_items.c fw_acpi.c fw_blob.c fw_smbios.c) \
    $(addprefix control-domain/lib/,acpi_table.c err.c log.c)
$(BUILD)/unit/test_uefi: $(HVM_EMU_FW_OBJ)
