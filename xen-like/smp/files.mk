# SPDX-License-Identifier: MIT
HV_OBJS += smp/call.o smp/ipi.o
