# hvm-emu/run: the firmware of HVM guests.  Its DSDT is compiled here; what
# links $(HVM_EMU_FW_SRCS) also needs $(HVM_EMU_FW_OBJ).
HVM_EMU_FW_SRCS := $(addprefix hvm-emu/run/,firmware.c fw_blob.c fw_pci.c \
    fw_acpi.c fw_smbios.c fw_uefi.c fw_uefi_items.c)
HVM_EMU_FW_OBJ := $(BUILD)/gen/dsdt.o

$(BUILD)/gen/dsdt.aml: hvm-emu/run/dsdt.sh
	@mkdir -p $(@D)
	$(Q)$< >$(BUILD)/gen/dsdt.asl && iasl -we -vs -p $(basename $@) $(BUILD)/gen/dsdt.asl >$@.log 2>&1 || { cat $@.log; rm -f $@; exit 1; }

$(BUILD)/gen/dsdt.c: $(BUILD)/gen/dsdt.aml
	$(Q){ echo 'const unsigned char fw_dsdt[] = {'; od -An -v -tx1 $< | sed 's/ \(..\)/0x\1,/g'; \
	 echo '};'; echo 'const unsigned int fw_dsdt_bytes = sizeof(fw_dsdt);'; } >$@

$(BUILD)/gen/dsdt.o: $(BUILD)/gen/dsdt.c
	$(Q)$(CC) -O2 -fPIE -c -o $@ $<
