# SPDX-License-Identifier: MIT
HV_OBJS += control/sched_op.o control/vcpu_op.o
