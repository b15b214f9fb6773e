# SPDX-License-Identifier: MIT
HV_OBJS += dom0/kernel.o dom0/start_info.o dom0/layout.o dom0/memory.o dom0/build.o \
           dom0/pvh_plan.o dom0/pvh_build.o \
           dom0/unpack_libs.o

UNPACK_ARCHIVES := $(addprefix /usr/lib/x86_64-linux-gnu/, \
                     liblzma.a libz.a)

# The glue sees the libraries' headers, so it has flags of its own.
UNPACK_OBJS := $(addprefix $(BUILD)/hv/dom0/, unpack.o unzstd.o unzstd_bits.o)
$(UNPACK_OBJS): $(BUILD)/hv/dom0/%.o: xen-like/dom0/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) -Ixen-like -O2 -fPIE -fvisibility=hidden -fno-builtin-malloc \
	  -fno-stack-protector -fno-asynchronous-unwind-tables -mno-red-zone \
	  -U_FORTIFY_SOURCE -MMD -MP -c -o $@ $<
-include $(UNPACK_OBJS:.o=.d)

$(BUILD)/hv/dom0/unpack_libs.o: $(UNPACK_OBJS) \
		xen-like/dom0/unpack.lds $(UNPACK_ARCHIVES)
	$(Q)$(LD) -r --gc-sections -u unpack -T xen-like/dom0/unpack.lds \
	  -o $@.tmp $(UNPACK_OBJS) --start-group $(UNPACK_ARCHIVES) --end-group
	$(Q)$(OBJCOPY) --keep-global-symbol=unpack --strip-debug $@.tmp $@
	@rm -f $@.tmp
