# SPDX-License-Identifier: MIT
HV_OBJS += svm/svm.o svm/svm_exit.o svm/svm_run.o
$(BUILD)/hv/svm/svm_run.o: $(BUILD)/hv/entry/offsets.h
$(BUILD)/hv/svm/svm_run.o: FREE += -I$(BUILD)/hv/entry
