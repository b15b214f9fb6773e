HV_OBJS += entry/vcpu_loop.o entry/pv_entry.o entry/exceptions.o entry/traps.o

$(BUILD)/hv/entry/offsets.h: xen-like/entry/offsets.c | $(BUILD)/abi/xen
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -MMD -MP -MT $@ -MF $(BUILD)/hv/entry/offsets.d -S -o - $< | \
	    sed -n 's/^#OFFSET \([A-Za-z0-9_]*\) \$$*\(-\?[0-9]*\)/#define \1 \2/p' > $@
-include $(BUILD)/hv/entry/offsets.d

$(BUILD)/hv/entry/pv_entry.o $(BUILD)/hv/entry/exceptions.o: $(BUILD)/hv/entry/offsets.h
$(BUILD)/hv/entry/pv_entry.o $(BUILD)/hv/entry/exceptions.o: FREE += -I$(BUILD)/hv/entry
