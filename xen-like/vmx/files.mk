# SPDX-License-Identifier: MIT
HV_OBJS += vmx/vmx.o vmx/vmcs.o vmx/vmx_exit.o vmx/vmx_run.o
$(BUILD)/hv/vmx/vmx_run.o: $(BUILD)/hv/entry/offsets.h
$(BUILD)/hv/vmx/vmx_run.o: FREE += -I$(BUILD)/hv/entry
