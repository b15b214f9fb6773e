# SPDX-License-Identifier: MIT
# The hypervisor's image.  paravane.syms is the linked ELF64 with symbols, for
# gdb; paravane.elf the ELF32 container that boot loaders take.
HV_OBJS += boot/start.o boot/early_traps.o boot/multiboot.o boot/trampoline.o
.SECONDEXPANSION:
ALL += $(BUILD)/paravane.elf
HV_LDFLAGS := -nostdlib -static -no-pie -z max-page-size=4096 -z noexecstack --no-relax \
              --no-warn-rwx-segments --build-id=none

$(BUILD)/hv/boot/hv.lds: xen-like/boot/hv.lds.S xen-like/arch/paging.h | $(BUILD)/abi/xen
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -D__ASSEMBLY__ -x assembler-with-cpp $(FREE) $(HV_INC) $< | sed "s/\(0x[0-9a-f]*\)ul/\1/" >$@

# Objects of the platform are linked as they are, the others as an archive:
# a part enters the image with the call that needs it.
HV_BASE    = $(filter boot/% arch/% core/% init/% entry/% \
             lib/% mm/% smp/% irq/% acpi/% time/%,$(HV_OBJS))
HV_PARTS   = $(BUILD)/hv/parts.a
HV_ALL     = $(addprefix $(BUILD)/hv/,$(HV_OBJS))
HV_LINK    = $(LD) $(HV_LDFLAGS) -T $(BUILD)/hv/boot/hv.lds -o $@ \
             $(addprefix $(BUILD)/hv/,$(HV_BASE)) --start-group $(HV_PARTS) --end-group
HV_LINK_DEPS = $(HV_ALL) $(HV_PARTS) $(BUILD)/hv/boot/hv.lds
$(HV_PARTS): $$(HV_ALL)
	$(Q)rm -f $@ && ar rc $@ $(addprefix $(BUILD)/hv/,$(filter-out $(HV_BASE),$(HV_OBJS)))

# Names only follow the text, so the second link does not move functions.
$(BUILD)/hv/symbols-0.o: xen-like/boot/symbols.awk
	@mkdir -p $(@D)
	$(Q)awk -f $< /dev/null >$(@:.o=.s) && $(CC) -c -o $@ $(@:.o=.s)
$(BUILD)/hv/pass1.elf: $$(HV_LINK_DEPS) $(BUILD)/hv/symbols-0.o
	$(Q)$(HV_LINK) $(BUILD)/hv/symbols-0.o
$(BUILD)/hv/symbols.o: $(BUILD)/hv/pass1.elf xen-like/boot/symbols.awk
	$(Q)nm -n $< | awk -f xen-like/boot/symbols.awk >$(@:.o=.s) && $(CC) -c -o $@ $(@:.o=.s)
$(BUILD)/paravane.syms: $$(HV_LINK_DEPS) $(BUILD)/hv/symbols.o
	$(Q)$(HV_LINK) $(BUILD)/hv/symbols.o

$(BUILD)/paravane.elf: $(BUILD)/paravane.syms xen-like/boot/container.lds
	$(Q)$(OBJCOPY) -O binary $< $(BUILD)/hv/image.bin
	$(Q)end=$$(nm $< | awk '$$3 == "_image_end" { print $$1 }'); \
	  start=$$(nm $< | awk '$$3 == "_image_start" { print $$1 }'); \
	  size=$$(stat -c %s $(BUILD)/hv/image.bin); \
	  $(LD) -m elf_i386 -T xen-like/boot/container.lds -z noexecstack --no-relax \
	    --no-warn-rwx-segments --build-id=none -b binary -o $@.tmp \
	    --defsym=bss_bytes=$$((0x$${end#????????} - 0x$${start#????????} - $$size)) \
	    $(BUILD)/hv/image.bin && strip -s -o $@ $@.tmp && rm $@.tmp

CHECKS += check-image
HELP   += check-image
.PHONY: check-image
check-image: $(BUILD)/paravane.elf
	@tests/tools/check-image $(BUILD)/paravane.syms $<
