# SPDX-License-Identifier: MIT
HV_OBJS += $(addprefix hvm/,context.o context_check.o emulate.o exit.o \
    guest_walk.o hvm_domain.o hvm_op.o hvm_policy.o inject.o io.o tsc.o)
