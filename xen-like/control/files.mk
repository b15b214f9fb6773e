# SPDX-License-Identifier: MIT
HV_OBJS += control/sched_op.o control/vcpu_op.o
HV_OBJS += $(addprefix control/, control_domain.o memory_op.o memory_physmap.o \
        memory_extents.o memory_exchange.o memory_resource.o version_op.o \
        console_op.o small_ops.o dm_op.o domctl.o domctl_info.o domctl_ctx.o \
        domctl_set.o cpu_policies.o sysctl.o platform_op.o)
