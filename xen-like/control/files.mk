# SPDX-License-Identifier: MIT
HV_OBJS += control/sched_op.o control/vcpu_op.o
HV_OBJS += $(addprefix control/, control_domain.o memory_op.o \
        memory_extents.o memory_exchange.o version_op.o console_op.o \
        small_ops.o)
